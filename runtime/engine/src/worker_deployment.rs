//! Worker deployments: which versions there are, and which of them the tasks of each queue go to.
//!
//! All of them are in memory, as there are few; what changes is stored before anybody sees it. A change of the routing sends
//! what waits in the queues to the pollers of the version that it goes to now.

mod calls;
mod routes;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;
use wrt_machine::{QueueRouting, WorkerDeploymentRejection, WorkerDeploymentTurn};
use wrt_model::{
    Namespace, WorkerDeployment, WorkerDeploymentKey,
    proto::{
        WorkerDeploymentVersion,
        deployment::{WorkerDeploymentOptions, worker_deployment_version_info::VersionTaskQueueInfo},
        enums::TaskQueueType,
    },
};

use crate::{Engine, EngineError, clock, matching::QueueKey};

pub use calls::{VersionTarget, WorkerDeploymentChange};
pub(crate) use routes::Fit;

/// Worker deployments that a namespace has at most.
const DEPLOYMENTS: usize = 100;

/// The worker deployments of all namespaces.
#[derive(Default)]
pub(crate) struct WorkerDeployments {
    known: RwLock<Known>,
    /// Held by whoever changes one, from reading to writing.
    changing: Mutex<()>,
}

#[derive(Default)]
struct Known {
    by_key: BTreeMap<WorkerDeploymentKey, Arc<WorkerDeployment>>,
    /// Of the queues that some version polls.
    routings: HashMap<QueueKey, Routings>,
}

/// The routing of the two kinds of tasks of one queue.
#[derive(Default)]
struct Routings {
    workflow: QueueRouting,
    activity: QueueRouting,
}

impl WorkerDeployments {
    fn get(&self, key: &WorkerDeploymentKey) -> Option<Arc<WorkerDeployment>> {
        self.read(|known| known.by_key.get(key).cloned())
    }

    /// The deployments of a namespace, by their names.
    fn of_namespace(&self, namespace_id: &str) -> Vec<Arc<WorkerDeployment>> {
        self.read(|known| known.of_namespace(namespace_id).cloned().collect())
    }

    /// True when no worker with a version has ever polled.
    fn is_empty(&self) -> bool {
        self.read(|known| known.by_key.is_empty())
    }

    /// Whether workers of the version poll the queue.
    fn polls(&self, queue: &QueueKey, kind: TaskQueueType, version: &WorkerDeploymentVersion) -> bool {
        let key = WorkerDeploymentKey::new(&*queue.namespace_id, &*version.deployment_name);
        let deployment = self.get(&key);
        deployment.is_some_and(|deployment| deployment.polls(&version.build_id, &queue.name, kind))
    }

    fn routing(&self, queue: &QueueKey, kind: TaskQueueType) -> QueueRouting {
        self.read(|known| {
            let routings = known.routings.get(queue);
            routings.map_or_else(QueueRouting::default, |routings| routings.of(kind).clone())
        })
    }

    /// Puts a deployment in the place of what it was before, or takes it away. Returns the queues whose routing may be another
    /// one now.
    fn put(&self, key: &WorkerDeploymentKey, deployment: Option<WorkerDeployment>) -> Vec<QueueKey> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let after = deployment.map(Arc::new);
        let before = match after.clone() {
            Some(after) => known.by_key.insert(key.clone(), after),
            None => known.by_key.remove(key),
        };
        let mut queues: Vec<QueueKey> = before.iter().chain(&after).flat_map(|it| queues_of(it)).collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        queues.dedup();
        for queue in &queues {
            known.route(queue);
        }
        queues
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn of_namespace(&self, namespace_id: &str) -> impl Iterator<Item = &Arc<WorkerDeployment>> {
        // No name is empty, so every deployment follows the empty place.
        let first = WorkerDeploymentKey::new(namespace_id, "");
        let following = self.by_key.range(first..);
        let namespace_id = namespace_id.to_owned();
        following
            .take_while(move |(key, _)| key.namespace_id == namespace_id)
            .map(|(_, deployment)| deployment)
    }

    /// Works out anew where the tasks of a queue go.
    fn route(&mut self, queue: &QueueKey) {
        let of = |kind| {
            let deployments = self.of_namespace(&queue.namespace_id).map(Arc::as_ref);
            QueueRouting::of(deployments, &queue.name, kind)
        };
        let routings = Routings {
            workflow: of(TaskQueueType::Workflow),
            activity: of(TaskQueueType::Activity),
        };
        self.routings.insert(queue.clone(), routings);
    }
}

