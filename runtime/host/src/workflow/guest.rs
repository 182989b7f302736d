//! `wrt:workflow/guest`: what is told to a guest of this contract, and what it answers.

use wasmtime::Store;
use wrt_model::proto::{Failure, Header, Payloads, history::WorkflowExecutionSignaledEventAttributes, update};

use super::{
    contract::Stopped,
    convert::{header_to_wit, payloads_from_wit, payloads_to_wit, timestamp_to_wit},
    failure,
    jobs::{Activation, Job, Output},
    start,
    state::RunState,
};
use crate::{
    RunIdentity,
    bindings::workflow::{Workflow, guest as wit},
    failure::{QueryFailure, TaskFailure},
};

/// Tells the guest what happened, and lets it go as far as it can.
pub(crate) fn activate(
    guest: &Workflow,
    store: &mut Store<RunState>,
    activation: &Activation<'_>,
) -> Result<(), Stopped> {
    let activation = to_wit(&store.data().run, activation);
    let outcome = guest.wrt_workflow_guest().call_activate(store, &activation)?;
    Ok(outcome.map_err(TaskFailure::reported)?)
}

/// Asks the guest about its state.
pub(crate) fn query(
    guest: &Workflow,
    store: &mut Store<RunState>,
    query_type: &str,
    input: Option<&Payloads>,
    header: Option<&Header>,
) -> wasmtime::Result<Result<Option<Payloads>, QueryFailure>> {
    let query = wit::WorkflowQuery {
        name: query_type.to_owned(),
        input: payloads_to_wit(input),
        header: header_to_wit(header),
    };
    let answer = guest.wrt_workflow_guest().call_query(store, &query)?;
    Ok(answer.map(payloads_from_wit).map_err(QueryFailure::refused))
}

fn to_wit(run: &RunIdentity, activation: &Activation<'_>) -> wit::Activation {
    let task = activation.task;
    wit::Activation {
        time: timestamp_to_wit(task.time),
        history_length: task.history_length(),
        history_size: u32::try_from(task.history_size_bytes).unwrap_or(u32::MAX),
        continue_as_new_suggested: task.suggest_continue_as_new,
        jobs: activation.jobs.iter().filter_map(|job| job_to_wit(run, job)).collect(),
    }
}

fn job_to_wit(run: &RunIdentity, job: &Job<'_>) -> Option<wit::Job> {
    Some(match job {
        Job::Start { attributes, event } => wit::Job::Start(start::to_wit(run, attributes, event)),
        // The randomness of a run survives a reset, so there is nothing to tell.
        Job::Reset { .. } => return None,
        Job::Signal { attributes, .. } => wit::Job::Signal(signal(attributes)),
        Job::Update(request) => update_job(request),
        Job::CancelRequested { reason } => wit::Job::CancelRequested((*reason).to_owned()),
        Job::TimerFired { seq } => wit::Job::TimerFired(*seq),
        Job::ActivityResolved { seq, output, .. } => wit::Job::ActivityResolved(wit::ActivityResolved {
            seq: *seq,
            output: output_to_wit(output),
        }),
        Job::ChildWorkflowStarted { seq, run_id } => wit::Job::ChildWorkflowStarted(wit::ChildWorkflowStarted {
            seq: *seq,
            outcome: match run_id {
                Ok(run_id) => Ok((*run_id).to_owned()),
                Err(refused) => Err(failure::to_wit(&refused.failure)),
            },
        }),
        Job::ChildWorkflowResolved { seq, output } => wit::Job::ChildWorkflowResolved(wit::ChildWorkflowResolved {
            seq: *seq,
            output: output_to_wit(output),
        }),
        Job::SignalResolved { seq, outcome } => external(*seq, outcome.as_ref().err().map(|refused| &refused.failure)),
        Job::CancelResolved { seq, outcome } => external(*seq, outcome.as_ref().err().map(|refused| &refused.failure)),
    })
}

fn signal(attributes: &WorkflowExecutionSignaledEventAttributes) -> wit::Signal {
    wit::Signal {
        name: attributes.signal_name.clone(),
        input: payloads_to_wit(attributes.input.as_ref()),
        identity: attributes.identity.clone(),
        header: header_to_wit(attributes.header.as_ref()),
    }
}

fn update_job(request: &update::Request) -> wit::Job {
    let input = request.input.as_ref();
    wit::Job::Update(wit::Update {
        update_id: wrt_model::update_id(request).to_owned(),
        name: input.map(|input| input.name.clone()).unwrap_or_default(),
        input: payloads_to_wit(input.and_then(|input| input.args.as_ref())),
        identity: request
            .meta
            .as_ref()
            .map(|meta| meta.identity.clone())
            .unwrap_or_default(),
        header: header_to_wit(input.and_then(|input| input.header.as_ref())),
    })
}

fn output_to_wit(output: &Output<'_>) -> Result<Vec<crate::bindings::workflow::imports::types::Payload>, wit::Failure> {
    match output {
        Ok(payloads) => Ok(payloads_to_wit(*payloads)),
        Err(reason) => Err(failure::to_wit(reason)),
    }
}

fn external(seq: u32, reason: Option<&Failure>) -> wit::Job {
    wit::Job::ExternalResolved(wit::ExternalResolved {
        seq,
        outcome: reason.map_or(Ok(()), |reason| Err(failure::to_wit(reason))),
    })
}
