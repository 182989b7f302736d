//! Task queues: tasks meet workers.
//!
//! Activities and workflows have queues of their own, also where they have the same name: one [`Matching`] for each.
//!
//! Everything here is in memory and derived from the runs' states; after a restart it is filled again. What decides is in
//! [`queue`]; here are the lock, the waiting, and the way of a task to its worker.

mod backlogs;
mod describe;
mod fair_queue;
mod queue;
mod rate_limit;
mod scaling;
mod stats;
mod task;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use wrt_machine::QueueRouting;
use wrt_model::{
    Component,
    proto::{
        WorkerDeploymentVersion,
        taskqueue::{PollerInfo, PollerScalingDecision, TaskQueueConfig},
    },
};

use crate::clock;
use queue::{Poller, Queue};

pub use describe::UNLIMITED_RATE;
pub(crate) use describe::{Backlog, QueueDescription};
pub(crate) use fair_queue::Rank;
pub(crate) use task::{ActivityTask, NexusTask, Task, WorkflowTask};

/// Queues that are kept before those are forgotten that nobody uses any more.
const KEPT_QUEUES: usize = 128;

/// How long a worker is remembered that has said goodbye. A poll of it may be on its way for less.
const GOODBYE_MEMORY: Duration = Duration::from_secs(60);

/// A task queue of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueueKey {
    pub(crate) namespace_id: String,
    pub(crate) name: String,
}

impl QueueKey {
    /// A key from its two parts.
    pub(crate) fn new(namespace_id: impl Into<String>, name: impl Into<String>) -> Self {
        QueueKey {
            namespace_id: namespace_id.into(),
            name: name.into(),
        }
    }
}

/// A worker asks for a task.
#[derive(Clone, Default)]
pub(crate) struct Poll {
    /// The component whose activities it can run; `None` for a worker that takes every type.
    pub(crate) component: Option<Arc<Component>>,
    /// What is shown of it.
    pub(crate) info: PollerInfo,
    /// The tasks a second that it wants the queue to be limited to, if it has an opinion.
    pub(crate) max_per_second: Option<f64>,
    /// The worker process that asks, if it says so: with it go its polls.
    pub(crate) worker_instance_key: String,
    /// The version of the worker, if tasks are to be told apart by that.
    pub(crate) version: Option<WorkerDeploymentVersion>,
}

/// The task queues of one kind.
pub(crate) struct Matching<T: Task> {
    queues: Mutex<Queues<T>>,
    /// Workers that have said goodbye lately, and when.
    gone: Mutex<HashMap<String, Instant>>,
}

struct Queues<T: Task> {
    by_key: HashMap<QueueKey, Queue<T>>,
    /// How many there were, at least, when the idle ones were last forgotten.
    kept: usize,
}

impl<T: Task> Default for Matching<T> {
    fn default() -> Self {
        Matching {
            queues: Mutex::new(Queues {
                by_key: HashMap::new(),
                kept: 0,
            }),
            gone: Mutex::default(),
        }
    }
}

impl<T: Task> Queues<T> {
    fn get(&mut self, key: &QueueKey, now: Instant) -> &mut Queue<T> {
        if !self.by_key.contains_key(key) {
            self.forget_idle(now);
            self.by_key.insert(key.clone(), Queue::default());
        }
        self.by_key.get_mut(key).expect("it is there, see above")
    }

    /// Looks at all queues only when there are twice as many as the last time.
    fn forget_idle(&mut self, now: Instant) {
        if self.by_key.len() >= 2 * self.kept.max(KEPT_QUEUES) {
            self.by_key.retain(|_, queue| !queue.is_idle(now));
            self.kept = self.by_key.len();
        }
    }
}

impl<T: Task> Matching<T> {
    /// Gives the task to a worker that waits, or keeps it for the next one.
    pub(crate) fn add(self: &Arc<Self>, key: &QueueKey, task: T) {
        self.change(key, |queue, now| queue.add(task, now));
    }

    /// Whether a task that is new may go at once to the server itself, which has room for it and runs this component. It
    /// may not when others come first, or when the rate limit is used up; then it is to be added.
    pub(crate) fn admit(&self, key: &QueueKey, component: &Component, rank: &Rank) -> bool {
        let now = clock::instant();
        self.lock().get(key, now).admit(component, rank, now)
    }

    /// The next task that the worker takes: at once, or when one comes. `None` when the worker says goodbye meanwhile, or
    /// has said it.
    pub(crate) async fn poll(self: &Arc<Self>, key: &QueueKey, poll: Poll) -> Option<Lease<T>> {
        let (hand_over, receiver) = oneshot::channel();
        let worker_instance_key = poll.worker_instance_key.clone();
        self.change(key, |queue, now| {
            let poller = Poller {
                component: poll.component,
                identity: poll.info.identity.clone(),
                worker_instance_key: poll.worker_instance_key,
                version: poll.version,
                since: now,
                hand_over,
            };
            queue.polled(poll.info, &poller.version, poll.max_per_second, now);
            queue.wait(poller);
            true
        });
        // Only now: a goodbye that comes after this look finds the poll.
        if !worker_instance_key.is_empty() && self.gone().contains_key(&worker_instance_key) {
            return None;
        }
        receiver.await.ok()
    }

