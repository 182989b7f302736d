//! Offering workflow tasks to workers.
//!
//! ```text
//! Scheduled, backing off --its time comes-----------> offered
//! Scheduled, sticky      --nobody takes it in time--> timed out; Scheduled on the run's own queue
//! ```
//!
//! A worker that has a run in its cache names a queue of its own for the tasks that follow: there they come with those events
//! only that it has not seen.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::enums::TimeoutType,
    run::{Sticky, WorkflowTask},
    task::WorkflowTaskToken,
};

use crate::{Rejection, Turn};

/// Attempts that have the same time each.
pub(super) const PATIENT_ATTEMPTS: i32 = 2;
/// What the attempt after those has beside it; it doubles with each one that follows.
pub(super) const IMPATIENCE: Duration = Duration::from_secs(5);
/// How long a speculative task waits before it is written.
const SPECULATIVE_WAIT: Duration = Duration::from_secs(5);

impl Turn<'_> {
    /// The token names the task that a worker holds now.
    pub fn check_workflow_task_token(&self, token: &WorkflowTaskToken) -> Result<(), Rejection> {
        let task = self.run.workflow_task.as_ref();
        match task.filter(|task| self.run.is_open() && token.names(task)) {
            Some(_) => Ok(()),
            None => Err(Rejection::WorkflowTaskNotFound),
        }
    }

    /// Lets the workers of the run's own queue have the task, because the one that asks for it is not of the version that
    /// the run is to go to.
    pub fn offer_workflow_task_elsewhere(&mut self) {
        self.run.sticky = None;
        if let Some(task) = self.run.workflow_task.as_mut().filter(|task| !task.is_started()) {
            task.sticky = None;
        }
        self.offer_workflow_task();
    }

    /// Sends what follows to the run's own queue: the worker that had the run in its cache is not there any more.
    pub fn reset_sticky(&mut self) {
        if self.run.sticky.take().is_some() {
            self.transition.durable = true;
        }
    }

    /// Lets workers have the task that waits, if it may go now.
    pub(crate) fn offer_workflow_task(&mut self) {
        if self.run.is_run_by_workers() && self.wants_workflow_task() {
            let task = self.run.workflow_task.as_mut().expect("there is one, see above");
            task.backing_off = false;
            self.transition.offers_workflow_task = true;
        }
    }

    /// The time has come of a task that waits.
    pub(super) fn run_offer_deadline(&mut self) {
        let task = self.run.workflow_task.clone().expect("the deadline belongs to it");
        if task.backing_off {
            self.offer_workflow_task();
            self.transition.durable = true;
        } else if task.speculative {
            self.ensure_workflow_task();
        } else {
            self.append_workflow_task_timed_out(&task, TimeoutType::ScheduleToStart);
            self.run.workflow_task = None;
            self.run.sticky = None;
            self.ensure_workflow_task();
        }
    }
}

/// When something happens by itself to a task that no worker has taken.
pub(super) fn deadline(task: &WorkflowTask) -> Option<Time> {
    if task.backing_off {
        return Some(Time::from_nanos(task.not_before_ns));
    }
    if task.speculative {
        return Some(Time::from_nanos(task.scheduled_ns).plus(SPECULATIVE_WAIT));
    }
    let Sticky {
        schedule_to_start_ns, ..
    } = task.sticky.as_ref()?;
    Turn::deadline(task.scheduled_ns, *schedule_to_start_ns)
}
