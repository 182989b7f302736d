//! Local activities: look-ups that are over in a moment, run within the workflow task and leave one marker each.

use std::time::Duration;

use patterns_contract::PatternActivitiesStub;
use wrt_sdk::{Context, Result, RetryPolicy, workflow};

/// Adds up amounts of several currencies in euros, and squares the sum.
#[workflow]
pub(crate) async fn pricing(ctx: Context, amounts: Vec<(u64, String)>) -> Result<u64> {
    let ctx = &ctx.with_activity_options(crate::activity_options());
    let quick = RetryPolicy::new()
        .initial_interval(Duration::from_millis(10))
        .maximum_attempts(3);
    let euros = amounts.into_iter().map(async |(amount, currency)| {
        let rate = ctx.exchange_rate(currency).retry_policy(quick.clone()).local().await?;
        Ok::<_, wrt_sdk::Error>(amount * rate / 100)
    });
    let sum = wrt_sdk::try_join_all(euros).await?.into_iter().sum();
    Ok(ctx.square(sum).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn amounts_are_converted_and_added() {
        let mut test = TestEnvironment::<pricing>::new();
        test.on_activity("ExchangeRate", |currency: String| {
            Ok(if currency == "EUR" { 100 } else { 50 })
        });
        test.on_activity("Square", |number: u64| Ok(number * number));
        let amounts = vec![(10, "EUR".to_owned()), (4, "GBP".to_owned())];
        assert_eq!(test.run((amounts,)).unwrap(), 144);
    }
}
