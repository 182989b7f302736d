//! Replaying the histories of a server natively, as they are and after a change.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use futures::{FutureExt, select};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wrt_sdk::{
    Context, Error, Result, Saga,
    testing::{ReplayError, Replayer},
    workflow,
};

#[derive(Serialize, Deserialize)]
struct Order {
    user_id: String,
    items: Vec<String>,
    amount: u64,
    pause_ms: u64,
}

#[derive(Serialize)]
struct NewOrder<'o> {
    user_id: &'o str,
    items: &'o [String],
    amount: u64,
    placed_at_ms: u128,
    reference: &'static str,
}

#[derive(Serialize)]
struct Reservation<'o> {
    order_id: &'o str,
    lines: [Line<'o>; 1],
}

#[derive(Serialize)]
struct Line<'o> {
    item: &'o str,
    quantity: u32,
}

#[derive(Serialize)]
struct Payment<'o> {
    order_id: &'o str,
    user_id: &'o str,
    amount: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Created {
    order_id: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Reserved {
    reserve_id: String,
}

#[derive(Serialize, Deserialize)]
struct Frozen {
    freeze_id: String,
}

#[derive(Serialize, Deserialize)]
struct Receipt {
    order_id: String,
    reserve_id: String,
    freeze_id: String,
}

/// The order of the examples, with what it drew from its hash seeds written down: native code has other seeds.
#[workflow(name = "OrderWorkflow")]
async fn order(ctx: Context, order: Order) -> Result<Receipt> {
    let scope = ctx.cancellation_scope();
    let mut work = Box::pin(scope.saga(async |saga| steps(&scope, saga, &order).await)).fuse();
    let mut cancels = ctx.signals::<String>("cancel-order");
    select! {
        outcome = work => outcome,
        reason = cancels.recv() => {
            let reason = reason?;
            scope.cancel(&reason);
            let _ = work.await;
            Err(Error::application("OrderCanceled", reason).non_retryable())
        }
    }
}

async fn steps(ctx: &Context, saga: &Saga, order: &Order) -> Result<Receipt> {
    let reference = match ctx.info().workflow_id.as_str() {
        "canceled" => "fe3900a1d63e076f",
        "completed" => "d3c90fb5d3092591",
        _ => "e267ffcde1e0b5da",
    };
    let new_order = NewOrder {
        user_id: &order.user_id,
        items: &order.items,
        amount: order.amount,
        placed_at_ms: ctx.now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis(),
        reference,
    };
    let created: Created = ctx.activity("CreateOrder", (new_order,)).await?;
    let undo = created.clone();
    saga.compensation(|ctx| ctx.activity::<()>("CancelOrder", (undo,)));

    let reservation = Reservation {
        order_id: &created.order_id,
        lines: [Line {
            item: &order.items[0],
            quantity: 1,
        }],
    };
    let reserved: Reserved = ctx.activity("ReserveInventory", (reservation,)).await?;
    let undo = reserved.clone();
    saga.compensation(|ctx| ctx.activity::<()>("ReleaseInventory", (undo,)));

    ctx.sleep(Duration::from_millis(order.pause_ms)).await?;
    let payment = Payment {
        order_id: &created.order_id,
        user_id: &order.user_id,
        amount: order.amount,
    };
    let frozen: Frozen = ctx.activity("FreezePayment", (payment,)).await?;
    Ok(Receipt {
        order_id: created.order_id,
        reserve_id: reserved.reserve_id,
        freeze_id: frozen.freeze_id,
    })
}

/// A history that a server has written.
fn golden(story: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/replay/histories/order-saga-workflow");
    let text = fs::read_to_string(folder.join(format!("{story}.json"))).expect("the golden history is there");
    serde_json::from_str(&text).expect("the golden history is JSON")
}

fn replay_order(history: &Value) -> Result<(), ReplayError> {
    Replayer::new().register::<order>().replay(&history.to_string())
}

#[test]
fn histories_of_a_server_replay() {
    for story in ["completed", "canceled", "out-of-stock"] {
        replay_order(&golden(story)).unwrap_or_else(|error| panic!("{story}: {error}"));
    }
}

#[test]
fn a_history_that_is_still_open_replays_as_far_as_it_goes() {
    let mut history = golden("completed");
    history["events"].as_array_mut().unwrap().truncate(18);
    replay_order(&history).unwrap();
}

#[test]
fn each_kind_of_divergence_names_its_event() {
    let check = |story: &str, change: &dyn Fn(&mut Vec<Value>), event_id: Option<i64>, expected: &str| {
        let mut history = golden(story);
        change(history["events"].as_array_mut().unwrap());
        let error = replay_order(&history).unwrap_err();
        assert_eq!(error.event_id(), event_id, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    let timer = "timerStartedEventAttributes";
    check(
        "completed",
        &|events| events[16][timer]["startToFireTimeout"] = json!("7s"),
        Some(17),
        "its start-to-fire timeout is `7s` in the history and `10ms` in the workflow",
    );
    check(
        "completed",
        &|events| events[4]["activityTaskScheduledEventAttributes"]["activityType"]["name"] = json!("MakeOrder"),
        Some(5),
        "its activity type is `MakeOrder` in the history and `CreateOrder` in the workflow",
    );
    check(
        "completed",
        &|events| drop(events.remove(16)),
        None,
        "it issued TIMER_STARTED (timer id `3`, start-to-fire timeout `10ms`), where the history has no further command",
    );
    check(
        "canceled",
        &|events| {
            let extra = events[22].clone();
            events.insert(23, extra);
        },
        Some(23),
        "it went to rest without the command for event 23 ACTIVITY_TASK_SCHEDULED",
    );
    check(
        "out-of-stock",
        &|events| {
            let failed = "workflowExecutionFailedEventAttributes";
            events[22][failed]["failure"]["cause"]["message"] = json!("plenty left");
        },
        Some(23),
        "OutOfStock: plenty left in the history",
    );
    check(
        "completed",
        &|events| events[27]["eventType"] = json!("EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED"),
        Some(28),
        "where the history has event 28 WORKFLOW_EXECUTION_CANCELED",
    );
}

#[test]
fn what_is_no_history_says_why() {
    let check = |history: &str, expected: &str| {
        let error = Replayer::new()
            .register::<order>()
            .replay(history)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("[", "it is no JSON");
    check("{}", "no object with a list of `events`");
    check(r#"{"events": []}"#, "does not begin with the start of a run");
    check(
        r#"{"events": [{"eventId": "1", "eventType": "TimerFired"}]}"#,
        "event 1 has no type",
    );
    let other = golden("completed").to_string().replace("OrderWorkflow", "Other");
    check(
        &other,
        "workflow type `Other`, which is not registered: add it with `register`",
    );
    let broken = golden("completed")
        .to_string()
        .replace(r#""scheduledEventId":"5""#, r#""scheduledEventId":"6""#);
    check(&broken, "ends what event 6 has begun, which is not open");
}
