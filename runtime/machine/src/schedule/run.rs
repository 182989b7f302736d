//! The workflows of a schedule: how they are started, how that went, and what their ends mean.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{
        Failure, Payloads, WorkflowExecution, enums::WorkflowExecutionStatus as Status, schedule::ScheduleActionResult,
    },
    schedule::ScheduledStart,
};

use super::{
    ScheduleEffect, ScheduleTurn, action, keep_last,
    overlap::{self, End},
};

/// Actions that are remembered.
const RECENT_ACTIONS: usize = 10;

/// How long a start that somebody asked for is attempted.
const MANUAL_START: Duration = Duration::from_secs(60);

/// How long any other start is attempted, at least and at most; between these the catch-up window decides.
const SCHEDULED_START: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60 * 60)];

/// The wait after the first attempt that went wrong. It doubles with each one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// How a start went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// This run has begun, now or at an earlier attempt.
    Started(WorkflowExecution),
    /// It never will.
    Refused,
    /// Another attempt may go better.
    Failed,
}

/// How the last run of a started workflow closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduledRunClose {
    /// The workflow, with its first run.
    pub execution: WorkflowExecution,
    /// How it closed.
    pub status: Status,
    /// The result, if it completed with one.
    pub result: Option<Payloads>,
    /// The failure, if it failed or timed out.
    pub failure: Option<Failure>,
}

