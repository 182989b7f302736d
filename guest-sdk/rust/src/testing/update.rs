//! What becomes of the updates of a test.

use std::{collections::BTreeMap, fmt, rc::Rc};

use super::host::Shared;
use crate::{Failure, FromPayload, Payload, command::Command};

/// An update that a test has sent or planned; see [`TestEnvironment::update_at`](super::TestEnvironment::update_at).
#[derive(Clone)]
pub struct TestUpdate {
    id: String,
    shared: Rc<Shared>,
}

impl TestUpdate {
    pub(super) fn new(id: String, shared: Rc<Shared>) -> Self {
        TestUpdate { id, shared }
    }

    /// The update id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it has come.
    ///
    /// # Panics
    ///
    /// Panics when the answer is no `T`.
    pub fn outcome<T: FromPayload>(&self) -> UpdateOutcome<T> {
        let decode = |answer: Payload| T::from_payload(answer).expect("the answer has the type that the test expects");
        match self.shared.updates.borrow().get(&self.id).cloned() {
            None => UpdateOutcome::Waiting,
            Some(UpdateState::Accepted) => UpdateOutcome::Accepted,
            Some(UpdateState::Rejected(reason)) => UpdateOutcome::Rejected(reason),
            Some(UpdateState::Completed(Ok(answer))) => UpdateOutcome::Completed(decode(answer)),
            Some(UpdateState::Completed(Err(failure))) => UpdateOutcome::Failed(failure),
        }
    }
}

/// What has become of an update.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum UpdateOutcome<T> {
    /// The workflow has not seen it.
    Waiting,
    /// The validator, or the handler's arguments, turned it away.
    Rejected(Failure),
    /// Its handler is at work.
    Accepted,
    /// Its handler returned a value.
    Completed(T),
    /// Its handler returned an error.
    Failed(Failure),
}

impl<T: fmt::Debug> UpdateOutcome<T> {
    /// The value that the handler returned.
    ///
    /// # Panics
    ///
    /// Panics when the update came to something else.
    #[track_caller]
    pub fn unwrap(self) -> T {
        match self {
            UpdateOutcome::Completed(answer) => answer,
            other => panic!("the update should have completed, but: {other:?}"),
        }
    }

    /// Why the update was turned away.
    ///
    /// # Panics
    ///
    /// Panics when it was not.
    #[track_caller]
    pub fn unwrap_rejection(self) -> Failure {
        match self {
            UpdateOutcome::Rejected(reason) => reason,
            other => panic!("the update should have been rejected, but: {other:?}"),
        }
    }

    /// The failure that the handler returned.
    ///
    /// # Panics
    ///
    /// Panics when it did not.
    #[track_caller]
    pub fn unwrap_failure(self) -> Failure {
        match self {
            UpdateOutcome::Failed(failure) => failure,
            other => panic!("the update should have failed, but: {other:?}"),
        }
    }
}

/// An update that the workflow has seen.
#[derive(Clone)]
pub(super) enum UpdateState {
    Accepted,
    Rejected(Failure),
    Completed(Result<Payload, Failure>),
}

impl UpdateState {
    /// Takes in what a command says about an update.
    pub(super) fn follow(updates: &mut BTreeMap<String, UpdateState>, command: &Command) {
        let (id, state) = match command {
            Command::AcceptUpdate { update_id } => (update_id, UpdateState::Accepted),
            Command::RejectUpdate { update_id, reason } => (update_id, UpdateState::Rejected(reason.clone())),
            Command::CompleteUpdate { update_id, outcome } => (update_id, UpdateState::Completed(outcome.clone())),
            _ => return,
        };
        updates.insert(id.clone(), state);
    }
}
