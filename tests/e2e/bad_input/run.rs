//! Calls about a run.

use anyhow::Result;
use tonic::{Code, Response, Status};
use wrt_model::proto::{WorkflowExecution, query::WorkflowQuery, workflowservice::*};
use wrt_tests::{Client, Run};

use super::{SOME_RUN_ID, long, refused};
use crate::{assert_refused, with_contract};

const NOT_A_RUN_ID: &str = "yesterday";

fn execution(workflow_id: &str, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    })
}

#[tokio::test]
async fn calls_about_a_run() -> Result<()> {
    let wrong = [
        (execution("", ""), Code::InvalidArgument, "WorkflowId is not set"),
        (execution(&long(), ""), Code::InvalidArgument, "WorkflowId exceeds"),
        (execution("w", NOT_A_RUN_ID), Code::InvalidArgument, "Invalid RunId"),
        (None, Code::InvalidArgument, "Execution is not set"),
        (execution("nobody", ""), Code::NotFound, "nobody"),
        (execution("w", SOME_RUN_ID), Code::NotFound, SOME_RUN_ID),
    ];
    with_contract(async |server| {
        let client = server.client();
        client.script("w", "").await?;
        for (execution, code, words) in wrong {
            for answer in about("default", client, execution).await {
                assert_refused(answer, code, words);
            }
        }
        for answer in about("nowhere", client, execution("w", "")).await {
            assert_refused(answer, Code::NotFound, "Namespace nowhere is not found.");
        }
        Ok(())
    })
    .await
}

/// Every call that names a run, made about this one.
async fn about(namespace: &str, client: &Client, execution: Option<WorkflowExecution>) -> [Result<(), Status>; 6] {
    let namespace = namespace.to_owned();
    let mut temporal = client.temporal();
    [
        discard(
            temporal
                .signal_workflow_execution(SignalWorkflowExecutionRequest {
                    namespace: namespace.clone(),
                    workflow_execution: execution.clone(),
                    signal_name: "go".to_owned(),
                    ..Default::default()
                })
                .await,
        ),
        discard(
            temporal
                .query_workflow(QueryWorkflowRequest {
                    namespace: namespace.clone(),
                    execution: execution.clone(),
                    query: Some(WorkflowQuery {
                        query_type: "transcript".to_owned(),
                        ..Default::default()
                    }),
                    ..Default::default()
                })
                .await,
        ),
        discard(
            temporal
                .describe_workflow_execution(DescribeWorkflowExecutionRequest {
                    namespace: namespace.clone(),
                    execution: execution.clone(),
                })
                .await,
        ),
        discard(
            temporal
                .get_workflow_execution_history(GetWorkflowExecutionHistoryRequest {
                    namespace: namespace.clone(),
                    execution: execution.clone(),
                    ..Default::default()
                })
                .await,
        ),
        discard(
            temporal
                .request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest {
                    namespace: namespace.clone(),
                    workflow_execution: execution.clone(),
                    ..Default::default()
                })
                .await,
        ),
        discard(
            temporal
                .terminate_workflow_execution(TerminateWorkflowExecutionRequest {
                    namespace,
                    workflow_execution: execution,
                    ..Default::default()
                })
                .await,
        ),
    ]
}

fn discard<T>(answer: Result<Response<T>, Status>) -> Result<(), Status> {
    answer.map(drop)
}

#[tokio::test]
async fn parts_of_calls_about_a_run() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "").await?;
        assert_refused(run.signal("", "").await, Code::InvalidArgument, "SignalName is not set");
        assert_refused(
            run.signal(&long(), "").await,
            Code::InvalidArgument,
            "SignalName exceeds",
        );
        assert_refused(run.query("", "").await, Code::InvalidArgument, "QueryType is not set");
        let mut asking = run.asking("transcript", "");
        asking.query = None;
        let mut rejecting = run.asking("transcript", "");
        rejecting.query_reject_condition = 99;
        refused!(
            client.temporal(),
            query_workflow,
            [
                (asking, InvalidArgument, "Query is not set"),
                (rejecting, InvalidArgument, "QueryRejectCondition"),
            ]
        );
        refused!(
            client.temporal(),
            get_workflow_execution_history,
            [
                (
                    reading(&run, |r| r.next_page_token = b"garbage".to_vec()),
                    InvalidArgument,
                    "Invalid NextPageToken"
                ),
                (
                    reading(&run, |r| r.history_event_filter_type = 99),
                    InvalidArgument,
                    "HistoryEventFilterType"
                ),
            ]
        );
        Ok(())
    })
    .await
}

fn reading(run: &Run, change: impl Fn(&mut GetWorkflowExecutionHistoryRequest)) -> GetWorkflowExecutionHistoryRequest {
    let mut request = run.reading();
    change(&mut request);
    request
}
