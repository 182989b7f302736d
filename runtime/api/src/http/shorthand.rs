//! Payloads written as the JSON that they hold, as Temporal's HTTP API has it.
//!
//! A list of payloads is a list, and a payload is its value: of `json/plain` as it is, of `json/protobuf` an object with the
//! message's type in `_protoMessageType`, of `binary/null` null. A payload that is none of these keeps its form, and so does
//! a list that holds one.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::request::field;

/// Where the shorthand of a protobuf message names its type.
const MESSAGE_TYPE: &str = "_protoMessageType";

/// Writes payloads out that may be in shorthand.
pub(super) fn expand(value: Value, message: &MessageDescriptor) -> Value {
    let change = Change {
        payload: expand_payload,
        payloads: expand_payloads,
    };
    change.message(value, message)
}

/// Writes payloads as shorthand, where they have one.
pub(super) fn shorten(value: Value, message: &MessageDescriptor) -> Value {
    let change = Change {
        payload: |value| shorthand(&value).unwrap_or(value),
        payloads: shorten_payloads,
    };
    change.message(value, message)
}

/// What is done to the payloads of a message, found by the types of its fields.
struct Change {
    payload: fn(Value) -> Value,
    payloads: fn(Value) -> Value,
}

impl Change {
    fn message(&self, value: Value, message: &MessageDescriptor) -> Value {
        match (message.full_name(), value) {
            ("temporal.api.common.v1.Payload", value) => (self.payload)(value),
            ("temporal.api.common.v1.Payloads", value) => (self.payloads)(value),
            (_, Value::Object(fields)) => {
                let changed = fields.into_iter().map(|(name, value)| {
                    let value = match field(message, &name) {
                        Some(field) => self.field(value, &field),
                        None => value,
                    };
                    (name, value)
                });
                Value::Object(changed.collect())
            }
            (_, value) => value,
        }
    }

    fn field(&self, value: Value, field: &FieldDescriptor) -> Value {
        match (field.kind(), value) {
            // A field that is null is not there.
            (_, Value::Null) => Value::Null,
            (Kind::Message(entry), Value::Object(entries)) if field.is_map() => {
                match entry.map_entry_value_field().kind() {
                    Kind::Message(message) => {
                        let changed = entries
                            .into_iter()
                            .map(|(key, value)| (key, self.message(value, &message)));
                        Value::Object(changed.collect())
                    }
                    _ => Value::Object(entries),
                }
            }
            (Kind::Message(message), Value::Array(items)) if field.is_list() => {
                items.into_iter().map(|item| self.message(item, &message)).collect()
            }
            (Kind::Message(message), value) => self.message(value, &message),
            (_, value) => value,
        }
    }
}

fn expand_payloads(value: Value) -> Value {
    match value {
        Value::Array(items) => json!({"payloads": items.into_iter().map(expand_payload).collect::<Value>()}),
        written_out => written_out,
    }
}

fn expand_payload(value: Value) -> Value {
    match value {
        Value::Null => payload(&[("encoding", "binary/null")], ""),
        Value::Object(fields) if is_written_out(&fields) => Value::Object(fields),
        Value::Object(mut fields) => match fields.remove(MESSAGE_TYPE) {
            Some(Value::String(message_type)) => {
                let metadata = [("encoding", "json/protobuf"), ("messageType", message_type.as_str())];
                payload(&metadata, &Value::Object(fields).to_string())
            }
            Some(other) => {
                fields.insert(MESSAGE_TYPE.to_owned(), other);
                plain(&Value::Object(fields))
            }
            None => plain(&Value::Object(fields)),
        },
        value => plain(&value),
    }
}

fn plain(value: &Value) -> Value {
    payload(&[("encoding", "json/plain")], &value.to_string())
}

fn payload(metadata: &[(&str, &str)], data: &str) -> Value {
    let metadata = metadata
        .iter()
        .map(|(key, value)| ((*key).to_owned(), BASE64_STANDARD.encode(value).into()));
    json!({"metadata": Map::from_iter(metadata), "data": BASE64_STANDARD.encode(data)})
}

/// Whether an object is a payload and not what one holds: it has metadata, and all in it is base64.
fn is_written_out(fields: &Map<String, Value>) -> bool {
    let metadata = fields.get("metadata").and_then(Value::as_object);
    metadata.is_some_and(|metadata| !metadata.is_empty() && metadata.values().all(|value| decode(value).is_some()))
        && fields.iter().all(|(name, value)| match name.as_str() {
            "metadata" | "externalPayloads" | "external_payloads" => true,
            "data" => decode(value).is_some(),
            _ => false,
        })
}

