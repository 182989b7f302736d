//! The ends of a run, its retries, and commands that cannot be carried out.

use wrt_machine::{ContinuationKind, Rejection};
use wrt_model::{
    Run,
    proto::{
        Command, EventAttributes, RetryPolicy,
        enums::{CommandType, WorkflowExecutionStatus as Status, WorkflowTaskFailedCause as Cause},
    },
    time::proto_span,
};

use crate::story::{Story, activity, activity_with, cancel, cancel_activity, complete, fail, seconds};

#[test]
fn the_three_ends_of_its_own() {
    for (command, line, status) in [
        (complete(), "5 WorkflowExecutionCompleted", Status::Completed),
        (
            fail("Oops"),
            "5 WorkflowExecutionFailed: retry_state_retry_policy_not_set",
            Status::Failed,
        ),
        (cancel(), "5 WorkflowExecutionCanceled", Status::Canceled),
    ] {
        let story = Story::after(vec![command]);
        story.check_from(5, &[line]);
        assert_eq!(story.run.status(), status);
        assert_eq!(story.run.close_ns, story.now.nanos());
    }
}

#[test]
fn a_run_that_takes_too_long_times_out() {
    let mut story = Story::begin_with(|request| request.workflow_run_timeout = Some(proto_span(seconds(30))));
    story.task(vec![activity("a")]).wait(seconds(30));
    story.check_from(6, &["6 WorkflowExecutionTimedOut: retry_state_retry_policy_not_set"]);
    assert_eq!(story.run.status(), Status::TimedOut);
}

#[test]
fn a_failed_run_is_retried_by_its_policy() {
    let mut story = Story::begin_with(|request| {
        request.retry_policy = Some(RetryPolicy {
            maximum_attempts: 2,
            ..Default::default()
        });
    });
    story.task(vec![fail("Oops")]);
    story.check_from(5, &["5 WorkflowExecutionFailed: retry_state_in_progress"]);
    let continuation = story.last.continuation.take().expect("another run");
    assert!(matches!(continuation.kind, ContinuationKind::Retry { attempt: 2, .. }));
    assert_eq!(continuation.backoff, seconds(1));

    let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(first)) = story.events[0].attributes.clone()
    else {
        panic!("a history begins with its start");
    };
    let mut next = Story {
        run: Run::default(),
        events: Vec::new(),
        last: Default::default(),
        now: story.now,
        limits: story.limits,
    };
    let previous = story.run.clone();
    next.decide(|turn| {
        turn.continue_from(
            &previous,
            previous.component.clone(),
            first,
            (None, Vec::new()),
            continuation,
            |_, _| true,
        );
    });
    next.check_from(1, &["1 WorkflowExecutionStarted"]);
    assert_eq!(next.run.run_id, previous.new_execution_run_id);
    assert_eq!(next.run.first_execution_run_id, previous.run_id);
    next.signal("no shortcut").wait(seconds(1));
    next.check_from(
        2,
        &["2 WorkflowExecutionSignaled no shortcut", "3 WorkflowTaskScheduled"],
    );
    next.task(vec![fail("Oops")]);
    next.check_from(6, &["6 WorkflowExecutionFailed: retry_state_maximum_attempts_reached"]);
    assert_eq!(next.last.continuation, None);
}

#[test]
fn no_run_is_retried_after_the_end_of_the_chain() {
    let mut story = Story::begin_with(|request| {
        request.retry_policy = Some(RetryPolicy {
            initial_interval: Some(proto_span(seconds(20))),
            ..Default::default()
        });
        request.workflow_execution_timeout = Some(proto_span(seconds(10)));
    });
    story.task(vec![fail("Oops")]);
    story.check_from(5, &["5 WorkflowExecutionFailed: retry_state_timeout"]);
}

#[test]
fn commands_that_cannot_be_carried_out() {
    let no_timeout = activity_with("a", |command| command.start_to_close_timeout = None);
    let no_type = activity_with("a", |command| command.activity_type = None);
    let bad_policy = activity_with("a", |command| {
        command.retry_policy = Some(RetryPolicy {
            maximum_attempts: -1,
            ..Default::default()
        });
    });
    let without_attributes = Command {
        command_type: CommandType::StartTimer as i32,
        ..Default::default()
    };
    let of_another_kind = Command {
        command_type: CommandType::StartTimer as i32,
        ..complete()
    };
    for (commands, expected) in [
        (vec![no_timeout], Cause::BadScheduleActivityAttributes),
        (vec![no_type], Cause::BadScheduleActivityAttributes),
        (vec![bad_policy], Cause::BadScheduleActivityAttributes),
        (vec![activity("")], Cause::BadScheduleActivityAttributes),
        (vec![activity("a"), activity("a")], Cause::ScheduleActivityDuplicateId),
        (vec![cancel_activity(0)], Cause::BadRequestCancelActivityAttributes),
        (vec![cancel_activity(5)], Cause::BadRequestCancelActivityAttributes),
        (
            vec![cancel_activity(6), activity("a")],
            Cause::BadRequestCancelActivityAttributes,
        ),
        (vec![without_attributes], Cause::BadStartTimerAttributes),
        (vec![of_another_kind], Cause::BadStartTimerAttributes),
    ] {
        let mut story = Story::begin();
        story.take_task();
        let before = story.run.clone();
        match story.complete_task(commands) {
            Err(Rejection::BadCommands { cause, message }) => assert_eq!(cause, expected, "{message}"),
            other => panic!("{expected:?}: {other:?}"),
        }
        assert_eq!(story.run, before, "a rejection changes nothing");
    }
}

#[test]
fn a_command_of_no_known_kind_is_refused() {
    let mut story = Story::begin();
    story.take_task();
    let refused = story.complete_task(vec![Command::default()]);
    assert_eq!(
        refused,
        Err(Rejection::InvalidArgument("Unknown command type: 0".into()))
    );
}

#[test]
fn nothing_follows_a_closing_command() {
    let mut story = Story::begin();
    story.take_task();
    let rejected = story.complete_task(vec![complete(), activity("a")]);
    assert!(matches!(rejected, Err(Rejection::InvalidArgument(_))), "{rejected:?}");
}
