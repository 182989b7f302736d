//! The end of a run that another one follows, for clients that follow only continuations.
//!
//! Older SDKs know of a retry, or of the next run of a cron schedule, only if the event that closes the run before says that
//! it continued as new. Newer ones say that they look at every closing event.

use tonic::metadata::MetadataMap;
use wrt_model::{
    failure,
    proto::{
        EventAttributes as A, HistoryEvent,
        enums::{EventType, TimeoutType},
        history::WorkflowExecutionContinuedAsNewEventAttributes,
    },
};

/// Where a client says what it can do, between commas.
const SUPPORTED_FEATURES: &str = "supported-features";

/// It goes on in the run that any closing event names.
const FOLLOWS_NEXT_RUN: &str = "follows-next-run-id";

/// Whether the client says that it follows any closing event.
pub(super) fn follows_next_run(metadata: &MetadataMap) -> bool {
    let features = metadata
        .get(SUPPORTED_FEATURES)
        .and_then(|features| features.to_str().ok());
    features.is_some_and(|features| features.split(',').any(|feature| feature == FOLLOWS_NEXT_RUN))
}

/// The event that closed a run, as one that continued as new if there is a next run. Its result or failure stays to be
/// seen.
pub(super) fn as_continued(event: HistoryEvent) -> HistoryEvent {
    let Some(continued) = event.attributes.as_ref().and_then(continuation) else {
        return event;
    };
    HistoryEvent {
        event_id: event.event_id,
        event_time: event.event_time,
        version: event.version,
        task_id: event.task_id,
        event_type: EventType::WorkflowExecutionContinuedAsNew as i32,
        attributes: Some(A::WorkflowExecutionContinuedAsNewEventAttributes(continued)),
        ..Default::default()
    }
}

#[expect(deprecated, reason = "the failure is there for people to read")]
fn continuation(closing: &A) -> Option<WorkflowExecutionContinuedAsNewEventAttributes> {
    let (new_execution_run_id, last_completion_result, failure) = match closing {
        A::WorkflowExecutionCompletedEventAttributes(completed) => {
            (&completed.new_execution_run_id, completed.result.clone(), None)
        }
        A::WorkflowExecutionFailedEventAttributes(failed) => {
            (&failed.new_execution_run_id, None, failed.failure.clone())
        }
        A::WorkflowExecutionTimedOutEventAttributes(timed_out) => {
            let mut timeout = failure::timeout(TimeoutType::StartToClose, None);
            "workflow timeout".clone_into(&mut timeout.message);
            (&timed_out.new_execution_run_id, None, Some(timeout))
        }
        _ => return None,
    };
    (!new_execution_run_id.is_empty()).then(|| WorkflowExecutionContinuedAsNewEventAttributes {
        new_execution_run_id: new_execution_run_id.clone(),
        last_completion_result,
        failure,
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::history::{
        WorkflowExecutionCompletedEventAttributes, WorkflowExecutionFailedEventAttributes,
        WorkflowExecutionTerminatedEventAttributes, WorkflowExecutionTimedOutEventAttributes,
    };

    use super::*;

    fn closing(attributes: A) -> HistoryEvent {
        HistoryEvent {
            event_id: 7,
            event_time: Some(prost_types::Timestamp { seconds: 1, nanos: 2 }),
            version: 3,
            task_id: 4,
            event_type: wrt_model::history::event_type(&attributes) as i32,
            attributes: Some(attributes),
            ..Default::default()
        }
    }

    /// What clients get of the end of a run that the run `next` follows.
    fn shown(attributes: A) -> WorkflowExecutionContinuedAsNewEventAttributes {
        let event = as_continued(closing(attributes));
        assert_eq!((event.event_id, event.version, event.task_id), (7, 3, 4));
        assert_eq!(event.event_time, Some(prost_types::Timestamp { seconds: 1, nanos: 2 }));
        assert_eq!(event.event_type(), EventType::WorkflowExecutionContinuedAsNew);
        match event.attributes {
            Some(A::WorkflowExecutionContinuedAsNewEventAttributes(continued)) => continued,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    #[expect(deprecated, reason = "the failure is there for people to read")]
    fn whatever_has_a_next_run_continues_as_new() {
        let next = || "next".to_owned();
        let result = Some(wrt_model::proto::Payloads::default());
        let continued = shown(A::WorkflowExecutionCompletedEventAttributes(
            WorkflowExecutionCompletedEventAttributes {
                result: result.clone(),
                new_execution_run_id: next(),
                workflow_task_completed_event_id: 6,
            },
        ));
        let expected = WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: next(),
            last_completion_result: result,
            ..Default::default()
        };
        assert_eq!(continued, expected);

        let failure = failure::application("no", "No", false);
        let continued = shown(A::WorkflowExecutionFailedEventAttributes(
            WorkflowExecutionFailedEventAttributes {
                failure: Some(failure.clone()),
                new_execution_run_id: next(),
                ..Default::default()
            },
        ));
        let expected = WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: next(),
            failure: Some(failure),
            ..Default::default()
        };
        assert_eq!(continued, expected);

        let continued = shown(A::WorkflowExecutionTimedOutEventAttributes(
            WorkflowExecutionTimedOutEventAttributes {
                new_execution_run_id: next(),
                ..Default::default()
            },
        ));
        assert_eq!(continued.new_execution_run_id, "next");
        assert_eq!(continued.failure.unwrap().message, "workflow timeout");
    }

    #[test]
    fn the_end_of_a_chain_is_shown_as_it_is() {
        let ends = [
            A::WorkflowExecutionCompletedEventAttributes(Default::default()),
            A::WorkflowExecutionFailedEventAttributes(Default::default()),
            A::WorkflowExecutionTimedOutEventAttributes(Default::default()),
            A::WorkflowExecutionTerminatedEventAttributes(WorkflowExecutionTerminatedEventAttributes::default()),
        ];
        for end in ends.map(closing) {
            assert_eq!(as_continued(end.clone()), end);
        }
    }

    #[test]
    fn clients_name_what_they_can_do() {
        let mut metadata = MetadataMap::new();
        assert!(!follows_next_run(&metadata));
        for (features, follows) in [
            ("other", false),
            ("other,follows-next-run-id", true),
            ("follows-next-run-id", true),
        ] {
            metadata.insert(SUPPORTED_FEATURES, features.parse().unwrap());
            assert_eq!(follows_next_run(&metadata), follows, "{features}");
        }
    }
}
