//! How a run ended, as its last event tells it.

use serde_json::{Value, json};
use wrt_model::proto::{EventAttributes, HistoryEvent, enums::WorkflowExecutionStatus as Status};

use super::status_word;
use crate::{
    exit::Exit,
    failure, json,
    output::{card, heading},
    payload,
};

/// How a run ended, or `None` for an event that ends no run.
pub(super) fn status(event: &HistoryEvent) -> Option<Status> {
    match event.attributes.as_ref()? {
        EventAttributes::WorkflowExecutionCompletedEventAttributes(_) => Some(Status::Completed),
        EventAttributes::WorkflowExecutionFailedEventAttributes(_) => Some(Status::Failed),
        EventAttributes::WorkflowExecutionTimedOutEventAttributes(_) => Some(Status::TimedOut),
        EventAttributes::WorkflowExecutionCanceledEventAttributes(_) => Some(Status::Canceled),
        EventAttributes::WorkflowExecutionTerminatedEventAttributes(_) => Some(Status::Terminated),
        EventAttributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => Some(Status::ContinuedAsNew),
        _ => None,
    }
}

/// The run that goes on where this event ended one: by continue-as-new, by a retry, or in a cron schedule.
pub(super) fn successor(event: &HistoryEvent) -> Option<&str> {
    let run_id = match event.attributes.as_ref()? {
        EventAttributes::WorkflowExecutionContinuedAsNewEventAttributes(closed) => &closed.new_execution_run_id,
        EventAttributes::WorkflowExecutionCompletedEventAttributes(closed) => &closed.new_execution_run_id,
        EventAttributes::WorkflowExecutionFailedEventAttributes(closed) => &closed.new_execution_run_id,
        EventAttributes::WorkflowExecutionTimedOutEventAttributes(closed) => &closed.new_execution_run_id,
        _ => return None,
    };
    (!run_id.is_empty()).then_some(run_id)
}

/// What the process says at its end, having waited for a run that ended like this.
pub(super) fn exit(event: &HistoryEvent) -> Exit {
    match status(event) {
        Some(Status::Completed) => Exit::Success,
        Some(Status::TimedOut) => Exit::TimedOut,
        Some(Status::Canceled) => Exit::Canceled,
        Some(Status::Terminated) => Exit::Terminated,
        _ => Exit::Failure,
    }
}

/// The card for people: status, and the result or what went wrong.
pub(super) fn text(event: &HistoryEvent, run_time: String) -> String {
    let mut lines = vec![("Status", word(event)), ("RunTime", run_time)];
    match event.attributes.as_ref() {
        Some(EventAttributes::WorkflowExecutionCompletedEventAttributes(closed)) => {
            lines.push(("Result", payload::text(closed.result.as_ref())));
        }
        Some(EventAttributes::WorkflowExecutionFailedEventAttributes(closed)) => {
            let text = closed.failure.as_ref().map(failure::text).unwrap_or_default();
            lines.push(("Failure", text));
        }
        Some(EventAttributes::WorkflowExecutionCanceledEventAttributes(closed)) => {
            lines.push(("Details", payload::text(closed.details.as_ref())));
        }
        Some(EventAttributes::WorkflowExecutionTerminatedEventAttributes(closed)) => {
            lines.push(("Reason", closed.reason.clone()));
            lines.push(("Identity", closed.identity.clone()));
        }
        _ => {}
    }
    format!("{}\n{}", heading("Results:"), card(&lines))
}

/// The fields for programs: `status`, `closeEvent`, and `result` of a run that completed.
pub(super) fn json(event: &HistoryEvent) -> serde_json::Map<String, Value> {
    let status = status(event).map_or("", |status| status.as_str_name());
    let status = status.trim_start_matches("WORKFLOW_EXECUTION_STATUS_");
    let mut fields = serde_json::Map::from_iter([
        ("status".to_owned(), json!(status)),
        ("closeEvent".to_owned(), json::friendly(event)),
    ]);
    if let Some(result) = result(event) {
        fields.insert("result".to_owned(), result);
    }
    fields
}

