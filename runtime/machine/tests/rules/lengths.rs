//! How long ids and names in commands may be, and how large what they carry. The cases are derived from the descriptors, so
//! that no field can be forgotten.

use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use wrt_machine::Rejection;
use wrt_model::{
    Limits,
    proto::{
        Command, CommandAttributes, command::ProtocolMessageCommandAttributes, enums::WorkflowTaskFailedCause as Cause,
        protocol, update,
    },
};

use crate::{
    fields::{POOL, filled, paths},
    story::{Story, activity_with, command, completion, seconds, timer},
};

/// What has a size, as a whole.
const SIZED: [&str; 7] = [
    "temporal.api.common.v1.Payload",
    "temporal.api.common.v1.Payloads",
    "temporal.api.common.v1.Header",
    "temporal.api.common.v1.Memo",
    "temporal.api.common.v1.SearchAttributes",
    "temporal.api.failure.v1.Failure",
    "temporal.api.sdk.v1.UserMetadata",
];

/// More than anything may have.
const HUGE: usize = 50_000;

fn command_message() -> MessageDescriptor {
    POOL.get_message_by_name("temporal.api.command.v1.Command")
        .expect("known")
}

/// The command that has at the end of the way a text or bytes of this length.
fn long(path: &[FieldDescriptor], bytes: usize) -> Vec<u8> {
    let end = |kind: &Kind| match kind {
        Kind::Bytes => Value::Bytes(vec![b'x'; bytes].into()),
        _ => Value::String("x".repeat(bytes)),
    };
    filled(&command_message(), path, &end).encode_to_vec()
}

/// What becomes of a workflow task with a command that has this field, of this length.
fn outcome(path: &[FieldDescriptor], bytes: usize) -> Result<(), (Cause, String)> {
    let path_has_attributes = path[0].containing_oneof().is_some();
    let mut encoded = long(path, bytes);
    if !path_has_attributes {
        // A command has to be one.
        let attributes = command_message()
            .get_field_by_name("start_timer_command_attributes")
            .expect("known");
        let mut made = DynamicMessage::new(command_message());
        let Kind::Message(timer) = attributes.kind() else {
            panic!("a message")
        };
        made.set_field(&attributes, Value::Message(DynamicMessage::new(timer)));
        encoded.extend(made.encode_to_vec());
    }
    let mut command = Command::decode(encoded.as_slice()).expect("it was encoded");
    let attributes = command.attributes.as_ref().expect("a command has attributes");
    command.command_type = wrt_model::command::command_type(attributes) as i32;
    complete(vec![command])
}

fn complete(commands: Vec<Command>) -> Result<(), (Cause, String)> {
    let mut story = Story::begin();
    story.limits = Limits {
        blob_size_error: 10_000,
        memo_size_error: 10_000,
        ..Limits::default()
    };
    story.take_task();
    match story.complete_task(commands) {
        Err(Rejection::BadCommands { cause, message }) => Err((cause, message)),
        // Whatever else is wrong with it, it is not too long.
        Ok(_) | Err(_) => Ok(()),
    }
}

#[test]
fn nothing_in_a_command_is_longer_than_it_would_be_in_a_request() {
    let mut found = Vec::new();
    paths(&command_message(), &Vec::new(), &mut found);
    assert!(found.len() > 60, "the descriptors have been read: {}", found.len());
    for path in found {
        let name: Vec<_> = path.iter().map(FieldDescriptor::name).collect();
        let name = name.join(".");
        let is_sized = path
            .iter()
            .any(|field| SIZED.contains(&field.parent_message().full_name()))
            || path.iter().any(|field| field.is_map() && name.contains("memo"));
        let (cause, message) = outcome(&path, HUGE).expect_err(&name);
        if is_sized {
            assert!(message.contains(" exceeds size limit: it has "), "{name}: {message}");
            assert!(
                [Cause::PayloadsTooLarge, Cause::BadSearchAttributes].contains(&cause),
                "{name}"
            );
            continue;
        }
        assert!(
            message.contains(" exceeds length limit. Length=50000 Limit="),
            "{name}: {message}"
        );
        assert!(cause.as_str_name().contains("_BAD_"), "{name}: {cause:?}");
        let most = if name.ends_with("fairness_key") { 64 } else { 1_000 };
        let (_, message) = outcome(&path, most + 1).expect_err(&name);
        assert!(
            message.contains(&format!("Length={} Limit={most}", most + 1)),
            "{name}: {message}"
        );
        let allowed = outcome(&path, most);
        let refused = allowed.is_err_and(|(_, message)| message.contains("exceeds"));
        assert!(!refused, "{name} may have {most} bytes");
    }
}

#[test]
fn the_error_names_command_field_length_and_limit() {
    let long = timer(&"t".repeat(1_001), seconds(1));
    assert_eq!(
        complete(vec![long]),
        Err((
            Cause::BadStartTimerAttributes,
            "TimerId on StartTimerCommand exceeds length limit. Length=1001 Limit=1000".into()
        ))
    );
}

#[test]
fn many_short_texts_are_too_much_together() {
    let types = vec!["x".repeat(900); 20];
    let activity = activity_with("a", |activity| {
        activity.retry_policy.get_or_insert_default().non_retryable_error_types = types.clone();
    });
    let (_, message) = complete(vec![activity]).expect_err("18 KB are too much");
    assert!(
        message.contains("ScheduleActivityTaskCommandAttributes.RetryPolicy exceeds size limit"),
        "{message}"
    );
}

#[test]
fn an_answer_to_an_update_is_bounded_too() {
    let acceptance = |change: fn(&mut update::Acceptance)| {
        let mut acceptance = update::Acceptance::default();
        change(&mut acceptance);
        let mut story = Story::begin_for_workers();
        story.take_task();
        let messages = vec![protocol::Message {
            id: "m".into(),
            protocol_instance_id: "u".into(),
            body: Some(prost_types::Any {
                type_url: "type.googleapis.com/temporal.api.update.v1.Acceptance".into(),
                value: acceptance.encode_to_vec(),
            }),
            ..Default::default()
        }];
        let answer = command(CommandAttributes::ProtocolMessageCommandAttributes(
            ProtocolMessageCommandAttributes { message_id: "m".into() },
        ));
        match story.decide(|turn| turn.complete_workflow_task(completion(vec![answer], messages))) {
            Err(Rejection::BadCommands { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    };
    fn long() -> String {
        "x".repeat(1_001)
    }
    for (change, field) in [
        (
            (|it| it.accepted_request_message_id = long()) as fn(&mut update::Acceptance),
            "AcceptedRequestMessageId",
        ),
        (
            |it| {
                it.accepted_request
                    .get_or_insert_default()
                    .meta
                    .get_or_insert_default()
                    .update_id = long()
            },
            "UpdateId",
        ),
        (
            |it| {
                it.accepted_request
                    .get_or_insert_default()
                    .meta
                    .get_or_insert_default()
                    .identity = long()
            },
            "Identity",
        ),
        (
            |it| {
                it.accepted_request
                    .get_or_insert_default()
                    .input
                    .get_or_insert_default()
                    .name = long()
            },
            "UpdateName",
        ),
    ] {
        let expected = format!("{field} on ProtocolMessageCommand exceeds length limit. Length=1001 Limit=1000");
        assert_eq!(acceptance(change), expected);
    }
}
