//! Where limits bite: commands and outcomes that carry or ask for too much, and histories that have grown too long.

use std::collections::HashMap;

use prost::Message;
use wrt_model::{
    Limits, failure,
    payload::size,
    proto::{
        CommandAttributes as A, Failure, Memo, Payloads,
        enums::{SuggestContinueAsNewReason as Reason, WorkflowTaskFailedCause as Cause},
    },
};

use crate::{ActivityClose, Rejection, Turn, command::bad, marker::upsert, update::Messages};

/// What the commands before in the same workflow task have asked for, by the cause that one too many fails it with.
pub(crate) type Asked = HashMap<Cause, usize>;

const HEARTBEAT_TOO_LARGE: &str = "Heartbeat details exceed size limit.";

impl Turn<'_> {
    /// Refuses a command that carries or asks for more than the namespace allows.
    pub(crate) fn check_limits(&self, command: &A, messages: &Messages, asked: &mut Asked) -> Result<(), Rejection> {
        self.check_sizes(command, messages)?;
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

    fn check_sizes(&self, command: &A, messages: &Messages) -> Result<(), Rejection> {
        let (name, bytes) = carried(command, messages);
        check_size(name, bytes, "blob_size_error", self.limits.blob_size_error)?;
        let (name, bytes) = match command {
            A::StartChildWorkflowExecutionCommandAttributes(command) => (
                "StartChildWorkflowExecutionCommandAttributes.Memo",
                memo_bytes(command.memo.as_ref()),
            ),
            A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => (
                "ContinueAsNewWorkflowExecutionCommandAttributes.Memo",
                memo_bytes(command.memo.as_ref()),
            ),
            A::ModifyWorkflowPropertiesCommandAttributes(command) => (
                "ModifyWorkflowPropertiesCommandAttributes.UpsertedMemo",
                self.memo_bytes_with(command.upserted_memo.as_ref()),
            ),
            _ => return Ok(()),
        };
        check_size(name, bytes, "memo_size_error", self.limits.memo_size_error)
    }

    /// The bytes that the memo would have with these fields.
    fn memo_bytes_with(&self, upserts: Option<&Memo>) -> usize {
        let mut memo = self.run.memo.clone().unwrap_or_default();
        if let Some(upserts) = upserts {
            upsert(&mut memo.fields, &upserts.fields);
        }
        memo.encoded_len()
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

fn check_size(name: &str, bytes: usize, limit_name: &str, limit: u64) -> Result<(), Rejection> {
    if bytes as u64 <= limit {
        return Ok(());
    }
    let message = format!("{name} exceeds size limit: it has {bytes} bytes, {limit_name} allows {limit}");
    Err(bad(Cause::PayloadsTooLarge, message))
}

fn memo_bytes(memo: Option<&Memo>) -> usize {
    memo.map_or(0, Message::encoded_len)
}

/// What a command carries, and its bytes.
fn carried(command: &A, messages: &Messages) -> (&'static str, usize) {
    match command {
        A::ScheduleActivityTaskCommandAttributes(command) => (
            "ScheduleActivityTaskCommandAttributes.Input",
            size(command.input.as_ref()),
        ),
        A::StartChildWorkflowExecutionCommandAttributes(command) => (
            "StartChildWorkflowExecutionCommandAttributes.Input",
            size(command.input.as_ref()),
        ),
        A::SignalExternalWorkflowExecutionCommandAttributes(command) => (
            "SignalExternalWorkflowExecutionCommandAttributes.Input",
            size(command.input.as_ref()),
        ),
        A::RecordMarkerCommandAttributes(command) => (
            "RecordMarkerCommandAttributes.Details",
            command.details.values().map(|details| size(Some(details))).sum(),
        ),
        A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => (
            "ContinueAsNewWorkflowExecutionCommandAttributes.Input",
            size(command.input.as_ref()),
        ),
        A::CompleteWorkflowExecutionCommandAttributes(command) => (
            "CompleteWorkflowExecutionCommandAttributes.Result",
            size(command.result.as_ref()),
        ),
        A::FailWorkflowExecutionCommandAttributes(command) => (
            "FailWorkflowExecutionCommandAttributes.Failure",
            command.failure.as_ref().map_or(0, Message::encoded_len),
        ),
        A::CancelWorkflowExecutionCommandAttributes(command) => (
            "CancelWorkflowExecutionCommandAttributes.Details",
            size(command.details.as_ref()),
        ),
        A::ProtocolMessageCommandAttributes(command) => (
            "ProtocolMessageCommandAttributes",
            messages.body_bytes(&command.message_id),
        ),
        A::RequestCancelActivityTaskCommandAttributes(_)
        | A::StartTimerCommandAttributes(_)
        | A::CancelTimerCommandAttributes(_)
        | A::RequestCancelExternalWorkflowExecutionCommandAttributes(_)
        | A::UpsertWorkflowSearchAttributesCommandAttributes(_)
        | A::ModifyWorkflowPropertiesCommandAttributes(_)
        | A::ScheduleNexusOperationCommandAttributes(_)
        | A::RequestCancelNexusOperationCommandAttributes(_) => ("", 0),
    }
}
