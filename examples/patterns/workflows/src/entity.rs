//! An entity, or actor: it lives for as long as there is something to do, and goes on in a new run before its history
//! grows long.

use wrt_sdk::{Error, Result, WorkflowContext, workflow};

/// An account with a balance.
pub(crate) struct Account {
    balance: i64,
    changes: u32,
    closed: bool,
}

/// Keeps the balance of an account. `changes_per_run` bounds how long one run lasts.
#[workflow]
impl Account {
    #[init]
    fn new(balance: &i64, _changes_per_run: &u32) -> Self {
        Account {
            balance: *balance,
            changes: 0,
            closed: false,
        }
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, _balance: i64, changes_per_run: u32) -> Result<i64> {
        let suggested = || ctx.info().continue_as_new_suggested();
        ctx.wait_until(|account| account.closed || account.changes >= changes_per_run || suggested())
            .await?;
        ctx.all_handlers_finished().await?;
        let (balance, closed) = ctx.state(|account| (account.balance, account.closed));
        if closed {
            return Ok(balance);
        }
        ctx.continue_as_new((balance, changes_per_run))
    }

    /// Puts money in, or takes it out, and tells the balance.
    #[update(validator = check_change)]
    fn change(&mut self, amount: i64) -> i64 {
        self.balance += amount;
        self.changes += 1;
        self.balance
    }

    fn check_change(&self, amount: &i64) -> Result<()> {
        if self.balance + amount < 0 {
            return Err(Error::application("Overdrawn", format!("only {} left", self.balance)));
        }
        Ok(())
    }

    #[signal]
    fn close(&mut self) {
        self.closed = true;
    }

    #[query]
    fn balance(&self) -> i64 {
        self.balance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn it_goes_on_with_its_balance() {
        let mut test = TestEnvironment::<Account>::new();
        test.start((10, 2));
        assert_eq!(test.update("change", (5,)).outcome::<i64>().unwrap(), 15);
        let overdrawn = test.update("change", (-20,));
        assert_eq!(overdrawn.outcome::<i64>().unwrap_rejection().message, "only 15 left");
        assert_eq!(test.update("change", (-1,)).outcome::<i64>().unwrap(), 14);
        let next = test.finish().unwrap_continued_as_new();
        assert_eq!(next.arguments::<(i64, u32)>(), (14, 2));
    }

    #[test]
    fn it_ends_when_it_is_closed() {
        let mut test = TestEnvironment::<Account>::new();
        test.start((10, 2));
        test.signal("close", ());
        assert_eq!(test.finish().unwrap(), 10);
    }
}
