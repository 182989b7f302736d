//! Signals.

use wrt_machine::{Rejection, Signal, Turn};
use wrt_model::time::proto_span;

use crate::story::{Story, complete, seconds};

#[test]
fn signals_keep_their_order() {
    let mut story = Story::begin();
    story.signal("a").signal("b").task(vec![]).signal("c");
    story.check_from(
        3,
        &[
            "3 WorkflowExecutionSignaled a",
            "4 WorkflowExecutionSignaled b",
            "5 WorkflowTaskStarted of 2",
            "6 WorkflowTaskCompleted of 2, 5",
            "7 WorkflowExecutionSignaled c",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn the_same_request_counts_once() {
    let mut story = Story::begin();
    for request_id in ["one", "one", "two", "", ""] {
        let signal = Signal {
            name: "s".into(),
            request_id: request_id.into(),
            ..Default::default()
        };
        story.decide(|turn| turn.signal(signal)).expect("an open run");
    }
    assert_eq!(story.history_from(3).lines().count(), 4);
}

#[test]
fn a_closed_run_takes_none() {
    let mut story = Story::after(vec![complete()]);
    let signal = Signal {
        name: "late".into(),
        ..Default::default()
    };
    assert_eq!(story.decide(|turn| turn.signal(signal)), Err(Rejection::WorkflowClosed));
}

#[test]
fn a_signal_waits_for_the_end_of_a_start_delay() {
    let mut story = Story::begin_with(|request| request.workflow_start_delay = Some(proto_span(seconds(60))));
    story.check_from(1, &["1 WorkflowExecutionStarted"]);
    story.signal("go");
    story.check_from(2, &["2 WorkflowExecutionSignaled go"]);
    story.wait(seconds(60));
    story.check_from(3, &["3 WorkflowTaskScheduled"]);
}

#[test]
fn a_signal_that_could_have_started_the_run_ends_its_delay() {
    let mut story = Story::begin_with(|request| request.workflow_start_delay = Some(proto_span(seconds(60))));
    let signal = Signal {
        name: "go".into(),
        request_id: "one".into(),
        ..Default::default()
    };
    let signal = |turn: &mut Turn<'_>| turn.signal_instead_of_start(signal.clone());
    story.decide(signal).expect("open");
    story.check_from(2, &["2 WorkflowExecutionSignaled go", "3 WorkflowTaskScheduled"]);
    story.decide(signal).expect("it has come before");
    assert!(story.last.events.is_empty());
}

#[test]
fn a_signal_that_comes_with_the_start_waits_with_it() {
    let mut story = Story::begin_signaled("go", |_| ());
    let begun = ["1 WorkflowExecutionStarted", "2 WorkflowExecutionSignaled go"];
    story.check_from(1, &[begun[0], begun[1], "3 WorkflowTaskScheduled"]);

    story = Story::begin_signaled("go", |request| {
        request.workflow_start_delay = Some(proto_span(seconds(60)))
    });
    story.check_from(1, &begun);
    story.signal("again");
    story.check_from(3, &["3 WorkflowExecutionSignaled again"]);
}
