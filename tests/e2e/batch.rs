//! Batch operations.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tonic::{Code, Status};
use wrt_model::proto::{
    batch::{
        BatchOperationCancellation, BatchOperationDeletion, BatchOperationReset, BatchOperationSignal,
        BatchOperationTermination, BatchOperationUnpauseActivities, batch_operation_unpause_activities,
    },
    common::{Execution, ResetOptions, reset_options},
    enums::{BatchOperationState as State, BatchOperationType, EventType},
    workflowservice::{
        DescribeBatchOperationRequest, DescribeBatchOperationResponse, ListBatchOperationsRequest,
        PauseActivityRequest, StartBatchOperationRequest, StopBatchOperationRequest, pause_activity_request,
        start_batch_operation_request::Operation,
    },
};
use wrt_tests::{Client, Run, Worker};

use crate::{assert_refused, deployment, with_contract};

const EVERY_RUN: &str = "WorkflowType = 'Scripted'";

fn starting(client: &Client, job_id: &str, operation: Operation) -> StartBatchOperationRequest {
    StartBatchOperationRequest {
        namespace: client.namespace(),
        job_id: job_id.to_owned(),
        reason: "cleaning up".to_owned(),
        visibility_query: EVERY_RUN.to_owned(),
        operation: Some(operation),
        ..Default::default()
    }
}

async fn start(client: &Client, request: StartBatchOperationRequest) -> Result<(), Status> {
    client.temporal().start_batch_operation(request).await.map(drop)
}

async fn describe(client: &Client, job_id: &str) -> Result<DescribeBatchOperationResponse, Status> {
    let request = DescribeBatchOperationRequest {
        namespace: client.namespace(),
        job_id: job_id.to_owned(),
    };
    Ok(client.temporal().describe_batch_operation(request).await?.into_inner())
}

