//! Tasks in the order in which they are to go: the lowest priority key first, among equal ones a fair share for every
//! fairness key, and within a fairness key first come, first served.
//!
//! The shares come from stride scheduling: every fairness key has a pass, the lowest pass is next, and a task that goes
//! moves the pass of its key on by a stride that is the shorter the more the key weighs. A key that has no task left is
//! remembered until the others have come to its pass, so that nobody gains by queueing one task at a time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use wrt_model::{
    priority::{effective_key, effective_weight},
    proto::Priority,
};

/// The stride of the weight 1. The weights that there are give strides from 1,000 to 1,000,000,000.
const STRIDE: f64 = 1_000_000.0;

/// Where a task stands among others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rank {
    /// From 1, which goes first, to 5.
    pub(crate) priority_key: i32,
    /// Whose task it is; mostly empty.
    pub(crate) fairness_key: Arc<str>,
    /// The share of the fairness key, as the task itself says.
    pub(crate) weight: f32,
}

impl Rank {
    /// Where tasks of this priority stand.
    pub(crate) fn of(priority: Option<&Priority>) -> Self {
        let default = Priority::default();
        let priority = priority.unwrap_or(&default);
        Rank {
            priority_key: effective_key(priority),
            fairness_key: priority.fairness_key.as_str().into(),
            weight: effective_weight(priority.fairness_weight),
        }
    }
}

/// Tasks that wait.
pub(crate) struct FairQueue<T> {
    levels: BTreeMap<i32, Level<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        FairQueue {
            levels: BTreeMap::new(),
        }
    }
}

/// The tasks of one priority key. It is forgotten when it is empty.
struct Level<T> {
    flows: HashMap<Arc<str>, Flow<T>>,
    /// The fairness keys that have tasks, by their passes.
    active: BTreeSet<(u64, Arc<str>)>,
    /// The fairness keys that have none, but whose pass is ahead of the others.
    idle: BTreeSet<(u64, Arc<str>)>,
    /// The pass of the task that went last.
    pass: u64,
}

/// The tasks of one fairness key.
struct Flow<T> {
    pass: u64,
    tasks: VecDeque<(f32, T)>,
}

impl<T> FairQueue<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Adds a task behind the others of its key.
    pub(crate) fn push(&mut self, rank: &Rank, task: T) {
        self.flow(rank).tasks.push_back((rank.weight, task));
    }

    /// Gives a task back that was taken and did not go.
    pub(crate) fn give_back(&mut self, rank: &Rank, task: T) {
        self.flow(rank).tasks.push_front((rank.weight, task));
    }

    /// Takes the first task that is `wanted` among those of fairness keys that are `open`. `weight` has the last word about
    /// the weight of a key.
    pub(crate) fn take(
        &mut self,
        mut open: impl FnMut(&str) -> bool,
        mut wanted: impl FnMut(&T) -> bool,
        weight: impl Fn(&str, f32) -> f32,
    ) -> Option<T> {
        let mut levels = self.levels.iter_mut();
        let (priority_key, task) = levels.find_map(|(&priority_key, level)| {
            let task = level.take(&mut open, &mut wanted, &weight)?;
            Some((priority_key, task))
        })?;
        if self.levels[&priority_key].active.is_empty() {
            self.levels.remove(&priority_key);
        }
        Some(task)
    }

    /// The task that would go first if every one were wanted.
    pub(crate) fn first(&self) -> Option<&T> {
        let (_, level) = self.levels.first_key_value()?;
        let (_, key) = level.active.first()?;
        level.flows[key].tasks.front().map(|(_, task)| task)
    }

    /// How many tasks wait, and the first one of each fairness key, by priority keys.
    pub(crate) fn backlog(&self) -> impl Iterator<Item = (i32, usize, impl Iterator<Item = &T>)> {
        self.levels.iter().map(|(&priority_key, level)| {
            let count = level.flows.values().map(|flow| flow.tasks.len()).sum();
            let first = level.flows.values().filter_map(|flow| flow.tasks.front());
            (priority_key, count, first.map(|(_, task)| task))
        })
    }

    /// The fairness keys of the tasks that wait.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let levels = self.levels.values();
        levels.flat_map(|level| level.active.iter().map(|(_, key)| &**key))
    }

    fn flow(&mut self, rank: &Rank) -> &mut Flow<T> {
        let level = self.levels.entry(rank.priority_key).or_insert_with(Level::new);
        level.activate(&rank.fairness_key)
    }
}

impl<T> Level<T> {
    fn new() -> Self {
        Level {
            flows: HashMap::new(),
            active: BTreeSet::new(),
            idle: BTreeSet::new(),
            pass: 0,
        }
    }

    /// The flow of a key that is about to get a task.
    fn activate(&mut self, key: &Arc<str>) -> &mut Flow<T> {
        let now = self.pass;
        let flow = self.flows.entry(key.clone()).or_insert_with(|| Flow {
            pass: now,
            tasks: VecDeque::new(),
        });
        if flow.tasks.is_empty() {
            self.idle.remove(&(flow.pass, key.clone()));
            self.active.insert((flow.pass, key.clone()));
        }
        flow
    }

    fn take(
        &mut self,
        open: &mut impl FnMut(&str) -> bool,
        wanted: &mut impl FnMut(&T) -> bool,
        weight: &impl Fn(&str, f32) -> f32,
    ) -> Option<T> {
        let flows = &self.flows;
        let mut in_order = self.active.iter().filter(|(_, key)| open(key));
        let (place, index) = in_order.find_map(|place| {
            let index = flows[&place.1].tasks.iter().position(|(_, task)| wanted(task))?;
            Some((place.clone(), index))
        })?;
        self.active.remove(&place);
        let (pass, key) = place;
        let flow = self.flows.get_mut(&key).expect("an active key has a flow");
        let (own_weight, task) = flow.tasks.remove(index).expect("found above");
        flow.pass = pass + stride(weight(&key, own_weight));
        let set = if flow.tasks.is_empty() {
            &mut self.idle
        } else {
            &mut self.active
        };
        set.insert((flow.pass, key));
        self.pass = self.pass.max(pass);
        self.forget_idle();
        Some(task)
    }

    /// Forgets the keys without tasks that the others have caught up with.
    fn forget_idle(&mut self) {
        while let Some((pass, _)) = self.idle.first()
            && *pass <= self.pass
        {
            let (_, key) = self.idle.pop_first().expect("seen above");
            self.flows.remove(&key);
        }
    }
}

fn stride(weight: f32) -> u64 {
    (STRIDE / f64::from(weight)) as u64
}

#[cfg(test)]
mod tests;
