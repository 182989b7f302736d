//! One decision about one run.

use std::time::Duration;

use prost::Message;
use wrt_model::{
    Limits, Run, Time, history,
    proto::{
        EventAttributes, Failure, HistoryEvent, UserMetadata, WorkflowExecution, common::Link, sdk::EventGroupMarker,
    },
};

use crate::{Continuation, Outgoing, external_payload::count_external_payloads};

/// What a decision changes beside the run itself.
#[derive(Debug, Default)]
pub struct Transition {
    /// Events to append, with their ids.
    pub events: Vec<HistoryEvent>,
    /// Activities, by the event that scheduled them, whose next attempt may start now.
    pub dispatches: Vec<i64>,
    /// Workers may have the workflow task now.
    pub offers_workflow_task: bool,
    /// Activities, by the event that scheduled them, whose worker is to hear that nobody waits for them any more.
    pub cancellations: Vec<i64>,
    /// The state changed in a way that has to survive a crash. True whenever there are events.
    pub durable: bool,
    /// What other runs are to be told.
    pub outgoing: Vec<Outgoing>,
    /// Updates that the workflow has turned away, by their ids.
    pub rejected_updates: Vec<(String, Failure)>,
    /// The run that is to be started in its place, in the same commit.
    pub continuation: Option<Continuation>,
    /// The run is found by other values from now on, which no event has brought.
    pub changes_search_attributes: bool,
}

impl Transition {
    /// Adds a later transition of the same run.
    pub fn absorb(&mut self, mut later: Transition) {
        self.events.append(&mut later.events);
        self.dispatches.append(&mut later.dispatches);
        self.cancellations.append(&mut later.cancellations);
        self.outgoing.append(&mut later.outgoing);
        self.rejected_updates.append(&mut later.rejected_updates);
        self.offers_workflow_task |= later.offers_workflow_task;
        self.durable |= later.durable;
        self.changes_search_attributes |= later.changes_search_attributes;
        self.continuation = later.continuation.or(self.continuation.take());
    }
}

/// Decides about a run: each method is one thing that can happen. A method that returns a rejection has changed nothing.
pub struct Turn<'run> {
    pub(crate) run: &'run mut Run,
    pub(crate) now: Time,
    pub(crate) limits: &'run Limits,
    pub(crate) transition: Transition,
    /// What the command that is being carried out says to people: it goes to the event that the command writes.
    pub(crate) words: Words,
    /// The workflow that asks for this, and its event that does.
    pub(crate) asker: Option<(WorkflowExecution, i64)>,
}

/// What stands beside a command, a request or an event.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) user_metadata: Option<UserMetadata>,
    pub(crate) event_group_markers: Vec<EventGroupMarker>,
    pub(crate) links: Vec<Link>,
}

impl<'run> Turn<'run> {
    /// Begins a decision at the time `now`, within the limits of the run's namespace.
    pub fn new(run: &'run mut Run, now: Time, limits: &'run Limits) -> Self {
        Turn {
            run,
            now,
            limits,
            transition: Transition::default(),
            words: Words::default(),
            asker: None,
        }
    }

    /// The next request refers to these: they stand beside the event that it writes.
    pub fn with_links(&mut self, links: Vec<Link>) -> &mut Self {
        self.words.links = links;
        self
    }

    /// The next request comes from another workflow, whose event asks for it.
    pub fn asked_by(&mut self, execution: WorkflowExecution, initiated_event_id: i64) -> &mut Self {
        self.asker = Some((execution, initiated_event_id));
        self
    }

    /// The run as decided so far.
    pub fn run(&self) -> &Run {
        self.run
    }

    /// Events decided so far.
    pub fn events(&self) -> &[HistoryEvent] {
        &self.transition.events
    }

    /// Ends the decision.
    pub fn finish(mut self) -> Transition {
        if !self.transition.events.is_empty() {
            self.transition.durable = true;
        }
        if self.transition.durable {
            self.run.state_transition_count += 1;
        }
        self.transition
    }

    // === Events ===

    /// Appends an event, with the words of its command or request if it has any, and returns its id.
    pub(crate) fn append(&mut self, attributes: EventAttributes) -> i64 {
        let event = self.event_with_words(attributes);
        self.append_event(event)
    }

    fn event_with_words(&mut self, attributes: EventAttributes) -> HistoryEvent {
        let Words {
            user_metadata,
            event_group_markers,
            links,
        } = std::mem::take(&mut self.words);
        HistoryEvent {
            user_metadata,
            event_group_markers,
            links,
            ..event(self.now, attributes)
        }
    }

    pub(crate) fn append_event(&mut self, mut event: HistoryEvent) -> i64 {
        let event_id = self.run.next_event_id;
        event.event_id = event_id;
        self.run.next_event_id += 1;
        self.run.history_bytes += i64::try_from(event.encoded_len()).expect("an event fits memory");
        count_external_payloads(self.run, &event);
        self.transition.events.push(event);
        event_id
    }

    /// Appends something that happened outside of the workflow. While a workflow task is with a worker such events wait,
    /// so that the task's commands follow what the worker saw. Returns its id, unless it has to wait for one.
    pub(crate) fn append_outside(&mut self, attributes: EventAttributes) -> Option<i64> {
        if self.workflow_task_is_started() {
            let event = self.event_with_words(attributes);
            self.run.buffer(event);
            self.transition.durable = true;
            None
        } else {
            self.write_speculative_task();
            Some(self.append(attributes))
        }
    }

    pub(crate) fn workflow_task_is_started(&self) -> bool {
        self.run.workflow_task.as_ref().is_some_and(|task| task.is_started())
    }

    /// The point `nanos` after `start`, or `None` for an unlimited span, which is 0.
    pub(crate) fn deadline(start_ns: i64, nanos: i64) -> Option<Time> {
        (nanos > 0).then(|| Time::from_nanos(start_ns).plus(Duration::from_nanos(nanos.unsigned_abs())))
    }
}

/// An event that has no id yet.
pub(crate) fn event(now: Time, attributes: EventAttributes) -> HistoryEvent {
    HistoryEvent {
        event_time: Some(now.into()),
        event_type: history::event_type(&attributes) as i32,
        worker_may_ignore: may_be_ignored(&attributes),
        attributes: Some(attributes),
        ..Default::default()
    }
}

/// True for events that older workers, who do not know them, can do without.
fn may_be_ignored(attributes: &EventAttributes) -> bool {
    matches!(
        attributes,
        EventAttributes::WorkflowExecutionOptionsUpdatedEventAttributes(_)
            | EventAttributes::WorkflowExecutionPausedEventAttributes(_)
            | EventAttributes::WorkflowExecutionUnpausedEventAttributes(_)
    )
}
