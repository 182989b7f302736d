//! Starts, alone and with a signal.

use anyhow::Result;
use tonic::Code::{self, FailedPrecondition, InvalidArgument, NotFound};
use wrt_model::proto::{
    RetryPolicy, TaskQueue, WorkflowType,
    workflowservice::{SignalWithStartWorkflowExecutionRequest, StartWorkflowExecutionRequest},
};

use super::{large, long};
use crate::{assert_refused, with_contract};

/// What is wrong with a request, as a change to one that is right, and how it is refused.
type Wrong<R> = (fn(&mut R), Code, &'static str);

const STARTS: [Wrong<StartWorkflowExecutionRequest>; 20] = [
    (|r| r.namespace.clear(), InvalidArgument, "Namespace"),
    (
        |r| r.namespace = "nowhere".into(),
        NotFound,
        "Namespace nowhere is not found.",
    ),
    (|r| r.workflow_id.clear(), InvalidArgument, "WorkflowId is not set"),
    (|r| r.workflow_id = long(), InvalidArgument, "WorkflowId exceeds"),
    (|r| r.request_id = long(), InvalidArgument, "RequestId exceeds"),
    (|r| r.identity = long(), InvalidArgument, "Identity exceeds"),
    (|r| r.cron_schedule = long(), InvalidArgument, "CronSchedule exceeds"),
    (|r| r.workflow_type = None, InvalidArgument, "WorkflowType is not set"),
    (
        |r| r.workflow_type = named("Nobody"),
        FailedPrecondition,
        "no component or worker serves",
    ),
    (|r| r.task_queue = None, InvalidArgument, "TaskQueue is not set"),
    (|r| r.task_queue = queue("/_sys/q"), InvalidArgument, "reserved prefix"),
    (
        |r| r.task_queue = queue("elsewhere"),
        FailedPrecondition,
        "it is served on contract",
    ),
    (|r| r.input = large(), InvalidArgument, "Blob data size exceeds limit"),
    (
        |r| r.workflow_run_timeout = span(-1, 0),
        InvalidArgument,
        "WorkflowRunTimeout",
    ),
    (
        |r| r.workflow_start_delay = span(0, -1),
        InvalidArgument,
        "WorkflowStartDelay",
    ),
    (
        |r| r.workflow_id_reuse_policy = 99,
        InvalidArgument,
        "WorkflowIdReusePolicy",
    ),
    (
        |r| r.workflow_id_conflict_policy = 99,
        InvalidArgument,
        "WorkflowIdConflictPolicy",
    ),
    (|r| r.cron_schedule = "* *".into(), InvalidArgument, "cron schedule"),
    (|r| r.retry_policy = retry(-1, 0.0), InvalidArgument, "MaximumAttempts"),
    (
        |r| r.retry_policy = retry(0, 0.5),
        InvalidArgument,
        "BackoffCoefficient",
    ),
];

const SIGNALS_WITH_STARTS: [Wrong<SignalWithStartWorkflowExecutionRequest>; 5] = [
    (
        |r| r.namespace = "nowhere".into(),
        NotFound,
        "Namespace nowhere is not found.",
    ),
    (|r| r.workflow_id.clear(), InvalidArgument, "WorkflowId is not set"),
    (|r| r.signal_name.clear(), InvalidArgument, "SignalName is not set"),
    (|r| r.signal_name = long(), InvalidArgument, "SignalName exceeds"),
    (
        |r| r.signal_input = large(),
        InvalidArgument,
        "Blob data size exceeds limit",
    ),
];

#[tokio::test]
async fn starts() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for (change, code, words) in STARTS {
            let mut request = client.starting("Scripted", "contract", "w", "");
            change(&mut request);
            assert_refused(client.start(request).await, code, words);
        }
        assert_eq!(client.count("").await?, 0, "nothing was started");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn signals_with_starts() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for (change, code, words) in SIGNALS_WITH_STARTS {
            let mut request = SignalWithStartWorkflowExecutionRequest {
                namespace: client.namespace(),
                workflow_id: "w".to_owned(),
                workflow_type: named("Scripted"),
                task_queue: queue("contract"),
                signal_name: "go".to_owned(),
                ..Default::default()
            };
            change(&mut request);
            let answer = client.temporal().signal_with_start_workflow_execution(request).await;
            assert_refused(answer, code, words);
        }
        assert_eq!(client.count("").await?, 0, "nothing was started");
        Ok(())
    })
    .await
}

fn named(workflow_type: &str) -> Option<WorkflowType> {
    Some(WorkflowType {
        name: workflow_type.to_owned(),
    })
}

fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue {
        name: name.to_owned(),
        ..Default::default()
    })
}

fn span(seconds: i64, nanos: i32) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos })
}

fn retry(maximum_attempts: i32, backoff_coefficient: f64) -> Option<RetryPolicy> {
    Some(RetryPolicy {
        maximum_attempts,
        backoff_coefficient,
        ..Default::default()
    })
}
