//! How often and how fast to try again.

use std::time::Duration;

/// When and how often a failed activity is tried again.
///
/// ```
/// use std::time::Duration;
/// use wrt_sdk::RetryPolicy;
///
/// let policy = RetryPolicy::new()
///     .initial_interval(Duration::from_secs(1))
///     .backoff_coefficient(2.0)
///     .maximum_interval(Duration::from_secs(60))
///     .maximum_attempts(3)
///     .non_retryable("OutOfStock");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// The wait before the second attempt; the runtime's default is 1 s.
    pub initial_interval: Option<Duration>,
    /// The factor by which the wait grows, at least 1; the runtime's default is 2.
    pub backoff_coefficient: Option<f64>,
    /// The longest wait; the runtime's default is 100 times the initial interval.
    pub maximum_interval: Option<Duration>,
    /// Attempts in total, the first one included; 0 stands for "without end".
    pub maximum_attempts: u32,
    /// Types of application failures that end the attempts at once.
    pub non_retryable_error_types: Vec<String>,
}

impl RetryPolicy {
    /// The runtime's defaults: without end, from 1 s to 100 s, doubling.
    pub fn new() -> Self {
        RetryPolicy::default()
    }

    /// A single attempt.
    pub fn once() -> Self {
        RetryPolicy::new().maximum_attempts(1)
    }

    /// Sets the wait before the second attempt.
    #[must_use]
    pub fn initial_interval(mut self, interval: Duration) -> Self {
        self.initial_interval = Some(interval);
        self
    }

    /// Sets the factor by which the wait grows, at least 1.
    #[must_use]
    pub fn backoff_coefficient(mut self, coefficient: f64) -> Self {
        self.backoff_coefficient = Some(coefficient);
        self
    }

    /// Sets the longest wait.
    #[must_use]
    pub fn maximum_interval(mut self, interval: Duration) -> Self {
        self.maximum_interval = Some(interval);
        self
    }

    /// Sets the number of attempts, the first one included; 0 stands for "without end".
    #[must_use]
    pub fn maximum_attempts(mut self, attempts: u32) -> Self {
        self.maximum_attempts = attempts;
        self
    }

    /// Adds a type of application failures that ends the attempts at once.
    #[must_use]
    pub fn non_retryable(mut self, failure_type: impl Into<String>) -> Self {
        self.non_retryable_error_types.push(failure_type.into());
        self
    }
}
