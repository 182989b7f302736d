//! The calls of workers, one by one, and what older clients rely on.

use anyhow::{Context as _, Result};
use tonic::{Code, Request, Status, metadata::MetadataValue};
use wrt_model::{
    failure, payload,
    proto::{
        Command, CommandAttributes, EventAttributes, HistoryEvent, RetryPolicy,
        command::{CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes},
        deployment::WorkerDeploymentOptions,
        enums::{
            CommandType, EventType, HistoryEventFilterType, QueryResultType, WorkerVersioningMode,
            WorkflowTaskFailedCause as Cause,
        },
        query::WorkflowQueryResult,
        workflowservice::{
            GetWorkflowExecutionHistoryRequest, PollActivityTaskQueueRequest, PollWorkflowTaskQueueResponse,
            RespondActivityTaskCompletedRequest, RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
            RespondWorkflowTaskFailedRequest, StartWorkflowExecutionRequest,
        },
    },
};
use wrt_tests::{Client, Options, Run, WorkflowWorker, patterns::updating, with_server};

use crate::{assert_refused, with_contract};

const QUEUE: &str = "outside";

fn fail(message: &str) -> CommandAttributes {
    CommandAttributes::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes {
        failure: Some(failure::application(message, "Broken", false)),
    })
}

async fn failed_task_cause(run: &Run) -> Result<Cause> {
    let failed = run.wait_for(EventType::WorkflowTaskFailed).await?;
    match failed.attributes {
        Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) => Ok(failed.cause()),
        other => anyhow::bail!("{other:?}"),
    }
}

// === Tasks ===

