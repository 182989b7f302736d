//! Histories as protobuf's JSON has them, and the turns that they are made of.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::ReplayError;
use crate::{
    Failure, FailureKind, Payload, RetryPolicy,
    failure::{ActivityFailure, ApplicationFailure, ChildWorkflowFailure, RetryState, TimeoutType},
    search_attributes::parse_rfc3339,
};

/// One event.
pub(super) struct Event {
    pub(super) id: i64,
    /// For instance `TIMER_STARTED`.
    pub(super) kind: String,
    time: Option<SystemTime>,
    attributes: Value,
}

/// One completed workflow task.
pub(super) struct Turn<'e> {
    /// The `started` event: its time is the time of the activation.
    pub(super) started: &'e Event,
    /// What happened since the turn before, up to the `completed` event.
    pub(super) happened: &'e [Event],
    /// The events of the commands that the task issued.
    pub(super) commands: &'e [Event],
}

/// The events that commands become. No other cause writes them.
const COMMAND_EVENTS: [&str; 16] = [
    "ACTIVITY_TASK_SCHEDULED",
    "ACTIVITY_TASK_CANCEL_REQUESTED",
    "TIMER_STARTED",
    "TIMER_CANCELED",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "MARKER_RECORDED",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "WORKFLOW_PROPERTIES_MODIFIED",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_EXECUTION_FAILED",
    "WORKFLOW_EXECUTION_CANCELED",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
];

// === Reading ===

/// The events of a history: `{"events": […]}`.
pub(super) fn read(json: &str) -> Result<Vec<Event>, ReplayError> {
    let broken = |message: String| ReplayError::History(message);
    let history: Value = serde_json::from_str(json).map_err(|error| broken(format!("it is no JSON: {error}")))?;
    let events = history["events"].as_array();
    let events = events.ok_or_else(|| broken("it is no object with a list of `events`".to_owned()))?;
    events.iter().map(Event::read).collect()
}

/// The completed tasks, in order. What should have been seen by one that failed belongs to the next that completes.
pub(super) fn cut(mut events: &[Event]) -> Result<Vec<Turn<'_>>, ReplayError> {
    let mut turns = Vec::new();
    while let Some(position) = events.iter().position(|event| event.kind == "WORKFLOW_TASK_COMPLETED") {
        let (happened, rest) = events.split_at(position);
        let started_event_id = rest[0].number("startedEventId");
        let started = happened.iter().rev().find(|event| event.id == started_event_id);
        let started = started.ok_or_else(|| {
            ReplayError::History(format!(
                "event {} completes the workflow task that event {started_event_id} started, which is not there",
                rest[0].id
            ))
        })?;
        let rest = &rest[1..];
        let commands = rest.iter().take_while(|event| event.is_of_command()).count();
        let (commands, rest) = rest.split_at(commands);
        turns.push(Turn {
            started,
            happened,
            commands,
        });
        events = rest;
    }
    Ok(turns)
}

// === impl Event ===

impl Event {
    fn read(json: &Value) -> Result<Self, ReplayError> {
        let id = integer(&json["eventId"]);
        let kind = json["eventType"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("EVENT_TYPE_"));
        let kind = kind.ok_or_else(|| {
            ReplayError::History(format!(
                "event {id} has no type of the form `EVENT_TYPE_…`; write the history as protobuf's JSON, \
                 for instance with `wrt workflow show -o json`"
            ))
        })?;
        let attributes = json.as_object().into_iter().flatten();
        let attributes = attributes.filter(|(name, _)| name.ends_with("EventAttributes"));
        Ok(Event {
            id,
            kind: kind.to_owned(),
            time: json["eventTime"].as_str().and_then(parse_rfc3339),
            attributes: attributes.map(|(_, value)| value.clone()).next().unwrap_or_default(),
        })
    }

    fn is_of_command(&self) -> bool {
        COMMAND_EVENTS.contains(&self.kind.as_str())
    }

