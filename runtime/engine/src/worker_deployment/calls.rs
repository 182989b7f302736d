//! What operators ask of worker deployments.

use std::{collections::HashMap, sync::Arc};

use wrt_machine::{Candidate, Modifier, WorkerDeploymentTurn, pinned_build_id};
use wrt_model::{
    Namespace, WorkerDeployment, WorkerDeploymentKey,
    proto::{
        Payload, WorkerDeploymentVersion,
        deployment::{VersionMetadata, worker_deployment_version_info::VersionTaskQueueInfo},
        enums::TaskQueueType,
        taskqueue::{TaskQueueStats, TaskQueueVersioningInfo},
    },
    worker_deployment::version_text,
};

use super::Missing;
use crate::{
    Engine, EngineError, clock,
    matching::{QueueDescription, QueueKey},
};

/// A version that is to become current or ramping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionTarget {
    /// The deployment's name.
    pub deployment_name: String,
    /// The build id; empty for workers without a version.
    pub build_id: String,
    /// It need not poll the queues that the current version polls.
    pub ignore_missing_task_queues: bool,
    /// No worker of it need have polled.
    pub allow_no_pollers: bool,
    /// Who asks for it.
    pub by: Modifier,
}

/// A deployment before and after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerDeploymentChange {
    /// What it was.
    pub before: Arc<WorkerDeployment>,
    /// What it is.
    pub after: Arc<WorkerDeployment>,
}

impl Engine {
    // === Reading ===

