//! Protobuf messages as JSON: the canonical mapping, which Temporal's own tools write and read, and the friendly one,
//! in which payloads of JSON are shown as what they hold.

use base64::{Engine, prelude::BASE64_STANDARD};
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Map, Value};
use wrt_model::payload;

use crate::proto::DESCRIPTORS;

/// The canonical JSON of a message of Temporal's: enums by name, bytes as base64, 64-bit integers as strings.
pub(crate) fn canonical<M: Message + Name>(message: &M) -> Value {
    named(&M::full_name(), message)
}

/// The canonical JSON of a message whose type has this full name.
pub(crate) fn named(full_name: &str, message: &impl Message) -> Value {
    let descriptor = DESCRIPTORS
        .get_message_by_name(full_name)
        .expect("every message of the services is described");
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic
        .transcode_from(message)
        .expect("a message decodes as what it is");
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .expect("JSON values take every message")
}

/// The message that a JSON text stands for.
pub(crate) fn parse<M: Message + Name + Default>(text: &str) -> anyhow::Result<M> {
    let descriptor = DESCRIPTORS
        .get_message_by_name(&M::full_name())
        .expect("every message of the services is described");
    let mut json = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(descriptor, &mut json)?;
    json.end()?;
    Ok(message.transcode_to()?)
}

/// Like [`canonical`], with payloads of JSON shown as what they hold.
pub(crate) fn friendly<M: Message + Name>(message: &M) -> Value {
    shorten(canonical(message))
}

/// Replaces each payload of JSON by its value, and each list of payloads by the list of values.
///
/// A payload is known by its form. Values that were payloads are not looked into, so user data cannot be mistaken.
fn shorten(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(shorten).collect()),
        Value::Object(fields) => shorten_object(fields),
        scalar => scalar,
    }
}

fn shorten_object(mut fields: Map<String, Value>) -> Value {
    if let Some(value) = payload_value(&fields) {
        return value;
    }
    if fields.len() == 1
        && let Some(payloads @ Value::Array(_)) = fields.get_mut("payloads")
    {
        return shorten(payloads.take());
    }
    Value::Object(fields.into_iter().map(|(name, value)| (name, shorten(value))).collect())
}

/// What a payload holds, if these are the fields of a payload that has no more to say than JSON. Search attributes
/// also name their type, which their value shows well enough.
fn payload_value(fields: &Map<String, Value>) -> Option<Value> {
    let metadata = fields.get("metadata")?.as_object()?;
    let is_payload = fields.keys().all(|name| name == "metadata" || name == "data");
    let is_plain = metadata.keys().all(|name| name == payload::ENCODING || name == "type");
    if !(is_payload && is_plain) {
        return None;
    }
    let encoding = decode(metadata.get(payload::ENCODING)?)?;
    match encoding.as_slice() {
        b"json/plain" => serde_json::from_slice(&decode(fields.get("data")?)?).ok(),
        b"binary/null" => Some(Value::Null),
        _ => None,
    }
}

fn decode(base64: &Value) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(base64.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wrt_model::proto::{
        EventAttributes, History, HistoryEvent, Payload, Payloads,
        enums::EventType,
        history::{TimerStartedEventAttributes, WorkflowExecutionSignaledEventAttributes},
    };

    use super::*;

    fn signaled(input: Vec<Payload>) -> HistoryEvent {
        HistoryEvent {
            event_id: 5,
            event_time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 1_000_000,
            }),
            event_type: EventType::WorkflowExecutionSignaled as i32,
            attributes: Some(EventAttributes::WorkflowExecutionSignaledEventAttributes(
                WorkflowExecutionSignaledEventAttributes {
                    signal_name: "go".to_owned(),
                    input: Some(Payloads { payloads: input }),
                    ..Default::default()
                },
            )),
            ..Default::default()
        }
    }

    #[test]
    fn a_history_is_written_as_replayers_read_it() {
        let timer = HistoryEvent {
            event_id: 6,
            event_type: EventType::TimerStarted as i32,
            attributes: Some(EventAttributes::TimerStartedEventAttributes(
                TimerStartedEventAttributes {
                    timer_id: "1".to_owned(),
                    start_to_fire_timeout: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
                    ..Default::default()
                },
            )),
            ..Default::default()
        };
        let history = History {
            events: vec![signaled(vec![payload::json("1")]), timer],
        };
        assert_eq!(
            canonical(&history),
            json!({"events": [
                {
                    "eventId": "5",
                    "eventTime": "1970-01-01T00:00:00.001Z",
                    "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED",
                    "workflowExecutionSignaledEventAttributes": {
                        "signalName": "go",
                        "input": {"payloads": [
                            {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "MQ=="}
                        ]},
                    },
                },
                {
                    "eventId": "6",
                    "eventType": "EVENT_TYPE_TIMER_STARTED",
                    "timerStartedEventAttributes": {"timerId": "1", "startToFireTimeout": "60s"},
                },
            ]})
        );
    }

    #[test]
    fn friendly_json_shows_what_payloads_hold() {
        let binary = Payload {
            metadata: [("encoding".to_owned(), b"binary/plain".to_vec())].into(),
            data: vec![1],
            ..Default::default()
        };
        let mut keyword = payload::json("\"Running\"");
        keyword.metadata.insert("type".to_owned(), b"Keyword".to_vec());
        // The second payload holds what looks like a payload: it must come out as it is.
        let lookalike = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#;
        let input = vec![
            payload::json(r#"{"a":1}"#),
            payload::json(lookalike),
            payload::null(),
            keyword,
            binary,
        ];
        assert_eq!(
            friendly(&signaled(input))["workflowExecutionSignaledEventAttributes"]["input"],
            json!([
                {"a": 1},
                {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "MQ=="},
                null,
                "Running",
                {"metadata": {"encoding": "YmluYXJ5L3BsYWlu"}, "data": "AQ=="},
            ])
        );
    }
}
