//! Requests that are wrong: for each call, the code and the words of its refusal.

use anyhow::Result;
use tonic::{Code, Response, Status};
use wrt_api::proto::wrt::v1::{
    DeleteVersionRequest, DeployOptions, DescribeDeploymentRequest, ListDeploymentsRequest, SetCurrentVersionRequest,
};
use wrt_model::{
    payload,
    proto::{TaskQueue, WorkflowExecution, failure::Failure, query::WorkflowQuery, workflowservice::*},
    task::ActivityToken,
};
use wrt_tests::{Client, Run};

use crate::{assert_refused, with_contract};

const NOT_A_RUN_ID: &str = "yesterday";
const SOME_RUN_ID: &str = "5b7d1f3c-0d4e-4c8b-9d0a-2a2f5c8e1b11";

/// Longer than any id may be.
fn long() -> String {
    "x".repeat(1001)
}

/// Too large for one call, and small enough for one message.
fn large() -> Option<wrt_model::proto::Payloads> {
    payload::payloads(vec![payload::json(vec![b' '; 3 << 20])])
}

fn execution(workflow_id: &str, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    })
}

/// Sends `$call` with each request of the table and checks its refusal.
macro_rules! refused {
    ($client:expr, $call:ident, [$(($request:expr, $code:ident, $words:expr)),* $(,)?]) => {
        $(assert_refused($client.$call($request).await, Code::$code, $words);)*
    };
}

#[tokio::test]
async fn starts() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let with = |change: &dyn Fn(&mut StartWorkflowExecutionRequest)| {
            let mut request = client.starting("Scripted", "contract", "w", "");
            change(&mut request);
            request
        };
        let span = |seconds, nanos| Some(prost_types::Duration { seconds, nanos });
        refused!(
            client.temporal(),
            start_workflow_execution,
            [
                (with(&|r| r.namespace.clear()), InvalidArgument, "Namespace"),
                (
                    with(&|r| r.namespace = "nowhere".into()),
                    NotFound,
                    "namespace nowhere is not found"
                ),
                (
                    with(&|r| r.workflow_id.clear()),
                    InvalidArgument,
                    "WorkflowId is not set"
                ),
                (with(&|r| r.workflow_id = long()), InvalidArgument, "WorkflowId exceeds"),
                (with(&|r| r.request_id = long()), InvalidArgument, "RequestId exceeds"),
                (with(&|r| r.identity = long()), InvalidArgument, "Identity exceeds"),
                (
                    with(&|r| r.workflow_type = None),
                    InvalidArgument,
                    "WorkflowType is not set"
                ),
                (with(&|r| r.task_queue = None), InvalidArgument, "TaskQueue is not set"),
                (
                    with(&|r| r.task_queue = Some(TaskQueue {
                        name: "/_sys/q".into(),
                        ..Default::default()
                    })),
                    InvalidArgument,
                    "reserved prefix"
                ),
                (
                    with(&|r| r.input = large()),
                    InvalidArgument,
                    "Blob data size exceeds limit"
                ),
                (
                    with(&|r| r.workflow_run_timeout = span(-1, 0)),
                    InvalidArgument,
                    "WorkflowRunTimeout"
                ),
                (
                    with(&|r| r.workflow_start_delay = span(0, -1)),
                    InvalidArgument,
                    "WorkflowStartDelay"
                ),
                (
                    with(&|r| r.workflow_id_reuse_policy = 99),
                    InvalidArgument,
                    "WorkflowIdReusePolicy"
                ),
                (
                    with(&|r| r.workflow_id_conflict_policy = 99),
                    InvalidArgument,
                    "WorkflowIdConflictPolicy"
                ),
                (
                    with(&|r| r.cron_schedule = "* * * * *".into()),
                    Unimplemented,
                    "cron_schedule"
                ),
                (
                    client.starting("Nobody", "contract", "w", ""),
                    FailedPrecondition,
                    "no component serves"
                ),
                (
                    client.starting("Scripted", "elsewhere", "w", ""),
                    FailedPrecondition,
                    "it is served on contract"
                ),
            ]
        );
        let retry = |maximum_attempts, backoff_coefficient| wrt_model::proto::RetryPolicy {
            maximum_attempts,
            backoff_coefficient,
            ..Default::default()
        };
        refused!(
            client.temporal(),
            start_workflow_execution,
            [
                (
                    with(&|r| r.retry_policy = Some(retry(-1, 0.0))),
                    InvalidArgument,
                    "MaximumAttempts"
                ),
                (
                    with(&|r| r.retry_policy = Some(retry(0, 0.5))),
                    InvalidArgument,
                    "BackoffCoefficient"
                ),
            ]
        );
        assert_eq!(client.count("").await?, 0, "nothing was started");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn signals_with_starts() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let start = client.starting("Scripted", "contract", "w", "");
        let with = |change: &dyn Fn(&mut SignalWithStartWorkflowExecutionRequest)| {
            let mut request = SignalWithStartWorkflowExecutionRequest {
                namespace: start.namespace.clone(),
                workflow_id: start.workflow_id.clone(),
                workflow_type: start.workflow_type.clone(),
                task_queue: start.task_queue.clone(),
                signal_name: "go".to_owned(),
                ..Default::default()
            };
            change(&mut request);
            request
        };
        refused!(
            client.temporal(),
            signal_with_start_workflow_execution,
            [
                (
                    with(&|r| r.namespace = "nowhere".into()),
                    NotFound,
                    "namespace nowhere is not found"
                ),
                (
                    with(&|r| r.workflow_id.clear()),
                    InvalidArgument,
                    "WorkflowId is not set"
                ),
                (
                    with(&|r| r.signal_name.clear()),
                    InvalidArgument,
                    "SignalName is not set"
                ),
                (with(&|r| r.signal_name = long()), InvalidArgument, "SignalName exceeds"),
                (
                    with(&|r| r.signal_input = large()),
                    InvalidArgument,
                    "Blob data size exceeds limit"
                ),
            ]
        );
        assert_eq!(client.count("").await?, 0, "nothing was started");
        Ok(())
    })
    .await
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
            assert_refused(answer, Code::NotFound, "namespace nowhere is not found");
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
                    reading(&run, |r| r.maximum_page_size = -1),
                    InvalidArgument,
                    "PageSize cannot be negative"
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

