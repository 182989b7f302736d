//! Removing runs.

use wrt_engine::Engine;
use wrt_model::proto::workflowservice::DeleteWorkflowExecutionRequest;

use crate::{error::ApiError, namespace, validate};

pub(crate) async fn delete(engine: &Engine, mut request: DeleteWorkflowExecutionRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    Ok(engine.delete_workflow(&namespace, request).await?)
}
