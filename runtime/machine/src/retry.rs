//! When to try again.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{
        Failure, FailureInfo, RetryPolicy,
        enums::{RetryState, TimeoutType},
    },
    time::{is_negative, proto_span, span, span_set},
};

/// Prefix under which a policy can name a timeout as non-retryable, for instance `TemporalTimeout:StartToClose`.
const TIMEOUT_TYPE_PREFIX: &str = "TemporalTimeout:";

/// Fills in Temporal's defaults: 1 s, doubled each time, up to a hundredfold.
pub fn with_defaults(policy: RetryPolicy) -> RetryPolicy {
    let initial = span_set(policy.initial_interval.as_ref()).unwrap_or(Duration::from_secs(1));
    let maximum = span_set(policy.maximum_interval.as_ref()).unwrap_or(initial.saturating_mul(100));
    RetryPolicy {
        initial_interval: Some(proto_span(initial)),
        backoff_coefficient: if policy.backoff_coefficient == 0.0 {
            2.0
        } else {
            policy.backoff_coefficient
        },
        maximum_interval: Some(proto_span(maximum)),
        ..policy
    }
}

/// Temporal's checks of a policy that a client or a guest gave.
pub fn check(policy: &RetryPolicy) -> Result<(), String> {
    if policy.maximum_attempts == 1 {
        // There is no wait to be wrong about.
        return Ok(());
    }
    let negative = |duration: Option<&_>| duration.is_some_and(is_negative);
    if negative(policy.initial_interval.as_ref()) {
        return Err("InitialInterval cannot be negative on retry policy".into());
    }
    if policy.backoff_coefficient != 0.0 && (policy.backoff_coefficient.is_nan() || policy.backoff_coefficient < 1.0) {
        return Err("BackoffCoefficient cannot be less than 1 on retry policy".into());
    }
    if negative(policy.maximum_interval.as_ref()) {
        return Err("MaximumInterval cannot be negative on retry policy".into());
    }
    if let (Some(initial), Some(maximum)) = (
        span_set(policy.initial_interval.as_ref()),
        span_set(policy.maximum_interval.as_ref()),
    ) && maximum < initial
    {
        return Err("MaximumInterval cannot be less than InitialInterval on retry policy".into());
    }
    if policy.maximum_attempts < 0 {
        return Err("MaximumAttempts cannot be negative on retry policy".into());
    }
    check_timeout_names(&policy.non_retryable_error_types)
}

fn check_timeout_names(names: &[String]) -> Result<(), String> {
    let known = ["StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"];
    let mut timeouts = names.iter().filter_map(|name| name.strip_prefix(TIMEOUT_TYPE_PREFIX));
    match timeouts.find(|timeout| !known.contains(timeout)) {
        Some(unknown) => Err(format!("Invalid timeout type value: {unknown} on retry policy")),
        None => Ok(()),
    }
}

/// What a retry is decided by.
pub struct Attempt<'a> {
    /// Without one there is no second attempt.
    pub policy: Option<&'a RetryPolicy>,
    /// The attempt that failed, from 1.
    pub attempt: i32,
    /// Why it failed.
    pub failure: &'a Failure,
    /// When.
    pub now: Time,
    /// No attempt starts later than this.
    pub expires: Option<Time>,
}

/// The wait before the next attempt, or why there is none.
pub fn next_delay(attempt: &Attempt<'_>) -> Result<Duration, RetryState> {
    let Some(policy) = attempt.policy else {
        return Err(RetryState::RetryPolicyNotSet);
    };
    if !is_retryable(attempt.failure, &policy.non_retryable_error_types) {
        return Err(RetryState::NonRetryableFailure);
    }
    if policy.maximum_attempts > 0 && attempt.attempt >= policy.maximum_attempts {
        return Err(RetryState::MaximumAttemptsReached);
    }
    let delay = delay(policy, attempt.attempt, attempt.failure);
    if attempt.expires.is_some_and(|expires| attempt.now.plus(delay) > expires) {
        return Err(RetryState::Timeout);
    }
    Ok(delay)
}

