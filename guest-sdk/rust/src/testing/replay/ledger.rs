//! Compares each command with its event, as it is issued, and hands out the numbers that the runtime handed out.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use super::{
    ReplayError,
    decision::{self, Decision, Fact, Mark},
    history::{Event, Turn},
};
use crate::{
    Failure, Payload, WorkflowInfo, command::Command, execution::Job, host::Host, log::Level, run::default_child_id,
};

/// The search attribute that lists the patches of a run. The runtime sets it, not the workflow.
const CHANGE_VERSION: &str = "TemporalChangeVersion";

/// The commands of a run.
#[derive(Default)]
pub(super) struct Ledger(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    run_id: String,
    task_queue: String,
    expected: VecDeque<Expected>,
    next_event_id: i64,
    /// Sequence numbers that were handed out.
    numbered: u32,
    /// What is open, by the event that opened it.
    open: BTreeMap<i64, Open>,
    canceled: BTreeSet<u32>,
    /// The local activities that are open.
    local_activities: BTreeSet<u32>,
    /// The answers to `patched`.
    patches: BTreeMap<String, bool>,
    /// The first one; what follows from it is of no interest.
    divergence: Option<ReplayError>,
}

/// The event of a command that the history has.
struct Expected {
    event_id: i64,
    decision: Decision,
    mark: Option<Mark>,
    local_activity: Option<(u32, Result<Vec<Payload>, Failure>)>,
    lists_patches: bool,
}

/// Something that the workflow waits for.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) seq: u32,
    /// The id of the activity or of the child workflow.
    pub(super) id: String,
    /// The type of the activity or of the child workflow.
    pub(super) kind: String,
}

impl Ledger {
    /// Takes in what commands inherit from the run.
    pub(super) fn set_run(&self, info: &WorkflowInfo) {
        let mut inner = self.0.borrow_mut();
        inner.run_id.clone_from(&info.run_id);
        inner.task_queue.clone_from(&info.task_queue);
    }

    /// Begins the activation of a task whose commands became these events.
    pub(super) fn begin(&self, turn: &Turn<'_>) {
        let mut inner = self.0.borrow_mut();
        // The next event is the task's `completed`, the one after it the first command's.
        inner.next_event_id = turn.started.id + 2;
        inner.expected = turn.commands.iter().map(Expected::of).collect();
    }

    /// Ends an activation. A command that the history has and the workflow did not issue is a divergence.
    pub(super) fn end(&self) -> Result<(), ReplayError> {
        let mut inner = self.0.borrow_mut();
        inner.skip_deprecated_patches(None);
        if let Some(divergence) = inner.divergence.take() {
            return Err(divergence);
        }
        match inner.expected.pop_front() {
            Some(missing) => Err(missing.diverges_from(None)),
            None => Ok(()),
        }
    }

    /// What the workflow is told next within the task: the history has the end of a local activity as its next command.
    pub(super) fn local_activity(&self) -> Option<Job> {
        let mut inner = self.0.borrow_mut();
        inner.skip_deprecated_patches(None);
        let (seq, outcome) = inner.expected.front()?.local_activity.clone()?;
        if !inner.local_activities.remove(&seq) {
            return None;
        }
        inner.skip();
        Some(Job::ActivityResolved(seq, outcome))
    }

    /// What this event opened. It is open no longer.
    pub(super) fn resolve(&self, event_id: i64) -> Option<Open> {
        self.0.borrow_mut().open.remove(&event_id)
    }

    /// The number of what this event opened. It stays open.
    pub(super) fn seq_of(&self, event_id: i64) -> Option<u32> {
        self.0.borrow().open.get(&event_id).map(|open| open.seq)
    }
}

impl Expected {
    fn of(event: &Event) -> Self {
        Expected {
            event_id: event.id,
            decision: Decision::of_event(event),
            mark: Mark::of(event),
            local_activity: decision::local_activity(event),
            lists_patches: event
                .fields("searchAttributes.indexedFields")
                .contains_key(CHANGE_VERSION),
        }
    }

    fn diverges_from(&self, issued: Option<&Decision>) -> ReplayError {
        let comparable = issued.filter(|issued| issued.is_same_kind(&self.decision));
        ReplayError::Divergence {
            event_id: Some(self.event_id),
            expected: Some(format!("event {} {}", self.event_id, self.decision)),
            issued: issued.map(Decision::to_string),
            difference: comparable.and_then(|issued| self.decision.difference(issued)),
        }
    }
}

// === impl Inner ===

