//! How many tasks a second may leave a queue: the limits that are in force, and the buckets that count by them.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;
use wrt_model::{
    priority::effective_weight,
    proto::{
        enums::RateLimitSource,
        taskqueue::{RateLimitConfig, TaskQueueConfig},
    },
};

/// As many tasks as come in this time may go at once, and at least one.
const BURST: Duration = Duration::from_secs(1);

/// Buckets of fairness keys that are kept before those that are full again are forgotten.
const KEPT_BUCKETS: usize = 1000;

/// The limits of a queue.
#[derive(Default)]
pub(crate) struct Limits {
    /// What an operator has set, in tasks a second. It wins over the workers' limit.
    configured: Option<f64>,
    /// What the last worker that had an opinion asked for.
    by_worker: Option<f64>,
    /// The limit of a fairness key of weight 1.
    by_key: Option<f64>,
    weights: HashMap<String, f32>,
    queue: Bucket,
    keys: HashMap<String, Bucket>,
}

impl Limits {
    /// Takes over what an operator has set. What has gone so far no longer counts: at another rate it would mean
    /// something else.
    pub(crate) fn configure(&mut self, config: &TaskQueueConfig) {
        self.configured = rate(config.queue_rate_limit.as_ref());
        self.by_key = rate(config.fairness_keys_rate_limit_default.as_ref());
        self.weights.clone_from(&config.fairness_weight_overrides);
        self.queue = Bucket::default();
        self.keys.clear();
    }

    /// Takes over what a worker asks for.
    pub(crate) fn set_by_worker(&mut self, per_second: f64) {
        let before = self.by_worker.replace(per_second);
        if before != Some(per_second) && self.configured.is_none() {
            self.queue = Bucket::default();
        }
    }

    /// Whether an operator has set anything.
    pub(crate) fn is_configured(&self) -> bool {
        self.configured.is_some() || self.by_key.is_some() || !self.weights.is_empty()
    }

    /// The limit of the whole queue, and who has set it.
    pub(crate) fn effective(&self) -> Option<(f64, RateLimitSource)> {
        let by_worker = self.by_worker.map(|rate| (rate, RateLimitSource::Worker));
        self.configured.map(|rate| (rate, RateLimitSource::Api)).or(by_worker)
    }

    /// The weight of a key whose tasks say that it has `own`.
    pub(crate) fn weight(&self, key: &str, own: f32) -> f32 {
        effective_weight(self.weights.get(key).copied().unwrap_or(own))
    }

    /// How long until the next task of any key may go.
    pub(crate) fn queue_wait(&self, now: Instant) -> Duration {
        self.effective()
            .map_or(Duration::ZERO, |(rate, _)| self.queue.wait(rate, now))
    }

    /// How long until the next task of this key may go, as far as the key's own limit goes.
    pub(crate) fn key_wait(&self, key: &str, now: Instant) -> Duration {
        match (self.key_rate(key), self.keys.get(key)) {
            (Some(rate), bucket) => bucket.unwrap_or(&Bucket::default()).wait(rate, now),
            (None, _) => Duration::ZERO,
        }
    }

    /// A task of this key goes.
    pub(crate) fn spend(&mut self, key: &str, now: Instant) {
        if let Some((rate, _)) = self.effective() {
            self.queue.spend(rate, now);
        }
        if let Some(rate) = self.key_rate(key) {
            if self.keys.len() >= KEPT_BUCKETS {
                self.keys.retain(|_, bucket| !bucket.is_full(now));
            }
            self.keys.entry(key.to_owned()).or_default().spend(rate, now);
        }
    }

    /// A task of this key has come back.
    pub(crate) fn refund(&mut self, key: &str) {
        if let Some((rate, _)) = self.effective() {
            self.queue.refund(rate);
        }
        if let (Some(rate), Some(bucket)) = (self.key_rate(key), self.keys.get_mut(key)) {
            bucket.refund(rate);
        }
    }

    /// Only a weight that an operator has set scales the limit: tasks of one key may disagree about theirs.
    fn key_rate(&self, key: &str) -> Option<f64> {
        self.by_key.map(|rate| rate * f64::from(self.weight(key, 1.0)))
    }
}

fn rate(config: Option<&RateLimitConfig>) -> Option<f64> {
    config?.rate_limit.map(|limit| f64::from(limit.requests_per_second))
}

/// A token bucket that is nothing but a point in time: when all that has gone is paid for at the rate.
#[derive(Default)]
struct Bucket {
    paid: Option<Instant>,
}

