//! Jobs in the words of Temporal's SDKs, and in their order: the start, patches of the history, signals and updates, and then
//! what answers commands.

use std::hash::{Hash, Hasher};

use prost_types::Timestamp;
use siphasher::sip::SipHasher13;
use wrt_model::proto::{
    Failure, FailureInfo, Payload, Payloads,
    coresdk::{
        activity_result::{self, ActivityResolution, activity_resolution},
        child_workflow::{self, ChildWorkflowResult, child_workflow_result},
        workflow_activation::{
            CancelWorkflow, DoUpdate, FireTimer, NotifyHasPatch, ResolveActivity, ResolveChildWorkflowExecution,
            ResolveChildWorkflowExecutionStart, ResolveChildWorkflowExecutionStartFailure,
            ResolveChildWorkflowExecutionStartSuccess, ResolveRequestCancelExternalWorkflow,
            ResolveSignalExternalWorkflow, UpdateRandomSeed, WorkflowActivation, WorkflowActivationJob,
            resolve_child_workflow_execution_start::Status as StartStatus, start_workflow_from_attribs,
            workflow_activation_job::Variant,
        },
    },
    enums::StartChildWorkflowExecutionFailedCause as StartFailed,
    update,
};

use super::{commands::Commands, waiting::Noun};
use crate::workflow::{
    jobs::{Job, Output, Refused, StartedTask, time_of},
    state::RunState,
};

/// What an activation of the task tells beside its jobs.
pub(super) fn circumstances(state: &RunState, task: StartedTask) -> WorkflowActivation {
    WorkflowActivation {
        run_id: state.run.run_id.clone(),
        timestamp: Some(Timestamp::from(task.time)),
        is_replaying: state.replaying,
        history_length: task.history_length(),
        history_size_bytes: u64::try_from(task.history_size_bytes).unwrap_or(0),
        continue_as_new_suggested: task.suggest_continue_as_new,
        ..Default::default()
    }
}

