//! Messages as bytes for the guest. Protobuf leaves the order of a map's entries open, and the same history has to give the
//! same bytes: here they are sorted, behind the fields that are no maps.

use std::collections::BTreeMap;

use prost::{
    DecodeError, Message as _,
    bytes::{Buf, BufMut},
    encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint},
};
use wrt_model::proto::coresdk::workflow_activation::{InitializeWorkflow, WorkflowActivation};

/// An activation as bytes.
pub(super) fn activation(activation: &WorkflowActivation) -> Vec<u8> {
    encode(activation.encode_to_vec(), &ACTIVATION)
}

/// The start of a run as bytes.
pub(super) fn start(start: &InitializeWorkflow) -> Vec<u8> {
    encode(start.encode_to_vec(), &START)
}

fn encode(bytes: Vec<u8>, shape: &Shape) -> Vec<u8> {
    let mut sorted = Vec::with_capacity(bytes.len());
    sort(&bytes, shape, &mut sorted).expect("the bytes were encoded just now");
    sorted
}

fn sort(mut bytes: &[u8], shape: &Shape, sorted: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut entries: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
    while bytes.has_remaining() {
        let field = bytes;
        let (number, wire_type) = decode_key(&mut bytes)?;
        let content = content(&mut bytes, wire_type)?;
        match shape.part(number) {
            None => sorted.put_slice(&field[..field.len() - bytes.len()]),
            Some(Part::Message(shape)) => {
                let mut message = Vec::with_capacity(content.len());
                sort(content, shape, &mut message)?;
                put(number, &message, sorted);
            }
            Some(Part::Map(shape)) => {
                let mut entry = Vec::with_capacity(content.len());
                sort(content, shape, &mut entry)?;
                entries.entry(number).or_default().push(entry);
            }
        }
    }
    for (number, mut entries) in entries {
        entries.sort_unstable();
        entries.iter().for_each(|entry| put(number, entry, sorted));
    }
    Ok(())
}

/// The content of a field; empty for numbers.
fn content<'b>(bytes: &mut &'b [u8], wire_type: WireType) -> Result<&'b [u8], DecodeError> {
    let len = match wire_type {
        WireType::LengthDelimited => usize::try_from(decode_varint(bytes)?).unwrap_or(usize::MAX),
        WireType::Varint => {
            decode_varint(bytes)?;
            0
        }
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        // Groups are of an older protobuf.
        WireType::StartGroup | WireType::EndGroup => 0,
    };
    let (content, rest) = bytes.split_at(len);
    *bytes = rest;
    Ok(content)
}

fn put(number: u32, content: &[u8], sorted: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, sorted);
    encode_varint(content.len() as u64, sorted);
    sorted.put_slice(content);
}

// === Where maps are ===

