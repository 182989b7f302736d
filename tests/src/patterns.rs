//! The patterns of the examples: every command of the contract, in workflows that somebody would write.

use anyhow::Result;
use serde_json::Value;
use tonic::Status;
use wrt_model::{
    payload,
    proto::{
        Payloads,
        enums::UpdateWorkflowExecutionLifecycleStage as Stage,
        update::{Input, Meta, Outcome, Request, WaitPolicy, outcome},
        workflowservice::{
            StartWorkflowExecutionRequest, UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse,
        },
    },
};

use crate::{Client, Options, Run, Server, with_server};

/// The task queue of the patterns.
pub const PATTERNS: &str = "patterns";

/// Runs a test against a server that serves the patterns.
///
/// # Errors
/// As of [`with_server`].
pub async fn with_patterns(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("patterns-activities", PATTERNS).await?;
        server.deploy("patterns-workflows", PATTERNS).await?;
        test(server).await
    })
    .await
}

/// Arguments, one payload each.
pub fn arguments(values: &[Value]) -> Option<Payloads> {
    let payloads = values.iter().map(|value| payload::json(value.to_string()));
    payload::payloads(payloads.collect())
}

/// The request to start a pattern.
pub fn starting(client: &Client, workflow_type: &str, id: &str, values: &[Value]) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        input: arguments(values),
        ..client.starting(workflow_type, PATTERNS, id, "")
    }
}

/// Starts a pattern.
///
/// # Errors
/// The server's refusal.
pub async fn start(client: &Client, workflow_type: &str, id: &str, values: &[Value]) -> Result<Run, Status> {
    client.start(starting(client, workflow_type, id, values)).await
}

/// The request to update a run, and to wait for its outcome.
pub fn updating(client: &Client, run: &Run, id: &str, name: &str, values: &[Value]) -> UpdateWorkflowExecutionRequest {
    UpdateWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
        wait_policy: Some(WaitPolicy {
            lifecycle_stage: Stage::Completed as i32,
        }),
        request: Some(Request {
            meta: Some(Meta {
                update_id: id.to_owned(),
                identity: "wrt-tests".to_owned(),
            }),
            input: Some(Input {
                name: name.to_owned(),
                args: arguments(values),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Updates a run and waits for the outcome: the value, or the message of the failure.
///
/// # Errors
/// The server's refusal.
pub async fn update(
    client: &Client,
    run: &Run,
    id: &str,
    name: &str,
    values: &[Value],
) -> Result<Result<Value, String>, Status> {
    let request = updating(client, run, id, name, values);
    let response = client.temporal().update_workflow_execution(request).await?;
    Ok(outcome(&response.into_inner()))
}

/// The outcome of an update that has completed.
///
/// # Panics
/// It has not completed.
pub fn outcome(response: &UpdateWorkflowExecutionResponse) -> Result<Value, String> {
    let value = response.outcome.clone().and_then(|Outcome { value }| value);
    match value.expect("the update has completed") {
        outcome::Value::Success(payloads) => {
            let data = payloads.payloads.first().map(|payload| payload.data.clone());
            Ok(data
                .and_then(|data| serde_json::from_slice(&data).ok())
                .unwrap_or_default())
        }
        outcome::Value::Failure(failure) => Err(failure.message),
    }
}
