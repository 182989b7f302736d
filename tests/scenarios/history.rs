//! Histories without what differs from run to run, and from language to language.

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use wrt_model::proto::HistoryEvent;
use wrt_tests::history_to_json;

/// The events of a run as JSON, with nothing in it but what the workflow has decided and what came of it.
pub(crate) fn normal(history: &[HistoryEvent], varies: bool) -> Result<Vec<Value>> {
    let mut json = history_to_json(history.to_vec(), serde_json::value::Serializer)?;
    let events = json["events"].as_array_mut().context("the history has events")?;
    let mut events = std::mem::take(events);
    for event in &mut events {
        shorten(event);
        unite_timeouts(event);
        clean(event, varies);
    }
    Ok(events)
}

/// Workflow tasks are there or not; who ran them and how is not the workflow's choice.
fn shorten(event: &mut Value) {
    let is_of_task = event["eventType"]
        .as_str()
        .is_some_and(|name| name.contains("_WORKFLOW_TASK_"));
    if is_of_task {
        *event = json!({"eventId": event["eventId"], "eventType": event["eventType"]});
    }
}

/// An attempt whose time is over is ended by the server's timer or by who runs it, whichever comes first.
fn unite_timeouts(event: &mut Value) {
    const FAILED: &str = "activityTaskFailedEventAttributes";
    let is_timeout = event[FAILED]["failure"].get("timeoutFailureInfo").is_some();
    if let (true, Some(fields)) = (is_timeout, event.as_object_mut()) {
        let attributes = fields.remove(FAILED).unwrap_or_default();
        fields.insert("activityTaskTimedOutEventAttributes".to_owned(), attributes);
        fields.insert(
            "eventType".to_owned(),
            Value::from("EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT"),
        );
    }
}

/// Fields that nobody decides.
const NOISE: [&str; 12] = [
    "acceptedRequestMessageId",
    "identity",
    "lastFailure",
    "meteringMetadata",
    "namespaceId",
    "reason",
    "requestId",
    "sdkMetadata",
    "source",
    "stackTrace",
    "taskId",
    "version",
];

fn is_noise(name: &str) -> bool {
    NOISE.contains(&name) || name.ends_with("Time") || name.ends_with("RunId") || name == "runId"
}

fn clean(value: &mut Value, varies: bool) {
    if let Some(payload) = payload(value, varies) {
        *value = payload;
    }
    match value {
        Value::Object(fields) => {
            drop_own_words(fields);
            fields.retain(|name, _| !is_noise(name));
            fields.values_mut().for_each(|value| clean(value, varies));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, varies)),
        Value::String(text) => *text = without_uuids(text),
        _ => {}
    }
}

/// The words of a cancellation, and of the link around it, are those of the SDK where it has not waited for the end.
fn drop_own_words(failure: &mut Map<String, Value>) {
    let is_canceled = |failure: &Map<String, Value>| failure.contains_key("canceledFailureInfo");
    let around = failure.get("cause").and_then(Value::as_object).is_some_and(is_canceled);
    if is_canceled(failure) || around {
        failure.remove("message");
    }
}

/// A payload as what it holds.
fn payload(value: &Value, varies: bool) -> Option<Value> {
    let encoding = value.get("metadata")?.get("encoding")?.as_str()?;
    let encoding = BASE64_STANDARD.decode(encoding).ok()?;
    let data = BASE64_STANDARD
        .decode(value["data"].as_str().unwrap_or_default())
        .ok()?;
    Some(match encoding.as_slice() {
        _ if varies => json!({"payload": String::from_utf8_lossy(&encoding)}),
        b"json/plain" => json!({"json": serde_json::from_slice::<Value>(&data).ok()?}),
        b"binary/null" => json!({"json": null}),
        _ => json!({"data": value["data"], "encoding": String::from_utf8_lossy(&encoding)}),
    })
}

/// Runs are named by UUIDs, and what is named after them, too.
fn without_uuids(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut clean = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match rest.get(..LENGTH) {
            Some(word) if is_uuid(word) => {
                clean.push_str("UUID");
                LENGTH
            }
            _ => {
                clean.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    clean
}

fn is_uuid(word: &str) -> bool {
    let fits = |(index, letter): (usize, char)| match index {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    };
    word.chars().enumerate().all(fits)
}

/// Whether two values are the same; numbers are compared as such, 1 is 1.0.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value): (&String, &Value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// Where two histories part, for people.
pub(crate) fn difference(golden: &[Value], live: &[Value]) -> Option<String> {
    let longer = golden.len().max(live.len());
    let index = (0..longer).find(|index| match (golden.get(*index), live.get(*index)) {
        (Some(golden), Some(live)) => !equal(golden, live),
        _ => true,
    })?;
    let show = |events: &[Value]| events.get(index).map_or_else(|| "nothing".to_owned(), Value::to_string);
    let types = |events: &[Value]| {
        let types = events.iter().filter_map(|event| event["eventType"].as_str());
        let types: Vec<_> = types.map(|name| name.trim_start_matches("EVENT_TYPE_")).collect();
        types.join(" ")
    };
    Some(format!(
        "event {} is\n  {}\nand was to be\n  {}\nThe history is\n  {}\nand was to be\n  {}",
        index + 1,
        show(live),
        show(golden),
        types(live),
        types(golden),
    ))
}
