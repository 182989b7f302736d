//! What becomes of the guest's commands. They wait here until nothing is left to do in their task, and then go to the ledger
//! in their order; one that was canceled before has never been.

use std::collections::HashMap;

use wasmtime::{Result, bail, error::Context};
use wrt_model::proto::{
    CommandAttributes, Failure, UserMetadata,
    command::{RequestCancelActivityTaskCommandAttributes, RequestCancelExternalWorkflowExecutionCommandAttributes},
    coresdk::{
        workflow_activation::WorkflowActivationJob,
        workflow_commands::{CancelChildWorkflowExecution, CancelTimer, WorkflowCommand, workflow_command::Variant},
    },
    update::outcome,
};

use super::{
    Pushed,
    cancellation::{self, OnCancel},
    queue::Queued,
    translation,
    waiting::{Noun, Place, Waiting},
};
use crate::{
    frame::Frame,
    workflow::{
        ledger::{Ledger, OpenKind},
        state::RunState,
    },
};

#[cfg(test)]
mod tests;

/// The commands of a run that have yet to be issued, and what the guest waits for.
#[derive(Default)]
pub(super) struct Commands {
    /// A place is empty when its command was canceled.
    queue: Vec<Option<Queued>>,
    /// The guest's stacks at the commands in the queue, by their places, if they are wanted.
    stacks: HashMap<usize, Vec<Frame>>,
    waiting: HashMap<(Noun, u32), Waiting>,
    resolutions: Vec<WorkflowActivationJob>,
    is_closed: bool,
}

impl Commands {
    // === Updates ===

    pub(super) fn accept(&mut self, update_id: String) {
        self.queue.push(Some(Queued::Accept(update_id)));
    }

    pub(super) fn reject(&mut self, update_id: String, reason: Failure) {
        self.queue.push(Some(Queued::Reject(update_id, reason)));
    }

    pub(super) fn complete(&mut self, update_id: String, outcome: outcome::Value) {
        self.queue.push(Some(Queued::Complete(update_id, outcome)));
    }

    // === What is waited for ===

    /// Something has been answered. `None` when the guest does not wait for it any more.
    pub(super) fn end(&mut self, noun: Noun, seq: u32) -> Option<Waiting> {
        self.waiting.remove(&(noun, seq))
    }

    /// A child has started. `None` when the guest does not wait for it any more.
    pub(super) fn child_started(&mut self, seq: u32) -> Option<()> {
        let child = self.waiting.get_mut(&(Noun::ChildWorkflow, seq))?;
        child.is_started = true;
        Some(())
    }

    /// What the guest is told at once because of its own commands.
    pub(super) fn resolutions(&mut self) -> Vec<WorkflowActivationJob> {
        let resolutions = std::mem::take(&mut self.resolutions);
        if self.is_closed { Vec::new() } else { resolutions }
    }

    // === Commands ===

    /// Takes what the guest has pushed.
    pub(super) fn take(&mut self, state: &mut RunState) -> Result<()> {
        let Pushed { commands, stacks, .. } = std::mem::take(&mut state.pushed);
        let mut stacks = stacks.into_iter();
        for command in commands {
            let place = self.queue.len();
            self.push(command, state)?;
            if let Some(stack) = stacks.next() {
                self.stacks.insert(place, stack);
            }
        }
        Ok(())
    }

