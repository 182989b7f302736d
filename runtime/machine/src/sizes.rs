//! How much a command may carry: payloads, and whatever else has no length of its own.

use prost::Message;
use wrt_model::{
    limits::SEARCH_ATTRIBUTES_BYTES,
    payload::size,
    proto::{
        Command, CommandAttributes as A, Memo, Payload, Payloads, command::*, enums::WorkflowTaskFailedCause as Cause,
        sdk::event_group_marker::Variant,
    },
};

use crate::{
    Rejection, Turn,
    command::{bad, command_name},
    marker::upsert,
    update::Messages,
};

/// A part of a command that may be large, by the name of its field, and the limit for it.
struct Part {
    field: &'static str,
    bytes: usize,
    limit: Limit,
}

#[derive(Clone, Copy)]
enum Limit {
    Blob,
    Memo,
    SearchAttributes,
}

impl Turn<'_> {
    /// Refuses a command that carries more than the namespace allows.
    pub(crate) fn check_sizes(&self, command: &Command, messages: &Messages) -> Result<(), Rejection> {
        let Some(attributes) = &command.attributes else {
            return Ok(());
        };
        let parts = self.parts(attributes, messages).into_iter().chain(words(command));
        for Part { field, bytes, limit } in parts.flatten() {
            let (cause, name, most) = match limit {
                Limit::Blob => (Cause::PayloadsTooLarge, "blob_size_error", self.limits.blob_size_error),
                Limit::Memo => (Cause::PayloadsTooLarge, "memo_size_error", self.limits.memo_size_error),
                Limit::SearchAttributes => (Cause::BadSearchAttributes, "the server", SEARCH_ATTRIBUTES_BYTES as u64),
            };
            if bytes as u64 > most {
                let command = command_name(attributes);
                return Err(bad(
                    cause,
                    format!(
                        "{command}CommandAttributes.{field} exceeds size limit: it has {bytes} bytes, {name} allows {most}"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn parts(&self, attributes: &A, messages: &Messages) -> [Option<Part>; 7] {
        match attributes {
            A::ScheduleActivityTaskCommandAttributes(command) => parts([
                payloads("Input", command.input.as_ref()),
                message("Header", command.header.as_ref()),
                message("RetryPolicy", command.retry_policy.as_ref()),
            ]),
            A::StartChildWorkflowExecutionCommandAttributes(command) => parts([
                payloads("Input", command.input.as_ref()),
                message("Header", command.header.as_ref()),
                memo("Memo", command.memo.as_ref()),
                search_attributes(command.search_attributes.as_ref()),
                message("RetryPolicy", command.retry_policy.as_ref()),
            ]),
            A::SignalExternalWorkflowExecutionCommandAttributes(command) => parts([
                payloads("Input", command.input.as_ref()),
                message("Header", command.header.as_ref()),
            ]),
            A::RecordMarkerCommandAttributes(command) => marker(command),
            A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => parts([
                payloads("Input", command.input.as_ref()),
                message("Header", command.header.as_ref()),
                memo("Memo", command.memo.as_ref()),
                search_attributes(command.search_attributes.as_ref()),
                message("Failure", command.failure.as_ref()),
                payloads("LastCompletionResult", command.last_completion_result.as_ref()),
                message("RetryPolicy", command.retry_policy.as_ref()),
            ]),
            A::CompleteWorkflowExecutionCommandAttributes(command) => {
                parts([payloads("Result", command.result.as_ref())])
            }
            A::FailWorkflowExecutionCommandAttributes(command) => parts([message("Failure", command.failure.as_ref())]),
            A::CancelWorkflowExecutionCommandAttributes(command) => {
                parts([payloads("Details", command.details.as_ref())])
            }
            A::ProtocolMessageCommandAttributes(command) => {
                parts([blob("Message", messages.body_bytes(&command.message_id))])
            }
            A::UpsertWorkflowSearchAttributesCommandAttributes(command) => {
                parts([search_attributes(command.search_attributes.as_ref())])
            }
            A::ModifyWorkflowPropertiesCommandAttributes(command) => parts([
                // Names of fields that are removed count, too.
                memo("UpsertedMemo", command.upserted_memo.as_ref()),
                Some(Part {
                    field: "UpsertedMemo",
                    bytes: self.memo_bytes_with(command.upserted_memo.as_ref()),
                    limit: Limit::Memo,
                }),
            ]),
            A::ScheduleNexusOperationCommandAttributes(command) => parts([message("Input", command.input.as_ref())]),
            A::RequestCancelActivityTaskCommandAttributes(_)
            | A::StartTimerCommandAttributes(_)
            | A::CancelTimerCommandAttributes(_)
            | A::RequestCancelExternalWorkflowExecutionCommandAttributes(_)
            | A::RequestCancelNexusOperationCommandAttributes(_) => parts([]),
        }
    }

    /// The bytes that the memo would have with these fields.
    fn memo_bytes_with(&self, upserts: Option<&Memo>) -> usize {
        let mut memo = self.run.memo.clone().unwrap_or_default();
        if let Some(upserts) = upserts {
            upsert(&mut memo.fields, &upserts.fields);
        }
        memo.encoded_len()
    }
}

fn marker(command: &RecordMarkerCommandAttributes) -> [Option<Part>; 7] {
    let details = command.details.iter();
    parts([
        blob(
            "Details",
            details.map(|(key, details)| key.len() + size(Some(details))).sum(),
        ),
        message("Header", command.header.as_ref()),
        message("Failure", command.failure.as_ref()),
    ])
}

/// What any command can carry beside its attributes.
fn words(command: &Command) -> [Option<Part>; 3] {
    let metadata = command.user_metadata.as_ref();
    let of_metadata = |part: Option<&Payload>| part.map_or(0, Message::encoded_len);
    let labels = command.event_group_markers.iter().map(|marker| match &marker.variant {
        Some(Variant::Label(label)) => label.encoded_len(),
        Some(Variant::InboundUpdate(update)) => update.encoded_len(),
        Some(Variant::InboundEvent(_)) | None => 0,
    });
    [
        blob(
            "UserMetadata.Summary",
            of_metadata(metadata.and_then(|metadata| metadata.summary.as_ref())),
        ),
        blob(
            "UserMetadata.Details",
            of_metadata(metadata.and_then(|metadata| metadata.details.as_ref())),
        ),
        blob("EventGroupMarkers", labels.sum()),
    ]
}

fn parts<const N: usize>(some: [Option<Part>; N]) -> [Option<Part>; 7] {
    let mut some = some.into_iter();
    std::array::from_fn(|_| some.next().flatten())
}

fn blob(field: &'static str, bytes: usize) -> Option<Part> {
    let limit = Limit::Blob;
    Some(Part { field, bytes, limit })
}

fn payloads(field: &'static str, payloads: Option<&Payloads>) -> Option<Part> {
    blob(field, size(payloads))
}

fn message<M: Message>(field: &'static str, message: Option<&M>) -> Option<Part> {
    blob(field, message?.encoded_len())
}

fn memo(field: &'static str, memo: Option<&Memo>) -> Option<Part> {
    let (bytes, limit) = (memo?.encoded_len(), Limit::Memo);
    Some(Part { field, bytes, limit })
}

fn search_attributes(attributes: Option<&wrt_model::proto::SearchAttributes>) -> Option<Part> {
    let (bytes, limit) = (attributes?.encoded_len(), Limit::SearchAttributes);
    Some(Part {
        field: "SearchAttributes",
        bytes,
        limit,
    })
}