fn shorten_payloads(value: Value) -> Value {
    let short = match value.get("payloads") {
        Some(Value::Array(items)) => items.iter().map(shorthand).collect::<Option<Value>>(),
        _ => Some(json!([])),
    };
    short.unwrap_or(value)
}

/// What a payload holds, if it has no more to say than that.
fn shorthand(payload: &Value) -> Option<Value> {
    let metadata = payload.get("metadata")?.as_object()?;
    let data = || decode(payload.get("data")?);
    if payload
        .as_object()?
        .keys()
        .any(|name| name != "metadata" && name != "data")
    {
        return None;
    }
    match (decode(metadata.get("encoding")?)?.as_slice(), metadata.len()) {
        (b"binary/null", 1) => Some(Value::Null),
        (b"json/plain", 1) => serde_json::from_slice(&data()?).ok(),
        (b"json/protobuf", 2) => {
            let message_type = String::from_utf8(decode(metadata.get("messageType")?)?).ok()?;
            let mut value: Map<_, _> = serde_json::from_slice(&data()?).ok()?;
            value.insert(MESSAGE_TYPE.to_owned(), message_type.into());
            Some(Value::Object(value))
        }
        _ => None,
    }
}

fn decode(base64: &Value) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(base64.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::DESCRIPTORS;

    fn start() -> MessageDescriptor {
        let name = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
        DESCRIPTORS.get_message_by_name(name).unwrap()
    }

    fn written(encoding: &str, data: &str) -> Value {
        payload(&[("encoding", encoding)], data)
    }

    #[test]
    fn every_place_of_a_payload_takes_shorthand() {
        let short = json!({
            "workflowId": "w",
            "input": [1, null, {"a": [true]}, "x"],
            "memo": {"fields": {"why": "because", "nothing": null}},
            "searchAttributes": {"indexedFields": {"Color": "red"}},
            "header": {"fields": {}},
        });
        let long = json!({
            "workflowId": "w",
            "input": {"payloads": [
                written("json/plain", "1"),
                written("binary/null", ""),
                written("json/plain", r#"{"a":[true]}"#),
                written("json/plain", "\"x\""),
            ]},
            "memo": {"fields": {
                "why": written("json/plain", "\"because\""),
                "nothing": written("binary/null", ""),
            }},
            "searchAttributes": {"indexedFields": {"Color": written("json/plain", "\"red\"")}},
            "header": {"fields": {}},
        });
        assert_eq!(expand(short.clone(), &start()), long);
        assert_eq!(expand(long.clone(), &start()), long, "what is written out stays");
        assert_eq!(shorten(long, &start()), short);
    }

    #[test]
    fn protobuf_messages_name_their_type() {
        let metadata = [("encoding", "json/protobuf"), ("messageType", "shop.Order")];
        let short = json!({"input": [{"id": 7, "_protoMessageType": "shop.Order"}]});
        let long = json!({"input": {"payloads": [payload(&metadata, r#"{"id":7}"#)]}});
        assert_eq!(expand(short.clone(), &start()), long);
        assert_eq!(shorten(long, &start()), short);
    }

    #[test]
    fn a_list_with_a_payload_that_has_no_shorthand_is_written_out() {
        for odd in [
            written("binary/plain", "\u{1}"),
            payload(&[("encoding", "json/plain"), ("owner", "me")], "1"),
            written("json/plain", "{broken"),
        ] {
            let long = json!({"input": {"payloads": [written("json/plain", "1"), odd]}});
            assert_eq!(shorten(long.clone(), &start()), long);
        }
    }

    #[test]
    fn values_that_look_like_fields_or_payloads_are_values() {
        // No metadata in base64, so this is what a payload holds.
        let value = json!({"metadata": {"encoding": "not base64!"}, "data": "MQ=="});
        assert_eq!(
            expand(json!({"input": [value]}), &start()),
            json!({"input": {"payloads": [plain(&value)]}})
        );
        // Inside of a value, nothing is looked at.
        let nested = json!({"input": [{"input": [1], "memo": null}]});
        assert_eq!(shorten(expand(nested.clone(), &start()), &start()), nested);
        assert_eq!(
            expand(json!({"input": null, "memo": 7}), &start()),
            json!({"input": null, "memo": 7})
        );
    }
}