#[tokio::test]
async fn a_task_that_no_message_can_carry_ends_the_run() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let run = client.start(worker.starting("w")).await?;
        let task = worker.take().await?;
        let updating = {
            let (client, request) = (client.clone(), updating(client, &run, "u", "change", &[]));
            tokio::spawn(async move { client.temporal().update_workflow_execution(request).await })
        };
        let request = RespondWorkflowTaskFailedRequest {
            namespace: client.namespace(),
            task_token: task.task_token,
            cause: Cause::GrpcMessageTooLarge as i32,
            ..Default::default()
        };
        client.temporal().respond_workflow_task_failed(request).await?;
        let end = run.closed().await?;
        let Some(EventAttributes::WorkflowExecutionTerminatedEventAttributes(terminated)) = end.attributes else {
            anyhow::bail!("{end:?}");
        };
        assert_eq!(terminated.reason, "GrpcMessageTooLarge");
        // Before the run closed or after, the caller hears that nothing will come.
        let updated = updating.await?;
        assert!(updated.is_err_and(|status| status.code() == Code::NotFound));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_that_came_with_the_end_of_a_run_has_no_outcome() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let run = client.start(worker.starting("w")).await?;
        let first = worker.take().await?;
        worker.complete(worker.completing(&first, vec![])).await?;
        let updating = {
            let (client, request) = (client.clone(), updating(client, &run, "u", "change", &[]));
            tokio::spawn(async move { client.temporal().update_workflow_execution(request).await })
        };
        let task = worker.take().await?;
        assert_eq!(task.messages.len(), 1);
        worker.complete(worker.completing(&task, vec![fail("broken")])).await?;
        assert_refused(updating.await?, Code::NotFound, "aborted by closing workflow");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_command_says_what_it_carries() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let attributes = CommandAttributes::CompleteWorkflowExecutionCommandAttributes(
            CompleteWorkflowExecutionCommandAttributes::default(),
        );
        for (workflow_id, attributes) in [("other", Some(attributes)), ("none", None)] {
            let run = client.start(worker.starting(workflow_id)).await?;
            let task = worker.take().await?;
            let mut request = worker.completing(&task, vec![]);
            request.commands.push(Command {
                command_type: CommandType::StartTimer as i32,
                attributes,
                ..Default::default()
            });
            let refused = worker.complete(request).await;
            let words = "StartTimerCommandAttributes is not set on StartTimerCommand";
            assert_refused(refused, Code::InvalidArgument, words);
            assert_eq!(failed_task_cause(&run).await?, Cause::BadStartTimerAttributes);
            run.terminate("enough").await?;
        }
        client.start(worker.starting("unknown")).await?;
        let task = worker.take().await?;
        let mut request = worker.completing(&task, vec![]);
        request.commands.push(Command::default());
        let refused = worker.complete(request).await;
        assert_refused(refused, Code::InvalidArgument, "Unknown command type");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_worker_of_any_version_may_begin_what_it_starts() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let request = StartWorkflowExecutionRequest {
            request_eager_execution: true,
            request_id: "one".to_owned(),
            eager_worker_deployment_options: Some(WorkerDeploymentOptions {
                deployment_name: "shop".to_owned(),
                build_id: "v7".to_owned(),
                worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
            }),
            ..worker.starting("w")
        };
        let start = async || client.temporal().start_workflow_execution(request.clone()).await;
        let started = start().await?.into_inner();
        let task = started.eager_workflow_task.context("it gets the task")?;
        assert_eq!(task.attempt, 1);
        assert_eq!(task.history.clone().unwrap_or_default().events.len(), 3);
        // The same start again, because its answer was lost, has the same task, as long as it is there.
        let again = start().await?.into_inner().eager_workflow_task;
        assert_eq!(again.as_ref(), Some(&task));
        worker.complete(worker.completing(&task, vec![])).await?;
        assert_eq!(start().await?.into_inner().eager_workflow_task, None);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_poll_needs_a_time_limit() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let words = "Context timeout is not set";
        let poll = client.temporal().poll_workflow_task_queue(worker.polling()).await;
        assert_refused(poll, Code::InvalidArgument, words);
        let request = PollActivityTaskQueueRequest {
            namespace: client.namespace(),
            task_queue: worker.polling().task_queue,
            ..Default::default()
        };
        let poll = client.temporal().poll_activity_task_queue(request.clone()).await;
        assert_refused(poll, Code::InvalidArgument, words);
        let mut short = Request::new(request);
        short.set_timeout(std::time::Duration::from_millis(1_500));
        let poll = client.temporal().poll_activity_task_queue(short).await;
        assert_refused(poll, Code::FailedPrecondition, "Context timeout is too short");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_unknown_namespace_is_said_before_a_bad_token() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client().of_namespace("nowhere");
        let (namespace, task_token) = (client.namespace(), b"garbage".to_vec());
        let request = RespondActivityTaskCompletedRequest {
            namespace: namespace.clone(),
            task_token: task_token.clone(),
            ..Default::default()
        };
        let answer = client.temporal().respond_activity_task_completed(request).await;
        assert_refused(answer, Code::NotFound, "nowhere");
        let request = RespondWorkflowTaskCompletedRequest {
            namespace,
            task_token,
            ..Default::default()
        };
        let answer = client.temporal().respond_workflow_task_completed(request).await;
        assert_refused(answer, Code::NotFound, "nowhere");
        Ok(())
    })
    .await
}

// === Queries ===

#[tokio::test]
async fn a_run_that_never_began_answers_no_query() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let words = "closed before WorkflowTaskStarted";
        let terminated = client.start(worker.starting("terminated")).await?;
        terminated.terminate("enough").await?;
        let in_its_first_task = client.start(worker.starting("first")).await?;
        worker.take().await?;
        in_its_first_task.terminate("enough").await?;
        let mut timed_out = worker.starting("timed-out");
        timed_out.workflow_run_timeout = Some(prost_types::Duration { seconds: 1, nanos: 0 });
        let timed_out = client.start(timed_out).await?;
        assert_eq!(timed_out.end().await?, EventType::WorkflowExecutionTimedOut);
        for run in [terminated, in_its_first_task, timed_out] {
            assert_refused(run.query("state", "").await, Code::FailedPrecondition, words);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_component_that_never_began_answers_no_query() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let mut request = client.starting("Scripted", "contract", "w", "start => timer 3600");
        request.workflow_start_delay = Some(prost_types::Duration {
            seconds: 3600,
            nanos: 0,
        });
        let run = client.start(request).await?;
        run.terminate("enough").await?;
        let words = "closed before WorkflowTaskStarted";
        assert_refused(run.query("transcript", "").await, Code::FailedPrecondition, words);
        client.script("w", "").await?;
        assert_refused(run.query("transcript", "").await, Code::FailedPrecondition, words);
        Ok(())
    })
    .await
}