    fn push(&mut self, command: WorkflowCommand, state: &mut RunState) -> Result<()> {
        let (task_queue, namespace) = (&state.task_queue, &state.run.namespace);
        let issued = command.to_string();
        let metadata = command.user_metadata;
        match command.variant.context("the guest pushed a command without content")? {
            Variant::StartTimer(timer) => {
                let seq = timer.seq;
                self.open(
                    Noun::Timer,
                    seq,
                    timer.into(),
                    metadata,
                    OpenKind::Timer,
                    Waiting::default(),
                );
            }
            Variant::CancelTimer(timer) => self.cancel_timer(timer, &mut state.ledger),
            Variant::ScheduleActivity(activity) => {
                let (seq, waiting) = (activity.seq, Waiting::for_activity(&activity));
                let (attributes, kind) = translation::schedule(activity, task_queue);
                self.open(Noun::Activity, seq, attributes, metadata, kind, waiting);
            }
            Variant::RequestCancelActivity(cancel) => self.cancel_activity(cancel.seq),
            Variant::ScheduleLocalActivity(activity) => {
                self.wait(
                    Noun::LocalActivity,
                    activity.seq,
                    Waiting::for_local_activity(&activity),
                );
                let queued = Queued::ScheduleLocal(translation::local_activity(activity));
                self.queue.push(Some(queued));
            }
            Variant::RequestCancelLocalActivity(cancel) => self.cancel_local_activity(cancel.seq),
            Variant::StartChildWorkflowExecution(child) => {
                let (seq, waiting) = (child.seq, Waiting::for_child(&child));
                let (attributes, kind) = translation::start_child(child, task_queue);
                self.open(Noun::ChildWorkflow, seq, attributes, metadata, kind, waiting);
            }
            Variant::CancelChildWorkflowExecution(cancel) => self.cancel_child(cancel),
            Variant::SignalExternalWorkflowExecution(signal) => {
                let seq = signal.seq;
                let attributes = translation::signal(signal, namespace)?;
                self.open(
                    Noun::Signal,
                    seq,
                    attributes,
                    metadata,
                    OpenKind::External,
                    Waiting::default(),
                );
            }
            Variant::RequestCancelExternalWorkflowExecution(cancel) => {
                let seq = cancel.seq;
                let attributes = translation::request_cancel(cancel, namespace)?;
                self.open(
                    Noun::Cancel,
                    seq,
                    attributes,
                    metadata,
                    OpenKind::External,
                    Waiting::default(),
                );
            }
            Variant::CancelSignalWorkflow(cancel) => {
                // One that is on its way cannot be taken back.
                self.withdraw(Noun::Signal, cancel.seq);
            }
            Variant::SetPatchMarker(mark) => self.queue.push(Some(Queued::Patch(mark))),
            Variant::UpsertWorkflowSearchAttributes(upsert) => self.issue_later(upsert.into(), metadata),
            Variant::ModifyWorkflowProperties(modify) => self.issue_later(modify.into(), metadata),
            Variant::CompleteWorkflowExecution(complete) => self.close(complete.into()),
            Variant::FailWorkflowExecution(fail) => self.close(fail.into()),
            Variant::CancelWorkflowExecution(cancel) => self.close(cancel.into()),
            Variant::ContinueAsNewWorkflowExecution(request) => self.close(translation::continue_as_new(request)),
            Variant::ScheduleNexusOperation(_) | Variant::RequestCancelNexusOperation(_) => bail!(
                "the workflow issued {issued}: this server runs no Nexus operations. Call the service from an activity"
            ),
            Variant::RespondToQuery(_) | Variant::UpdateResponse(_) => {
                bail!("the guest pushed {issued}, which it has to return instead")
            }
        }
        Ok(())
    }

    fn open(
        &mut self,
        noun: Noun,
        seq: u32,
        attributes: CommandAttributes,
        metadata: Option<UserMetadata>,
        kind: OpenKind,
        waiting: Waiting,
    ) {
        self.wait(noun, seq, waiting);
        self.queue.push(Some(Queued::Open {
            noun,
            seq,
            attributes,
            metadata,
            kind,
        }));
    }

    /// The guest waits for what is queued next.
    fn wait(&mut self, noun: Noun, seq: u32, waiting: Waiting) {
        let place = Place::Queued(self.queue.len());
        self.waiting.insert((noun, seq), Waiting { place, ..waiting });
    }

    fn issue_later(&mut self, attributes: CommandAttributes, metadata: Option<UserMetadata>) {
        self.queue.push(Some(Queued::Issue(attributes, metadata)));
    }

    fn close(&mut self, attributes: CommandAttributes) {
        self.is_closed = true;
        self.queue.push(Some(Queued::Close(attributes)));
    }

