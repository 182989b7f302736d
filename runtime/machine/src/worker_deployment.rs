//! Worker deployments: the versions of a worker program, and which of them tasks go to.
//!
//! ```text
//! (none)            --CreateWorkerDeploymentVersion--> Created
//! (none), Created   --a worker polls-----------------> Inactive
//! any               --is set-------------------------> Current, Ramping
//! Current, Ramping  --is not any more----------------> Draining
//! Draining          --no open run is pinned to it----> Drained
//! Drained           --one is again-------------------> Draining
//! ```
//!
//! What a queue makes of it is in [`routing`], what a run makes of it in [`versioning`].

pub(crate) mod inheritance;
pub(crate) mod routing;
pub(crate) mod search_attribute;
mod version;
pub(crate) mod versioning;

use wrt_model::{
    Time, WorkerDeployment,
    proto::{
        WorkerDeploymentVersion,
        deployment::{VersionDrainageInfo, WorkerDeploymentOptions},
        enums::{VersionDrainageStatus, WorkerDeploymentVersionStatus as Status, WorkerVersioningMode},
    },
    worker_deployment::{DeployedVersion, UNVERSIONED},
};

/// Why a worker deployment is not changed. Nothing has happened to it then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerDeploymentRejection {
    /// It has no such version.
    #[error("{0}")]
    VersionNotFound(String),
    /// It is not in the state for that.
    #[error("{0}")]
    FailedPrecondition(String),
    /// It has too many of something.
    #[error("{0}")]
    LimitExceeded(String),
}

use WorkerDeploymentRejection::FailedPrecondition;

type Decided<T = ()> = Result<T, WorkerDeploymentRejection>;

/// Who changes a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modifier {
    /// What the caller calls itself.
    pub identity: String,
    /// What it has seen, if it is to be told that the deployment has changed since.
    pub conflict_token: Vec<u8>,
}

/// A version that is to become current or ramping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its build id; empty for the workers without a version.
    pub build_id: String,
    /// It need not be there: it is created then.
    pub allow_no_pollers: bool,
    /// Task queues in use that the current version polls and this one does not; empty when the caller does not mind.
    pub missing_task_queues: Vec<String>,
}

/// Decides about a worker deployment: each method is one thing that can happen.
pub struct WorkerDeploymentTurn<'a> {
    deployment: &'a mut WorkerDeployment,
    now: Time,
}

impl<'a> WorkerDeploymentTurn<'a> {
    /// Begins a decision at the time `now`.
    pub fn new(deployment: &'a mut WorkerDeployment, now: Time) -> Self {
        WorkerDeploymentTurn { deployment, now }
    }

    // === Routing ===

    /// From now on tasks go to this version. False when they do already.
    pub fn set_current(&mut self, candidate: &Candidate, by: &Modifier) -> Decided<bool> {
        self.check_manager(by)?;
        let (build_id, before) = (wanted(candidate), self.deployment.current_build_id());
        if before == build_id && self.deployment.last_modifier_identity == by.identity {
            return Ok(false);
        }
        self.check_token(by)?;
        self.check_candidate(candidate, "current")?;
        let before = before.filter(|before| Some(*before) != build_id).map(str::to_owned);
        if let Some(build_id) = build_id {
            self.ensure_version(build_id)?;
        }
        if let Some(before) = before {
            self.deactivate(&before);
        }
        if self.is_ramping(build_id) {
            self.route_ramp(None, 0.0);
        }
        if let Some(build_id) = build_id {
            let now_ns = self.now.nanos();
            let version = self.activate(build_id);
            (version.current_since_ns, version.last_current_ns) = (now_ns, now_ns);
            version.ramping_since_ns = 0;
        }
        let now = Some(self.now.into());
        let current = build_id.map(|build_id| self.deployment.version(build_id));
        let routing = &mut self.deployment.routing_config;
        routing.current_deployment_version = current;
        routing.current_version_changed_time = now;
        self.rerouted(by);
        Ok(true)
    }

    /// From now on a share of the tasks, in percent, goes to this version. Nothing for no version takes the ramp away. False
    /// when that is so already.
    pub fn set_ramping(&mut self, candidate: &Candidate, percentage: f32, by: &Modifier) -> Decided<bool> {
        self.check_manager(by)?;
        let build_id = wanted(candidate);
        let unsets = build_id.is_none() && percentage == 0.0;
        let is_same = if unsets {
            !self.has_ramp()
        } else {
            self.is_ramping(build_id)
        };
        let routing = &self.deployment.routing_config;
        if is_same
            && routing.ramping_version_percentage == percentage
            && self.deployment.last_modifier_identity == by.identity
        {
            return Ok(false);
        }
        self.check_token(by)?;
        if !unsets && self.deployment.current_build_id() == build_id {
            return Err(FailedPrecondition(format!(
                "requested ramping version {} is already current",
                build_id.unwrap_or(UNVERSIONED)
            )));
        }
        if !is_same {
            self.check_candidate(candidate, "ramping")?;
            if let Some(build_id) = build_id {
                self.ensure_version(build_id)?;
            }
            if let Some(before) = self.deployment.ramping_build_id().map(str::to_owned) {
                self.deactivate(&before);
            }
        }
        if let Some(build_id) = build_id {
            let now_ns = self.now.nanos();
            let version = self.activate(build_id);
            if version.ramping_since_ns == 0 {
                version.ramping_since_ns = now_ns;
            }
        }
        self.route_ramp(build_id, percentage);
        self.rerouted(by);
        Ok(true)
    }

    /// From now on only this one may change the deployment; empty for everybody.
    pub fn set_manager(&mut self, manager_identity: &str, by: &Modifier) -> Decided {
        self.check_token(by)?;
        manager_identity.clone_into(&mut self.deployment.manager_identity);
        self.changed(by);
        Ok(())
    }

