//! One event of a history as a line.

use serde_json::Value;
use wrt_model::proto::HistoryEvent;

use crate::{json, output, time, words};

/// The header over the lines.
pub(super) fn header() -> String {
    columns("ID", "Time", "Type", "Details")
}

/// An event as one line: id, time, type, and the facts that tell it from others of its type.
pub(super) fn line(event: &HistoryEvent) -> String {
    let name = name(event);
    columns(
        &event.event_id.to_string(),
        &time::point(event.event_time.as_ref()),
        &name,
        &facts(event).join(", "),
    )
}

/// True when the line does not show some value whole.
pub(super) fn is_cut(event: &HistoryEvent) -> bool {
    facts(event).iter().any(|fact| fact.ends_with(CUT))
}

/// An event as a line, with all its attributes below.
pub(super) fn block(event: &HistoryEvent) -> String {
    let heading = columns(
        &event.event_id.to_string(),
        &time::point(event.event_time.as_ref()),
        &name(event),
        "",
    );
    let attributes = format!("{:#}", attributes(event));
    format!("{}\n{}", output::heading(&heading), attributes)
}

/// Attributes worth a place in the line, each with its label; events that have none of them need no more than their
/// name.
const FACTS: [(&str, &str); 15] = [
    ("", "/workflowType/name"),
    ("", "/activityType/name"),
    ("", "/signalName"),
    ("timer", "/timerId"),
    ("fires after", "/startToFireTimeout"),
    ("activity of event", "/scheduledEventId"),
    ("attempt", "/attempt"),
    ("input", "/input"),
    ("result", "/result"),
    ("failure", "/failure/message"),
    ("caused by", "/failure/cause/message"),
    ("details", "/details"),
    ("reason", "/reason"),
    ("cause", "/cause"),
    ("new run", "/newExecutionRunId"),
];

/// Longer values are cut here; `--detailed` shows them whole.
const VALUE_CHARS: usize = 60;

/// The same for what went wrong: people come for that.
const FAILURE_CHARS: usize = 300;

/// What stands for the rest of a value.
const CUT: char = '…';

/// The event's type, such as `TimerFired`.
fn name(event: &HistoryEvent) -> String {
    words::camel(event.event_type().as_str_name(), "EVENT_TYPE_")
}

fn facts(event: &HistoryEvent) -> Vec<String> {
    let attributes = attributes(event);
    // Workflow tasks have a scheduling event as well, which tells nobody anything.
    let is_task = event.event_type().as_str_name().starts_with("EVENT_TYPE_WORKFLOW_TASK");
    FACTS
        .iter()
        .filter(|(_, pointer)| !(is_task && *pointer == "/scheduledEventId"))
        .filter_map(|(label, pointer)| fact(label, attributes.pointer(pointer)?))
        .collect()
}

fn fact(label: &str, value: &Value) -> Option<String> {
    let text = match value {
        // A list of payloads that holds one value is that value.
        Value::Array(items) if items.len() == 1 => items[0].to_string(),
        Value::String(text) if text.is_empty() => return None,
        // Only a further attempt is news.
        Value::Number(attempt) if label == "attempt" && attempt.as_i64() == Some(1) => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let most = match label {
        "failure" | "caused by" => FAILURE_CHARS,
        _ => VALUE_CHARS,
    };
    let text = cut(&text.replace('\n', " "), most);
    Some(if label.is_empty() {
        text
    } else {
        format!("{label} {text}")
    })
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{CUT}", &text[..end]),
        None => text.to_owned(),
    }
}

/// The attributes of an event, whatever its type.
fn attributes(event: &HistoryEvent) -> Value {
    let mut event = json::friendly(event);
    let fields = event.as_object_mut().into_iter().flatten();
    fields
        .filter(|(name, _)| name.ends_with("EventAttributes"))
        .map(|(_, value)| value.take())
        .next()
        .unwrap_or_default()
}

