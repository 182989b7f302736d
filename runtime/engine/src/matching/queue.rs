//! One task queue: which task goes to which poller, and when. Time is an argument.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use wrt_model::{
    Component, Time,
    proto::taskqueue::{PollerInfo, TaskQueueConfig},
    time::proto_span,
};

use super::{
    Lease, Task,
    describe::{Backlog, QueueDescription},
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
    pub(super) since: Instant,
    pub(super) hand_over: oneshot::Sender<Lease<T>>,
}

/// A queue with its tasks and pollers.
pub(super) struct Queue<T: Task> {
    tasks: FairQueue<T>,
    waiting: VecDeque<Poller<T>>,
    /// Who has polled lately, by identity.
    pollers: HashMap<String, (Instant, PollerInfo)>,
    limits: Limits,
    stats: Stats,
    scaling: Scaling,
    /// When somebody looks whether the rate limit lets something go.
    wakes: Option<Instant>,
}

impl<T: Task> Default for Queue<T> {
    fn default() -> Self {
        Queue {
            tasks: FairQueue::default(),
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
        let is_awaited = self.open_pollers().any(|it| takes(it.component.as_deref(), &task));
        self.tasks.push(&task.rank().clone(), task);
        is_awaited
    }

    /// Whether a new task may go at once to a worker with this component that has room for it. It then counts as gone.
    pub(super) fn admit(&mut self, component: &Component, rank: &Rank, now: Instant) -> bool {
        let goes_first = !self.tasks.first().is_some_and(|first| takes(Some(component), first));
        let admitted = goes_first
            && self.limits.queue_wait(now).is_zero()
            && self.limits.key_wait(&rank.fairness_key, now).is_zero();
        if admitted {
            self.stats.flow(rank.priority_key, now).added.add(now);
            self.went(rank, now);
        }
        admitted
    }

    /// The next task that may go and that a worker with this component takes.
    pub(super) fn take(&mut self, component: Option<&Component>, now: Instant) -> Option<T> {
        if self.tasks.is_empty() {
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
        let task = self.tasks.take(
            is_open,
            |task| takes(component, task),
            |key, own| limits.weight(key, own),
        );
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
        self.tasks.give_back(&rank, task);
    }

    fn went(&mut self, rank: &Rank, now: Instant) {
        self.limits.spend(&rank.fairness_key, now);
        self.stats.flow(rank.priority_key, now).dispatched.add(now);
    }

    // === Pollers ===

    /// Notes that somebody polls, and how fast the queue should be, if that poller has an opinion.
    pub(super) fn polled(&mut self, info: PollerInfo, max_per_second: Option<f64>, now: Instant) {
        if !self.pollers.contains_key(&info.identity) {
            self.forget_pollers(now);
        }
        self.pollers.insert(info.identity.clone(), (now, info));
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
            if let Some(task) = self.take(self.waiting[index].component.clone().as_deref(), now) {
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
                .backlog()
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
                let waits = self.tasks.keys().map(|key| self.limits.key_wait(key, now));
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
        for (priority_key, count, first) in self.tasks.backlog() {
            let oldest = first.map(|task| now.saturating_duration_since(task.since())).max();
            let stats = backlog.entry(priority_key).or_default();
            stats.approximate_backlog_count = count as i64;
            stats.approximate_backlog_age = oldest.map(proto_span);
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

    /// Whoever waits is there right now, however long ago its poll began.
    fn shown_pollers(&self, now: Instant, present: Time) -> Vec<PollerInfo> {
        let last_access = |polled: Instant, identity: &str| {
            let waits = self.open_pollers().any(|poller| poller.identity == identity);
            let ago = if waits {
                Duration::ZERO
            } else {
                now.saturating_duration_since(polled)
            };
            Some(present.minus(ago).into())
        };
        let shown = self.pollers.iter().map(|(identity, (polled, info))| PollerInfo {
            last_access_time: last_access(*polled, identity),
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
    }
}

#[cfg(test)]
mod tests;
