//! Children, seen from their parent.

use wrt_machine::{ChildClose, Outgoing, unanswered};
use wrt_model::proto::{
    WorkflowType,
    command::StartChildWorkflowExecutionCommandAttributes,
    enums::{
        ParentClosePolicy, RetryState, StartChildWorkflowExecutionFailedCause as NotStarted,
        WorkflowTaskFailedCause as Cause,
    },
};

use crate::story::{Story, check_bad_commands, command, complete, oops};

pub(crate) fn child(id: &str) -> wrt_model::proto::Command {
    child_with(id, ParentClosePolicy::Unspecified)
}

pub(crate) fn child_with(id: &str, policy: ParentClosePolicy) -> wrt_model::proto::Command {
    command(
        wrt_model::proto::CommandAttributes::StartChildWorkflowExecutionCommandAttributes(
            StartChildWorkflowExecutionCommandAttributes {
                workflow_id: id.into(),
                workflow_type: Some(WorkflowType { name: "Ship".into() }),
                parent_close_policy: policy as i32,
                ..Default::default()
            },
        ),
    )
}

/// A run with a child that has started.
fn with_started_child(policy: ParentClosePolicy) -> Story {
    let mut story = Story::after(vec![child_with("ship-1", policy)]);
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    story
}

#[test]
fn a_child_is_started_and_ends() {
    let mut story = Story::after(vec![child("ship-1")]);
    assert_eq!(story.last.outgoing, [Outgoing::StartChild(5)]);
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    story.check_from(
        5,
        &[
            "5 StartChildWorkflowExecutionInitiated ship-1",
            "6 ChildWorkflowExecutionStarted of 5",
            "7 WorkflowTaskScheduled",
        ],
    );
    story.decide(|turn| turn.child_closed(5, "child-run".into(), ChildClose::Completed(None)));
    story.check_from(8, &["8 ChildWorkflowExecutionCompleted of 5, 6"]);
    assert!(story.run.children.is_empty());
}

#[test]
fn each_end_of_a_child_has_its_event() {
    for (close, line) in [
        (
            ChildClose::Failed(Box::new(oops("Oops")), RetryState::MaximumAttemptsReached),
            "8 ChildWorkflowExecutionFailed of 5, 6",
        ),
        (ChildClose::Canceled(None), "8 ChildWorkflowExecutionCanceled of 5, 6"),
        (ChildClose::Terminated, "8 ChildWorkflowExecutionTerminated of 5, 6"),
        (
            ChildClose::TimedOut(RetryState::Timeout),
            "8 ChildWorkflowExecutionTimedOut of 5, 6",
        ),
    ] {
        let mut story = with_started_child(ParentClosePolicy::Terminate);
        story.decide(|turn| turn.child_closed(5, "child-run".into(), close));
        story.check_from(8, &[line]);
    }
}

#[test]
fn answers_that_come_twice_count_once() {
    let mut story = with_started_child(ParentClosePolicy::Terminate);
    let events = story.events.len();
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    story.decide(|turn| turn.child_start_failed(99, NotStarted::WorkflowAlreadyExists, String::new()));
    assert_eq!(story.events.len(), events);
    story.decide(|turn| turn.child_closed(5, "child-run".into(), ChildClose::Completed(None)));
    let events = story.events.len();
    story.decide(|turn| turn.child_closed(5, "child-run".into(), ChildClose::Completed(None)));
    assert_eq!(story.events.len(), events);
}

#[test]
fn a_child_that_ends_before_the_answer_to_its_start_has_started_first() {
    let mut story = Story::after(vec![child("ship-1")]);
    story.decide(|turn| turn.child_closed(5, "child-run".into(), ChildClose::Completed(None)));
    story.check_from(
        6,
        &[
            "6 ChildWorkflowExecutionStarted of 5",
            "7 WorkflowTaskScheduled",
            "8 ChildWorkflowExecutionCompleted of 5, 6",
        ],
    );
}

#[test]
fn the_whole_life_of_a_child_during_a_task_keeps_its_order() {
    let mut story = Story::after(vec![child("ship-1")]);
    story.signal("wake").take_task();
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    story.decide(|turn| turn.child_closed(5, "child-run".into(), ChildClose::Completed(None)));
    story.complete_task(Vec::new()).expect("good commands");
    story.check_from(
        9,
        &[
            "9 WorkflowTaskCompleted of 7, 8",
            "10 ChildWorkflowExecutionStarted of 5",
            "11 ChildWorkflowExecutionCompleted of 5, 10",
            "12 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_child_whose_id_is_taken_does_not_start() {
    let mut story = Story::after(vec![child("ship-1")]);
    story.decide(|turn| turn.child_start_failed(5, NotStarted::WorkflowAlreadyExists, String::new()));
    story.check_from(
        6,
        &["6 StartChildWorkflowExecutionFailed of 5", "7 WorkflowTaskScheduled"],
    );
    assert!(story.run.children.is_empty());
}

#[test]
fn children_follow_the_end_of_their_parent_by_their_policy() {
    for (policy, told) in [
        (ParentClosePolicy::Terminate, true),
        (ParentClosePolicy::RequestCancel, true),
        (ParentClosePolicy::Abandon, false),
    ] {
        let mut story = with_started_child(policy);
        story.task(vec![complete()]);
        let closes = |message: &Outgoing| matches!(message, Outgoing::CloseChild(child) if child.run_id == "child-run");
        assert_eq!(story.last.outgoing.iter().any(closes), told, "{policy:?}");
        assert!(story.run.children.is_empty());
    }
}

#[test]
fn a_child_that_was_only_asked_for_starts_after_its_parent_if_it_is_to_outlive_it() {
    let mut story = Story::after(vec![
        child_with("a", ParentClosePolicy::Abandon),
        child("b"),
        complete(),
    ]);
    assert_eq!(story.last.outgoing, [Outgoing::StartChild(5)]);
    assert_eq!(unanswered(&story.run), [Outgoing::StartChild(5)]);
    assert!(story.run.has_outgoing());
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    assert!(!story.run.has_outgoing());
    assert!(story.last.durable && story.last.events.is_empty());
}

#[test]
fn after_a_restart_what_was_not_answered_is_asked_again() {
    let mut story = with_started_child(ParentClosePolicy::Terminate);
    story.task(vec![child("ship-2")]);
    story.decide(|turn| turn.recover());
    assert_eq!(
        story.last.outgoing,
        [Outgoing::StartChild(10), Outgoing::AskChild(5)],
        "{}",
        story.history()
    );
}

#[test]
fn bad_children_fail_the_task() {
    check_bad_commands(vec![child("")], Cause::BadStartChildExecutionAttributes);
}

#[test]
fn an_id_that_is_taken_is_seen_when_the_child_starts() {
    let mut story = Story::after(vec![child("ship-1"), child("ship-1")]);
    assert_eq!(story.last.outgoing, [Outgoing::StartChild(5), Outgoing::StartChild(6)]);
    story.decide(|turn| turn.child_started(5, "child-run".into(), None));
    story.decide(|turn| turn.child_start_failed(6, NotStarted::WorkflowAlreadyExists, String::new()));
    story.check_from(
        7,
        &[
            "7 ChildWorkflowExecutionStarted of 5",
            "8 WorkflowTaskScheduled",
            "9 StartChildWorkflowExecutionFailed of 6",
        ],
    );
    assert_eq!(story.run.children.keys().collect::<Vec<_>>(), [&5]);
    story.task(vec![child("ship-1")]);
    assert_eq!(story.last.outgoing, [Outgoing::StartChild(12)]);
}
