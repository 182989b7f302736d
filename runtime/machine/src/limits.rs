//! Where limits bite: commands that ask for too much, outcomes that carry too much, and histories that have grown too
//! long.

use std::collections::HashMap;

use prost::Message;
use wrt_model::{
    Limits, failure,
    payload::size,
    proto::{
        CommandAttributes as A, Failure, Payloads,
        enums::{SuggestContinueAsNewReason as Reason, WorkflowTaskFailedCause as Cause},
    },
};

use crate::{ActivityClose, Rejection, Turn, command::bad};

/// What the commands before in the same workflow task have asked for, by the cause that one too many fails it with.
pub(crate) type Asked = HashMap<Cause, usize>;

/// What is left of the message of a failure that is too large.
const BEGINNING_BYTES: usize = 2_048;

const HEARTBEAT_TOO_LARGE: &str = "Heartbeat details exceed size limit.";

impl Turn<'_> {
    /// Refuses a command that asks for more than the namespace allows.
    pub(crate) fn check_limits(&self, command: &A, asked: &mut Asked) -> Result<(), Rejection> {
        let run = &*self.run;
        let external = |cancels| {
            let requests = run.external_requests.values();
            requests.filter(|request| request.is_cancel == cancels).count()
        };
        let (cause, what, open, limit) = match command {
            A::ScheduleActivityTaskCommandAttributes(_) => (
                Cause::PendingActivitiesLimitExceeded,
                "pending activities",
                run.activities.len(),
                self.limits.pending_activities,
            ),
            A::StartChildWorkflowExecutionCommandAttributes(_) => (
                Cause::PendingChildWorkflowsLimitExceeded,
                "pending child workflow executions",
                run.children.len(),
                self.limits.pending_child_executions,
            ),
            A::SignalExternalWorkflowExecutionCommandAttributes(_) => (
                Cause::PendingSignalsLimitExceeded,
                "pending signals to external workflows",
                external(false),
                self.limits.pending_signals,
            ),
            A::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => (
                Cause::PendingRequestCancelLimitExceeded,
                "pending requests to cancel external workflows",
                external(true),
                self.limits.pending_cancel_requests,
            ),
            _ => return Ok(()),
        };
        let asked = asked.entry(cause).or_default();
        let pending = open + *asked;
        if pending as u64 >= limit {
            let message = format!("the number of {what}, {pending}, has reached the per-workflow limit of {limit}");
            return Err(bad(cause, message));
        }
        *asked += 1;
        Ok(())
    }

    /// What a worker reports; when that is larger than the namespace allows, its activity fails for good. The worker hears
    /// nothing of it: told otherwise, it would report the same again and again.
    pub(crate) fn within_limits(&self, close: ActivityClose) -> ActivityClose {
        let too_large = |payloads: &Option<Payloads>| self.is_too_large(size(payloads.as_ref()));
        let message = match &close {
            ActivityClose::Completed(result) if too_large(result) => "Complete result exceeds size limit.",
            ActivityClose::Canceled(details) if too_large(details) => "Cancel details exceed size limit.",
            ActivityClose::Failed { failure, .. } if self.is_too_large(failure.encoded_len()) => {
                "Failure details exceed size limit."
            }
            ActivityClose::Failed {
                last_heartbeat_details, ..
            } if too_large(last_heartbeat_details) => HEARTBEAT_TOO_LARGE,
            ActivityClose::Completed(_) | ActivityClose::Canceled(_) | ActivityClose::Failed { .. } => return close,
        };
        ActivityClose::Failed {
            failure: Box::new(failure::server(message, true)),
            last_heartbeat_details: None,
        }
    }

    /// A failure of a workflow task as it may be stored: of one that says too much, its beginning is left.
    pub(crate) fn bounded_failure(&self, failure: Failure) -> Failure {
        if !self.is_too_large(failure.encoded_len()) {
            return failure;
        }
        let mut beginning = failure.message;
        beginning.truncate(beginning.floor_char_boundary(BEGINNING_BYTES));
        Failure {
            cause: Some(Box::new(failure::application(beginning, "", false))),
            ..failure::server("Failure exceeds size limit.", true)
        }
    }

    pub(crate) fn is_too_large(&self, bytes: usize) -> bool {
        bytes as u64 > self.limits.blob_size_error
    }

    /// Why the workflow should continue as new soon.
    pub(crate) fn reasons_to_continue_as_new(&self) -> Vec<Reason> {
        let limits = self.limits;
        let updates_that_are_many = limits.total_updates - limits.total_updates / 10;
        [
            (
                self.run.history_bytes.unsigned_abs() >= limits.history_size_suggest_continue_as_new,
                Reason::HistorySizeTooLarge,
            ),
            (
                self.run.history_length().unsigned_abs() >= limits.history_count_suggest_continue_as_new,
                Reason::TooManyHistoryEvents,
            ),
            (
                self.run.updates.len() as u64 >= updates_that_are_many,
                Reason::TooManyUpdates,
            ),
        ]
        .into_iter()
        .filter_map(|(applies, reason)| applies.then_some(reason))
        .collect()
    }

    /// Ends the run if its history has outgrown its limits. Returns the reason.
    pub fn end_overgrown(&mut self, identity: &str) -> Option<&'static str> {
        let Limits {
            history_count_error,
            history_size_error,
            ..
        } = *self.limits;
        let reason = if self.run.history_length().unsigned_abs() > history_count_error {
            "Workflow history count exceeds limit."
        } else if self.run.history_bytes.unsigned_abs() > history_size_error {
            "Workflow history size exceeds limit."
        } else {
            return None;
        };
        self.terminate(reason.to_owned(), None, identity.to_owned())
            .ok()
            .map(|()| reason)
    }
}

/// The failure of an attempt whose heartbeat carries too much.
pub(crate) fn heartbeat_too_large() -> Failure {
    failure::server(HEARTBEAT_TOO_LARGE, true)
}
