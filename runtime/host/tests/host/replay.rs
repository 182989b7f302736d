//! Histories replay, whole or in parts, and what differs is found.

use wrt_host::TaskFailure;
use wrt_model::proto::{
    EventAttributes, HistoryEvent, enums::WorkflowTaskFailedCause, history::WorkflowTaskFailedEventAttributes,
};

use crate::{
    story::{Story, identity, transcript},
    support::text,
};

const SCRIPT: &str = "start => schedule Charge 5 EUR; timer 60\n\
                      resolved 1 => cancel-activity 1; schedule Ship\n\
                      signal stop => cancel-timer 2\n\
                      resolved 3 => complete shipped";

/// Two activities, a timer, a signal, the end.
async fn told() -> Story {
    let mut story = Story::of(SCRIPT).await;
    story.go();
    story.complete("1", text("receipt"));
    story.go();
    story.signal("stop", "");
    story.go();
    story.complete("3", None);
    story.go();
    story
}

#[tokio::test]
async fn a_history_replays_in_parts_of_any_size() {
    let mut story = told().await;
    let whole = story.transcript();
    // A part ends where a batch of events ends: with a task, or before one.
    let ends: Vec<usize> = (1..=story.events.len())
        .filter(|end| ends_a_batch(&story.events, *end))
        .collect();
    for end in ends {
        let (first, second) = story.events.split_at(end);
        let mut instance = story.module.instantiate(identity()).unwrap();
        instance.replay(first).unwrap();
        assert_eq!(instance.last_event_id(), i64::try_from(end).unwrap());
        instance.replay(second).unwrap();
        assert_eq!(transcript(&mut instance), whole, "cut after event {end}");
    }
}

fn ends_a_batch(events: &[HistoryEvent], end: usize) -> bool {
    use EventAttributes as A;
    events.get(end).is_none_or(|next| {
        matches!(
            next.attributes,
            Some(
                A::WorkflowTaskScheduledEventAttributes(_)
                    | A::WorkflowTaskStartedEventAttributes(_)
                    | A::WorkflowTaskCompletedEventAttributes(_)
                    | A::ActivityTaskStartedEventAttributes(_)
                    | A::WorkflowExecutionSignaledEventAttributes(_)
            )
        )
    })
}

#[tokio::test]
async fn a_run_goes_on_where_its_replay_ends() {
    let mut story = Story::of(SCRIPT).await;
    story.go();
    story.complete("1", text("receipt"));
    // The task that was started before the crash is run again, by an instance that knows the history only.
    let started_event_id = story.start_task();
    let (before, after) = story.events.split_at(story.events.len() - 1);
    let mut instance = story.module.instantiate(identity()).unwrap();
    instance.replay(before).unwrap();
    let commands = instance.activate(after, Vec::new()).unwrap().commands;
    story.instance = instance;
    story.complete_task(started_event_id, &commands);
    story.signal("stop", "");
    story.go();
    story.replayed().unwrap();
}

#[tokio::test]
async fn a_task_that_failed_is_no_turn() {
    let mut story = Story::of("start => timer 1\nsignal go => complete").await;
    story.go();
    story.signal("go", "1");
    let started_event_id = story.start_task();
    story.push(EventAttributes::WorkflowTaskFailedEventAttributes(
        WorkflowTaskFailedEventAttributes {
            started_event_id,
            ..Default::default()
        },
    ));
    story.signal("again", "2");
    story.go();
    let transcript = story.transcript();
    assert!(transcript.ends_with("signal go [1] from tester with {}\nsignal again [2] from tester with {}\n"));
}

#[tokio::test]
async fn an_instance_that_ran_a_task_which_was_not_completed_is_of_no_use() {
    let mut story = Story::of("start => timer 1").await;
    story.start_task();
    story.instance.activate(&story.events, Vec::new()).unwrap();
    let seen = story.events.len();
    story.push(EventAttributes::WorkflowTaskFailedEventAttributes(Default::default()));
    story.start_task();
    let failed = story.instance.activate(&story.events[seen..], Vec::new()).unwrap_err();
    assert_eq!(
        failed.failure.message,
        "the history is broken: event 4 does not complete the workflow task that event 3 started with 1 commands, as it \
         ran here"
    );
    assert!(story.instance.is_tainted());
}