/// What a run that completed gave back; null when it gave back nothing.
pub(super) fn result(event: &HistoryEvent) -> Option<Value> {
    match event.attributes.as_ref()? {
        EventAttributes::WorkflowExecutionCompletedEventAttributes(closed) => {
            Some(payload::value(closed.result.as_ref()).unwrap_or(Value::Null))
        }
        _ => None,
    }
}

fn word(event: &HistoryEvent) -> String {
    let Some(status) = status(event) else {
        return String::new();
    };
    let word = console::style(status_word(status).to_uppercase());
    match status {
        Status::Completed => word.green(),
        Status::Canceled | Status::ContinuedAsNew => word.magenta(),
        _ => word.red(),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wrt_model::{
        failure::application,
        payload::{json as payload_json, payloads},
        proto::history::{
            TimerFiredEventAttributes, WorkflowExecutionCompletedEventAttributes,
            WorkflowExecutionContinuedAsNewEventAttributes, WorkflowExecutionFailedEventAttributes,
            WorkflowExecutionTerminatedEventAttributes, WorkflowExecutionTimedOutEventAttributes,
        },
    };

    use super::*;

    fn closed_by(attributes: impl Into<EventAttributes>) -> HistoryEvent {
        HistoryEvent {
            attributes: Some(attributes.into()),
            ..Default::default()
        }
    }

    fn completed(result: &[&str]) -> HistoryEvent {
        let result = result.iter().map(|text| payload_json(*text)).collect();
        closed_by(WorkflowExecutionCompletedEventAttributes {
            result: payloads(result),
            ..Default::default()
        })
    }

    fn failed(new_execution_run_id: &str) -> HistoryEvent {
        closed_by(WorkflowExecutionFailedEventAttributes {
            failure: Some(application("boom", "Boom", false)),
            new_execution_run_id: new_execution_run_id.to_owned(),
            ..Default::default()
        })
    }

    #[test]
    fn each_end_has_its_exit_code() {
        for (event, expected) in [
            (completed(&[]), Exit::Success),
            (failed(""), Exit::Failure),
            (
                closed_by(WorkflowExecutionTimedOutEventAttributes::default()),
                Exit::TimedOut,
            ),
            (
                closed_by(WorkflowExecutionTerminatedEventAttributes::default()),
                Exit::Terminated,
            ),
        ] {
            assert_eq!(exit(&event), expected, "{event:?}");
        }
    }

    #[test]
    fn a_run_that_goes_on_in_another_names_it() {
        assert_eq!(successor(&failed("next")), Some("next"));
        assert_eq!(successor(&failed("")), None);
        let continued = closed_by(WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: "next".to_owned(),
            ..Default::default()
        });
        assert_eq!(successor(&continued), Some("next"));
        assert_eq!(status(&closed_by(TimerFiredEventAttributes::default())), None);
    }

    #[test]
    fn the_json_has_a_result_only_when_the_run_completed() {
        assert_eq!(json(&completed(&["1"]))["result"], 1);
        assert_eq!(json(&completed(&[]))["result"], Value::Null);
        assert_eq!(json(&completed(&["1", "2"]))["result"], json!([1, 2]));
        assert!(!json(&failed("")).contains_key("result"));
        assert_eq!(json(&failed(""))["status"], "FAILED");
    }

    #[test]
    fn the_card_shows_the_result_or_what_went_wrong() {
        assert_snapshot!(text(&completed(&[r#"{"id":1}"#]), "2s".to_owned()), @r#"
        Results:
          Status   COMPLETED
          RunTime  2s
          Result   {
                     "id": 1
                   }
        "#);
        assert_snapshot!(text(&failed(""), String::new()), @r"
        Results:
          Status   FAILED
          Failure  boom (Boom)
        ");
        let terminated = closed_by(WorkflowExecutionTerminatedEventAttributes {
            reason: "enough".to_owned(),
            identity: "me".to_owned(),
            ..Default::default()
        });
        assert_snapshot!(text(&terminated, String::new()), @r"
        Results:
          Status    TERMINATED
          Reason    enough
          Identity  me
        ");
    }
}
