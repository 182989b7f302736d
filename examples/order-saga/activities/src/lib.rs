//! The activities of an order. What they do happens in the books, a service outside, which they reach over HTTP.

mod books;

use order_saga_contract::{
    InventoryReserved, NewOrder, OrderActivities, OrderCreated, Payment, PaymentFrozen, Reservation,
};
use wrt_sdk::{ActivityContext, Result};

wrt_sdk::export_activities!(Books as OrderActivities);

/// Keeps the books: one request per attempt, with the activity's idempotency key.
struct Books;

impl OrderActivities for Books {
    fn create_order(ctx: &ActivityContext, order: NewOrder) -> Result<OrderCreated> {
        books::write(ctx, &order)
    }

    fn reserve_inventory(ctx: &ActivityContext, reservation: Reservation) -> Result<InventoryReserved> {
        books::write(ctx, &reservation)
    }

    fn freeze_payment(ctx: &ActivityContext, payment: Payment) -> Result<PaymentFrozen> {
        books::write(ctx, &payment)
    }

    fn cancel_order(ctx: &ActivityContext, order: OrderCreated) -> Result<()> {
        books::write(ctx, &order)
    }

    fn release_inventory(ctx: &ActivityContext, reservation: InventoryReserved) -> Result<()> {
        books::write(ctx, &reservation)
    }

    fn unfreeze_payment(ctx: &ActivityContext, payment: PaymentFrozen) -> Result<()> {
        books::write(ctx, &payment)
    }
}
