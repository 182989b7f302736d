//! What an order is, from outside.

use serde::{Deserialize, Serialize};
use wrt_sdk::Result;

/// The input of the workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Who orders.
    pub(crate) user_id: String,
    /// The articles, each as often as it is wanted.
    pub(crate) items: Vec<String>,
    /// The price of everything, in cents.
    pub(crate) amount: u64,
    /// How long the customer may change their mind, in milliseconds.
    #[serde(default = "default_pause_ms")]
    pub(crate) pause_ms: u64,
    /// The task queue that serves `FreezePayment`, when it is not the queue of the workflow.
    #[serde(default)]
    pub(crate) payment_task_queue: Option<String>,
}

fn default_pause_ms() -> u64 {
    1_000
}

/// The result of the workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// The order in the books.
    pub(crate) order_id: String,
    /// The articles that were set aside.
    pub(crate) reserve_id: String,
    /// The money that was set aside.
    pub(crate) freeze_id: String,
}

/// The answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Where the order is.
    pub(crate) step: Step,
    /// Why it did not come to its good end.
    pub(crate) error: Option<String>,
}

/// Where an order is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Nothing was done so far.
    #[default]
    Started,
    CreatingOrder,
    ReservingInventory,
    /// The customer may still change their mind.
    Pausing,
    FreezingPayment,
    /// A step failed, or the order was canceled: what was done is being undone.
    Compensating,
    /// Everything is done.
    Completed,
    /// Everything is undone.
    Compensated,
}

impl Status {
    /// Writes down how the order ended.
    pub(crate) fn end(&mut self, outcome: &Result<Receipt>) {
        self.step = match outcome {
            Ok(_) => Step::Completed,
            Err(_) => Step::Compensated,
        };
        self.error = outcome
            .as_ref()
            .err()
            .map(|error| error.failure().root_cause().to_string());
    }
}