/// Tells the story with a change in one event, and expects a divergence.
async fn changed(event_id: usize, change: impl FnOnce(&mut EventAttributes)) -> TaskFailure {
    let mut story = told().await;
    change(story.events[event_id - 1].attributes.as_mut().unwrap());
    let failed = story.diverges();
    assert_eq!(failed.cause, WorkflowTaskFailedCause::NonDeterministicError);
    failed
}

fn schedule(attributes: &mut EventAttributes) -> &mut wrt_model::proto::history::ActivityTaskScheduledEventAttributes {
    match attributes {
        EventAttributes::ActivityTaskScheduledEventAttributes(attributes) => attributes,
        other => panic!("not the event: {other:?}"),
    }
}

#[tokio::test]
async fn a_divergence_names_the_event_the_command_and_the_field() {
    let failed = changed(5, |event| {
        schedule(event).activity_type.as_mut().unwrap().name = "Refund".to_owned();
    })
    .await;
    assert_eq!(
        failed.failure.message,
        "the workflow diverges from its history: it issued ScheduleActivityTask (activity `1` of type `Charge`), which \
         does not fit event 5 ActivityTaskScheduled (activity `1` of type `Refund`): its activity type is \
         Some(\"Refund\") in the history and Some(\"Charge\") in the workflow"
    );
    let failed = changed(5, |event| schedule(event).input = text("6 EUR")).await;
    assert!(
        failed
            .failure
            .message
            .ends_with("its input is [6 EUR] in the history and [5 EUR] in the workflow"),
        "{}",
        failed.failure.message
    );
}

#[tokio::test]
async fn a_divergence_carries_the_guests_backtrace() {
    let failed = changed(5, |event| schedule(event).activity_id = "7".to_owned()).await;
    let trace = &failed.failure.stack_trace;
    assert!(
        trace.contains("contract_guest") && trace.contains("schedule"),
        "{trace}"
    );
}

#[tokio::test]
async fn another_kind_of_command_is_a_divergence() {
    let failed = changed(6, |event| {
        *event = EventAttributes::TimerCanceledEventAttributes(Default::default());
    })
    .await;
    assert_eq!(
        failed.failure.message,
        "the workflow diverges from its history: it issued StartTimer (timer `2`), where the history has event 6 \
         TimerCanceled (timer ``)"
    );
}

#[tokio::test]
async fn a_command_too_few_or_too_many_is_a_divergence() {
    let mut story = Story::of("start => timer 1\nsignal x => timer 2; timer 3").await;
    story.go();
    story.signal("x", "");
    story.go();
    let last = story.events.pop().unwrap();
    assert_eq!(
        story.diverges().failure.message,
        "the workflow diverges from its history: it issued StartTimer (timer `3`), where the history has no further \
         command"
    );
    story.events.push(last.clone());
    let event_id = last.event_id + 1;
    story.events.push(HistoryEvent { event_id, ..last });
    assert_eq!(
        story.diverges().failure.message,
        "the workflow diverges from its history: it went to rest without the command for event 12 TimerStarted (timer \
         `3`)"
    );
}

#[tokio::test]
async fn a_history_of_another_run_is_refused() {
    let story = told().await;
    let mut other = identity();
    other.original_execution_run_id = "run-2".to_owned();
    let mut instance = story.module.instantiate(other).unwrap();
    let failed = instance.replay(&story.events).unwrap_err();
    assert_eq!(
        failed.failure.message,
        "the history is broken: it began as run `run-1`, and the instance was made for `run-2`"
    );
}

#[tokio::test]
async fn broken_histories_are_refused() {
    let story = told().await;
    // Without the start of the first task.
    let mut events = story.events.clone();
    events.remove(2);
    let mut instance = story.module.instantiate(identity()).unwrap();
    let failed = instance.replay(&events).unwrap_err();
    assert_eq!(
        failed.failure.message,
        "the history is broken: event 4 completes the workflow task that event 3 started, which is not there"
    );
    // A task to run has to be there.
    let mut instance = story.module.instantiate(identity()).unwrap();
    let failed = instance.activate(&story.events[..2], Vec::new()).unwrap_err();
    assert_eq!(
        failed.failure.message,
        "the history is broken: it ends with event 2 and not with the start of a workflow task"
    );
}
