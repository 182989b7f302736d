//! Turns events into jobs: what a workflow is told, before it is put into the words of its contract.

use wrt_model::{
    Time,
    proto::{
        EventAttributes, Failure, HistoryEvent, Payloads,
        enums::{
            CancelExternalWorkflowExecutionFailedCause as CancelFailed,
            SignalExternalWorkflowExecutionFailedCause as SignalFailed,
            StartChildWorkflowExecutionFailedCause as StartFailed, WorkflowTaskFailedCause,
        },
        history::{WorkflowExecutionSignaledEventAttributes, WorkflowExecutionStartedEventAttributes},
        update,
    },
};

use super::{resolutions, start, state::RunState, turns::BrokenHistory};

/// What a guest is told at once.
pub(crate) struct Activation<'e> {
    /// The `started` event of the task.
    pub(crate) started: &'e HistoryEvent,
    pub(crate) jobs: Vec<Job<'e>>,
}

/// Something that happened to a run. Numbers are those of what the guest has asked for.
pub(crate) enum Job<'e> {
    Start {
        attributes: &'e WorkflowExecutionStartedEventAttributes,
        event: &'e HistoryEvent,
    },
    /// The run goes on from a point of its past, under this id.
    Reset {
        run_id: &'e str,
    },
    Signal {
        attributes: &'e WorkflowExecutionSignaledEventAttributes,
        event_id: i64,
    },
    Update(&'e update::Request),
    CancelRequested {
        reason: &'e str,
    },
    TimerFired {
        seq: u32,
    },
    ActivityResolved {
        seq: u32,
        is_local: bool,
        output: Output<'e>,
    },
    ChildWorkflowStarted {
        seq: u32,
        run_id: Result<&'e str, Refused<StartFailed>>,
    },
    ChildWorkflowResolved {
        seq: u32,
        output: Output<'e>,
    },
    SignalResolved {
        seq: u32,
        outcome: Result<(), Refused<SignalFailed>>,
    },
    CancelResolved {
        seq: u32,
        outcome: Result<(), Refused<CancelFailed>>,
    },
}

/// What was asked for, or why it will not come.
pub(crate) type Output<'e> = Result<Option<&'e Payloads>, Failure>;

/// Why the server did not do what it was asked for.
pub(crate) struct Refused<Cause> {
    pub(crate) cause: Cause,
    pub(crate) failure: Failure,
}

/// The activation of a task: everything that happened since the one before, up to its `started` event, and then the
/// updates that it brings.
pub(crate) fn activation<'e>(
    state: &mut RunState,
    started: &'e HistoryEvent,
    happened: &[&'e HistoryEvent],
    updates: &'e [update::Request],
) -> Result<Activation<'e>, BrokenHistory> {
    let mut jobs = Vec::new();
    for event in happened {
        jobs.extend(job(state, event)?);
    }
    jobs.extend(updates.iter().map(Job::Update));
    state.set_time(time_of(started));
    Ok(Activation { started, jobs })
}

/// The job of an event, if it has one. Events of the task itself, of commands and of attempts have none.
fn job<'e>(state: &mut RunState, event: &'e HistoryEvent) -> Result<Option<Job<'e>>, BrokenHistory> {
    use EventAttributes as A;
    let Some(attributes) = &event.attributes else {
        return Ok(None);
    };
    Ok(match attributes {
        A::WorkflowExecutionStartedEventAttributes(attributes) => {
            start::begin(state, attributes)?;
            Some(Job::Start { attributes, event })
        }
        A::WorkflowTaskFailedEventAttributes(attributes) => {
            let is_reset = attributes.cause() == WorkflowTaskFailedCause::ResetWorkflow;
            is_reset.then(|| Job::Reset {
                run_id: &attributes.new_run_id,
            })
        }
        A::WorkflowExecutionSignaledEventAttributes(attributes) => Some(Job::Signal {
            attributes,
            event_id: event.event_id,
        }),
        A::WorkflowExecutionCancelRequestedEventAttributes(attributes) => Some(Job::CancelRequested {
            reason: &attributes.cause,
        }),
        _ => resolutions::job(&mut state.ledger, event.event_id, attributes)?,
    })
}

pub(crate) fn time_of(event: &HistoryEvent) -> Time {
    event.event_time.as_ref().map_or(Time::EPOCH, Time::from)
}
