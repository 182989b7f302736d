//! Updates, alone and with a start: one that is known is joined, whatever has become of its run.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tonic::{Code, Status};
use wrt_model::proto::{
    enums::{
        EventType, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdConflictPolicy as Conflict,
        WorkflowIdReusePolicy as Reuse,
    },
    update::{UpdateRef, WaitPolicy},
    workflowservice::{
        ExecuteMultiOperationRequest, ExecuteMultiOperationResponse, PollWorkflowExecutionUpdateRequest,
        PollWorkflowExecutionUpdateResponse, StartWorkflowExecutionResponse, UpdateWorkflowExecutionRequest,
        execute_multi_operation_request::{Operation, operation::Operation as Kind},
        execute_multi_operation_response::response::Response,
    },
};
use wrt_tests::{
    Client, Options, Run, WorkflowWorker,
    patterns::{outcome, updating},
    with_server,
};

use super::count;
use crate::assert_refused;

const QUEUE: &str = "outside";

/// An update of the workflow `w`, with a start.
struct Together {
    request_id: &'static str,
    conflict: Conflict,
    reuse: Reuse,
    update: UpdateWorkflowExecutionRequest,
}

impl Together {
    fn new(client: &Client, update_id: &str, conflict: Conflict) -> Self {
        Together {
            request_id: "",
            conflict,
            reuse: Reuse::AllowDuplicate,
            update: updating(client, &client.run("w", ""), update_id, "change", &[]),
        }
    }

    async fn try_send(self, client: &Client) -> Result<ExecuteMultiOperationResponse, Status> {
        let mut start = WorkflowWorker::new(client, QUEUE).starting("w");
        start.request_id = self.request_id.to_owned();
        start.set_workflow_id_conflict_policy(self.conflict);
        start.set_workflow_id_reuse_policy(self.reuse);
        let operations = [Kind::StartWorkflow(start), Kind::UpdateWorkflow(self.update)];
        let request = ExecuteMultiOperationRequest {
            namespace: client.namespace(),
            operations: operations
                .map(|operation| Operation {
                    operation: Some(operation),
                })
                .into(),
            ..Default::default()
        };
        Ok(client.temporal().execute_multi_operation(request).await?.into_inner())
    }

    /// What became of the start, and the outcome of the update.
    async fn send(self, client: &Client) -> Result<(StartWorkflowExecutionResponse, Result<Value, String>)> {
        let answer = self.try_send(client).await?;
        let mut responses = answer.responses.into_iter().filter_map(|response| response.response);
        match (responses.next(), responses.next()) {
            (Some(Response::StartWorkflow(started)), Some(Response::UpdateWorkflow(updated))) => {
                Ok((started, outcome(&updated)))
            }
            other => anyhow::bail!("the answers are not those of a start and an update: {other:?}"),
        }
    }

    /// The same, with a worker that answers the update.
    async fn answered(
        self,
        client: &Client,
        result: &str,
    ) -> Result<(StartWorkflowExecutionResponse, Result<Value, String>)> {
        let worker = WorkflowWorker::new(client, QUEUE);
        let (sent, answered) = tokio::join!(self.send(client), worker.answer_updates(result));
        assert_eq!(answered?, 1, "one update comes");
        sent
    }
}

