//! Workflows that never wait, or compute for long: callers are answered, and others go on.

use anyhow::{Context as _, Result, ensure};
use tonic::Code;
use wrt_model::proto::enums::{EventType, PendingWorkflowTaskState, WorkflowExecutionStatus};
use wrt_tests::{Client, Options, Run, Server, with_server};

use crate::assert_refused;

/// A server whose guests may compute for longer than any test waits.
async fn with_patience(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    let options = Options {
        limits: "activation_time = \"10m\"",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("contract-guest", "contract").await?;
        test(server).await
    })
    .await
}

/// A workflow that ends by itself.
async fn good(client: &Client, workflow_id: &str) -> Result<()> {
    let run = client
        .script(workflow_id, "start => timer 1\nfired 1 => complete 1")
        .await?;
    ensure!(run.result().await? == "1");
    Ok(())
}

#[tokio::test]
async fn runs_that_follow_each_other_without_end_can_be_stopped() -> Result<()> {
    // Not verified at the end: the runs are too many.
    let mut server = Server::start(Options::default()).await?;
    server.deploy("contract-guest", "contract").await?;
    server.deploy("bench-workflow", "bench").await?;
    let client = server.client().clone();
    let mut loops = Vec::new();
    for number in 0..8 {
        let start = client.starting("Again", "bench", &format!("again-{number}"), "null");
        loops.push(client.start(start).await?);
    }
    good(&client, "beside them").await?;
    // It survives a crash, as every run does, and is no harder to stop afterwards.
    server.kill().await?;
    server.restart().await?;
    good(&client, "beside them again").await?;
    for first in &loops {
        ensure!(first.end().await? == EventType::WorkflowExecutionContinuedAsNew);
        let chain = client.run(&first.workflow_id, "");
        chain.terminate("it never ends").await?;
        let info = chain.describe().await?.workflow_execution_info;
        let status = info.context("it is described")?.status();
        ensure!(status == WorkflowExecutionStatus::Terminated, "{status:?}");
    }
    let query = "WorkflowType = 'Again' AND ExecutionStatus = 'Running'";
    ensure!(client.count(query).await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_run_that_computes_answers_all_but_questions_to_its_code() -> Result<()> {
    with_patience(async |server| {
        let client = server.client().clone();
        let computing = client.script("computing", "start => loop").await?;
        ensure!(state(&computing).await? == PendingWorkflowTaskState::Started);
        computing.signal("unheard", "").await?;
        ensure!(
            computing
                .describe()
                .await?
                .workflow_execution_info
                .context("described")?
                .history_length
                >= 3
        );
        let again = client.script("computing", "start => complete 1").await;
        assert_refused(again, Code::AlreadyExists, "running");
        good(&client, "beside it").await?;
        computing.terminate("it computes for ever").await?;
        ensure!(computing.end().await? == EventType::WorkflowExecutionTerminated);
        // The signal was taken, and stands before the end.
        let types = computing.event_types().await?;
        ensure!(types.contains(&EventType::WorkflowExecutionSignaled), "{types:?}");
        good(&client, "computing").await
    })
    .await
}

#[tokio::test]
async fn a_task_that_was_lost_while_it_computed_is_run_again() -> Result<()> {
    with_patience(async |server| {
        let client = server.client().clone();
        let computing = client.script("computing", "start => loop").await?;
        computing.signal("kept", "").await?;
        server.kill().await?;
        server.restart().await?;
        ensure!(state(&computing).await? == PendingWorkflowTaskState::Started);
        computing.terminate("enough").await?;
        let types = computing.event_types().await?;
        let starts = types
            .iter()
            .filter(|kind| **kind == EventType::WorkflowTaskStarted)
            .count();
        ensure!(starts == 1, "the same attempt: {types:?}");
        ensure!(types.contains(&EventType::WorkflowExecutionSignaled), "{types:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_waits_for_a_local_activity_answers() -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("contract-guest", "queue").await?;
        server.deploy("worker-guest", "queue").await?;
        let client = server.client();
        let script = "start => local wait-for-cancel";
        let run = client.start(client.starting("Scripted", "queue", "w", script)).await?;
        ensure!(state(&run).await? == PendingWorkflowTaskState::Started);
        run.terminate("it takes too long").await?;
        ensure!(run.end().await? == EventType::WorkflowExecutionTerminated);
        Ok(())
    })
    .await
}

async fn state(run: &Run) -> Result<PendingWorkflowTaskState> {
    let task = run.describe().await?.pending_workflow_task;
    Ok(task.context("a task is under way")?.state())
}
