//! A timer that renews: each sign of life starts the wait anew.

use std::time::Duration;

use wrt_sdk::{Result, WorkflowContext, workflow};

/// Notices when nothing has been heard for too long.
#[derive(Default)]
pub(crate) struct Reminder {
    beats: u32,
}

/// Ends when no `beat` has come for so many seconds, and tells how many came.
#[workflow]
impl Reminder {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, seconds: u64) -> Result<u32> {
        loop {
            let heard = ctx.state(|reminder| reminder.beats);
            let another = ctx.wait_until(move |reminder| reminder.beats > heard);
            if !another.timeout(Duration::from_secs(seconds)).await? {
                return Ok(heard);
            }
        }
    }

    #[signal]
    fn beat(&mut self) {
        self.beats += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn each_beat_starts_the_wait_anew() {
        let mut test = TestEnvironment::<Reminder>::new();
        test.signal_at(Duration::from_secs(8), "beat", ());
        test.signal_at(Duration::from_secs(16), "beat", ());
        assert_eq!(test.run((10,)).unwrap(), 2);
        assert_eq!(test.elapsed(), Duration::from_secs(26));
    }
}