/// The fields of a message that are maps, or messages with maps somewhere inside.
struct Shape(&'static [(u32, Part)]);

enum Part {
    Message(&'static Shape),
    /// The shape is that of an entry.
    Map(&'static Shape),
}

impl Shape {
    fn part(&self, number: u32) -> Option<&'static Part> {
        let found = self.0.iter().find(|(field, _)| *field == number);
        found.map(|(_, part)| part)
    }
}

static ACTIVATION: Shape = Shape(&[(5, Part::Message(&JOB))]);

static JOB: Shape = Shape(&[
    (1, Part::Message(&START)),
    (5, Part::Message(&QUERY)),
    (7, Part::Message(&SIGNAL)),
    (8, Part::Message(&RESOLVED)),
    (10, Part::Message(&CHILD_STARTED)),
    (11, Part::Message(&RESOLVED)),
    (12, Part::Message(&EXTERNAL_RESOLVED)),
    (13, Part::Message(&EXTERNAL_RESOLVED)),
    (14, Part::Message(&UPDATE)),
]);

static START: Shape = Shape(&[
    (3, Part::Message(&PAYLOAD)),
    (5, Part::Map(&NAMED)),
    (13, Part::Message(&FAILURE)),
    (14, Part::Message(&PAYLOADS)),
    (21, Part::Message(&FIELDS)),
    (22, Part::Message(&FIELDS)),
]);
static QUERY: Shape = Shape(&[(3, Part::Message(&PAYLOAD)), (5, Part::Map(&NAMED))]);
static SIGNAL: Shape = Shape(&[(2, Part::Message(&PAYLOAD)), (5, Part::Map(&NAMED))]);
static UPDATE: Shape = Shape(&[(4, Part::Message(&PAYLOAD)), (5, Part::Map(&NAMED))]);

/// An activity or a child that has ended: its result is a field of the outcome, as the payload is of a list.
static RESOLVED: Shape = Shape(&[(2, Part::Message(&OUTCOME))]);
static OUTCOME: Shape = Shape(&[
    (1, Part::Message(&PAYLOADS)),
    (2, Part::Message(&FAILED)),
    (3, Part::Message(&FAILED)),
]);
static CHILD_STARTED: Shape = Shape(&[(4, Part::Message(&FAILED))]);
static EXTERNAL_RESOLVED: Shape = Shape(&[(2, Part::Message(&FAILURE))]);
static FAILED: Shape = Shape(&[(1, Part::Message(&FAILURE))]);

static FAILURE: Shape = Shape(&[
    (4, Part::Message(&FAILURE)),
    (5, Part::Message(&APPLICATION)),
    (6, Part::Message(&TIMEOUT)),
    (7, Part::Message(&CANCELED)),
    (10, Part::Message(&CANCELED)),
    (20, Part::Message(&PAYLOAD)),
]);
static APPLICATION: Shape = Shape(&[(3, Part::Message(&PAYLOADS))]);
static TIMEOUT: Shape = Shape(&[(2, Part::Message(&PAYLOADS))]);
/// Also a reset: both have their details first.
static CANCELED: Shape = Shape(&[(1, Part::Message(&PAYLOADS))]);

/// Memos and search attributes.
static FIELDS: Shape = Shape(&[(1, Part::Map(&NAMED))]);
/// An entry of a map of payloads.
static NAMED: Shape = Shape(&[(2, Part::Message(&PAYLOAD))]);
static PAYLOADS: Shape = Shape(&[(1, Part::Message(&PAYLOAD))]);
static PAYLOAD: Shape = Shape(&[(1, Part::Map(&TEXT))]);
static TEXT: Shape = Shape(&[]);

#[cfg(test)]
mod tests {
    use wrt_model::{
        failure,
        proto::{
            Failure, Memo, Payload, Payloads, SearchAttributes,
            coresdk::{
                activity_result::{self, ActivityResolution, activity_resolution},
                child_workflow::{self, ChildWorkflowResult, child_workflow_result},
                workflow_activation::{
                    DoUpdate, FireTimer, QueryWorkflow, ResolveActivity, ResolveChildWorkflowExecution,
                    ResolveChildWorkflowExecutionStart, ResolveChildWorkflowExecutionStartCancelled,
                    ResolveRequestCancelExternalWorkflow, ResolveSignalExternalWorkflow, SignalWorkflow,
                    resolve_child_workflow_execution_start::Status, workflow_activation_job::Variant,
                },
            },
            enums::TimeoutType,
        },
    };

    use super::*;

    /// Maps are made anew each time, and each has an order of its own.
    fn payload() -> Payload {
        Payload {
            metadata: (0..9).map(|key| (format!("key {key}"), vec![key; 3])).collect(),
            data: b"data".to_vec(),
            ..Default::default()
        }
    }

    fn payloads() -> Option<Payloads> {
        Some(Payloads {
            payloads: vec![payload(), Payload::default()],
        })
    }

    fn named<M: FromIterator<(String, Payload)>>() -> M {
        (0..9).map(|key| (format!("field {key}"), payload())).collect()
    }

    fn failed() -> Failure {
        let mut application = failure::application("no funds", "Payment", false);
        if let Some(wrt_model::proto::FailureInfo::ApplicationFailureInfo(info)) = &mut application.failure_info {
            info.details = payloads();
        }
        Failure {
            encoded_attributes: Some(payload()),
            cause: Some(Box::new(Failure {
                cause: Some(Box::new(failure::canceled(payloads()))),
                ..failure::timeout(TimeoutType::Heartbeat, payloads())
            })),
            ..application
        }
    }

    /// Every kind of job, with a map wherever there can be one.
    fn everything() -> WorkflowActivation {
        let activity = activity_resolution::Status::Failed(activity_result::Failure {
            failure: Some(failed()),
            ..Default::default()
        });
        let child = child_workflow_result::Status::Completed(child_workflow::Success {
            result: Some(payload()),
        });
        let jobs = [
            Variant::InitializeWorkflow(InitializeWorkflow {
                workflow_type: "Order".to_owned(),
                arguments: vec![payload()],
                headers: named(),
                continued_failure: Some(failed()),
                last_completion_result: payloads(),
                memo: Some(Memo { fields: named() }),
                search_attributes: Some(SearchAttributes {
                    indexed_fields: named(),
                }),
                ..Default::default()
            }),
            Variant::QueryWorkflow(QueryWorkflow {
                arguments: vec![payload()],
                headers: named(),
                ..Default::default()
            }),
            Variant::SignalWorkflow(SignalWorkflow {
                input: vec![payload()],
                headers: named(),
                originating_event_id: 7,
                ..Default::default()
            }),
            Variant::DoUpdate(DoUpdate {
                input: vec![payload()],
                headers: named(),
                run_validator: true,
                ..Default::default()
            }),
            Variant::FireTimer(FireTimer { seq: 300 }),
            Variant::ResolveActivity(ResolveActivity {
                seq: 1,
                result: Some(ActivityResolution { status: Some(activity) }),
                is_local: true,
            }),
            Variant::ResolveChildWorkflowExecution(ResolveChildWorkflowExecution {
                seq: 1,
                result: Some(ChildWorkflowResult { status: Some(child) }),
            }),
            Variant::ResolveChildWorkflowExecutionStart(ResolveChildWorkflowExecutionStart {
                seq: 1,
                status: Some(Status::Cancelled(ResolveChildWorkflowExecutionStartCancelled {
                    failure: Some(failed()),
                })),
            }),
            Variant::ResolveSignalExternalWorkflow(ResolveSignalExternalWorkflow {
                seq: 1,
                failure: Some(failed()),
                cause: 1,
            }),
            Variant::ResolveRequestCancelExternalWorkflow(ResolveRequestCancelExternalWorkflow {
                seq: 1,
                failure: Some(failed()),
                cause: 1,
            }),
        ];
        WorkflowActivation {
            run_id: "run".to_owned(),
            history_length: 7,
            jobs: jobs.map(Into::into).into(),
            ..Default::default()
        }
    }

    #[test]
    fn equal_messages_have_equal_bytes() {
        let [first, second] = [everything(), everything()];
        assert_ne!(
            first.encode_to_vec(),
            second.encode_to_vec(),
            "maps have an order of their own"
        );
        assert_eq!(activation(&first), activation(&second));
    }

    #[test]
    fn the_bytes_are_those_of_the_message() {
        let message = everything();
        assert_eq!(
            WorkflowActivation::decode(&activation(&message)[..]).as_ref(),
            Ok(&message)
        );
        let empty = WorkflowActivation::default();
        assert_eq!(activation(&empty), b"");
    }
}
