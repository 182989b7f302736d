//! Changing the options of runs while they are open.

use wrt_machine::WorkflowOptionsChange;
use wrt_model::{
    Digest, Namespace,
    proto::{WorkerDeploymentVersion, WorkflowExecution, workflowservice::UpdateWorkflowExecutionOptionsResponse},
};

use crate::{Engine, EngineError, clock, signal::key_of};

impl Engine {
    /// Changes options of a run, and returns what they are then. A run that is to be on another version moves there with its
    /// next workflow task.
    pub async fn update_workflow_options(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        change: WorkflowOptionsChange,
    ) -> Result<UpdateWorkflowExecutionOptionsResponse, EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        if let Some(chosen) = &change.options.versioning_override {
            let (component, task_queue) = self
                .decide(&key, &run_id, |turn| {
                    let run = turn.run();
                    Ok((run.component.clone(), run.task_queue.clone()))
                })
                .await?;
            self.check_override(&namespace.id, &component, &task_queue, Some(chosen))
                .await?;
        }
        let changed = self.decide(&key, &run_id, move |turn| turn.update_workflow_options(&change));
        Ok(UpdateWorkflowExecutionOptionsResponse {
            workflow_execution_options: Some(changed.await?),
            update_time: Some(clock::now().into()),
        })
    }

    /// A component that runs are pinned to has to be there.
    pub(crate) async fn check_component(&self, version: &WorkerDeploymentVersion) -> Result<(), EngineError> {
        // What is no digest at all, the rules refuse.
        let Some(digest) = Digest::parse(&version.build_id) else {
            return Ok(());
        };
        match self.inner.store.component(&digest).await? {
            Some(_) => Ok(()),
            None => Err(EngineError::InvalidVersioningOverride(format!(
                "no component with the digest {digest} has been deployed; deploy it, or pin the workflow to another one"
            ))),
        }
    }
}
