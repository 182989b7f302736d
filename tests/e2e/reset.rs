//! Resets: a workflow goes on from a point of its past. The histories that this makes are replayed like all others.

use anyhow::{Context as _, Result};
use serde_json::json;
use tonic::{Code, Status};
use wrt_model::proto::{
    enums::{
        EventType, ResetReapplyExcludeType, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowExecutionStatus,
    },
    update::WaitPolicy,
    workflowservice::ResetWorkflowExecutionRequest,
};
use wrt_tests::{
    Client, Run,
    patterns::{update, updating},
};

use crate::{assert_refused, with_contract};

/// The ids of the events that complete workflow tasks.
async fn tasks(run: &Run) -> Result<Vec<i64>> {
    let history = run.history().await?;
    let completed = history
        .iter()
        .filter(|event| event.event_type() == EventType::WorkflowTaskCompleted);
    Ok(completed.map(|event| event.event_id).collect())
}

fn resetting(client: &Client, run: &Run, event_id: i64) -> ResetWorkflowExecutionRequest {
    ResetWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
        reason: "try again".to_owned(),
        request_id: format!("{run} from {event_id}"),
        workflow_task_finish_event_id: event_id,
        ..Default::default()
    }
}

async fn reset(client: &Client, request: ResetWorkflowExecutionRequest) -> Result<Run, Status> {
    let workflow_id = request.workflow_execution.clone().unwrap_or_default().workflow_id;
    let reset = client.temporal().reset_workflow_execution(request).await?.into_inner();
    Ok(client.run(&workflow_id, &reset.run_id))
}

#[tokio::test]
async fn a_closed_run_goes_on_from_any_task_with_the_same_randomness() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let script = "start => random; timer 1\nfired 1 => random; complete";
        let base = client.script("w", script).await?;
        let expected = base.result().await?;
        let points = tasks(&base).await?;
        assert_eq!(points.len(), 2);
        for event_id in points {
            let next = reset(client, resetting(client, &base, event_id)).await?;
            assert_eq!(
                next.result().await?.replace(&next.run_id, "RUN"),
                expected.replace(&base.run_id, "RUN")
            );
            let described = next.describe().await?.workflow_extended_info;
            let info = described.context("it is described")?;
            assert!(info.last_reset_time.is_some() && info.original_start_time != info.last_reset_time);
        }
        assert_eq!(
            base.end().await?,
            EventType::WorkflowExecutionCompleted,
            "it stays as it was"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_replayed_sees_the_time_of_the_past() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let script = "start => timer 1\nfired 1 => now; elapsed; timer 1\nfired 2 => complete";
        let base = client.script("w", script).await?;
        let expected = base.result().await?;
        let last = tasks(&base).await?.pop().context("it has tasks")?;
        let next = reset(client, resetting(client, &base, last)).await?;
        assert_eq!(
            next.result().await?.replace(&next.run_id, "RUN"),
            expected.replace(&base.run_id, "RUN")
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_open_run_is_terminated_and_its_later_signals_come_again() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let base = client.script("w", "signal end => complete 1").await?;
        base.signal("other", "").await?;
        let point = tasks(&base).await?[0];
        let next = reset(client, resetting(client, &base, point)).await?;
        assert_eq!(base.end().await?, EventType::WorkflowExecutionTerminated);
        let described = base
            .describe()
            .await?
            .workflow_extended_info
            .context("it is described")?;
        assert_eq!(described.reset_run_id, next.run_id);
        assert_eq!(
            next.event_types().await?[3..6],
            [
                EventType::WorkflowTaskFailed,
                EventType::WorkflowExecutionSignaled,
                EventType::WorkflowTaskScheduled,
            ]
        );

        let excluding = ResetWorkflowExecutionRequest {
            reset_reapply_exclude_types: vec![ResetReapplyExcludeType::Signal as i32],
            ..resetting(client, &client.run("w", ""), 3)
        };
        let last = reset(client, excluding).await?;
        assert!(
            !last
                .event_types()
                .await?
                .contains(&EventType::WorkflowExecutionSignaled)
        );
        last.signal("end", "").await?;
        assert_eq!(last.result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn accepted_updates_come_again() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let script =
            "update set => accept u1; answer u1 1\nupdate add => accept u2\nsignal end => answer u2 2; complete 1";
        let base = client.script("w", script).await?;
        assert_eq!(update(&client, &base, "u1", "set", &[]).await?, Ok(json!(1)));
        let mut accepted = updating(&client, &base, "u2", "add", &[]);
        accepted.wait_policy = Some(WaitPolicy {
            lifecycle_stage: Stage::Accepted as i32,
        });
        client.temporal().update_workflow_execution(accepted).await?;
        let point = tasks(&base).await?[0];
        let next = reset(&client, resetting(&client, &base, point)).await?;
        // Whoever asks for it again waits for the one that is there.
        assert_eq!(update(&client, &next, "u1", "set", &[]).await?, Ok(json!(1)));
        let unfinished = update(&client, &base, "u2", "add", &[]).await?;
        assert!(unfinished.is_err_and(|message| message.contains("before the Update completed")));
        assert_eq!(
            next.event_types().await?[3..],
            [
                EventType::WorkflowTaskFailed,
                EventType::WorkflowExecutionUpdateAdmitted,
                EventType::WorkflowExecutionUpdateAdmitted,
                EventType::WorkflowTaskScheduled,
                EventType::WorkflowTaskStarted,
                EventType::WorkflowTaskCompleted,
                EventType::WorkflowExecutionUpdateAccepted,
                EventType::WorkflowExecutionUpdateCompleted,
                EventType::WorkflowExecutionUpdateAccepted,
            ]
        );
        server.kill().await?;
        server.restart().await?;
        next.signal("end", "").await?;
        assert_eq!(update(&client, &next, "u2", "add", &[]).await?, Ok(json!(2)));
        assert_eq!(next.result().await?, "1");

        // One that was accepted before the point stays; the others come a third time, or do not.
        let stays = reset(&client, resetting(&client, &next, tasks(&next).await?[1])).await?;
        assert_eq!(update(&client, &stays, "u2", "add", &[]).await?, Ok(json!(2)));
        let excluding = ResetWorkflowExecutionRequest {
            reset_reapply_exclude_types: vec![ResetReapplyExcludeType::Update as i32],
            ..resetting(&client, &base, point)
        };
        let last = reset(&client, excluding).await?;
        let events = last.event_types().await?;
        assert!(
            !events.contains(&EventType::WorkflowExecutionUpdateAdmitted),
            "{events:?}"
        );
        Ok(())
    })
    .await
}

