//! Trying out what a workflow does next: the task that its history has begun and not completed.

use wrt_model::proto::{
    EventAttributes, HistoryEvent,
    enums::EventType,
    history::{WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes},
    update,
};

use crate::{TaskFailure, WorkflowInstance};

impl WorkflowInstance {
    /// Runs the workflow task that waits behind the events which were replayed, as its next attempt would. What it decides is
    /// thrown away. Does nothing when none waits.
    ///
    /// The instance is tainted afterwards.
    pub fn rehearse(&mut self) -> Result<(), TaskFailure> {
        let outcome = match next_attempt(&self.kept) {
            Some(attempt) => self.activate(&attempt, admitted(&self.kept)).map(drop),
            None => Ok(()),
        };
        self.tainted = true;
        outcome
    }
}

/// The events that the next attempt of the waiting task begins with: none when it has begun.
fn next_attempt(events: &[HistoryEvent]) -> Option<Vec<HistoryEvent>> {
    let last = events.last()?;
    let task = events.iter().rev().find(|event| is_workflow_task(event))?;
    if events.iter().any(ends_the_run) {
        return None;
    }
    let is_under_way = task.event_id == last.event_id && task.event_type() == EventType::WorkflowTaskStarted;
    Some(if is_under_way { Vec::new() } else { attempt_after(last) })
}

fn attempt_after(last: &HistoryEvent) -> Vec<HistoryEvent> {
    let scheduled_event_id = last.event_id + 1;
    let event = |event_id, event_type: EventType, attributes| HistoryEvent {
        event_id,
        event_time: last.event_time,
        event_type: event_type as i32,
        attributes: Some(attributes),
        ..Default::default()
    };
    let scheduled = WorkflowTaskScheduledEventAttributes::default();
    let started = WorkflowTaskStartedEventAttributes {
        scheduled_event_id,
        ..Default::default()
    };
    vec![
        event(
            scheduled_event_id,
            EventType::WorkflowTaskScheduled,
            EventAttributes::WorkflowTaskScheduledEventAttributes(scheduled),
        ),
        event(
            scheduled_event_id + 1,
            EventType::WorkflowTaskStarted,
            EventAttributes::WorkflowTaskStartedEventAttributes(started),
        ),
    ]
}

/// The updates that a reset has brought again, and that the workflow has not been asked about.
fn admitted(events: &[HistoryEvent]) -> Vec<update::Request> {
    let requests = events.iter().filter_map(|event| match &event.attributes {
        Some(EventAttributes::WorkflowExecutionUpdateAdmittedEventAttributes(admitted)) => admitted.request.clone(),
        _ => None,
    });
    requests.collect()
}

fn is_workflow_task(event: &HistoryEvent) -> bool {
    matches!(
        event.event_type(),
        EventType::WorkflowTaskScheduled
            | EventType::WorkflowTaskStarted
            | EventType::WorkflowTaskFailed
            | EventType::WorkflowTaskTimedOut
    )
}

/// Of the events that end a run, those that its own commands do not write.
fn ends_the_run(event: &HistoryEvent) -> bool {
    matches!(
        event.event_type(),
        EventType::WorkflowExecutionTerminated | EventType::WorkflowExecutionTimedOut
    )
}
