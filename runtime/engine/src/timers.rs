//! The next time at which each workflow, and each schedule, has something to do by itself.
//!
//! Queues in memory over durable state: one entry per workflow, derived from its run and set anew after every commit.
//! The clock is the wall's, so a wait is cut into pieces and a clock that was set anew is noticed within one of them.
//!
//! However many are due at once, only so many are at work at the same time: the others wait here, where they cost nothing,
//! and who calls meanwhile is served between them.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use wrt_model::{Time, WorkflowKey};

use crate::{Engine, clock, lane::Message};

/// The longest uninterrupted wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How many may be at work at the same time because their time has come: enough to share the commits of the disk.
const PLACES: usize = 256;

/// One of those places. It is free again when this is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

pub(crate) struct Timers<K = WorkflowKey> {
    queue: Mutex<Queue<K>>,
    /// Wakes the waiting task when an earlier time has been set.
    earlier: Notify,
}

struct Queue<K> {
    /// When the waiting task looks at the queue next by itself.
    wakes_at: Time,
    by_time: BTreeSet<(Time, K)>,
    by_key: HashMap<K, Time>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers {
            queue: Mutex::new(Queue {
                wakes_at: Time::EPOCH,
                by_time: BTreeSet::new(),
                by_key: HashMap::new(),
            }),
            earlier: Notify::new(),
        }
    }
}

impl<K: Clone + Ord + Hash> Timers<K> {
    /// Sets the time at which this one has to be looked at; `None` for never. True when the task that waits for it was woken.
    pub(crate) fn set(&self, key: &K, time: Option<Time>) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.by_key.get(key).copied() == time {
            return false;
        }
        if let Some(previous) = queue.by_key.remove(key) {
            queue.by_time.remove(&(previous, key.clone()));
        }
        let Some(time) = time else { return false };
        let is_earlier = time < queue.wakes_at;
        queue.by_key.insert(key.clone(), time);
        queue.by_time.insert((time, key.clone()));
        if is_earlier {
            self.earlier.notify_one();
        }
        is_earlier
    }

    /// The time that comes first.
    pub(crate) fn next(&self) -> Option<Time> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.by_time.first().map(|(time, _)| *time)
    }

    /// Looks at the clock again, which has been moved.
    pub(crate) fn clock_moved(&self) {
        self.earlier.notify_one();
    }

    /// Calls `fire` for each one whose time has come, as soon as there is a place for it, until the engine is stopping.
    pub(crate) async fn run(&self, stopping: &CancellationToken, fire: impl Fn(K, Place)) {
        let places = Arc::new(Semaphore::new(PLACES));
        let firing = async {
            loop {
                let place = places.clone().acquire_owned().await;
                match self.take_due(clock::now()) {
                    Ok(key) => fire(key, place.expect("the semaphore is never closed")),
                    Err(wait) => tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.earlier.notified() => {}
                    },
                }
            }
        };
        stopping.run_until_cancelled(firing).await;
    }

    /// Takes the first one whose time has come, or tells how long to wait for it.
    fn take_due(&self, now: Time) -> Result<K, Duration> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = match queue.by_time.first() {
            Some((time, _)) if *time <= now => {
                let (_, key) = queue.by_time.pop_first().expect("looked at just now");
                queue.by_key.remove(&key);
                return Ok(key);
            }
            Some((time, _)) => time.since(now).min(LONGEST_WAIT),
            None => LONGEST_WAIT,
        };
        queue.wakes_at = now.plus(wait);
        Err(wait)
    }
}

impl Engine {
    /// Starts the task that sends [`Message::Deadline`] to each workflow whose time has come.
    pub(crate) fn spawn_timers(&self) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let inner = &engine.inner;
            let fire = |key, place| engine.send(&key, Message::Deadline(place));
            inner.timers.run(&inner.stopping, fire).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> WorkflowKey {
        WorkflowKey::new("ns", id)
    }

    #[test]
    fn the_due_come_out_in_order_and_once() {
        let timers = Timers::default();
        let at = |millis| Some(Time::EPOCH.plus(Duration::from_millis(millis)));
        timers.set(&key("late"), at(30));
        timers.set(&key("soon"), at(10));
        timers.set(&key("moved"), at(5));
        timers.set(&key("moved"), at(20));
        timers.set(&key("gone"), at(1));
        timers.set(&key("gone"), None);

        let now = at(20).expect("set");
        assert_eq!(timers.take_due(now), Ok(key("soon")));
        assert_eq!(timers.take_due(now), Ok(key("moved")));
        assert_eq!(timers.take_due(now), Err(Duration::from_millis(10)));
    }

    #[test]
    fn waits_are_cut_into_pieces() {
        let timers = Timers::default();
        timers.set(&key("far"), Some(Time::EPOCH.plus(Duration::from_secs(3600))));
        assert_eq!(timers.take_due(Time::EPOCH), Err(LONGEST_WAIT));
    }

    #[tokio::test]
    async fn only_so_many_are_at_work_at_the_same_time() {
        let timers = Timers::default();
        for number in 0..PLACES + 10 {
            timers.set(&key(&number.to_string()), Some(Time::EPOCH));
        }
        let stopping = CancellationToken::new();
        let (at_work, mut fired) = tokio::sync::mpsc::unbounded_channel();
        let running = timers.run(&stopping, |key, place| {
            at_work.send((key, place)).expect("it is received")
        });
        let watching = async {
            let mut first = Vec::new();
            for _ in 0..PLACES {
                first.push(fired.recv().await);
            }
            tokio::task::yield_now().await;
            assert!(fired.try_recv().is_err(), "the others wait");
            first.truncate(PLACES - 10);
            for _ in 0..10 {
                assert!(fired.recv().await.is_some(), "they take the places that are free");
            }
            stopping.cancel();
        };
        tokio::join!(running, watching);
    }
}
