//! What the requests of a script stand for: placeholders, payloads, and fields that all have alike.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value, json};

/// What a string begins with that stands for a part of an earlier answer.
const ANSWER: char = '$';

/// What a string begins with that stands for a payload.
const PAYLOAD: &str = "json:";

/// What stands for the script's own text in all ids, so that scripts do not meet.
const TAG: char = '%';

/// Earlier answers, by the names of their steps.
pub(crate) type Answers = HashMap<String, Value>;

/// The request, with all that it leaves to be filled in.
///
/// # Errors
/// It refers to what no earlier answer has.
pub(crate) fn complete(method: &MethodDescriptor, request: &Value, tag: &str, answers: &Answers) -> Result<Value> {
    let mut request = fill(request, tag, answers)?;
    let input = method.input();
    let defaults = [
        ("namespace", json!("default")),
        ("identity", json!("compare")),
        ("taskQueue", json!({"name": format!("queue-{tag}")})),
        ("workflowType", json!({"name": "Work"})),
    ];
    if let Value::Object(fields) = &mut request {
        for (name, value) in defaults {
            let is_known = input.get_field_by_json_name(name).is_some();
            if is_known && (name != "taskQueue" || polls_or_starts(method)) {
                fields.entry(name).or_insert(value);
            }
        }
    }
    Ok(request)
}

fn polls_or_starts(method: &MethodDescriptor) -> bool {
    let name = method.name();
    name.starts_with("Poll") || name.contains("StartWorkflow")
}

fn fill(value: &Value, tag: &str, answers: &Answers) -> Result<Value> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix(ANSWER) {
            Some(path) => answer(path, answers)?,
            None => match text.strip_prefix(PAYLOAD) {
                Some(json) => payload(&json.replace(TAG, tag)),
                None => text.replace(TAG, tag).into(),
            },
        },
        Value::Array(items) => items
            .iter()
            .map(|item| fill(item, tag, answers))
            .collect::<Result<_>>()?,
        Value::Object(fields) => {
            let filled = fields
                .iter()
                .map(|(key, value)| Ok((key.replace(TAG, tag), fill(value, tag, answers)?)));
            Value::Object(filled.collect::<Result<Map<_, _>>>()?)
        }
        other => other.clone(),
    })
}

/// What `start.runId` stands for; with a `?` in front, nothing if there is no such answer.
fn answer(path: &str, answers: &Answers) -> Result<Value> {
    let (path, or_nothing) = path.strip_prefix('?').map_or((path, false), |path| (path, true));
    let mut steps = path.split('.');
    let answer = answers
        .get(steps.next().unwrap_or_default())
        .map(|answer| &answer["answer"]);
    let found = steps.fold(answer, |value, step| match value? {
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        value => value.get(step),
    });
    match found {
        Some(found) => Ok(found.clone()),
        None if or_nothing => Ok(Value::Null),
        None => Err(anyhow!("no answer has {path}")),
    }
}

fn payload(json: &str) -> Value {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    json!({"metadata": {"encoding": encode("json/plain")}, "data": encode(json)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller;

    #[test]
    fn requests_are_filled_in() {
        let answers = Answers::from([("a".to_owned(), json!({"answer": {"runId": "r", "list": [{"x": 1}]}}))]);
        let completed = |method: &str, request: Value| {
            complete(&caller::method(method).unwrap(), &request, "7", &answers).map_err(|error| error.to_string())
        };
        let request = json!({"execution": {"workflowId": "w-%", "runId": "$a.runId"}, "namespace": "other"});
        let expected = json!({"execution": {"workflowId": "w-7", "runId": "r"}, "namespace": "other"});
        assert_eq!(completed("DescribeWorkflowExecution", request), Ok(expected));
        let request = json!({"taskToken": "$?b.taskToken", "a": "$a.list.0.x", "input": "json:1"});
        let payload = json!({"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "MQ=="});
        let expected =
            json!({"taskToken": null, "a": 1, "input": payload, "namespace": "default", "identity": "compare"});
        assert_eq!(completed("RespondActivityTaskCompleted", request), Ok(expected));
        assert_eq!(
            completed("GetSystemInfo", json!({"x": "$a.list.1.x"})),
            Err("no answer has a.list.1.x".to_owned())
        );
        let poll = completed("PollActivityTaskQueue", json!({})).unwrap();
        assert_eq!(poll["taskQueue"], json!({"name": "queue-7"}));
    }
}
