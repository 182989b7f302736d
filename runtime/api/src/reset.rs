//! Resetting workflows.

use wrt_engine::Engine;
use wrt_model::{
    Limits,
    proto::{
        workflow::post_reset_operation::Variant,
        workflowservice::{ResetWorkflowExecutionRequest, ResetWorkflowExecutionResponse},
    },
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
    workflow_options,
};

pub(crate) async fn reset(
    engine: &Engine,
    mut request: ResetWorkflowExecutionRequest,
) -> Result<ResetWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check(&mut request, &engine.limits(&namespace))?;
    let run_id = engine.reset_workflow(&namespace, request).await?;
    Ok(ResetWorkflowExecutionResponse { run_id })
}

fn check(request: &mut ResetWorkflowExecutionRequest, limits: &Limits) -> Checked {
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    validate::required("RequestId", &request.request_id)?;
    validate::bounded("Identity", &request.identity)?;
    for operation in &mut request.post_reset_operations {
        match &mut operation.variant {
            Some(Variant::SignalWorkflow(signal)) => {
                validate::required("SignalName", &signal.signal_name)?;
                validate::blob("Input", signal.input.as_ref(), limits)?;
            }
            Some(Variant::UpdateWorkflowOptions(update)) => {
                workflow_options::check(&mut update.workflow_execution_options, &mut update.update_mask)?;
            }
            None => return validate::invalid("PostResetOperation is not set on request."),
        }
    }
    Ok(())
}
