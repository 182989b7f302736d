//! Payloads that clients keep elsewhere: the payload in an event says how large what it stands for is.

use std::collections::HashMap;

use wrt_model::{
    Run, SearchAttributeValue,
    proto::{
        EventAttributes as A, Failure, FailureInfo as F, HistoryEvent, Memo, Payload, Payloads,
        common::Header,
        sdk::event_group_marker::Variant,
        update::{Outcome, Request, outcome},
    },
};

use crate::Turn;

/// The search attributes that closed runs have which refer to such payloads.
pub(crate) const COUNT: &str = "TemporalExternalPayloadCount";
pub(crate) const SIZE_BYTES: &str = "TemporalExternalPayloadSizeBytes";

/// Adds what an event refers to. Search attributes have no such payloads.
pub(crate) fn count_external_payloads(run: &mut Run, event: &HistoryEvent) {
    let mut seen = Seen::default();
    seen.event(event);
    run.external_payload_count += seen.count;
    run.external_payload_size_bytes += seen.bytes;
}

impl Turn<'_> {
    /// Lets the run, which closes, be found by what it has referred to.
    pub(crate) fn tell_external_payloads(&mut self) {
        let (count, bytes) = (self.run.external_payload_count, self.run.external_payload_size_bytes);
        if count > 0 {
            self.set_own_attribute(COUNT, Some(SearchAttributeValue::Int(count)));
            self.set_own_attribute(SIZE_BYTES, Some(SearchAttributeValue::Int(bytes)));
        }
    }
}

#[derive(Default)]
struct Seen {
    count: i64,
    bytes: i64,
}

impl Seen {
    fn event(&mut self, event: &HistoryEvent) {
        if let Some(words) = &event.user_metadata {
            self.payload(words.summary.as_ref());
            self.payload(words.details.as_ref());
        }
        for marker in &event.event_group_markers {
            if let Some(Variant::Label(label)) = &marker.variant {
                self.payload(label.label.as_ref());
            }
        }
        if let Some(attributes) = &event.attributes {
            self.attributes(attributes);
        }
    }