    // === Cancellation ===

    /// The guest knows already that its timer is canceled.
    fn cancel_timer(&mut self, timer: CancelTimer, ledger: &mut Ledger) {
        match self.end(Noun::Timer, timer.seq).map(|waiting| waiting.place) {
            None => {}
            Some(Place::Queued(place)) => self.queue[place] = None,
            Some(Place::Issued(event_id)) => {
                ledger.resolve(event_id);
                self.issue_later(timer.into(), None);
            }
        }
    }

    fn cancel_activity(&mut self, seq: u32) {
        self.cancel(Noun::Activity, seq, |scheduled_event_id, _| {
            let attributes = RequestCancelActivityTaskCommandAttributes { scheduled_event_id };
            CommandAttributes::RequestCancelActivityTaskCommandAttributes(attributes)
        });
    }

    fn cancel_child(&mut self, cancel: CancelChildWorkflowExecution) {
        let CancelChildWorkflowExecution {
            child_workflow_seq: seq,
            reason,
        } = cancel;
        self.cancel(Noun::ChildWorkflow, seq, |_, child| {
            let attributes = RequestCancelExternalWorkflowExecutionCommandAttributes {
                workflow_id: child.id.clone(),
                child_workflow_only: true,
                reason,
                ..Default::default()
            };
            CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes)
        });
    }

    /// Cancels an activity or a child, with the command for one that is in the history.
    fn cancel(&mut self, noun: Noun, seq: u32, command: impl FnOnce(i64, &Waiting) -> CommandAttributes) {
        if self.withdraw(noun, seq) {
            return;
        }
        let Some(waiting) = self.waiting.get_mut(&(noun, seq)) else {
            return;
        };
        let Place::Issued(event_id) = waiting.place else {
            return;
        };
        let is_first = !std::mem::replace(&mut waiting.cancel_requested, true);
        let on_cancel = waiting.on_cancel;
        if on_cancel != OnCancel::Abandon && is_first {
            let attributes = command(event_id, waiting);
            self.queue.push(Some(Queued::Issue(attributes, None)));
        }
        if on_cancel != OnCancel::Wait {
            self.resolve_cancelled(noun, seq);
        }
    }

    /// The server tells the end of one that it runs, however the guest would like to hear of it.
    fn cancel_local_activity(&mut self, seq: u32) {
        if !self.withdraw(Noun::LocalActivity, seq) && self.waiting.contains_key(&(Noun::LocalActivity, seq)) {
            self.queue.push(Some(Queued::CancelLocal(seq)));
        }
    }

    /// Takes back what is not issued yet, and tells the guest so. `false` when there is no such thing.
    fn withdraw(&mut self, noun: Noun, seq: u32) -> bool {
        let place = self.waiting.get(&(noun, seq)).map(|waiting| waiting.place);
        let Some(Place::Queued(place)) = place else {
            return false;
        };
        self.queue[place] = None;
        self.resolve_cancelled(noun, seq);
        true
    }

    fn resolve_cancelled(&mut self, noun: Noun, seq: u32) {
        if let Some(waiting) = self.end(noun, seq) {
            self.resolutions.push(cancellation::resolution(noun, seq, &waiting));
        }
    }

    // === The ledger ===

    /// Issues what is queued.
    pub(super) fn issue(&mut self, ledger: &mut Ledger) -> Result<()> {
        let mut stacks = std::mem::take(&mut self.stacks);
        for (place, queued) in std::mem::take(&mut self.queue).into_iter().enumerate() {
            let Some(queued) = queued else { continue };
            ledger.issued_by(stacks.remove(&place).unwrap_or_default());
            if let Some((noun, seq, event_id)) = queued.issue(ledger)? {
                self.issued(noun, seq, event_id);
            }
        }
        Ok(())
    }

    fn issued(&mut self, noun: Noun, seq: u32, event_id: i64) {
        if let Some(waiting) = self.waiting.get_mut(&(noun, seq)) {
            waiting.place = Place::Issued(event_id);
        }
    }
}
