//! The turns of a schedule: one after the other, each stored before anything follows from it.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;
use wrt_machine::schedule::{ScheduleEffect, ScheduleRejection, ScheduleTransition, ScheduleTurn};
use wrt_model::{Schedule, ScheduleKey};

use crate::{
    Engine, EngineError, clock,
    timers::{Place, Timers},
};

/// The wait before a turn is tried again that could not be stored.
const RETRY: Duration = Duration::from_secs(1);

/// What is in memory about schedules; all of it follows from what is stored.
#[derive(Default)]
pub(crate) struct Schedules {
    /// Whoever holds the lock of a schedule has the turn. Idle schedules have none.
    locks: Mutex<HashMap<ScheduleKey, Weak<tokio::sync::Mutex<()>>>>,
    /// When to look at each schedule again.
    pub(crate) timers: Timers<ScheduleKey>,
    /// The first runs of the workflows whose end is waited for, by schedule.
    pub(super) watched: Mutex<HashSet<(ScheduleKey, String)>>,
}

impl Schedules {
    /// True while no schedule has a turn, or waits for one.
    pub(crate) fn are_idle(&self) -> bool {
        let locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.values().all(|lock| lock.strong_count() == 0)
    }

    /// Waits for the turn.
    pub(super) async fn lock(&self, key: &ScheduleKey) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            match locks.get(key).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    locks.retain(|_, lock| lock.strong_count() > 0);
                    let lock = Arc::default();
                    locks.insert(key.clone(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

impl Engine {
    /// Starts the task that gives a turn to each schedule whose time has come.
    pub(crate) fn spawn_schedule_timers(&self) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let inner = &engine.inner;
            let fire = |key, place: Place| {
                // Held until the turn is stored.
                let place = Arc::new(place);
                engine.report_to_schedule(key, move |_| drop(place.clone()));
            };
            inner.schedules.timers.run(&inner.stopping, fire).await;
        });
    }

    /// Decides about a schedule by the machine's rules, stores it, and lets go what follows.
    pub(super) async fn decide_schedule<T: Send + 'static>(
        &self,
        key: &ScheduleKey,
        rule: impl FnOnce(&mut ScheduleTurn<'_>) -> Result<T, ScheduleRejection> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (engine, key) = (self.clone(), key.clone());
        self.apart(async move {
            let _turn = engine.inner.schedules.lock(&key).await;
            let stored = engine.stored_schedule(&key).await?;
            let mut schedule = stored.clone();
            let mut turn = ScheduleTurn::new(&mut schedule, clock::now());
            let decided = rule(&mut turn);
            let transition = turn.finish();
            if schedule != stored {
                engine.inner.store.schedule_update(&schedule).await?;
            }
            engine.release_schedule(&schedule, transition);
            Ok(decided?)
        })
        .await
    }

    /// Tells a schedule what has happened, again and again until it is stored.
    pub(super) fn report_to_schedule(
        &self,
        key: ScheduleKey,
        report: impl Fn(&mut ScheduleTurn<'_>) + Clone + Send + 'static,
    ) {
        let (engine, hold) = (self.clone(), self.hold_time());
        self.inner.tasks.spawn(async move {
            let _hold = hold;
            loop {
                let report = report.clone();
                let told = engine.decide_schedule(&key, move |turn| {
                    report(turn);
                    Ok(())
                });
                match told.await {
                    // A schedule that was deleted has nothing to hear.
                    Ok(()) | Err(EngineError::ScheduleNotFound(_) | EngineError::ShuttingDown) => return,
                    Err(error) => tracing::error!(schedule = %key, %error, "decide about schedule"),
                }
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = engine.inner.stopping.cancelled() => return,
                }
            }
        });
    }

    /// Lets go what follows from a turn that has been stored.
    pub(super) fn release_schedule(&self, schedule: &Schedule, transition: ScheduleTransition) {
        let key = schedule.key();
        self.inner.schedules.timers.set(&key, transition.wake_up);
        for execution in schedule.running() {
            self.watch_scheduled(&key, execution.clone());
        }
        for effect in transition.effects {
            match effect {
                ScheduleEffect::Start { number, request } => self.start_scheduled(key.clone(), number, *request),
                ScheduleEffect::End(execution, end) => self.end_scheduled(key.clone(), execution, end),
                ScheduleEffect::Delete => self.retire_schedule(key.clone()),
            }
        }
    }

    /// Removes a schedule, and says whether it was there. The caller has the turn.
    pub(super) async fn forget_schedule(&self, key: &ScheduleKey) -> Result<bool, EngineError> {
        let existed = self.inner.store.schedule_delete(key).await?;
        self.inner.schedules.timers.set(key, None);
        Ok(existed)
    }

    /// Deletes a schedule that is done, unless it has got something to do in the meantime.
    fn retire_schedule(&self, key: ScheduleKey) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let _turn = engine.inner.schedules.lock(&key).await;
            let retired = async {
                let mut schedule = engine.stored_schedule(&key).await?;
                let transition = ScheduleTurn::new(&mut schedule, clock::now()).finish();
                if transition.effects.contains(&ScheduleEffect::Delete) {
                    tracing::info!(schedule = %key, "the schedule is done, and deleted");
                    engine.forget_schedule(&key).await?;
                }
                Ok::<_, EngineError>(())
            };
            if let Err(error) = retired.await {
                tracing::error!(schedule = %key, %error, "delete schedule");
            }
        });
    }

    /// Does something to its end, even when the caller goes away.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        let task = self.inner.tasks.spawn(work);
        task.await.unwrap_or(Err(EngineError::ShuttingDown))
    }
}
