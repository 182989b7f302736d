//! The tasks of a queue, by the version whose workers are to take them.

use std::collections::HashMap;

use wrt_machine::QueueRouting;
use wrt_model::proto::WorkerDeploymentVersion;

use super::{Task, fair_queue::FairQueue};

/// A version, or none: workers without a version.
pub(super) type Version = Option<WorkerDeploymentVersion>;

/// Tasks that wait.
pub(super) struct Backlogs<T> {
    /// Without those that are empty, apart from the one of no version.
    by_version: HashMap<Version, FairQueue<T>>,
    routing: QueueRouting,
}

impl<T> Default for Backlogs<T> {
    fn default() -> Self {
        Backlogs {
            by_version: HashMap::new(),
            routing: QueueRouting::default(),
        }
    }
}

impl<T: Task> Backlogs<T> {
    /// The version that a task goes to.
    pub(super) fn version_of(&self, task: &T) -> Version {
        self.routing.resolve(task.directive(), task.workflow_id()).cloned()
    }

    /// Adds a task behind the others of its key.
    pub(super) fn push(&mut self, task: T) {
        let rank = task.rank().clone();
        self.for_task(&task).push(&rank, task);
    }

    /// Gives a task back that was taken and did not go.
    pub(super) fn give_back(&mut self, task: T) {
        let rank = task.rank().clone();
        self.for_task(&task).give_back(&rank, task);
    }

    /// Changes what waits for the workers of a version; `None` when nothing does.
    pub(super) fn change<R>(
        &mut self,
        version: &Version,
        change: impl FnOnce(&mut FairQueue<T>) -> Option<R>,
    ) -> Option<R> {
        let backlog = self.by_version.get_mut(version)?;
        let changed = change(backlog);
        if backlog.is_empty() && version.is_some() {
            self.by_version.remove(version);
        }
        changed
    }

    /// What waits for the workers of a version.
    pub(super) fn of(&self, version: &Version) -> Option<&FairQueue<T>> {
        self.by_version.get(version)
    }

    /// What waits for the workers of each version.
    pub(super) fn all(&self) -> impl Iterator<Item = &FairQueue<T>> {
        self.by_version.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().all(FairQueue::is_empty)
    }

    /// Whether versions have a say in where tasks go.
    pub(super) fn is_routed(&self) -> bool {
        self.routing != QueueRouting::default()
    }

    /// Tasks go where this says from now on, those too that are here already.
    pub(super) fn route(&mut self, routing: QueueRouting) {
        self.routing = routing;
        for mut backlog in std::mem::take(&mut self.by_version).into_values() {
            while let Some(task) = backlog.take(|_| true, |_| true, |_, own| own) {
                self.push(task);
            }
        }
    }

    fn for_task(&mut self, task: &T) -> &mut FairQueue<T> {
        let version = self.version_of(task);
        self.by_version.entry(version).or_default()
    }
}
