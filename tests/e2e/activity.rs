//! Activities: in a worker that speaks the API call by call, and in a component.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_model::{
    failure, payload,
    proto::{
        enums::PendingActivityState,
        workflowservice::{
            RecordActivityTaskHeartbeatByIdRequest, RespondActivityTaskCompletedByIdRequest,
            RespondActivityTaskFailedByIdRequest, RespondActivityTaskFailedRequest,
        },
    },
    time::span,
};
use wrt_tests::{Client, Worker};

use crate::{assert_refused, with_contract};

/// Schedules the activity `Pay` with the id `a1` on the task queue `outside`, with every option; see the guest.
const PAY: &str = "start => schedule-with a1 outside Pay\nresolved 1 => complete\nsignal stop => cancel-activity 1";

#[tokio::test]
async fn a_worker_is_told_everything_and_its_result_goes_back() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let task = worker.poll().await?;
        assert_eq!(task.workflow_namespace, "default");
        assert_eq!(task.workflow_execution, Some(run.execution()));
        assert_eq!(task.workflow_type.unwrap_or_default().name, "Scripted");
        assert_eq!(task.activity_type.unwrap_or_default().name, "Pay");
        assert_eq!((task.activity_id.as_str(), task.attempt), ("a1", 1));
        assert_eq!(task.header.unwrap_or_default().fields["trace"].data, b"7");
        let timeouts = [
            task.schedule_to_close_timeout,
            task.start_to_close_timeout,
            task.heartbeat_timeout,
        ];
        let timeouts = timeouts.map(|timeout| timeout.as_ref().map(span));
        assert_eq!(timeouts, [60, 10, 5].map(|seconds| Some(Duration::from_secs(seconds))));
        assert_eq!(task.retry_policy.unwrap_or_default().maximum_attempts, 3);

        worker.complete(&task.task_token, "paid").await?;
        assert!(run.result().await?.contains("activity 1 gave [paid]"));
        assert_refused(
            worker.complete(&task.task_token, "paid").await,
            Code::NotFound,
            "already completed",
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failed_attempt_is_followed_by_another_one() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let first = worker.poll().await?;
        worker.fail(&first.task_token, "the bank is closed").await?;
        let pending = run.describe().await?.pending_activities;
        let failure = pending[0].last_failure.as_ref().context("the failure is shown")?;
        assert_eq!(failure.message, "the bank is closed");
        assert_eq!(
            (pending[0].state(), pending[0].attempt),
            (PendingActivityState::Scheduled, 2)
        );

        let second = worker.poll().await?;
        assert_eq!(second.attempt, 2);
        assert_refused(worker.complete(&first.task_token, "late").await, Code::NotFound, "");
        assert_refused(worker.heartbeat(&first.task_token, "late").await, Code::NotFound, "");
        worker.complete(&second.task_token, "paid").await?;
        assert!(run.result().await?.contains("activity 1 gave [paid]"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failure_that_the_policy_names_is_final() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let task = worker.poll().await?;
        let request = RespondActivityTaskFailedRequest {
            namespace: client.namespace(),
            task_token: task.task_token,
            failure: Some(failure::application("no account", "Fatal", false)),
            ..Default::default()
        };
        client.temporal().respond_activity_task_failed(request).await?;
        let transcript = run.result().await?;
        assert!(
            transcript.contains("no account (application Fatal false)"),
            "{transcript}"
        );
        assert!(transcript.contains("NonRetryableFailure"), "{transcript}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_silent_worker_is_given_up_and_the_next_one_hears_how_far_it_was() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let silent = worker.poll().await?;
        assert!(!worker.heartbeat(&silent.task_token, "40 %").await?);
        let next = worker.poll().await?;
        assert_eq!(next.attempt, 2);
        let details = next.heartbeat_details.context("the details are kept")?;
        assert_eq!(details.payloads[0].data, b"40 %");
        let pending = run.describe().await?.pending_activities;
        let failure = pending[0].last_failure.as_ref().context("the timeout is shown")?;
        assert_eq!(failure.message, "activity Heartbeat timeout");
        assert_refused(worker.heartbeat(&silent.task_token, "50 %").await, Code::NotFound, "");
        worker.complete(&next.task_token, "paid").await?;
        run.closed().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_worker_hears_of_a_cancellation_with_its_heartbeat() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let task = worker.poll().await?;
        assert_refused(
            worker.cancel(&task.task_token, "").await,
            Code::InvalidArgument,
            "not requested",
        );
        run.signal("stop", "").await?;
        assert!(worker.heartbeat(&task.task_token, "50 %").await?);
        worker.cancel(&task.task_token, "half").await?;
        let transcript = run.result().await?;
        assert!(transcript.contains("canceled [half]"), "{transcript}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_activity_that_nobody_holds_is_canceled_at_once() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", PAY).await?;
        run.signal("stop", "").await?;
        let transcript = run.result().await?;
        assert!(transcript.contains("ACTIVITY_ID_NOT_STARTED"), "{transcript}");
        Ok(())
    })
    .await
}

// === By id ===

#[tokio::test]
async fn activities_are_answered_by_id() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        worker.poll().await?;
        let heartbeat = RecordActivityTaskHeartbeatByIdRequest {
            namespace: client.namespace(),
            workflow_id: "w".to_owned(),
            activity_id: "a1".to_owned(),
            ..Default::default()
        };
        client
            .temporal()
            .record_activity_task_heartbeat_by_id(heartbeat)
            .await?;
        fail_by_id(client, "once more").await?;
        assert_eq!(worker.poll().await?.attempt, 2);
        complete_by_id(client, "a1").await?;
        assert!(run.result().await?.contains("activity 1 gave [paid]"));

        client.script("w2", PAY).await?;
        assert_refused(complete_by_id(client, "a1").await, Code::NotFound, "");
        Ok(())
    })
    .await
}