#[tokio::test]
async fn activities() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        let namespace = || "default".to_owned();
        let never_given = ActivityToken {
            namespace_id: "nowhere".to_owned(),
            workflow_id: "w".to_owned(),
            run_id: SOME_RUN_ID.to_owned(),
            scheduled_event_id: 5,
            attempt: 1,
        }
        .to_bytes();
        let complete = |task_token: Vec<u8>| RespondActivityTaskCompletedRequest {
            namespace: namespace(),
            task_token,
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_completed,
            [
                (complete(Vec::new()), InvalidArgument, "Task token not set"),
                (
                    complete(b"garbage".to_vec()),
                    InvalidArgument,
                    "Error deserializing task token"
                ),
                (complete(never_given.clone()), InvalidArgument, "different namespace"),
            ]
        );
        let fail = |task_token: Vec<u8>| RespondActivityTaskFailedRequest {
            namespace: namespace(),
            task_token,
            failure: Some(Failure::default()),
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_failed,
            [(fail(Vec::new()), InvalidArgument, "Task token not set")]
        );
        let cancel = RespondActivityTaskCanceledRequest::default();
        refused!(
            client,
            respond_activity_task_canceled,
            [(cancel, InvalidArgument, "Task token not set")]
        );
        let heartbeat = RecordActivityTaskHeartbeatRequest {
            task_token: b"garbage".to_vec(),
            ..Default::default()
        };
        refused!(
            client,
            record_activity_task_heartbeat,
            [(heartbeat, InvalidArgument, "Error deserializing")]
        );
        let by_id = |workflow_id: &str, activity_id: &str| RespondActivityTaskCompletedByIdRequest {
            namespace: namespace(),
            workflow_id: workflow_id.to_owned(),
            activity_id: activity_id.to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_completed_by_id,
            [
                (by_id("", "a"), InvalidArgument, "WorkflowId is not set"),
                (by_id("w", ""), InvalidArgument, "ActivityId is not set"),
                (by_id("nobody", "a"), NotFound, "nobody"),
            ]
        );
        let poll = |namespace: &str, name: &str| PollActivityTaskQueueRequest {
            namespace: namespace.to_owned(),
            task_queue: Some(TaskQueue {
                name: name.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        refused!(
            client,
            poll_activity_task_queue,
            [
                (poll("default", ""), InvalidArgument, "TaskQueue is not set"),
                (poll("default", &long()), InvalidArgument, "TaskQueue exceeds"),
                (poll("nowhere", "q"), NotFound, "namespace nowhere is not found"),
            ]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn namespaces_and_lists() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        let register = |namespace: &str| RegisterNamespaceRequest {
            namespace: namespace.to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            register_namespace,
            [
                (register(""), InvalidArgument, "Namespace"),
                (register(&long()), InvalidArgument, "Namespace"),
                (register("shop"), InvalidArgument, "retention period"),
            ]
        );
        let describe = DescribeNamespaceRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            describe_namespace,
            [(describe, NotFound, "namespace nowhere is not found")]
        );
        let update = UpdateNamespaceRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            update_namespace,
            [(update, NotFound, "namespace nowhere is not found")]
        );
        let list = |namespace: &str, page_size, token: &[u8]| ListWorkflowExecutionsRequest {
            namespace: namespace.to_owned(),
            page_size,
            next_page_token: token.to_vec(),
            ..Default::default()
        };
        refused!(
            client,
            list_workflow_executions,
            [
                (list("nowhere", 0, b""), NotFound, "namespace nowhere is not found"),
                (list("default", -1, b""), InvalidArgument, "PageSize cannot be negative"),
                (list("default", 1_001, b""), InvalidArgument, "PageSize is larger"),
                (list("default", 0, b"garbage"), InvalidArgument, "page token"),
            ]
        );
        let count = CountWorkflowExecutionsRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            count_workflow_executions,
            [(count, NotFound, "namespace nowhere is not found")]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn components() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let options = |name: String| DeployOptions {
            name,
            ..Default::default()
        };
        assert_refused(
            client.deploy(options(long()), b"").await,
            Code::InvalidArgument,
            "Name exceeds",
        );
        assert_refused(
            client.of_namespace("nowhere").deploy(options(String::new()), b"").await,
            Code::NotFound,
            "namespace nowhere is not found",
        );
        let mut components = client.components();
        let (namespace, name) = ("default".to_owned(), "contract-guest".to_owned());
        refused!(
            components,
            list_deployments,
            [(
                ListDeploymentsRequest {
                    namespace: "nowhere".into()
                },
                NotFound,
                "namespace nowhere is not found"
            ),]
        );
        refused!(
            components,
            describe_deployment,
            [
                (
                    DescribeDeploymentRequest {
                        namespace: namespace.clone(),
                        name: String::new()
                    },
                    InvalidArgument,
                    "Name is not set"
                ),
                (
                    DescribeDeploymentRequest {
                        namespace: namespace.clone(),
                        name: "nobody".into()
                    },
                    NotFound,
                    "deployment nobody is not found"
                ),
            ]
        );
        let prefix = |digest_prefix: &str| SetCurrentVersionRequest {
            namespace: namespace.clone(),
            name: name.clone(),
            digest_prefix: digest_prefix.to_owned(),
        };
        refused!(
            components,
            set_current_version,
            [
                (prefix(""), InvalidArgument, "DigestPrefix is not set"),
                (prefix("XYZ"), InvalidArgument, "lower-case hex"),
                (prefix(&"0".repeat(64)), InvalidArgument, "has no version"),
            ]
        );
        let delete = DeleteVersionRequest {
            namespace,
            name: "nobody".into(),
            digest_prefix: "ab".into(),
        };
        refused!(
            components,
            delete_version,
            [(delete, NotFound, "deployment nobody is not found")]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn calls_that_are_not_there_are_named() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        refused!(
            client,
            create_schedule,
            [(
                CreateScheduleRequest::default(),
                Unimplemented,
                "WorkflowService.CreateSchedule is not implemented"
            ),]
        );
        refused!(
            client,
            poll_workflow_task_queue,
            [(
                PollWorkflowTaskQueueRequest::default(),
                Unimplemented,
                "WorkflowService.PollWorkflowTaskQueue"
            ),]
        );
        refused!(
            client,
            update_workflow_execution,
            [(
                UpdateWorkflowExecutionRequest::default(),
                Unimplemented,
                "WorkflowService.UpdateWorkflowExecution"
            ),]
        );
        refused!(
            client,
            reset_workflow_execution,
            [(
                ResetWorkflowExecutionRequest::default(),
                Unimplemented,
                "WorkflowService.ResetWorkflowExecution"
            ),]
        );
        Ok(())
    })
    .await
}
