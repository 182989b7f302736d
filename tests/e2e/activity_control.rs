//! Control of pending activities: pausing, letting go on, resetting, other options.

use std::time::Duration;

use anyhow::{Context as _, Result};
use prost_types::FieldMask;
use tonic::{Code, Status};
use wrt_model::{
    proto::{
        RetryPolicy, TaskQueue,
        activity::ActivityOptions,
        enums::{EventType, PendingActivityState as State},
        workflow::{PendingActivityInfo, pending_activity_info::pause_info::PausedBy},
        workflowservice::{
            PauseActivityExecutionRequest, PauseActivityRequest, RecordActivityTaskHeartbeatRequest,
            RecordActivityTaskHeartbeatResponse, ResetActivityRequest, UnpauseActivityRequest,
            UpdateActivityOptionsRequest, pause_activity_request, reset_activity_request, unpause_activity_request,
            update_activity_options_request,
        },
    },
    time::span,
};
use wrt_tests::{Client, Run, Worker};

use crate::{assert_refused, with_contract};

/// Schedules the activity `Pay` with the id `a1` on the task queue `outside`, with three attempts.
const PAY: &str = "start => schedule-with a1 outside Pay\nresolved 1 => complete";

#[tokio::test]
async fn a_paused_activity_waits_also_for_another_server() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let run = client.script("w", PAY).await?;
        pause(&client, &run, "a1").await?;
        let paused = pending(&run).await?;
        assert_eq!((paused.state(), paused.paused), (State::Paused, true));
        let Some(PausedBy::Manual(by)) = paused.pause_info.and_then(|info| info.paused_by) else {
            panic!("it says who paused it");
        };
        assert_eq!(by.reason, "holidays");

        server.kill().await?;
        server.restart().await?;
        assert_eq!(pending(&run).await?.state(), State::Paused);
        unpause(&client, &run).await?;
        let worker = Worker::new(&client, "outside");
        let task = worker.poll().await?;
        assert_eq!(task.attempt, 1);
        worker.complete(&task.task_token, "paid").await?;
        assert!(run.result().await?.contains("activity 1 gave [paid]"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_worker_hears_of_a_pause_and_of_a_reset_with_its_heartbeat() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let run = client.script("w", PAY).await?;
        let first = worker.poll().await?;
        pause(client, &run, "a1").await?;
        let answer = heartbeat(client, &first.task_token).await?;
        assert!(answer.activity_paused && !answer.cancel_requested && !answer.activity_reset);
        assert_eq!(pending(&run).await?.state(), State::PauseRequested);
        worker.fail(&first.task_token, "paused").await?;
        let waiting = pending(&run).await?;
        assert_eq!((waiting.state(), waiting.attempt), (State::Paused, 2));
        assert_eq!(waiting.next_attempt_schedule_time, None);

        unpause(client, &run).await?;
        let second = worker.poll().await?;
        assert_eq!(second.attempt, 2);
        reset(client, &run).await?;
        let answer = heartbeat(client, &second.task_token).await?;
        assert!(answer.activity_reset && !answer.activity_paused);
        worker.fail(&second.task_token, "reset").await?;
        let third = worker.poll().await?;
        assert_eq!(third.attempt, 2, "the one that was reset counts as the first");
        assert_refused(worker.complete(&first.task_token, "late").await, Code::NotFound, "");
        assert!(!heartbeat(client, &third.task_token).await?.activity_reset);
        worker.complete(&third.task_token, "paid").await?;
        assert!(run.result().await?.contains("activity 1 gave [paid]"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn other_options_lead_an_activity_to_another_queue_and_back() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", PAY).await?;
        let options = ActivityOptions {
            task_queue: Some(TaskQueue {
                name: "elsewhere".to_owned(),
                ..Default::default()
            }),
            retry_policy: Some(RetryPolicy {
                maximum_attempts: 9,
                ..Default::default()
            }),
            ..Default::default()
        };
        let paths = ["task_queue.name", "retry_policy.maximum_attempts"];
        update(client, &run, Some(options), &paths).await?;
        assert_eq!(pending(&run).await?.maximum_attempts, 9);
        let elsewhere = Worker::new(client, "elsewhere");
        let task = elsewhere.poll().await?;
        elsewhere.fail(&task.task_token, "once more").await?;

        // Clients send an empty message of options along.
        let restored = update(client, &run, Some(ActivityOptions::default()), &[]).await?;
        assert_eq!(restored.retry_policy.unwrap_or_default().maximum_attempts, 3);
        let heartbeat = restored.heartbeat_timeout.as_ref().map(span);
        assert_eq!(heartbeat, Some(Duration::from_secs(5)));
        let outside = Worker::new(client, "outside");
        let task = outside.poll().await?;
        assert_eq!(task.attempt, 2);
        outside.complete(&task.task_token, "paid").await?;
        run.result().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_activity_inside_the_server_stops_for_a_pause_and_runs_again() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let options = wrt_api::proto::wrt::v1::DeployOptions {
            name: "worker".to_owned(),
            task_queue: "contract".to_owned(),
            ..Default::default()
        };
        client.deploy(options, &wrt_tests::guest("worker-guest")?).await?;
        let run = client
            .script("w", "start => schedule wait-for-cancel\nresolved 1 => complete")
            .await?;
        until(&run, |activity| activity.state() == State::Started).await?;
        let id = pending(&run).await?.activity_id;
        pause(&client, &run, &id).await?;
        let stopped = until(&run, |activity| activity.state() == State::Paused).await?;
        assert_eq!(stopped.attempt, 2);
        unpause(&client, &run).await?;
        until(&run, |activity| activity.state() == State::Started).await?;
        run.terminate("enough").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_done_is_refused() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", PAY).await?;
        assert_refused(
            pause(client, &run, "nobody").await,
            Code::NotFound,
            "Invalid activityID",
        );
        let nobody = client.run("nobody", "");
        assert_refused(pause(client, &nobody, "a1").await, Code::NotFound, "not found");
        let options = ActivityOptions::default;
        let unknown = update(client, &run, Some(options()), &["colour"]).await;
        assert_refused(unknown, Code::InvalidArgument, "colour");

        // The words of newer clients.
        let request = PauseActivityExecutionRequest {
            namespace: client.namespace(),
            workflow_id: "w".to_owned(),
            activity_id: "a1".to_owned(),
            ..Default::default()
        };
        client.temporal().pause_activity_execution(request).await?;
        assert_eq!(pending(&run).await?.state(), State::Paused);
        assert!(!run.event_types().await?.contains(&EventType::ActivityTaskStarted));
        Ok(())
    })
    .await
}

async fn pending(run: &Run) -> Result<PendingActivityInfo> {
    let mut pending = run.describe().await?.pending_activities;
    pending.pop().context("an activity is open")
}

/// The only activity, as soon as it passes the test.
async fn until(run: &Run, test: impl Fn(&PendingActivityInfo) -> bool) -> Result<PendingActivityInfo> {
    let looking = async {
        loop {
            let activity = pending(run).await?;
            if test(&activity) {
                return Ok::<_, anyhow::Error>(activity);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking)
        .await
        .context("wait for an activity")?
}

async fn pause(client: &Client, run: &Run, activity_id: &str) -> Result<(), Status> {
    let request = PauseActivityRequest {
        namespace: client.namespace(),
        execution: Some(run.execution()),
        reason: "holidays".to_owned(),
        activity: Some(pause_activity_request::Activity::Id(activity_id.to_owned())),
        ..Default::default()
    };
    client.temporal().pause_activity(request).await.map(drop)
}

async fn unpause(client: &Client, run: &Run) -> Result<(), Status> {
    let request = UnpauseActivityRequest {
        namespace: client.namespace(),
        execution: Some(run.execution()),
        activity: Some(unpause_activity_request::Activity::UnpauseAll(true)),
        ..Default::default()
    };
    client.temporal().unpause_activity(request).await.map(drop)
}

async fn reset(client: &Client, run: &Run) -> Result<(), Status> {
    let request = ResetActivityRequest {
        namespace: client.namespace(),
        execution: Some(run.execution()),
        activity: Some(reset_activity_request::Activity::Type("Pay".to_owned())),
        ..Default::default()
    };
    client.temporal().reset_activity(request).await.map(drop)
}

/// Without options it restores those that the workflow gave.
async fn update(
    client: &Client,
    run: &Run,
    options: Option<ActivityOptions>,
    paths: &[&str],
) -> Result<ActivityOptions, Status> {
    let request = UpdateActivityOptionsRequest {
        namespace: client.namespace(),
        execution: Some(run.execution()),
        restore_original: paths.is_empty(),
        activity_options: options,
        update_mask: (!paths.is_empty()).then(|| FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        }),
        activity: Some(update_activity_options_request::Activity::Id("a1".to_owned())),
        ..Default::default()
    };
    let updated = client.temporal().update_activity_options(request).await?;
    Ok(updated.into_inner().activity_options.unwrap_or_default())
}

async fn heartbeat(client: &Client, task_token: &[u8]) -> Result<RecordActivityTaskHeartbeatResponse, Status> {
    let request = RecordActivityTaskHeartbeatRequest {
        namespace: client.namespace(),
        task_token: task_token.to_vec(),
        ..Default::default()
    };
    let answer = client.temporal().record_activity_task_heartbeat(request).await?;
    Ok(answer.into_inner())
}
