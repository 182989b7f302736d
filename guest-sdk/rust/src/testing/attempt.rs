//! Activities: their attempts, and when a failed one is tried again, as the runtime decides it.

use std::time::{Duration, SystemTime};

use super::world::{Event, RunIndex, World};
use crate::{
    ActivityOptions, Failure, FailureKind, Payload, RetryPolicy,
    execution::Job,
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

impl World {
    /// One attempt: its result, or the plan of the next attempt.
    pub(super) fn attempt_activity(&mut self, index: RunIndex, seq: u32) {
        let activity = self.runs[index]
            .activities
            .get_mut(&seq)
            .expect("an attempt is planned only while its activity is open");
        activity.attempt += 1;
        let mock = self.activity_mocks.get_mut(&activity.activity_type).unwrap_or_else(|| {
            let name = &activity.activity_type;
            panic!("activity {name} is called but not mocked: say what it does with `on_activity(\"{name}\", …)`")
        });
        let ended = self.now + mock.takes;
        let event = match (mock.call)(activity.input.clone()) {
            Ok(output) => (ended, Event::Job(Job::ActivityResolved(seq, Ok(vec![output])))),
            Err(error) => match activity.next_attempt(ended, error.failure()) {
                Ok(next) => (next, Event::ActivityAttempt(seq)),
                Err(retry_state) => {
                    let failure = activity.failure(seq, retry_state, error.into_failure());
                    (ended, Event::Job(Job::ActivityResolved(seq, Err(failure))))
                }
            },
        };
        self.plan(event.0, index, event.1);
    }

    pub(super) fn cancel_activity(&mut self, index: RunIndex, seq: u32) {
        self.forget(index, |event| match event {
            Event::ActivityAttempt(other) | Event::Job(Job::ActivityResolved(other, _)) => *other == seq,
            _ => false,
        });
        if let Some(activity) = self.runs[index].activities.get(&seq) {
            let failure = activity.failure(seq, RetryState::CancelRequested, Failure::canceled("canceled"));
            self.plan(self.now, index, Event::Job(Job::ActivityResolved(seq, Err(failure))));
        }
    }
}

impl OpenActivity {
    /// When the next attempt begins, or why there is none.
    fn next_attempt(&self, ended: SystemTime, failure: &Failure) -> Result<SystemTime, RetryState> {
        let policy = self.options.retry_policy.clone().unwrap_or_default();
        let next = next_attempt(&policy, self.attempt, ended, failure)?;
        match self.options.schedule_to_close_timeout {
            Some(timeout) if next > self.scheduled + timeout => Err(RetryState::Timeout),
            _ => Ok(next),
        }
    }

    /// What the workflow gets to see.
    fn failure(&self, seq: u32, retry_state: RetryState, cause: Failure) -> Failure {
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

/// When the attempt after the failed attempt `attempt` begins, or why there is none.
pub(super) fn next_attempt(
    policy: &RetryPolicy,
    attempt: u32,
    ended: SystemTime,
    failure: &Failure,
) -> Result<SystemTime, RetryState> {
    let application = failure.as_application().ok_or(RetryState::NonRetryableFailure)?;
    if application.non_retryable || policy.non_retryable_error_types.contains(&application.failure_type) {
        return Err(RetryState::NonRetryableFailure);
    }
    if policy.maximum_attempts != 0 && attempt >= policy.maximum_attempts {
        return Err(RetryState::MaximumAttemptsReached);
    }
    Ok(ended + application.next_retry_delay.unwrap_or_else(|| backoff(policy, attempt)))
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
