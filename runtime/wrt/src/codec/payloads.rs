//! The payloads in a message, wherever they are.

use prost::{Message, Name as _};
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use serde::Deserialize;
use wrt_model::proto::{Failure, Payload, SearchAttributes};

/// All payloads, in an order of which only [`replace`] need know. Search attributes are left out: the server reads them.
pub(super) fn collect(message: &mut DynamicMessage) -> Vec<Payload> {
    let mut found = Vec::new();
    each_payload(message, &mut |payload| {
        found.push(payload.transcode_to().expect("a payload decodes as what it is"));
    });
    found
}

/// Puts others in the places of all payloads, in the order of [`collect`].
///
/// # Panics
/// There are more places than payloads.
pub(super) fn replace(message: &mut DynamicMessage, payloads: Vec<Payload>) {
    let mut payloads = payloads.into_iter();
    each_payload(message, &mut |place| {
        set(
            place,
            &payloads.next().expect("there are as many payloads as there were"),
        );
    });
}

/// Puts the messages and stacks of failures where they belong, which data converters may have hidden among the payloads.
pub(super) fn reveal_failures(message: &mut DynamicMessage) {
    visit(message, &mut |found| {
        if found.descriptor().full_name() != Failure::full_name() {
            return true;
        }
        let failure = found.transcode_to().expect("a failure decodes as what it is");
        set(found, &revealed(failure));
        false
    });
}

fn revealed(mut failure: Failure) -> Failure {
    /// As Temporal's data converters name them.
    #[derive(Deserialize)]
    struct Texts {
        message: String,
        stack_trace: String,
    }
    let encoded = failure.encoded_attributes.as_ref();
    if let Some(texts) = encoded.and_then(|payload| serde_json::from_slice::<Texts>(&payload.data).ok()) {
        failure.message = texts.message;
        failure.stack_trace = texts.stack_trace;
    }
    failure.cause = failure.cause.map(|cause| Box::new(revealed(*cause)));
    failure
}

/// Calls back with each payload that is not a search attribute.
fn each_payload(message: &mut DynamicMessage, each: &mut impl FnMut(&mut DynamicMessage)) {
    visit(message, &mut |found| {
        let descriptor = found.descriptor();
        if descriptor.full_name() == Payload::full_name() {
            each(found);
            return false;
        }
        descriptor.full_name() != SearchAttributes::full_name()
    });
}

/// Calls back with a message and all that are in it, down to those for which the answer is not to go on.
fn visit(message: &mut DynamicMessage, each: &mut impl FnMut(&mut DynamicMessage) -> bool) {
    if each(message) {
        message.fields_mut().for_each(|(_, value)| visit_value(value, each));
    }
}

fn visit_value(value: &mut Value, each: &mut impl FnMut(&mut DynamicMessage) -> bool) {
    match value {
        Value::Message(message) => visit(message, each),
        Value::List(items) => items.iter_mut().for_each(|item| visit_value(item, each)),
        // In whatever order: a map whose keys stay has the same one each time.
        Value::Map(entries) => entries.values_mut().for_each(|entry| visit_value(entry, each)),
        _ => {}
    }
}

/// Makes a dynamic message what a typed one is.
fn set<M: Message>(place: &mut DynamicMessage, message: &M) {
    place.clear();
    place.transcode_from(message).expect("a message decodes as what it is");
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use prost::Name;
    use wrt_model::{
        payload,
        proto::{Memo, Payloads, workflowservice::StartWorkflowExecutionRequest},
    };

    use super::*;
    use crate::proto::DESCRIPTORS;

    fn fields(pairs: &[(&str, &str)]) -> HashMap<String, Payload> {
        let pair = |&(name, text): &(&str, &str)| (name.to_owned(), payload::json(text));
        pairs.iter().map(pair).collect()
    }

    /// A message with payloads in a list, in a map, and among the search attributes.
    fn start(suffix: &str) -> StartWorkflowExecutionRequest {
        let coded = |text: &str| format!("{text}{suffix}");
        StartWorkflowExecutionRequest {
            input: Some(Payloads {
                payloads: vec![payload::json(coded("1")), payload::json(coded("2"))],
            }),
            memo: Some(Memo {
                fields: fields(&[("a", &coded("3")), ("b", &coded("4")), ("c", &coded("5"))]),
            }),
            search_attributes: Some(SearchAttributes {
                indexed_fields: fields(&[("Color", "6")]),
            }),
            ..Default::default()
        }
    }

    fn dynamic<M: Message + Name>(message: &M) -> DynamicMessage {
        let mut dynamic = DynamicMessage::new(DESCRIPTORS.get_message_by_name(&M::full_name()).unwrap());
        dynamic.transcode_from(message).unwrap();
        dynamic
    }

    #[test]
    fn payloads_are_replaced_where_they_were_found() {
        let mut message = dynamic(&start(""));
        let mut payloads = collect(&mut message);
        assert_eq!(payloads.len(), 5);
        for payload in &mut payloads {
            payload.data.extend_from_slice(b"00");
        }
        replace(&mut message, payloads);
        assert_eq!(
            message.transcode_to::<StartWorkflowExecutionRequest>().unwrap(),
            start("00")
        );
    }
    #[test]
    fn failures_are_revealed_down_to_their_causes() {
        let hidden = |text: &str, cause: Option<Failure>| Failure {
            message: "Encoded failure".to_owned(),
            encoded_attributes: Some(payload::json(format!(
                r#"{{"message": "{text}", "stack_trace": "at {text}"}}"#
            ))),
            cause: cause.map(Box::new),
            ..Default::default()
        };
        let mut message = dynamic(&hidden("outer", Some(hidden("inner", None))));
        reveal_failures(&mut message);
        let outer: Failure = message.transcode_to().unwrap();
        assert_eq!(
            (outer.message.as_str(), outer.stack_trace.as_str()),
            ("outer", "at outer")
        );
        assert_eq!(outer.cause.unwrap().message, "inner");
    }
}