fn columns(id: &str, time: &str, name: &str, facts: &str) -> String {
    format!("{id:>5}  {time:24}  {name:34}  {facts}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wrt_model::{
        failure::application,
        payload::{json, payloads},
        proto::{
            ActivityType, EventAttributes,
            enums::EventType,
            history::{
                ActivityTaskFailedEventAttributes, ActivityTaskScheduledEventAttributes, TimerStartedEventAttributes,
                WorkflowTaskCompletedEventAttributes, WorkflowTaskScheduledEventAttributes,
            },
        },
    };

    use super::*;

    fn event(event_id: i64, event_type: EventType, attributes: EventAttributes) -> HistoryEvent {
        HistoryEvent {
            event_id,
            event_time: Some(prost_types::Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            }),
            event_type: event_type as i32,
            attributes: Some(attributes),
            ..Default::default()
        }
    }

    fn events() -> Vec<HistoryEvent> {
        let order = format!(r#"{{"items":["{}"]}}"#, "pear ".repeat(20));
        let scheduled = ActivityTaskScheduledEventAttributes {
            activity_id: "1".to_owned(),
            activity_type: Some(ActivityType {
                name: "CreateOrder".to_owned(),
            }),
            input: payloads(vec![json(order)]),
            ..Default::default()
        };
        let failed = ActivityTaskFailedEventAttributes {
            scheduled_event_id: 5,
            failure: Some(application("no\nstock", "NoStock", false)),
            ..Default::default()
        };
        let retried = WorkflowTaskScheduledEventAttributes {
            attempt: 2,
            ..Default::default()
        };
        let timer = TimerStartedEventAttributes {
            timer_id: "2".to_owned(),
            start_to_fire_timeout: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            ..Default::default()
        };
        let task = WorkflowTaskCompletedEventAttributes {
            scheduled_event_id: 2,
            ..Default::default()
        };
        vec![
            event(4, EventType::WorkflowTaskCompleted, task.into()),
            event(3, EventType::WorkflowTaskScheduled, retried.into()),
            event(5, EventType::ActivityTaskScheduled, scheduled.into()),
            event(6, EventType::ActivityTaskFailed, failed.into()),
            event(1007, EventType::TimerStarted, timer.into()),
        ]
    }

    #[test]
    fn lines_say_what_tells_an_event_from_others() {
        let lines: Vec<String> = std::iter::once(header()).chain(events().iter().map(line)).collect();
        assert_snapshot!(lines.join("\n"), @r#"
          ID  Time                      Type                                Details
           4  2023-11-14T22:13:20.000Z  WorkflowTaskCompleted
           3  2023-11-14T22:13:20.000Z  WorkflowTaskScheduled               attempt 2
           5  2023-11-14T22:13:20.000Z  ActivityTaskScheduled               CreateOrder, input {"items":["pear pear pear pear pear pear pear pear pear pear…
           6  2023-11-14T22:13:20.000Z  ActivityTaskFailed                  activity of event 5, failure no stock
        1007  2023-11-14T22:13:20.000Z  TimerStarted                        timer 2, fires after 60s
        "#);
    }

    #[test]
    fn lines_say_when_they_do_not_say_everything() {
        let cut: Vec<i64> = events().iter().filter(|it| is_cut(it)).map(|it| it.event_id).collect();
        assert_eq!(cut, [5]);
        let failed = |message: String| {
            let attributes = ActivityTaskFailedEventAttributes {
                failure: Some(application(message, "X", false)),
                ..Default::default()
            };
            event(7, EventType::ActivityTaskFailed, attributes.into())
        };
        assert!(!is_cut(&failed("x".repeat(FAILURE_CHARS))));
        assert!(is_cut(&failed("x".repeat(FAILURE_CHARS + 1))));
    }

    #[test]
    fn a_block_shows_every_attribute() {
        assert_snapshot!(block(&events()[4]), @r#"
         1007  2023-11-14T22:13:20.000Z  TimerStarted
        {
          "timerId": "2",
          "startToFireTimeout": "60s"
        }
        "#);
    }
}
