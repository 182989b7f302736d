//! Workflow tasks: the turns of the workflow's own code.
//!
//! ```text
//! (none)    --something happens--> Scheduled, attempt 1
//! Scheduled --a worker takes it--> Started
//! Started   --completes----------> (none), or Scheduled, attempt 1, when events were buffered
//! Started   --fails, times out---> Scheduled, attempt n + 1, after a wait; attempt 1 when events were buffered
//! ```
//!
//! Only the first attempt leaves its failure in the history. Later ones are transient: their `scheduled` and `started`
//! events are shown to the worker, and written when one of them completes. So are those of a [speculative](speculative) one,
//! which was begun for updates alone.
//!
//! A component's task is run where it is decided. For a run without one the task is [offered](offer) to workers.

mod adopt;
mod buffer;
mod complete;
mod events;
mod offer;
pub(crate) mod problem;
mod speculative;

use std::time::Duration;

use wrt_model::{
    Run, Time,
    proto::{
        Failure, HistoryEvent,
        enums::{TimeoutType, WorkflowTaskFailedCause},
    },
    run::{WorkflowTask, WorkflowTaskState},
    time::span_nanos,
};

pub use complete::{WorkflowTaskCompletion, WorkflowTaskEnd};

use crate::{PollerVersion, Rejection, Turn};

/// The wait after the first failure of a component; it doubles with each one that follows.
const RETRY_INITIAL: Duration = Duration::from_secs(1);
/// The longest wait between two attempts.
const RETRY_MAXIMUM: Duration = Duration::from_secs(600);

