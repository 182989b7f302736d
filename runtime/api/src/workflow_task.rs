//! Workflow tasks: handing them to workers, and taking what the workers say.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wrt_engine::{Engine, WorkflowTaskCompletion, WorkflowTaskDone};
use wrt_model::{
    proto::{
        enums::{TaskQueueKind, WorkflowTaskFailedCause},
        query::WorkflowQueryResult,
        workflowservice::{
            PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse, ResetStickyTaskQueueRequest,
            RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
            RespondWorkflowTaskCompletedResponse, RespondWorkflowTaskFailedRequest,
        },
    },
    run::Sticky,
    task::WorkflowTaskToken,
    time::{span, span_nanos},
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
    worker_deployment,
};

/// How long a task waits on a worker's own queue when the worker does not say.
const STICKY_SCHEDULE_TO_START: Duration = Duration::from_secs(5);

/// Waits for a task or a query; answers with an empty message when the time is up or the server shuts down.
#[expect(deprecated, reason = "older workers name their version in this way")]
pub(crate) async fn poll(
    engine: &Engine,
    mut request: PollWorkflowTaskQueueRequest,
    wait: Duration,
    shutdown: &CancellationToken,
) -> Result<PollWorkflowTaskQueueResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check_poll(&request)?;
    let capabilities = request.worker_version_capabilities.take();
    worker_deployment::settle_options(&mut request.deployment_options, capabilities)?;
    let polling = engine.poll_workflow_task(&namespace, request, wait);
    let task = shutdown.run_until_cancelled(polling).await.transpose()?.flatten();
    Ok(task.unwrap_or_default())
}

#[expect(deprecated, reason = "SDKs read their build id back from the history")]
pub(crate) async fn completed(
    engine: &Engine,
    request: RespondWorkflowTaskCompletedRequest,
) -> Result<RespondWorkflowTaskCompletedResponse, ApiError> {
    let token = token(engine, &request.namespace, &request.task_token).await?;
    validate::bounded("Identity", &request.identity)?;
    let capabilities = request.capabilities.unwrap_or_default();
    let versioning_behavior = validate::choice("VersioningBehavior", request.versioning_behavior)?;
    let mut deployment = request.deployment_options;
    worker_deployment::settle_options(&mut deployment, None)?;
    let done = WorkflowTaskDone {
        query_results: request.query_results,
        returns_new_task: request.return_new_workflow_task,
        page_number: request.page_number,
        is_intermediate_page: request.intermediate_page,
        completion: WorkflowTaskCompletion {
            commands: request.commands,
            messages: request.messages,
            identity: request.identity,
            sticky: request.sticky_attributes.and_then(|attributes| {
                let task_queue = attributes.worker_task_queue.filter(|queue| !queue.name.is_empty())?;
                let patience = attributes.schedule_to_start_timeout.as_ref();
                Some(Sticky {
                    task_queue: task_queue.name,
                    schedule_to_start_ns: span_nanos(patience.map_or(STICKY_SCHEDULE_TO_START, span)),
                })
            }),
            forces_new_task: request.force_create_new_workflow_task,
            discards_speculative_task_with_events: capabilities.discard_speculative_workflow_task_with_events,
            sdk_metadata: request.sdk_metadata,
            metering_metadata: request.metering_metadata,
            worker_version: request.worker_version_stamp,
            deployment,
            versioning_behavior,
        },
    };
    Ok(engine.workflow_task_completed(token, done).await?)
}

pub(crate) async fn failed(engine: &Engine, request: RespondWorkflowTaskFailedRequest) -> Result<(), ApiError> {
    let token = token(engine, &request.namespace, &request.task_token).await?;
    validate::bounded("Identity", &request.identity)?;
    let cause: WorkflowTaskFailedCause = validate::choice("Cause", request.cause)?;
    Ok(engine
        .workflow_task_failed(token, cause, request.failure, request.identity)
        .await?)
}

pub(crate) async fn query_completed(
    engine: &Engine,
    request: RespondQueryTaskCompletedRequest,
) -> Result<(), ApiError> {
    let token = token(engine, &request.namespace, &request.task_token).await?;
    let result = WorkflowQueryResult {
        result_type: request.completed_type,
        answer: request.query_result,
        error_message: request.error_message,
        failure: request.failure,
    };
    Ok(engine.query_answered(&token, result).await?)
}

pub(crate) async fn reset_sticky(engine: &Engine, request: ResetStickyTaskQueueRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    Ok(engine.reset_sticky_task_queue(&namespace, execution).await?)
}

fn check_poll(request: &PollWorkflowTaskQueueRequest) -> Checked {
    let Some(queue) = &request.task_queue else {
        return validate::invalid("TaskQueue is not set on request.");
    };
    validate::bounded("Identity", &request.identity)?;
    match validate::choice("TaskQueue.Kind", queue.kind)? {
        // A queue of the worker's own.
        TaskQueueKind::Sticky => validate::required("TaskQueue", &queue.name),
        _ => validate::task_queue(Some(queue)),
    }
}

/// The task that a token names. It has to belong to the namespace of the request.
async fn token(engine: &Engine, namespace: &str, token: &[u8]) -> Result<WorkflowTaskToken, ApiError> {
    let of = |token: &WorkflowTaskToken| token.namespace_id.clone();
    namespace::task_token(engine, namespace, token, WorkflowTaskToken::from_bytes, of).await
}
