//! Workflow tasks for updates alone.
//!
//! An update may be rejected, and then leaves nothing. So its task is written only if there is something to write, or when
//! something else happens before a worker has taken it.

use wrt_model::run::{WorkflowTask, WorkflowTaskState};

use super::WorkflowTaskCompletion;
use crate::{Turn, update::is_rejection};

/// The most events that a worker has to forget with a task that is discarded; with more, the task is written, so that they
/// are not sent again and again.
const FORGETTABLE_EVENTS: i64 = 10;

impl Turn<'_> {
    /// Schedules a workflow task for updates alone, also before the delay of the start is over. False when there is another
    /// one, or no need of one.
    pub fn schedule_speculative_workflow_task(&mut self) -> bool {
        if !self.run.is_open() || self.run.is_paused() || self.run.workflow_task.is_some() {
            return false;
        }
        self.run.workflow_task = Some(WorkflowTask {
            state: WorkflowTaskState::Scheduled as i32,
            attempt: 1,
            scheduled_ns: self.now.nanos(),
            not_before_ns: self.now.nanos(),
            speculative: true,
            sticky: self.run.sticky.clone(),
            ..Default::default()
        });
        self.offer_workflow_task();
        true
    }

    /// Begins a workflow task for updates alone. False when there is another one, or no need of one.
    pub fn start_speculative_workflow_task(&mut self, identity: &str) -> bool {
        self.schedule_speculative_workflow_task() && self.start_workflow_task(identity, "").is_ok()
    }

    /// Writes the speculative task that nobody has taken, because something else is about to be written.
    pub(crate) fn write_speculative_task(&mut self) {
        let task = self.run.workflow_task.as_ref();
        if task.is_some_and(|task| task.speculative && !task.is_started()) {
            self.ensure_workflow_task();
        }
    }

    /// True when nothing keeps a workflow task from being scheduled. A speculative one that nobody has taken makes room.
    pub(super) fn has_no_workflow_task(&self) -> bool {
        let task = self.run.workflow_task.as_ref();
        task.is_none_or(|task| task.speculative && !task.is_started())
    }

    /// True when the task can be forgotten: it was speculative, and there is nothing to write.
    pub(super) fn is_discarded(&self, task: &WorkflowTask, completion: &WorkflowTaskCompletion) -> bool {
        // The events of the commands of the task before, which came with this one for the first time.
        let shipped = task.scheduled_event_id - self.run.last_completed_started_event_id - 2;
        let forgets = match shipped {
            _ if !self.run.is_run_by_workers() => true,
            // There is no task before the first one that a worker could go back to.
            _ if self.run.last_completed_started_event_id == 0 => false,
            ..=0 => true,
            shipped => completion.discards_speculative_task_with_events && shipped <= FORGETTABLE_EVENTS,
        };
        task.speculative
            && forgets
            && !completion.forces_new_task
            && completion.commands.is_empty()
            && completion.messages.iter().all(is_rejection)
            && self.run.buffered_events.is_empty()
    }
}
