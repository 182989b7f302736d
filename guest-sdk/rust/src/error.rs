//! The error that workflows and activities return.

use std::{any::Any, fmt, time::Duration};

use crate::{Failure, FailureKind, ToPayload, continue_as_new::Continuation, failure::ApplicationFailure};

/// The result of a workflow or an activity.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a workflow or an activity fails.
///
/// `?` turns every standard error into one: a [`Failure`] stays as it is, any other becomes an application failure whose
/// type is the name of the error's type and whose causes are its sources. Raise your own with [`Error::application`]:
///
/// ```
/// use wrt_sdk::{Error, Result};
///
/// fn reserve(stock: u32, wanted: u32) -> Result<u32> {
///     if wanted > stock {
///         return Err(Error::application("OutOfStock", format!("{stock} left of {wanted}")).non_retryable());
///     }
///     Ok(stock - wanted)
/// }
///
/// assert_eq!(reserve(1, 2).unwrap_err().failure().application_type(), Some("OutOfStock"));
/// ```
///
/// To return an error fails the workflow, once and for ever. A panic does not: it fails the workflow task, which is
/// tried again until the component is repaired.
pub struct Error {
    failure: Box<Failure>,
    /// Set when it is no error but the way to a new run.
    continuation: Option<Box<Continuation>>,
}

impl Error {
    /// A failure that callers and retry policies know by `failure_type`.
    pub fn application(failure_type: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::application(failure_type, message).into()
    }

    /// A failure with a message and no type.
    pub fn msg(message: impl fmt::Display) -> Self {
        Error::application("", message.to_string())
    }

    /// What an activity returns when it stopped because it was asked to.
    pub fn canceled(message: impl Into<String>) -> Self {
        Failure::canceled(message).into()
    }

    /// Says that another attempt would be in vain.
    #[must_use]
    pub fn non_retryable(self) -> Self {
        self.change(|application| application.non_retryable = true)
    }

    /// Overrides the wait that the retry policy would choose.
    #[must_use]
    pub fn next_retry_delay(self, delay: Duration) -> Self {
        self.change(|application| application.next_retry_delay = Some(delay))
    }

    /// Adds a value that handlers read with [`Failure::detail`]. A value that cannot be encoded is left out.
    #[must_use]
    pub fn detail(self, value: &impl ToPayload) -> Self {
        self.change(|application| application.details.extend(value.to_payload()))
    }

    /// Says what it happened because of.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Error>) -> Self {
        self.failure.cause = Some(cause.into().failure);
        self
    }

    /// The chain of causes.
    pub fn failure(&self) -> &Failure {
        &self.failure
    }

    /// The chain of causes, taken out.
    pub fn into_failure(self) -> Failure {
        *self.failure
    }

    /// True when it is no failure but the way to a new run: what
    /// [`Context::continue_as_new`](crate::Context::continue_as_new) gives.
    pub fn is_continue_as_new(&self) -> bool {
        self.continuation.is_some()
    }

    /// True when it is a cancellation, of the run or of an activity.
    pub fn is_canceled(&self) -> bool {
        self.failure.is_canceled()
    }

    pub(crate) fn from_continuation(continuation: Continuation) -> Self {
        Error {
            failure: Box::new(Continuation::misplaced()),
            continuation: Some(Box::new(continuation)),
        }
    }

    /// The way to a new run, or the error back.
    pub(crate) fn into_continuation(mut self) -> Result<Continuation, Error> {
        self.continuation.take().map(|continuation| *continuation).ok_or(self)
    }

    fn from_failure(failure: Failure) -> Self {
        Error {
            failure: Box::new(failure),
            continuation: None,
        }
    }

    /// Does nothing to failures that are not of user code: they carry no such words.
    fn change(mut self, change: impl FnOnce(&mut ApplicationFailure)) -> Self {
        if let FailureKind::Application(application) = &mut self.failure.kind {
            change(application);
        }
        self
    }
}

/// So that the blanket conversion below can exist, `Error` itself is no `std::error::Error`; [`Failure`] is.
impl<E: std::error::Error + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let mut slot = Some(error);
        if let Some(failure) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Failure>>() {
            return Error::from_failure(failure.take().expect("the slot was just filled"));
        }
        let error = slot.expect("only a failure is taken out");
        let mut failure = Failure::application(type_name::<E>(), error.to_string());
        failure.cause = error.source().map(|source| Box::new(of_source(source)));
        Error::from_failure(failure)
    }
}

fn of_source(source: &(dyn std::error::Error + 'static)) -> Failure {
    if let Some(failure) = source.downcast_ref::<Failure>() {
        return failure.clone();
    }
    let mut failure = Failure::application("", source.to_string());
    failure.cause = source.source().map(|cause| Box::new(of_source(cause)));
    failure
}

/// The name of a type without its path and its parameters.
fn type_name<E>() -> &'static str {
    let path = std::any::type_name::<E>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.failure, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.failure)?;
        for link in self.failure.chain().skip(1) {
            write!(f, "\n  because of {link}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_passes_the_question_mark_unchanged() {
        let failure = Failure::canceled("enough");
        assert_eq!(*Error::from(failure.clone()).failure(), failure);
    }

    #[test]
    fn other_errors_become_application_failures_with_their_causes() {
        let parse = "x".parse::<u32>().unwrap_err();
        let error = Error::from(std::io::Error::other(parse));
        assert_eq!(error.failure().application_type(), Some("Error"));
        let error = Error::from("x".parse::<u32>().unwrap_err());
        assert_eq!(error.failure().application_type(), Some("ParseIntError"));
        assert_eq!(error.failure().message, "invalid digit found in string");
    }

    #[test]
    fn the_words_of_an_application_failure_are_kept() {
        let error = Error::application("OutOfStock", "none")
            .non_retryable()
            .next_retry_delay(Duration::from_secs(3))
            .detail(&7)
            .caused_by(Error::msg("empty shelf"));
        let application = error.failure().as_application().unwrap();
        assert!(application.non_retryable);
        assert_eq!(application.next_retry_delay, Some(Duration::from_secs(3)));
        assert_eq!(error.failure().detail::<u32>(0), Some(Ok(7)));
        assert_eq!(error.failure().detail::<u32>(1), None);
        assert_eq!(error.failure().root_cause().message, "empty shelf");
    }
}
