//! Starts, starts with a signal, and resets: a request that comes again finds the run that it has made.

use anyhow::Result;
use tonic::{Code, Status};
use wrt_model::proto::{
    enums::{EventType, WorkflowExecutionStatus, WorkflowIdConflictPolicy as Conflict},
    workflowservice::{
        DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest, SignalWithStartWorkflowExecutionRequest,
        StartWorkflowExecutionRequest, StartWorkflowExecutionResponse,
    },
};
use wrt_tests::{Client, Options, Run, WorkflowWorker, with_server};

use super::count;
use crate::assert_refused;

const QUEUE: &str = "outside";

fn starting(client: &Client, request_id: &str) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        request_id: request_id.to_owned(),
        ..WorkflowWorker::new(client, QUEUE).starting("w")
    }
}

async fn start(client: &Client, request_id: &str) -> Result<StartWorkflowExecutionResponse, Status> {
    let request = starting(client, request_id);
    Ok(client.temporal().start_workflow_execution(request).await?.into_inner())
}

async fn reset(client: &Client, run: &Run, request_id: &str) -> Result<Run, Status> {
    let request = ResetWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
        workflow_task_finish_event_id: 4,
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    let reset = client.temporal().reset_workflow_execution(request).await?.into_inner();
    Ok(client.run("w", &reset.run_id))
}

#[tokio::test]
async fn a_start_finds_its_run_until_another_one_has_its_place() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let first = start(client, "one").await?;
        assert!(first.started);
        let again = start(client, "one").await?;
        assert_eq!((&again.run_id, again.started), (&first.run_id, true));
        assert_eq!(again.status(), WorkflowExecutionStatus::Running);
        assert_refused(start(client, "two").await, Code::AlreadyExists, "already running");

        let run = client.run("w", &first.run_id);
        run.terminate("enough").await?;
        let again = start(client, "one").await?;
        assert_eq!((&again.run_id, again.started), (&first.run_id, true));
        assert_eq!(again.status(), WorkflowExecutionStatus::Terminated);

        let other = start(client, "two").await?;
        assert_ne!(other.run_id, first.run_id);
        assert_refused(start(client, "one").await, Code::AlreadyExists, "already running");

        let other = client.run("w", &other.run_id);
        let request = DeleteWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(other.execution()),
        };
        client.temporal().delete_workflow_execution(request.clone()).await?;
        let removed = client.temporal().delete_workflow_execution(request).await;
        assert_refused(removed, Code::NotFound, "not found");
        let anew = start(client, "two").await?;
        assert_ne!(anew.run_id, other.run_id, "nothing of it is left");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_that_terminates_others_does_not_terminate_its_own_run() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let request = StartWorkflowExecutionRequest {
            workflow_id_conflict_policy: Conflict::TerminateExisting as i32,
            ..starting(client, "one")
        };
        let first = client.start(request.clone()).await?;
        let again = client.start(request).await?;
        assert_eq!(first.run_id, again.run_id);
        assert_eq!(count(client, "w", EventType::WorkflowExecutionTerminated).await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_signal_with_a_start_comes_once() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let send = async |request_id: &str| {
            let start = starting(client, request_id);
            let request = SignalWithStartWorkflowExecutionRequest {
                namespace: start.namespace,
                workflow_id: start.workflow_id,
                workflow_type: start.workflow_type,
                task_queue: start.task_queue,
                input: start.input,
                signal_name: "go".to_owned(),
                request_id: request_id.to_owned(),
                ..Default::default()
            };
            let answer = client.temporal().signal_with_start_workflow_execution(request).await;
            answer.map(|answer| {
                let answer = answer.into_inner();
                (answer.run_id, answer.started)
            })
        };
        let (first, started) = send("one").await?;
        assert!(started);
        // The run, whether this call has started it, and the signals of all runs.
        for (request_id, signals) in [("one", 1), ("two", 2), ("two", 2), ("one", 2)] {
            assert_eq!(send(request_id).await?, (first.clone(), false), "{request_id}");
            assert_eq!(count(client, "w", EventType::WorkflowExecutionSignaled).await?, signals);
        }
        client.run("w", &first).terminate("enough").await?;
        assert_eq!(send("one").await?, (first.clone(), false), "it has begun this one");
        assert_eq!(count(client, "w", EventType::WorkflowExecutionSignaled).await?, 2);
        let (next, started) = send("three").await?;
        assert!(started && next != first);
        assert_eq!(count(client, "w", EventType::WorkflowExecutionSignaled).await?, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reset_makes_one_run_and_leaves_the_start_its_own() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let first = start(client, "one").await?;
        let base = client.run("w", &first.run_id);
        WorkflowWorker::new(client, QUEUE).work(vec![]).await?;
        let next = reset(client, &base, "reset").await?;
        for _ in 0..2 {
            assert_eq!(reset(client, &base, "reset").await?.run_id, next.run_id);
        }
        // Whoever started the workflow finds it where it goes on.
        let again = start(client, "one").await?;
        assert_eq!((&again.run_id, again.started), (&next.run_id, true));
        next.terminate("enough").await?;
        assert_eq!(reset(client, &base, "reset").await?.run_id, next.run_id);
        let other = reset(client, &base, "another").await?;
        assert_ne!(other.run_id, next.run_id);
        assert_eq!(client.list("WorkflowId = 'w'").await?.len(), 3);
        Ok(())
    })
    .await
}
