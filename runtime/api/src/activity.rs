//! Activity tasks: handing them to workers, and taking their outcomes, by token or by id.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wrt_engine::{ActivityRef, Engine};
use wrt_model::{
    failure,
    proto::{
        Failure, FailureInfo, Payloads, WorkflowExecution,
        workflowservice::{
            PollActivityTaskQueueRequest, PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatByIdRequest,
            RecordActivityTaskHeartbeatByIdResponse, RecordActivityTaskHeartbeatRequest,
            RecordActivityTaskHeartbeatResponse, RespondActivityTaskCanceledByIdRequest,
            RespondActivityTaskCanceledRequest, RespondActivityTaskCompletedByIdRequest,
            RespondActivityTaskCompletedRequest, RespondActivityTaskFailedByIdRequest,
            RespondActivityTaskFailedRequest,
        },
    },
    task::ActivityToken,
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
    worker_deployment,
};

/// Waits for a task; answers with an empty message when the time is up or the server shuts down.
#[expect(deprecated, reason = "older workers name their version in this way")]
pub(crate) async fn poll(
    engine: &Engine,
    mut request: PollActivityTaskQueueRequest,
    wait: Duration,
    shutdown: &CancellationToken,
) -> Result<PollActivityTaskQueueResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::task_queue(request.task_queue.as_ref())?;
    validate::bounded("Identity", &request.identity)?;
    let capabilities = request.worker_version_capabilities.take();
    worker_deployment::settle_options(&mut request.deployment_options, capabilities)?;
    let polling = engine.poll_activity_task(&namespace, request, wait);
    let task = shutdown.run_until_cancelled(polling).await.transpose()?.flatten();
    Ok(task.map(with_timeouts).unwrap_or_default())
}

// === Outcomes ===

pub(crate) async fn completed(engine: &Engine, r: RespondActivityTaskCompletedRequest) -> Result<(), ApiError> {
    let which = by_token(engine, &r.namespace, &r.task_token).await?;
    complete(engine, which, r.result, r.identity).await
}

