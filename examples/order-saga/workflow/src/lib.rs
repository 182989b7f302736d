//! An order as a saga: three steps, which are undone when a later one fails or the customer changes their mind.

mod order;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use order_saga_contract::{Line, NewOrder, OrderActivitiesStub, Payment, Reservation};
use wrt_sdk::{
    ActivityOptions, CancellationType, Context, Error, Result, RetryPolicy, Saga, WorkflowContext, select, workflow,
};

use crate::order::{Order, Receipt, Status, Step};

wrt_sdk::export!(OrderWorkflow);

/// The state of an order.
#[derive(Default)]
struct OrderWorkflow {
    status: Status,
}

/// Takes an order: writes it down, reserves the articles, freezes the payment. If a step fails, or the signal
/// `cancel-order` comes before the last one is done, the steps so far are undone in reverse order.
#[workflow]
impl OrderWorkflow {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, order: Order) -> Result<Receipt> {
        // Canceling the scope stops the work in it. Awaiting the work then says how far it came.
        let scope = ctx.with_activity_options(activity_options()).cancellation_scope();
        let mut work = Box::pin(fulfil(&ctx, &scope, &order));
        let mut cancel_orders = ctx.signals::<String>("cancel-order");
        let outcome = select! {
            outcome = &mut work => outcome,
            signal = cancel_orders.recv() => match signal {
                Ok(reason) => {
                    wrt_sdk::info!(ctx, reason = reason, "the customer cancels the order");
                    scope.cancel(&reason);
                    work.await.map_err(|error| order_canceled(error, &reason))
                }
                // The run itself was canceled, and the scope with it.
                Err(_) => work.await,
            },
        };
        ctx.state_mut(|state| state.status.end(&outcome));
        outcome
    }

    /// How far the order is.
    #[query]
    fn status(&self) -> Status {
        self.status.clone()
    }
}

/// Set once, inherited by every activity.
fn activity_options() -> ActivityOptions {
    ActivityOptions::new()
        .start_to_close_timeout(Duration::from_secs(60))
        // What a canceled step has done must be certain, since it may have to be undone.
        .cancellation_type(CancellationType::WaitCancellationCompleted)
        .retry_policy(
            RetryPolicy::new()
                .initial_interval(Duration::from_secs(1))
                .backoff_coefficient(2.0)
                .maximum_interval(Duration::from_secs(60))
                .maximum_attempts(3),
        )
}

/// The steps, and what undoes them if they fail.
async fn fulfil(ctx: &WorkflowContext<OrderWorkflow>, scope: &Context, order: &Order) -> Result<Receipt> {
    let steps = async |saga: &Saga| {
        let outcome = take_steps(ctx, scope, saga, order).await;
        if outcome.is_err() {
            ctx.state_mut(|state| state.status.step = Step::Compensating);
        }
        outcome
    };
    scope.saga(steps).await
}

/// Each step feeds the next one, and registers how it is undone.
async fn take_steps(
    ctx: &WorkflowContext<OrderWorkflow>,
    scope: &Context,
    saga: &Saga,
    order: &Order,
) -> Result<Receipt> {
    let enter = |step| ctx.state_mut(|state| state.status.step = step);

    enter(Step::CreatingOrder);
    let create = scope.create_order(new_order(order));
    let created = saga.step(create, |ctx, created| ctx.cancel_order(created)).await?;

    enter(Step::ReservingInventory);
    let reserve = scope.reserve_inventory(reservation(&created.order_id, &order.items));
    let reserved = saga
        .step(reserve, |ctx, reserved| ctx.release_inventory(reserved))
        .await?;

    enter(Step::Pausing);
    let pause = Duration::from_millis(order.pause_ms);
    scope.sleep(pause).summary("time to change one's mind").await?;

    enter(Step::FreezingPayment);
    let mut freeze = scope.freeze_payment(Payment {
        order_id: created.order_id.clone(),
        user_id: order.user_id.clone(),
        amount: order.amount,
    });
    if let Some(task_queue) = &order.payment_task_queue {
        freeze = freeze.task_queue(task_queue);
    }
    let frozen = saga.step(freeze, |ctx, frozen| ctx.unfreeze_payment(frozen)).await?;

    // The signal may have come while the last step was under way.
    scope.check_canceled()?;
    Ok(Receipt {
        order_id: created.order_id,
        reserve_id: reserved.reserve_id,
        freeze_id: frozen.freeze_id,
    })
}

/// Reads the clock and rolls dice, as any program may: on replay both say the same.
fn new_order(order: &Order) -> NewOrder {
    let placed_at = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    NewOrder {
        user_id: order.user_id.clone(),
        items: order.items.clone(),
        amount: order.amount,
        placed_at_ms: u64::try_from(placed_at.as_millis()).unwrap_or(u64::MAX),
        reference: format!("{:016x}", RandomState::new().hash_one(&order.user_id)),
    }
}

/// Counts the articles. The lines come in the order of the map, which is the same on replay too.
fn reservation(order_id: &str, items: &[String]) -> Reservation {
    let mut quantities: HashMap<&str, u32> = HashMap::new();
    for item in items {
        *quantities.entry(item).or_default() += 1;
    }
    let line = |(item, quantity): (&str, u32)| Line {
        item: item.to_owned(),
        quantity,
    };
    Reservation {
        order_id: order_id.to_owned(),
        lines: quantities.into_iter().map(line).collect(),
    }
}

/// What the customer is told, unless the work had failed of itself before it heard of the signal.
fn order_canceled(error: Error, reason: &str) -> Error {
    if error.is_canceled() {
        Error::application("OrderCanceled", reason).non_retryable()
    } else {
        error
    }
}
