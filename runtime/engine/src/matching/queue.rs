//! One task queue: which task goes to which poller, and when. Time is an argument.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use wrt_machine::QueueRouting;
use wrt_model::{
    Component, Time,
    proto::{
        WorkerDeploymentVersion,
        taskqueue::{PollerInfo, TaskQueueConfig},
    },
    time::proto_span,
};

use super::{
    Lease, Task,
    backlogs::{Backlogs, Version},
    describe::{Backlog, QueueDescription, UNLIMITED_RATE, longer},
    fair_queue::{FairQueue, Rank},
    rate_limit::Limits,
    scaling::{Load, Scaling},
    stats::Stats,
};

/// How long a poller is shown after its last poll.
const POLLER_MEMORY: Duration = Duration::from_secs(5 * 60);

/// A worker that waits for a task.
pub(super) struct Poller<T: Task> {
    /// The component whose activities the poller can run; `None` for a worker that takes every type.
    pub(super) component: Option<Arc<Component>>,
    pub(super) identity: String,
    /// The worker's process, if the worker names it.
    pub(super) worker_instance_key: String,
    /// The version of the worker, which gets the tasks of that version.
    pub(super) version: Version,
    pub(super) since: Instant,
    pub(super) hand_over: oneshot::Sender<Lease<T>>,
}

/// A queue with its tasks and pollers.
pub(super) struct Queue<T: Task> {
    tasks: Backlogs<T>,
    waiting: VecDeque<Poller<T>>,
    /// Who has polled lately, by identity and version.
    pollers: HashMap<(String, Version), (Instant, PollerInfo)>,
    limits: Limits,
    stats: Stats,
    scaling: Scaling,
    /// When somebody looks whether the rate limit lets something go.
    wakes: Option<Instant>,
}

impl<T: Task> Default for Queue<T> {
    fn default() -> Self {
        Queue {
            tasks: Backlogs::default(),
            waiting: VecDeque::new(),
            pollers: HashMap::new(),
            limits: Limits::default(),
            stats: Stats::default(),
            scaling: Scaling::default(),
            wakes: None,
        }
    }
}

fn takes(component: Option<&Component>, task: &impl Task) -> bool {
    component.is_none_or(|component| task.suits(component))
}

impl<T: Task> Queue<T> {
    // === Tasks ===

    /// Adds a task. Returns whether a poller waits for one like it.
    pub(super) fn add(&mut self, task: T, now: Instant) -> bool {
        self.stats.flow(task.rank().priority_key, now).added.add(now);
        let version = self.tasks.version_of(&task);
        let is_suitable = |poller: &Poller<T>| poller.version == version && takes(poller.component.as_deref(), &task);
        let is_awaited = self.open_pollers().any(is_suitable);
        self.tasks.push(task);
        is_awaited
    }

    /// Whether a new task may go at once to a worker with this component that has room for it. It then counts as gone.
    pub(super) fn admit(&mut self, component: &Component, rank: &Rank, now: Instant) -> bool {
        let first = self.tasks.of(&None).and_then(FairQueue::first);
        let goes_first = !first.is_some_and(|first| takes(Some(component), first));
        let admitted = goes_first
            && self.limits.queue_wait(now).is_zero()
            && self.limits.key_wait(&rank.fairness_key, now).is_zero();
        if admitted {
            self.stats.flow(rank.priority_key, now).added.add(now);
            self.went(rank, now);
        }
        admitted
    }

    /// The next task that may go and that a worker of this version, with this component, takes.
    pub(super) fn take(&mut self, version: &Version, component: Option<&Component>, now: Instant) -> Option<T> {
        if self.tasks.of(version).is_none_or(FairQueue::is_empty) {
            return None;
        }
        if !self.limits.queue_wait(now).is_zero() {
            self.stats.limited(now);
            return None;
        }
        let limits = &self.limits;
        let mut limited = false;
        let is_open = |key: &str| {
            let is_open = limits.key_wait(key, now).is_zero();
            limited |= !is_open;
            is_open
        };
        let task = self.tasks.change(version, |tasks| {
            tasks.take(
                is_open,
                |task| takes(component, task),
                |key, own| limits.weight(key, own),
            )
        });
        if limited {
            self.stats.limited(now);
        }
        let task = task?;
        self.went(&task.rank().clone(), now);
        Some(task)
    }

