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
    pub(crate) task: StartedTask,
    pub(crate) jobs: Vec<Job<'e>>,
}

/// The workflow task that an activation belongs to, as its `started` event tells of it.
#[derive(Clone, Copy)]
pub(crate) struct StartedTask {
    pub(crate) started_event_id: i64,
    pub(crate) time: Time,
    pub(crate) history_size_bytes: i64,
    pub(crate) suggest_continue_as_new: bool,
}

impl StartedTask {
    /// Events up to that which starts the task.
    pub(crate) fn history_length(&self) -> u32 {
        u32::try_from(self.started_event_id).unwrap_or(u32::MAX)
    }
}

impl From<&HistoryEvent> for StartedTask {
    fn from(event: &HistoryEvent) -> Self {
        let (history_size_bytes, suggest_continue_as_new) = match &event.attributes {
            Some(EventAttributes::WorkflowTaskStartedEventAttributes(started)) => {
                (started.history_size_bytes, started.suggest_continue_as_new)
            }
            _ => (0, false),
        };
        StartedTask {
            started_event_id: event.event_id,
            time: time_of(event),
            history_size_bytes,
            suggest_continue_as_new,
        }
    }
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
    task: StartedTask,
    happened: &[&'e HistoryEvent],
    updates: &'e [update::Request],
) -> Result<Activation<'e>, BrokenHistory> {
    let mut jobs = Vec::new();
    for event in happened {
        jobs.extend(job(state, event)?);
    }
    jobs.extend(updates.iter().map(Job::Update));
    state.set_time(task.time);
    Ok(Activation { task, jobs })
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
