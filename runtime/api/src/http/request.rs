//! A request's message: body, query and path together are one JSON object, which is then read as the message.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};
use tonic::Status;

use super::{
    content::QUERY_WORDS,
    document,
    route::{BodyRule, Route},
    shorthand,
};

/// The message that a request stands for. `expands` says whether payloads may be written as the JSON that they hold.
pub(super) fn message(
    route: &Route,
    parameters: &[(&str, String)],
    query: Option<&str>,
    body: &[u8],
    expands: bool,
) -> Result<DynamicMessage, Status> {
    let descriptor = route.method.input();
    let mut fields = body_fields(&route.body, &descriptor, body)?;
    refuse_twins(&fields, &descriptor)?;
    if expands {
        fields = shorthand::expand(fields, &descriptor);
    }
    let Value::Object(fields) = &mut fields else {
        return Err(Status::invalid_argument(
            "the body is no JSON object, which the call's message would be",
        ));
    };
    if route.body != BodyRule::Message {
        for (path, text) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !QUERY_WORDS.contains(&path.as_ref()) {
                // Names that the message does not know are left alone, as other gateways do.
                put(fields, &descriptor, &path, &text, Given::Refused)?;
            }
        }
    }
    for (path, text) in parameters {
        put(fields, &descriptor, path, text, Given::Replaced)?;
    }
    parse(&descriptor, std::mem::take(fields))
}

/// Refuses a field that stands under both of its names, `workflowId` and `workflow_id`: only one of them would be read.
fn refuse_twins(value: &Value, message: &MessageDescriptor) -> Result<(), Status> {
    let is_free = message.full_name().starts_with("google.protobuf.")
        || message.full_name().starts_with("temporal.api.common.v1.Payload");
    let Some(fields) = value.as_object().filter(|_| !is_free) else {
        return Ok(());
    };
    for (name, value) in fields {
        let Some(field) = field(message, name) else { continue };
        if name != field.json_name() && fields.contains_key(field.json_name()) {
            return Err(Status::invalid_argument(format!(
                "{} is given twice: as {name} and as {}",
                field.full_name(),
                field.json_name()
            )));
        }
        let Kind::Message(inner) = field.kind() else { continue };
        match (value, field.is_map()) {
            (Value::Object(entries), true) => {
                if let Kind::Message(inner) = inner.map_entry_value_field().kind() {
                    entries.values().try_for_each(|entry| refuse_twins(entry, &inner))?;
                }
            }
            (Value::Array(items), _) => items.iter().try_for_each(|item| refuse_twins(item, &inner))?,
            (value, _) => refuse_twins(value, &inner)?,
        }
    }
    Ok(())
}

/// What the body says, as fields of the message.
fn body_fields(rule: &BodyRule, descriptor: &MessageDescriptor, body: &[u8]) -> Result<Value, Status> {
    let is_empty = body.trim_ascii().is_empty();
    match rule {
        BodyRule::Message if !is_empty => json(body),
        BodyRule::Field(name) if !is_empty => {
            let name = descriptor
                .get_field_by_name(name)
                .map_or(name.clone(), |field| field.json_name().to_owned());
            Ok(Value::Object(Map::from_iter([(name, json(body)?)])))
        }
        _ => Ok(Value::Object(Map::new())),
    }
}

fn json(body: &[u8]) -> Result<Value, Status> {
    document::parse(body).map_err(|error| Status::invalid_argument(format!("the body is no JSON: {error}")))
}

/// What becomes of a value that a field has already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// The path wins over the body.
    Replaced,
    /// A query says nothing twice.
    Refused,
}