    /// Takes a task back that no worker has begun: it is the next of its key again.
    pub(super) fn give_back(&mut self, task: T, now: Instant) {
        let rank = task.rank().clone();
        self.limits.refund(&rank.fairness_key);
        self.stats.flow(rank.priority_key, now).dispatched.take_back(now);
        self.tasks.give_back(task);
    }

    fn went(&mut self, rank: &Rank, now: Instant) {
        self.limits.spend(&rank.fairness_key, now);
        self.stats.flow(rank.priority_key, now).dispatched.add(now);
    }

    // === Pollers ===

    /// Notes that somebody polls, and how fast the queue should be, if that poller has an opinion.
    pub(super) fn polled(&mut self, info: PollerInfo, version: &Version, max_per_second: Option<f64>, now: Instant) {
        let poller = (info.identity.clone(), version.clone());
        if !self.pollers.contains_key(&poller) {
            self.forget_pollers(now);
        }
        let rate_per_second = max_per_second.unwrap_or(UNLIMITED_RATE);
        self.pollers.insert(
            poller,
            (
                now,
                PollerInfo {
                    rate_per_second,
                    ..info
                },
            ),
        );
        if let Some(rate) = max_per_second {
            self.limits.set_by_worker(rate);
        }
    }

    /// A poller waits.
    pub(super) fn wait(&mut self, poller: Poller<T>) {
        self.waiting.push_back(poller);
    }

    /// A task, and the poller that has waited longest for one like it.
    pub(super) fn pair(&mut self, now: Instant) -> Option<(Poller<T>, T)> {
        self.waiting.retain(|poller| !poller.hand_over.is_closed());
        if self.tasks.is_empty() {
            return None;
        }
        for index in 0..self.waiting.len() {
            let Poller { version, component, .. } = &self.waiting[index];
            let (version, component) = (version.clone(), component.clone());
            if let Some(task) = self.take(&version, component.as_deref(), now) {
                let poller = self.waiting.remove(index).expect("it was there just now");
                return Some((poller, task));
            }
        }
        None
    }

    /// How many polls more, or fewer, a poller that has waited since then should make.
    pub(super) fn scaling(&mut self, polls_since: Instant, now: Instant) -> i32 {
        let Queue {
            scaling,
            tasks,
            stats,
            limits,
            ..
        } = self;
        scaling.decide(polls_since, now, || {
            let oldest = tasks
                .all()
                .flat_map(FairQueue::backlog)
                .flat_map(|(_, _, first)| first.map(|task| task.since()))
                .min();
            let (added, dispatched) = stats.rates(now).fold((0.0, 0.0), |sum, (_, added, dispatched)| {
                (sum.0 + added, sum.1 + dispatched)
            });
            Load {
                oldest: oldest.filter(|_| limits.queue_wait(now).is_zero()),
                added,
                dispatched,
            }
        })
    }

    /// Lets the polls of a worker go that says goodbye.
    pub(super) fn dismiss(&mut self, worker_instance_key: &str) {
        self.waiting
            .retain(|poller| poller.worker_instance_key != worker_instance_key);
    }

    /// Whether somebody polls, or has within this time.
    pub(super) fn is_polled(&self, now: Instant, within: Duration) -> bool {
        let mut polls = self.pollers.values().map(|(polled, _)| *polled);
        self.open_pollers().next().is_some() || polls.any(|polled| now.saturating_duration_since(polled) <= within)
    }

    /// Whether workers of this version poll, or have lately.
    pub(super) fn is_polled_by(&mut self, version: &WorkerDeploymentVersion, now: Instant) -> bool {
        self.forget_pollers(now);
        let mut polled = self.pollers.keys().map(|(_, polled)| polled);
        let mut waiting = self.open_pollers().map(|poller| &poller.version);
        polled.any(|polled| polled.as_ref() == Some(version)) || waiting.any(|it| it.as_ref() == Some(version))
    }

    /// Forgets who has polled.
    pub(super) fn forget_all_pollers(&mut self) {
        self.pollers.clear();
    }

    fn open_pollers(&self) -> impl Iterator<Item = &Poller<T>> {
        self.waiting.iter().filter(|poller| !poller.hand_over.is_closed())
    }

