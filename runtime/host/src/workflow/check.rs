//! Compares a command that a workflow issues on replay with the event that it became when it was new.

use std::fmt;

use wrt_model::{
    history::event_type,
    proto::{
        CommandAttributes, EventAttributes, Header, HistoryEvent, Payload, Payloads, SearchAttributes,
        command::{
            ScheduleActivityTaskCommandAttributes, StartChildWorkflowExecutionCommandAttributes,
            StartTimerCommandAttributes,
        },
        history::{
            ActivityTaskScheduledEventAttributes, StartChildWorkflowExecutionInitiatedEventAttributes,
            TimerStartedEventAttributes,
        },
    },
};

use super::patch;

/// The workflow does something else than its history says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow diverges from its history: {0}")]
pub(crate) struct Divergence(String);

/// Whether a command and an event decide the same; `None` when they are not of one kind.
pub(crate) type Comparison = Option<Result<(), Difference>>;

/// Compares what the workflow issued, in words and by `differing`, with the next command event of its task; `expected` is
/// `None` when the task has no more.
pub(crate) fn compare(
    event_id: i64,
    issued: &str,
    expected: Option<&HistoryEvent>,
    differing: impl FnOnce(&EventAttributes) -> Comparison,
) -> Result<(), Divergence> {
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
    match expected.attributes.as_ref().and_then(differing) {
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

/// The divergence of a workflow that turns away an update which its history has accepted.
pub(crate) fn rejected(update_id: &str) -> Divergence {
    Divergence(format!(
        "it rejected update `{update_id}`, which the history has accepted"
    ))
}

/// The divergence of a workflow that ends its activation without this command.
pub(crate) fn missing(expected: &HistoryEvent) -> Divergence {
    Divergence(format!(
        "it went to rest without the command for {}",
        describe_event(expected)
    ))
}

/// The divergence of a workflow that waits for a local activity, in these words, which it had not asked for.
pub(crate) fn unrecorded(local_activity: &str) -> Divergence {
    Divergence(format!(
        "it asked for {local_activity}, which the history does not have"
    ))
}

// === Fields ===

/// A field that is not what it was.
pub(crate) struct Difference {
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
pub(crate) fn differing(command: &CommandAttributes, event: &EventAttributes) -> Comparison {
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
            C::StartChildWorkflowExecutionCommandAttributes(command),
            E::StartChildWorkflowExecutionInitiatedEventAttributes(event),
        ) => start_child(command, event),
        (
            C::SignalExternalWorkflowExecutionCommandAttributes(command),
            E::SignalExternalWorkflowExecutionInitiatedEventAttributes(event),
        ) => same("workflow", &event.workflow_execution, &command.execution)
            .and_then(|()| same("signal", &event.signal_name, &command.signal_name))
            .and_then(|()| payloads("input", event.input.as_ref(), command.input.as_ref())),
        (
            C::RequestCancelExternalWorkflowExecutionCommandAttributes(command),
            E::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(event),
        ) => same(
            "workflow id",
            &event
                .workflow_execution
                .as_ref()
                .map(|execution| &execution.workflow_id),
            &Some(&command.workflow_id),
        ),
        (C::RecordMarkerCommandAttributes(command), E::MarkerRecordedEventAttributes(event)) => {
            same("name", &event.marker_name, &command.marker_name).and_then(|()| {
                same(
                    "patch",
                    &patch::marked(&event.marker_name, &event.details),
                    &patch::marked(&command.marker_name, &command.details),
                )
            })
        }
        (
            C::UpsertWorkflowSearchAttributesCommandAttributes(command),
            E::UpsertWorkflowSearchAttributesEventAttributes(event),
        ) => same(
            "search attributes",
            &untyped(event.search_attributes.as_ref()),
            &untyped(command.search_attributes.as_ref()),
        ),
        (
            C::ModifyWorkflowPropertiesCommandAttributes(command),
            E::WorkflowPropertiesModifiedEventAttributes(event),
        ) => same("memo", &event.upserted_memo, &command.upserted_memo),
        (
            C::ContinueAsNewWorkflowExecutionCommandAttributes(command),
            E::WorkflowExecutionContinuedAsNewEventAttributes(event),
        ) => payloads("input", event.input.as_ref(), command.input.as_ref()),
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

fn start_child(
    command: &StartChildWorkflowExecutionCommandAttributes,
    event: &StartChildWorkflowExecutionInitiatedEventAttributes,
) -> Result<(), Difference> {
    same("workflow id", &event.workflow_id, &command.workflow_id)?;
    same(
        "workflow type",
        &event.workflow_type.as_ref().map(|kind| &kind.name),
        &command.workflow_type.as_ref().map(|kind| &kind.name),
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

pub(crate) fn same<T: PartialEq + fmt::Debug>(
    field: &'static str,
    history: &T,
    workflow: &T,
) -> Result<(), Difference> {
    if history == workflow {
        return Ok(());
    }
    Err(Difference {
        field,
        history: short(format!("{history:?}")),
        workflow: short(format!("{workflow:?}")),
    })
}

/// Search attributes without their types, which the server tells in histories.
fn untyped(attributes: Option<&SearchAttributes>) -> Option<SearchAttributes> {
    let mut attributes = attributes?.clone();
    for payload in attributes.indexed_fields.values_mut() {
        payload.metadata.remove("type");
    }
    Some(attributes)
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
    let kind = format!("{:?}", wrt_model::command::command_type(command));
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
        C::StartChildWorkflowExecutionCommandAttributes(attributes) => {
            format!("{kind} (workflow `{}`)", attributes.workflow_id)
        }
        C::RecordMarkerCommandAttributes(attributes) => {
            let patch = patch::marked(&attributes.marker_name, &attributes.details);
            format!("{kind} (`{}`)", patch.unwrap_or_else(|| attributes.marker_name.clone()))
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
        E::StartChildWorkflowExecutionInitiatedEventAttributes(attributes) => {
            format!("{kind} (workflow `{}`)", attributes.workflow_id)
        }
        E::MarkerRecordedEventAttributes(attributes) => {
            let patch = patch::marked(&attributes.marker_name, &attributes.details);
            format!("{kind} (`{}`)", patch.unwrap_or_else(|| attributes.marker_name.clone()))
        }
        _ => kind,
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