/// A parent that is done when its child is, and the child, which is done when it is asked to cancel itself.
async fn parent_and_child(client: &Client) -> Result<(Run, Run)> {
    let script = format!("start => child {CHILD} Scripted\nchild-resolved 1 => complete 1");
    let parent = client.script("w", &script).await?;
    while tasks(&parent).await?.len() < 2 {
        tokio::task::yield_now().await;
    }
    Ok((parent, client.run(CHILD, "")))
}

/// Its id is its script.
const CHILD: &str = "cancel=>complete";

#[tokio::test]
async fn an_open_child_of_the_point_answers_to_the_new_run() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let (base, child) = parent_and_child(&client).await?;
        let next = reset(&client, resetting(&client, &base, tasks(&base).await?[1])).await?;
        let parent = async || {
            let info = child.describe().await?.workflow_execution_info;
            Ok::<_, Status>(info.and_then(|info| info.parent_execution))
        };
        while parent().await? != Some(next.execution()) {
            tokio::task::yield_now().await;
        }
        assert_eq!(base.end().await?, EventType::WorkflowExecutionTerminated);
        server.kill().await?;
        server.restart().await?;
        child.cancel("enough").await?;
        assert_eq!(next.result().await?, "1");
        assert_eq!(client.count("").await?, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_child_that_is_begun_again_is_found() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let (base, child) = parent_and_child(client).await?;
        let next = reset(client, resetting(client, &base, tasks(&base).await?[0])).await?;
        next.wait_for(EventType::ChildWorkflowExecutionStarted).await?;
        child.cancel("enough").await?;
        assert_eq!(next.result().await?, "1");
        assert_eq!(client.count("").await?, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_same_request_resets_once_and_a_bad_one_changes_nothing() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let base = client.script("w", "start => timer 3600").await?;
        base.wait_for(EventType::TimerStarted).await?;
        for (event_id, words) in [
            (1, "Workflow task finish ID must be > 1"),
            (2, "Can only reset workflow to event ID in range"),
            (99, "Workflow task finish ID must be > 1"),
        ] {
            let refused = reset(client, resetting(client, &base, event_id)).await;
            assert_refused(refused, Code::InvalidArgument, words);
        }
        let nobody = resetting(client, &client.run("nobody", ""), 4);
        assert_refused(reset(client, nobody).await, Code::NotFound, "not found");
        let status = base
            .describe()
            .await?
            .workflow_execution_info
            .context("it is described")?
            .status;
        assert_eq!(status, WorkflowExecutionStatus::Running as i32);

        let first = reset(client, resetting(client, &base, 4)).await?;
        let again = reset(client, resetting(client, &base, 4)).await?;
        assert_eq!(first.run_id, again.run_id);
        assert_eq!(client.count("").await?, 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn activities_and_timers_of_the_point_outlive_a_crash_after_the_reset() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let script = "start => timer 2; timer 3600\nsignal end => complete 1\nfired 1 => cancel-timer 2";
        let base = client.script("w", script).await?;
        base.signal("noise", "").await?;
        let point = tasks(&base).await?[1];
        let next = reset(&client, resetting(&client, &base, point)).await?;
        server.kill().await?;
        server.restart().await?;
        next.wait_for(EventType::TimerCanceled).await?;
        next.signal("end", "").await?;
        assert_eq!(next.result().await?, "1");
        Ok(())
    })
    .await
}