    fn forget_pollers(&mut self, now: Instant) {
        self.pollers
            .retain(|_, (polled, _)| now.saturating_duration_since(*polled) < POLLER_MEMORY);
    }

    // === Limits ===

    /// Tasks go where this says from now on.
    pub(super) fn route(&mut self, routing: QueueRouting) {
        self.tasks.route(routing);
    }

    /// Takes over what an operator has set.
    pub(super) fn configure(&mut self, config: &TaskQueueConfig) {
        self.limits.configure(config);
    }

    /// When to look again, if the rate limit is all that keeps a task from a poller and nobody looks before that.
    pub(super) fn next_wake(&mut self, now: Instant) -> Option<Instant> {
        if self.waiting.is_empty() || self.tasks.is_empty() {
            return None;
        }
        let wait = match self.limits.queue_wait(now) {
            Duration::ZERO => {
                let keys = self.tasks.all().flat_map(FairQueue::keys);
                let waits = keys.map(|key| self.limits.key_wait(key, now));
                waits.filter(|wait| !wait.is_zero()).min()?
            }
            wait => wait,
        };
        let at = now.checked_add(wait)?;
        let is_first = self.wakes.is_none_or(|known| at < known);
        is_first.then(|| *self.wakes.insert(at))
    }

    /// Somebody looks now.
    pub(super) fn woken(&mut self) {
        self.wakes = None;
    }

    // === Telling ===

    /// Everything about the queue. `present` is the time for people that `now` stands for.
    pub(super) fn describe(&mut self, now: Instant, present: Time) -> QueueDescription {
        self.forget_pollers(now);
        let mut backlog = Backlog::default();
        for (priority_key, added, dispatched) in self.stats.rates(now) {
            let stats = backlog.entry(priority_key).or_default();
            stats.tasks_add_rate = added;
            stats.tasks_dispatch_rate = dispatched;
        }
        for tasks in self.tasks.all() {
            count(tasks, &mut backlog, now);
        }
        let is_limited = self.stats.is_limited(now);
        for stats in backlog.values_mut() {
            stats.rate_limiting_active = is_limited;
        }
        QueueDescription {
            pollers: self.shown_pollers(now, present),
            backlog,
            limit: self.limits.effective(),
        }
    }

    /// What waits for workers of this version.
    pub(super) fn version_backlog(&self, version: &WorkerDeploymentVersion, now: Instant) -> Backlog {
        let mut backlog = Backlog::default();
        if let Some(tasks) = self.tasks.of(&Some(version.clone())) {
            count(tasks, &mut backlog, now);
        }
        backlog
    }

    /// Whoever waits is there right now, however long ago its poll began.
    fn shown_pollers(&self, now: Instant, present: Time) -> Vec<PollerInfo> {
        let last_access = |polled: Instant, (identity, version): &(String, Version)| {
            let mut open = self.open_pollers();
            let waits = open.any(|poller| poller.identity == *identity && poller.version == *version);
            let ago = if waits {
                Duration::ZERO
            } else {
                now.saturating_duration_since(polled)
            };
            Some(present.minus(ago).into())
        };
        let shown = self.pollers.iter().map(|(poller, (polled, info))| PollerInfo {
            last_access_time: last_access(*polled, poller),
            ..info.clone()
        });
        let mut shown: Vec<_> = shown.collect();
        shown.sort_by(|a, b| a.identity.cmp(&b.identity));
        shown
    }

    /// True when nothing would be lost with it.
    pub(super) fn is_idle(&mut self, now: Instant) -> bool {
        self.forget_pollers(now);
        self.tasks.is_empty()
            && self.pollers.is_empty()
            && self.open_pollers().next().is_none()
            && !self.limits.is_configured()
            && !self.tasks.is_routed()
    }
}

/// Adds what waits to the figures.
fn count<T: Task>(tasks: &FairQueue<T>, backlog: &mut Backlog, now: Instant) {
    for (priority_key, count, first) in tasks.backlog() {
        let oldest = first.map(|task| now.saturating_duration_since(task.since())).max();
        let stats = backlog.entry(priority_key).or_default();
        stats.approximate_backlog_count += count as i64;
        stats.approximate_backlog_age = longer(stats.approximate_backlog_age, oldest.map(proto_span));
    }
}

#[cfg(test)]
mod tests;