/// Sets the field that a path like `execution.workflow_id` names, by its names in protobuf or in JSON. Does nothing when
/// there is no such field.
fn put(
    fields: &mut Map<String, Value>,
    message: &MessageDescriptor,
    path: &str,
    text: &str,
    given_before: Given,
) -> Result<(), Status> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(field) = field(message, name) else {
        return Ok(());
    };
    // Only one of a field's two names may be there in the end.
    let given = fields.remove(field.name()).or_else(|| fields.remove(field.json_name()));
    let value = match (rest, field.kind()) {
        (Some(rest), Kind::Message(inner)) if !field.is_list() && !field.is_map() => {
            let mut given = given
                .filter(|value| !value.is_null())
                .unwrap_or_else(|| Value::Object(Map::new()));
            let inside = given.as_object_mut().ok_or_else(|| {
                Status::invalid_argument(format!("{} is an object, of which {path} is a part", field.json_name()))
            })?;
            put(inside, &inner, rest, text, given_before)?;
            given
        }
        (Some(_), _) => {
            return Err(Status::invalid_argument(format!(
                "{name} has no parts, as {path} would be"
            )));
        }
        (None, _) if field.is_list() => {
            let mut items = given.and_then(|given| given.as_array().cloned()).unwrap_or_default();
            items.push(scalar(&field, text));
            Value::Array(items)
        }
        (None, _) if given.is_some() && given_before == Given::Refused => {
            let name = field.json_name();
            return Err(Status::invalid_argument(format!("{name} is given twice; say it once")));
        }
        (None, _) => scalar(&field, text),
    };
    fields.insert(field.json_name().to_owned(), value);
    Ok(())
}

/// A field by its name in protobuf or in JSON.
pub(super) fn field(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_json_name(name)
        .or_else(|| message.get_field_by_name(name))
}