    fn check_manager(&self, by: &Modifier) -> Decided {
        let manager = &self.deployment.manager_identity;
        if manager.is_empty() || *manager == by.identity {
            return Ok(());
        }
        Err(FailedPrecondition(format!(
            "ManagerIdentity '{manager}' is set and does not match user identity '{}'; make yourself the manager, or unset it, \
             to go on",
            by.identity
        )))
    }

    fn check_token(&self, by: &Modifier) -> Decided {
        let is_current =
            by.conflict_token.is_empty() || by.conflict_token == deployment_conflict_token(self.deployment);
        match is_current {
            true => Ok(()),
            false => Err(FailedPrecondition("conflict token mismatch".to_owned())),
        }
    }

    fn check_candidate(&self, candidate: &Candidate, role: &str) -> Decided {
        let Some(build_id) = wanted(candidate) else {
            return Ok(());
        };
        let has_pollers = self
            .deployment
            .versions
            .get(build_id)
            .is_some_and(|version| !version.task_queues.is_empty());
        if !has_pollers && !candidate.allow_no_pollers {
            return Err(FailedPrecondition(version_not_found(self.deployment, build_id)));
        }
        match candidate.missing_task_queues.as_slice() {
            [] => Ok(()),
            missing => Err(FailedPrecondition(format!(
                "proposed {role} version '{}:{build_id}' is missing active task queues from the current version: {}",
                self.deployment.name,
                missing.join(", ")
            ))),
        }
    }

    /// True when this is the version that ramps; `None` stands for workers without a version.
    fn is_ramping(&self, build_id: Option<&str>) -> bool {
        self.has_ramp() && self.deployment.ramping_build_id() == build_id
    }

    /// A ramp to no version and of no share is none.
    fn has_ramp(&self) -> bool {
        let routing = &self.deployment.routing_config;
        routing.ramping_deployment_version.is_some() || routing.ramping_version_percentage > 0.0
    }

    fn route_ramp(&mut self, build_id: Option<&str>, percentage: f32) {
        let ramping = build_id.map(|build_id| self.deployment.version(build_id));
        let now = Some(self.now.into());
        let routing = &mut self.deployment.routing_config;
        if routing.ramping_deployment_version != ramping {
            routing.ramping_deployment_version = ramping;
            routing.ramping_version_changed_time = now;
        }
        routing.ramping_version_percentage = percentage;
        routing.ramping_version_percentage_changed_time = now;
    }

    /// The version is about to be current or ramping.
    fn activate(&mut self, build_id: &str) -> &mut DeployedVersion {
        let now_ns = self.now.nanos();
        let version = self
            .deployment
            .versions
            .get_mut(build_id)
            .expect("it was created if it had not been there");
        version.routing_changed_ns = now_ns;
        version.last_deactivation_ns = 0;
        version.drainage_info = None;
        if version.first_activation_ns == 0 {
            version.first_activation_ns = now_ns;
        }
        version
    }

    /// The version is neither current nor ramping any more.
    fn deactivate(&mut self, build_id: &str) {
        let (now, now_ns) = (Some(self.now.into()), self.now.nanos());
        let Some(version) = self.deployment.versions.get_mut(build_id) else {
            return;
        };
        (version.current_since_ns, version.ramping_since_ns) = (0, 0);
        version.routing_changed_ns = now_ns;
        version.last_deactivation_ns = now_ns;
        version.drainage_info = Some(VersionDrainageInfo {
            status: VersionDrainageStatus::Draining as i32,
            last_changed_time: now,
            last_checked_time: now,
        });
    }

    fn rerouted(&mut self, by: &Modifier) {
        self.deployment.routing_config.revision_number += 1;
        self.changed(by);
    }

    fn changed(&mut self, by: &Modifier) {
        self.deployment.conflict_token += 1;
        by.identity.clone_into(&mut self.deployment.last_modifier_identity);
    }
}

fn wanted(candidate: &Candidate) -> Option<&str> {
    (!candidate.build_id.is_empty()).then_some(candidate.build_id.as_str())
}

/// Why a version cannot be found.
pub fn version_not_found(deployment: &WorkerDeployment, build_id: &str) -> String {
    format!(
        "build ID '{build_id}' not found in Worker Deployment '{}'",
        deployment.name
    )
}

/// What a caller sends back who wants to be told that the deployment has changed since.
pub fn deployment_conflict_token(deployment: &WorkerDeployment) -> Vec<u8> {
    deployment.conflict_token.to_be_bytes().to_vec()
}

/// Where a version stands; unspecified for one that is not there.
pub fn version_status(deployment: &WorkerDeployment, build_id: &str) -> Status {
    let Some(version) = deployment.versions.get(build_id) else {
        return Status::Unspecified;
    };
    let drainage = version.drainage_info.as_ref().map(VersionDrainageInfo::status);
    match drainage {
        _ if version.current_since_ns != 0 => Status::Current,
        _ if version.ramping_since_ns != 0 => Status::Ramping,
        Some(VersionDrainageStatus::Draining) => Status::Draining,
        Some(VersionDrainageStatus::Drained) => Status::Drained,
        _ if version.task_queues.is_empty() => Status::Created,
        _ => Status::Inactive,
    }
}

/// The version that a worker with these options belongs to; `None` for one without a version.
pub fn version_of_worker(options: Option<&WorkerDeploymentOptions>) -> Option<WorkerDeploymentVersion> {
    let options = options.filter(|options| options.worker_versioning_mode() == WorkerVersioningMode::Versioned)?;
    Some(WorkerDeploymentVersion {
        deployment_name: options.deployment_name.clone(),
        build_id: options.build_id.clone(),
    })
}
