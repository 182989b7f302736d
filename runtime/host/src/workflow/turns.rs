//! Cuts a history into turns: one for each workflow task that was completed.
//!
//! A task that failed or timed out is no turn; what it should have seen belongs to the next task that completes.

use wrt_model::proto::{EventAttributes, HistoryEvent};

/// One completed workflow task.
pub(crate) struct Turn<'e> {
    /// The `started` event: its time is the time of the activation.
    pub(crate) started: &'e HistoryEvent,
    /// What happened since the turn before, up to the `completed` event.
    pub(crate) happened: &'e [&'e HistoryEvent],
    /// The events of the commands that the task issued.
    pub(crate) commands: &'e [&'e HistoryEvent],
}

/// A history whose tasks do not follow each other as they must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the history is broken: {0}")]
pub(crate) struct BrokenHistory(pub(crate) String);

/// The completed tasks in order, and the events after the last one.
pub(crate) fn cut<'e>(
    mut events: &'e [&'e HistoryEvent],
) -> Result<(Vec<Turn<'e>>, &'e [&'e HistoryEvent]), BrokenHistory> {
    let mut turns = Vec::new();
    while let Some((position, started_event_id)) = next_completed(events) {
        let (happened, rest) = events.split_at(position);
        let started = started_event(happened, started_event_id).ok_or_else(|| {
            BrokenHistory(format!(
                "event {} completes the workflow task that event {started_event_id} started, which is not there",
                rest[0].event_id
            ))
        })?;
        let (commands, rest) = split_commands(&rest[1..]);
        turns.push(Turn {
            started,
            happened,
            commands,
        });
        events = rest;
    }
    Ok((turns, events))
}

/// The `started` event that this history ends with: that of the task which is to run now.
pub(crate) fn open_task<'e>(events: &[&'e HistoryEvent]) -> Result<&'e HistoryEvent, BrokenHistory> {
    match events.last() {
        Some(event) if is_started(event) => Ok(event),
        Some(event) => Err(BrokenHistory(format!(
            "it ends with event {} and not with the start of a workflow task",
            event.event_id
        ))),
        None => Err(BrokenHistory("there is no new event".to_owned())),
    }
}

/// The events of a completed task's commands, and the ones after them.
pub(crate) fn split_commands<'e>(events: &'e [&'e HistoryEvent]) -> (&'e [&'e HistoryEvent], &'e [&'e HistoryEvent]) {
    let count = events.iter().take_while(|event| is_command_event(event)).count();
    events.split_at(count)
}

/// The `started` event of the task that this event completes.
pub(crate) fn completes(event: &HistoryEvent) -> Option<i64> {
    match &event.attributes {
        Some(EventAttributes::WorkflowTaskCompletedEventAttributes(attributes)) => Some(attributes.started_event_id),
        _ => None,
    }
}

fn next_completed(events: &[&HistoryEvent]) -> Option<(usize, i64)> {
    events
        .iter()
        .enumerate()
        .find_map(|(position, event)| Some((position, completes(event)?)))
}

/// Looks from the end, where it is.
fn started_event<'e>(events: &[&'e HistoryEvent], event_id: i64) -> Option<&'e HistoryEvent> {
    events
        .iter()
        .rev()
        .copied()
        .find(|event| event.event_id == event_id)
        .filter(|event| is_started(event))
}

fn is_started(event: &HistoryEvent) -> bool {
    matches!(
        event.attributes,
        Some(EventAttributes::WorkflowTaskStartedEventAttributes(_))
    )
}

/// True for the events that commands become. No other cause writes them.
fn is_command_event(event: &HistoryEvent) -> bool {
    use EventAttributes as A;
    matches!(
        event.attributes,
        Some(
            A::ActivityTaskScheduledEventAttributes(_)
                | A::ActivityTaskCancelRequestedEventAttributes(_)
                | A::TimerStartedEventAttributes(_)
                | A::TimerCanceledEventAttributes(_)
                | A::StartChildWorkflowExecutionInitiatedEventAttributes(_)
                | A::SignalExternalWorkflowExecutionInitiatedEventAttributes(_)
                | A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(_)
                | A::MarkerRecordedEventAttributes(_)
                | A::UpsertWorkflowSearchAttributesEventAttributes(_)
                | A::WorkflowPropertiesModifiedEventAttributes(_)
                | A::WorkflowExecutionUpdateAcceptedEventAttributes(_)
                | A::WorkflowExecutionUpdateCompletedEventAttributes(_)
                | A::WorkflowExecutionContinuedAsNewEventAttributes(_)
                | A::WorkflowExecutionCompletedEventAttributes(_)
                | A::WorkflowExecutionFailedEventAttributes(_)
                | A::WorkflowExecutionCanceledEventAttributes(_)
        )
    )
}
