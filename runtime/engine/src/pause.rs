//! Pausing runs, and letting them go on.

use wrt_model::{
    Namespace, WorkflowKey,
    proto::workflowservice::{PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest},
};

use crate::{Engine, EngineError};

impl Engine {
    /// Pauses a run.
    pub async fn pause_workflow(
        &self,
        namespace: &Namespace,
        request: PauseWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let key = WorkflowKey::new(&*namespace.id, request.workflow_id);
        self.decide(&key, &request.run_id, |turn| {
            turn.pause_workflow(request.identity, request.reason, request.request_id)
        })
        .await
    }

    /// Lets a paused run go on.
    pub async fn unpause_workflow(
        &self,
        namespace: &Namespace,
        request: UnpauseWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let key = WorkflowKey::new(&*namespace.id, request.workflow_id);
        self.decide(&key, &request.run_id, |turn| {
            turn.unpause_workflow(request.identity, request.reason, request.request_id)
        })
        .await
    }
}