impl ScheduleTurn<'_> {
    /// Starts what the overlap policies let start, and ends what they want to end.
    pub(super) fn empty_buffer(&mut self) {
        while !self.schedule.buffered.is_empty() {
            if self.schedule.workflow().is_none() {
                self.schedule.buffered.clear();
                return;
            }
            let buffered = std::mem::take(&mut self.schedule.buffered);
            let plan = overlap::plan(buffered, self.is_running(), |start| {
                self.policy_or_own(start.overlap_policy())
            });
            self.schedule.buffered = plan.waiting;
            self.schedule.info.overlap_skipped += plan.skipped;
            for start in plan.beside {
                self.start(start, true);
            }
            let dropped = plan.alone.is_some_and(|start| !self.start(start, false));
            if let Some(end) = plan.end {
                self.end_running(end);
            }
            if !dropped {
                return;
            }
        }
    }

    /// Reports how a start went.
    pub fn started(&mut self, number: i64, outcome: StartOutcome) {
        let Some(index) = self.schedule.starting.iter().position(|start| start.number == number) else {
            // It was reported before.
            return;
        };
        match outcome {
            StartOutcome::Started(execution) => {
                let start = self.schedule.starting.remove(index);
                self.record(&start, execution);
            }
            StartOutcome::Refused => drop(self.schedule.starting.remove(index)),
            StartOutcome::Failed => self.plan_retry(index),
        }
    }

    /// Reports the end of a workflow that the schedule has started.
    pub fn closed(&mut self, close: ScheduledRunClose) {
        let schedule = &mut *self.schedule;
        let is_alone = remove(&mut schedule.info.running_workflows, &close.execution);
        if !is_alone && !remove(&mut schedule.overlapping, &close.execution) {
            return;
        }
        for action in &mut schedule.info.recent_actions {
            if action.start_workflow_result.as_ref() == Some(&close.execution) {
                action.start_workflow_status = close.status as i32;
            }
        }
        self.pause_on_failure(&close);
        if is_alone {
            self.pass_on(close);
        }
    }

    /// Hands out again what was handed out by a process that is gone.
    pub fn recover(&mut self) {
        for start in self.schedule.starting.clone() {
            self.hand_out(&start);
        }
    }

    /// Hands out the starts whose next attempt is due.
    pub(super) fn retry_starts(&mut self) {
        let now = self.now.nanos();
        let is_due = |start: &ScheduledStart| start.retry_ns > 0 && start.retry_ns <= now;
        let mut due = Vec::new();
        for start in self.schedule.starting.iter_mut().filter(|start| is_due(start)) {
            start.retry_ns = 0;
            due.push(start.clone());
        }
        for start in due {
            self.hand_out(&start);
        }
    }

    // === Starting ===

    /// Whether a start that cannot run beside others has to wait.
    fn is_running(&self) -> bool {
        let schedule = &*self.schedule;
        !schedule.info.running_workflows.is_empty() || schedule.starting.iter().any(|start| !start.overlapping)
    }

    /// Decides that a workflow starts, unless the schedule may not act. Says which.
    fn start(&mut self, start: ScheduledStart, overlapping: bool) -> bool {
        if !start.manual && !self.take_action() {
            return false;
        }
        let attempts = if start.manual {
            MANUAL_START
        } else {
            let [shortest, longest] = SCHEDULED_START;
            let window_end = Time::from_nanos(start.actual_ns).plus(self.catchup_window());
            window_end.since(self.now).clamp(shortest, longest)
        };
        let start = ScheduledStart {
            overlapping,
            deadline_ns: self.now.plus(attempts).nanos(),
            ..start
        };
        self.hand_out(&start);
        self.schedule.starting.push(start);
        true
    }

    /// Counts an action, if the schedule may act.
    fn take_action(&mut self) -> bool {
        let may_act = self.may_act();
        if may_act && self.schedule.state.limited_actions {
            self.schedule.state.remaining_actions -= 1;
            self.changed();
        }
        may_act
    }

    fn hand_out(&mut self, start: &ScheduledStart) {
        let Some(workflow) = self.schedule.workflow() else {
            return;
        };
        let request = action::request(self.schedule, workflow, start);
        self.effects.push(ScheduleEffect::Start {
            number: start.number,
            request: Box::new(request),
        });
    }

    fn plan_retry(&mut self, index: usize) {
        let start = &mut self.schedule.starting[index];
        let doublings = u32::try_from(start.failed_attempts).unwrap_or(0).min(16);
        let retry = self.now.plus((FIRST_RETRY * 2_u32.pow(doublings)).min(LAST_RETRY));
        if retry.nanos() >= start.deadline_ns {
            self.schedule.starting.remove(index);
        } else {
            start.failed_attempts += 1;
            start.retry_ns = retry.nanos();
        }
    }

    fn record(&mut self, start: &ScheduledStart, execution: WorkflowExecution) {
        let info = &mut self.schedule.info;
        info.action_count += 1;
        info.recent_actions.push(ScheduleActionResult {
            schedule_time: Some(Time::from_nanos(start.actual_ns).into()),
            actual_time: Some(self.now.into()),
            start_workflow_result: Some(execution.clone()),
            start_workflow_status: Status::Running as i32,
        });
        keep_last(&mut info.recent_actions, RECENT_ACTIONS);
        if start.overlapping {
            self.schedule.overlapping.push(execution);
        } else {
            info.running_workflows.push(execution);
        }
    }

    // === Ending ===

    fn end_running(&mut self, end: End) {
        let running = self.schedule.info.running_workflows.iter().cloned();
        self.effects
            .extend(running.map(|execution| ScheduleEffect::End(execution, end)));
    }

    fn pause_on_failure(&mut self, close: &ScheduledRunClose) {
        if !self.schedule.policies.pause_on_failure || self.schedule.state.paused {
            return;
        }
        let workflow_id = &close.execution.workflow_id;
        let message = close.failure.as_ref().map_or("", |failure| &failure.message);
        match close.status {
            Status::Failed => self.set_paused(
                true,
                format!("paused due to workflow failure: {workflow_id}: {message}"),
            ),
            Status::TimedOut => self.set_paused(true, format!("paused due to workflow timeout: {workflow_id}")),
            Status::Unspecified
            | Status::Running
            | Status::Completed
            | Status::Canceled
            | Status::Terminated
            | Status::ContinuedAsNew
            | Status::Paused => {}
        }
    }

    /// Keeps the result or the failure for the next workflow. A failure leaves the result of the workflow before.
    fn pass_on(&mut self, close: ScheduledRunClose) {
        if close.result.is_some() {
            self.schedule.last_completion_result = close.result;
            self.schedule.continued_failure = None;
        } else if close.failure.is_some() {
            self.schedule.continued_failure = close.failure;
        }
    }
}

/// Takes an execution out of a list. Says whether it was there.
fn remove(list: &mut Vec<WorkflowExecution>, execution: &WorkflowExecution) -> bool {
    let found = list.iter().position(|listed| listed == execution);
    found.map(|index| list.remove(index)).is_some()
}