/// Text as the JSON that its field wants. What is not understood stays text, and is refused with its field's name.
fn scalar(field: &FieldDescriptor, text: &str) -> Value {
    match field.kind() {
        Kind::Bool => text.parse().map_or_else(|_| text.into(), Value::Bool),
        // By number; otherwise by name.
        Kind::Enum(_) => text.parse::<i32>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}

/// Reads the message; errors name the field.
fn parse(descriptor: &MessageDescriptor, fields: Map<String, Value>) -> Result<DynamicMessage, Status> {
    let mut track = serde_path_to_error::Track::new();
    let json = serde_path_to_error::Deserializer::new(Value::Object(fields), &mut track);
    DynamicMessage::deserialize(descriptor.clone(), json).map_err(|error| {
        let place = track.path().to_string();
        Status::invalid_argument(format!("{} of {}: {error}", place, descriptor.name()))
    })
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::http::route::{Found, ROUTES};

    /// The JSON of the message that a request stands for, or the error's message.
    fn request(method: Method, uri: &str, body: &str) -> Result<Value, String> {
        let (path, query) = uri
            .split_once('?')
            .map_or((uri, None), |(path, query)| (path, Some(query)));
        let Found { route, parameters } = ROUTES.find(&method, path).unwrap();
        let message = message(route, &parameters, query, body.as_bytes(), true);
        message
            .and_then(|message| crate::http::json(&message))
            .map_err(|status| status.message().to_owned())
    }

    fn get(uri: &str) -> Result<Value, String> {
        request(Method::GET, uri, "")
    }

    #[test]
    fn a_field_has_one_of_its_names() {
        let post = |body: &str| request(Method::POST, "/api/v1/namespaces/shop/workflows/w", body);
        let twice = r#"{"workflowType": {"name": "A"}, "workflow_type": {"name": "B"}}"#;
        assert_eq!(
            post(twice),
            Err(
                "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest.workflow_type is given twice: \
                 as workflow_type and as workflowType"
                    .to_owned()
            )
        );
        assert!(post(r#"{"retryPolicy": {"maximumAttempts": 1, "maximum_attempts": 2}}"#).is_err());
        let values =
            r#"{"input": [{"a_b": 1, "aB": 2}], "memo": {"fields": {"a_b": 1, "aB": 2}}, "task_queue": {"name": "q"}}"#;
        assert!(post(values).is_ok());
    }

    #[test]
    fn queries_set_nested_repeated_and_typed_fields() {
        let uri = "/api/v1/namespaces/shop/workflows/w/history?execution.runId=r&maximum_page_size=7&waitNewEvent=true\
                   &historyEventFilterType=HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT&nextPageToken=AQI%3D&pretty&unknown=1";
        let expected = json!({
            "namespace": "shop",
            "execution": {"workflowId": "w", "runId": "r"},
            "maximumPageSize": 7,
            "waitNewEvent": true,
            "historyEventFilterType": "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT",
            "nextPageToken": "AQI=",
        });
        assert_eq!(get(uri), Ok(expected.clone()));
        let by_number = uri.replace("HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT", "2");
        assert_eq!(get(&by_number), Ok(expected));

        let uri = "/api/v1/namespaces/shop/schedules/s/matching-times?startTime=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z";
        assert_eq!(
            get(uri),
            Ok(json!({
                "namespace": "shop",
                "scheduleId": "s",
                "startTime": "2026-01-01T00:00:00Z",
                "endTime": "2026-01-02T00:00:00Z",
            }))
        );
        let uri = "/api/v1/namespaces/shop/worker-task-reachability?buildIds=a&build_ids=b&taskQueues=q";
        assert_eq!(
            get(uri),
            Ok(json!({"namespace": "shop", "buildIds": ["a", "b"], "taskQueues": ["q"]}))
        );
    }

    #[test]
    fn the_path_wins_over_the_body() {
        let uri = "/api/v1/namespaces/shop/workflows/w/signal/go";
        let body =
            r#"{"namespace": "other", "workflow_execution": {"workflow_id": "x", "runId": "r"}, "input": [1, "a"]}"#;
        let payload = |data| json!({"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": data});
        assert_eq!(
            request(Method::POST, uri, body),
            Ok(json!({
                "namespace": "shop",
                "workflowExecution": {"workflowId": "w", "runId": "r"},
                "signalName": "go",
                "input": {"payloads": [payload("MQ=="), payload("ImEi")]},
            }))
        );
        let path_alone = json!({"namespace": "shop", "workflowExecution": {"workflowId": "w"}, "signalName": "go"});
        assert_eq!(request(Method::POST, uri, " "), Ok(path_alone));
    }

    #[track_caller]
    fn assert_refused(answer: Result<Value, String>, words: &str) {
        let message = answer.expect_err(words);
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let uri = "/api/v1/namespaces/shop/workflows/w";
        let start = |body| request(Method::POST, uri, body);
        assert_refused(start("{"), "the body is no JSON: EOF");
        assert_refused(start("[]"), "the body is no JSON object");
        assert_refused(
            start(r#"{"workflowTipe": {}}"#),
            "unrecognized field name 'workflowTipe'",
        );
        assert_refused(
            start(r#"{"workflowType": {"name": 7}}"#),
            "workflowType.name of StartWorkflowExecutionRequest",
        );
        assert_refused(
            start(r#"{"retryPolicy": {"initialInterval": "soon"}}"#),
            "retryPolicy.initialInterval",
        );
        assert_refused(
            start(r#"{"workflowIdReusePolicy": "SOMETIMES"}"#),
            "unrecognized enum value 'SOMETIMES'",
        );
        assert_refused(
            start(r#"{"input": [{"a": 1, "b": {"c": [], "c": []}}]}"#),
            "the key input[0].b.c comes twice",
        );
        assert_refused(
            get("/api/v1/namespaces?pageSize=1&page_size=2"),
            "pageSize is given twice",
        );
        assert_refused(
            get("/api/v1/namespaces?pageSize=many"),
            "pageSize of ListNamespacesRequest",
        );
        assert_refused(get("/api/v1/namespaces?page_size.x=1"), "page_size has no parts");
        assert_refused(
            request(
                Method::POST,
                "/api/v1/namespaces/shop/workflows/w/cancel",
                r#"{"workflowExecution": 1}"#,
            ),
            "workflowExecution is an object",
        );
    }
}
