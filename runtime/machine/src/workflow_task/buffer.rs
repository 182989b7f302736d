//! What happens while a workflow task is with a worker: it waits for the task's end, so that the task's commands follow
//! what the worker saw.

use std::collections::HashMap;

use wrt_model::proto::{EventAttributes, HistoryEvent};

use crate::Turn;

impl Turn<'_> {
    /// True when the activity ended while the workflow task was with a worker: the worker has not seen it yet.
    pub(crate) fn has_buffered_end(&self, scheduled_event_id: i64) -> bool {
        self.run.buffered_events.values().any(|event| match &event.attributes {
            // Every end of an activity that a worker held follows its start.
            Some(EventAttributes::ActivityTaskStartedEventAttributes(event)) => {
                event.scheduled_event_id == scheduled_event_id
            }
            Some(EventAttributes::ActivityTaskTimedOutEventAttributes(event)) => {
                event.scheduled_event_id == scheduled_event_id
            }
            _ => false,
        })
    }

    /// Gives the events that waited for the end of a workflow task their ids. Ends of activities and children go behind
    /// the rest, as Temporal's workers expect. True when there were any.
    pub(super) fn flush_buffered_events(&mut self) -> bool {
        let buffered = std::mem::take(&mut self.run.buffered_events);
        let flushed = !buffered.is_empty();
        let (mut ends, mut others) = (Vec::new(), Vec::new());
        for (_, mut event) in buffered {
            let is_end = event.attributes.as_mut().and_then(end_of).is_some();
            if is_end { &mut ends } else { &mut others }.push(event);
        }
        let mut started_event_ids = HashMap::new();
        for event in others {
            let begun_by = begun_by(&event);
            let event_id = self.append_event(event);
            if let Some(begun_by) = begun_by {
                started_event_ids.insert(begun_by, event_id);
                self.child_started_by(begun_by, event_id);
            }
        }
        for mut event in ends {
            wire_started_event_id(&mut event, &started_event_ids);
            self.append_event(event);
        }
        flushed
    }
}

/// The event that scheduled the activity or initiated the child that this event begins.
fn begun_by(event: &HistoryEvent) -> Option<i64> {
    match event.attributes.as_ref()? {
        EventAttributes::ActivityTaskStartedEventAttributes(started) => Some(started.scheduled_event_id),
        EventAttributes::ChildWorkflowExecutionStartedEventAttributes(started) => Some(started.initiated_event_id),
        _ => None,
    }
}

/// An end names its `started` event, whose id was not known while both were buffered.
fn wire_started_event_id(event: &mut HistoryEvent, started_event_ids: &HashMap<i64, i64>) {
    if let Some((begun_by, started_event_id)) = event.attributes.as_mut().and_then(end_of)
        && let Some(&event_id) = started_event_ids.get(&begun_by)
    {
        *started_event_id = event_id;
    }
}

/// What the end of an activity or of a child names: the event that scheduled or initiated it, and its `started` event.
fn end_of(attributes: &mut EventAttributes) -> Option<(i64, &mut i64)> {
    use EventAttributes as A;
    Some(match attributes {
        A::ActivityTaskCompletedEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskFailedEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskTimedOutEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskCanceledEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionFailedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionCanceledEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionTimedOutEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionTerminatedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        _ => return None,
    })
}
