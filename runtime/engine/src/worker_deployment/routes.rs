//! Which version the tasks of a run go to.

use wrt_machine::{
    ActivityRoute, Directive, PollerVersion, QueueRouting, activity_route, deployment_version, workflow_directive,
};
use wrt_model::{
    ComponentKind, Run,
    proto::{
        WorkerDeploymentVersion,
        enums::TaskQueueType,
        workflow::{VersioningOverride, versioning_override::Override},
    },
    run::Activity,
    worker_deployment::version_text,
};

use crate::{Engine, EngineError, matching::QueueKey};

/// Whether a worker may run an activity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fit {
    /// It may.
    Fits,
    /// Workers of another version may.
    Elsewhere,
    /// Nobody may before the run has moved to this version, which may be none.
    RunMovesFirst(Option<WorkerDeploymentVersion>),
}

impl Engine {
    /// The version whose workers get the run's workflow tasks; `None` for workers without a version.
    pub(crate) fn workflow_version(&self, run: &Run) -> Option<WorkerDeploymentVersion> {
        if run.versioning_info.is_none() && self.inner.worker_deployments.is_empty() {
            return None;
        }
        let routing = self.workflow_routing(run);
        routing.resolve(&workflow_directive(run), &run.workflow_id).cloned()
    }

    /// What a worker of this version is to the run whose workflow task it takes.
    pub(crate) fn poller_version(&self, run: &Run, version: Option<&WorkerDeploymentVersion>) -> PollerVersion {
        if run.versioning_info.is_none() && version.is_none() {
            return PollerVersion::default();
        }
        PollerVersion {
            version: version.cloned(),
            target: self.workflow_routing(run).target(&run.workflow_id).cloned(),
        }
    }

    /// Whether the run's next workflow task goes to another version than the one that it is on.
    pub(crate) fn is_to_move(&self, run: &Run) -> bool {
        self.workflow_version(run).as_ref() != deployment_version(run)
    }

    /// Where an activity of the run goes. Types that a component defines stay with it.
    pub(crate) fn activity_route(&self, run: &Run, activity: &Activity) -> ActivityRoute {
        let deployments = &self.inner.worker_deployments;
        let stays = ActivityRoute {
            directive: Directive::Target,
            moves_run_to: None,
        };
        if run.versioning_info.is_none() && deployments.is_empty() {
            return stays;
        }
        let queue = QueueKey::new(&run.namespace_id, &activity.task_queue);
        let component = self
            .inner
            .routing
            .find(&queue, ComponentKind::Activity, &activity.activity_type);
        if component.is_some() {
            return ActivityRoute {
                directive: Directive::Unversioned,
                ..stays
            };
        }
        let version = deployment_version(run);
        let is_polled = version.is_some_and(|version| deployments.polls(&queue, TaskQueueType::Activity, version));
        activity_route(run, is_polled, self.workflow_routing(run).target(&run.workflow_id))
    }

    /// Whether a worker of this version may run an activity of the run now.
    pub(crate) fn fit(&self, run: &Run, activity: &Activity, version: Option<&WorkerDeploymentVersion>) -> Fit {
        let route = self.activity_route(run, activity);
        // A workflow task that has begun ends where it is.
        let is_at_work = run.workflow_task.as_ref().is_some_and(|task| task.is_started());
        if let Some(target) = route.moves_run_to.filter(|_| !is_at_work) {
            return Fit::RunMovesFirst(target);
        }
        let routing = match &route.directive {
            Directive::Target | Directive::Ramping if !self.inner.worker_deployments.is_empty() => {
                let queue = QueueKey::new(&run.namespace_id, &activity.task_queue);
                self.inner.worker_deployments.routing(&queue, TaskQueueType::Activity)
            }
            _ => QueueRouting::default(),
        };
        match routing.resolve(&route.directive, &run.workflow_id) == version {
            true => Fit::Fits,
            false => Fit::Elsewhere,
        }
    }

    /// Whether workers of a version poll a queue for workflow tasks.
    pub(crate) fn version_polls(&self, namespace_id: &str, queue: &str, version: &WorkerDeploymentVersion) -> bool {
        let queue = QueueKey::new(namespace_id, queue);
        let deployments = &self.inner.worker_deployments;
        deployments.polls(&queue, TaskQueueType::Workflow, version)
    }

    /// An override has to name a version that polls the run's queue, or a component that has been deployed.
    pub(crate) async fn check_override(
        &self,
        namespace_id: &str,
        component: &str,
        task_queue: &str,
        chosen: Option<&VersioningOverride>,
    ) -> Result<(), EngineError> {
        let version = match chosen.and_then(|chosen| chosen.r#override.as_ref()) {
            Some(Override::Pinned(pinned)) => pinned.version.as_ref(),
            Some(Override::OneTime(once)) => once.target_deployment_version.as_ref(),
            Some(Override::AutoUpgrade(_)) | None => return Ok(()),
        };
        // A pin without a version is to the one that the run is pinned to already.
        let Some(version) = version else { return Ok(()) };
        if !component.is_empty() {
            return self.check_component(version).await;
        }
        if version.deployment_name.is_empty() || version.build_id.is_empty() {
            return Err(EngineError::InvalidVersioningOverride(
                "the version of an override needs a deployment name and a build ID".to_owned(),
            ));
        }
        match self.version_polls(namespace_id, task_queue, version) {
            true => Ok(()),
            false => Err(EngineError::InvalidVersioningOverride(format!(
                "Pinned version '{}' is not present in task queue '{task_queue}' of type 'Workflow'",
                version_text(version)
            ))),
        }
    }

    fn workflow_routing(&self, run: &Run) -> QueueRouting {
        let queue = QueueKey::new(&run.namespace_id, &run.task_queue);
        self.inner.worker_deployments.routing(&queue, TaskQueueType::Workflow)
    }
}
