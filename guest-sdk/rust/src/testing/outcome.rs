//! How a workflow ended.

use crate::{ContinueAsNewOptions, Failure, FromArguments, Payload};

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
    /// It goes on in a new run.
    ContinuedAsNew(ContinuedAsNew),
    /// It waits for something that the test has not planned.
    Waiting,
}

/// How a workflow goes on in a new run.
#[derive(Clone, Debug, PartialEq)]
pub struct ContinuedAsNew {
    /// The encoded arguments of the new run.
    pub input: Vec<Payload>,
    /// How it differs from the one before.
    pub options: ContinueAsNewOptions,
}

impl ContinuedAsNew {
    /// The arguments of the new run.
    ///
    /// # Panics
    ///
    /// Panics when they are of other types.
    #[track_caller]
    pub fn arguments<A: FromArguments>(&self) -> A {
        A::decode(self.input.clone()).expect("the arguments have the types that the test expects")
    }
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

    /// How the workflow goes on in a new run.
    ///
    /// # Panics
    ///
    /// Panics when it ended in another way, or not at all.
    #[track_caller]
    pub fn unwrap_continued_as_new(self) -> ContinuedAsNew {
        match self {
            Outcome::ContinuedAsNew(continued) => continued,
            other => panic!("the workflow should have continued as new, but: {other:?}"),
        }
    }
}
