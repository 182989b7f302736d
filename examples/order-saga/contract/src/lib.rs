//! What the order workflow and its activities agree upon: the activities, and the values that they exchange.

use serde::{Deserialize, Serialize};
use wrt_sdk::{ActivityContext, Result, activities};

/// The steps of an order and how each is undone. All of them are idempotent.
#[activities]
pub trait OrderActivities {
    /// Writes the order down.
    fn create_order(ctx: &ActivityContext, order: NewOrder) -> Result<OrderCreated>;

    /// Sets the articles aside. Fails with `OutOfStock`, which no retry cures.
    fn reserve_inventory(ctx: &ActivityContext, reservation: Reservation) -> Result<InventoryReserved>;

    /// Sets the money aside. Fails with `InsufficientFunds`, which no retry cures, and while the bank cannot be reached
    /// with `BankUnavailable`, which one does.
    fn freeze_payment(ctx: &ActivityContext, payment: Payment) -> Result<PaymentFrozen>;

    /// Undoes `create_order`.
    fn cancel_order(ctx: &ActivityContext, order: OrderCreated) -> Result<()>;

    /// Undoes `reserve_inventory`.
    fn release_inventory(ctx: &ActivityContext, reservation: InventoryReserved) -> Result<()>;

    /// Undoes `freeze_payment`.
    fn unfreeze_payment(ctx: &ActivityContext, payment: PaymentFrozen) -> Result<()>;
}

/// An order that is to be written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Who orders.
    pub user_id: String,
    /// The articles, each as often as it is wanted.
    pub items: Vec<String>,
    /// The price of everything, in cents.
    pub amount: u64,
    /// When it was placed, in milliseconds since 1970.
    pub placed_at_ms: u64,
    /// Printed on the parcel.
    pub reference: String,
}

/// Names a written order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderCreated {
    /// The id that the books gave.
    pub order_id: String,
}

/// What is to be set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The order that it is for.
    pub order_id: String,
    /// The articles.
    pub lines: Vec<Line>,
}

/// An article of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// The article.
    pub item: String,
    /// How many of it.
    pub quantity: u32,
}

/// Names a reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InventoryReserved {
    /// The id that the books gave.
    pub reserve_id: String,
}

/// Money that is to be set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// The order that it is for.
    pub order_id: String,
    /// Whose money.
    pub user_id: String,
    /// How much, in cents.
    pub amount: u64,
}

/// Names money that was set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentFrozen {
    /// The id that the bank gave.
    pub freeze_id: String,
}
