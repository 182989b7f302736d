//! The next time at which each workflow, and each schedule, has something to do by itself.
//!
//! Queues in memory over durable state: one entry per workflow, derived from its run and set anew after every commit.
//! The clock is the wall's, so a wait is cut into pieces and a clock that was set anew is noticed within one of them.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wrt_model::{Time, WorkflowKey};

use crate::{Engine, clock, lane::Message};

/// The longest uninterrupted wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

pub(crate) struct Timers<K = WorkflowKey> {
    queue: Mutex<Queue<K>>,
    /// Wakes the waiting task when an earlier time has been set.
    earlier: Notify,
}

struct Queue<K> {
    by_time: BTreeSet<(Time, K)>,
    by_key: HashMap<K, Time>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers {
            queue: Mutex::new(Queue {
                by_time: BTreeSet::new(),
                by_key: HashMap::new(),
            }),
            earlier: Notify::new(),
        }
    }
}

impl<K: Clone + Ord + Hash> Timers<K> {
    /// Sets the time at which this one has to be looked at; `None` for never.
    pub(crate) fn set(&self, key: &K, time: Option<Time>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.by_key.get(key).copied() == time {
            return;
        }
        if let Some(previous) = queue.by_key.remove(key) {
            queue.by_time.remove(&(previous, key.clone()));
        }
        let Some(time) = time else { return };
        let is_first = queue.by_time.first().is_none_or(|(first, _)| time < *first);
        queue.by_key.insert(key.clone(), time);
        queue.by_time.insert((time, key.clone()));
        if is_first {
            self.earlier.notify_one();
        }
    }

    /// Calls `fire` for each one whose time has come, until the engine is stopping.
    pub(crate) async fn run(&self, stopping: &CancellationToken, fire: impl Fn(K)) {
        loop {
            let (due, wait) = self.take_due(clock::now());
            due.into_iter().for_each(&fire);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.earlier.notified() => {}
                () = stopping.cancelled() => return,
            }
        }
    }

    /// Takes those whose time has come, and tells how long to wait for the next one.
    fn take_due(&self, now: Time) -> (Vec<K>, Duration) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        while let Some((time, _)) = queue.by_time.first() {
            if *time > now {
                return (due, time.since(now).min(LONGEST_WAIT));
            }
            let (_, key) = queue.by_time.pop_first().expect("looked at just now");
            queue.by_key.remove(&key);
            due.push(key);
        }
        (due, LONGEST_WAIT)
    }
}

impl Engine {
    /// Starts the task that sends [`Message::Deadline`] to each workflow whose time has come.
    pub(crate) fn spawn_timers(&self) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let inner = &engine.inner;
            let fire = |key| engine.send(&key, Message::Deadline);
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
        let (due, wait) = timers.take_due(now);
        assert_eq!(due, [key("soon"), key("moved")]);
        assert_eq!(wait, Duration::from_millis(10));
        assert_eq!(timers.take_due(now).0, []);
    }

    #[test]
    fn waits_are_cut_into_pieces() {
        let timers = Timers::default();
        timers.set(&key("far"), Some(Time::EPOCH.plus(Duration::from_secs(3600))));
        assert_eq!(timers.take_due(Time::EPOCH), (vec![], LONGEST_WAIT));
    }
}