    /// A worker deployment as it is now.
    pub async fn worker_deployment(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Arc<WorkerDeployment>, EngineError> {
        let known = self
            .inner
            .worker_deployments
            .get(&WorkerDeploymentKey::new(&*namespace.id, name));
        let known = known.ok_or_else(|| EngineError::WorkerDeploymentNotFound(name.to_owned()))?;
        self.with_drainage(known).await
    }

    /// The worker deployments of a namespace, by their names: at most so many, from the one that follows `after`.
    pub async fn worker_deployments(
        &self,
        namespace: &Namespace,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Arc<WorkerDeployment>>, EngineError> {
        let known = self.inner.worker_deployments.of_namespace(&namespace.id).into_iter();
        let mut page = Vec::new();
        for deployment in known.filter(|known| known.name.as_str() > after).take(limit) {
            page.push(self.with_drainage(deployment).await?);
        }
        Ok(page)
    }

    /// What waits for the workers of a version, in each of the queues that they poll; by priority key, too.
    pub fn version_backlog(
        &self,
        namespace: &Namespace,
        version: &WorkerDeploymentVersion,
        queue: &VersionTaskQueueInfo,
    ) -> (TaskQueueStats, HashMap<i32, TaskQueueStats>) {
        let key = QueueKey::new(&namespace.id, &queue.name);
        let backlog = match queue.r#type() {
            TaskQueueType::Activity => self.inner.matching.version_backlog(&key, version),
            _ => self.inner.workflow_matching.version_backlog(&key, version),
        };
        let described = QueueDescription {
            backlog,
            ..QueueDescription::default()
        };
        (described.total(), described.backlog.into_iter().collect())
    }

    /// Which versions the tasks of a queue go to.
    pub fn task_queue_versioning(
        &self,
        namespace: &Namespace,
        name: &str,
        kind: TaskQueueType,
    ) -> Option<TaskQueueVersioningInfo> {
        let key = QueueKey::new(&namespace.id, name);
        self.inner.worker_deployments.routing(&key, kind).info()
    }

    // === Creating and removing ===

    /// Creates a worker deployment. The same request again finds it.
    pub async fn create_worker_deployment(
        &self,
        namespace: &Namespace,
        name: &str,
        identity: &str,
        request_id: &str,
    ) -> Result<Arc<WorkerDeployment>, EngineError> {
        let key = WorkerDeploymentKey::new(&*namespace.id, name);
        if let Some(known) = self.inner.worker_deployments.get(&key) {
            return match !request_id.is_empty() && known.create_request_id == request_id {
                true => Ok(known),
                false => Err(EngineError::WorkerDeploymentAlreadyExists(name.to_owned())),
            };
        }
        let changed = self.change_worker_deployment(&key, Missing::Create, |turn| {
            turn.created_by(identity, request_id);
            Ok(())
        });
        Ok(changed.await?.2)
    }

    /// Creates a version that no worker has polled for.
    pub async fn create_worker_deployment_version(
        &self,
        namespace: &Namespace,
        version: &WorkerDeploymentVersion,
        identity: &str,
        request_id: &str,
    ) -> Result<(), EngineError> {
        let key = WorkerDeploymentKey::new(&*namespace.id, &*version.deployment_name);
        let created = self.change_worker_deployment(&key, Missing::Refuse, |turn| {
            turn.create_version(&version.build_id, identity, request_id)
        });
        created.await.map(drop)
    }

    /// Removes a version that nobody uses. One that is not there is removed already.
    pub async fn delete_worker_deployment_version(
        &self,
        namespace: &Namespace,
        version: &WorkerDeploymentVersion,
        skip_drainage: bool,
        by: &Modifier,
    ) -> Result<(), EngineError> {
        let known = self.worker_deployment(namespace, &version.deployment_name).await?;
        let queues = known
            .versions
            .get(&version.build_id)
            .map(|it| it.task_queues.as_slice());
        let mut queues = queues.unwrap_or_default().iter();
        let has_pollers = queues.any(|queue| self.is_polled_by(namespace, version, queue));
        let key = known.key();
        let deleted = self.change_worker_deployment(&key, Missing::Refuse, |turn| {
            turn.delete_version(&version.build_id, by, has_pollers, skip_drainage)
        });
        deleted.await.map(drop)
    }

    /// Removes a deployment without versions. One that is not there is removed already.
    pub async fn delete_worker_deployment(
        &self,
        namespace: &Namespace,
        name: &str,
        by: &Modifier,
    ) -> Result<(), EngineError> {
        let key = WorkerDeploymentKey::new(&*namespace.id, name);
        let deployments = &self.inner.worker_deployments;
        let _changing = deployments.changing.lock().await;
        let Some(known) = deployments.get(&key) else {
            return Ok(());
        };
        WorkerDeploymentTurn::new(&mut WorkerDeployment::clone(&known), clock::now()).check_delete(by)?;
        self.inner.store.worker_deployment_delete(&key).await?;
        let queues = deployments.put(&key, None);
        self.reroute(&queues);
        Ok(())
    }

    // === Changing ===

    /// Has tasks go to another version.
    pub async fn set_worker_deployment_current_version(
        &self,
        namespace: &Namespace,
        target: VersionTarget,
    ) -> Result<WorkerDeploymentChange, EngineError> {
        let (key, if_missing) = target.place(namespace);
        let candidate = self.candidate(namespace, &target);
        let changed = self.change_worker_deployment(&key, if_missing, |turn| turn.set_current(&candidate, &target.by));
        let (_, before, after) = changed.await?;
        Ok(WorkerDeploymentChange { before, after })
    }

    /// Has a share of the tasks, in percent, go to another version.
    pub async fn set_worker_deployment_ramping_version(
        &self,
        namespace: &Namespace,
        target: VersionTarget,
        percentage: f32,
    ) -> Result<WorkerDeploymentChange, EngineError> {
        let (key, if_missing) = target.place(namespace);
        let candidate = self.candidate(namespace, &target);
        let changed = self.change_worker_deployment(&key, if_missing, |turn| {
            turn.set_ramping(&candidate, percentage, &target.by)
        });
        let (_, before, after) = changed.await?;
        Ok(WorkerDeploymentChange { before, after })
    }

    /// Lets only one client change a deployment, or everybody.
    pub async fn set_worker_deployment_manager(
        &self,
        namespace: &Namespace,
        name: &str,
        manager_identity: &str,
        by: &Modifier,
    ) -> Result<WorkerDeploymentChange, EngineError> {
        let key = WorkerDeploymentKey::new(&*namespace.id, name);
        let changed =
            self.change_worker_deployment(&key, Missing::Refuse, |turn| turn.set_manager(manager_identity, by));
        let ((), before, after) = changed.await?;
        Ok(WorkerDeploymentChange { before, after })
    }

    /// Attaches words to a version, and takes some away. Returns what it has then.
    pub async fn update_worker_deployment_version_metadata(
        &self,
        namespace: &Namespace,
        version: &WorkerDeploymentVersion,
        identity: &str,
        upserts: HashMap<String, Payload>,
        removed: &[String],
    ) -> Result<VersionMetadata, EngineError> {
        let key = WorkerDeploymentKey::new(&*namespace.id, &*version.deployment_name);
        let changed = self.change_worker_deployment(&key, Missing::Refuse, |turn| {
            turn.update_metadata(&version.build_id, identity, upserts, removed)
        });
        Ok(changed.await?.0)
    }

    // === Facts ===

    fn candidate(&self, namespace: &Namespace, target: &VersionTarget) -> Candidate {
        let missing_task_queues = match target.ignore_missing_task_queues || target.build_id.is_empty() {
            true => Vec::new(),
            false => self.missing_task_queues(namespace, target),
        };
        Candidate {
            build_id: target.build_id.clone(),
            allow_no_pollers: target.allow_no_pollers,
            missing_task_queues,
        }
    }

    /// The queues in use that the current version polls and the other one does not, unless another deployment has taken them
    /// over.
    fn missing_task_queues(&self, namespace: &Namespace, target: &VersionTarget) -> Vec<String> {
        let deployments = &self.inner.worker_deployments;
        let key = target.place(namespace).0;
        let Some(known) = deployments.get(&key) else {
            return Vec::new();
        };
        let current = known.current_build_id().filter(|current| *current != target.build_id);
        let Some(version) = current.and_then(|current| known.versions.get(current)) else {
            return Vec::new();
        };
        let missing = version.task_queues.iter().filter(|queue| {
            let place = QueueKey::new(&namespace.id, &queue.name);
            let current = known.routing_config.current_deployment_version.as_ref();
            let is_served = known.polls(&target.build_id, &queue.name, queue.r#type());
            let is_ours = deployments.routing(&place, queue.r#type()).current() == current;
            !is_served && is_ours && self.is_in_use(&place, queue.r#type())
        });
        missing.map(|queue| queue.name.clone()).collect()
    }

    /// Whether tasks wait in a queue, or have come to it lately.
    fn is_in_use(&self, queue: &QueueKey, kind: TaskQueueType) -> bool {
        let stats = match kind {
            TaskQueueType::Activity => self.inner.matching.describe(queue).total(),
            _ => self.inner.workflow_matching.describe(queue).total(),
        };
        stats.approximate_backlog_count > 0 || stats.tasks_add_rate > 0.0
    }

    fn is_polled_by(
        &self,
        namespace: &Namespace,
        version: &WorkerDeploymentVersion,
        queue: &VersionTaskQueueInfo,
    ) -> bool {
        let key = QueueKey::new(&namespace.id, &queue.name);
        match queue.r#type() {
            TaskQueueType::Activity => self.inner.matching.is_polled_by(&key, version),
            _ => self.inner.workflow_matching.is_polled_by(&key, version),
        }
    }

    /// Looks which of the versions that are not in use any more have drained, and which have not.
    async fn with_drainage(&self, known: Arc<WorkerDeployment>) -> Result<Arc<WorkerDeployment>, EngineError> {
        let mut has_pinned_runs = Vec::new();
        for (build_id, version) in &known.versions {
            if version.drainage_info.is_some() {
                let is_pinned_to = self.has_pinned_runs(&known, build_id).await?;
                has_pinned_runs.push((build_id.clone(), is_pinned_to));
            }
        }
        if has_pinned_runs.is_empty() {
            return Ok(known);
        }
        let (_, _, checked) = self
            .change_worker_deployment(&known.key(), Missing::Refuse, |turn| {
                for (build_id, has_pinned_runs) in &has_pinned_runs {
                    turn.drainage_seen(build_id, *has_pinned_runs);
                }
                Ok(())
            })
            .await?;
        let mut checked = WorkerDeployment::clone(&checked);
        let versions = checked.versions.values_mut();
        for drainage in versions.filter_map(|version| version.drainage_info.as_mut()) {
            drainage.last_checked_time = Some(clock::now().into());
        }
        Ok(Arc::new(checked))
    }

    async fn has_pinned_runs(&self, deployment: &WorkerDeployment, build_id: &str) -> Result<bool, EngineError> {
        let version = deployment.version(build_id);
        let pinned = pinned_build_id(&version_text(&version)).replace('\'', "''");
        let query = format!("BuildIds = '{pinned}' AND ExecutionStatus IN ('Running', 'Paused')");
        let namespace = self.namespace_by_id(&deployment.namespace_id).await?;
        Ok(self.count_workflows(&namespace, &query).await?.total > 0)
    }
}

impl VersionTarget {
    /// The deployment, and whether it is created with the version.
    fn place(&self, namespace: &Namespace) -> (WorkerDeploymentKey, Missing) {
        let key = WorkerDeploymentKey::new(&*namespace.id, &*self.deployment_name);
        let if_missing = match self.allow_no_pollers {
            true => Missing::Create,
            false => Missing::Refuse,
        };
        (key, if_missing)
    }
}