/// True for the timeouts after which an activity has no time for another attempt, whatever its policy.
pub fn is_end_of_time(failure: &Failure) -> bool {
    let Some(FailureInfo::TimeoutFailureInfo(info)) = &failure.failure_info else {
        return false;
    };
    matches!(
        info.timeout_type(),
        TimeoutType::ScheduleToStart | TimeoutType::ScheduleToClose
    )
}

/// The wait after this attempt: the one that its failure asks for, else the policy's.
pub(crate) fn delay(policy: &RetryPolicy, attempt: i32, failure: &Failure) -> Duration {
    requested_delay(failure).unwrap_or_else(|| backoff(policy, attempt))
}

/// initial · coefficient^(attempt − 1), up to the maximum. Attempt 0 is one that does not count.
fn backoff(policy: &RetryPolicy, attempt: i32) -> Duration {
    let initial = policy.initial_interval.as_ref().map(span).unwrap_or_default();
    let maximum = policy.maximum_interval.as_ref().map_or(Duration::MAX, span);
    let seconds = initial.as_secs_f64() * policy.backoff_coefficient.powi((attempt - 1).max(0));
    Duration::try_from_secs_f64(seconds).map_or(maximum, |delay| delay.min(maximum))
}

/// The wait that the failure itself asks for.
fn requested_delay(failure: &Failure) -> Option<Duration> {
    match failure.failure_info.as_ref()? {
        FailureInfo::ApplicationFailureInfo(info) => info.next_retry_delay.as_ref().map(span),
        _ => None,
    }
}

fn is_retryable(failure: &Failure, non_retryable_types: &[String]) -> bool {
    match &failure.failure_info {
        Some(FailureInfo::TerminatedFailureInfo(_) | FailureInfo::CanceledFailureInfo(_)) => false,
        Some(FailureInfo::ServerFailureInfo(info)) => !info.non_retryable,
        Some(FailureInfo::TimeoutFailureInfo(info)) => match info.timeout_type() {
            TimeoutType::StartToClose => !is_listed(non_retryable_types, "StartToClose"),
            TimeoutType::Heartbeat => !is_listed(non_retryable_types, "Heartbeat"),
            TimeoutType::ScheduleToStart | TimeoutType::ScheduleToClose | TimeoutType::Unspecified => false,
        },
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            !info.non_retryable && !non_retryable_types.contains(&info.r#type)
        }
        _ => true,
    }
}

fn is_listed(non_retryable_types: &[String], timeout: &str) -> bool {
    non_retryable_types
        .iter()
        .any(|name| name.strip_prefix(TIMEOUT_TYPE_PREFIX) == Some(timeout))
}

#[cfg(test)]
mod tests {
    use wrt_model::failure;

    use super::*;

    fn policy(maximum_attempts: i32, non_retryable: &[&str]) -> RetryPolicy {
        with_defaults(RetryPolicy {
            maximum_attempts,
            non_retryable_error_types: non_retryable.iter().map(|&name| name.to_owned()).collect(),
            ..Default::default()
        })
    }

    fn next(policy: Option<&RetryPolicy>, attempt: i32, failure: &Failure) -> Result<Duration, RetryState> {
        next_delay(&Attempt {
            policy,
            attempt,
            failure,
            now: Time::EPOCH,
            expires: None,
        })
    }

