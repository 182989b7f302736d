//! What happens to a run by itself, because time passes.

use wrt_model::{Run, Time, proto::enums::WorkflowTaskFailedCause};

use crate::Turn;

impl Turn<'_> {
    /// Lets everything happen whose time has come.
    pub fn run_deadlines(&mut self) {
        if !self.run.is_open() {
            return;
        }
        if expires(self.run).is_some_and(|time| time <= self.now) {
            self.abandon_workflow_task(WorkflowTaskFailedCause::ForceCloseCommand);
            self.time_out_workflow();
            return;
        }
        self.fire_timers();
        self.run_activity_deadlines();
        self.run_workflow_task_deadline();
        if self.run.last_completed_started_event_id == 0 {
            self.ensure_workflow_task();
        }
    }

    /// Takes the run up after the server's process has begun anew: what the old one held is handed out again.
    pub fn recover(&mut self) {
        self.repeat_outgoing();
        if !self.run.is_open() {
            return;
        }
        self.lose_in_process_activities();
        let run = &*self.run;
        let waiting = run.activities.iter().filter(|(_, activity)| run.offers(activity));
        self.transition.dispatches = waiting.map(|(&scheduled_event_id, _)| scheduled_event_id).collect();
        self.run_deadlines();
        self.offer_workflow_task();
    }
}

/// When something next happens to the run by itself; `None` when it only waits for others.
pub fn next_deadline(run: &Run) -> Option<Time> {
    if !run.is_open() {
        return None;
    }
    let waits_for_first_task = run.workflow_task.is_none() && run.last_completed_started_event_id == 0;
    let first_task = (waits_for_first_task && !run.is_paused()).then(|| Time::from_nanos(run.execution_ns));
    let timer = run.timers.values().map(|timer| Time::from_nanos(timer.fires_ns)).min();
    [
        first_task,
        timer,
        Turn::activity_deadline(run),
        Turn::workflow_task_deadline(run),
        expires(run),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// When the run or its whole chain times out.
fn expires(run: &Run) -> Option<Time> {
    [run.run_expires_ns, run.execution_expires_ns]
        .into_iter()
        .filter(|&nanos| nanos > 0)
        .min()
        .map(Time::from_nanos)
}
