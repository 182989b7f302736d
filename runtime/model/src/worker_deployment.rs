//! Worker deployments: names under which versions of a worker program poll task queues.
//!
//! A deployment is stored as this protobuf message, so every field is a promise: a number is never used twice, and what is
//! added must have a sensible zero.

use std::collections::BTreeMap;

use crate::proto::{
    WorkerDeploymentVersion,
    deployment::{
        RoutingConfig, VersionDrainageInfo, VersionMetadata, worker_deployment_version_info::VersionTaskQueueInfo,
    },
    enums::TaskQueueType,
};

/// What stands for all workers without a version where a version is written as text.
pub const UNVERSIONED: &str = "__unversioned__";

/// Between the name and the build id of a version that is written as text.
const DELIMITER: char = ':';

/// The same in the fields of older clients.
const OLDER_DELIMITER: char = '.';

/// Names a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerDeploymentKey {
    /// The namespace's id.
    pub namespace_id: String,
    /// The deployment's name.
    pub name: String,
}

impl WorkerDeploymentKey {
    /// A key from its two parts.
    pub fn new(namespace_id: impl Into<String>, name: impl Into<String>) -> Self {
        WorkerDeploymentKey {
            namespace_id: namespace_id.into(),
            name: name.into(),
        }
    }
}

/// A deployment with all its versions.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerDeployment {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// When it was created, in nanoseconds since the epoch, like all times here.
    #[prost(int64, tag = "3")]
    pub created_ns: i64,
    /// Which versions tasks go to. The fields of older clients stay empty.
    #[prost(message, required, tag = "4")]
    pub routing_config: RoutingConfig,
    /// Its versions by their build ids.
    #[prost(btree_map = "string, message", tag = "5")]
    pub versions: BTreeMap<String, DeployedVersion>,
    /// The only one who may change it; empty for everybody.
    #[prost(string, tag = "6")]
    pub manager_identity: String,
    /// Who has changed it last.
    #[prost(string, tag = "7")]
    pub last_modifier_identity: String,
    /// How often its configuration has been changed.
    #[prost(int64, tag = "8")]
    pub conflict_token: i64,
    /// The request that has created it, if one has.
    #[prost(string, tag = "9")]
    pub create_request_id: String,
}

/// A version of a deployment.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeployedVersion {
    /// When it was created.
    #[prost(int64, tag = "1")]
    pub created_ns: i64,
    /// The task queues that workers of it have polled.
    #[prost(message, repeated, tag = "2")]
    pub task_queues: Vec<VersionTaskQueueInfo>,
    /// When it last became current or ramping, or ceased to be, or its share changed; 0 for never.
    #[prost(int64, tag = "3")]
    pub routing_changed_ns: i64,
    /// Since when it is current; 0 while it is not.
    #[prost(int64, tag = "4")]
    pub current_since_ns: i64,
    /// Since when it is ramping; 0 while it is not.
    #[prost(int64, tag = "5")]
    pub ramping_since_ns: i64,
    /// When it first became current or ramping; 0 for never.
    #[prost(int64, tag = "6")]
    pub first_activation_ns: i64,
    /// When it last became current; 0 for never.
    #[prost(int64, tag = "7")]
    pub last_current_ns: i64,
    /// When it last ceased to be current or ramping; 0 while it is one of the two.
    #[prost(int64, tag = "8")]
    pub last_deactivation_ns: i64,
    /// Whether runs are left that are pinned to it; absent while it is current or ramping, or has never been.
    #[prost(message, optional, tag = "9")]
    pub drainage_info: Option<VersionDrainageInfo>,
    /// What operators have attached.
    #[prost(message, optional, tag = "10")]
    pub metadata: Option<VersionMetadata>,
    /// Who has changed it last.
    #[prost(string, tag = "11")]
    pub last_modifier_identity: String,
    /// The request that has created it, if one has.
    #[prost(string, tag = "12")]
    pub create_request_id: String,
}

