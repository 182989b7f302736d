//! Starting, signalling, querying and ending workflows.

use std::time::Duration;

use wrt_engine::Engine;
use wrt_model::proto::{
    enums::QueryRejectCondition,
    workflowservice::{
        DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, QueryWorkflowRequest,
        QueryWorkflowResponse, RequestCancelWorkflowExecutionRequest, SignalWithStartWorkflowExecutionRequest,
        SignalWithStartWorkflowExecutionResponse, SignalWorkflowExecutionRequest, SignalWorkflowExecutionResponse,
        StartWorkflowExecutionRequest, StartWorkflowExecutionResponse, TerminateWorkflowExecutionRequest,
    },
};

use crate::{error::ApiError, namespace, validate};

/// The longest wait for a worker's answer to a query.
pub(crate) const LONGEST_QUERY: Duration = Duration::from_secs(30);

pub(crate) async fn start(
    engine: &Engine,
    mut request: StartWorkflowExecutionRequest,
) -> Result<StartWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::start::start(&mut request, &engine.limits(&namespace))?;
    Ok(engine.start_workflow(&namespace, request).await?)
}

pub(crate) async fn signal(
    engine: &Engine,
    mut request: SignalWorkflowExecutionRequest,
) -> Result<SignalWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    validate::required("SignalName", &request.signal_name)?;
    validate::bounded("RequestId", &request.request_id)?;
    validate::bounded("Identity", &request.identity)?;
    validate::blob("Input", request.input.as_ref(), &engine.limits(&namespace))?;
    let link = engine.signal_workflow(&namespace, request).await?;
    Ok(SignalWorkflowExecutionResponse { link: Some(link) })
}

pub(crate) async fn signal_with_start(
    engine: &Engine,
    mut request: SignalWithStartWorkflowExecutionRequest,
) -> Result<SignalWithStartWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::start::signal_with_start(&mut request, &engine.limits(&namespace))?;
    Ok(engine.signal_with_start_workflow(&namespace, request).await?)
}

pub(crate) async fn query(
    engine: &Engine,
    mut request: QueryWorkflowRequest,
    wait: Duration,
) -> Result<QueryWorkflowResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    request.execution = Some(validate::execution(request.execution.take())?);
    let Some(query) = &request.query else {
        return validate::invalid("WorkflowQuery is not set on request.");
    };
    validate::required("QueryType", &query.query_type)?;
    validate::blob("QueryArgs", query.query_args.as_ref(), &engine.limits(&namespace))?;
    validate::choice::<QueryRejectCondition>("QueryRejectCondition", request.query_reject_condition)?;
    Ok(engine.query_workflow(&namespace, request, wait).await?)
}

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeWorkflowExecutionRequest,
) -> Result<DescribeWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    Ok(engine.describe_workflow(&namespace, execution).await?)
}

pub(crate) async fn request_cancel(
    engine: &Engine,
    mut request: RequestCancelWorkflowExecutionRequest,
) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    validate::bounded("FirstExecutionRunId", &request.first_execution_run_id)?;
    validate::bounded("RequestId", &request.request_id)?;
    validate::bounded("Identity", &request.identity)?;
    Ok(engine.request_cancel_workflow(&namespace, request).await?)
}

pub(crate) async fn terminate(engine: &Engine, mut request: TerminateWorkflowExecutionRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    validate::bounded("FirstExecutionRunId", &request.first_execution_run_id)?;
    validate::bounded("Identity", &request.identity)?;
    validate::blob("Details", request.details.as_ref(), &engine.limits(&namespace))?;
    if request.reason.is_empty() {
        "terminated by user via frontend".clone_into(&mut request.reason);
    }
    Ok(engine.terminate_workflow(&namespace, request).await?)
}
