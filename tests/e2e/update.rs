//! Updates: validated, accepted, rejected, completed; on busy, parked, evicted and closed runs.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tonic::Code;
use wrt_model::proto::{
    enums::{EventType, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdConflictPolicy},
    update::UpdateRef,
    workflowservice::{
        ExecuteMultiOperationRequest, PollWorkflowExecutionUpdateRequest, UpdateWorkflowExecutionRequest,
        execute_multi_operation_request::{Operation, operation::Operation as Kind},
        execute_multi_operation_response::response::Response,
    },
};
use wrt_tests::patterns::{outcome, start, starting, update, updating, with_patterns};

use crate::assert_refused;

#[tokio::test]
async fn a_decision_is_validated_taken_and_remembered() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Approval", "a", &[json!(3_600)]).await?;
        run.wait_for(EventType::WorkflowTaskCompleted).await?;
        let before = run.history().await?.len();
        let nameless = update(client, &run, "u0", "approve", &[json!("")]).await?;
        assert_eq!(nameless, Err("a decision needs a name".to_owned()));
        assert_eq!(run.history().await?.len(), before, "a rejected update leaves no event");

        assert_eq!(
            update(client, &run, "u1", "approve", &[json!("Ada")]).await?,
            Ok(json!("Ada"))
        );
        // The same update again, also after the end of the run, has the same outcome.
        assert_eq!(
            update(client, &run, "u1", "approve", &[json!("Bob")]).await?,
            Ok(json!("Ada"))
        );
        assert_eq!(run.result().await?, "\"approved by Ada\"");
        assert_eq!(
            update(client, &run, "u1", "approve", &[json!("Bob")]).await?,
            Ok(json!("Ada"))
        );
        let late = update(client, &run, "u2", "approve", &[json!("Bob")]).await;
        assert_refused(late, Code::NotFound, "already completed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn one_update_that_many_callers_send_at_once_is_one() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Account", "acc", &[json!(10), json!(100)]).await?;
        let callers = (0..32).map(async |_| update(client, &run, "same", "change", &[json!(5)]).await);
        for outcome in futures::future::try_join_all(callers).await? {
            assert_eq!(outcome, Ok(json!(15)));
        }
        let events = run.event_types().await?;
        assert!(!events.contains(&EventType::WorkflowTaskFailed), "{events:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_wakes_a_run_that_only_the_store_knows() -> Result<()> {
    with_patterns(async |server| {
        let run = start(server.client(), "Account", "acc", &[json!(10), json!(100)]).await?;
        let first = update(server.client(), &run, "u1", "change", &[json!(5)]).await?;
        assert_eq!(first, Ok(json!(15)));
        let rejected = update(server.client(), &run, "u2", "change", &[json!(-20)]).await?;
        assert_eq!(rejected, Err("only 15 left".to_owned()));
        server.kill().await?;
        server.restart().await?;
        assert_eq!(
            update(server.client(), &run, "u3", "change", &[json!(-1)]).await?,
            Ok(json!(14))
        );
        assert_eq!(run.query("balance", "").await?, "14");
        run.signal("close", "").await?;
        assert_eq!(run.result().await?, "14");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn updates_at_the_same_time_are_all_answered() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Account", "acc", &[json!(0), json!(100)]).await?;
        let updates = (0..8).map(async |number| {
            let id = format!("u{number}");
            update(
                client,
                &run,
                &id,
                "change",
                &[json!(if number % 4 == 3 { -1_000 } else { 1 })],
            )
            .await
        });
        let outcomes: Vec<_> = futures::future::try_join_all(updates).await?;
        let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(accepted, 6, "{outcomes:?}");
        assert_eq!(run.query("balance", "").await?, "6");
        run.signal("close", "").await?;
        assert_eq!(run.result().await?, "6");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_workflow_that_continues_as_new_keeps_taking_updates() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        start(client, "Account", "acc", &[json!(0), json!(2)]).await?;
        let current = client.run("acc", "");
        for number in 1..=5 {
            let id = format!("u{number}");
            assert_eq!(
                update(client, &current, &id, "change", &[json!(1)]).await?,
                Ok(json!(number))
            );
        }
        current.signal("close", "").await?;
        let runs = client.list("WorkflowId = 'acc'").await?;
        assert_eq!(runs.len(), 3, "two changes a run");
        assert_eq!(runs[0].result().await?, "5");
        assert_eq!(runs[2].end().await?, EventType::WorkflowExecutionContinuedAsNew);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_is_waited_for_by_its_name() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Approval", "a", &[json!(3_600)]).await?;
        update(client, &run, "u1", "reject", &[json!("Eve")])
            .await?
            .map_err(anyhow::Error::msg)?;
        let poll = |update_id: &str| PollWorkflowExecutionUpdateRequest {
            namespace: client.namespace(),
            update_ref: Some(UpdateRef {
                workflow_execution: Some(run.execution()),
                update_id: update_id.to_owned(),
            }),
            ..Default::default()
        };
        let polled = client
            .temporal()
            .poll_workflow_execution_update(poll("u1"))
            .await?
            .into_inner();
        assert_eq!(polled.stage(), Stage::Completed);
        let unknown = client.temporal().poll_workflow_execution_update(poll("u9")).await;
        assert_refused(unknown, Code::NotFound, "u9");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_and_an_update_go_together() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let together = async |id: &str, amount: i64| {
            let mut start = starting(client, "Account", "acc", &[json!(10), json!(100)]);
            start.set_workflow_id_conflict_policy(WorkflowIdConflictPolicy::UseExisting);
            let update = updating(client, &client.run("acc", ""), id, "change", &[json!(amount)]);
            let operations = [Kind::StartWorkflow(start), Kind::UpdateWorkflow(update)];
            let request = ExecuteMultiOperationRequest {
                namespace: client.namespace(),
                operations: operations
                    .map(|operation| Operation {
                        operation: Some(operation),
                    })
                    .into(),
                ..Default::default()
            };
            let answer = client.temporal().execute_multi_operation(request).await?.into_inner();
            let mut responses = answer.responses.into_iter().filter_map(|response| response.response);
            let (Some(Response::StartWorkflow(started)), Some(Response::UpdateWorkflow(updated))) =
                (responses.next(), responses.next())
            else {
                anyhow::bail!("the answers are not those of a start and an update");
            };
            Ok::<(bool, Result<Value, String>), anyhow::Error>((started.started, outcome(&updated)))
        };
        assert_eq!(together("u1", 1).await?, (true, Ok(json!(11))));
        assert_eq!(together("u2", 1).await?, (false, Ok(json!(12))));
        assert_eq!(together("u3", -100).await?, (false, Err("only 12 left".to_owned())));
        client.run("acc", "").signal("close", "").await?;
        assert_eq!(client.list("").await?.first().context("it ran")?.result().await?, "12");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn updates_that_are_wrong_in_themselves_are_refused() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Approval", "a", &[json!(3_600)]).await?;
        let unknown = update(client, &run, "u", "no-such-update", &[]).await?;
        assert!(unknown.is_err_and(|message| message.contains("no-such-update")));
        let good = updating(client, &run, "u", "approve", &[json!("Ada")]);
        let refused = async |change: fn(&mut UpdateWorkflowExecutionRequest), code, words: &str| {
            let mut request = good.clone();
            change(&mut request);
            assert_refused(client.temporal().update_workflow_execution(request).await, code, words);
        };
        refused(|r| r.request = None, Code::InvalidArgument, "Request").await;
        refused(|r| r.workflow_execution = None, Code::InvalidArgument, "Execution").await;
        refused(|r| r.namespace = "nowhere".into(), Code::NotFound, "nowhere").await;
        refused(
            |r| r.wait_policy.as_mut().unwrap().lifecycle_stage = Stage::Admitted as i32,
            Code::PermissionDenied,
            "waiting on update admitted",
        )
        .await;
        refused(
            |r| r.workflow_execution.as_mut().unwrap().workflow_id = "nobody".into(),
            Code::NotFound,
            "nobody",
        )
        .await;
        run.terminate("enough").await?;
        Ok(())
    })
    .await
}