    #[test]
    fn waits_double_up_to_a_hundredfold() {
        let policy = policy(0, &[]);
        let failure = failure::application("no", "Oops", false);
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (7, 64), (8, 100), (60, 100), (20_000, 100)] {
            assert_eq!(
                next(Some(&policy), attempt, &failure),
                Ok(Duration::from_secs(seconds)),
                "attempt {attempt}"
            );
        }
    }

    #[test]
    fn failures_that_are_not_retried() {
        let policy = policy(3, &["Fatal", "TemporalTimeout:StartToClose"]);
        let cases = [
            (
                failure::application("no", "Oops", true),
                1,
                RetryState::NonRetryableFailure,
            ),
            (
                failure::application("no", "Fatal", false),
                1,
                RetryState::NonRetryableFailure,
            ),
            (
                failure::application("no", "Oops", false),
                3,
                RetryState::MaximumAttemptsReached,
            ),
            (
                failure::timeout(TimeoutType::StartToClose, None),
                1,
                RetryState::NonRetryableFailure,
            ),
            (
                failure::timeout(TimeoutType::ScheduleToStart, None),
                1,
                RetryState::NonRetryableFailure,
            ),
            (
                failure::timeout(TimeoutType::ScheduleToClose, None),
                1,
                RetryState::NonRetryableFailure,
            ),
            (failure::canceled(None), 1, RetryState::NonRetryableFailure),
            (failure::terminated("no"), 1, RetryState::NonRetryableFailure),
            (failure::server("no", true), 1, RetryState::NonRetryableFailure),
        ];
        for (failure, attempt, expected) in cases {
            assert_eq!(
                next(Some(&policy), attempt, &failure),
                Err(expected),
                "{}",
                failure.message
            );
        }
        let oops = failure::application("no", "Oops", false);
        assert_eq!(next(None, 1, &oops), Err(RetryState::RetryPolicyNotSet));
        let heartbeat = failure::timeout(TimeoutType::Heartbeat, None);
        assert_eq!(next(Some(&policy), 1, &heartbeat), Ok(Duration::from_secs(1)));
    }

    #[test]
    fn no_attempt_starts_after_the_end() {
        let policy = policy(0, &[]);
        let failure = failure::application("no", "Oops", false);
        let at = |expires| {
            next_delay(&Attempt {
                policy: Some(&policy),
                attempt: 1,
                failure: &failure,
                now: Time::EPOCH,
                expires: Some(Time::EPOCH.plus(expires)),
            })
        };
        assert_eq!(at(Duration::from_millis(999)), Err(RetryState::Timeout));
        assert_eq!(at(Duration::from_secs(1)), Ok(Duration::from_secs(1)));
    }

    #[test]
    fn a_failure_can_ask_for_its_own_wait() {
        let mut failure = failure::application("no", "Oops", false);
        let Some(FailureInfo::ApplicationFailureInfo(info)) = &mut failure.failure_info else {
            unreachable!()
        };
        info.next_retry_delay = Some(proto_span(Duration::from_secs(300)));
        assert_eq!(next(Some(&policy(0, &[])), 1, &failure), Ok(Duration::from_secs(300)));
    }

    #[test]
    fn policies_are_checked() {
        let base = RetryPolicy::default();
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let cases = [
            (
                RetryPolicy {
                    initial_interval: seconds(-1),
                    ..base.clone()
                },
                "InitialInterval",
            ),
            (
                RetryPolicy {
                    backoff_coefficient: 0.5,
                    ..base.clone()
                },
                "BackoffCoefficient",
            ),
            (
                RetryPolicy {
                    backoff_coefficient: f64::NAN,
                    ..base.clone()
                },
                "BackoffCoefficient",
            ),
            (
                RetryPolicy {
                    maximum_interval: seconds(-1),
                    ..base.clone()
                },
                "MaximumInterval",
            ),
            (
                RetryPolicy {
                    initial_interval: seconds(2),
                    maximum_interval: seconds(1),
                    ..base.clone()
                },
                "MaximumInterval",
            ),
            (
                RetryPolicy {
                    maximum_attempts: -1,
                    ..base.clone()
                },
                "MaximumAttempts",
            ),
        ];
        for (policy, word) in cases {
            let message = check(&policy).expect_err(word);
            assert!(message.starts_with(word), "{message}");
        }
        assert_eq!(check(&base), Ok(()));
        let once = RetryPolicy {
            maximum_attempts: 1,
            backoff_coefficient: 0.5,
            ..base.clone()
        };
        assert_eq!(check(&once), Ok(()), "no second attempt, no wait");
        let unknown = RetryPolicy {
            non_retryable_error_types: vec!["TemporalTimeout:Soon".into()],
            ..base
        };
        assert!(check(&unknown).is_err());
    }
}
