//! Lists and counts of runs.

use wrt_machine::{deployment_version, versioning_behavior};
use wrt_model::{
    Namespace, Run, Time,
    proto::{
        TaskQueue, WorkerDeploymentVersion, WorkflowType,
        deployment::Deployment,
        enums::VersioningBehavior,
        workflow::{
            DeploymentTransition, ResetPoints, WorkflowExecutionInfo, WorkflowExecutionVersioningInfo,
            versioning_override::Override,
        },
    },
    time::proto_span,
    worker_deployment::older_version_text,
};
use wrt_store::{RunCount, RunQuery};

use crate::{Engine, EngineError, clock, search_attribute::with_types};

impl Engine {
    /// A page of the runs that match a query in Temporal's list filter language.
    pub async fn list_workflows(
        &self,
        namespace: &Namespace,
        query: &str,
        page_size: u32,
        page_token: &[u8],
    ) -> Result<(Vec<WorkflowExecutionInfo>, Vec<u8>), EngineError> {
        let page = self
            .inner
            .store
            .list(&about(namespace, query), page_size, page_token)
            .await?;
        let shown = page.runs.iter().map(|run| execution_info(namespace, run));
        Ok((shown.collect(), page.next_page_token))
    }

    /// How many runs match a query, in groups when it asks for them.
    pub async fn count_workflows(&self, namespace: &Namespace, query: &str) -> Result<RunCount, EngineError> {
        Ok(self.inner.store.count(&about(namespace, query)).await?)
    }
}

fn about<'a>(namespace: &'a Namespace, query: &'a str) -> RunQuery<'a> {
    RunQuery {
        namespace_id: &namespace.id,
        text: query,
        now: clock::now(),
    }
}

/// What lists and descriptions show of a run.
#[expect(deprecated, reason = "older clients read the stamp of the last worker")]
pub(crate) fn execution_info(namespace: &Namespace, run: &Run) -> WorkflowExecutionInfo {
    let close_time = (run.close_ns != 0).then(|| Time::from_nanos(run.close_ns));
    let parent = run.parent.as_ref();
    let execution_time = Time::from_nanos(run.execution_ns);
    WorkflowExecutionInfo {
        execution: Some(run.execution()),
        r#type: Some(WorkflowType {
            name: run.workflow_type.clone(),
        }),
        start_time: Some(run.started().into()),
        execution_time: Some(execution_time.into()),
        close_time: close_time.map(Into::into),
        status: run.status,
        history_length: run.history_length(),
        history_size_bytes: run.history_bytes,
        state_transition_count: run.state_transition_count,
        external_payload_count: run.external_payload_count,
        external_payload_size_bytes: run.external_payload_size_bytes,
        // Clients look into these without asking whether they are there.
        memo: Some(run.memo.clone().unwrap_or_default()),
        search_attributes: Some(with_types(namespace, run.search_attributes.clone().unwrap_or_default())),
        task_queue: run.task_queue.clone(),
        priority: run.priority.clone(),
        worker_deployment_name: deployment_version(run)
            .map(|version| version.deployment_name.clone())
            .unwrap_or_default(),
        versioning_info: versioning_info(run),
        auto_reset_points: Some(ResetPoints {
            points: run.reset_points.clone(),
        }),
        most_recent_worker_version_stamp: run.worker_version.clone(),
        execution_duration: close_time.map(|close| proto_span(close.since(execution_time))),
        first_run_id: run.first_execution_run_id.clone(),
        root_execution: run.root.clone().or_else(|| Some(run.execution())),
        parent_namespace_id: parent.map(|parent| parent.namespace_id.clone()).unwrap_or_default(),
        parent_execution: parent.and_then(|parent| parent.execution.clone()),
        ..Default::default()
    }
}

/// The version that the run is on and how that is chosen, if any version has a part in it; in the words of older clients, too.
#[expect(deprecated, reason = "older clients read these")]
fn versioning_info(run: &Run) -> Option<WorkflowExecutionVersioningInfo> {
    let mut info = run.versioning_info.clone()?;
    if !run.is_run_by_workers() {
        info.set_behavior(versioning_behavior(run));
        info.deployment_version = Some(WorkerDeploymentVersion {
            build_id: run.component.clone(),
            ..Default::default()
        });
        return Some(info);
    }
    if let Some(version) = &info.deployment_version {
        info.version = older_version_text(Some(version));
        info.deployment = Some(deployment(version));
    }
    if let Some(transition) = &mut info.version_transition {
        transition.version = older_version_text(transition.deployment_version.as_ref());
        info.deployment_transition = Some(DeploymentTransition {
            deployment: transition.deployment_version.as_ref().map(deployment),
        });
    }
    if let Some(versioning) = &mut info.versioning_override {
        match &versioning.r#override {
            Some(Override::Pinned(pinned)) => {
                versioning.behavior = VersioningBehavior::Pinned as i32;
                versioning.pinned_version = older_version_text(pinned.version.as_ref());
            }
            Some(Override::AutoUpgrade(_)) => versioning.behavior = VersioningBehavior::AutoUpgrade as i32,
            Some(Override::OneTime(_)) | None => {}
        }
    }
    Some(info)
}

fn deployment(version: &WorkerDeploymentVersion) -> Deployment {
    Deployment {
        series_name: version.deployment_name.clone(),
        build_id: version.build_id.clone(),
    }
}

/// A task queue by its name.
pub(crate) fn task_queue(name: &str) -> TaskQueue {
    TaskQueue {
        name: name.to_owned(),
        kind: 1,
        ..Default::default()
    }
}