// === impl WorkerDeployment ===

impl WorkerDeployment {
    /// Its name with that of its namespace.
    pub fn key(&self) -> WorkerDeploymentKey {
        WorkerDeploymentKey::new(&*self.namespace_id, &*self.name)
    }

    /// The name of one of its versions.
    pub fn version(&self, build_id: &str) -> WorkerDeploymentVersion {
        WorkerDeploymentVersion {
            deployment_name: self.name.clone(),
            build_id: build_id.to_owned(),
        }
    }

    /// The build id of the current version; `None` when tasks go to workers without a version.
    pub fn current_build_id(&self) -> Option<&str> {
        let current = self.routing_config.current_deployment_version.as_ref();
        current.map(|version| version.build_id.as_str())
    }

    /// The build id of the ramping version; `None` when there is none, or when it stands for workers without a version.
    pub fn ramping_build_id(&self) -> Option<&str> {
        let ramping = self.routing_config.ramping_deployment_version.as_ref();
        ramping.map(|version| version.build_id.as_str())
    }

    /// Whether workers of this version have polled the queue.
    pub fn polls(&self, build_id: &str, queue: &str, kind: TaskQueueType) -> bool {
        let version = self.versions.get(build_id);
        version.is_some_and(|version| version.polls(queue, kind))
    }
}

// === impl DeployedVersion ===

impl DeployedVersion {
    /// Whether workers of it have polled the queue.
    pub fn polls(&self, queue: &str, kind: TaskQueueType) -> bool {
        let mut queues = self.task_queues.iter();
        queues.any(|known| known.name == queue && known.r#type == kind as i32)
    }
}

// === Versions as text ===

/// A version as search attributes have it: `<deployment name>:<build id>`.
pub fn version_text(version: &WorkerDeploymentVersion) -> String {
    format!("{}{DELIMITER}{}", version.deployment_name, version.build_id)
}

/// A version as older clients read it: `<deployment name>.<build id>`, or [`UNVERSIONED`].
pub fn older_version_text(version: Option<&WorkerDeploymentVersion>) -> String {
    match version {
        Some(version) => format!("{}{OLDER_DELIMITER}{}", version.deployment_name, version.build_id),
        None => UNVERSIONED.to_owned(),
    }
}

/// The version that a text names, with either delimiter; `None` for one that names none. No deployment's name holds one
/// of the delimiters.
pub fn parse_version(text: &str) -> Option<WorkerDeploymentVersion> {
    let (name, build_id) = text.split_once([DELIMITER, OLDER_DELIMITER])?;
    let is_whole = !name.is_empty() && !build_id.is_empty();
    is_whole.then(|| WorkerDeploymentVersion {
        deployment_name: name.to_owned(),
        build_id: build_id.to_owned(),
    })
}

/// Whether a text can be the name of a deployment, beside being of a sensible length.
pub fn is_deployment_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with("__") && !text.contains([DELIMITER, OLDER_DELIMITER])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(deployment_name: &str, build_id: &str) -> WorkerDeploymentVersion {
        WorkerDeploymentVersion {
            deployment_name: deployment_name.to_owned(),
            build_id: build_id.to_owned(),
        }
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        let dotted = version("shop", "1.0:rc");
        assert_eq!(parse_version(&version_text(&dotted)), Some(dotted.clone()));
        assert_eq!(parse_version(&older_version_text(Some(&dotted))), Some(dotted));
        assert_eq!(older_version_text(None), UNVERSIONED);
        for wrong in ["", "shop", "shop.", ":1", UNVERSIONED] {
            assert_eq!(parse_version(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_hold_no_delimiter() {
        assert!(is_deployment_name("shop-2"));
        for wrong in ["", "a.b", "a:b", "__a"] {
            assert!(!is_deployment_name(wrong), "{wrong}");
        }
    }
}