pub(crate) async fn completed_by_id(
    engine: &Engine,
    r: RespondActivityTaskCompletedByIdRequest,
) -> Result<(), ApiError> {
    let which = by_id(engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
    complete(engine, which, r.result, r.identity).await
}

pub(crate) async fn failed(engine: &Engine, r: RespondActivityTaskFailedRequest) -> Result<(), ApiError> {
    let which = by_token(engine, &r.namespace, &r.task_token).await?;
    fail(engine, which, r.failure, r.last_heartbeat_details, r.identity).await
}

pub(crate) async fn failed_by_id(engine: &Engine, r: RespondActivityTaskFailedByIdRequest) -> Result<(), ApiError> {
    let which = by_id(engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
    fail(engine, which, r.failure, r.last_heartbeat_details, r.identity).await
}

pub(crate) async fn canceled(engine: &Engine, r: RespondActivityTaskCanceledRequest) -> Result<(), ApiError> {
    let which = by_token(engine, &r.namespace, &r.task_token).await?;
    cancel(engine, which, r.details, r.identity).await
}

pub(crate) async fn canceled_by_id(engine: &Engine, r: RespondActivityTaskCanceledByIdRequest) -> Result<(), ApiError> {
    let which = by_id(engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
    cancel(engine, which, r.details, r.identity).await
}

async fn complete(
    engine: &Engine,
    which: ActivityRef,
    result: Option<Payloads>,
    identity: String,
) -> Result<(), ApiError> {
    validate::bounded("Identity", &identity)?;
    Ok(engine.activity_completed(which, result, identity).await?)
}

async fn fail(
    engine: &Engine,
    which: ActivityRef,
    failure: Option<Failure>,
    last_heartbeat_details: Option<Payloads>,
    identity: String,
) -> Result<(), ApiError> {
    validate::bounded("Identity", &identity)?;
    check_failure(failure.as_ref())?;
    let failure = failure.unwrap_or_else(|| failure::application("activity failure without a cause", "", false));
    let failed = engine.activity_failed(which, failure, last_heartbeat_details, identity);
    Ok(failed.await?)
}

async fn cancel(
    engine: &Engine,
    which: ActivityRef,
    details: Option<Payloads>,
    identity: String,
) -> Result<(), ApiError> {
    validate::bounded("Identity", &identity)?;
    Ok(engine.activity_canceled(which, details, identity).await?)
}

// === Heartbeats ===

pub(crate) async fn heartbeat(
    engine: &Engine,
    r: RecordActivityTaskHeartbeatRequest,
) -> Result<RecordActivityTaskHeartbeatResponse, ApiError> {
    let which = by_token(engine, &r.namespace, &r.task_token).await?;
    let answer = engine.activity_heartbeat(which, r.details).await?;
    Ok(RecordActivityTaskHeartbeatResponse {
        cancel_requested: answer.cancel_requested,
        activity_paused: answer.activity_paused,
        activity_reset: answer.activity_reset,
    })
}

pub(crate) async fn heartbeat_by_id(
    engine: &Engine,
    r: RecordActivityTaskHeartbeatByIdRequest,
) -> Result<RecordActivityTaskHeartbeatByIdResponse, ApiError> {
    let which = by_id(engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
    let answer = engine.activity_heartbeat(which, r.details).await?;
    Ok(RecordActivityTaskHeartbeatByIdResponse {
        cancel_requested: answer.cancel_requested,
        activity_paused: answer.activity_paused,
        activity_reset: answer.activity_reset,
    })
}

// === Names ===

/// The attempt that a task token names. A worker of another namespace may not use it.
async fn by_token(engine: &Engine, namespace: &str, token: &[u8]) -> Result<ActivityRef, ApiError> {
    let of = |token: &ActivityToken| token.namespace_id.clone();
    let token = namespace::task_token(engine, namespace, token, ActivityToken::from_bytes, of);
    Ok(ActivityRef::Token(token.await?))
}

/// The open activity with this id.
async fn by_id(
    engine: &Engine,
    namespace: &str,
    workflow_id: String,
    run_id: String,
    activity_id: String,
) -> Result<ActivityRef, ApiError> {
    let namespace_id = namespace::resolve(engine, namespace).await?.id.clone();
    let workflow = validate::execution(Some(WorkflowExecution { workflow_id, run_id }))?;
    validate::required("ActivityId", &activity_id)?;
    Ok(ActivityRef::Id {
        workflow,
        namespace_id,
        activity_id,
    })
}

/// Some SDKs take an absent timeout for a malformed task: "none" has to be written as zero.
fn with_timeouts(mut task: PollActivityTaskQueueResponse) -> PollActivityTaskQueueResponse {
    task.schedule_to_close_timeout.get_or_insert_default();
    task.start_to_close_timeout.get_or_insert_default();
    task.heartbeat_timeout.get_or_insert_default();
    task
}

/// A worker does not say that it has failed in the words of the server.
fn check_failure(failure: Option<&Failure>) -> Checked {
    match failure {
        Some(failure) if !matches!(failure.failure_info, Some(FailureInfo::ApplicationFailureInfo(_))) => {
            validate::invalid("Failure must have ApplicationFailureInfo.")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_those_of_the_application() {
        let check = |failure: Failure| check_failure(Some(&failure));
        assert!(check(failure::application("out of stock", "Stock", false)).is_ok());
        let said = check(failure::canceled(None)).unwrap_err().to_string();
        assert_eq!(said, "Failure must have ApplicationFailureInfo.");
    }

    #[test]
    fn tasks_carry_every_timeout() {
        let task = with_timeouts(PollActivityTaskQueueResponse::default());
        assert_eq!(task.schedule_to_close_timeout, Some(Default::default()));
        assert_eq!(task.start_to_close_timeout, Some(Default::default()));
        assert_eq!(task.heartbeat_timeout, Some(Default::default()));
    }
}