    /// Lets the polls of a worker go that says goodbye, and those that are still on their way.
    pub(crate) fn dismiss(&self, worker_instance_key: &str) {
        let now = clock::instant();
        {
            let mut gone = self.gone();
            gone.retain(|_, since| now.saturating_duration_since(*since) < GOODBYE_MEMORY);
            gone.insert(worker_instance_key.to_owned(), now);
        }
        let mut queues = self.lock();
        for queue in queues.by_key.values_mut() {
            queue.dismiss(worker_instance_key);
        }
    }

    /// Whether somebody polls the queue, or has within this time.
    pub(crate) fn is_polled(&self, key: &QueueKey, within: Duration) -> bool {
        let queues = self.lock();
        let queue = queues.by_key.get(key);
        queue.is_some_and(|queue| queue.is_polled(clock::instant(), within))
    }

    /// Forgets who has polled the queue.
    pub(crate) fn forget_pollers(&self, key: &QueueKey) {
        if let Some(queue) = self.lock().by_key.get_mut(key) {
            queue.forget_all_pollers();
        }
    }

    /// Whether workers of this version poll the queue, or have lately.
    pub(crate) fn is_polled_by(&self, key: &QueueKey, version: &WorkerDeploymentVersion) -> bool {
        let mut queues = self.lock();
        let queue = queues.by_key.get_mut(key);
        queue.is_some_and(|queue| queue.is_polled_by(version, clock::instant()))
    }

    /// What waits in the queue for workers of this version.
    pub(crate) fn version_backlog(&self, key: &QueueKey, version: &WorkerDeploymentVersion) -> Backlog {
        let queues = self.lock();
        let queue = queues.by_key.get(key);
        queue.map_or_else(Backlog::default, |queue| {
            queue.version_backlog(version, clock::instant())
        })
    }

    /// Tasks go where this says from now on.
    pub(crate) fn route(self: &Arc<Self>, key: &QueueKey, routing: QueueRouting) {
        self.change(key, |queue, _| {
            queue.route(routing);
            true
        });
    }

    /// Takes over what an operator has set.
    pub(crate) fn configure(self: &Arc<Self>, key: &QueueKey, config: &TaskQueueConfig) {
        self.change(key, |queue, _| {
            queue.configure(config);
            true
        });
    }

    /// Everything about a queue. Asking makes none.
    pub(crate) fn describe(&self, key: &QueueKey) -> QueueDescription {
        let mut queues = self.lock();
        let queue = queues.by_key.get_mut(key);
        queue.map_or_else(QueueDescription::default, |queue| {
            queue.describe(clock::instant(), clock::now())
        })
    }

    /// Changes a queue and, if the change says so, hands out what can go then.
    fn change(self: &Arc<Self>, key: &QueueKey, change: impl FnOnce(&mut Queue<T>, Instant) -> bool) {
        let now = clock::instant();
        let mut pairs = Vec::new();
        let wake = {
            let mut queues = self.lock();
            let queue = queues.get(key, now);
            if !change(queue, now) {
                return;
            }
            while let Some((poller, task)) = queue.pair(now) {
                let lease = self.lease(key, task, queue.scaling(poller.since, now));
                pairs.push((poller, lease));
            }
            queue.next_wake(now)
        };
        for (poller, lease) in pairs {
            // A poller that has gone away gives its task back, and so to the next one.
            drop(poller.hand_over.send(lease));
        }
        if let Some(at) = wake {
            self.wake(key.clone(), at);
        }
    }

    /// Looks again when the rate limit lets something go.
    fn wake(self: &Arc<Self>, key: QueueKey, at: Instant) {
        let matching = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            if let Some(matching) = matching.upgrade() {
                matching.change(&key, |queue, _| {
                    queue.woken();
                    true
                });
            }
        });
    }

    fn lease(self: &Arc<Self>, key: &QueueKey, task: T, scaling: i32) -> Lease<T> {
        Lease {
            task: Some(task),
            scaling,
            key: key.clone(),
            matching: self.clone(),
        }
    }

    fn gone(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Queues<T>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task on its way to a worker. Dropped before it is taken it goes back to its queue, so that a worker that went away
/// takes nothing with it.
pub(crate) struct Lease<T: Task> {
    task: Option<T>,
    scaling: i32,
    key: QueueKey,
    matching: Arc<Matching<T>>,
}

impl<T: Task> Lease<T> {
    /// The task.
    pub(crate) fn task(&self) -> &T {
        self.task.as_ref().expect("a lease holds its task until it is taken")
    }

    /// How many polls more, or fewer, the worker should make; `None` when it makes as many as it should.
    pub(crate) fn scaling_decision(&self) -> Option<PollerScalingDecision> {
        (self.scaling != 0).then_some(PollerScalingDecision {
            poll_request_delta_suggestion: self.scaling,
        })
    }

    /// Takes the task for good.
    pub(crate) fn take(mut self) -> T {
        self.task.take().expect("a lease holds its task until it is taken")
    }

    /// The task that is to go now: a more urgent one may have come since this one was chosen. `None` when the rate limit
    /// has changed meanwhile.
    pub(crate) fn renew(mut self, component: &Component) -> Option<Lease<T>> {
        let now = clock::instant();
        let task = self.task.take().expect("a lease holds its task until it is taken");
        let mut queues = self.matching.lock();
        let queue = queues.get(&self.key, now);
        queue.give_back(task, now);
        let task = queue.take(&None, Some(component), now)?;
        drop(queues);
        self.task = Some(task);
        Some(self)
    }
}

impl<T: Task> Drop for Lease<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            self.matching.change(&self.key, |queue, now| {
                queue.give_back(task, now);
                true
            });
        }
    }
}

#[cfg(test)]
mod tests;
