//! Polling: an activity looks at a job again and again, and says how far it is with heartbeats, so that a silent worker
//! is noticed soon and another attempt does not begin anew.

use std::time::Duration;

use patterns_contract::PatternActivitiesStub;
use wrt_sdk::{Context, Result, workflow};

/// Waits for a job that takes so many looks.
#[workflow]
pub(crate) async fn polling(ctx: Context, looks: u32) -> Result<u32> {
    let options = crate::activity_options().heartbeat_timeout(Duration::from_secs(10));
    Ok(ctx.with_activity_options(options).watch_job(looks).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn the_activity_does_the_looking() {
        let mut test = TestEnvironment::<polling>::new();
        test.on_activity("WatchJob", |looks: u32| Ok(looks));
        assert_eq!(test.run((5,)).unwrap(), 5);
    }
}
