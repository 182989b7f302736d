//! Updates, alone and together with a start.

use temporalio_protos::temporal::api::{
    errordetails::v1::{MultiOperationExecutionFailure, multi_operation_execution_failure::OperationStatus},
    failure::v1::MultiOperationExecutionAborted,
};
use tonic::Code;
use uuid::Uuid;
use wrt_engine::{Engine, UpdateWithStartError};
use wrt_model::{
    Limits,
    proto::{
        enums::UpdateWorkflowExecutionLifecycleStage as Stage,
        update::{Request, UpdateRef, WaitPolicy},
        workflowservice::{
            ExecuteMultiOperationRequest, ExecuteMultiOperationResponse, PollWorkflowExecutionUpdateRequest,
            PollWorkflowExecutionUpdateResponse, StartWorkflowExecutionRequest, UpdateWorkflowExecutionRequest,
            UpdateWorkflowExecutionResponse,
            execute_multi_operation_request::operation::Operation,
            execute_multi_operation_response::{Response as OperationResponse, response::Response},
        },
    },
};

use crate::{
    error::{ApiError, MultiOperationError},
    namespace, validate,
};

pub(crate) async fn update(
    engine: &Engine,
    mut request: UpdateWorkflowExecutionRequest,
) -> Result<UpdateWorkflowExecutionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check(&mut request, &engine.limits(&namespace))?;
    Ok(engine.update_workflow(&namespace, request).await?)
}

pub(crate) async fn poll(
    engine: &Engine,
    mut request: PollWorkflowExecutionUpdateRequest,
) -> Result<PollWorkflowExecutionUpdateResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let Some(UpdateRef {
        workflow_execution,
        update_id,
    }) = &mut request.update_ref
    else {
        return validate::invalid("UpdateRef is not set on request.");
    };
    *workflow_execution = Some(validate::execution(workflow_execution.take())?);
    validate::required("UpdateId", update_id)?;
    Ok(engine.poll_update(&namespace, request).await?)
}

/// A start and an update of the same workflow, in one step.
pub(crate) async fn update_with_start(
    engine: &Engine,
    request: ExecuteMultiOperationRequest,
) -> Result<ExecuteMultiOperationResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let mut operations = request.operations.into_iter().map(|operation| operation.operation);
    let (mut start, mut update) = match (
        operations.next().flatten(),
        operations.next().flatten(),
        operations.next(),
    ) {
        (Some(Operation::StartWorkflow(start)), Some(Operation::UpdateWorkflow(update)), None) => (start, update),
        _ => return validate::invalid("Operations have to be exactly [Start, Update]."),
    };
    let limits = engine.limits(&namespace);
    check_start(&mut start, &limits).map_err(|error| failed(error, 0))?;
    check_with_start(&mut update, &start, &limits).map_err(|error| failed(error, 1))?;
    let workflow_id = start.workflow_id.clone();
    let done = engine.update_with_start(&namespace, start, update).await;
    let (started, updated) = done.map_err(|error| match error {
        UpdateWithStartError::Start(error) => failed(error.into(), 0),
        UpdateWithStartError::Update {
            error,
            has_started: false,
        } => failed(error.into(), 1),
        UpdateWithStartError::Update { error, .. } => update_failed(error.into()),
    })?;
    let started = started.response(&namespace, workflow_id);
    let responses = [Response::StartWorkflow(started), Response::UpdateWorkflow(updated)];
    Ok(ExecuteMultiOperationResponse {
        responses: responses
            .map(|response| OperationResponse {
                response: Some(response),
            })
            .into(),
    })
}

fn check(request: &mut UpdateWorkflowExecutionRequest, limits: &Limits) -> Result<(), ApiError> {
    request.workflow_execution = Some(validate::execution(request.workflow_execution.take())?);
    validate::bounded("FirstExecutionRunId", &request.first_execution_run_id)?;
    check_stage(request.wait_policy.as_ref())?;
    let Some(Request {
        meta,
        input: Some(input),
        ..
    }) = &mut request.request
    else {
        return validate::invalid("Request.Input is not set on request.");
    };
    validate::required("UpdateName", &input.name)?;
    validate::blob("Args", input.args.as_ref(), limits)?;
    let meta = meta.get_or_insert_default();
    validate::bounded("UpdateId", &meta.update_id)?;
    validate::bounded("Identity", &meta.identity)?;
    if meta.update_id.is_empty() {
        meta.update_id = Uuid::new_v4().to_string();
    }
    Ok(())
}

fn check_stage(policy: Option<&WaitPolicy>) -> Result<(), ApiError> {
    let stage = policy.map_or(0, |policy| policy.lifecycle_stage);
    match validate::choice::<Stage>("WaitPolicy.LifecycleStage", stage)? {
        Stage::Admitted => Err(ApiError::PermissionDenied(
            "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported.".to_owned(),
        )),
        Stage::Unspecified | Stage::Accepted | Stage::Completed => Ok(()),
    }
}

fn check_start(start: &mut StartWorkflowExecutionRequest, limits: &Limits) -> Result<(), ApiError> {
    validate::start::start(start, limits)?;
    if start.request_eager_execution {
        return validate::invalid("RequestEagerExecution is not supported on a start that comes with an update.");
    }
    if start.cron_schedule.is_empty() && start.workflow_start_delay.is_none() {
        return Ok(());
    }
    validate::invalid("CronSchedule and WorkflowStartDelay are not allowed on a start that comes with an update.")
}

fn check_with_start(
    update: &mut UpdateWorkflowExecutionRequest,
    start: &StartWorkflowExecutionRequest,
    limits: &Limits,
) -> Result<(), ApiError> {
    check(update, limits)?;
    let execution = update.workflow_execution.clone().unwrap_or_default();
    if !execution.run_id.is_empty() {
        return validate::invalid("RunId is not allowed: an update with start is for whichever run there is.");
    }
    match execution.workflow_id == start.workflow_id {
        true => Ok(()),
        false => validate::invalid("WorkflowId is not consistent with previous operation(s)."),
    }
}

/// The error of one operation, with the other one marked as not tried.
fn failed(error: ApiError, failed: usize) -> ApiError {
    ApiError::MultiOperation(Box::new(MultiOperationError {
        error,
        failed,
        other_stands: false,
    }))
}

/// The error of an update whose workflow was started for it.
fn update_failed(error: ApiError) -> ApiError {
    ApiError::MultiOperation(Box::new(MultiOperationError {
        error,
        failed: 1,
        other_stands: true,
    }))
}

impl MultiOperationError {
    /// A status for each operation, as SDKs take them apart.
    pub(crate) fn details(
        code: Code,
        message: &str,
        details: Vec<prost_types::Any>,
        (failed, other_stands): (usize, bool),
    ) -> MultiOperationExecutionFailure {
        let other = match other_stands {
            true => OperationStatus::default(),
            false => OperationStatus {
                code: Code::Aborted as i32,
                message: "Operation was aborted.".to_owned(),
                details: vec![crate::error::any(&MultiOperationExecutionAborted {})],
            },
        };
        let mut statuses = vec![other; 2];
        statuses[failed] = OperationStatus {
            code: code as i32,
            message: message.to_owned(),
            details,
        };
        MultiOperationExecutionFailure { statuses }
    }
}
