//! What schedules do by themselves, or when they are triggered.

use wrt_tests::patterns::{PATTERNS, with_patterns};

use super::*;

#[tokio::test]
async fn a_schedule_starts_workflows_as_time_passes() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let every_second = schedule("@every 1s", "start => complete 1", Policy::AllowAll);
        let handle = Handle::create(client, "s", every_second).await?;
        let info = handle
            .wait_until("two closed workflows", |info| {
                let closed = |action: &&wrt_model::proto::schedule::ScheduleActionResult| {
                    action.start_workflow_status() == WorkflowExecutionStatus::Completed
                };
                info.recent_actions.iter().filter(closed).count() >= 2
            })
            .await?;
        handle.delete().await?;
        assert_refused(
            handle.describe().await,
            Code::NotFound,
            "workflow not found for ID: temporal-sys-scheduler:s",
        );
        assert_refused(
            handle.delete().await,
            Code::NotFound,
            "workflow not found for ID: temporal-sys-scheduler:s",
        );

        let (first, second) = (&info.recent_actions[0], &info.recent_actions[1]);
        let seconds = |time: &Option<prost_types::Timestamp>| time.unwrap_or_default().seconds;
        assert_eq!(seconds(&second.schedule_time) - seconds(&first.schedule_time), 1);
        assert!(seconds(&first.actual_time) >= seconds(&first.schedule_time));

        let run = client.run(&workflow_ids(&info)[0], "");
        assert_eq!(
            run.workflow_id,
            format!("w-{}", first.schedule_time.unwrap_or_default())
        );
        assert_eq!(run.result().await?, "1");
        let described = run.describe().await?.workflow_execution_info.unwrap_or_default();
        let fields = described.search_attributes.unwrap_or_default().indexed_fields;
        assert_eq!(fields["TemporalScheduledById"].data, b"\"s\"");
        let time = format!("\"{}\"", first.schedule_time.unwrap_or_default());
        assert_eq!(fields["TemporalScheduledStartTime"].data, time.as_bytes());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_overlaps_is_skipped_or_waits() -> Result<()> {
    with_contract(async |server| {
        let handle = Handle::create(server.client(), "s", schedule("", PATIENT, Policy::Skip)).await?;
        handle.patch(trigger(1, Policy::Unspecified)).await?;
        let info = handle.wait_until("started", |info| info.action_count == 1).await?;
        let first = handle.last_run(&info);
        assert_eq!(first.workflow_id, "w-1970-01-01T00:00:01Z");
        assert_eq!(info.running_workflows, [first.execution()]);

        handle.patch(trigger(2, Policy::Unspecified)).await?;
        assert_eq!(handle.info().await?.overlap_skipped, 1);
        for second in [3, 4] {
            handle.patch(trigger(second, Policy::BufferOne)).await?;
        }
        let info = handle.info().await?;
        assert_eq!((info.buffer_size, info.overlap_skipped), (1, 2));

        first.signal("end", "").await?;
        let info = handle
            .wait_until("started again", |info| info.action_count == 2)
            .await?;
        let second = handle.last_run(&info);
        assert_eq!(second.workflow_id, "w-1970-01-01T00:00:03Z");
        assert_eq!(info.running_workflows, [second.execution()]);
        let status = info.recent_actions[0].start_workflow_status();
        assert_eq!(status, WorkflowExecutionStatus::Completed);

        // The second one is told how the first one went.
        let started = second.history().await?.swap_remove(0);
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = started.attributes else {
            anyhow::bail!("a history begins with its start");
        };
        let expected = payload::payloads(vec![payload::json("1")]);
        assert_eq!(started.last_completion_result, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_other_is_canceled_or_terminated() -> Result<()> {
    with_contract(async |server| {
        let script = "signal end => complete 1\ncancel => canceled";
        let handle = Handle::create(server.client(), "s", schedule("", script, Policy::Skip)).await?;
        let mut count = 0;
        for (policy, end) in [
            (Policy::CancelOther, EventType::WorkflowExecutionCanceled),
            (Policy::TerminateOther, EventType::WorkflowExecutionTerminated),
        ] {
            handle.patch(trigger(count, policy)).await?;
            count += 1;
            let info = handle.wait_until("started", |info| info.action_count == count).await?;
            let other = handle.last_run(&info);
            handle.patch(trigger(count, policy)).await?;
            count += 1;
            assert_eq!(other.end().await?, end);
            let info = handle
                .wait_until("started instead", |info| info.action_count == count)
                .await?;
            let run = handle.last_run(&info);
            run.signal("end", "").await?;
            handle
                .wait_until("nothing running", |info| info.running_workflows.is_empty())
                .await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failure_can_pause() -> Result<()> {
    with_contract(async |server| {
        let mut failing = schedule("@every 1s", "start => fail out of stock", Policy::Skip);
        if let Some(policies) = &mut failing.policies {
            policies.pause_on_failure = true;
        }
        let handle = Handle::create(server.client(), "s", failing).await?;
        handle
            .wait_until("a closed workflow", |info| {
                let last = info.recent_actions.last();
                last.is_some_and(|action| action.start_workflow_status() == WorkflowExecutionStatus::Failed)
            })
            .await?;
        let state = handle.state().await?;
        assert!(state.paused);
        assert!(
            state.notes.starts_with("paused due to workflow failure: w-"),
            "{}",
            state.notes
        );
        assert!(state.notes.ends_with(": out of stock"), "{}", state.notes);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_waits_for_its_component() -> Result<()> {
    with_contract(async |server| {
        let mut elsewhere = schedule("", "start => complete 1", Policy::Skip);
        if let Some(Action::StartWorkflow(workflow)) = elsewhere.action.as_mut().and_then(|it| it.action.as_mut()) {
            workflow.task_queue = Some(TaskQueue {
                name: "elsewhere".to_owned(),
                ..Default::default()
            });
        }
        let handle = Handle::create(server.client(), "s", elsewhere).await?;
        handle.patch(trigger(1, Policy::Unspecified)).await?;
        server.deploy("contract-guest", "elsewhere").await?;
        let info = handle.wait_until("started", |info| info.action_count == 1).await?;
        assert_eq!(handle.last_run(&info).result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_past_is_backfilled() -> Result<()> {
    with_contract(async |server| {
        let hourly = schedule("@hourly", "start => complete 1", Policy::Skip);
        let handle = Handle::create(server.client(), "s", hourly).await?;
        let backfill = SchedulePatch {
            backfill_request: vec![BackfillRequest {
                start_time: Some(at(YEAR_2020 + 3600)),
                end_time: Some(at(YEAR_2020 + 3 * 3600)),
                overlap_policy: Policy::BufferAll as i32,
            }],
            ..Default::default()
        };
        handle.patch(backfill).await?;
        let info = handle
            .wait_until("three actions", |info| info.action_count == 3)
            .await?;
        let expected = ["01", "02", "03"].map(|hour| format!("w-2020-01-01T{hour}:00:00Z"));
        assert_eq!(workflow_ids(&info), expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_workflow_learns_which_time_it_is_for() -> Result<()> {
    with_patterns(async |server| {
        let mut nightly = schedule("0 3 * * *", "", Policy::Skip);
        if let Some(Action::StartWorkflow(workflow)) = nightly.action.as_mut().and_then(|action| action.action.as_mut())
        {
            workflow.workflow_type = Some(WorkflowType {
                name: "Report".to_owned(),
            });
            workflow.task_queue = Some(TaskQueue {
                name: PATTERNS.to_owned(),
                ..Default::default()
            });
            workflow.input = payload::payloads(vec![payload::json("\"one two three\"")]);
        }
        let handle = Handle::create(server.client(), "nightly", nightly).await?;
        handle.patch(trigger(YEAR_2020, Policy::Unspecified)).await?;
        let info = handle.wait_until("started", |info| info.action_count == 1).await?;
        assert_eq!(handle.last_run(&info).result().await?, format!("[{YEAR_2020},3]"));
        Ok(())
    })
    .await
}
