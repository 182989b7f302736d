//! Activities: attempts, retries, the four timeouts, heartbeats, cancellation.

use wrt_machine::{ActivityClose, ActivityStart, HeartbeatAnswer, Rejection, next_deadline};
use wrt_model::{
    payload,
    proto::{EventAttributes, Failure, FailureInfo, Payloads, enums::WorkflowTaskFailedCause as Cause},
    time::proto_span,
};

use crate::story::{Story, activity, activity_with, cancel_activity, oops, seconds, timer};

fn details(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}

#[test]
fn the_start_is_written_with_the_end() {
    let mut story = Story::after(vec![activity("a")]);
    assert_eq!(story.last.dispatches, [5]);
    story.take_activity(5);
    assert!(story.last.durable && story.last.events.is_empty());
    story.complete_activity(5);
    story.check_from(
        5,
        &[
            "5 ActivityTaskScheduled",
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
        ],
    );
    assert!(story.run.activities.is_empty());
}

#[test]
fn a_failed_attempt_waits_and_is_handed_out_again() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).fail_activity(5, oops("Oops"));
    assert!(story.last.dispatches.is_empty() && story.last.durable);
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(1))));
    assert!(matches!(
        story.try_take_activity(5, 2, "poll"),
        Err(Rejection::ActivityNotFound(_))
    ));

    assert_eq!(story.wait(seconds(1)).last.dispatches, [5]);
    assert!(
        story.wait(seconds(0)).last.dispatches.is_empty(),
        "it is handed out once"
    );
    story.take_activity(5).complete_activity(5);
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 2",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn the_last_attempt_fails_the_activity() {
    let mut story = Story::after(vec![activity("a")]);
    for wait in [1, 2] {
        story
            .take_activity(5)
            .fail_activity(5, oops("Oops"))
            .wait(seconds(wait));
    }
    story.take_activity(5).fail_activity(5, oops("Oops"));
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 3",
            "7 ActivityTaskFailed of 5, 6: retry_state_maximum_attempts_reached",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_listed_type_is_not_retried() {
    let fatal = activity_with("a", |command| {
        command.retry_policy.get_or_insert_default().non_retryable_error_types = vec!["Fatal".into()];
    });
    let mut story = Story::after(vec![fatal]);
    story.take_activity(5).fail_activity(5, oops("Fatal"));
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskFailed of 5, 6: retry_state_non_retryable_failure",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn the_four_timeouts() {
    let with = |change: fn(&mut wrt_model::proto::command::ScheduleActivityTaskCommandAttributes)| {
        Story::after(vec![activity_with("a", change)])
    };

    // No worker comes: never retried.
    let mut story = with(|command| command.schedule_to_start_timeout = Some(proto_span(seconds(5))));
    story.wait(seconds(5));
    story.check_from(
        6,
        &[
            "6 ActivityTaskTimedOut of 5, 0: activity ScheduleToStart timeout, retry_state_timeout",
            "7 WorkflowTaskScheduled",
        ],
    );

    // A worker is silent: retried like a failure.
    let mut story = with(|command| command.heartbeat_timeout = Some(proto_span(seconds(3))));
    story.take_activity(5).wait(seconds(2));
    assert_eq!(
        story.decide(|turn| turn.heartbeat_activity(5, 1, details("1"))),
        Ok(HeartbeatAnswer::default())
    );
    story.wait(seconds(2));
    assert_eq!(story.run.activities[&5].attempt, 1, "the heartbeat counts");
    story.wait(seconds(1));
    assert_eq!(story.run.activities[&5].attempt, 2);
    assert_eq!(
        story.run.activities[&5].heartbeat_details,
        details("1"),
        "the next attempt gets them"
    );

    // What the heartbeats have said is told once, with the end: not again in the failure of the attempt before.
    story.wait(seconds(1)).take_activity(5).wait(seconds(3));
    story.wait(seconds(2)).take_activity(5).wait(seconds(3));
    let end = story.events.iter().rev().find_map(|event| match &event.attributes {
        Some(EventAttributes::ActivityTaskTimedOutEventAttributes(end)) => end.failure.clone(),
        _ => None,
    });
    let end = end.expect("three attempts are over");
    assert_eq!(heartbeat_of(&end), details("1"));
    assert_eq!(heartbeat_of(end.cause.as_ref().expect("the attempt before")), None);

    // An attempt takes too long.
    let mut story = with(|_| ());
    story.take_activity(5).wait(seconds(60));
    assert_eq!(story.run.activities[&5].attempt, 2);

    // The whole activity takes too long, while it waits for its next attempt.
    let mut story = with(|command| command.schedule_to_close_timeout = Some(proto_span(seconds(2))));
    story.take_activity(5).fail_activity(5, oops("Oops")).wait(seconds(1));
    story.wait(seconds(1));
    story.check_from(
        6,
        &[
            "6 ActivityTaskTimedOut of 5, 0: activity ScheduleToClose timeout < went wrong, retry_state_timeout",
            "7 WorkflowTaskScheduled",
        ],
    );
}

