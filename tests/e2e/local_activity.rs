//! Local activities: within the workflow task, from a component of the same task queue.

use anyhow::{Context as _, Result, ensure};
use futures::FutureExt as _;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use wrt_api::proto::wrt::v1::{DeployOptions, Grants};
use wrt_model::proto::{FailureInfo, HistoryEvent, enums::EventType};
use wrt_tests::{
    Options, guest,
    patterns::{PATTERNS, start, with_patterns},
    with_server,
};

#[tokio::test]
async fn they_leave_markers_in_one_task() -> Result<()> {
    with_patterns(async |server| {
        let amounts = json!([[100, "EUR"], [100, "USD"], [200, "JPY"]]);
        let run = start(server.client(), "Pricing", "p", &[amounts]).await?;
        assert_eq!(run.result().await?, "36864");
        let events = run.history().await?;
        let first_task: Vec<_> = events[3..8].iter().map(HistoryEvent::event_type).collect();
        assert_eq!(
            first_task,
            [
                EventType::WorkflowTaskCompleted,
                EventType::MarkerRecorded,
                EventType::MarkerRecorded,
                EventType::MarkerRecorded,
                EventType::ActivityTaskScheduled
            ]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failure_that_no_retry_cures_reaches_the_workflow() -> Result<()> {
    with_patterns(async |server| {
        let amounts = json!([[1, "EUR"], [1, "THB"]]);
        let run = start(server.client(), "Pricing", "p", &[amounts]).await?;
        let failure = run.failure().await?;
        let Some(FailureInfo::ActivityFailureInfo(activity)) = &failure.failure_info else {
            anyhow::bail!("{failure:?}");
        };
        assert_eq!(
            activity.activity_type.as_ref().map(|kind| kind.name.as_str()),
            Some("ExchangeRate")
        );
        assert_eq!(failure.cause.context("it has a cause")?.message, "THB is not traded");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_a_component_the_failure_says_what_to_do() -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("patterns-workflows", PATTERNS).await?;
        let run = start(server.client(), "Pricing", "p", &[json!([[1, "EUR"]])]).await?;
        let failure = run.failure().await?;
        let cause = failure.cause.context("it has a cause")?;
        assert_eq!(
            cause.message,
            "no component serves local activity ExchangeRate on task queue patterns: deploy one that has it"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_comes_in_meanwhile_waits_for_the_task() -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("contract-guest", "queue").await?;
        server.deploy("worker-guest", "queue").await?;
        let client = server.client();
        let script = "start => local wait-for-cancel\nresolved 1 => timer 3600\nsignal go => complete";
        let run = client.start(client.starting("Scripted", "queue", "w", script)).await?;
        // The activity waits for a cancellation that nobody sends, until its start-to-close timeout of a second; the policy
        // would try again until the task's own timeout.
        run.signal("go", "").await?;
        run.wait_for(EventType::WorkflowExecutionCompleted).await?;
        let types = run.event_types().await?;
        let marker = types.iter().position(|kind| *kind == EventType::MarkerRecorded);
        assert!(marker.is_some(), "{types:?}");
        Ok(())
    })
    .await
}

/// Reads a request of the worker guest, without answering.
async fn requested(outside: &TcpListener) -> Result<TcpStream> {
    let (mut connection, _) = outside.accept().await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(
            connection.read_buf(&mut head).await? > 0,
            "the request ends in its head"
        );
    }
    Ok(connection)
}

#[tokio::test]
async fn they_run_again_with_their_task_after_a_crash() -> Result<()> {
    with_server(Options::default(), async |server| {
        let outside = TcpListener::bind("127.0.0.1:0").await?;
        let address = outside.local_addr()?.to_string();
        let client = server.client().clone();
        server.deploy("contract-guest", "queue").await?;
        let options = DeployOptions {
            name: "worker-guest".to_owned(),
            task_queue: "queue".to_owned(),
            grants: Some(Grants {
                http_hosts: vec![address.clone()],
                ..Default::default()
            }),
            ..Default::default()
        };
        client.deploy(options, &guest("worker-guest")?).await?;
        let script = format!("start => timer 1\nfired 1 => local get http://{address}/\nresolved 2 => complete");
        let run = client.start(client.starting("Scripted", "queue", "w", &script)).await?;

        // The effect has happened, and the server dies before it hears of it.
        let unanswered = requested(&outside).await?;
        server.kill().await?;
        drop(unanswered);
        server.restart().await?;
        let mut again = requested(&outside).await?;
        again
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone")
            .await?;
        drop(again);

        assert!(run.result().await?.contains("done"));
        assert!(outside.accept().now_or_never().is_none(), "there is no third effect");
        assert_eq!(
            run.event_types().await?[4..],
            [
                EventType::TimerStarted,
                EventType::TimerFired,
                EventType::WorkflowTaskScheduled,
                EventType::WorkflowTaskStarted,
                EventType::WorkflowTaskCompleted,
                EventType::MarkerRecorded,
                EventType::WorkflowExecutionCompleted,
            ],
            "of the task that was lost there is nothing"
        );
        Ok(())
    })
    .await
}
