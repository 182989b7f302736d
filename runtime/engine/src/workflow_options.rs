//! Changing the options of runs while they are open.

use wrt_machine::{Rejection, WorkflowOptionsChange, pinned_version};
use wrt_model::{
    Digest, Namespace,
    proto::{WorkflowExecution, workflowservice::UpdateWorkflowExecutionOptionsResponse},
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
        self.check_pin(&change).await?;
        let (key, run_id) = key_of(namespace, Some(execution));
        let changed = self.decide(&key, &run_id, move |turn| turn.update_workflow_options(&change));
        Ok(UpdateWorkflowExecutionOptionsResponse {
            workflow_execution_options: Some(changed.await?),
            update_time: Some(clock::now().into()),
        })
    }

    /// A component that runs are pinned to has to be there.
    async fn check_pin(&self, change: &WorkflowOptionsChange) -> Result<(), EngineError> {
        let build_id = pinned_version(&change.options).map(|version| &version.build_id);
        let Some(digest) = build_id.and_then(|build_id| Digest::parse(build_id)) else {
            return Ok(());
        };
        match self.inner.store.component(&digest).await? {
            Some(_) => Ok(()),
            None => Err(Rejection::FailedPrecondition(format!(
                "no component with the digest {digest} has been deployed; deploy it, or pin the workflow to another one"
            ))
            .into()),
        }
    }
}
