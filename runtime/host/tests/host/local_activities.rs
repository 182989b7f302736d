//! Local activities: what the guest is told within a task, and that a replay tells it the same.

use wrt_host::LocalActivityEnd;
use wrt_model::{
    failure,
    proto::{EventAttributes, enums::RetryState},
};

use crate::{
    story::{Story, identity, show, transcript},
    support::text,
};

const SCRIPT: &str = "start => local Rate EUR; local Rate USD; timer 60\n\
                      resolved 2 => schedule Charge\n\
                      resolved 1 => local Rate GBP\n\
                      resolved 4 => complete charged";

fn ended(seq: u32, result: &str) -> LocalActivityEnd {
    LocalActivityEnd {
        seq,
        attempt: 1,
        outcome: Ok(text(result)),
    }
}

fn failed(seq: u32) -> LocalActivityEnd {
    LocalActivityEnd {
        seq,
        attempt: 3,
        outcome: Err((
            failure::application("no such rate", "NoRate", false),
            RetryState::MaximumAttemptsReached,
        )),
    }
}

/// One task with three local activities, of which the second ends first and the last one fails.
async fn told() -> Story {
    let mut story = Story::of(SCRIPT).await;
    let commands = story.task_with([ended(2, "1.1"), ended(1, "1.0"), failed(5)]);
    assert_eq!(
        show(&commands),
        [
            "timer 3 60s",
            "marker core_local_activity",
            "schedule 4 Charge on orders",
            "marker core_local_activity",
            "marker core_local_activity"
        ]
    );
    story.complete("4", None);
    assert_eq!(show(&story.go()), ["complete charged"]);
    story
}

#[tokio::test]
async fn they_end_within_the_task_and_replay_at_the_same_places() {
    let mut story = told().await;
    let whole = story.transcript();
    assert!(whole.contains("activity 2 gave [1.1]\n"), "{whole}");
    assert!(whole.contains("no such rate"), "{whole}");
    let mut instance = story.module.instantiate(identity()).unwrap();
    instance.replay(&story.events).unwrap();
    assert_eq!(transcript(&mut instance), whole);
}

#[tokio::test]
async fn what_the_guest_asks_for_is_handed_out_once() {
    let mut story = Story::of("start => local Rate EUR; cancel-activity 1\nresolved 1 => cancel-activity 1").await;
    story.start_task();
    let completion = story.instance.activate(&story.events, Vec::new()).unwrap();
    assert_eq!(completion.commands, []);
    assert_eq!(completion.canceled_local_activities, [1]);
    let [activity] = &completion.local_activities[..] else {
        panic!("{completion:?}");
    };
    assert_eq!((activity.seq, activity.activity_type.as_str()), (1, "Rate"));
    let after = story.instance.end_local_activity(ended(1, "1.0")).unwrap();
    assert_eq!(show(&after.commands), ["marker core_local_activity"]);
    assert_eq!(
        (after.local_activities, after.canceled_local_activities),
        (vec![], vec![])
    );
    // It has ended.
    assert!(story.instance.end_local_activity(ended(1, "1.0")).is_err());
    assert!(story.instance.is_tainted());
}

#[tokio::test]
async fn a_replay_finds_what_differs() {
    let story = told().await;
    for (script, expected) in [
        // It does not go on after the first end.
        (
            "start => local Rate EUR; local Rate USD; timer 60",
            "without the command for event 7 ActivityTaskScheduled",
        ),
        // It asks in another order.
        ("start => local Rate EUR; timer 60; local Rate USD", "its timer id is"),
        // It asks for less.
        ("start => log a; local Rate EUR; timer 60", "its timer id is"),
    ] {
        let mut events = story.events.clone();
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &mut events[0].attributes else {
            panic!("a history begins with the start");
        };
        started.input = text(script);
        let mut instance = story.module.instantiate(identity()).unwrap();
        let failed = instance.replay(&events).unwrap_err();
        assert!(
            failed.failure.message.contains(expected),
            "{script}: {}",
            failed.failure.message
        );
    }
}

#[tokio::test]
async fn one_without_an_end_in_the_history_is_a_divergence() {
    let mut story = Story::of("start => timer 60").await;
    story.go();
    let mut events = story.events.clone();
    let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &mut events[0].attributes else {
        panic!("a history begins with the start");
    };
    started.input = text("start => timer 60; local Rate EUR");
    let mut instance = story.module.instantiate(identity()).unwrap();
    let failed = instance.replay(&events).unwrap_err();
    let message = &failed.failure.message;
    assert!(
        message.contains("it asked for local activity `2` of type `Rate`"),
        "{message}"
    );
}