impl Turn<'_> {
    /// True when the workflow's code has something to do right now.
    pub fn wants_workflow_task(&self) -> bool {
        self.run.workflow_task.as_ref().is_some_and(|task| {
            task.state() == WorkflowTaskState::Scheduled
                && Time::from_nanos(task.not_before_ns) <= self.now
                && !self.run.is_paused()
        })
    }

    /// A worker without a version, or a component, takes the workflow task.
    pub fn start_workflow_task(&mut self, identity: &str, request_id: &str) -> Result<(), Rejection> {
        self.start_workflow_task_on(identity, request_id, &PollerVersion::default())
    }

    /// A worker of a version takes the workflow task.
    pub fn start_workflow_task_on(
        &mut self,
        identity: &str,
        request_id: &str,
        poller: &PollerVersion,
    ) -> Result<(), Rejection> {
        let now_ns = self.now.nanos();
        let task = self.run.workflow_task.as_ref();
        if task.is_none_or(WorkflowTask::is_started) {
            return Err(Rejection::WorkflowTaskNotFound);
        }
        if self.run.is_run_by_workers() {
            self.meet_poller(poller);
            self.begin_anew_with_what_has_come();
        }
        let next_event_id = self.run.next_event_id;
        let task = self.run.workflow_task.as_mut().expect("there is one, see above");
        task.set_state(WorkflowTaskState::Started);
        task.backing_off = false;
        task.started_ns = now_ns;
        identity.clone_into(&mut task.identity);
        request_id.clone_into(&mut task.request_id);
        if task.is_transient() {
            // Others may have come since it was scheduled, and no event is older than the one before.
            task.scheduled_ns = now_ns;
            task.scheduled_event_id = next_event_id;
            task.started_event_id = next_event_id + 1;
        } else {
            task.started_event_id = next_event_id;
            let task = task.clone();
            let started = self.started_event(&task);
            self.append_event(started);
        }
        self.transition.durable |= !self.run.workflow_task.as_ref().is_some_and(|task| task.speculative);
        Ok(())
    }

    /// An attempt that workers have failed at becomes a task of its own when something has happened since.
    fn begin_anew_with_what_has_come(&mut self) {
        let next_event_id = self.run.next_event_id;
        let has_news = |task: &&mut WorkflowTask| task.attempt > 1 && task.scheduled_event_id != next_event_id;
        let Some(task) = self.run.workflow_task.as_mut().filter(has_news) else {
            return;
        };
        task.attempt = 1;
        task.scheduled_event_id = next_event_id;
        task.scheduled_ns = self.now.nanos();
        task.not_before_ns = task.scheduled_ns;
        let task = task.clone();
        let scheduled = self.scheduled_event(&task);
        self.append_event(scheduled);
    }

    /// The events of a transient attempt, which its worker sees and the history does not hold yet.
    pub fn transient_events(&self) -> Vec<HistoryEvent> {
        match &self.run.workflow_task {
            Some(task) if task.is_started() && task.is_transient() => self.build_transient_events(task),
            _ => Vec::new(),
        }
    }

    /// Lets a task that has failed be tried again now: the code that failed may have been mended.
    pub fn hasten_workflow_task(&mut self) {
        let now_ns = self.now.nanos();
        if let Some(task) = &mut self.run.workflow_task
            && task.attempt > 1
            && !task.is_started()
        {
            task.not_before_ns = task.not_before_ns.min(now_ns);
        }
    }

    /// The workflow task has failed; the run stays where it was, and the task is tried again after a wait.
    pub fn fail_workflow_task(
        &mut self,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: &str,
    ) -> Result<(), Rejection> {
        let task = self.started_workflow_task()?;
        self.workflow_task_ended_badly(&task, cause, failure.as_ref(), identity);
        if task.attempt == 1 {
            let failure = failure.map(|failure| self.bounded_failure(failure));
            self.append_transient_events(&task);
            self.append_workflow_task_failed(&task, cause, failure, identity);
        }
        self.schedule_next_attempt(task.attempt, self.wait_after_failure(&task));
        Ok(())
    }

    fn wait_after_failure(&self, task: &WorkflowTask) -> Duration {
        match self.run.is_run_by_workers() {
            // Another worker, or the same one without what it has cached, may do better.
            true => Duration::ZERO,
            false => backoff(task.attempt),
        }
    }

    /// The worker that holds the workflow task has been silent for too long.
    pub(crate) fn time_out_workflow_task(&mut self) {
        let task = self
            .started_workflow_task()
            .expect("the deadline belongs to a started task");
        self.workflow_task_ended_badly(&task, WorkflowTaskFailedCause::Unspecified, None, &task.identity);
        if task.attempt == 1 {
            self.append_transient_events(&task);
            self.append_workflow_task_timed_out(&task, TimeoutType::StartToClose);
        }
        self.schedule_next_attempt(task.attempt, Duration::ZERO);
    }

    /// When something happens to the workflow task by itself.
    pub(crate) fn workflow_task_deadline(run: &Run) -> Option<Time> {
        let task = run.workflow_task.as_ref()?;
        match task.state() {
            WorkflowTaskState::Started => Turn::deadline(task.started_ns, start_to_close_ns(run, task)),
            WorkflowTaskState::Scheduled if run.is_paused() => None,
            WorkflowTaskState::Scheduled if run.is_run_by_workers() => offer::deadline(task),
            WorkflowTaskState::Scheduled => Some(Time::from_nanos(task.not_before_ns)),
        }
    }

    /// Lets happen what the time has come for.
    pub(crate) fn run_workflow_task_deadline(&mut self) {
        if Turn::workflow_task_deadline(self.run).is_none_or(|time| time > self.now) {
            return;
        }
        if self.workflow_task_is_started() {
            self.time_out_workflow_task();
        } else if self.run.is_run_by_workers() {
            self.run_offer_deadline();
        }
    }

    /// Schedules a workflow task unless one is open, the run has closed or is paused, or its first one is delayed.
    pub(crate) fn ensure_workflow_task(&mut self) {
        let may_go_on = self.run.is_open() && !self.run.is_paused();
        if may_go_on && self.has_no_workflow_task() && !self.is_start_delayed() {
            self.schedule_workflow_task();
        }
    }

    /// Takes the workflow task away from its worker because the run ends without it.
    pub(crate) fn abandon_workflow_task(&mut self, cause: WorkflowTaskFailedCause) {
        let Some(task) = self.run.workflow_task.take() else {
            return;
        };
        if task.is_started() && !task.is_transient() {
            self.append_workflow_task_failed(&task, cause, None, "");
        }
        self.flush_buffered_events();
    }

    /// Takes a workflow task back that nobody has begun, because the run is paused.
    pub(crate) fn withdraw_workflow_task(&mut self, identity: &str) {
        let Some(task) = self.run.workflow_task.take_if(|task| !task.is_started()) else {
            return;
        };
        if !task.is_transient() {
            let cause = WorkflowTaskFailedCause::WorkflowPauseRequestedBeforeTaskStarted;
            self.append_workflow_task_failed(&task, cause, None, identity);
        }
    }

    pub(crate) fn is_start_delayed(&self) -> bool {
        self.run.workflow_task.is_none()
            && self.run.last_completed_started_event_id == 0
            && Time::from_nanos(self.run.execution_ns) > self.now
    }

    /// Lets the first workflow task begin although its delay is not over.
    pub(crate) fn end_start_delay(&mut self) {
        if self.is_start_delayed() && !self.run.is_paused() {
            self.schedule_workflow_task();
        }
    }

    fn started_workflow_task(&self) -> Result<WorkflowTask, Rejection> {
        let task = self.run.workflow_task.as_ref().filter(|task| task.is_started());
        task.cloned().ok_or(Rejection::WorkflowTaskNotFound)
    }

    fn schedule_workflow_task(&mut self) {
        let task = WorkflowTask {
            state: WorkflowTaskState::Scheduled as i32,
            attempt: 1,
            scheduled_event_id: self.run.next_event_id,
            scheduled_ns: self.now.nanos(),
            not_before_ns: self.now.nanos(),
            sticky: self.run.sticky.clone(),
            ..Default::default()
        };
        let scheduled = self.scheduled_event(&task);
        self.append_event(scheduled);
        self.run.workflow_task = Some(task);
        self.offer_workflow_task();
    }

    fn schedule_next_attempt(&mut self, attempt: i32, wait: Duration) {
        self.run.workflow_task = None;
        // What the worker has cached may be what has failed.
        self.run.sticky = None;
        self.transition.durable = true;
        if self.flush_buffered_events() {
            self.ensure_workflow_task();
            return;
        }
        self.run.workflow_task = Some(WorkflowTask {
            state: WorkflowTaskState::Scheduled as i32,
            attempt: attempt + 1,
            scheduled_event_id: self.run.next_event_id,
            scheduled_ns: self.now.nanos(),
            not_before_ns: self.now.nanos().saturating_add(span_nanos(wait)),
            backing_off: true,
            ..Default::default()
        });
        if wait.is_zero() {
            self.offer_workflow_task();
        }
    }
}

/// How long a worker may hold the task. One that is silent again and again gets more and more time, so that it is not asked
/// too often.
fn start_to_close_ns(run: &Run, task: &WorkflowTask) -> i64 {
    let more = match task.attempt - offer::PATIENT_ATTEMPTS {
        ..=0 => Duration::ZERO,
        impatient => doubled(offer::IMPATIENCE, impatient),
    };
    run.workflow_task_timeout_ns.saturating_add(span_nanos(more))
}

fn backoff(attempt: i32) -> Duration {
    doubled(RETRY_INITIAL, attempt)
}

/// `initial` for the first, twice as much for each one that follows, within the longest wait.
fn doubled(initial: Duration, number: i32) -> Duration {
    let doublings = u32::try_from(number - 1).unwrap_or(0).min(16);
    (initial * 2_u32.pow(doublings)).min(RETRY_MAXIMUM)
}
