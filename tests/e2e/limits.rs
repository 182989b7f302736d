//! Limits of namespaces: who is refused, who is ended, and who may go on because its namespace allows it.

use anyhow::{Context as _, Result};
use serde_json::json;
use tonic::Code;
use wrt_api::proto::wrt::v1::{DescribeLimitsRequest, LimitChange, UpdateLimitsRequest};
use wrt_model::{
    failure,
    proto::{
        EventAttributes,
        enums::{EventType, WorkflowTaskFailedCause as Cause},
        workflowservice::DescribeNamespaceRequest,
    },
};
use wrt_tests::{
    Client, Options, Worker,
    patterns::{start, update, with_patterns},
    with_server,
};

use crate::{assert_refused, hostile::failed_task, with_contract};

/// The value of a limit, and whether the namespace has not set it.
async fn limit(client: &Client, name: &str) -> Result<(u64, bool)> {
    let request = DescribeLimitsRequest {
        namespace: client.namespace(),
    };
    let limits = client.namespaces().describe_limits(request).await?.into_inner().limits;
    let found = limits.into_iter().find(|limit| limit.name == name);
    let found = found.with_context(|| format!("find the limit {name}"))?;
    Ok((found.value, found.is_default))
}

#[tokio::test]
async fn a_namespace_sets_limits_and_takes_them_back() -> Result<()> {
    let options = Options {
        settings: "namespace_limits = { pending_signals = 5 }",
        ..Options::default()
    };
    with_server(options, async |server| {
        let client = server.client().clone();
        assert_eq!(limit(&client, "pending_signals").await?, (5, true), "the server's");
        assert_eq!(limit(&client, "pending_activities").await?, (2_000, true), "Temporal's");
        client
            .set_limits(&[("pending_signals", 7), ("blob_size_error", 1_000)])
            .await?;
        client.set_limits(&[("limit.historyCount.error", 0)]).await?;
        server.kill().await?;
        server.restart().await?;
        assert_eq!(limit(&client, "pending_signals").await?, (7, false));
        assert_eq!(limit(&client, "history_count_error").await?, (0, false));
        let described = client
            .temporal()
            .describe_namespace(DescribeNamespaceRequest {
                namespace: client.namespace(),
                ..Default::default()
            })
            .await?
            .into_inner();
        let shown = described.namespace_info.and_then(|info| info.limits);
        assert_eq!(shown.context("limits are shown")?.blob_size_limit_error, 1_000);

        let back = UpdateLimitsRequest {
            namespace: client.namespace(),
            changes: vec![LimitChange {
                name: "pending_signals".to_owned(),
                value: None,
            }],
        };
        client.namespaces().update_limits(back).await?;
        assert_eq!(limit(&client, "pending_signals").await?, (5, true));
        assert_refused(
            client.set_limits(&[("size", 1)]).await,
            Code::InvalidArgument,
            "there is no limit \"size\"; the limits are",
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_too_large_is_refused_at_the_door() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let run = start(client, "Approval", "a", &[json!(3_600)]).await?;
        client.set_limits(&[("blob_size_error", 1_000)]).await?;
        let large = json!("x".repeat(1_000));
        let words = "Blob data size exceeds limit.";
        let started = start(client, "Approval", "b", std::slice::from_ref(&large)).await;
        assert_refused(started, Code::InvalidArgument, words);
        let text = large.to_string();
        assert_refused(run.signal("note", &text).await, Code::InvalidArgument, words);
        assert_refused(run.query("state", &text).await, Code::InvalidArgument, words);
        let updated = update(client, &run, "u", "approve", &[large]).await;
        assert_refused(updated, Code::InvalidArgument, words);
        run.terminate("it waits for an hour").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn one_activity_too_many_fails_the_task_until_the_limit_is_raised() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        client.set_limits(&[("pending_activities", 1)]).await?;
        let run = client
            .script("w", "start => schedule A; schedule B\nresolved 2 => complete 1")
            .await?;
        let (cause, message) = failed_task(&run).await?;
        assert_eq!(cause, Cause::PendingActivitiesLimitExceeded);
        assert_eq!(
            message,
            "the number of pending activities, 1, has reached the per-workflow limit of 1"
        );
        client.set_limits(&[("pending_activities", 2)]).await?;
        let worker = Worker::new(client, "contract");
        for _ in 0..2 {
            worker.complete(&worker.poll().await?.task_token, "1").await?;
        }
        assert_eq!(run.result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_result_that_is_too_large_fails_its_activity() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        client.set_limits(&[("blob_size_error", 1_000)]).await?;
        let run = client
            .script("w", "start => schedule A\nresolved 1 => complete 1")
            .await?;
        let worker = Worker::new(client, "contract");
        let result = json!("x".repeat(1_000)).to_string();
        worker.complete(&worker.poll().await?.task_token, &result).await?;
        let failed = run.wait_for(EventType::ActivityTaskFailed).await?;
        let Some(EventAttributes::ActivityTaskFailedEventAttributes(failed)) = failed.attributes else {
            anyhow::bail!("{failed:?}");
        };
        let expected = failure::server("Complete result exceeds size limit.", true);
        assert_eq!(failed.failure, Some(expected));
        assert_eq!(run.result().await?, "1", "the workflow goes on");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_takes_as_many_signals_as_its_namespace_allows() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        client.set_limits(&[("signals_per_execution", 2)]).await?;
        let run = client.script("w", "signal end => complete 1").await?;
        run.signal("a", "").await?;
        run.signal("b", "").await?;
        assert_refused(
            run.signal("end", "").await,
            Code::InvalidArgument,
            "exceeded workflow execution limit for signal events",
        );
        client.set_limits(&[("signals_per_execution", 3)]).await?;
        run.signal("end", "").await?;
        assert_eq!(run.result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_history_that_grows_too_long_is_warned_of_once_and_then_ended() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        client
            .set_limits(&[("history_count_warn", 20), ("history_count_error", 40)])
            .await?;
        let run = client.script("w", "start => log hello").await?;
        let mut signals = 0;
        while run.signal("more", "").await.is_ok() {
            signals += 1;
        }
        assert!((8..=38).contains(&signals), "{signals} signals");
        let end = run.closed().await?;
        let Some(EventAttributes::WorkflowExecutionTerminatedEventAttributes(terminated)) = &end.attributes else {
            anyhow::bail!("{end:?}");
        };
        assert_eq!(terminated.reason, "Workflow history count exceeds limit.");
        assert!((41..=50).contains(&end.event_id), "{}", end.event_id);
        let warned = server
            .log()
            .matches("the history is longer than history_count_warn")
            .count();
        assert_eq!(warned, 1);

        client.set_limits(&[("history_count_error", 0)]).await?;
        let run = client
            .script("w", "start => log hello\nsignal end => complete 1")
            .await?;
        for _ in 0..20 {
            run.signal("more", "").await?;
        }
        run.signal("end", "").await?;
        assert_eq!(run.result().await?, "1", "nothing limits it");
        Ok(())
    })
    .await
}
