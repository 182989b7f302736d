//! The clocks of a run: they show the time of the activation and stand still during it.

use std::time::Duration;

use wasmtime::{
    Result,
    component::{Resource, ResourceTable},
};
use wasmtime_wasi::{
    async_trait,
    p2::{
        DynPollable, Pollable,
        bindings::clocks::{
            monotonic_clock,
            wall_clock::{self, Datetime},
        },
        subscribe,
    },
};
use wrt_model::Time;

use super::state::RunState;

/// The time of a run.
pub(crate) struct RunClock {
    start: Time,
    now: Time,
    elapsed: Duration,
}

impl RunClock {
    pub(crate) fn starting(start: Time) -> Self {
        RunClock {
            start,
            now: start,
            elapsed: Duration::ZERO,
        }
    }

    /// Moves to the time of an activation. The elapsed time never goes back, even when the server's clock did.
    pub(crate) fn set(&mut self, now: Time) {
        self.now = now;
        self.elapsed = self.elapsed.max(now.since(self.start));
    }

    /// What the monotonic clock shows. It never shows 0, which the runtime of Go takes for a clock that does not work.
    fn elapsed_nanos(&self) -> u64 {
        u64::try_from(self.elapsed.as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

fn datetime(span: Duration) -> Datetime {
    Datetime {
        seconds: span.as_secs(),
        nanoseconds: span.subsec_nanos(),
    }
}

impl wall_clock::Host for RunState {
    fn now(&mut self) -> Result<Datetime> {
        Ok(datetime(self.clock.now.since(Time::EPOCH)))
    }

    fn resolution(&mut self) -> Result<Datetime> {
        Ok(datetime(Duration::from_nanos(1)))
    }
}

impl monotonic_clock::Host for RunState {
    fn now(&mut self) -> Result<u64> {
        Ok(self.clock.elapsed_nanos())
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        let over = when <= self.clock.elapsed_nanos();
        wait(&mut self.table, over)
    }

    fn subscribe_duration(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        wait(&mut self.table, when == 0)
    }
}

// === Waiting ===

/// A wait for a time. The clock stands still, so it is over from the beginning or never.
struct Wait {
    over: bool,
}

fn wait(table: &mut ResourceTable, over: bool) -> Result<Resource<DynPollable>> {
    let wait = table.push(Wait { over })?;
    subscribe(table, wait)
}

#[async_trait]
impl Pollable for Wait {
    async fn ready(&mut self) {
        if !self.over {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_counts_from_the_start_and_never_goes_back() {
        let at = Time::from_nanos;
        let mut clock = RunClock::starting(at(1_000));
        let elapsed: Vec<_> = [1_000, 4_000, 2_000, 500, 4_001]
            .into_iter()
            .map(|now| {
                clock.set(at(now));
                clock.elapsed_nanos()
            })
            .collect();
        assert_eq!(elapsed, [1, 3_000, 3_000, 3_000, 3_001]);
    }
}
