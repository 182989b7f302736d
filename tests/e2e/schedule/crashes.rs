//! Schedules of a server that is killed and comes back.

use super::*;

#[tokio::test]
async fn a_crash_loses_no_action_and_repeats_none() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let mut triggers = Vec::new();
        for number in 0..30 {
            let schedule = of_workflow(schedule("", PATIENT, Policy::Skip), &format!("w{number}"));
            let handle = Handle::create(&client, &format!("s{number}"), schedule).await?;
            triggers.push(tokio::spawn(async move {
                let acknowledged = handle.patch(trigger(1, Policy::Unspecified)).await.is_ok();
                (handle, acknowledged)
            }));
        }
        // As soon as some of them are on their way.
        let (first, _) = triggers.remove(0).await?;
        server.kill().await?;
        server.restart().await?;
        let mut acknowledged = vec![first];
        for task in triggers {
            let (handle, answered) = task.await?;
            acknowledged.extend(answered.then_some(handle));
        }
        for handle in &acknowledged {
            let info = handle.wait_until("started", |info| info.action_count > 0).await?;
            assert_eq!(info.action_count, 1, "{}", handle.id);
            let run = handle.last_run(&info);
            let found = client.list(&format!("WorkflowId = '{}'", run.workflow_id)).await?;
            assert_eq!(found.len(), 1, "{run}");
            // It is watched again.
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
async fn what_was_missed_is_caught_up_with() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        // One after the other, so that the actions are recorded in their order.
        let every_second = schedule("@every 1s", "start => complete 1", Policy::BufferAll);
        let handle = Handle::create(&client, "s", every_second).await?;
        let info = handle.wait_until("an action", |info| info.action_count > 0).await?;
        server.kill().await?;
        server.restart().await?;
        let count = info.action_count + 3;
        let info = handle
            .wait_until("more actions", |info| info.action_count >= count)
            .await?;
        handle.delete().await?;
        let seconds: Vec<_> = info
            .recent_actions
            .iter()
            .map(|action| action.schedule_time.unwrap_or_default().seconds)
            .collect();
        let without_gap: Vec<_> = (seconds[0]..).take(seconds.len()).collect();
        assert_eq!(seconds, without_gap);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_waits_survives_a_crash() -> Result<()> {
    with_contract(async |server| {
        let handle = Handle::create(server.client(), "s", schedule("", PATIENT, Policy::BufferAll)).await?;
        for second in [1, 2, 3] {
            handle.patch(trigger(second, Policy::Unspecified)).await?;
        }
        let mut info = handle.wait_until("started", |info| info.action_count == 1).await?;
        server.kill().await?;
        server.restart().await?;
        for count in [2, 3] {
            handle.last_run(&info).signal("end", "").await?;
            info = handle.wait_until("the next", |info| info.action_count == count).await?;
        }
        let expected = ["01", "02", "03"].map(|second| format!("w-1970-01-01T00:00:{second}Z"));
        assert_eq!(workflow_ids(&info), expected);
        Ok(())
    })
    .await
}
