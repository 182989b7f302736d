//! Pausing a whole run.
//!
//! ```text
//! Running --pause----> Paused
//! Paused  --unpause--> Running
//! ```
//!
//! What happens to a paused run is recorded, but neither its workflow tasks nor its activities are handed out. What is with
//! a worker goes on. It can be ended like any open run.

use std::{collections::BTreeSet, time::Duration};

use wrt_model::{
    SearchAttributeValue,
    proto::{
        EventAttributes,
        enums::WorkflowExecutionStatus,
        history::{WorkflowExecutionPausedEventAttributes, WorkflowExecutionUnpausedEventAttributes},
    },
    run::Pause,
};

use crate::{Rejection, Turn};

/// The search attribute that says what is paused.
pub(crate) const PAUSE_INFO: &str = "TemporalPauseInfo";

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
        self.tell_pauses();
    }

    /// Lets the run go on, as its event says.
    pub(crate) fn replay_unpause(&mut self) {
        self.run.set_status(WorkflowExecutionStatus::Running);
        self.run.pause = None;
        self.tell_pauses();
    }

    /// Lets the run be found by what is paused: itself, and types of its activities.
    pub(crate) fn tell_pauses(&mut self) {
        let paused = self.run.activities.values().filter(|activity| activity.pause.is_some());
        let types: BTreeSet<_> = paused.map(|activity| activity.activity_type.as_str()).collect();
        let mut pauses: Vec<_> = types
            .into_iter()
            .map(|activity_type| format!("property:activityType={activity_type}"))
            .collect();
        if let Some(pause) = &self.run.pause {
            pauses.push(format!("Workflow:{}", self.run.workflow_id));
            pauses.push(format!("Reason:{}", pause.reason));
        }
        let pauses = (!pauses.is_empty()).then_some(SearchAttributeValue::KeywordList(pauses));
        self.set_own_attribute(PAUSE_INFO, pauses);
    }

    /// An activity has ended, which may have been paused.
    pub(crate) fn tell_pauses_that_are_over(&mut self) {
        let told = self.run.search_attributes.as_ref();
        if told.is_some_and(|attributes| attributes.indexed_fields.contains_key(PAUSE_INFO)) {
            self.tell_pauses();
        }
    }

    fn open_activity_ids(&self) -> Vec<i64> {
        self.run.activities.keys().copied().collect()
    }
}
