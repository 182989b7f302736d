//! What one run tells other runs. It leaves after the commit, and is repeated after a crash until it has been answered.

use wrt_model::{Run, run::ChildWorkflow};

use crate::Turn;

/// A message to another run. Numbers are events of this run that have the rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// Start the child that this event initiated. [`Turn::child_started`](crate::Turn::child_started) or
    /// [`Turn::child_start_failed`](crate::Turn::child_start_failed) takes the answer.
    StartChild(i64),
    /// Signal or cancel the workflow that this event names.
    /// [`Turn::external_request_resolved`](crate::Turn::external_request_resolved) takes the answer.
    External(i64),
    /// This run has closed: end the child by its parent close policy.
    CloseChild(ChildWorkflow),
    /// This run was the last one of a child's chain and has closed: tell its parent.
    TellParent,
    /// See whether the child that this event initiated has closed, because its word may have been lost, and have it answer
    /// to this run.
    AskChild(i64),
    /// See whether the parent has closed, likewise.
    AskParent,
}

impl Turn<'_> {
    /// Repeats what may have been lost when the server's process ended.
    pub(crate) fn repeat_outgoing(&mut self) {
        let started = self.run.children.iter().filter(|(_, child)| child.is_started());
        let asks = started.map(|(&initiated_event_id, _)| Outgoing::AskChild(initiated_event_id));
        let parent = self.run.parent.iter().map(|_| Outgoing::AskParent);
        self.transition.outgoing = unanswered(self.run).into_iter().chain(asks).chain(parent).collect();
    }
}

/// What a run has asked of others and not been answered. It may have closed meanwhile.
pub fn unanswered(run: &Run) -> Vec<Outgoing> {
    let waiting = run.children.iter().filter(|(_, child)| !child.is_started());
    let starts = waiting.map(|(&initiated_event_id, _)| Outgoing::StartChild(initiated_event_id));
    let external = run.external_requests.keys().copied().map(Outgoing::External);
    starts.chain(external).collect()
}
