//! Compares a command that a workflow issues on replay with the event that it became when it was new.

use std::fmt;

use wrt_model::{
    history::event_type,
    proto::{
        CommandAttributes, EventAttributes, Header, HistoryEvent, Payload, Payloads,
        command::{ScheduleActivityTaskCommandAttributes, StartTimerCommandAttributes},
        enums::CommandType,
        history::{ActivityTaskScheduledEventAttributes, TimerStartedEventAttributes},
    },
};

/// The workflow does something else than its history says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow diverges from its history: {0}")]
pub(crate) struct Divergence(String);

/// Compares a command with the next command event of its task; `expected` is `None` when the task has no more.
pub(crate) fn compare(
    event_id: i64,
    command: &CommandAttributes,
    expected: Option<&HistoryEvent>,
) -> Result<(), Divergence> {
    let issued = describe_command(command);
    let Some(expected) = expected else {
        return Err(Divergence(format!(
            "it issued {issued}, where the history has no further command"
        )));
    };
    if expected.event_id != event_id {
        return Err(Divergence(format!(
            "it issued {issued} as event {event_id}, where the history has a gap up to {}",
            describe_event(expected)
        )));
    }
    let attributes = expected.attributes.as_ref();
    match attributes.and_then(|event| differing(command, event)) {
        Some(Ok(())) => Ok(()),
        Some(Err(difference)) => Err(Divergence(format!(
            "it issued {issued}, which does not fit {}: {difference}",
            describe_event(expected)
        ))),
        None => Err(Divergence(format!(
            "it issued {issued}, where the history has {}",
            describe_event(expected)
        ))),
    }
}

/// The divergence of a workflow that ends its activation without this command.
pub(crate) fn missing(expected: &HistoryEvent) -> Divergence {
    Divergence(format!(
        "it went to rest without the command for {}",
        describe_event(expected)
    ))
}

// === Fields ===

/// A field that is not what it was.
struct Difference {
    field: &'static str,
    history: String,
    workflow: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            field,
            history,
            workflow,
        } = self;
        write!(
            f,
            "its {field} is {history} in the history and {workflow} in the workflow"
        )
    }
}

/// Compares the fields that a command decides. `None` when the event is of another kind. What the server fills in,
/// timeouts and retry policies, is not compared, nor are the words for people.
fn differing(command: &CommandAttributes, event: &EventAttributes) -> Option<Result<(), Difference>> {
    use CommandAttributes as C;
    use EventAttributes as E;
    Some(match (command, event) {
        (C::ScheduleActivityTaskCommandAttributes(command), E::ActivityTaskScheduledEventAttributes(event)) => {
            schedule(command, event)
        }
        (
            C::RequestCancelActivityTaskCommandAttributes(command),
            E::ActivityTaskCancelRequestedEventAttributes(event),
        ) => same("activity", &event.scheduled_event_id, &command.scheduled_event_id),
        (C::StartTimerCommandAttributes(command), E::TimerStartedEventAttributes(event)) => timer(command, event),
        (C::CancelTimerCommandAttributes(command), E::TimerCanceledEventAttributes(event)) => {
            same("timer id", &event.timer_id, &command.timer_id)
        }
        (
            C::CompleteWorkflowExecutionCommandAttributes(command),
            E::WorkflowExecutionCompletedEventAttributes(event),
        ) => payloads("result", event.result.as_ref(), command.result.as_ref()),
        (C::FailWorkflowExecutionCommandAttributes(command), E::WorkflowExecutionFailedEventAttributes(event)) => {
            same("failure", &event.failure, &command.failure)
        }
        (C::CancelWorkflowExecutionCommandAttributes(command), E::WorkflowExecutionCanceledEventAttributes(event)) => {
            payloads("details", event.details.as_ref(), command.details.as_ref())
        }
        _ => return None,
    })
}

fn schedule(
    command: &ScheduleActivityTaskCommandAttributes,
    event: &ActivityTaskScheduledEventAttributes,
) -> Result<(), Difference> {
    same("activity id", &event.activity_id, &command.activity_id)?;
    same(
        "activity type",
        &event.activity_type.as_ref().map(|kind| &kind.name),
        &command.activity_type.as_ref().map(|kind| &kind.name),
    )?;
    same(
        "task queue",
        &event.task_queue.as_ref().map(|queue| &queue.name),
        &command.task_queue.as_ref().map(|queue| &queue.name),
    )?;
    payloads("input", event.input.as_ref(), command.input.as_ref())?;
    header(event.header.as_ref(), command.header.as_ref())
}

fn timer(command: &StartTimerCommandAttributes, event: &TimerStartedEventAttributes) -> Result<(), Difference> {
    same("timer id", &event.timer_id, &command.timer_id)?;
    same(
        "start-to-fire timeout",
        &event.start_to_fire_timeout,
        &command.start_to_fire_timeout,
    )
}

fn same<T: PartialEq + fmt::Debug>(field: &'static str, history: &T, workflow: &T) -> Result<(), Difference> {
    if history == workflow {
        return Ok(());
    }
    Err(Difference {
        field,
        history: short(format!("{history:?}")),
        workflow: short(format!("{workflow:?}")),
    })
}