impl Inner {
    /// Compares what was decided with the next event, and gives the id of that event.
    fn compare(&mut self, issued: &Decision) -> i64 {
        if self.divergence.is_none() {
            self.divergence = match self.expected.pop_front() {
                None => Some(ReplayError::Divergence {
                    event_id: None,
                    expected: None,
                    issued: Some(issued.to_string()),
                    difference: None,
                }),
                Some(expected)
                    if expected.decision.is_same_kind(issued)
                        && expected.decision.difference(issued).is_none()
                        && expected.event_id == self.next_event_id =>
                {
                    None
                }
                Some(expected) => Some(expected.diverges_from(Some(issued))),
            };
        }
        let event_id = self.next_event_id;
        self.next_event_id += 1;
        event_id
    }

    /// Takes a command that opens something, and gives its number.
    fn open(&mut self, issued: &Decision, id: String, kind: String) -> u32 {
        let event_id = self.compare(issued);
        self.numbered += 1;
        let seq = self.numbered;
        self.open.insert(event_id, Open { seq, id, kind });
        seq
    }

    /// What is open under a number, with its event.
    fn open_by_seq(&self, seq: u32) -> Option<(i64, Open)> {
        let mut open = self.open.iter();
        open.find(|(_, open)| open.seq == seq)
            .map(|(event_id, open)| (*event_id, open.clone()))
    }

    fn id_by_seq(&self, seq: u32) -> String {
        self.open_by_seq(seq).map(|(_, open)| open.id).unwrap_or_default()
    }

    /// The mark of a patch that is deprecated may be there although the workflow does not speak of it any more.
    fn skip_deprecated_patches(&mut self, patch_id: Option<&str>) {
        while let Some(Expected { mark: Some(mark), .. }) = self.expected.front()
            && mark.deprecated
            && Some(mark.id.as_str()) != patch_id
        {
            self.skip();
        }
    }

    fn skip(&mut self) {
        self.expected.pop_front();
        self.next_event_id += 1;
    }

    // === Commands ===

    fn issue(&mut self, command: Command) -> u32 {
        self.skip_deprecated_patches(None);
        match command {
            Command::ScheduleActivity {
                activity_type,
                input,
                options,
            } => {
                let id = options.activity_id.unwrap_or_else(|| (self.numbered + 1).to_string());
                let task_queue = options.task_queue.unwrap_or_else(|| self.task_queue.clone());
                let facts = [
                    ("activity id", Fact::text(&id)),
                    ("activity type", Fact::text(&activity_type)),
                    ("task queue", Fact::text(task_queue)),
                    ("input", Fact::payloads(input)),
                ];
                return self.open(&Decision::new("ACTIVITY_TASK_SCHEDULED", facts), id, activity_type);
            }
            Command::ScheduleLocalActivity { .. } => {
                self.numbered += 1;
                self.local_activities.insert(self.numbered);
                return self.numbered;
            }
            Command::StartTimer { duration, .. } => {
                let id = (self.numbered + 1).to_string();
                let facts = [
                    ("timer id", Fact::text(&id)),
                    ("start-to-fire timeout", Fact::text(format!("{duration:?}"))),
                ];
                return self.open(&Decision::new("TIMER_STARTED", facts), id, String::new());
            }
            Command::StartChildWorkflow {
                workflow_type,
                input,
                options,
            } => {
                let id = default_child_id(&options, &self.run_id, self.numbered + 1);
                let facts = [
                    ("workflow id", Fact::text(&id)),
                    ("workflow type", Fact::text(&workflow_type)),
                    ("input", Fact::payloads(input)),
                ];
                let decision = Decision::new("START_CHILD_WORKFLOW_EXECUTION_INITIATED", facts);
                return self.open(&decision, id, workflow_type);
            }
            Command::SignalChildWorkflow {
                seq,
                signal_name,
                input,
            } => {
                let decision = signal(self.id_by_seq(seq), String::new(), signal_name, input);
                return self.open(&decision, String::new(), String::new());
            }
            Command::SignalExternalWorkflow {
                workflow_id,
                run_id,
                signal_name,
                input,
            } => {
                let decision = signal(workflow_id, run_id, signal_name, input);
                return self.open(&decision, String::new(), String::new());
            }
            Command::RequestCancelExternalWorkflow { workflow_id, .. } => {
                return self.open(&request_cancel(workflow_id), String::new(), String::new());
            }
            Command::RequestCancelActivity { seq } | Command::RequestCancelChildWorkflow { seq, .. }
                if !self.is_to_cancel(seq) => {}
            Command::CancelTimer { seq } => self.cancel_timer(seq),
            command => {
                if let Some(decision) = self.decide(command) {
                    self.compare(&decision);
                }
            }
        }
        0
    }

