//! When a failed activity is tried again, as the runtime decides it.

use std::time::{Duration, SystemTime};

use crate::{
    ActivityOptions, Failure, FailureKind, Payload, RetryPolicy,
    failure::{ActivityFailure, RetryState},
};

/// A scheduled activity that has not been resolved.
pub(super) struct OpenActivity {
    pub(super) activity_type: String,
    pub(super) input: Vec<Payload>,
    pub(super) options: ActivityOptions,
    pub(super) scheduled: SystemTime,
    pub(super) attempt: u32,
}

impl OpenActivity {
    /// When the next attempt begins, or why there is none.
    pub(super) fn next_attempt(&self, ended: SystemTime, failure: &Failure) -> Result<SystemTime, RetryState> {
        let policy = self.options.retry_policy.clone().unwrap_or_default();
        let application = failure.as_application().ok_or(RetryState::NonRetryableFailure)?;
        if application.non_retryable || policy.non_retryable_error_types.contains(&application.failure_type) {
            return Err(RetryState::NonRetryableFailure);
        }
        if policy.maximum_attempts != 0 && self.attempt >= policy.maximum_attempts {
            return Err(RetryState::MaximumAttemptsReached);
        }
        let next = ended
            + application
                .next_retry_delay
                .unwrap_or_else(|| backoff(&policy, self.attempt));
        match self.options.schedule_to_close_timeout {
            Some(timeout) if next > self.scheduled + timeout => Err(RetryState::Timeout),
            _ => Ok(next),
        }
    }

    /// What the workflow gets to see.
    pub(super) fn failure(&self, seq: u32, retry_state: RetryState, cause: Failure) -> Failure {
        let kind = FailureKind::Activity(Box::new(ActivityFailure {
            activity_type: self.activity_type.clone(),
            activity_id: self.options.activity_id.clone().unwrap_or_else(|| seq.to_string()),
            identity: "test".to_owned(),
            retry_state,
        }));
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("activity error", kind)
        }
    }
}

/// The wait after the failed attempt `attempt`.
fn backoff(policy: &RetryPolicy, attempt: u32) -> Duration {
    let initial = policy.initial_interval.unwrap_or(Duration::from_secs(1));
    let maximum = policy.maximum_interval.unwrap_or(initial * 100);
    let coefficient = policy.backoff_coefficient.unwrap_or(2.0);
    let factor = coefficient.powi(i32::try_from(attempt).unwrap_or(i32::MAX) - 1);
    Duration::try_from_secs_f64(initial.as_secs_f64() * factor).map_or(maximum, |wait| wait.min(maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_until_the_maximum() {
        let policy = RetryPolicy::new().maximum_interval(Duration::from_secs(5));
        let waits: Vec<u64> = (1..=4).map(|attempt| backoff(&policy, attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5]);
        assert_eq!(backoff(&RetryPolicy::new(), u32::MAX), Duration::from_secs(100));
    }
}
