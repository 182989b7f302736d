//! Activity tasks: handing them to workers, and taking their outcomes, by token or by id.

use std::time::Duration;

use prost::Message;
use tokio_util::sync::CancellationToken;
use wrt_engine::{ActivityRef, Engine};
use wrt_model::{
    failure,
    proto::{
        Failure, FailureInfo, Payloads, WorkflowExecution,
        enums::WorkerVersioningMode,
        workflowservice::{PollActivityTaskQueueRequest, PollActivityTaskQueueResponse},
    },
    task::ActivityToken,
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
};

/// The longest wait for a task. Workers ask again upon the empty answer.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What a worker says about an attempt.
#[expect(clippy::large_enum_variant, reason = "one lives for the length of a call")]
pub(crate) enum Outcome {
    /// It is done.
    Completed(Option<Payloads>),
    /// It has failed.
    Failed {
        /// Why.
        failure: Option<Failure>,
        /// Progress for the next attempt.
        last_heartbeat_details: Option<Payloads>,
    },
    /// It has stopped as it was asked to.
    Canceled(Option<Payloads>),
}

/// Waits for a task; answers with an empty message when the time is up or the server shuts down.
pub(crate) async fn poll(
    engine: &Engine,
    request: PollActivityTaskQueueRequest,
    wait: Duration,
    shutdown: &CancellationToken,
) -> Result<PollActivityTaskQueueResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check_poll(&request)?;
    let polling = engine.poll_activity_task(&namespace, request, wait);
    let task = shutdown.run_until_cancelled(polling).await.transpose()?.flatten();
    Ok(task.map(with_timeouts).unwrap_or_default())
}

/// Takes the outcome of an attempt. One that is larger than the limit fails the activity, and the worker hears nothing
/// of it: told otherwise, it would report the same again and again.
pub(crate) async fn resolve(
    engine: &Engine,
    which: ActivityRef,
    outcome: Outcome,
    identity: String,
) -> Result<(), ApiError> {
    validate::bounded("Identity", &identity)?;
    let taken = match limited(outcome)? {
        Outcome::Completed(result) => engine.activity_completed(which, result, identity).await,
        Outcome::Failed {
            failure,
            last_heartbeat_details,
        } => {
            let failure =
                failure.unwrap_or_else(|| failure::application("activity failure without a cause", "", false));
            engine
                .activity_failed(which, failure, last_heartbeat_details, identity)
                .await
        }
        Outcome::Canceled(details) => engine.activity_canceled(which, details, identity).await,
    };
    Ok(taken?)
}

/// Notes that an attempt is alive; returns true when it is to stop. Details that are larger than the limit fail it.
pub(crate) async fn heartbeat(
    engine: &Engine,
    which: ActivityRef,
    details: Option<Payloads>,
    identity: String,
) -> Result<bool, ApiError> {
    if is_too_large(details.as_ref()) {
        let failure = failure::server("Heartbeat details exceed size limit.", true);
        engine.activity_failed(which, failure, None, identity).await?;
        return Ok(true);
    }
    Ok(engine.activity_heartbeat(which, details).await?.cancel_requested)
}

/// The attempt that a task token names. A worker of another namespace may not use it.
pub(crate) async fn by_token(engine: &Engine, namespace: &str, token: &[u8]) -> Result<ActivityRef, ApiError> {
    if token.is_empty() {
        return validate::invalid("Task token not set on request.");
    }
    let Some(token) = ActivityToken::from_bytes(token) else {
        return validate::invalid("Error deserializing task token.");
    };
    if !namespace.is_empty() && namespace::resolve(engine, namespace).await?.id != token.namespace_id {
        return validate::invalid("Operation requested with a token from a different namespace.");
    }
    Ok(ActivityRef::Token(token))
}