async fn fail_by_id(client: &Client, message: &str) -> Result<(), tonic::Status> {
    let request = RespondActivityTaskFailedByIdRequest {
        namespace: client.namespace(),
        workflow_id: "w".to_owned(),
        activity_id: "a1".to_owned(),
        failure: Some(failure::application(message, "Oops", false)),
        ..Default::default()
    };
    client
        .temporal()
        .respond_activity_task_failed_by_id(request)
        .await
        .map(drop)
}

async fn complete_by_id(client: &Client, activity_id: &str) -> Result<(), tonic::Status> {
    let request = RespondActivityTaskCompletedByIdRequest {
        namespace: client.namespace(),
        workflow_id: "w".to_owned(),
        activity_id: activity_id.to_owned(),
        result: payload::payloads(vec![payload::json("paid")]),
        ..Default::default()
    };
    client
        .temporal()
        .respond_activity_task_completed_by_id(request)
        .await
        .map(drop)
}

// === In components ===

#[tokio::test]
async fn activities_of_a_component_run_in_the_server() -> Result<()> {
    let cases = [
        ("echo", "hello", "activity 1 gave [hello]"),
        ("fail", "no luck", "no luck (application Scripted true)"),
        ("tcp", "127.0.0.1:1", "activity 1 gave [refused]"),
        ("get", "http://127.0.0.1:1/", "is not granted to this activity"),
    ];
    with_contract(async |server| {
        let client = server.client().clone();
        client
            .deploy(
                wrt_api::proto::wrt::v1::DeployOptions {
                    name: "worker".to_owned(),
                    task_queue: "contract".to_owned(),
                    ..Default::default()
                },
                &wrt_tests::guest("worker-guest")?,
            )
            .await?;
        for (activity, input, expected) in cases {
            let script = format!("start => schedule {activity} {input}\nresolved 1 => complete");
            let run = client.script(activity, &script).await?;
            let transcript = run.result().await?;
            assert!(transcript.contains(expected), "{activity}: {transcript}");
        }
        Ok(())
    })
    .await
}
