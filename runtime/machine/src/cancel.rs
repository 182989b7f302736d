//! Ending a run from outside: asking it to cancel itself, and terminating it.

use wrt_model::proto::{
    EventAttributes, Payloads,
    enums::{WorkflowExecutionStatus, WorkflowTaskFailedCause},
    history::{WorkflowExecutionCancelRequestedEventAttributes, WorkflowExecutionTerminatedEventAttributes},
};

use crate::{Rejection, Turn};

impl Turn<'_> {
    /// Somebody asks the run to cancel itself; it decides what that means. Where the run has been asked before, or has
    /// closed, the caller has what it wants, and nothing changes.
    pub fn request_cancel(&mut self, reason: String, identity: String, request_id: String) {
        if !self.run.is_open() || self.run.cancel_requested {
            return;
        }
        self.run.cancel_requested = true;
        self.run.cancel_request_id = request_id;
        let (external_workflow_execution, external_initiated_event_id) = self.asker.take().unzip();
        self.append_outside(EventAttributes::WorkflowExecutionCancelRequestedEventAttributes(
            WorkflowExecutionCancelRequestedEventAttributes {
                cause: reason,
                identity,
                external_workflow_execution,
                external_initiated_event_id: external_initiated_event_id.unwrap_or_default(),
            },
        ));
        // It may want to cancel itself before its time.
        self.end_start_delay();
        self.ensure_workflow_task();
    }

    /// Somebody ends the run; it is not asked.
    pub fn terminate(&mut self, reason: String, details: Option<Payloads>, identity: String) -> Result<(), Rejection> {
        self.check_open()?;
        // What stands beside the request belongs to the event that it asks for.
        let words = std::mem::take(&mut self.words);
        self.abandon_workflow_task(WorkflowTaskFailedCause::ForceCloseCommand);
        self.words = words;
        self.append(EventAttributes::WorkflowExecutionTerminatedEventAttributes(
            WorkflowExecutionTerminatedEventAttributes {
                reason,
                details,
                identity,
            },
        ));
        self.close(WorkflowExecutionStatus::Terminated);
        Ok(())
    }
}
