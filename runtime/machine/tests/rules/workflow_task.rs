//! Workflow tasks: buffering, failures, transient attempts, timeouts.

use wrt_machine::{Rejection, next_deadline};
use wrt_model::proto::enums::WorkflowTaskFailedCause as Cause;

use crate::story::{Story, activity, complete, oops, seconds, timer};

fn fail_task(story: &mut Story) {
    story.take_task();
    let failed = story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, Some(oops("Panic")), "worker"));
    failed.expect("a started task");
}

#[test]
fn what_happens_during_a_task_follows_its_commands() {
    let mut story = Story::after(vec![activity("a"), timer("t", seconds(1))]);
    story.take_activity(5).signal("go").take_task();
    story.complete_activity(5).signal("meanwhile").wait(seconds(1));
    story.complete_task(vec![activity("b")]).expect("good");
    story.check_from(
        10,
        &[
            "10 WorkflowTaskCompleted of 8, 9",
            "11 ActivityTaskScheduled",
            "12 ActivityTaskStarted of 5, attempt 1",
            "13 WorkflowExecutionSignaled meanwhile",
            "14 TimerFired t of 6",
            "15 ActivityTaskCompleted of 5, 12",
            "16 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn only_the_first_failure_is_written() {
    let mut story = Story::begin();
    fail_task(&mut story);
    story.check_from(
        3,
        &[
            "3 WorkflowTaskStarted of 2",
            "4 WorkflowTaskFailed workflow_task_failed_cause_workflow_worker_unhandled_failure",
        ],
    );
    assert!(!story.decide(|turn| turn.wants_workflow_task()));
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(1))));

    for wait in [1, 2, 4] {
        story.wait(seconds(wait));
        assert!(story.decide(|turn| turn.wants_workflow_task()));
        fail_task(&mut story);
    }
    story.check_from(5, &[]);

    story.wait(seconds(8)).take_task();
    let shown: Vec<i64> = story
        .decide(|turn| turn.transient_events())
        .iter()
        .map(|event| event.event_id)
        .collect();
    assert_eq!(shown, [5, 6]);
    story.complete_task(vec![complete()]).expect("good");
    story.check_from(
        5,
        &[
            "5 WorkflowTaskScheduled",
            "6 WorkflowTaskStarted of 5",
            "7 WorkflowTaskCompleted of 5, 6",
            "8 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn events_go_in_between_while_a_failed_task_waits() {
    let mut story = Story::begin();
    fail_task(&mut story);
    story.signal("hello");
    story.check_from(5, &["5 WorkflowExecutionSignaled hello"]);
    assert!(
        !story.decide(|turn| turn.wants_workflow_task()),
        "the wait is not cut short"
    );
    story.wait(seconds(1)).task(vec![]);
    story.check_from(
        6,
        &[
            "6 WorkflowTaskScheduled",
            "7 WorkflowTaskStarted of 6",
            "8 WorkflowTaskCompleted of 6, 7",
        ],
    );
}

#[test]
fn no_event_is_older_than_the_one_before() {
    let mut story = Story::begin();
    fail_task(&mut story);
    story.wait(seconds(1)).signal("hello").wait(seconds(1)).task(vec![]);
    let times = story
        .events
        .iter()
        .map(|event| event.event_time.map(|time| time.seconds));
    assert!(times.is_sorted(), "{}", story.history());
}

#[test]
fn events_that_waited_make_the_next_task_a_first_attempt() {
    let mut story = Story::begin();
    story.take_task();
    story.signal("meanwhile");
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, None, "worker"))
        .expect("started");
    story.check_from(5, &["5 WorkflowExecutionSignaled meanwhile", "6 WorkflowTaskScheduled"]);
    assert!(story.decide(|turn| turn.wants_workflow_task()));
}

#[test]
fn a_worker_that_is_silent_loses_its_task() {
    let mut story = Story::begin();
    story.take_task();
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(10))));
    story.wait(seconds(10));
    story.check_from(4, &["4 WorkflowTaskTimedOut"]);
    assert_eq!(story.complete_task(vec![]), Err(Rejection::WorkflowTaskNotFound));
    story.task(vec![]);
    story.check_from(
        5,
        &[
            "5 WorkflowTaskScheduled",
            "6 WorkflowTaskStarted of 5",
            "7 WorkflowTaskCompleted of 5, 6",
        ],
    );
}

#[test]
fn a_task_is_taken_once() {
    let mut story = Story::begin();
    story.take_task();
    assert_eq!(
        story.decide(|turn| turn.start_workflow_task("other", "poll-2")),
        Err(Rejection::WorkflowTaskNotFound)
    );
}

#[test]
fn a_run_cannot_close_over_events_that_nobody_saw() {
    let mut story = Story::begin();
    story.take_task();
    story.signal("unseen");
    let rejected = story.complete_task(vec![complete()]);
    assert!(
        matches!(
            rejected,
            Err(Rejection::BadCommands {
                cause: Cause::UnhandledCommand,
                ..
            })
        ),
        "{rejected:?}"
    );
}