/// The open activity with this id.
pub(crate) async fn by_id(
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

#[expect(deprecated, reason = "older workers ask for versioning in this way")]
fn check_poll(request: &PollActivityTaskQueueRequest) -> Checked {
    validate::task_queue(request.task_queue.as_ref())?;
    validate::bounded("Identity", &request.identity)?;
    let versioned = request
        .deployment_options
        .as_ref()
        .is_some_and(|options| options.worker_versioning_mode() == WorkerVersioningMode::Versioned);
    let versioned_before = request
        .worker_version_capabilities
        .as_ref()
        .is_some_and(|capabilities| capabilities.use_versioning);
    validate::unsupported(versioned, "deployment_options.worker_versioning_mode")?;
    validate::unsupported(versioned_before, "worker_version_capabilities.use_versioning")
}

/// Some SDKs take an absent timeout for a malformed task: "none" has to be written as zero.
fn with_timeouts(mut task: PollActivityTaskQueueResponse) -> PollActivityTaskQueueResponse {
    task.schedule_to_close_timeout.get_or_insert_default();
    task.start_to_close_timeout.get_or_insert_default();
    task.heartbeat_timeout.get_or_insert_default();
    task
}

fn limited(outcome: Outcome) -> Checked<Outcome> {
    let message = match &outcome {
        Outcome::Completed(result) if is_too_large(result.as_ref()) => "Complete result exceeds size limit.",
        Outcome::Canceled(details) if is_too_large(details.as_ref()) => "Cancel details exceed size limit.",
        Outcome::Failed {
            failure: Some(failure), ..
        } if failure.encoded_len() > validate::BLOB_BYTES => "Failure details exceed size limit.",
        Outcome::Failed {
            last_heartbeat_details: Some(details),
            ..
        } if is_too_large(Some(details)) => "Heartbeat details exceed size limit.",
        Outcome::Failed {
            failure: Some(failure), ..
        } if !matches!(failure.failure_info, Some(FailureInfo::ApplicationFailureInfo(_))) => {
            return validate::invalid("Failure must have ApplicationFailureInfo.");
        }
        Outcome::Completed(_) | Outcome::Failed { .. } | Outcome::Canceled(_) => return Ok(outcome),
    };
    Ok(Outcome::Failed {
        failure: Some(failure::server(message, true)),
        last_heartbeat_details: None,
    })
}

fn is_too_large(payloads: Option<&Payloads>) -> bool {
    wrt_model::payload::size(payloads) > validate::BLOB_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_protos::temporal::api::deployment::v1::WorkerDeploymentOptions;
    use wrt_model::{payload, proto::TaskQueue};

    fn large() -> Option<Payloads> {
        payload::payloads(vec![payload::json(vec![b' '; validate::BLOB_BYTES])])
    }

    fn failed(failure: Failure, last_heartbeat_details: Option<Payloads>) -> Outcome {
        Outcome::Failed {
            failure: Some(failure),
            last_heartbeat_details,
        }
    }

    #[track_caller]
    fn check(outcome: Outcome, expected: &str) {
        let said = match limited(outcome) {
            Ok(Outcome::Failed {
                failure: Some(failure), ..
            }) => failure.message,
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn outcomes_within_the_limit_pass() {
        check(Outcome::Completed(None), "ok");
        check(Outcome::Canceled(payload::payloads(vec![payload::null()])), "ok");
        check(
            failed(failure::application("out of stock", "Stock", false), None),
            "out of stock",
        );
        check(
            failed(failure::canceled(None), None),
            "Failure must have ApplicationFailureInfo.",
        );
    }

    #[test]
    fn outcomes_above_the_limit_fail_the_activity() {
        let huge = failure::application("x".repeat(validate::BLOB_BYTES), "Stock", false);
        check(Outcome::Completed(large()), "Complete result exceeds size limit.");
        check(Outcome::Canceled(large()), "Cancel details exceed size limit.");
        check(failed(huge, None), "Failure details exceed size limit.");
        check(
            failed(failure::application("out of stock", "Stock", false), large()),
            "Heartbeat details exceed size limit.",
        );
    }

    #[test]
    fn tasks_carry_every_timeout() {
        let task = with_timeouts(PollActivityTaskQueueResponse::default());
        assert_eq!(task.schedule_to_close_timeout, Some(Default::default()));
        assert_eq!(task.start_to_close_timeout, Some(Default::default()));
        assert_eq!(task.heartbeat_timeout, Some(Default::default()));
    }

    #[test]
    fn versioned_workers_are_refused() {
        let poll = |mode: WorkerVersioningMode| {
            check_poll(&PollActivityTaskQueueRequest {
                task_queue: Some(TaskQueue {
                    name: "orders".into(),
                    ..Default::default()
                }),
                deployment_options: Some(WorkerDeploymentOptions {
                    worker_versioning_mode: mode as i32,
                    ..Default::default()
                }),
                ..Default::default()
            })
        };
        assert!(poll(WorkerVersioningMode::Unversioned).is_ok());
        assert_eq!(
            poll(WorkerVersioningMode::Versioned).unwrap_err().to_string(),
            "deployment_options.worker_versioning_mode is not supported by this server; leave it unset"
        );
    }
}
