//! Cancel requests and terminations.

use wrt_machine::{Rejection, Turn};
use wrt_model::{proto::enums::WorkflowExecutionStatus, time::proto_span};

use crate::story::{Story, activity, cancel, complete, seconds, timer};

fn request(turn: &mut Turn<'_>, request_id: &str) {
    turn.request_cancel("changed my mind".into(), "me".into(), request_id.into());
}

#[test]
fn the_workflow_decides_what_a_cancel_means() {
    let mut story = Story::after(vec![timer("t", seconds(10))]);
    story.decide(|turn| request(turn, "one"));
    story.check_from(6, &["6 WorkflowExecutionCancelRequested", "7 WorkflowTaskScheduled"]);
    story.task(vec![cancel()]);
    story.check_from(10, &["10 WorkflowExecutionCanceled"]);
    assert_eq!(story.run.status(), WorkflowExecutionStatus::Canceled);
}

#[test]
fn a_workflow_that_is_delayed_hears_of_it_at_once() {
    let mut story = Story::begin_with(|request| request.workflow_start_delay = Some(proto_span(seconds(60))));
    story.decide(|turn| request(turn, "one"));
    story.check_from(2, &["2 WorkflowExecutionCancelRequested", "3 WorkflowTaskScheduled"]);
}

#[test]
fn a_termination_leaves_nothing_open() {
    let mut story = Story::after(vec![activity("a"), timer("t", seconds(10))]);
    story
        .decide(|turn| turn.terminate("enough".into(), None, "me".into()))
        .expect("open");
    story.check_from(7, &["7 WorkflowExecutionTerminated"]);
    assert!(story.run.timers.is_empty() && story.run.workflow_task.is_none());
    assert_eq!(
        story.decide(|turn| turn.terminate("again".into(), None, "me".into())),
        Err(Rejection::WorkflowClosed)
    );
    assert!(story.wait(seconds(100)).last.events.is_empty());
}

#[test]
fn a_termination_takes_the_task_away_from_its_worker() {
    let mut story = Story::begin();
    story.take_task();
    story.signal("unseen");
    story
        .decide(|turn| turn.terminate("enough".into(), None, "me".into()))
        .expect("open");
    story.check_from(
        4,
        &[
            "4 WorkflowTaskFailed workflow_task_failed_cause_force_close_command",
            "5 WorkflowExecutionSignaled unseen",
            "6 WorkflowExecutionTerminated",
        ],
    );
    assert_eq!(
        story.complete_task(vec![complete()]),
        Err(Rejection::WorkflowTaskNotFound)
    );
}
