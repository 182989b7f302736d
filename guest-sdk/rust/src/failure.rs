//! What went wrong, and because of what.

use std::{fmt, time::Duration};

use crate::{FromPayload, Payload};

/// `Failure.source` of what this SDK raises.
pub(crate) const SOURCE: &str = "wrt-sdk-rust";

/// One link of a chain of causes; what durable calls fail with.
///
/// An activity that failed gives a chain: the outer link is of kind [`FailureKind::Activity`] and names the activity, its
/// cause says what happened; child workflows likewise. The methods look through such links, so most code never needs to:
///
/// ```
/// # use wrt_sdk::{Failure, Error};
/// fn handle(failure: &Failure) {
///     if failure.application_type() == Some("OutOfStock") { /* choose another warehouse */ }
///     if failure.is_timeout() { /* ask a person */ }
/// }
/// # handle(&Failure::application("OutOfStock", "none left"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Words for people.
    pub message: String,
    /// The SDK or server that raised it.
    pub source: String,
    /// Where it was raised, when that is known.
    pub stack_trace: String,
    /// The kind of the link, with what belongs to that kind alone.
    pub kind: FailureKind,
    /// What it happened because of.
    pub cause: Option<Box<Failure>>,
}

/// The kinds of failures, as Temporal tells them apart.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FailureKind {
    /// User code raised it.
    Application(Box<ApplicationFailure>),
    /// A timeout ran out; with the details of the last heartbeat that arrived.
    Timeout(TimeoutType, Vec<Payload>),
    /// It was canceled, with the details of the canceled side.
    Canceled(Vec<Payload>),
    /// It was terminated.
    Terminated,
    /// The runtime failed. True when another attempt would be in vain.
    Server(bool),
    /// An activity did not complete; the cause says why.
    Activity(Box<ActivityFailure>),
    /// A child workflow did not complete; the cause says why.
    ChildWorkflow(Box<ChildWorkflowFailure>),
}

/// What user code said about a failure that it raised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplicationFailure {
    /// The name that retry policies and handlers tell failures apart by.
    pub failure_type: String,
    /// True when another attempt would be in vain.
    pub non_retryable: bool,
    /// Values for the handler.
    pub details: Vec<Payload>,
    /// Overrides the wait that the retry policy would choose.
    pub next_retry_delay: Option<Duration>,
}

/// Which activity failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityFailure {
    /// The type that was asked for.
    pub activity_type: String,
    /// Unique among the open activities of the run.
    pub activity_id: String,
    /// The worker that ran the last attempt.
    pub identity: String,
    /// Why nothing tries again.
    pub retry_state: RetryState,
}

/// Which child workflow failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildWorkflowFailure {
    /// The type that was asked for.
    pub workflow_type: String,
    /// The id that it had.
    pub workflow_id: String,
    /// Its run, empty when it did not start.
    pub run_id: String,
    /// Why nothing tries again.
    pub retry_state: RetryState,
}

/// The timeout that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutType {
    /// A single attempt took too long.
    StartToClose,
    /// No worker took it.
    ScheduleToStart,
    /// All attempts together took too long.
    ScheduleToClose,
    /// The worker fell silent.
    Heartbeat,
}

/// Why nothing tries again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryState {
    /// Not known.
    #[default]
    Unspecified,
    /// It is being tried again.
    InProgress,
    /// The failure said so, or the retry policy lists its type.
    NonRetryableFailure,
    /// The time for all attempts is over.
    Timeout,
    /// All attempts are spent.
    MaximumAttemptsReached,
    /// There is no retry policy.
    RetryPolicyNotSet,
    /// The runtime failed.
    InternalServerError,
    /// Somebody asked it to stop.
    CancelRequested,
}

// === impl Failure ===

impl Failure {
    /// A failure of user code, which retries may cure.
    pub fn application(failure_type: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::new(
            message,
            FailureKind::Application(Box::new(ApplicationFailure {
                failure_type: failure_type.into(),
                ..Default::default()
            })),
        )
    }

    /// A cancellation, for the reason that `message` gives.
    pub fn canceled(message: impl Into<String>) -> Self {
        Failure::new(message, FailureKind::Canceled(Vec::new()))
    }

    /// A value that could not be encoded or decoded. Another attempt would meet the same value.
    pub(crate) fn payload(message: String) -> Self {
        let mut failure = Failure::application("PayloadConversion", message);
        if let FailureKind::Application(application) = &mut failure.kind {
            application.non_retryable = true;
        }
        failure
    }

