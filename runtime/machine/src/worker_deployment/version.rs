//! The versions of a worker deployment: how they come, what is attached to them, and how they go.

use std::collections::HashMap;

use wrt_model::{
    proto::{
        Payload,
        deployment::{VersionMetadata, worker_deployment_version_info::VersionTaskQueueInfo},
        enums::{VersionDrainageStatus, WorkerDeploymentVersionStatus as Status},
    },
    worker_deployment::DeployedVersion,
};

use super::{
    Decided, Modifier,
    WorkerDeploymentRejection::{FailedPrecondition, LimitExceeded, VersionNotFound},
    WorkerDeploymentTurn, version_not_found, version_status,
};

/// Versions that a deployment has at most.
const VERSIONS: usize = 100;

/// Task queues that a version polls at most.
const TASK_QUEUES: usize = 100;

impl WorkerDeploymentTurn<'_> {
    /// A worker of this version polls a task queue. False when that is known.
    pub fn register(&mut self, build_id: &str, queue: VersionTaskQueueInfo) -> Decided<bool> {
        let known = self.deployment.versions.get(build_id);
        if known.is_some_and(|version| version.polls(&queue.name, queue.r#type())) {
            return Ok(false);
        }
        let name = self.deployment.name.clone();
        let version = self.ensure_version(build_id)?;
        if version.task_queues.len() >= TASK_QUEUES {
            return Err(LimitExceeded(format!(
                "build ID '{build_id}' of Worker Deployment '{name}' polls {TASK_QUEUES} task queues already, and cannot poll \
                 '{}' too",
                queue.name
            )));
        }
        version.task_queues.push(queue);
        Ok(true)
    }

    /// This request has created the deployment.
    pub fn created_by(&mut self, identity: &str, request_id: &str) {
        identity.clone_into(&mut self.deployment.last_modifier_identity);
        request_id.clone_into(&mut self.deployment.create_request_id);
    }

    /// An operator creates a version that no worker has polled for. The same request again changes nothing.
    pub fn create_version(&mut self, build_id: &str, identity: &str, request_id: &str) -> Decided<bool> {
        if let Some(known) = self.deployment.versions.get(build_id) {
            return match !request_id.is_empty() && known.create_request_id == request_id {
                true => Ok(false),
                false => Err(FailedPrecondition(format!(
                    "build ID '{build_id}' exists already in Worker Deployment '{}'",
                    self.deployment.name
                ))),
            };
        }
        let version = self.ensure_version(build_id)?;
        version.create_request_id = request_id.to_owned();
        version.last_modifier_identity = identity.to_owned();
        Ok(true)
    }

    /// Attaches words to a version, and takes some away. Returns what it has then.
    pub fn update_metadata(
        &mut self,
        build_id: &str,
        identity: &str,
        upserts: HashMap<String, Payload>,
        removed: &[String],
    ) -> Decided<VersionMetadata> {
        let version = self.find_version(build_id)?;
        let metadata = version.metadata.get_or_insert_default();
        metadata.entries.extend(upserts);
        metadata.entries.retain(|key, _| !removed.contains(key));
        version.last_modifier_identity = identity.to_owned();
        Ok(metadata.clone())
    }

    /// No open run is pinned to a version that is draining, or some are to one that had drained: a task that a worker of it
    /// held meanwhile may pin its run, and an operator may. False when that is known.
    pub fn drainage_seen(&mut self, build_id: &str, has_pinned_runs: bool) -> bool {
        let now = Some(self.now.into());
        let (before, after) = match has_pinned_runs {
            true => (VersionDrainageStatus::Drained, VersionDrainageStatus::Draining),
            false => (VersionDrainageStatus::Draining, VersionDrainageStatus::Drained),
        };
        let version = self.deployment.versions.get_mut(build_id);
        let drainage = version.and_then(|version| version.drainage_info.as_mut());
        let Some(drainage) = drainage.filter(|drainage| drainage.status() == before) else {
            return false;
        };
        drainage.set_status(after);
        drainage.last_checked_time = now;
        drainage.last_changed_time = now;
        true
    }

    /// Removes a version that nobody uses. False when there is none of this build id.
    pub fn delete_version(
        &mut self,
        build_id: &str,
        by: &Modifier,
        has_pollers: bool,
        skip_drainage: bool,
    ) -> Decided<bool> {
        self.check_manager(by)?;
        let why = match version_status(self.deployment, build_id) {
            Status::Unspecified => return Ok(false),
            Status::Current | Status::Ramping => "is current or ramping",
            _ if has_pollers => "has active pollers",
            Status::Draining if !skip_drainage => "is draining",
            _ => "",
        };
        if !why.is_empty() {
            let name = &self.deployment.name;
            return Err(FailedPrecondition(format!(
                "version '{name}:{build_id}' cannot be deleted since it {why}"
            )));
        }
        self.deployment.versions.remove(build_id);
        self.changed(by);
        Ok(true)
    }

    /// Says why the deployment cannot be removed.
    pub fn check_delete(&self, by: &Modifier) -> Decided {
        self.check_manager(by)?;
        match self.deployment.versions.is_empty() {
            true => Ok(()),
            false => Err(FailedPrecondition(format!(
                "Worker Deployment '{}' has versions; delete them first",
                self.deployment.name
            ))),
        }
    }

    pub(super) fn find_version(&mut self, build_id: &str) -> Decided<&mut DeployedVersion> {
        let missing = version_not_found(self.deployment, build_id);
        let version = self.deployment.versions.get_mut(build_id);
        version.ok_or(VersionNotFound(missing))
    }

    pub(super) fn ensure_version(&mut self, build_id: &str) -> Decided<&mut DeployedVersion> {
        let is_new = !self.deployment.versions.contains_key(build_id);
        if is_new && self.deployment.versions.len() >= VERSIONS {
            return Err(LimitExceeded(format!(
                "Worker Deployment '{}' has {VERSIONS} versions already; delete some of them before '{build_id}' is added",
                self.deployment.name
            )));
        }
        let created_ns = self.now.nanos();
        let version = self.deployment.versions.entry(build_id.to_owned());
        Ok(version.or_insert_with(|| DeployedVersion {
            created_ns,
            ..DeployedVersion::default()
        }))
    }
}
