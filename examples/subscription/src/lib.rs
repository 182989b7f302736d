//! A subscription: it makes a mailbox, sends an invoice in every period until it is canceled, and takes the mailbox away.
//!
//! It is written with Temporal's own crate, and runs in Temporal's worker for Rust as it runs here.

mod activities;

use std::{error::Error, time::Duration};

use serde::{Deserialize, Serialize};
use temporalio_workflow::{
    ActivityOptions, ChildWorkflowOptions, LocalActivityOptions, SyncWorkflowContext, WorkflowCancellationToken,
    WorkflowContext, WorkflowContextView, WorkflowResult, export_workflow_module, workflow, workflow_methods,
    workflows::select,
};

use crate::activities::{CreateResource, DeleteResource, ExchangeRate};

export_workflow_module!([Subscription, Invoice]);

/// What is subscribed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub currency: String,
    /// In the currency, for each period.
    pub price: u64,
    pub period_ms: u64,
    pub periods: u32,
}

/// What is billed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bill {
    pub number: u32,
    pub cents: u64,
}

#[workflow]
pub struct Subscription {
    plan: Plan,
    invoices: Vec<String>,
    is_canceled: bool,
}

#[workflow_methods]
impl Subscription {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, plan: Plan) -> Self {
        Subscription {
            plan,
            invoices: Vec::new(),
            is_canceled: false,
        }
    }

    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        let mailbox = ctx
            .execute_activity(CreateResource, "mailbox".to_owned(), in_ten_seconds())
            .await?;
        let periods = ctx.state(|subscription| subscription.plan.periods);
        let mut outcome = Ok(());
        for number in 1..=periods {
            outcome = Self::bill(ctx, number).await;
            let period = ctx.state(|subscription| Duration::from_millis(subscription.plan.period_ms));
            if outcome.is_err() || !Self::wait(ctx, period).await {
                break;
            }
        }
        // Also when the run has been canceled: it must not stop this.
        let options = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(10))
            .cancellation_token(WorkflowCancellationToken::new())
            .build();
        ctx.execute_activity(DeleteResource, mailbox, options).await?;
        outcome?;
        Ok(ctx.state(|subscription| subscription.invoices.clone()))
    }

    /// Ends the subscription with the current period.
    #[signal]
    pub fn cancel(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.is_canceled = true;
    }

    /// The invoices so far.
    #[query]
    pub fn invoices(&self, _ctx: &WorkflowContextView) -> Vec<String> {
        self.invoices.clone()
    }

    /// Sets the price from the next invoice on, and tells the one before.
    #[update]
    pub fn change_price(&mut self, _ctx: &mut SyncWorkflowContext<Self>, price: u64) -> u64 {
        std::mem::replace(&mut self.plan.price, price)
    }

    #[update_validator(change_price)]
    fn check_price(&self, _ctx: &WorkflowContextView, price: &u64) -> Result<(), Box<dyn Error + Send + Sync>> {
        if *price == 0 {
            return Err("nothing is free".into());
        }
        Ok(())
    }
}

impl Subscription {
    /// Sends the invoice of a period, which is a workflow of its own.
    async fn bill(ctx: &mut WorkflowContext<Self>, number: u32) -> WorkflowResult<()> {
        let Plan { currency, price, .. } = ctx.state(|subscription| subscription.plan.clone());
        let options = LocalActivityOptions::builder()
            .start_to_close_timeout(Duration::from_secs(1))
            .build();
        let cents = price * ctx.execute_local_activity(ExchangeRate, currency, options).await?;
        let id = format!("{}-invoice-{number}", ctx.workflow_id());
        let invoice = ctx
            .start_child_workflow(
                Invoice::run,
                Bill { number, cents },
                ChildWorkflowOptions::workflow_id(id),
            )
            .await?
            .result()
            .await?;
        ctx.state_mut(|subscription| subscription.invoices.push(invoice));
        Ok(())
    }

    /// Waits for the end of a period. False when the subscription has been canceled meanwhile.
    async fn wait(ctx: &mut WorkflowContext<Self>, period: Duration) -> bool {
        select! {
            _ = ctx.timer(period) => true,
            _ = ctx.wait_condition(|subscription: &Self| subscription.is_canceled) => false,
        }
    }
}

/// One invoice.
#[workflow]
#[derive(Default)]
pub struct Invoice;

#[workflow_methods]
impl Invoice {
    #[run]
    pub async fn run(_ctx: &mut WorkflowContext<Self>, bill: Bill) -> WorkflowResult<String> {
        let Bill { number, cents } = bill;
        Ok(format!("invoice {number}: {}.{:02} EUR", cents / 100, cents % 100))
    }
}

fn in_ten_seconds() -> ActivityOptions {
    ActivityOptions::start_to_close_timeout(Duration::from_secs(10))
}