    pub(crate) fn new(message: impl Into<String>, kind: FailureKind) -> Self {
        Failure {
            message: message.into(),
            source: SOURCE.to_owned(),
            stack_trace: String::new(),
            kind,
            cause: None,
        }
    }

    /// The chain, this link first.
    pub fn chain(&self) -> impl Iterator<Item = &Failure> {
        std::iter::successors(Some(self), |link| link.cause.as_deref())
    }

    /// The last link of the chain.
    pub fn root_cause(&self) -> &Failure {
        self.chain().last().unwrap_or(self)
    }

    /// The link that says what happened: what is behind the links that only name an activity or a child workflow.
    fn reason(&self) -> &Failure {
        match (&self.kind, &self.cause) {
            (FailureKind::Activity(_) | FailureKind::ChildWorkflow(_), Some(cause)) => cause.reason(),
            _ => self,
        }
    }

    /// True when it is a cancellation: of the run, of an activity or of a child workflow.
    pub fn is_canceled(&self) -> bool {
        matches!(self.reason().kind, FailureKind::Canceled(_))
    }

    /// True when time ran out.
    pub fn is_timeout(&self) -> bool {
        self.timeout_type().is_some()
    }

    /// The timeout that ran out, if one did.
    pub fn timeout_type(&self) -> Option<TimeoutType> {
        match self.reason().kind {
            FailureKind::Timeout(timeout_type, _) => Some(timeout_type),
            _ => None,
        }
    }

    /// The type that user code gave to the failure, when user code raised it.
    pub fn application_type(&self) -> Option<&str> {
        Some(&self.as_application()?.failure_type)
    }

    /// What user code said about the failure, when user code raised it.
    pub fn as_application(&self) -> Option<&ApplicationFailure> {
        match &self.reason().kind {
            FailureKind::Application(application) => Some(application),
            _ => None,
        }
    }

    /// The activity that did not complete, when it is about one.
    pub fn as_activity(&self) -> Option<&ActivityFailure> {
        match &self.kind {
            FailureKind::Activity(activity) => Some(activity),
            _ => None,
        }
    }

    /// The child workflow that did not complete, when it is about one.
    pub fn as_child_workflow(&self) -> Option<&ChildWorkflowFailure> {
        match &self.kind {
            FailureKind::ChildWorkflow(child) => Some(child),
            _ => None,
        }
    }

    /// The detail at `index`, decoded; `None` when there are fewer. Those of a timeout are the last heartbeat's.
    pub fn detail<T: FromPayload>(&self, index: usize) -> Option<Result<T, Failure>> {
        let details = match &self.reason().kind {
            FailureKind::Application(application) => &application.details,
            FailureKind::Canceled(details) | FailureKind::Timeout(_, details) => details,
            _ => return None,
        };
        details.get(index).cloned().map(T::from_payload)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FailureKind::Application(application) if !application.failure_type.is_empty() => {
                write!(f, "{}: {}", application.failure_type, self.message)
            }
            FailureKind::Activity(activity) => {
                write!(f, "activity {}: {}", activity.activity_type, self.message)
            }
            FailureKind::ChildWorkflow(child) => {
                write!(f, "child workflow {}: {}", child.workflow_type, self.message)
            }
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_activity(cause: Failure) -> Failure {
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("activity error", FailureKind::Activity(Box::default()))
        }
    }

    fn of_child(cause: Failure) -> Failure {
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("child workflow error", FailureKind::ChildWorkflow(Box::default()))
        }
    }

    #[test]
    fn questions_look_through_the_links_that_only_name_something() {
        let canceled = Failure::canceled("stop");
        let timeout = Failure::new("late", FailureKind::Timeout(TimeoutType::Heartbeat, Vec::new()));
        let application = Failure::application("OutOfStock", "none left");
        for wrap in [
            |failure| failure,
            of_activity,
            of_child,
            |failure| of_child(of_activity(failure)),
        ] {
            assert!(wrap(canceled.clone()).is_canceled());
            assert_eq!(wrap(timeout.clone()).timeout_type(), Some(TimeoutType::Heartbeat));
            assert_eq!(wrap(application.clone()).application_type(), Some("OutOfStock"));
        }
    }

    #[test]
    fn a_cancellation_behind_an_application_failure_is_not_a_cancellation() {
        let failure = Failure {
            cause: Some(Box::new(Failure::canceled("stop"))),
            ..Failure::application("CompensationFailed", "1 of 2")
        };
        assert!(!failure.is_canceled());
        assert_eq!(failure.root_cause().message, "stop");
    }
}