/// The jobs of an activation. Those that answer what the guest does not wait for any more are left out.
pub(super) fn jobs(state: &RunState, commands: &mut Commands, jobs: &[Job<'_>]) -> Vec<WorkflowActivationJob> {
    let patches = state
        .ledger
        .expected_patches()
        .into_iter()
        .map(|patch_id| Variant::NotifyHasPatch(NotifyHasPatch { patch_id }));
    let happened = jobs.iter().filter_map(|job| variant(state, commands, job));
    let mut variants: Vec<_> = happened.chain(patches).collect();
    variants.sort_by_key(rank);
    variants.into_iter().map(WorkflowActivationJob::from).collect()
}

/// The place of a kind of job among the others.
fn rank(job: &Variant) -> u8 {
    match job {
        Variant::InitializeWorkflow(_) => 0,
        Variant::NotifyHasPatch(_) => 1,
        Variant::UpdateRandomSeed(_) => 2,
        Variant::SignalWorkflow(_) | Variant::DoUpdate(_) => 3,
        Variant::ResolveActivity(activity) if activity.is_local => 5,
        _ => 4,
    }
}

fn variant(state: &RunState, commands: &mut Commands, job: &Job<'_>) -> Option<Variant> {
    Some(match job {
        Job::Start { attributes, event } => Variant::InitializeWorkflow(start_workflow_from_attribs(
            (*attributes).clone(),
            state.run.workflow_id.clone(),
            seed(&attributes.original_execution_run_id),
            Timestamp::from(time_of(event)),
        )),
        Job::Reset { run_id } => Variant::UpdateRandomSeed(UpdateRandomSeed {
            randomness_seed: seed(run_id),
        }),
        Job::Signal { attributes, event_id } => Variant::SignalWorkflow(((*attributes).clone(), *event_id).into()),
        Job::Update(request) => Variant::DoUpdate(do_update(request)),
        Job::CancelRequested { reason } => Variant::CancelWorkflow(CancelWorkflow {
            reason: (*reason).to_owned(),
        }),
        Job::TimerFired { seq } => {
            commands.end(Noun::Timer, *seq)?;
            Variant::FireTimer(FireTimer { seq: *seq })
        }
        Job::ActivityResolved { seq, is_local, output } => {
            let noun = if *is_local { Noun::LocalActivity } else { Noun::Activity };
            commands.end(noun, *seq)?;
            Variant::ResolveActivity(ResolveActivity {
                seq: *seq,
                result: Some(activity(output)),
                is_local: *is_local,
            })
        }
        Job::ChildWorkflowStarted { seq, run_id } => {
            Variant::ResolveChildWorkflowExecutionStart(ResolveChildWorkflowExecutionStart {
                seq: *seq,
                status: Some(child_start(commands, *seq, run_id)?),
            })
        }
        Job::ChildWorkflowResolved { seq, output } => {
            commands.end(Noun::ChildWorkflow, *seq)?;
            Variant::ResolveChildWorkflowExecution(ResolveChildWorkflowExecution {
                seq: *seq,
                result: Some(child(output)),
            })
        }
        Job::SignalResolved { seq, outcome } => {
            commands.end(Noun::Signal, *seq)?;
            let refused = outcome.as_ref().err();
            Variant::ResolveSignalExternalWorkflow(ResolveSignalExternalWorkflow {
                seq: *seq,
                failure: refused.map(|refused| refused.failure.clone()),
                cause: refused.map_or(0, |refused| refused.cause as i32),
            })
        }
        Job::CancelResolved { seq, outcome } => {
            commands.end(Noun::Cancel, *seq)?;
            let refused = outcome.as_ref().err();
            Variant::ResolveRequestCancelExternalWorkflow(ResolveRequestCancelExternalWorkflow {
                seq: *seq,
                failure: refused.map(|refused| refused.failure.clone()),
                cause: refused.map_or(0, |refused| refused.cause as i32),
            })
        }
    })
}

/// The seed of a run's randomness, as the SDKs make it of the run's id.
fn seed(run_id: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    run_id.hash(&mut hasher);
    hasher.finish()
}

/// The validator runs again on replay: what it leaves in memory, a hash seed for instance, has to be there again.
fn do_update(request: &update::Request) -> DoUpdate {
    let input = request.input.clone().unwrap_or_default();
    let id = wrt_model::update_id(request).to_owned();
    DoUpdate {
        id: id.clone(),
        protocol_instance_id: id,
        name: input.name,
        input: list(input.args.as_ref()),
        headers: input.header.map(|header| header.fields).unwrap_or_default(),
        meta: request.meta.clone(),
        run_validator: true,
    }
}

fn activity(output: &Output<'_>) -> ActivityResolution {
    let status = match output {
        Ok(result) => activity_resolution::Status::Completed(activity_result::Success { result: first(*result) }),
        Err(failure) if is_canceled(failure) => activity_resolution::Status::Cancelled(activity_result::Cancellation {
            failure: Some(failure.clone()),
        }),
        Err(failure) => activity_resolution::Status::Failed(activity_result::Failure {
            failure: Some(failure.clone()),
            ..Default::default()
        }),
    };
    ActivityResolution { status: Some(status) }
}

fn child_start(commands: &mut Commands, seq: u32, run_id: &Result<&str, Refused<StartFailed>>) -> Option<StartStatus> {
    Some(match run_id {
        Ok(run_id) => {
            commands.child_started(seq)?;
            StartStatus::Succeeded(ResolveChildWorkflowExecutionStartSuccess {
                run_id: (*run_id).to_owned(),
            })
        }
        Err(refused) => {
            let child = commands.end(Noun::ChildWorkflow, seq)?;
            StartStatus::Failed(ResolveChildWorkflowExecutionStartFailure {
                workflow_id: child.id,
                workflow_type: child.kind,
                // The numbers of the SDKs' own causes are those of the API's.
                cause: refused.cause as i32,
            })
        }
    })
}

fn child(output: &Output<'_>) -> ChildWorkflowResult {
    let status = match output {
        Ok(result) => child_workflow_result::Status::Completed(child_workflow::Success { result: first(*result) }),
        Err(failure) if is_canceled(failure) => {
            child_workflow_result::Status::Cancelled(child_workflow::Cancellation {
                failure: Some(failure.clone()),
            })
        }
        Err(failure) => child_workflow_result::Status::Failed(child_workflow::Failure {
            failure: Some(failure.clone()),
        }),
    };
    ChildWorkflowResult { status: Some(status) }
}

fn is_canceled(failure: &Failure) -> bool {
    let cause = failure.cause.as_ref().and_then(|cause| cause.failure_info.as_ref());
    matches!(cause, Some(FailureInfo::CanceledFailureInfo(_)))
}

pub(super) fn list(payloads: Option<&Payloads>) -> Vec<Payload> {
    payloads.map(|payloads| payloads.payloads.clone()).unwrap_or_default()
}

fn first(payloads: Option<&Payloads>) -> Option<Payload> {
    payloads.and_then(|payloads| payloads.payloads.first().cloned())
}