#[tokio::test]
async fn an_update_with_start_that_is_known_is_joined_whatever_the_policies() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, changed) = Together::new(client, "u1", Conflict::Fail)
            .answered(client, "1")
            .await?;
        assert_eq!((first.started, changed), (true, Ok(json!(1))));
        let run = client.run("w", &first.run_id);
        for conflict in [Conflict::Fail, Conflict::UseExisting, Conflict::TerminateExisting] {
            let (found, changed) = Together::new(client, "u1", conflict).send(client).await?;
            assert_eq!((&found.run_id, found.started), (&run.run_id, false), "{conflict:?}");
            assert_eq!(changed, Ok(json!(1)), "{conflict:?}");
        }
        run.terminate("enough").await?;
        for (conflict, reuse) in [
            (Conflict::Fail, Reuse::AllowDuplicate),
            (Conflict::UseExisting, Reuse::AllowDuplicateFailedOnly),
            (Conflict::Fail, Reuse::RejectDuplicate),
        ] {
            let together = Together {
                reuse,
                ..Together::new(client, "u1", conflict)
            };
            let (found, changed) = together.send(client).await?;
            assert_eq!((&found.run_id, found.started), (&run.run_id, false), "{reuse:?}");
            assert_eq!(changed, Ok(json!(1)), "{reuse:?}");
        }
        let accepted = count(client, "w", EventType::WorkflowExecutionUpdateAccepted).await?;
        assert_eq!(accepted, 1);
        // Another update needs another run.
        let (next, changed) = Together::new(client, "u2", Conflict::Fail)
            .answered(client, "2")
            .await?;
        assert!(next.started && next.run_id != run.run_id);
        assert_eq!(changed, Ok(json!(2)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_with_start_that_is_under_way_is_joined() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let first = Together::new(client, "u1", Conflict::Fail).send(client);
        let second = async {
            let task = worker.take().await?;
            // It is with the worker: another caller joins it, and nothing is terminated.
            let joined = Together::new(client, "u1", Conflict::TerminateExisting).send(client);
            let (joined, answered) = tokio::join!(joined, worker.answer_task(&task, "1"));
            assert_eq!(answered?, 1);
            joined
        };
        let (first, second) = tokio::join!(first, second);
        let ((first, changed), (second, joined)) = (first?, second?);
        assert_eq!((&first.run_id, changed), (&second.run_id, joined));
        assert!(first.started && !second.started);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_that_has_begun_the_run_brings_its_update_there() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let together = |update_id: &str, request_id| Together {
            request_id,
            ..Together::new(client, update_id, Conflict::Fail)
        };
        let (first, _) = together("u1", "one").answered(client, "1").await?;
        let (again, changed) = together("u2", "one").answered(client, "2").await?;
        assert_eq!((&again.run_id, changed), (&first.run_id, Ok(json!(2))));
        let refused = together("u3", "two").try_send(client).await;
        assert_refused(refused, Code::AlreadyExists, "already running");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_with_start_whose_run_closes_begins_another_one() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let run = client.start(worker.starting("w")).await?;
        worker.work(vec![]).await?;
        let sent = Together::new(client, "u1", Conflict::UseExisting).send(client);
        let closed = async {
            // The update is with the worker when the run ends.
            assert_eq!(worker.take().await?.messages.len(), 1);
            run.terminate("enough").await?;
            worker.answer_updates("1").await
        };
        let (sent, answered) = tokio::join!(sent, closed);
        let (started, changed) = sent?;
        assert_eq!((answered?, changed), (1, Ok(json!(1))));
        assert!(started.started && started.run_id != run.run_id);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_with_start_goes_to_the_chain_that_it_names_alone() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let for_chain = |update_id: &str, first_run: &str| {
            let mut together = Together::new(client, update_id, Conflict::UseExisting);
            together.update.first_execution_run_id = first_run.to_owned();
            together
        };
        let (unknown, words) = ("0199f3a2-0000-7000-8000-000000000000", "workflow execution not found");
        assert_refused(for_chain("u1", unknown).try_send(client).await, Code::NotFound, words);
        assert_eq!(client.count("").await?, 0, "nothing has begun");
        let run = client.start(WorkflowWorker::new(client, QUEUE).starting("w")).await?;
        let (found, changed) = for_chain("u1", &run.run_id).answered(client, "1").await?;
        assert_eq!((&found.run_id, changed), (&run.run_id, Ok(json!(1))));
        assert_refused(for_chain("u2", unknown).try_send(client).await, Code::NotFound, words);

        let mut of_run = Together::new(client, "u3", Conflict::UseExisting);
        of_run.update.workflow_execution = Some(run.execution());
        let refused = of_run.try_send(client).await;
        assert_refused(refused, Code::InvalidArgument, "RunId is not allowed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_run_that_has_taken_an_update_tells_of_it_ever_after() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let worker = WorkflowWorker::new(client, QUEUE);
        let update = async |run: &Run| {
            let request = updating(client, run, "u1", "change", &[]);
            client.temporal().update_workflow_execution(request).await
        };
        let older = client.start(worker.starting("w")).await?;
        let (changed, answered) = tokio::join!(update(&older), worker.answer_updates("1"));
        assert_eq!((outcome(&changed?.into_inner()), answered?), (Ok(json!(1)), 1));
        assert_eq!(outcome(&update(&older).await?.into_inner()), Ok(json!(1)), "open");
        older.terminate("enough").await?;
        assert_eq!(outcome(&update(&older).await?.into_inner()), Ok(json!(1)), "closed");
        client.start(worker.starting("w")).await?;
        assert_eq!(outcome(&update(&older).await?.into_inner()), Ok(json!(1)), "replaced");
        // For the newer run it is another update.
        let newer = client.run("w", "");
        let (changed, answered) = tokio::join!(update(&newer), worker.answer_updates("2"));
        assert_eq!((outcome(&changed?.into_inner()), answered?), (Ok(json!(2)), 1));
        Ok(())
    })
    .await
}

async fn poll(client: &Client, run: &Run, stage: Option<Stage>) -> Result<PollWorkflowExecutionUpdateResponse, Status> {
    let request = PollWorkflowExecutionUpdateRequest {
        namespace: client.namespace(),
        update_ref: Some(UpdateRef {
            workflow_execution: Some(run.execution()),
            update_id: "u1".to_owned(),
        }),
        wait_policy: stage.map(|stage| WaitPolicy {
            lifecycle_stage: stage as i32,
        }),
        ..Default::default()
    };
    let polled = client.temporal().poll_workflow_execution_update(request).await?;
    Ok(polled.into_inner())
}

#[tokio::test]
async fn a_poll_that_waits_for_nothing_says_how_far_an_update_is() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        // No worker will ever answer it.
        let run = client.start(WorkflowWorker::new(client, QUEUE).starting("w")).await?;
        assert_refused(poll(client, &run, None).await, Code::NotFound, "u1");
        let asking = {
            let (client, request) = (client.clone(), updating(client, &run, "u1", "change", &[]));
            tokio::spawn(async move { client.temporal().update_workflow_execution(request).await })
        };
        let polled = loop {
            match poll(client, &run, None).await {
                Ok(polled) => break polled,
                Err(status) if status.code() == Code::NotFound => tokio::task::yield_now().await,
                Err(status) => return Err(status.into()),
            }
        };
        assert_eq!((polled.stage(), &polled.outcome), (Stage::Admitted, &None));
        let named = polled.update_ref.and_then(|named| named.workflow_execution);
        assert_eq!(named.context("it is named")?.run_id, run.run_id);
        assert_eq!(
            poll(client, &run, Some(Stage::Admitted)).await?.stage(),
            Stage::Admitted
        );

        // Who waits for the outcome hears with the first caller that there will be none.
        let waiting = {
            let (client, run) = (client.clone(), run.clone());
            tokio::spawn(async move { poll(&client, &run, Some(Stage::Completed)).await })
        };
        run.terminate("enough").await?;
        let words = "aborted by closing workflow";
        assert_refused(asking.await?, Code::NotFound, words);
        let waited = waiting.await?;
        assert!(waited.is_err_and(|status| status.code() == Code::NotFound));
        assert_refused(poll(client, &run, None).await, Code::NotFound, "u1");
        Ok(())
    })
    .await
}
