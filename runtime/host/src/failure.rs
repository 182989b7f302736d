//! How a guest's trouble reaches the engine.

use wrt_model::{
    failure,
    proto::{Failure, enums::WorkflowTaskFailedCause},
};

use crate::{
    trap::Explanation,
    workflow::{BrokenHistory, Divergence},
};

/// Fails the workflow task, not the run: the run stays where it was, and the task is tried again.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", failure.message)]
pub struct TaskFailure {
    /// What the `failed` event of the task gives as its cause.
    pub cause: WorkflowTaskFailedCause,
    /// The message, with the guest's backtrace as its stack trace.
    pub failure: Box<Failure>,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", failure.message)]
pub struct QueryFailure {
    /// The message, with the guest's backtrace as its stack trace if it trapped.
    pub failure: Box<Failure>,
}

impl TaskFailure {
    pub(crate) fn new(cause: WorkflowTaskFailedCause, message: String, stack_trace: String) -> Self {
        TaskFailure {
            cause,
            failure: Box::new(Failure {
                stack_trace,
                ..failure::application(limited(message), cause.as_str_name(), false)
            }),
        }
    }

    /// The guest's own error.
    pub(crate) fn reported(message: String) -> Self {
        Self::new(
            WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
            message,
            String::new(),
        )
    }

    /// The guest's own failure, with the cause that it gives.
    pub(crate) fn raised(failure: Failure, cause: Option<WorkflowTaskFailedCause>) -> Self {
        TaskFailure {
            cause: cause.unwrap_or(WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure),
            failure: Box::new(Failure {
                message: limited(failure.message),
                ..failure
            }),
        }
    }

    pub(crate) fn tainted() -> Self {
        Self::reported("the instance is tainted by a query or a failure; drop it and replay the history".to_owned())
    }
}

impl From<Explanation> for TaskFailure {
    fn from(explanation: Explanation) -> Self {
        let cause = if explanation.diverged {
            WorkflowTaskFailedCause::NonDeterministicError
        } else {
            WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure
        };
        Self::new(cause, explanation.message, explanation.backtrace)
    }
}

impl From<BrokenHistory> for TaskFailure {
    fn from(broken: BrokenHistory) -> Self {
        Self::new(
            WorkflowTaskFailedCause::NonDeterministicError,
            broken.to_string(),
            String::new(),
        )
    }
}

impl From<Divergence> for TaskFailure {
    fn from(divergence: Divergence) -> Self {
        Self::new(
            WorkflowTaskFailedCause::NonDeterministicError,
            divergence.to_string(),
            String::new(),
        )
    }
}

impl QueryFailure {
    /// The guest's own error.
    pub(crate) fn refused(message: String) -> Self {
        QueryFailure {
            failure: Box::new(failure::application(limited(message), "QueryFailed", true)),
        }
    }

    /// The guest's own failure.
    pub(crate) fn raised(failure: Failure) -> Self {
        QueryFailure {
            failure: Box::new(Failure {
                message: limited(failure.message),
                ..failure
            }),
        }
    }

    pub(crate) fn trapped_before() -> Self {
        Self::refused("the instance trapped before; drop it and replay the history".to_owned())
    }
}

impl From<Explanation> for QueryFailure {
    fn from(explanation: Explanation) -> Self {
        QueryFailure {
            failure: Box::new(Failure {
                stack_trace: explanation.backtrace,
                ..failure::application(limited(explanation.message), "QueryFailed", true)
            }),
        }
    }
}

/// A guest's words, short enough for a history and an answer.
fn limited(mut message: String) -> String {
    const LONGEST_BYTES: usize = 8 << 10;
    if message.len() > LONGEST_BYTES {
        message.truncate(message.floor_char_boundary(LONGEST_BYTES));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        let failed = TaskFailure::reported("ä".repeat(10_000));
        assert_eq!(failed.failure.message, format!("{}…", "ä".repeat(4_096)));
    }
}
