//! Fan-out and fan-in: many activities at once, and one result.

use patterns_contract::PatternActivitiesStub;
use wrt_sdk::{Context, Result, workflow};

/// The sum of the first squares.
#[workflow]
pub(crate) async fn fan_out(ctx: Context, count: u64) -> Result<u64> {
    let ctx = ctx.with_activity_options(crate::activity_options());
    let squares = (1..=count).map(|number| ctx.square(number));
    Ok(wrt_sdk::try_join_all(squares).await?.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn a_thousand_squares() {
        let mut test = TestEnvironment::<fan_out>::new();
        test.on_activity("Square", |number: u64| Ok(number * number));
        assert_eq!(test.run((1_000,)).unwrap(), 333_833_500);
    }
}