/// The details that a timeout carries.
fn heartbeat_of(failure: &Failure) -> Option<Payloads> {
    match &failure.failure_info {
        Some(FailureInfo::TimeoutFailureInfo(info)) => info.last_heartbeat_details.clone(),
        other => panic!("{other:?} is no timeout"),
    }
}

#[test]
fn a_timeout_without_time_for_a_retry_is_reported_as_schedule_to_close() {
    let mut story = Story::after(vec![activity_with("a", |command| {
        command.start_to_close_timeout = Some(proto_span(seconds(5)));
        command.schedule_to_close_timeout = Some(proto_span(seconds(5) + std::time::Duration::from_millis(500)));
    })]);
    story.take_activity(5).wait(seconds(5));
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskTimedOut of 5, 6: Not enough time to schedule next retry before activity ScheduleToClose timeout, \
             giving up retrying, retry_state_timeout",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn timeouts_that_were_left_out_follow_the_rules() {
    let scheduled =
        |run_timeout: u64, change: fn(&mut wrt_model::proto::command::ScheduleActivityTaskCommandAttributes)| {
            let mut story = Story::begin_with(|request| {
                request.workflow_run_timeout = Some(proto_span(seconds(run_timeout)));
            });
            story.task(vec![activity_with("a", change)]);
            let activity = &story.run.activities[&5];
            [
                activity.schedule_to_close_ns,
                activity.schedule_to_start_ns,
                activity.start_to_close_ns,
                activity.heartbeat_timeout_ns,
            ]
            .map(|nanos| nanos / 1_000_000_000)
        };
    assert_eq!(scheduled(0, |_| ()), [0, 0, 60, 0]);
    assert_eq!(scheduled(100, |_| ()), [100, 100, 60, 0]);
    assert_eq!(scheduled(10, |_| ()), [10, 10, 10, 0]);
    assert_eq!(
        scheduled(0, |command| command.schedule_to_close_timeout =
            Some(proto_span(seconds(30)))),
        [30, 30, 30, 0]
    );
    assert_eq!(
        scheduled(0, |command| command.heartbeat_timeout = Some(proto_span(seconds(90)))),
        [0, 0, 60, 60]
    );
}