    #[expect(deprecated, reason = "histories have it")]
    fn attributes(&mut self, attributes: &A) {
        match attributes {
            A::WorkflowExecutionStartedEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.failure(event.continued_failure.as_ref());
                self.payloads(event.last_completion_result.as_ref());
                self.memo(event.memo.as_ref());
                self.header(event.header.as_ref());
            }
            A::WorkflowExecutionCompletedEventAttributes(event) => self.payloads(event.result.as_ref()),
            A::WorkflowExecutionFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::WorkflowExecutionCanceledEventAttributes(event) => self.payloads(event.details.as_ref()),
            A::WorkflowExecutionTerminatedEventAttributes(event) => self.payloads(event.details.as_ref()),
            A::WorkflowExecutionContinuedAsNewEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.failure(event.failure.as_ref());
                self.payloads(event.last_completion_result.as_ref());
                self.memo(event.memo.as_ref());
                self.header(event.header.as_ref());
            }
            A::WorkflowExecutionSignaledEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.header(event.header.as_ref());
            }
            A::WorkflowTaskFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::WorkflowPropertiesModifiedEventAttributes(event) => self.memo(event.upserted_memo.as_ref()),
            A::WorkflowPropertiesModifiedExternallyEventAttributes(event) => self.memo(event.upserted_memo.as_ref()),
            A::MarkerRecordedEventAttributes(event) => {
                event.details.values().for_each(|details| self.payloads(Some(details)));
                self.header(event.header.as_ref());
                self.failure(event.failure.as_ref());
            }
            A::ActivityTaskScheduledEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.header(event.header.as_ref());
            }
            A::ActivityTaskStartedEventAttributes(event) => self.failure(event.last_failure.as_ref()),
            A::ActivityTaskCompletedEventAttributes(event) => self.payloads(event.result.as_ref()),
            A::ActivityTaskFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::ActivityTaskTimedOutEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::ActivityTaskCanceledEventAttributes(event) => self.payloads(event.details.as_ref()),
            A::StartChildWorkflowExecutionInitiatedEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.memo(event.memo.as_ref());
                self.header(event.header.as_ref());
            }
            A::ChildWorkflowExecutionStartedEventAttributes(event) => self.header(event.header.as_ref()),
            A::ChildWorkflowExecutionCompletedEventAttributes(event) => self.payloads(event.result.as_ref()),
            A::ChildWorkflowExecutionFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::ChildWorkflowExecutionCanceledEventAttributes(event) => self.payloads(event.details.as_ref()),
            A::SignalExternalWorkflowExecutionInitiatedEventAttributes(event) => {
                self.payloads(event.input.as_ref());
                self.header(event.header.as_ref());
            }
            A::WorkflowExecutionUpdateAdmittedEventAttributes(event) => self.update(event.request.as_ref()),
            A::WorkflowExecutionUpdateAcceptedEventAttributes(event) => self.update(event.accepted_request.as_ref()),
            A::WorkflowExecutionUpdateRejectedEventAttributes(event) => {
                self.update(event.rejected_request.as_ref());
                self.failure(event.failure.as_ref());
            }
            A::WorkflowExecutionUpdateCompletedEventAttributes(event) => self.outcome(event.outcome.as_ref()),
            A::NexusOperationScheduledEventAttributes(event) => self.payload(event.input.as_ref()),
            A::NexusOperationCompletedEventAttributes(event) => self.payload(event.result.as_ref()),
            A::NexusOperationFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::NexusOperationTimedOutEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::NexusOperationCanceledEventAttributes(event) => self.failure(event.failure.as_ref()),
            A::NexusOperationCancelRequestFailedEventAttributes(event) => self.failure(event.failure.as_ref()),
            _ => {}
        }
    }

    fn update(&mut self, request: Option<&Request>) {
        if let Some(input) = request.and_then(|request| request.input.as_ref()) {
            self.header(input.header.as_ref());
            self.payloads(input.args.as_ref());
        }
    }

    fn outcome(&mut self, outcome: Option<&Outcome>) {
        match outcome.and_then(|outcome| outcome.value.as_ref()) {
            Some(outcome::Value::Success(result)) => self.payloads(Some(result)),
            Some(outcome::Value::Failure(failure)) => self.failure(Some(failure)),
            None => {}
        }
    }

    fn failure(&mut self, failure: Option<&Failure>) {
        let Some(failure) = failure else { return };
        self.payload(failure.encoded_attributes.as_ref());
        match &failure.failure_info {
            Some(F::ApplicationFailureInfo(info)) => self.payloads(info.details.as_ref()),
            Some(F::CanceledFailureInfo(info)) => self.payloads(info.details.as_ref()),
            Some(F::TimeoutFailureInfo(info)) => self.payloads(info.last_heartbeat_details.as_ref()),
            Some(F::ResetWorkflowFailureInfo(info)) => self.payloads(info.last_heartbeat_details.as_ref()),
            _ => {}
        }
        self.failure(failure.cause.as_deref());
    }

    fn memo(&mut self, memo: Option<&Memo>) {
        self.fields(memo.map(|memo| &memo.fields));
    }

    fn header(&mut self, header: Option<&Header>) {
        self.fields(header.map(|header| &header.fields));
    }

    fn fields(&mut self, fields: Option<&HashMap<String, Payload>>) {
        fields
            .into_iter()
            .flat_map(HashMap::values)
            .for_each(|payload| self.payload(Some(payload)));
    }

    fn payloads(&mut self, payloads: Option<&Payloads>) {
        let payloads = payloads.into_iter().flat_map(|payloads| &payloads.payloads);
        payloads.for_each(|payload| self.payload(Some(payload)));
    }

    fn payload(&mut self, payload: Option<&Payload>) {
        for external in payload.into_iter().flat_map(|payload| &payload.external_payloads) {
            self.count += 1;
            self.bytes = self.bytes.saturating_add(external.size_bytes);
        }
    }
}
