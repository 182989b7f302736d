//! How a workflow ended.

use crate::Failure;

/// How a workflow ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Outcome<T> {
    /// It returned a value.
    Completed(T),
    /// It returned an error.
    Failed(Failure),
    /// It ended upon the request to cancel it.
    Canceled,
    /// It waits for something that the test has not planned.
    Waiting,
}

impl<T: std::fmt::Debug> Outcome<T> {
    /// The value that the workflow returned.
    ///
    /// # Panics
    ///
    /// Panics when it ended in another way, or not at all.
    #[track_caller]
    pub fn unwrap(self) -> T {
        match self {
            Outcome::Completed(output) => output,
            other => panic!("the workflow should have completed, but: {other:?}"),
        }
    }

    /// The failure that the workflow ended with.
    ///
    /// # Panics
    ///
    /// Panics when it ended in another way, or not at all.
    #[track_caller]
    pub fn unwrap_failure(self) -> Failure {
        match self {
            Outcome::Failed(failure) => failure,
            other => panic!("the workflow should have failed, but: {other:?}"),
        }
    }
}
