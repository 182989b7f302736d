//! Children: trees of them, their ends, and what becomes of them when their parent ends.

use anyhow::Result;
use serde_json::json;
use wrt_model::proto::{EventAttributes, enums::EventType};
use wrt_tests::patterns::{start, with_patterns};

#[tokio::test]
async fn a_tree_of_children_is_counted() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let root = start(client, "ChildTree", "tree", &[json!(3), json!(3)]).await?;
        assert_eq!(root.result().await?, "27");
        assert_eq!(client.count("WorkflowType = 'ChildTree'").await?, 40);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_tree_grows_to_its_end_however_often_the_server_is_killed() -> Result<()> {
    with_patterns(async |server| {
        let root = start(server.client(), "ChildTree", "tree", &[json!(4), json!(3)]).await?;
        for runs in [2, 20, 60] {
            while server.client().count("").await? < runs {
                tokio::task::yield_now().await;
            }
            server.kill().await?;
            server.restart().await?;
        }
        assert_eq!(root.result().await?, "81");
        assert_eq!(server.client().count("").await?, 121);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn children_follow_the_end_of_their_parent_by_their_policy() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        for (policy, end) in [
            ("terminate", Some(EventType::WorkflowExecutionTerminated)),
            ("request-cancel", Some(EventType::WorkflowExecutionCanceled)),
            ("abandon", None),
        ] {
            let parent = start(client, "Delegation", policy, &[json!(policy)]).await?;
            parent.signal("done", "").await?;
            let child_id: String = serde_json::from_str(&parent.result().await?)?;
            let child = client.run(&child_id, "");
            match end {
                Some(end) => assert_eq!(child.end().await?, end, "{policy}"),
                None => {
                    assert!(
                        child
                            .describe()
                            .await?
                            .workflow_execution_info
                            .is_some_and(|info| info.close_time.is_none())
                    );
                    child.terminate("enough").await?;
                }
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_parent_that_is_terminated_takes_its_child_along() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let parent = start(client, "Delegation", "parent", &[json!("terminate")]).await?;
        let started = parent.wait_for(EventType::ExternalWorkflowExecutionSignaled).await;
        started?;
        let described = parent.describe().await?;
        let [child] = described.pending_children.as_slice() else {
            panic!("{:?}", described.pending_children);
        };
        let child = client.run(&child.workflow_id, &child.run_id);
        let info = child.describe().await?.workflow_execution_info.unwrap_or_default();
        assert_eq!(info.parent_execution, Some(parent.execution()));
        parent.terminate("enough").await?;
        assert_eq!(child.end().await?, EventType::WorkflowExecutionTerminated);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_child_that_cannot_be_started_fails_in_its_parent() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        // Its child's id is taken by a run of somebody else.
        let parent = start(client, "Delegation", "parent", &[json!("keep")]).await?;
        let failure = parent.failure().await?;
        assert_eq!(failure.message, "there is no policy \"keep\"");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_lock_is_lent_to_one_workflow_after_the_other() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let lock = start(client, "Lock", "lock", &[json!(1)]).await?;
        let mut sections = Vec::new();
        for number in 0..3 {
            let id = format!("section-{number}");
            sections.push(start(client, "CriticalSection", &id, &[json!("lock"), json!(0)]).await?);
        }
        for section in &sections {
            section.result().await?;
        }
        assert_eq!(lock.result().await?, "3");
        let nobody = start(client, "CriticalSection", "late", &[json!("lock"), json!(0)]).await?;
        let failure = nobody.failure().await?;
        assert!(failure.message.contains("lock"), "{}", failure.message);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_patch_is_marked_and_found() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Greeting", "g", &[json!("Ada")]).await?;
        assert_eq!(run.result().await?, "\"Good day, Ada\"");
        let upserted = run.wait_for(EventType::UpsertWorkflowSearchAttributes).await?;
        let Some(EventAttributes::UpsertWorkflowSearchAttributesEventAttributes(upserted)) = upserted.attributes else {
            panic!("{upserted:?}");
        };
        let attributes = upserted.search_attributes.unwrap_or_default().indexed_fields;
        assert_eq!(attributes["TemporalChangeVersion"].data, br#"["polite"]"#);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_activities_at_once_come_to_one_result() -> Result<()> {
    with_patterns(async |server| {
        let run = start(server.client(), "FanOut", "f", &[json!(1_000)]).await?;
        assert_eq!(run.result().await?, "333833500");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_cron_schedule_begins_run_after_run() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let mut request = wrt_tests::patterns::starting(client, "Greeting", "cron", &[json!("Ada")]);
        request.cron_schedule = "@every 1s".to_owned();
        let first = client.start(request).await?;
        assert_eq!(first.result().await?, "\"Good day, Ada\"");
        while client
            .count("WorkflowId = 'cron' AND ExecutionStatus = 'Completed'")
            .await?
            < 2
        {
            tokio::task::yield_now().await;
        }
        client.run("cron", "").terminate("enough").await?;
        Ok(())
    })
    .await
}