/// A result above the limit of this test.
fn large() -> WorkflowQueryResult {
    WorkflowQueryResult {
        result_type: QueryResultType::Answered as i32,
        answer: payload::payloads(vec![payload::json("x".repeat(2_000))]),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_query_whose_result_is_too_large_fails_at_once() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        client.set_limits(&[("blob_size_error", 1_000)]).await?;
        let run = client.start(worker.starting("w")).await?;
        let ask = || {
            let run = run.clone();
            tokio::spawn(async move { run.query("state", "").await })
        };
        // With the workflow task.
        let first = worker.take().await?;
        worker.complete(worker.completing(&first, vec![])).await?;
        run.signal("go", "").await?;
        let asked = ask();
        let task = loop {
            let task = worker.take().await?;
            if !task.queries.is_empty() || task.query.is_some() {
                break task;
            }
            worker.complete(worker.completing(&task, vec![])).await?;
        };
        if task.query.is_some() {
            answer_alone(client, &task).await?;
        } else {
            let mut request = worker.completing(&task, vec![]);
            request.query_results = task.queries.keys().map(|id| (id.clone(), large())).collect();
            worker.complete(request).await?;
        }
        let words = "exceeds size limit";
        assert_refused(asked.await?, Code::InvalidArgument, words);
        // By itself.
        let asked = ask();
        answer_alone(client, &worker.take().await?).await?;
        assert_refused(asked.await?, Code::InvalidArgument, words);
        Ok(())
    })
    .await
}

async fn answer_alone(client: &Client, task: &PollWorkflowTaskQueueResponse) -> Result<(), Status> {
    let request = RespondQueryTaskCompletedRequest {
        namespace: client.namespace(),
        task_token: task.task_token.clone(),
        completed_type: QueryResultType::Answered as i32,
        query_result: large().answer,
        ..Default::default()
    };
    client.temporal().respond_query_task_completed(request).await.map(drop)
}

// === Ends that are followed ===

/// The closing event, as a client gets it that says what it can do.
async fn closing_event(client: &Client, run: &Run, features: &'static str) -> Result<HistoryEvent> {
    let mut request = Request::new(GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: Some(run.execution()),
        wait_new_event: true,
        history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
        ..Default::default()
    });
    if !features.is_empty() {
        let value = MetadataValue::from_static(features);
        request.metadata_mut().insert("supported-features", value);
    }
    let page = client.temporal().get_workflow_execution_history(request).await?;
    let mut events = page.into_inner().history.unwrap_or_default().events;
    events.pop().context("it has closed")
}

#[tokio::test]
#[expect(deprecated, reason = "the failure is there for people to read")]
async fn older_clients_follow_a_retry_as_if_it_continued_as_new() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let mut request = worker.starting("w");
        request.retry_policy = Some(RetryPolicy {
            maximum_attempts: 2,
            ..Default::default()
        });
        let first = client.start(request).await?;
        let task = worker.take().await?;
        worker.complete(worker.completing(&task, vec![fail("not yet")])).await?;

        let own = closing_event(client, &first, "other,follows-next-run-id").await?;
        let Some(EventAttributes::WorkflowExecutionFailedEventAttributes(failed)) = own.attributes else {
            anyhow::bail!("{own:?}");
        };
        assert!(!failed.new_execution_run_id.is_empty());
        let shown = closing_event(client, &first, "").await?;
        assert_eq!((shown.event_id, shown.event_time), (own.event_id, own.event_time));
        let Some(EventAttributes::WorkflowExecutionContinuedAsNewEventAttributes(continued)) = shown.attributes else {
            anyhow::bail!("{shown:?}");
        };
        assert_eq!(continued.new_execution_run_id, failed.new_execution_run_id);
        assert_eq!(continued.failure, failed.failure);
        // Whoever reads the whole history sees what has happened.
        assert_eq!(
            first.event_types().await?.last(),
            Some(&EventType::WorkflowExecutionFailed)
        );
        Ok(())
    })
    .await
}
