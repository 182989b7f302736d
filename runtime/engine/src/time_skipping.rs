//! Time that is moved forward when nothing is under way, so that a test of a workflow that sleeps for a year takes no year.
//!
//! As in Temporal's test server: while nobody holds a lock and nothing is at work, the clock jumps to the next time at
//! which something happens by itself. Workflow tasks, attempts of activities and words from run to run take real time,
//! so the clock waits for them.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use wrt_model::{Run, Time, WorkflowKey};

use crate::{Engine, EngineError, clock};

/// How long nothing may have been at work before the clock jumps: a caller who has just got an answer may have more to say.
const QUIET: Duration = Duration::from_millis(10);

/// The longest uninterrupted sleep, as the clock that people see may be set anew.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Kept while something is under way that no lane shows.
pub(crate) type Hold = Arc<()>;

/// Who keeps the clock from jumping, and who waits for it.
pub(crate) struct TimeSkipping {
    state: Mutex<State>,
    holds: Hold,
    /// Wakes the task that moves the clock.
    unlocked: Notify,
    /// Wakes those who sleep.
    moved: Notify,
}

struct State {
    /// Callers that want time to pass as it does.
    locks: u32,
    /// Workflows with something under way.
    busy: HashSet<WorkflowKey>,
    /// When sleepers want to wake up. Several at the same time are one.
    sleepers: BTreeSet<Time>,
}

/// True while time has to pass as it does, because the run's code or one of its activities is at work or about to be.
fn is_busy(run: &Run) -> bool {
    let has_task = run.workflow_task.is_some() && !run.is_paused();
    let has_attempt = || {
        let mut activities = run.activities.values();
        activities.any(|activity| activity.is_started() || run.offers(activity))
    };
    run.has_outgoing() || run.is_open() && (has_task || has_attempt())
}

impl TimeSkipping {
    /// With this many locks held already.
    pub(crate) fn new(locks: u32) -> Self {
        TimeSkipping {
            state: Mutex::new(State {
                locks,
                busy: HashSet::new(),
                sleepers: BTreeSet::new(),
            }),
            holds: Hold::default(),
            unlocked: Notify::new(),
            moved: Notify::new(),
        }
    }

