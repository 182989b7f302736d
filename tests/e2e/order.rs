//! The order story, in all its ways.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wrt_model::{
    proto::{
        EventAttributes, Failure, FailureInfo, RetryPolicy,
        enums::{EventType, RetryState},
    },
    time::proto_span,
};
use wrt_tests::{Options, Orders, Run, Server, with_server};

const CREATE: &str = "CreateOrder";
const RESERVE: &str = "ReserveInventory";
const FREEZE: &str = "FreezePayment";

/// Long enough to do something meanwhile, and never waited for.
const LONG_MS: u32 = 3_600_000;

/// Runs a test against a server that takes orders.
async fn with_orders(test: impl AsyncFnOnce(&mut Server, &Orders) -> Result<()>) -> Result<()> {
    with_server(Options::default(), async |server| {
        let orders = Orders::deploy(server).await?;
        test(server, &orders).await
    })
    .await
}

async fn place(server: &Server, id: &str, order: &Value) -> Result<Run> {
    let client = server.client();
    Ok(client
        .start(client.starting("OrderWorkflow", "orders", id, &order.to_string()))
        .await?)
}

async fn step(run: &Run) -> Result<Value> {
    let status: Value = serde_json::from_str(&run.query("status", "").await?)?;
    Ok(status["step"].clone())
}

/// The type of the application failure at the root of the chain.
fn root_type(failure: &Failure) -> &str {
    let root = std::iter::successors(Some(failure), |link| link.cause.as_deref()).last();
    match root.and_then(|root| root.failure_info.as_ref()) {
        Some(FailureInfo::ApplicationFailureInfo(info)) => &info.r#type,
        _ => "",
    }
}

#[tokio::test]
async fn an_order_is_taken_step_by_step() -> Result<()> {
    with_orders(async |server, orders| {
        let run = place(server, "o", &Orders::input(10)).await?;
        let receipt: Value = serde_json::from_str(&run.result().await?)?;
        assert!(
            receipt["order_id"].is_string() && receipt["reserve_id"].is_string(),
            "{receipt}"
        );
        assert!(receipt["freeze_id"].is_string(), "{receipt}");
        assert_eq!(orders.books.effects_of("o").await?, [CREATE, RESERVE, FREEZE]);
        assert_eq!(step(&run).await?, "completed", "the end does not end the questions");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_customer_who_cancels_gets_everything_undone_in_reverse() -> Result<()> {
    with_orders(async |server, orders| {
        let run = place(server, "o", &Orders::input(LONG_MS)).await?;
        run.wait_for(EventType::TimerStarted).await?;
        assert_eq!(step(&run).await?, "pausing");
        run.signal("cancel-order", "\"changed my mind\"").await?;
        let failure = run.failure().await?;
        assert_eq!(
            (root_type(&failure), failure.message.as_str()),
            ("OrderCanceled", "changed my mind")
        );
        let effects = orders.books.effects_of("o").await?;
        assert_eq!(effects, [CREATE, RESERVE, "ReleaseInventory", "CancelOrder"]);
        assert_eq!(step(&run).await?, "compensated");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_step_that_fails_has_the_ones_before_undone() -> Result<()> {
    let cases: [(Value, &str, &[&str]); 2] = [
        (
            json!({ "items": ["out-of-stock"] }),
            "OutOfStock",
            &[CREATE, "CancelOrder"],
        ),
        (
            json!({ "amount": 1_000_001 }),
            "InsufficientFunds",
            &[CREATE, RESERVE, "ReleaseInventory", "CancelOrder"],
        ),
    ];
    with_orders(async |server, orders| {
        for (change, failure_type, expected) in cases {
            let run = place(server, failure_type, &changed(change)).await?;
            assert_eq!(root_type(&run.failure().await?), failure_type);
            assert_eq!(orders.books.effects_of(failure_type).await?, expected);
        }
        Ok(())
    })
    .await
}

fn changed(change: Value) -> Value {
    let mut order = Orders::input(10);
    for (key, value) in change.as_object().into_iter().flatten() {
        order[key] = value.clone();
    }
    order
}

#[tokio::test]
async fn an_unreliable_bank_is_asked_again() -> Result<()> {
    with_orders(async |server, orders| {
        let run = place(server, "o", &changed(json!({ "user_id": "flaky-payment" }))).await?;
        run.result().await?;
        assert_eq!(orders.books.effects_of("o").await?, [CREATE, RESERVE, FREEZE]);
        let history = run.history().await?;
        let attempts: Vec<_> = history
            .iter()
            .filter_map(|event| match &event.attributes {
                Some(EventAttributes::ActivityTaskStartedEventAttributes(started)) => Some(started.attempt),
                _ => None,
            })
            .collect();
        assert_eq!(attempts, [1, 1, 3]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_order_outlives_the_server() -> Result<()> {
    with_orders(async |server, orders| {
        let run = place(server, "o", &Orders::input(2_000)).await?;
        run.wait_for(EventType::TimerStarted).await?;
        server.kill().await?;
        server.restart().await?;
        assert_eq!(step(&run).await?, "pausing");
        run.result().await?;
        assert_eq!(orders.books.effects_of("o").await?, [CREATE, RESERVE, FREEZE]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_canceled_run_is_undone_and_ends_canceled() -> Result<()> {
    with_orders(async |server, orders| {
        let run = place(server, "o", &Orders::input(LONG_MS)).await?;
        run.wait_for(EventType::TimerStarted).await?;
        run.cancel("maintenance").await?;
        assert_eq!(run.end().await?, EventType::WorkflowExecutionCanceled);
        let effects = orders.books.effects_of("o").await?;
        assert_eq!(effects, [CREATE, RESERVE, "ReleaseInventory", "CancelOrder"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failed_order_is_tried_again_as_its_policy_says() -> Result<()> {
    with_orders(async |server, orders| {
        let client = server.client();
        let order = changed(json!({ "items": ["out-of-stock"] })).to_string();
        let mut request = client.starting("OrderWorkflow", "orders", "o", &order);
        request.retry_policy = Some(RetryPolicy {
            initial_interval: Some(proto_span(Duration::from_millis(10))),
            maximum_attempts: 2,
            ..Default::default()
        });
        let first = client.start(request).await?;
        let (state, next) = failed(&first).await?;
        assert_eq!(state, RetryState::InProgress);
        let (state, none) = failed(&client.run("o", &next)).await?;
        assert_eq!((state, none.as_str()), (RetryState::MaximumAttemptsReached, ""));
        let effects = orders.books.effects_of("o").await?;
        assert_eq!(effects, [CREATE, "CancelOrder", CREATE, "CancelOrder"]);
        Ok(())
    })
    .await
}

/// Whether a failed run is tried again, and the run that does.
async fn failed(run: &Run) -> Result<(RetryState, String)> {
    match run.closed().await?.attributes.context("events have attributes")? {
        EventAttributes::WorkflowExecutionFailedEventAttributes(failed) => {
            Ok((failed.retry_state(), failed.new_execution_run_id))
        }
        other => anyhow::bail!("{run} did not fail: {other:?}"),
    }
}
