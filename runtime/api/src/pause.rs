//! Pausing workflows, and letting them go on.

use wrt_engine::Engine;
use wrt_model::proto::{
    WorkflowExecution,
    workflowservice::{PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest},
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
};

pub(crate) async fn pause(engine: &Engine, request: PauseWorkflowExecutionRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check(
        &request.workflow_id,
        &request.run_id,
        &request.identity,
        &request.reason,
    )?;
    Ok(engine.pause_workflow(&namespace, request).await?)
}

pub(crate) async fn unpause(engine: &Engine, request: UnpauseWorkflowExecutionRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check(
        &request.workflow_id,
        &request.run_id,
        &request.identity,
        &request.reason,
    )?;
    Ok(engine.unpause_workflow(&namespace, request).await?)
}

fn check(workflow_id: &str, run_id: &str, identity: &str, reason: &str) -> Checked {
    validate::execution(Some(WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    }))?;
    validate::bounded("Identity", identity)?;
    validate::bounded("Reason", reason)
}
