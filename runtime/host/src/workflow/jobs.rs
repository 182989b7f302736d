//! Turns events into jobs: what the guest is told.

use wrt_model::{
    Time,
    proto::{
        EventAttributes, HistoryEvent,
        history::{WorkflowExecutionCancelRequestedEventAttributes, WorkflowExecutionSignaledEventAttributes},
        update,
    },
};

use super::{
    convert::{header_to_wit, payloads_to_wit, timestamp_to_wit},
    resolutions, start,
    state::RunState,
    turns::BrokenHistory,
};
use crate::bindings::workflow::guest as wit;

/// The activation of a task: everything that happened since the one before, up to its `started` event, and then the
/// updates that it brings.
pub(crate) fn activation(
    state: &mut RunState,
    started: &HistoryEvent,
    happened: &[&HistoryEvent],
    updates: &[update::Request],
) -> Result<wit::Activation, BrokenHistory> {
    let mut jobs = Vec::new();
    for event in happened {
        jobs.extend(job(state, event)?);
    }
    jobs.extend(updates.iter().map(update_job));
    state.set_time(time_of(started));
    Ok(with_jobs(started, jobs))
}

/// An activation of the task with this `started` event.
pub(crate) fn with_jobs(started: &HistoryEvent, jobs: Vec<wit::Job>) -> wit::Activation {
    let (history_size, continue_as_new_suggested) = match &started.attributes {
        Some(EventAttributes::WorkflowTaskStartedEventAttributes(started)) => {
            (started.history_size_bytes, started.suggest_continue_as_new)
        }
        _ => (0, false),
    };
    wit::Activation {
        time: timestamp_to_wit(time_of(started)),
        history_length: u32::try_from(started.event_id).unwrap_or(u32::MAX),
        history_size: u32::try_from(history_size).unwrap_or(u32::MAX),
        continue_as_new_suggested,
        jobs,
    }
}

/// The job of an event, if it has one. Events of the task itself, of commands and of attempts have none.
fn job(state: &mut RunState, event: &HistoryEvent) -> Result<Option<wit::Job>, BrokenHistory> {
    use EventAttributes as A;
    let Some(attributes) = &event.attributes else {
        return Ok(None);
    };
    Ok(match attributes {
        A::WorkflowExecutionStartedEventAttributes(attributes) => Some(start::job(state, attributes, event)?),
        A::WorkflowExecutionSignaledEventAttributes(attributes) => Some(wit::Job::Signal(signal(attributes))),
        A::WorkflowExecutionCancelRequestedEventAttributes(attributes) => Some(cancel_requested(attributes)),
        _ => resolutions::job(&mut state.ledger, event.event_id, attributes)?,
    })
}

// === From outside ===

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

fn cancel_requested(attributes: &WorkflowExecutionCancelRequestedEventAttributes) -> wit::Job {
    wit::Job::CancelRequested(attributes.cause.clone())
}

pub(crate) fn time_of(event: &HistoryEvent) -> Time {
    event.event_time.as_ref().map_or(Time::EPOCH, Time::from)
}
