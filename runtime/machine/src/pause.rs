//! Pausing a whole run.
//!
//! ```text
//! Running --pause----> Paused
//! Paused  --unpause--> Running
//! ```
//!
//! What happens to a paused run is recorded, but neither its workflow tasks nor its activities are handed out. What is with
//! a worker goes on. It can be ended like any open run.

use std::time::Duration;

use wrt_model::{
    proto::{
        EventAttributes,
        enums::WorkflowExecutionStatus,
        history::{WorkflowExecutionPausedEventAttributes, WorkflowExecutionUnpausedEventAttributes},
    },
    run::Pause,
};

use crate::{Rejection, Turn};

impl Turn<'_> {
    /// Somebody pauses the run. The request that has paused it may come again.
    pub fn pause_workflow(&mut self, identity: String, reason: String, request_id: String) -> Result<(), Rejection> {
        self.check_open()?;
        if self.run.is_paused() {
            let paused_by = self.run.pause.as_ref().map(|pause| pause.request_id.as_str());
            return match !request_id.is_empty() && paused_by == Some(&request_id) {
                true => Ok(()),
                false => Err(Rejection::FailedPrecondition("workflow is already paused.".into())),
            };
        }
        self.withdraw_workflow_task(&identity);
        let paused = WorkflowExecutionPausedEventAttributes {
            identity,
            reason,
            request_id,
        };
        self.append_outside(EventAttributes::WorkflowExecutionPausedEventAttributes(paused.clone()));
        self.replay_pause(&paused);
        for scheduled_event_id in self.open_activity_ids() {
            self.hold_activity(scheduled_event_id);
        }
        Ok(())
    }

    /// Somebody lets the paused run go on, with everything that has happened meanwhile.
    pub fn unpause_workflow(&mut self, identity: String, reason: String, request_id: String) -> Result<(), Rejection> {
        self.check_open()?;
        if !self.run.is_paused() {
            return Err(Rejection::FailedPrecondition("workflow is not paused.".into()));
        }
        self.append_outside(EventAttributes::WorkflowExecutionUnpausedEventAttributes(
            WorkflowExecutionUnpausedEventAttributes {
                identity,
                reason,
                request_id,
            },
        ));
        self.replay_unpause();
        for scheduled_event_id in self.open_activity_ids() {
            if self.run.offers(&self.run.activities[&scheduled_event_id]) {
                self.resume_activity(scheduled_event_id, Duration::ZERO);
            }
        }
        self.ensure_workflow_task();
        self.offer_workflow_task();
        Ok(())
    }

    /// Lets the run be paused, as its event says.
    pub(crate) fn replay_pause(&mut self, paused: &WorkflowExecutionPausedEventAttributes) {
        self.run.set_status(WorkflowExecutionStatus::Paused);
        self.run.pause = Some(Pause {
            time_ns: self.now.nanos(),
            identity: paused.identity.clone(),
            reason: paused.reason.clone(),
            request_id: paused.request_id.clone(),
        });
    }

    /// Lets the run go on, as its event says.
    pub(crate) fn replay_unpause(&mut self) {
        self.run.set_status(WorkflowExecutionStatus::Running);
        self.run.pause = None;
    }

    fn open_activity_ids(&self) -> Vec<i64> {
        self.run.activities.keys().copied().collect()
    }
}
