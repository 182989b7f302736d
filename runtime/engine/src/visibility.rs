//! Lists and counts of runs.

use wrt_model::{
    Namespace, Run, Time,
    proto::{
        TaskQueue, WorkerDeploymentVersion, WorkflowType,
        enums::VersioningBehavior,
        workflow::{WorkflowExecutionInfo, WorkflowExecutionVersioningInfo, versioning_override::Override},
    },
    time::proto_span,
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
        memo: run.memo.clone(),
        search_attributes: run
            .search_attributes
            .clone()
            .map(|attributes| with_types(namespace, attributes)),
        task_queue: run.task_queue.clone(),
        priority: run.priority.clone(),
        versioning_info: versioning_info(run),
        execution_duration: close_time.map(|close| proto_span(close.since(execution_time))),
        first_run_id: run.first_execution_run_id.clone(),
        root_execution: run.root.clone().or_else(|| Some(run.execution())),
        parent_namespace_id: parent.map(|parent| parent.namespace_id.clone()).unwrap_or_default(),
        parent_execution: parent.and_then(|parent| parent.execution.clone()),
        ..Default::default()
    }
}

/// How the run's version is chosen, if an operator has chosen.
fn versioning_info(run: &Run) -> Option<WorkflowExecutionVersioningInfo> {
    let versioning_override = run.versioning_override.clone()?;
    let behavior = match versioning_override.r#override {
        Some(Override::Pinned(_)) => VersioningBehavior::Pinned,
        Some(Override::AutoUpgrade(true)) => VersioningBehavior::AutoUpgrade,
        _ => VersioningBehavior::Unspecified,
    };
    Some(WorkflowExecutionVersioningInfo {
        behavior: behavior as i32,
        deployment_version: (!run.component.is_empty()).then(|| WorkerDeploymentVersion {
            build_id: run.component.clone(),
            ..Default::default()
        }),
        versioning_override: Some(versioning_override),
        ..Default::default()
    })
}

/// A task queue by its name.
pub(crate) fn task_queue(name: &str) -> TaskQueue {
    TaskQueue {
        name: name.to_owned(),
        kind: 1,
        ..Default::default()
    }
}
