//! Handles of a chain of runs: they touch no other chain that has the same workflow id.

use anyhow::Result;
use serde_json::json;
use tonic::{Code, Status};
use wrt_model::proto::{
    WorkflowExecution,
    enums::EventType,
    workflowservice::{RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest},
};
use wrt_tests::{
    Client, Options, Run, WorkflowWorker,
    patterns::{outcome, updating},
    with_server,
};

use crate::assert_refused;

async fn cancel(client: &Client, run_id: &str, first_run: &str) -> Result<(), Status> {
    let request = RequestCancelWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(named(run_id)),
        first_execution_run_id: first_run.to_owned(),
        ..Default::default()
    };
    let mut temporal = client.temporal();
    temporal.request_cancel_workflow_execution(request).await.map(drop)
}

async fn terminate(client: &Client, run_id: &str, first_run: &str) -> Result<(), Status> {
    let request = TerminateWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(named(run_id)),
        first_execution_run_id: first_run.to_owned(),
        ..Default::default()
    };
    client.temporal().terminate_workflow_execution(request).await.map(drop)
}

fn named(run_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: "w".to_owned(),
        run_id: run_id.to_owned(),
    }
}

/// A run that has closed, and a later one of the same workflow id.
async fn two_chains(client: &Client) -> Result<(Run, Run)> {
    let worker = WorkflowWorker::new(client, "outside");
    let older = client.start(worker.starting("w")).await?;
    older.terminate("enough").await?;
    Ok((older, client.start(worker.starting("w")).await?))
}

#[tokio::test]
async fn an_older_chain_is_not_found_when_another_one_runs() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (older, newer) = two_chains(client).await?;
        let before = newer.history().await?.len();
        let words = "workflow execution not found";
        assert_refused(cancel(client, "", "no id").await, Code::NotFound, words);
        for run_id in ["", &older.run_id, &newer.run_id] {
            assert_refused(cancel(client, run_id, &older.run_id).await, Code::NotFound, words);
            assert_refused(terminate(client, run_id, &older.run_id).await, Code::NotFound, words);
        }
        assert_eq!(newer.history().await?.len(), before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_names_a_chain_means_its_current_run() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (older, newer) = two_chains(client).await?;
        // The run's own id is disregarded.
        cancel(client, &older.run_id, &newer.run_id).await?;
        newer.wait_for(EventType::WorkflowExecutionCancelRequested).await?;
        terminate(client, &older.run_id, &newer.run_id).await?;
        assert_eq!(newer.end().await?, EventType::WorkflowExecutionTerminated);
        // A cancel of what has closed is done, whoever is meant.
        cancel(client, "", &older.run_id).await?;
        let closed = terminate(client, "", &older.run_id).await;
        assert_refused(closed, Code::NotFound, "already completed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_for_another_chain_is_not_taken() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, "outside");
        let (older, newer) = two_chains(client).await?;
        let update = async |first_run: &str| {
            let mut request = updating(client, &client.run("w", ""), "u1", "change", &[]);
            request.first_execution_run_id = first_run.to_owned();
            client.temporal().update_workflow_execution(request).await
        };
        let words = "workflow execution not found";
        assert_refused(update(&older.run_id).await, Code::NotFound, words);
        let (taken, answered) = tokio::join!(update(&newer.run_id), worker.answer_updates("1"));
        assert_eq!((outcome(&taken?.into_inner()), answered?), (Ok(json!(1)), 1));
        newer.terminate("enough").await?;
        assert_refused(update(&older.run_id).await, Code::NotFound, words);
        assert_eq!(outcome(&update(&newer.run_id).await?.into_inner()), Ok(json!(1)));
        Ok(())
    })
    .await
}