impl Bucket {
    fn wait(&self, rate: f64, now: Instant) -> Duration {
        let Some(interval) = interval(rate) else {
            return Duration::MAX;
        };
        let owed = self
            .paid
            .map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now));
        owed.saturating_sub(BURST.saturating_sub(interval))
    }

    fn spend(&mut self, rate: f64, now: Instant) {
        let from = self.paid.map_or(now, |paid| paid.max(now));
        self.paid = interval(rate).and_then(|interval| from.checked_add(interval));
    }

    fn refund(&mut self, rate: f64) {
        self.paid = self.paid.and_then(|paid| paid.checked_sub(interval(rate)?));
    }

    fn is_full(&self, now: Instant) -> bool {
        self.paid.is_none_or(|paid| paid <= now)
    }
}

/// The time between two tasks; `None` when there is no second one.
fn interval(rate: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(1.0 / rate).ok()
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::taskqueue::RateLimit;

    use super::*;
    use crate::clock;

    fn config(queue: Option<f32>, key: Option<f32>) -> TaskQueueConfig {
        let limit = |rate: Option<f32>| {
            rate.map(|requests_per_second| RateLimitConfig {
                rate_limit: Some(RateLimit { requests_per_second }),
                ..Default::default()
            })
        };
        TaskQueueConfig {
            queue_rate_limit: limit(queue),
            fairness_keys_rate_limit_default: limit(key),
            fairness_weight_overrides: [("heavy".to_owned(), 2.0)].into(),
        }
    }

    fn limits(queue: Option<f32>, key: Option<f32>) -> Limits {
        let mut limits = Limits::default();
        limits.configure(&config(queue, key));
        limits
    }

    /// How many tasks of a key go within so many seconds when they go as soon as they may.
    fn gone(limits: &mut Limits, key: &str, seconds: u64) -> usize {
        let begin = clock::instant();
        let mut now = begin;
        let mut gone = 0;
        loop {
            let wait = limits.queue_wait(now).max(limits.key_wait(key, now));
            let Some(next) = now.checked_add(wait) else { return gone };
            if next > begin + Duration::from_secs(seconds) {
                return gone;
            }
            now = next;
            limits.spend(key, now);
            gone += 1;
        }
    }

    #[test]
    fn a_second_s_worth_goes_at_once_and_the_rest_at_the_rate() {
        assert_eq!(gone(&mut limits(Some(2.0), None), "", 0), 2);
        assert_eq!(gone(&mut limits(Some(2.0), None), "", 10), 22);
        assert_eq!(gone(&mut limits(Some(0.5), None), "", 10), 6);
        assert_eq!(gone(&mut limits(Some(0.0), None), "", 1_000_000), 0);
    }

    #[test]
    fn keys_have_buckets_of_their_own_that_grow_with_their_weight() {
        let mut limits = limits(None, Some(2.0));
        assert_eq!(gone(&mut limits, "a", 10), 22);
        assert_eq!(gone(&mut limits, "b", 10), 22);
        assert_eq!(gone(&mut limits, "heavy", 10), 44);
    }

    #[test]
    fn the_smaller_limit_holds() {
        assert_eq!(gone(&mut limits(Some(1.0), Some(5.0)), "a", 10), 11);
        assert_eq!(gone(&mut limits(Some(5.0), Some(1.0)), "a", 10), 11);
    }

    #[test]
    fn what_an_operator_sets_wins_until_it_is_taken_back() {
        let mut limits = limits(Some(7.0), None);
        limits.set_by_worker(3.0);
        assert_eq!(limits.effective(), Some((7.0, RateLimitSource::Api)));
        limits.configure(&config(None, None));
        assert_eq!(limits.effective(), Some((3.0, RateLimitSource::Worker)));
    }

    #[test]
    fn a_worker_that_repeats_itself_does_not_begin_anew() {
        let (mut limits, now) = (Limits::default(), clock::instant());
        limits.set_by_worker(1.0);
        limits.spend("", now);
        limits.set_by_worker(1.0);
        assert!(!limits.queue_wait(now).is_zero());
        limits.set_by_worker(2.0);
        assert!(limits.queue_wait(now).is_zero());
    }

    #[test]
    fn what_comes_back_is_not_counted() {
        let mut limits = limits(Some(1.0), Some(1.0));
        let now = clock::instant();
        limits.spend("a", now);
        assert!(!limits.queue_wait(now).is_zero());
        limits.refund("a");
        assert!(limits.queue_wait(now).is_zero() && limits.key_wait("a", now).is_zero());
    }
}
