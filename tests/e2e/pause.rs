//! Pausing runs.

use anyhow::{Context as _, Result};
use tonic::{Code, Status};
use wrt_model::proto::{
    enums::{EventType, HistoryEventFilterType, WorkflowExecutionStatus},
    workflowservice::{PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest},
};
use wrt_tests::{Client, Run, Worker, patterns::updating};

use crate::{assert_refused, with_contract};

async fn pause(client: &Client, run: &Run) -> Result<(), Status> {
    let request = PauseWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_id: run.workflow_id.clone(),
        run_id: run.run_id.clone(),
        reason: "holidays".to_owned(),
        ..Default::default()
    };
    client.temporal().pause_workflow_execution(request).await.map(drop)
}

async fn unpause(client: &Client, run: &Run) -> Result<(), Status> {
    let request = UnpauseWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_id: run.workflow_id.clone(),
        ..Default::default()
    };
    client.temporal().unpause_workflow_execution(request).await.map(drop)
}

async fn status(run: &Run) -> Result<WorkflowExecutionStatus> {
    let info = run.describe().await?.workflow_execution_info;
    Ok(info.context("it is described")?.status())
}

#[tokio::test]
async fn what_happens_to_a_paused_run_waits_also_for_another_server() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let script = "start => timer 1\nsignal go => timer 3600\nfired 1 => complete";
        let run = client.script("w", script).await?;
        pause(&client, &run).await?;
        assert_refused(pause(&client, &run).await, Code::FailedPrecondition, "already paused");
        run.signal("go", "").await?;
        run.wait_for(EventType::TimerFired).await?;
        server.kill().await?;
        server.restart().await?;
        assert_eq!(status(&run).await?, WorkflowExecutionStatus::Paused);
        let mut request = run.reading();
        request.history_event_filter_type = HistoryEventFilterType::CloseEvent as i32;
        let last = run.page(request).await?;
        assert_eq!(
            last.history.unwrap_or_default().events.len(),
            1,
            "Temporal's tools describe it by its last event"
        );
        assert!(last.next_page_token.is_empty());
        assert_eq!(
            run.event_types().await?[5..],
            [
                EventType::WorkflowExecutionPaused,
                EventType::WorkflowExecutionSignaled,
                EventType::TimerFired,
            ]
        );
        for (query, count) in [("ExecutionStatus = 'Paused'", 1), ("ExecutionStatus = 'Running'", 0)] {
            assert_eq!(client.count(query).await?, count, "{query}");
        }
        unpause(&client, &run).await?;
        run.result().await?;
        let types = run.event_types().await?;
        assert_eq!(types[8], EventType::WorkflowExecutionUnpaused);
        assert_eq!(client.count("ExecutionStatus = 'Paused'").await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_paused_run_answers_nobody_and_says_why() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => timer 3600").await?;
        assert_refused(unpause(client, &run).await, Code::FailedPrecondition, "not paused");
        pause(client, &run).await?;
        let described = run.describe().await?.workflow_extended_info;
        let info = described.and_then(|info| info.pause_info).context("it is described")?;
        assert_eq!(info.reason, "holidays");

        let answer = client.temporal().query_workflow(run.asking("transcript", "")).await?;
        let rejected = answer.into_inner().query_rejected.context("it is rejected")?;
        assert_eq!(rejected.status(), WorkflowExecutionStatus::Paused);
        let update = updating(client, &run, "u", "approve", &[]);
        let refused = client.temporal().update_workflow_execution(update).await;
        assert_refused(refused, Code::FailedPrecondition, "Workflow is paused");

        run.terminate("enough").await?;
        assert_refused(unpause(client, &run).await, Code::NotFound, "");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_cancel_reaches_a_paused_run_when_it_goes_on() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => timer 3600\ncancel => canceled").await?;
        pause(client, &run).await?;
        run.cancel("changed my mind").await?;
        assert_eq!(status(&run).await?, WorkflowExecutionStatus::Paused);
        unpause(client, &run).await?;
        assert_eq!(run.end().await?, EventType::WorkflowExecutionCanceled);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_result_that_comes_meanwhile_is_kept() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, "outside");
        let script = "start => schedule-with a1 outside Pay; schedule-with a2 outside Pay\nresolved 2 => complete";
        let run = client.script("w", script).await?;
        let task = worker.poll().await?;
        pause(client, &run).await?;
        worker.complete(&task.task_token, "paid").await?;
        run.wait_for(EventType::ActivityTaskCompleted).await?;
        unpause(client, &run).await?;
        let task = worker.poll().await?;
        assert_eq!((task.activity_id.as_str(), task.attempt), ("a2", 1));
        worker.complete(&task.task_token, "paid twice").await?;
        assert!(run.result().await?.contains("activity 2 gave [paid twice]"));
        Ok(())
    })
    .await
}