impl Routings {
    fn of(&self, kind: TaskQueueType) -> &QueueRouting {
        match kind {
            TaskQueueType::Activity => &self.activity,
            _ => &self.workflow,
        }
    }
}

/// The queues that versions of a deployment poll; some more than once.
fn queues_of(deployment: &WorkerDeployment) -> impl Iterator<Item = QueueKey> {
    let namespace_id = &deployment.namespace_id;
    let queues = deployment.versions.values().flat_map(|version| &version.task_queues);
    queues.map(move |queue| QueueKey::new(namespace_id, &queue.name))
}

/// What is done about a deployment that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Create,
    Refuse,
}

impl Engine {
    /// Takes over what is stored, after a start.
    pub(crate) async fn load_worker_deployments(&self) -> Result<(), EngineError> {
        for deployment in self.inner.store.worker_deployments().await? {
            let queues = self
                .inner
                .worker_deployments
                .put(&deployment.key(), Some(deployment.clone()));
            self.reroute(&queues);
        }
        Ok(())
    }

    /// The version of a worker that polls a task queue. The first poll of a version makes it known.
    pub(crate) async fn register_poller(
        &self,
        namespace: &Namespace,
        queue: &str,
        kind: TaskQueueType,
        options: Option<&WorkerDeploymentOptions>,
    ) -> Result<Option<WorkerDeploymentVersion>, EngineError> {
        let Some(version) = wrt_machine::version_of_worker(options) else {
            return Ok(None);
        };
        let place = QueueKey::new(&namespace.id, queue);
        if !self.inner.worker_deployments.polls(&place, kind, &version) {
            let key = WorkerDeploymentKey::new(&*namespace.id, &*version.deployment_name);
            let queue = VersionTaskQueueInfo {
                name: place.name,
                r#type: kind as i32,
            };
            self.change_worker_deployment(&key, Missing::Create, |turn| turn.register(&version.build_id, queue))
                .await?;
        }
        Ok(Some(version))
    }

    /// Changes a deployment, durably and at once. Returns what it was before, if it was there, and what it is then.
    async fn change_worker_deployment<T>(
        &self,
        key: &WorkerDeploymentKey,
        if_missing: Missing,
        decide: impl FnOnce(&mut WorkerDeploymentTurn<'_>) -> Result<T, WorkerDeploymentRejection>,
    ) -> Result<(T, Arc<WorkerDeployment>, Arc<WorkerDeployment>), EngineError> {
        let deployments = &self.inner.worker_deployments;
        let _changing = deployments.changing.lock().await;
        let now = clock::now();
        let before = deployments.get(key);
        let mut after = match &before {
            Some(before) => WorkerDeployment::clone(before),
            None if if_missing == Missing::Refuse => {
                return Err(EngineError::WorkerDeploymentNotFound(key.name.clone()));
            }
            None => self.new_worker_deployment(key)?,
        };
        let is_new = before.is_none();
        let before = before.unwrap_or_else(|| Arc::new(after.clone()));
        let decided = decide(&mut WorkerDeploymentTurn::new(&mut after, now))?;
        if is_new || *before != after {
            self.inner.store.worker_deployment_put(&after).await?;
            let queues = deployments.put(key, Some(after.clone()));
            if is_new || queues_differ(&before, &after) || before.routing_config != after.routing_config {
                self.reroute(&queues);
            }
        }
        Ok((decided, before, Arc::new(after)))
    }

    fn new_worker_deployment(&self, key: &WorkerDeploymentKey) -> Result<WorkerDeployment, EngineError> {
        let count = self.inner.worker_deployments.of_namespace(&key.namespace_id).len();
        if count >= DEPLOYMENTS {
            return Err(WorkerDeploymentRejection::LimitExceeded(format!(
                "the namespace has {DEPLOYMENTS} worker deployments already; delete some of them before '{}' is added",
                key.name
            ))
            .into());
        }
        Ok(WorkerDeployment {
            namespace_id: key.namespace_id.clone(),
            name: key.name.clone(),
            created_ns: clock::now().nanos(),
            ..WorkerDeployment::default()
        })
    }

    /// Sends what waits in these queues where it goes now.
    fn reroute(&self, queues: &[QueueKey]) {
        let deployments = &self.inner.worker_deployments;
        for queue in queues {
            let routing = deployments.routing(queue, TaskQueueType::Workflow);
            self.inner.workflow_matching.route(queue, routing);
            let routing = deployments.routing(queue, TaskQueueType::Activity);
            self.inner.matching.route(queue, routing);
        }
    }
}

fn queues_differ(before: &WorkerDeployment, after: &WorkerDeployment) -> bool {
    !queues_of(before).eq(queues_of(after))
}
