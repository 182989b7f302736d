//! The end of a run.
//!
//! ```text
//! Running --CompleteWorkflowExecution--> Completed
//! Running --FailWorkflowExecution------> Failed
//! Running --CancelWorkflowExecution----> Canceled
//! Running --terminate------------------> Terminated
//! Running --run or execution timeout---> TimedOut
//! Running --ContinueAsNewWorkflowExecution--> ContinuedAsNew
//! ```

use wrt_model::{
    Time, failure,
    proto::{
        EventAttributes, Failure, Payloads,
        enums::{RetryState, WorkflowExecutionStatus},
        history::{
            WorkflowExecutionCanceledEventAttributes, WorkflowExecutionCompletedEventAttributes,
            WorkflowExecutionFailedEventAttributes, WorkflowExecutionTimedOutEventAttributes,
        },
    },
};

use crate::{Outgoing, Rejection, Turn};

impl Turn<'_> {
    pub(crate) fn check_open(&self) -> Result<(), Rejection> {
        if self.run.is_open() {
            Ok(())
        } else {
            Err(Rejection::WorkflowClosed)
        }
    }

    /// What is meant for a chain of runs touches no other one that has the same workflow id, whoever began that. An empty
    /// id means whichever there is.
    pub fn check_chain(&self, first_execution_run_id: &str) -> Result<(), Rejection> {
        if first_execution_run_id.is_empty() || self.run.first_execution_run_id == first_execution_run_id {
            Ok(())
        } else {
            Err(Rejection::OtherChain)
        }
    }

    // === Ends ===

    pub(crate) fn complete_workflow(&mut self, result: Option<Payloads>, completed_event_id: i64) {
        let new_execution_run_id = self.repeat_workflow(result.clone(), None);
        self.append(EventAttributes::WorkflowExecutionCompletedEventAttributes(
            WorkflowExecutionCompletedEventAttributes {
                result,
                workflow_task_completed_event_id: completed_event_id,
                new_execution_run_id,
            },
        ));
        self.close(WorkflowExecutionStatus::Completed);
    }

    pub(crate) fn fail_workflow(&mut self, failure: Failure, completed_event_id: i64) {
        let (retry_state, new_execution_run_id) = self.retry_or_repeat_workflow(&failure);
        self.append(EventAttributes::WorkflowExecutionFailedEventAttributes(
            WorkflowExecutionFailedEventAttributes {
                failure: Some(failure),
                retry_state: retry_state as i32,
                workflow_task_completed_event_id: completed_event_id,
                new_execution_run_id,
            },
        ));
        self.close(WorkflowExecutionStatus::Failed);
    }

    pub(crate) fn cancel_workflow(&mut self, details: Option<Payloads>, completed_event_id: i64) {
        self.append(EventAttributes::WorkflowExecutionCanceledEventAttributes(
            WorkflowExecutionCanceledEventAttributes {
                workflow_task_completed_event_id: completed_event_id,
                details,
            },
        ));
        self.close(WorkflowExecutionStatus::Canceled);
    }

    /// The run, or the chain of runs that it belongs to, has run out of time. Only the run's own timeout is retried.
    pub(crate) fn time_out_workflow(&mut self) {
        let run_expires = Time::from_nanos(self.run.run_expires_ns);
        let chain_expired =
            self.run.execution_expires_ns > 0 && Time::from_nanos(self.run.execution_expires_ns) <= self.now;
        let (retry_state, new_execution_run_id) = if chain_expired || run_expires > self.now {
            (RetryState::Timeout, String::new())
        } else {
            self.retry_or_repeat_workflow(&failure::workflow_timeout())
        };
        self.append(EventAttributes::WorkflowExecutionTimedOutEventAttributes(
            WorkflowExecutionTimedOutEventAttributes {
                retry_state: retry_state as i32,
                new_execution_run_id,
            },
        ));
        self.close(WorkflowExecutionStatus::TimedOut);
    }

    /// Closes the run. Activities that have not ended stay as they are, for those who look at what has become of them;
    /// nothing happens to them any more. What the run has told other runs still goes out.
    pub(crate) fn close(&mut self, status: WorkflowExecutionStatus) {
        let run = &mut *self.run;
        run.set_status(status);
        run.close_ns = self.now.nanos();
        run.workflow_task = None;
        run.sticky = None;
        let held = run.activities.iter().filter(|(_, activity)| activity.is_started());
        self.transition
            .cancellations
            .extend(held.map(|(&scheduled_event_id, _)| scheduled_event_id));
        run.timers.clear();
        run.buffered_events.clear();
        self.tell_external_payloads();
        self.transition.dispatches.clear();
        self.transition.offers_workflow_task = false;
        self.close_children();
        if self.run.parent.is_some() && self.run.new_execution_run_id.is_empty() {
            self.transition.outgoing.push(Outgoing::TellParent);
        }
    }
}
