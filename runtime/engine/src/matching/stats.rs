//! How many tasks come to a queue and leave it, by priority key.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// Seconds that rates are averaged over.
const WINDOW: usize = 30;

/// Figures about the tasks of a queue.
#[derive(Default)]
pub(crate) struct Stats {
    by_priority: BTreeMap<i32, Flow>,
    /// When the rate limit last held a task back.
    limited: Option<Instant>,
}

/// The rates of one priority key.
pub(crate) struct Flow {
    pub(crate) added: Rate,
    pub(crate) dispatched: Rate,
}

impl Stats {
    /// The rates of a priority key.
    pub(crate) fn flow(&mut self, priority_key: i32, now: Instant) -> &mut Flow {
        self.by_priority.entry(priority_key).or_insert_with(|| Flow {
            added: Rate::new(now),
            dispatched: Rate::new(now),
        })
    }

    /// The priority keys that have been used, with their tasks a second: added and dispatched.
    pub(crate) fn rates(&mut self, now: Instant) -> impl Iterator<Item = (i32, f32, f32)> {
        let flows = self.by_priority.iter_mut();
        flows.map(move |(&key, flow)| (key, flow.added.per_second(now), flow.dispatched.per_second(now)))
    }

    /// The rate limit holds a task back.
    pub(crate) fn limited(&mut self, now: Instant) {
        self.limited = Some(now);
    }

    /// Whether the rate limit has held a task back lately.
    pub(crate) fn is_limited(&self, now: Instant) -> bool {
        self.limited
            .is_some_and(|limited| now.saturating_duration_since(limited).as_secs() < WINDOW as u64)
    }
}

/// Counts over the last seconds.
pub(crate) struct Rate {
    begin: Instant,
    /// The second, from `begin`, that the count of the present belongs to.
    second: usize,
    counts: [u32; WINDOW],
}

impl Rate {
    fn new(now: Instant) -> Self {
        Rate {
            begin: now,
            second: 0,
            counts: [0; WINDOW],
        }
    }

    /// One more.
    pub(crate) fn add(&mut self, now: Instant) {
        *self.present(now) += 1;
    }

    /// One that was counted should not have been.
    pub(crate) fn take_back(&mut self, now: Instant) {
        let count = self.present(now);
        *count = count.saturating_sub(1);
    }

    /// The average over the window, or since the beginning when that is shorter.
    fn per_second(&mut self, now: Instant) -> f32 {
        self.present(now);
        let sum: u32 = self.counts.iter().sum();
        let seconds = now.saturating_duration_since(self.begin).as_secs_f32();
        sum as f32 / seconds.clamp(1.0, WINDOW as f32)
    }

    fn present(&mut self, now: Instant) -> &mut u32 {
        let elapsed = now.saturating_duration_since(self.begin).as_secs();
        let second = usize::try_from(elapsed).unwrap_or(usize::MAX).max(self.second);
        for passed in self.second + 1..=second.min(self.second.saturating_add(WINDOW)) {
            self.counts[passed % WINDOW] = 0;
        }
        self.second = second;
        &mut self.counts[second % WINDOW]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    #[test]
    fn rates_are_averages_over_the_window() {
        let begin = clock::instant();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut rate = Rate::new(begin);
        for _ in 0..10 {
            rate.add(at(0));
        }
        assert_eq!(rate.per_second(at(0)), 10.0);
        assert_eq!(rate.per_second(at(5)), 2.0);
        rate.add(at(10));
        rate.take_back(at(10));
        assert_eq!(rate.per_second(at(29)), 10.0 / 29.0);
        rate.add(at(29));
        assert_eq!(rate.per_second(at(30)), 1.0 / 30.0);
        assert_eq!(rate.per_second(at(1000)), 0.0);
    }

    #[test]
    fn limits_are_remembered_for_a_while() {
        let (mut stats, now) = (Stats::default(), clock::instant());
        assert!(!stats.is_limited(now));
        stats.limited(now);
        assert!(stats.is_limited(now + Duration::from_secs(29)));
        assert!(!stats.is_limited(now + Duration::from_secs(30)));
    }
}
