//! What pollers are told about how many polls to make.

use std::time::Duration;

use tokio::time::Instant;

/// A poll that has waited so long could have been spared.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// A task that has waited so long could have been met by another poll.
const OLD_TASK: Duration = Duration::from_millis(200);

/// So much faster than they go have tasks to come before another poll is worth it.
const GROWTH: f32 = 1.2;

/// The load is looked at no more often than this, so that an answer shows its effect before the next one.
const PAUSE: Duration = Duration::from_millis(100);

/// Decides how pollers scale.
#[derive(Default)]
pub(super) struct Scaling {
    looked: Option<Instant>,
}

/// How busy a queue is.
pub(super) struct Load {
    /// Since when the oldest task waits that nothing but the number of polls keeps waiting.
    pub(super) oldest: Option<Instant>,
    /// Tasks that come, a second.
    pub(super) added: f32,
    /// Tasks that go, a second.
    pub(super) dispatched: f32,
}

impl Scaling {
    /// How many polls more, or fewer, somebody should make whose poll has waited since `polls_since` and now gets a task.
    pub(super) fn decide(&mut self, polls_since: Instant, now: Instant, load: impl FnOnce() -> Load) -> i32 {
        if now.saturating_duration_since(polls_since) >= LONG_WAIT {
            return -1;
        }
        if self
            .looked
            .is_some_and(|looked| now.saturating_duration_since(looked) < PAUSE)
        {
            return 0;
        }
        self.looked = Some(now);
        let load = load();
        let is_behind = load
            .oldest
            .is_some_and(|oldest| now.saturating_duration_since(oldest) > OLD_TASK);
        i32::from(is_behind || load.added > GROWTH * load.dispatched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn pollers_follow_the_load() {
        let begin = clock::instant();
        let at = |millis| begin + Duration::from_millis(millis);
        let check = |scaling: &mut Scaling, polled, oldest: Option<u64>, rates: (f32, f32), expected| {
            let load = || Load {
                oldest: oldest.map(at),
                added: rates.0,
                dispatched: rates.1,
            };
            assert_eq!(scaling.decide(at(polled), at(2_000), load), expected);
        };
        check(&mut Scaling::default(), 1_900, None, (1.0, 1.0), 0);
        check(&mut Scaling::default(), 1_000, Some(0), (1.0, 1.0), -1);
        check(&mut Scaling::default(), 1_900, Some(1_900), (1.0, 1.0), 0);
        check(&mut Scaling::default(), 1_900, Some(1_700), (1.0, 1.0), 1);
        check(&mut Scaling::default(), 1_900, None, (1.3, 1.0), 1);
        let mut scaling = Scaling::default();
        check(&mut scaling, 1_900, Some(1_700), (1.0, 1.0), 1);
        check(&mut scaling, 1_900, Some(1_700), (1.0, 1.0), 0);
    }
}