    /// A request goes out once, while what it is about is open.
    fn is_to_cancel(&mut self, seq: u32) -> bool {
        self.open_by_seq(seq).is_some() && self.canceled.insert(seq)
    }

    /// Does nothing when the timer has fired.
    fn cancel_timer(&mut self, seq: u32) {
        if let Some((event_id, timer)) = self.open_by_seq(seq) {
            self.open.remove(&event_id);
            self.compare(&Decision::new("TIMER_CANCELED", [("timer id", Fact::text(timer.id))]));
        }
    }

    /// The decision of a command that opens nothing; `None` when it leaves no event.
    fn decide(&mut self, command: Command) -> Option<Decision> {
        Some(match command {
            Command::RequestCancelActivity { seq } => {
                let scheduled = self.open_by_seq(seq).map_or(0, |(event_id, _)| event_id);
                Decision::new("ACTIVITY_TASK_CANCEL_REQUESTED", [("activity", Fact::text(scheduled))])
            }
            Command::RequestCancelChildWorkflow { seq, .. } => request_cancel(self.id_by_seq(seq)),
            Command::UpsertSearchAttributes { attributes } => Decision::new(
                "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
                [("search attributes", Fact::search_attributes(attributes.0))],
            ),
            Command::UpsertMemo { fields } => {
                Decision::new("WORKFLOW_PROPERTIES_MODIFIED", [("memo", Fact::fields(fields.0))])
            }
            Command::AcceptUpdate { update_id } => Decision::new(
                "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
                [("update", Fact::text(update_id))],
            ),
            // No history has such an event: what it has accepted may not be turned away.
            Command::RejectUpdate { update_id, .. } => Decision::new(
                "WORKFLOW_EXECUTION_UPDATE_REJECTED",
                [("update", Fact::text(update_id))],
            ),
            Command::CompleteUpdate { update_id, outcome } => Decision::new(
                "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
                [
                    ("update", Fact::text(update_id)),
                    ("outcome", Fact::outcome(outcome.map(|answer| vec![answer]))),
                ],
            ),
            Command::Complete { output } => {
                Decision::new("WORKFLOW_EXECUTION_COMPLETED", [("result", Fact::payloads([output]))])
            }
            Command::Fail { failure } => {
                Decision::new("WORKFLOW_EXECUTION_FAILED", [("failure", Fact::failure(failure))])
            }
            Command::Cancel => Decision::new("WORKFLOW_EXECUTION_CANCELED", [("details", Fact::payloads([]))]),
            Command::ContinueAsNew { input, .. } => Decision::new(
                "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
                [("input", Fact::payloads(input))],
            ),
            Command::DeprecatePatch { patch_id } => {
                if !self.patches.contains_key(&patch_id) {
                    self.take_mark(&patch_id);
                }
                self.patches.insert(patch_id, true);
                return None;
            }
            // The others open something, or leave no event.
            _ => return None,
        })
    }

    // === Patches ===

    fn patched(&mut self, patch_id: &str) -> bool {
        if let Some(&answer) = self.patches.get(patch_id) {
            return answer;
        }
        let answer = self.take_mark(patch_id);
        self.patches.insert(patch_id.to_owned(), answer);
        answer
    }

    /// Whether this task has made the mark; then it has to be the next command.
    fn take_mark(&mut self, patch_id: &str) -> bool {
        let marks = self.expected.iter().filter_map(|expected| expected.mark.as_ref());
        if !marks.into_iter().any(|mark| mark.id == patch_id) {
            return false;
        }
        self.skip_deprecated_patches(Some(patch_id));
        self.compare(&Decision::new("MARKER_RECORDED", [("patch", Fact::text(patch_id))]));
        if self.expected.front().is_some_and(|next| next.lists_patches) {
            self.skip();
        }
        true
    }
}

fn signal(workflow_id: String, run_id: String, signal_name: String, input: Vec<Payload>) -> Decision {
    let facts = [
        ("workflow id", Fact::text(workflow_id)),
        ("run id", Fact::text(run_id)),
        ("signal", Fact::text(signal_name)),
        ("input", Fact::payloads(input)),
    ];
    Decision::new("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED", facts)
}

fn request_cancel(workflow_id: String) -> Decision {
    Decision::new(
        "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
        [("workflow id", Fact::text(workflow_id))],
    )
}

impl Host for Rc<Ledger> {
    fn issue(&self, command: Command) -> u32 {
        self.0.borrow_mut().issue(command)
    }

    fn patched(&self, patch_id: &str) -> bool {
        self.0.borrow_mut().patched(patch_id)
    }

    /// Each line was written when the run was new.
    fn log(&self, _: Level, _: &str, _: &[(String, String)]) {}
}