/// The description, as soon as it passes the test.
async fn until(
    client: &Client,
    job_id: &str,
    test: impl Fn(&DescribeBatchOperationResponse) -> bool,
) -> Result<DescribeBatchOperationResponse> {
    let looking = async {
        loop {
            let described = describe(client, job_id).await?;
            if test(&described) {
                return Ok::<_, Status>(described);
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), looking).await;
    Ok(found.with_context(|| format!("wait for batch operation {job_id}"))??)
}

/// Does it to every run and waits for the end.
async fn run_batch(client: &Client, job_id: &str, operation: Operation) -> Result<DescribeBatchOperationResponse> {
    start(client, starting(client, job_id, operation)).await?;
    until(client, job_id, |described| described.state() == State::Completed).await
}

async fn scripts(client: &Client, count: usize, script: &str) -> Result<Vec<Run>, Status> {
    let mut runs = Vec::new();
    for number in 0..count {
        runs.push(client.script(&format!("w{number}"), script).await?);
    }
    Ok(runs)
}

async fn signals(run: &Run) -> Result<usize> {
    let types = run.event_types().await?;
    Ok(types
        .iter()
        .filter(|&&it| it == EventType::WorkflowExecutionSignaled)
        .count())
}

fn signal(name: &str) -> Operation {
    Operation::SignalOperation(BatchOperationSignal {
        signal: name.to_owned(),
        identity: "me".to_owned(),
        ..Default::default()
    })
}

#[tokio::test]
async fn what_a_query_finds_is_terminated_and_then_deleted() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let runs = scripts(client, 12, "").await?;
        let operation = Operation::TerminationOperation(BatchOperationTermination {
            identity: "me".to_owned(),
            ..Default::default()
        });
        let described = run_batch(client, "terminate", operation.clone()).await?;
        #[expect(deprecated, reason = "the word that Temporal's command line knows")]
        let expected = BatchOperationType::Terminate;
        assert_eq!(described.operation_type(), expected);
        assert_eq!(
            (described.total_operation_count, described.complete_operation_count),
            (12, 12)
        );
        assert_eq!(
            (described.identity.as_str(), described.reason.as_str()),
            ("me", "cleaning up")
        );
        assert!(described.close_time.is_some() && described.failure_operation_count == 0);
        for run in &runs {
            assert_eq!(run.end().await?, EventType::WorkflowExecutionTerminated);
        }
        let again = start(client, starting(client, "terminate", operation)).await;
        assert_refused(again, Code::AlreadyExists, "terminate");

        let operation = Operation::DeletionOperation(BatchOperationDeletion::default());
        run_batch(client, "delete", operation).await?;
        assert_eq!(client.count("").await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn each_run_gets_its_signal_once_although_the_server_dies() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let runs = scripts(&client, 30, "").await?;
        let request = StartBatchOperationRequest {
            max_operations_per_second: 20.0,
            ..starting(&client, "signal", signal("go"))
        };
        start(&client, request).await?;
        for progress in [5, 12] {
            until(&client, "signal", |described| {
                described.complete_operation_count >= progress
            })
            .await?;
            server.kill().await?;
            server.restart().await?;
        }
        let described = until(&client, "signal", |described| described.state() == State::Completed).await?;
        assert_eq!(described.complete_operation_count, 30);
        for run in &runs {
            assert_eq!(signals(run).await?, 1, "{run}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_that_are_named_are_meant_and_no_others() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let runs = scripts(client, 3, "").await?;
        let named = |run: &Run, run_id: &str| Execution {
            business_id: run.workflow_id.clone(),
            run_id: run_id.to_owned(),
            ..Default::default()
        };
        let request = StartBatchOperationRequest {
            visibility_query: String::new(),
            target_executions: vec![
                named(&runs[0], &runs[0].run_id),
                named(&runs[2], ""),
                named(&client.run("nobody", ""), ""),
            ],
            ..starting(client, "some", signal("go"))
        };
        start(client, request).await?;
        let described = until(client, "some", |described| described.state() == State::Completed).await?;
        assert_eq!(
            described.complete_operation_count, 3,
            "nothing is left to be done to nobody"
        );
        for (run, expected) in runs.iter().zip([1, 0, 1]) {
            assert_eq!(signals(run).await?, expected, "{run}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_are_canceled_and_reset() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let runs = scripts(client, 3, "start => timer 3600\ncancel => canceled").await?;
        let operation = Operation::CancellationOperation(BatchOperationCancellation::default());
        run_batch(client, "cancel", operation).await?;
        for run in &runs {
            assert_eq!(run.end().await?, EventType::WorkflowExecutionCanceled);
        }
        let operation = Operation::ResetOperation(BatchOperationReset {
            options: Some(ResetOptions {
                target: Some(reset_options::Target::FirstWorkflowTask(())),
                ..Default::default()
            }),
            ..Default::default()
        });
        run_batch(client, "reset", operation).await?;
        assert_eq!(client.count("ExecutionStatus = 'Running'").await?, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_of_a_bad_build_are_reset_to_a_mended_one() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let run = scripts(&client, 1, "signal boom => complete wrong").await?.remove(0);
        let bad = run.wait_for(EventType::WorkflowTaskCompleted).await?;
        let build_id = deployment::build_id(&bad).context("the first task names its component")?;
        run.signal("boom", "").await?;
        assert_eq!(run.result().await?, "wrong");
        let mended = deployment::deploy_idle(server).await?;

        let reset_to = |build_id: &str| {
            Operation::ResetOperation(BatchOperationReset {
                options: Some(ResetOptions {
                    target: Some(reset_options::Target::BuildId(build_id.to_owned())),
                    ..Default::default()
                }),
                ..Default::default()
            })
        };
        let nobody = run_batch(&client, "nobody", reset_to("another")).await?;
        assert_eq!(
            (nobody.complete_operation_count, nobody.failure_operation_count),
            (0, 1)
        );
        let done = run_batch(&client, "mend", reset_to(&build_id)).await?;
        assert_eq!((done.complete_operation_count, done.failure_operation_count), (1, 0));
        // Another one that does nothing with the signal, which came again.
        let next = client.run(&run.workflow_id, "");
        let completed = next
            .wait_until("a task of the mended build", |event| {
                deployment::build_id(event).as_deref() == Some(&mended)
            })
            .await?;
        assert!(completed.event_id > bad.event_id);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn paused_activities_of_many_runs_go_on() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let script = "start => schedule-with a1 outside Pay\nresolved 1 => complete";
        let runs = scripts(client, 3, script).await?;
        for run in &runs {
            let request = PauseActivityRequest {
                namespace: client.namespace(),
                execution: Some(run.execution()),
                activity: Some(pause_activity_request::Activity::Type("Pay".to_owned())),
                ..Default::default()
            };
            client.temporal().pause_activity(request).await?;
        }
        let operation = Operation::UnpauseActivitiesOperation(BatchOperationUnpauseActivities {
            activity: Some(batch_operation_unpause_activities::Activity::MatchAll(true)),
            ..Default::default()
        });
        run_batch(client, "unpause", operation).await?;
        let worker = Worker::new(client, "outside");
        for _ in &runs {
            let task = worker.poll().await?;
            worker.complete(&task.task_token, "paid").await?;
        }
        for run in &runs {
            run.result().await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_operation_is_stopped_and_listed() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        scripts(client, 3, "").await?;
        let request = StartBatchOperationRequest {
            max_operations_per_second: 0.001,
            ..starting(client, "slow", signal("go"))
        };
        start(client, request).await?;
        until(client, "slow", |described| described.complete_operation_count == 1).await?;
        let stop = || StopBatchOperationRequest {
            namespace: client.namespace(),
            job_id: "slow".to_owned(),
            reason: "too slow".to_owned(),
            ..Default::default()
        };
        client.temporal().stop_batch_operation(stop()).await?;
        let described = describe(client, "slow").await?;
        assert_eq!(
            (described.state(), described.reason.as_str()),
            (State::Failed, "too slow")
        );
        assert_eq!(described.complete_operation_count, 1);
        let again = client.temporal().stop_batch_operation(stop()).await;
        assert_refused(again, Code::NotFound, "already completed");
        assert_refused(describe(client, "none").await, Code::NotFound, "none");

        run_batch(client, "fast", signal("go")).await?;
        let request = ListBatchOperationsRequest {
            namespace: client.namespace(),
            ..Default::default()
        };
        let listed = client.temporal().list_batch_operations(request).await?.into_inner();
        let listed = listed.operation_info.iter();
        let listed: Vec<_> = listed.map(|info| (info.job_id.as_str(), info.state())).collect();
        assert_eq!(listed, [("fast", State::Completed), ("slow", State::Failed)]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_it_begins() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let unreadable = StartBatchOperationRequest {
            visibility_query: "colour of".to_owned(),
            ..starting(client, "a", signal("go"))
        };
        assert_refused(start(client, unreadable).await, Code::InvalidArgument, "query");
        let nobody = StartBatchOperationRequest {
            visibility_query: String::new(),
            ..starting(client, "a", signal("go"))
        };
        assert_refused(start(client, nobody).await, Code::InvalidArgument, "Executions");
        assert_refused(describe(client, "a").await, Code::NotFound, "");
        Ok(())
    })
    .await
}