fn payloads(field: &'static str, history: Option<&Payloads>, workflow: Option<&Payloads>) -> Result<(), Difference> {
    let [history, workflow] = [history, workflow].map(|list| list.map_or(&[][..], |list| &list.payloads));
    if history == workflow {
        return Ok(());
    }
    Err(Difference {
        field,
        history: show_payloads(history),
        workflow: show_payloads(workflow),
    })
}

fn header(history: Option<&Header>, workflow: Option<&Header>) -> Result<(), Difference> {
    let empty = Header::default();
    if history.unwrap_or(&empty) == workflow.unwrap_or(&empty) {
        return Ok(());
    }
    Err(Difference {
        field: "header",
        history: short(format!("{history:?}")),
        workflow: short(format!("{workflow:?}")),
    })
}

// === Words ===

/// A command with what tells it apart from others of its kind.
pub(crate) fn describe_command(command: &CommandAttributes) -> String {
    use CommandAttributes as C;
    let kind = format!("{:?}", command_type(command));
    match command {
        C::ScheduleActivityTaskCommandAttributes(attributes) => format!(
            "{kind} (activity `{}` of type `{}`)",
            attributes.activity_id,
            attributes
                .activity_type
                .as_ref()
                .map_or("", |activity_type| &activity_type.name),
        ),
        C::RequestCancelActivityTaskCommandAttributes(attributes) => {
            format!("{kind} (of event {})", attributes.scheduled_event_id)
        }
        C::StartTimerCommandAttributes(attributes) => {
            format!("{kind} (timer `{}`)", attributes.timer_id)
        }
        C::CancelTimerCommandAttributes(attributes) => {
            format!("{kind} (timer `{}`)", attributes.timer_id)
        }
        _ => kind,
    }
}

/// An event with its id and what tells it apart from others of its kind.
fn describe_event(event: &HistoryEvent) -> String {
    use EventAttributes as E;
    let Some(attributes) = &event.attributes else {
        return format!("event {} without attributes", event.event_id);
    };
    let kind = format!("event {} {:?}", event.event_id, event_type(attributes));
    match attributes {
        E::ActivityTaskScheduledEventAttributes(attributes) => format!(
            "{kind} (activity `{}` of type `{}`)",
            attributes.activity_id,
            attributes
                .activity_type
                .as_ref()
                .map_or("", |activity_type| &activity_type.name),
        ),
        E::ActivityTaskCancelRequestedEventAttributes(attributes) => {
            format!("{kind} (of event {})", attributes.scheduled_event_id)
        }
        E::TimerStartedEventAttributes(attributes) => {
            format!("{kind} (timer `{}`)", attributes.timer_id)
        }
        E::TimerCanceledEventAttributes(attributes) => {
            format!("{kind} (timer `{}`)", attributes.timer_id)
        }
        _ => kind,
    }
}

/// The kind of a command that the contract knows.
pub(crate) fn command_type(command: &CommandAttributes) -> CommandType {
    use CommandAttributes as C;
    match command {
        C::ScheduleActivityTaskCommandAttributes(_) => CommandType::ScheduleActivityTask,
        C::StartTimerCommandAttributes(_) => CommandType::StartTimer,
        C::CompleteWorkflowExecutionCommandAttributes(_) => CommandType::CompleteWorkflowExecution,
        C::FailWorkflowExecutionCommandAttributes(_) => CommandType::FailWorkflowExecution,
        C::RequestCancelActivityTaskCommandAttributes(_) => CommandType::RequestCancelActivityTask,
        C::CancelTimerCommandAttributes(_) => CommandType::CancelTimer,
        C::CancelWorkflowExecutionCommandAttributes(_) => CommandType::CancelWorkflowExecution,
        C::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => {
            CommandType::RequestCancelExternalWorkflowExecution
        }
        C::RecordMarkerCommandAttributes(_) => CommandType::RecordMarker,
        C::ContinueAsNewWorkflowExecutionCommandAttributes(_) => CommandType::ContinueAsNewWorkflowExecution,
        C::StartChildWorkflowExecutionCommandAttributes(_) => CommandType::StartChildWorkflowExecution,
        C::SignalExternalWorkflowExecutionCommandAttributes(_) => CommandType::SignalExternalWorkflowExecution,
        C::UpsertWorkflowSearchAttributesCommandAttributes(_) => CommandType::UpsertWorkflowSearchAttributes,
        C::ProtocolMessageCommandAttributes(_) => CommandType::ProtocolMessage,
        C::ModifyWorkflowPropertiesCommandAttributes(_) => CommandType::ModifyWorkflowProperties,
        C::ScheduleNexusOperationCommandAttributes(_) => CommandType::ScheduleNexusOperation,
        C::RequestCancelNexusOperationCommandAttributes(_) => CommandType::RequestCancelNexusOperation,
    }
}

/// Text payloads as they are, others by their size.
fn show_payloads(payloads: &[Payload]) -> String {
    let shown: Vec<_> = payloads
        .iter()
        .map(|payload| match std::str::from_utf8(&payload.data) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("<{} bytes>", payload.data.len()),
        })
        .collect();
    short(format!("[{}]", shown.join(", ")))
}

fn short(mut text: String) -> String {
    const LONGEST: usize = 200;
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}
