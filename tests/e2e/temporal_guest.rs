//! A workflow that is written with Temporal's own crate, and runs without a worker.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wrt_model::proto::{EventAttributes, FailureInfo, enums::EventType};
use wrt_tests::{
    Options, Run, Server, divergence, guest,
    patterns::{PATTERNS, start, update},
    with_server,
};

const HOUR: u64 = 3_600_000;

async fn with_subscriptions(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("patterns-activities", PATTERNS).await?;
        server.deploy("subscription", PATTERNS).await?;
        test(server).await
    })
    .await
}

fn plan(currency: &str, period_ms: u64, periods: u32) -> Value {
    json!({ "currency": currency, "price": 5, "period_ms": period_ms, "periods": periods })
}

/// A subscription that has sent its first invoice and waits for the end of an hour.
async fn subscribed(server: &Server, id: &str) -> Result<Run> {
    let run = start(server.client(), "Subscription", id, &[plan("EUR", HOUR, 3)]).await?;
    run.wait_for(EventType::TimerStarted).await?;
    Ok(run)
}

#[tokio::test]
async fn activities_timers_and_children_lead_to_the_end() -> Result<()> {
    with_subscriptions(async |server| {
        let run = start(server.client(), "Subscription", "s", &[plan("USD", 1, 2)]).await?;
        assert_eq!(run.result().await?, r#"["invoice 1: 4.50 EUR","invoice 2: 4.50 EUR"]"#);
        let types = run.event_types().await?;
        let count = |wanted: EventType| types.iter().filter(|kind| **kind == wanted).count();
        assert_eq!(count(EventType::ActivityTaskScheduled), 2, "{types:?}");
        assert_eq!(count(EventType::MarkerRecorded), 2, "{types:?}");
        assert_eq!(count(EventType::ChildWorkflowExecutionCompleted), 2, "{types:?}");
        assert_eq!(count(EventType::TimerFired), 2, "{types:?}");
        assert_eq!(count(EventType::WorkflowTaskFailed), 0, "{types:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn signals_queries_and_updates_reach_it() -> Result<()> {
    with_subscriptions(async |server| {
        let client = server.client();
        let run = subscribed(server, "s").await?;
        assert_eq!(run.query("invoices", "").await?, r#"["invoice 1: 5.00 EUR"]"#);

        let before = run.history().await?.len();
        let free = update(client, &run, "u0", "change_price", &[json!(0)]).await?;
        assert_eq!(free, Err("nothing is free".to_owned()));
        assert_eq!(run.history().await?.len(), before, "a rejected update leaves no event");
        let changed = update(client, &run, "u1", "change_price", &[json!(7)]).await?;
        assert_eq!(changed, Ok(json!(5)));
        let unknown = update(client, &run, "u2", "change_color", &[json!(0)]).await?;
        let message = unknown.expect_err("there is no such update");
        assert!(message.contains("change_color"), "{message}");

        run.signal("cancel", "").await?;
        assert_eq!(run.result().await?, r#"["invoice 1: 5.00 EUR"]"#);
        assert_eq!(run.query("invoices", "").await?, r#"["invoice 1: 5.00 EUR"]"#);
        let unknown = run.query("colors", "").await.expect_err("there is no such query");
        assert!(
            unknown
                .message()
                .starts_with("unknown queryType colors. KnownQueryTypes=[__enhanced_stack_trace"),
            "{unknown}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn it_goes_on_after_a_crash() -> Result<()> {
    with_subscriptions(async |server| {
        let run = subscribed(server, "s").await?;
        let changed = update(server.client(), &run, "u1", "change_price", &[json!(7)]).await?;
        assert_eq!(changed, Ok(json!(5)));
        server.kill().await?;
        server.restart().await?;
        let changed = update(server.client(), &run, "u2", "change_price", &[json!(9)]).await?;
        assert_eq!(changed, Ok(json!(7)));
        assert_eq!(run.query("invoices", "").await?, r#"["invoice 1: 5.00 EUR"]"#);
        run.signal("cancel", "").await?;
        assert_eq!(run.result().await?, r#"["invoice 1: 5.00 EUR"]"#);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_canceled_run_tidies_up() -> Result<()> {
    with_subscriptions(async |server| {
        let run = subscribed(server, "s").await?;
        run.cancel("moved away").await?;
        // Its waits end, and the subscription with them, but not before the mailbox is gone.
        assert_eq!(run.end().await?, EventType::WorkflowExecutionCanceled);
        let types = run.event_types().await?;
        assert!(types.contains(&EventType::TimerCanceled), "{types:?}");
        let activities = types.iter().filter(|kind| **kind == EventType::ActivityTaskCompleted);
        assert_eq!(activities.count(), 2, "{types:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_failure_of_an_activity_is_the_failure_of_the_run() -> Result<()> {
    with_subscriptions(async |server| {
        let run = start(server.client(), "Subscription", "s", &[plan("THB", 1, 1)]).await?;
        let failure = run.failure().await?;
        let causes: Vec<_> = std::iter::successors(Some(&failure), |failure| failure.cause.as_deref()).collect();
        let activity = causes.iter().find_map(|failure| match &failure.failure_info {
            Some(FailureInfo::ActivityFailureInfo(info)) => info.activity_type.as_ref(),
            _ => None,
        });
        assert_eq!(
            activity.map(|kind| kind.name.as_str()),
            Some("ExchangeRate"),
            "{failure:?}"
        );
        assert!(
            causes.iter().any(|cause| cause.message == "THB is not traded"),
            "{failure:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn input_of_another_shape_fails_the_task_and_not_the_run() -> Result<()> {
    with_subscriptions(async |server| {
        let run = start(server.client(), "Subscription", "s", &[json!("no plan")]).await?;
        let failed = run.wait_for(EventType::WorkflowTaskFailed).await?;
        let Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) = failed.attributes else {
            anyhow::bail!("{failed:?}");
        };
        let message = failed.failure.context("it has a reason")?.message;
        assert!(message.contains("deserialization failed"), "{message}");
        run.terminate("enough").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_differs_from_the_history_is_named() -> Result<()> {
    with_subscriptions(async |server| {
        let run = subscribed(server, "s").await?;
        let mut history = run.history().await?;
        let execution = run.execution();
        for event in &mut history {
            if let Some(EventAttributes::TimerStartedEventAttributes(timer)) = &mut event.attributes {
                timer.start_to_fire_timeout = Some(prost_types::Duration { seconds: 1, nanos: 0 });
            }
        }
        let failure = divergence("default", &execution, &history, &guest("subscription")?).await?;
        let message = &failure.failure.message;
        assert!(message.contains("it issued StartTimer (timer `1`)"), "{message}");
        assert!(message.contains("its start-to-fire timeout is"), "{message}");
        run.terminate("enough").await?;
        Ok(())
    })
    .await
}
