//! Requests to cancel: the workflow hears of them and decides.

use anyhow::Result;
use wrt_model::proto::{enums::EventType, workflowservice::RequestCancelWorkflowExecutionRequest};
use wrt_tests::{Client, Run};

use crate::with_contract;

#[tokio::test]
async fn the_workflow_decides_what_a_request_to_cancel_leads_to() -> Result<()> {
    let cases = [
        ("cancel => canceled", EventType::WorkflowExecutionCanceled),
        ("cancel => complete 1", EventType::WorkflowExecutionCompleted),
        ("cancel => fail no", EventType::WorkflowExecutionFailed),
    ];
    with_contract(async |server| {
        for (script, expected) in cases {
            let run = server.client().script(script, script).await?;
            run.cancel("no longer needed").await?;
            assert_eq!(run.end().await?, expected, "{script}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_reason_reaches_the_workflow() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", "").await?;
        run.cancel("no longer needed").await?;
        let transcript = run.query("transcript", "").await?;
        assert!(
            transcript.contains("cancel requested: no longer needed"),
            "{transcript}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_request_counts_once() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "").await?;
        cancel(client, &run, "first").await?;
        cancel(client, &run, "first").await?;
        cancel(client, &run, "second").await?;
        let types = run.event_types().await?.into_iter();
        let requests = types.filter(|&event| event == EventType::WorkflowExecutionCancelRequested);
        assert_eq!(requests.count(), 1);
        Ok(())
    })
    .await
}

async fn cancel(client: &Client, run: &Run, request_id: &str) -> Result<(), tonic::Status> {
    let request = RequestCancelWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    client
        .temporal()
        .request_cancel_workflow_execution(request)
        .await
        .map(drop)
}