    pub(super) fn time(&self) -> SystemTime {
        self.time.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// A field of the attributes, by names with dots between them.
    pub(super) fn field(&self, path: &str) -> &Value {
        path.split('.').fold(&self.attributes, |value, name| &value[name])
    }

    /// Empty when it is not set.
    pub(super) fn text(&self, path: &str) -> &str {
        self.field(path).as_str().unwrap_or_default()
    }

    /// Text that is set.
    pub(super) fn set_text(&self, path: &str) -> Option<String> {
        Some(self.text(path)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// 0 when it is not set.
    pub(super) fn number(&self, path: &str) -> i64 {
        integer(self.field(path))
    }

    pub(super) fn flag(&self, path: &str) -> bool {
        self.field(path).as_bool().unwrap_or_default()
    }

    pub(super) fn duration(&self, path: &str) -> Option<Duration> {
        duration(self.field(path))
    }

    pub(super) fn payloads(&self, path: &str) -> Vec<Payload> {
        payloads(self.field(path))
    }

    /// Named payloads.
    pub(super) fn fields(&self, path: &str) -> BTreeMap<String, Payload> {
        let fields = self.field(path).as_object().into_iter().flatten();
        fields.map(|(name, value)| (name.clone(), payload(value))).collect()
    }

    pub(super) fn failure(&self, path: &str) -> Failure {
        failure(self.field(path))
    }

    pub(super) fn retry_policy(&self, path: &str) -> RetryPolicy {
        let policy = self.field(path);
        RetryPolicy {
            initial_interval: duration(&policy["initialInterval"]),
            backoff_coefficient: policy["backoffCoefficient"].as_f64(),
            maximum_interval: duration(&policy["maximumInterval"]),
            maximum_attempts: u32::try_from(integer(&policy["maximumAttempts"])).unwrap_or_default(),
            non_retryable_error_types: policy["nonRetryableErrorTypes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|kind| kind.as_str().map(str::to_owned))
                .collect(),
        }
    }

    pub(super) fn retry_state(&self) -> RetryState {
        retry_state(self.field("retryState"))
    }
}

// === Values ===

/// 64-bit numbers are strings in protobuf's JSON, others are numbers.
fn integer(value: &Value) -> i64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    text.or_else(|| value.as_i64()).unwrap_or_default()
}

/// `3.5s`; nothing and zero both mean "not set".
fn duration(value: &Value) -> Option<Duration> {
    let seconds = value.as_str()?.strip_suffix('s')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(Duration::new(whole.parse().ok()?, nanos)).filter(|duration| !duration.is_zero())
}

fn payloads(value: &Value) -> Vec<Payload> {
    value["payloads"]
        .as_array()
        .into_iter()
        .flatten()
        .map(payload)
        .collect()
}

fn payload(value: &Value) -> Payload {
    let metadata = value["metadata"].as_object().into_iter().flatten();
    Payload {
        metadata: metadata.map(|(key, value)| (key.clone(), bytes(value))).collect(),
        data: bytes(&value["data"]),
    }
}

/// Base64, of the ordinary alphabet or that of URLs, padded or not.
fn bytes(value: &Value) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0u32, 0);
    for letter in value.as_str().unwrap_or_default().bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        buffer = buffer << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    bytes
}

// === Failures ===

fn failure(value: &Value) -> Failure {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Failure {
        message: text("message"),
        source: text("source"),
        stack_trace: text("stackTrace"),
        kind: kind(value),
        cause: value["cause"].is_object().then(|| Box::new(failure(&value["cause"]))),
    }
}

fn kind(value: &Value) -> FailureKind {
    let info = |name: &str| Some(&value[name]).filter(|info| info.is_object());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(timeout) = info("timeoutFailureInfo") {
        return FailureKind::Timeout(timeout_type(timeout), payloads(&timeout["lastHeartbeatDetails"]));
    }
    if let Some(canceled) = info("canceledFailureInfo") {
        return FailureKind::Canceled(payloads(&canceled["details"]));
    }
    if info("terminatedFailureInfo").is_some() {
        return FailureKind::Terminated;
    }
    if let Some(server) = info("serverFailureInfo") {
        return FailureKind::Server(server["nonRetryable"].as_bool().unwrap_or_default());
    }
    if let Some(activity) = info("activityFailureInfo") {
        return FailureKind::Activity(Box::new(ActivityFailure {
            activity_type: text(&activity["activityType"]["name"]),
            activity_id: text(&activity["activityId"]),
            identity: text(&activity["identity"]),
            retry_state: retry_state(&activity["retryState"]),
        }));
    }
    if let Some(child) = info("childWorkflowExecutionFailureInfo") {
        return FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
            workflow_type: text(&child["workflowType"]["name"]),
            workflow_id: text(&child["workflowExecution"]["workflowId"]),
            run_id: text(&child["workflowExecution"]["runId"]),
            retry_state: retry_state(&child["retryState"]),
        }));
    }
    let application = &value["applicationFailureInfo"];
    FailureKind::Application(Box::new(ApplicationFailure {
        failure_type: text(&application["type"]),
        non_retryable: application["nonRetryable"].as_bool().unwrap_or_default(),
        details: payloads(&application["details"]),
        next_retry_delay: duration(&application["nextRetryDelay"]),
    }))
}

fn timeout_type(timeout: &Value) -> TimeoutType {
    match timeout["timeoutType"].as_str() {
        Some("TIMEOUT_TYPE_SCHEDULE_TO_START") => TimeoutType::ScheduleToStart,
        Some("TIMEOUT_TYPE_SCHEDULE_TO_CLOSE") => TimeoutType::ScheduleToClose,
        Some("TIMEOUT_TYPE_HEARTBEAT") => TimeoutType::Heartbeat,
        _ => TimeoutType::StartToClose,
    }
}

fn retry_state(value: &Value) -> RetryState {
    match value.as_str().and_then(|state| state.strip_prefix("RETRY_STATE_")) {
        Some("IN_PROGRESS") => RetryState::InProgress,
        Some("NON_RETRYABLE_FAILURE") => RetryState::NonRetryableFailure,
        Some("TIMEOUT") => RetryState::Timeout,
        Some("MAXIMUM_ATTEMPTS_REACHED") => RetryState::MaximumAttemptsReached,
        Some("RETRY_POLICY_NOT_SET") => RetryState::RetryPolicyNotSet,
        Some("INTERNAL_SERVER_ERROR") => RetryState::InternalServerError,
        Some("CANCEL_REQUESTED") => RetryState::CancelRequested,
        _ => RetryState::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_protobuf_writes_them() {
        assert_eq!(bytes(&Value::from("IkFkYSI=")), b"\"Ada\"");
        assert_eq!(bytes(&Value::from("_-8")), [0xff, 0xef]);
        assert_eq!(duration(&Value::from("1.5s")), Some(Duration::from_millis(1500)));
        assert_eq!(duration(&Value::from("0s")), None);
        assert_eq!((integer(&Value::from("7")), integer(&Value::from(7))), (7, 7));
    }
}
