//! Runs that are removed, by a caller's wish or because their namespace has kept them long enough.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::{Code, Status};
use wrt_model::proto::workflowservice::DeleteWorkflowExecutionRequest;
use wrt_tests::{Client, Options, Run, with_server};

use crate::{assert_refused, with_contract};

#[tokio::test]
async fn a_deleted_run_is_gone_and_its_id_is_free() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => complete 1").await?;
        run.result().await?;
        delete(client, &run).await?;

        assert_refused(run.describe().await, Code::NotFound, "not found");
        assert_refused(run.history().await, Code::NotFound, "not found");
        assert_refused(client.run("w", "").describe().await, Code::NotFound, "not found");
        assert_refused(delete(client, &run).await, Code::NotFound, "not found");
        assert_eq!(client.count("").await?, 0);

        let next = client.script("w", "start => complete 2").await?;
        assert_eq!(next.result().await?, "2");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_open_run_is_terminated_and_nothing_of_it_stays_in_memory() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => timer 3600").await?;
        run.query("transcript", "").await?;
        delete(client, &client.run("w", "")).await?;
        assert_refused(run.signal("go", "").await, Code::NotFound, "not found");
        assert_refused(run.query("transcript", "").await, Code::NotFound, "not found");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_other_runs_of_the_id_stay() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let first = client.script("w", "start => complete 1").await?;
        first.result().await?;
        let second = client.script("w", "").await?;
        delete(client, &first).await?;
        assert_refused(first.describe().await, Code::NotFound, "not found");
        second.signal("go", "").await?;

        delete(client, &second).await?;
        server.kill().await?;
        server.restart().await?;
        assert_refused(second.describe().await, Code::NotFound, "not found");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_closed_run_is_removed_after_the_retention_and_an_open_one_stays() -> Result<()> {
    let options = Options {
        settings: "retention = \"1ms\"",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("contract-guest", "contract").await?;
        let open = server.client().script("open", "").await?;
        let closed = server.client().script("closed", "start => complete 1").await?;
        let gone = async {
            while !is_gone(&closed).await? {}
            Ok::<_, Status>(())
        };
        timeout(Duration::from_secs(60), gone)
            .await
            .context("wait for the removal")??;
        assert!(!is_gone(&open).await?);
        Ok(())
    })
    .await
}

async fn is_gone(run: &Run) -> Result<bool, Status> {
    match run.describe().await {
        Err(status) if status.code() == Code::NotFound => Ok(true),
        other => other.map(|_| false),
    }
}

async fn delete(client: &Client, run: &Run) -> Result<(), Status> {
    let request = DeleteWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
    };
    client.temporal().delete_workflow_execution(request).await.map(drop)
}
