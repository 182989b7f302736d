//! Which version the tasks of one task queue go to.

use sha2::{Digest, Sha256};
use wrt_model::{
    Time, WorkerDeployment,
    proto::{
        WorkerDeploymentVersion, deployment::RoutingConfig, enums::TaskQueueType, taskqueue::TaskQueueVersioningInfo,
    },
    worker_deployment::older_version_text,
};

/// Where a task wants to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Directive {
    /// Where its queue sends it: to the current version, or for a share of the workflows to the ramping one.
    #[default]
    Target,
    /// To the ramping version, however small its share is; to the current one when there is none.
    Ramping,
    /// To this version.
    Version(WorkerDeploymentVersion),
    /// To workers without a version.
    Unversioned,
}

/// What a task queue makes of the deployments whose workers poll it. The default is that of a queue without any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueRouting {
    current: Option<WorkerDeploymentVersion>,
    current_changed: Option<Time>,
    ramping: Option<WorkerDeploymentVersion>,
    ramping_changed: Option<Time>,
    percentage: f32,
}

impl QueueRouting {
    /// The routing of a queue. Of several deployments, the one that was changed last counts; one whose version polls the
    /// queue comes before one that sends tasks to workers without a version.
    pub fn of<'a>(deployments: impl Iterator<Item = &'a WorkerDeployment>, queue: &str, kind: TaskQueueType) -> Self {
        let mut routing = QueueRouting::default();
        let polls = |deployment: &WorkerDeployment, version: &Option<WorkerDeploymentVersion>| {
            let version = version.as_ref();
            version.is_none_or(|version| deployment.polls(&version.build_id, queue, kind))
        };
        let mut deployments: Vec<_> = deployments
            .filter(|deployment| deployment.versions.values().any(|version| version.polls(queue, kind)))
            .collect();
        deployments.sort_by(|a, b| a.name.cmp(&b.name));
        for deployment in deployments {
            let config = &deployment.routing_config;
            let changed = time(config.current_version_changed_time.as_ref());
            if polls(deployment, &config.current_deployment_version)
                && (config.current_deployment_version.is_some(), changed)
                    > (routing.current.is_some(), routing.current_changed)
            {
                routing.current = config.current_deployment_version.clone();
                routing.current_changed = changed;
            }
            let changed = time(config.ramping_version_percentage_changed_time.as_ref());
            if polls(deployment, &config.ramping_deployment_version)
                && (has_ramp(config), changed) > (routing.has_ramp(), routing.ramping_changed)
            {
                routing.ramping = config.ramping_deployment_version.clone();
                routing.percentage = config.ramping_version_percentage;
                routing.ramping_changed = changed;
            }
        }
        routing
    }

    /// The version that a task of this workflow goes to; `None` for workers without a version.
    pub fn resolve<'a>(&'a self, directive: &'a Directive, workflow_id: &str) -> Option<&'a WorkerDeploymentVersion> {
        match directive {
            Directive::Version(version) => Some(version),
            Directive::Unversioned => None,
            Directive::Ramping if self.has_ramp() => self.ramping.as_ref(),
            Directive::Ramping | Directive::Target if self.ramps(workflow_id) => self.ramping.as_ref(),
            Directive::Ramping | Directive::Target => self.current.as_ref(),
        }
    }

    /// The version that counts as current for the queue.
    pub fn current(&self) -> Option<&WorkerDeploymentVersion> {
        self.current.as_ref()
    }

    /// Where a run goes that is free to go.
    pub fn target(&self, workflow_id: &str) -> Option<&WorkerDeploymentVersion> {
        self.resolve(&Directive::Target, workflow_id)
    }

    /// The queue's part in what is shown of it; `None` when no version has ever been set for it.
    pub fn info(&self) -> Option<TaskQueueVersioningInfo> {
        let changed = self.current_changed.max(self.ramping_changed)?;
        #[expect(deprecated, reason = "older clients read these")]
        Some(TaskQueueVersioningInfo {
            current_deployment_version: self.current.clone(),
            current_version: older_version_text(self.current.as_ref()),
            ramping_deployment_version: self.ramping.clone(),
            ramping_version: match self.has_ramp() {
                true => older_version_text(self.ramping.as_ref()),
                false => String::new(),
            },
            ramping_version_percentage: self.percentage,
            update_time: Some(changed.into()),
        })
    }

    fn has_ramp(&self) -> bool {
        self.ramping.is_some() || self.percentage > 0.0
    }

    /// Whether the workflow is among those that go to the ramping version: always the same ones, and more of them with a
    /// larger share.
    fn ramps(&self, workflow_id: &str) -> bool {
        match self.percentage {
            ..=0.0 => false,
            100.0.. => true,
            percentage => threshold(workflow_id) < f64::from(percentage),
        }
    }
}

fn has_ramp(config: &RoutingConfig) -> bool {
    config.ramping_deployment_version.is_some() || config.ramping_version_percentage > 0.0
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<Time> {
    time.map(Time::from)
}

/// From 0 to 100, evenly spread over the ids. It may never change: workflows would change sides.
fn threshold(workflow_id: &str) -> f64 {
    let hash = Sha256::digest(workflow_id.as_bytes());
    let (first, _) = hash.split_first_chunk::<4>().expect("sha-256 has 32 bytes");
    100.0 * f64::from(u32::from_be_bytes(*first)) / (f64::from(u32::MAX) + 1.0)
}