#[test]
fn cancel_before_a_worker_takes_it_cancels_on_the_spot() {
    let mut story = Story::after(vec![activity("a"), timer("t", seconds(1))]);
    story.wait(seconds(1));
    story.task(vec![cancel_activity(5), timer("u", seconds(9))]);
    story.check_from(
        10,
        &[
            "10 WorkflowTaskCompleted of 8, 9",
            "11 ActivityTaskCancelRequested",
            "12 TimerStarted",
            "13 ActivityTaskCanceled of 5, 0",
            "14 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn cancel_in_the_task_that_scheduled_it() {
    let mut story = Story::after(vec![activity("a"), cancel_activity(5)]);
    assert!(story.last.dispatches.is_empty());
    story.check_from(
        5,
        &[
            "5 ActivityTaskScheduled",
            "6 ActivityTaskCancelRequested",
            "7 ActivityTaskCanceled of 5, 0",
            "8 WorkflowTaskScheduled",
        ],
    );
    story.task(vec![]);
}

#[test]
fn an_activity_that_is_canceled_on_the_spot_leaves_its_id_to_another_one() {
    let mut story = Story::after(vec![activity("a"), cancel_activity(5), activity("a")]);
    assert_eq!(story.last.dispatches, [7]);
    story.task(vec![cancel_activity(7), activity("a")]);
    assert_eq!(
        story.run.activities.keys().collect::<Vec<_>>(),
        [&13],
        "{}",
        story.history()
    );
    story.take_activity(13).signal("stop").take_task();
    let refused = story.complete_task(vec![cancel_activity(13), activity("a")]);
    assert!(matches!(
        refused,
        Err(Rejection::BadCommands {
            cause: Cause::ScheduleActivityDuplicateId,
            ..
        })
    ));
}

#[test]
fn a_worker_hears_of_the_cancel_with_its_heartbeat() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).signal("stop").task(vec![cancel_activity(5)]);
    let answer = story.decide(|turn| turn.heartbeat_activity(5, 1, None));
    assert!(answer.expect("a worker holds it").cancel_requested);
    story.close_activity(5, ActivityClose::Canceled(None));
    story.check_from(
        11,
        &[
            "11 ActivityTaskStarted of 5, attempt 1",
            "12 ActivityTaskCanceled of 5, 11",
            "13 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_failure_after_the_cancel_is_not_retried() {
    let mut story = Story::after(vec![activity("a")]);
    story
        .take_activity(5)
        .signal("stop")
        .task(vec![cancel_activity(5)])
        .fail_activity(5, oops("Oops"));
    story.check_from(
        11,
        &[
            "11 ActivityTaskStarted of 5, attempt 1",
            "12 ActivityTaskFailed of 5, 11: retry_state_cancel_requested",
            "13 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn stale_attempts_are_turned_away() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).fail_activity(5, oops("Oops")).wait(seconds(1));
    let stale = story.decide(|turn| turn.close_activity(5, 1, "worker", ActivityClose::Completed(None)));
    assert!(matches!(stale, Err(Rejection::ActivityNotFound(_))));
    let unknown = story.decide(|turn| turn.close_activity(99, 1, "worker", ActivityClose::Completed(None)));
    assert!(matches!(unknown, Err(Rejection::ActivityNotFound(_))));
    let unasked = story.decide(|turn| turn.close_activity(5, 2, "worker", ActivityClose::Canceled(None)));
    assert!(matches!(unasked, Err(Rejection::InvalidArgument(_))));
    assert!(matches!(
        story.decide(|turn| turn.heartbeat_activity(5, 2, None)),
        Err(Rejection::ActivityNotFound(_))
    ));
    assert!(story.last.events.is_empty() && !story.last.durable);
}

#[test]
fn one_poll_may_ask_twice_and_another_may_not() {
    let mut story = Story::after(vec![activity("a")]);
    assert_eq!(story.try_take_activity(5, 1, "poll-1"), Ok(()));
    assert_eq!(story.try_take_activity(5, 1, "poll-1"), Ok(()));
    assert!(matches!(
        story.try_take_activity(5, 1, "poll-2"),
        Err(Rejection::ActivityNotFound(_))
    ));
}

#[test]
fn what_the_server_ran_itself_runs_again_after_its_process_is_gone() {
    let start = |attempt| ActivityStart {
        scheduled_event_id: 5,
        attempt,
        identity: "server".into(),
        request_id: String::new(),
        in_process: true,
        version: None,
    };
    let mut story = Story::after(vec![activity("a")]);
    story.decide(|turn| turn.start_activity(start(1))).expect("waits");
    story.decide(|turn| turn.recover());
    assert_eq!(story.last.dispatches, [5]);
    story.take_activity(5).complete_activity(5);
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
        ],
    );

    // A policy of one attempt is a promise.
    let once = activity_with("a", |command| {
        command.retry_policy.get_or_insert_default().maximum_attempts = 1
    });
    let mut story = Story::after(vec![once]);
    story.decide(|turn| turn.start_activity(start(1))).expect("waits");
    story.decide(|turn| turn.recover());
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskTimedOut of 5, 6: activity StartToClose timeout, retry_state_maximum_attempts_reached",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_worker_keeps_its_attempt_when_the_server_starts_again() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).decide(|turn| turn.recover());
    assert!(story.last.dispatches.is_empty());
    story.complete_activity(5);
}

#[test]
fn the_details_of_the_last_heartbeat_reach_the_workflow() {
    let mut story = Story::after(vec![activity_with("a", |command| {
        command.heartbeat_timeout = Some(proto_span(seconds(3)));
        command.retry_policy.get_or_insert_default().maximum_attempts = 1;
    })]);
    story.take_activity(5);
    story
        .decide(|turn| turn.heartbeat_activity(5, 1, details("half")))
        .expect("started");
    story.wait(seconds(3));
    let event = story
        .events
        .iter()
        .find(|event| event.event_id == 7)
        .expect("timed out");
    let Some(wrt_model::proto::EventAttributes::ActivityTaskTimedOutEventAttributes(event)) = &event.attributes else {
        panic!("{event:?}");
    };
    let Some(FailureInfo::TimeoutFailureInfo(info)) = event.failure.as_ref().and_then(|f| f.failure_info.as_ref())
    else {
        panic!("{event:?}");
    };
    assert_eq!(info.last_heartbeat_details, details("half"));
}

#[test]
fn an_attempt_that_reached_nobody_goes_back() {
    let mut story = Story::after(vec![activity("a")]);
    story.try_take_activity(5, 1, "poll-1").expect("waits");
    let other = story.decide(|turn| turn.return_activity(5, 1, "poll-2"));
    assert!(matches!(other, Err(Rejection::ActivityNotFound(_))));
    story
        .decide(|turn| turn.return_activity(5, 1, "poll-1"))
        .expect("the poll that took it");
    assert_eq!(story.last.dispatches, [5]);
    assert_eq!(story.try_take_activity(5, 1, "poll-2"), Ok(()));
}