    /// Notes whether a run that was just committed has something under way.
    pub(crate) fn committed(&self, run: &Run) {
        let mut state = self.lock();
        if is_busy(run) {
            state.busy.insert(run.workflow_key());
        } else {
            state.busy.remove(&run.workflow_key());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_locked(&self) -> bool {
        self.lock().locks > 0
    }

    fn is_quiet(&self) -> bool {
        let state = self.lock();
        state.locks == 0 && state.busy.is_empty() && Arc::strong_count(&self.holds) == 1
    }
}

impl Engine {
    /// The present. It may be ahead of the wall's when time is skipped.
    pub fn current_time(&self) -> Time {
        clock::now()
    }

    /// Lets time pass as it does until it is unlocked as often as it was locked.
    ///
    /// # Errors
    /// Time is not skipped on this server.
    pub fn lock_time_skipping(&self) -> Result<(), EngineError> {
        self.time_skipping()?.lock().locks += 1;
        Ok(())
    }

    /// Takes one lock back; after the last one, time is skipped.
    ///
    /// # Errors
    /// Time is not skipped on this server, or it is not locked.
    pub fn unlock_time_skipping(&self) -> Result<(), EngineError> {
        let skipping = self.time_skipping()?;
        let mut state = skipping.lock();
        state.locks = state.locks.checked_sub(1).ok_or_else(|| {
            EngineError::FailedPrecondition("time skipping is unlocked already; each unlock needs a lock".to_owned())
        })?;
        skipping.unlocked.notify_one();
        Ok(())
    }

    /// Takes one lock back for as long as it sleeps; returns when the clock is ahead by this span.
    ///
    /// # Errors
    /// Those of unlocking and sleeping.
    pub async fn unlock_time_skipping_with_sleep(&self, span: Duration) -> Result<(), EngineError> {
        let until = clock::now().plus(span);
        self.unlock_time_skipping()?;
        let _relock = Relock(self);
        self.sleep_until(until).await
    }

    /// Returns when the clock has come to this time, by itself or by a jump.
    ///
    /// # Errors
    /// Time is not skipped on this server, or it is shutting down.
    pub async fn sleep_until(&self, time: Time) -> Result<(), EngineError> {
        let skipping = self.time_skipping()?;
        loop {
            // Interest first: a jump between the look and the wait would be missed.
            let moved = skipping.moved.notified();
            let left = time.since(clock::now());
            if left.is_zero() {
                return Ok(());
            }
            skipping.lock().sleepers.insert(time);
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
                () = self.inner.stopping.cancelled() => return Err(EngineError::ShuttingDown),
            }
        }
    }

    fn time_skipping(&self) -> Result<&TimeSkipping, EngineError> {
        self.inner.time_skipping.as_ref().ok_or_else(|| {
            EngineError::FailedPrecondition(
                "this server does not skip time; one that is started for tests does".to_owned(),
            )
        })
    }

    /// Keeps the clock from jumping until it is dropped.
    pub(crate) fn hold_time(&self) -> Option<Hold> {
        self.inner.time_skipping.as_ref().map(|skipping| skipping.holds.clone())
    }

    /// Starts the task that moves the clock, on a server that skips time.
    pub(crate) fn spawn_time_skipping(&self) {
        if self.inner.time_skipping.is_none() {
            return;
        }
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let stopping = engine.inner.stopping.clone();
            stopping.run_until_cancelled(engine.skip_time()).await;
        });
    }

    async fn skip_time(&self) {
        let Some(skipping) = &self.inner.time_skipping else {
            return;
        };
        let mut seen = None;
        loop {
            if skipping.is_locked() {
                skipping.unlocked.notified().await;
            }
            tokio::time::sleep(QUIET).await;
            // Two looks at the same state with nothing between them: it has been quiet all the time.
            let lanes = self.inner.lanes.opened();
            let is_quiet = skipping.is_quiet() && self.inner.lanes.are_idle() && self.inner.schedules.are_idle();
            if is_quiet && seen == Some(lanes) {
                self.jump(skipping);
            }
            seen = is_quiet.then_some(lanes);
        }
    }

    /// Moves the clock to the next time at which something happens by itself.
    fn jump(&self, skipping: &TimeSkipping) {
        let (timers, schedules) = (&self.inner.timers, &self.inner.schedules.timers);
        let next = {
            let mut state = skipping.lock();
            let now = clock::now();
            state.sleepers = state.sleepers.split_off(&now);
            [timers.next(), schedules.next(), state.sleepers.first().copied()]
                .into_iter()
                .flatten()
                .min()
        };
        if let Some(next) = next {
            clock::advance_to(next);
            timers.clock_moved();
            schedules.clock_moved();
            skipping.moved.notify_waiters();
        }
    }
}

/// Takes a lock again when it is dropped, which also happens when the caller goes away.
struct Relock<'e>(&'e Engine);

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        // It was unlocked, so time is skipped here.
        let _ = self.0.lock_time_skipping();
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::{
        proto::enums::WorkflowExecutionStatus,
        run::{Activity, ActivityState, ExternalRequest, WorkflowTask},
    };

    use super::*;

    fn open() -> Run {
        Run {
            status: WorkflowExecutionStatus::Running as i32,
            ..Default::default()
        }
    }

    fn with_activity(activity: Activity) -> Run {
        Run {
            activities: [(5, activity)].into(),
            ..open()
        }
    }

    #[test]
    fn a_run_that_only_waits_lets_time_pass() {
        assert!(!is_busy(&open()));
        let backing_off = Activity {
            backing_off: true,
            ..Default::default()
        };
        assert!(!is_busy(&with_activity(backing_off)));
    }

    #[test]
    fn what_is_at_work_holds_time_still() {
        assert!(is_busy(&with_activity(Activity::default())), "it waits for a worker");
        let started = Activity {
            state: ActivityState::Started as i32,
            ..Default::default()
        };
        assert!(is_busy(&with_activity(started)));
        let task = Run {
            workflow_task: Some(WorkflowTask::default()),
            ..open()
        };
        assert!(is_busy(&task));
        let outgoing = Run {
            external_requests: [(7, ExternalRequest::default())].into(),
            ..Default::default()
        };
        assert!(is_busy(&outgoing), "also when it has closed");
    }

    #[test]
    fn locks_holds_and_runs_are_counted() {
        let skipping = TimeSkipping::new(1);
        assert!(!skipping.is_quiet());
        skipping.lock().locks = 0;
        assert!(skipping.is_quiet());
        let hold = skipping.holds.clone();
        assert!(!skipping.is_quiet());
        drop(hold);
        let busy = with_activity(Activity::default());
        skipping.committed(&busy);
        assert!(!skipping.is_quiet());
        skipping.committed(&open());
        assert!(skipping.is_quiet());
    }
}
