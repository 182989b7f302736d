//! Time that is moved forward when nothing is under way, so that a test of a workflow that sleeps for a year takes no year.
//!
//! As in Temporal's test server: while nobody holds a lock and nothing is at work, the clock jumps to the next time at
//! which something happens by itself. Workflow tasks, attempts of activities and words from run to run take real time,
//! so the clock waits for them.

use std::{
    collections::{BTreeSet, HashMap},
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
    locks: usize,
    /// How much each workflow has under way, for those that have something.
    busy: HashMap<WorkflowKey, usize>,
    /// The sum of these.
    busy_in_all: usize,
    /// Sleepers, each of which takes one lock back, or one of the things under way: its own activity.
    unlocks: usize,
    /// When sleepers want to wake up. Several at the same time are one.
    sleepers: BTreeSet<Time>,
}

/// How much of a run makes time pass as it does: its code and its activities that are at work or about to be.
fn under_way(run: &Run) -> usize {
    let outgoing = usize::from(run.has_outgoing());
    if !run.is_open() {
        return outgoing;
    }
    let activities = run.activities.values();
    let attempts = activities.filter(|activity| activity.is_started() || run.offers(activity));
    let task = usize::from(run.workflow_task.is_some() && !run.is_paused());
    outgoing + task + attempts.count()
}

impl TimeSkipping {
    /// With this many locks held already.
    pub(crate) fn new(locks: u32) -> Self {
        TimeSkipping {
            state: Mutex::new(State {
                locks: usize::try_from(locks).unwrap_or(usize::MAX),
                busy: HashMap::new(),
                busy_in_all: 0,
                unlocks: 0,
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
        let before = match under_way(run) {
            0 => state.busy.remove(&run.workflow_key()),
            count => {
                state.busy_in_all += count;
                state.busy.insert(run.workflow_key(), count)
            }
        };
        state.busy_in_all -= before.unwrap_or(0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_locked(&self) -> bool {
        let state = self.lock();
        state.locks > state.unlocks
    }

    fn is_quiet(&self) -> bool {
        let state = self.lock();
        state.locks + state.busy_in_all <= state.unlocks && Arc::strong_count(&self.holds) == 1
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

    /// Takes one lock back for as long as it sleeps; returns when the clock is ahead by this span. An activity that calls
    /// it holds no lock, but time still: then it is the activity that does not count.
    ///
    /// # Errors
    /// Those of sleeping.
    pub async fn unlock_time_skipping_with_sleep(&self, span: Duration) -> Result<(), EngineError> {
        let skipping = self.time_skipping()?;
        let until = clock::now().plus(span);
        let _unlock = Unlock::of(skipping);
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

/// One lock less until it is dropped, which also happens when the caller goes away.
struct Unlock<'e>(&'e TimeSkipping);

impl<'e> Unlock<'e> {
    fn of(skipping: &'e TimeSkipping) -> Self {
        skipping.lock().unlocks += 1;
        skipping.unlocked.notify_one();
        Unlock(skipping)
    }
}

impl Drop for Unlock<'_> {
    fn drop(&mut self) {
        self.0.lock().unlocks -= 1;
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
        assert_eq!(under_way(&open()), 0);
        let backing_off = Activity {
            backing_off: true,
            ..Default::default()
        };
        assert_eq!(under_way(&with_activity(backing_off)), 0);
    }

    #[test]
    fn what_is_at_work_holds_time_still() {
        assert_eq!(
            under_way(&with_activity(Activity::default())),
            1,
            "it waits for a worker"
        );
        let started = Activity {
            state: ActivityState::Started as i32,
            ..Default::default()
        };
        assert_eq!(under_way(&with_activity(started.clone())), 1);
        let task = Run {
            workflow_task: Some(WorkflowTask::default()),
            ..with_activity(started.clone())
        };
        assert_eq!(under_way(&task), 2);
        let closed = Run {
            status: WorkflowExecutionStatus::Completed as i32,
            ..with_activity(started)
        };
        assert_eq!(under_way(&closed), 0);
        let outgoing = Run {
            external_requests: [(7, ExternalRequest::default())].into(),
            ..Default::default()
        };
        assert_eq!(under_way(&outgoing), 1, "also when it has closed");
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

    #[test]
    fn a_sleeper_takes_one_lock_back_or_the_activity_that_it_is_in() {
        let skipping = TimeSkipping::new(1);
        let sleeper = Unlock::of(&skipping);
        assert!(skipping.is_quiet() && !skipping.is_locked());
        drop(sleeper);
        assert!(skipping.is_locked());
        skipping.lock().locks = 0;
        let mut run = with_activity(Activity::default());
        skipping.committed(&run);
        let sleeper = Unlock::of(&skipping);
        assert!(skipping.is_quiet(), "the sleeper is in the activity");
        run.activities.insert(6, Activity::default());
        skipping.committed(&run);
        assert!(!skipping.is_quiet(), "another one is at work");
        let another = Unlock::of(&skipping);
        assert!(skipping.is_quiet());
        drop((sleeper, another));
        assert!(!skipping.is_quiet());
    }
}
