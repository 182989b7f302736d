//! What operators do with pending activities. None of it is in the history.

use wrt_machine::{
    ActivityClose, ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityStart, ActivityUnpause,
    HeartbeatAnswer, Jitter, Rejection, next_deadline,
};
use wrt_model::{
    payload,
    proto::{Payloads, RetryPolicy, TaskQueue, activity::ActivityOptions},
    run::Pause,
    time::proto_span,
};

use crate::story::{Story, activity, activity_with, cancel_activity, complete, oops, seconds};

fn a() -> ActivitySelector {
    ActivitySelector::Id("a".into())
}

fn details(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}

impl Story {
    fn pause(&mut self) -> &mut Self {
        let pause = Pause {
            time_ns: self.now.nanos(),
            identity: "me".into(),
            ..Default::default()
        };
        self.decide(|turn| turn.pause_activities(&a(), &pause)).expect("open");
        self
    }

    fn unpause(&mut self) -> &mut Self {
        self.unpause_with(ActivityUnpause::default())
    }

    fn unpause_with(&mut self, unpause: ActivityUnpause) -> &mut Self {
        self.decide(|turn| turn.unpause_activities(&a(), unpause))
            .expect("open");
        self
    }

    fn reset(&mut self, reset: ActivityReset) -> &mut Self {
        self.decide(|turn| turn.reset_activities(&a(), reset)).expect("open");
        self
    }

    fn heartbeat(&mut self, details: Option<Payloads>) -> HeartbeatAnswer {
        let attempt = self.run.activities[&5].attempt;
        self.decide(|turn| turn.heartbeat_activity(5, attempt, details))
            .expect("a worker holds it")
    }

    fn update_options(&mut self, options: ActivityOptions, paths: &[&str]) -> Result<ActivityOptions, Rejection> {
        let change = ActivityOptionsChange::Merge {
            options: Box::new(options),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        };
        self.decide(|turn| turn.update_activity_options(&a(), &change))
    }

    fn attempt_number(&self) -> i32 {
        self.run.activities[&5].attempt_number()
    }
}

// === Pause ===

#[test]
fn one_that_waits_is_called_back_and_handed_out_again() {
    let mut story = Story::after(vec![activity("a")]);
    story.pause();
    assert!(matches!(
        story.try_take_activity(5, 1, "poll"),
        Err(Rejection::ActivityNotFound(_))
    ));
    assert!(story.wait(seconds(1000)).last.dispatches.is_empty());
    story.unpause();
    assert_eq!(story.last.dispatches, [5]);
    assert!(
        matches!(
            story.try_take_activity(5, 1, "late"),
            Err(Rejection::ActivityNotFound(_))
        ),
        "the task from before the pause may still be in a queue"
    );
    story.take_activity(5).complete_activity(5);
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_running_attempt_hears_of_the_pause_and_may_complete() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5);
    assert_eq!(story.heartbeat(None), HeartbeatAnswer::default());
    story.pause();
    assert_eq!(story.last.cancellations, [5]);
    let answer = story.heartbeat(None);
    assert!(answer.activity_paused && !answer.cancel_requested && !answer.activity_reset);
    story.complete_activity(5);
    story.check_from(7, &["7 ActivityTaskCompleted of 5, 6", "8 WorkflowTaskScheduled"]);
}

#[test]
fn a_failed_attempt_is_not_followed_by_another_one_before_the_pause_is_over() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).pause().fail_activity(5, oops("Oops"));
    assert_eq!(story.attempt_number(), 2);
    assert_eq!(next_deadline(&story.run), None);
    assert!(story.wait(seconds(100)).last.dispatches.is_empty());
    story.decide(|turn| turn.recover());
    assert!(story.last.dispatches.is_empty());
    story.unpause();
    assert_eq!(story.last.dispatches, [5], "at once, whatever the wait was");
    story.take_activity(5);
}

#[test]
fn the_last_attempt_fails_the_activity_although_it_is_paused() {
    let mut story = Story::after(vec![activity("a")]);
    for wait in [1, 2] {
        story
            .take_activity(5)
            .fail_activity(5, oops("Oops"))
            .wait(seconds(wait));
    }
    story.take_activity(5).pause().fail_activity(5, oops("Oops"));
    story.check_from(
        7,
        &[
            "7 ActivityTaskFailed of 5, 6: retry_state_maximum_attempts_reached",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn nobody_misses_the_start_of_one_that_is_paused_but_the_whole_time_runs_on() {
    let mut story = Story::after(vec![activity_with("a", |command| {
        command.schedule_to_start_timeout = Some(proto_span(seconds(5)));
        command.schedule_to_close_timeout = Some(proto_span(seconds(30)));
    })]);
    story.pause().wait(seconds(20));
    assert_eq!(story.run.activities.len(), 1);
    story.unpause().wait(seconds(4));
    assert_eq!(story.run.activities.len(), 1, "the wait for a worker counts from now");
    story.pause().wait(seconds(6));
    story.check_from(
        6,
        &[
            "6 ActivityTaskTimedOut of 5, 0: activity ScheduleToClose timeout, retry_state_timeout",
            "7 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn an_unpause_can_reset_attempts_and_heartbeats_and_wait_a_little() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5);
    story.heartbeat(details("half"));
    story.fail_activity(5, oops("Oops")).pause();
    story.unpause_with(ActivityUnpause {
        reset_attempts: true,
        reset_heartbeat: true,
        jitter: Jitter {
            span: seconds(10),
            seed: 1,
        },
    });
    assert_eq!(story.attempt_number(), 1);
    assert_eq!(story.run.activities[&5].heartbeat_details, None);
    assert!(story.last.dispatches.is_empty());
    let due = next_deadline(&story.run).expect("it starts by itself");
    assert!(due > story.now && due < story.now.plus(seconds(10)));
    assert_eq!(story.wait(seconds(10)).last.dispatches, [5]);
}

#[test]
fn what_is_not_paused_goes_on_as_it_does() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).fail_activity(5, oops("Oops")).unpause();
    assert!(story.last.dispatches.is_empty() && !story.last.durable);
}

#[test]
fn a_paused_activity_is_canceled_on_the_spot() {
    let mut story = Story::after(vec![activity("a")]);
    story.pause().signal("stop").task(vec![cancel_activity(5)]);
    story.check_from(11, &["11 ActivityTaskCanceled of 5, 0", "12 WorkflowTaskScheduled"]);
}

#[test]
fn what_has_not_ended_is_shown_after_the_end_of_the_run_and_nothing_happens_to_it() {
    let mut story = Story::after(vec![activity("a"), activity("b")]);
    story.take_activity(6).pause().signal("stop").task(vec![complete()]);
    let paused = |story: &Story| story.run.activities[&5].pause.is_some();
    assert!(paused(&story) && story.run.activities[&6].is_started());
    assert_eq!(story.last.cancellations, [6]);
    assert_eq!(next_deadline(&story.run), None);
    let closed = Err(Rejection::WorkflowClosed);
    let attempt = story.run.activities[&5].attempt;
    assert_eq!(story.try_take_activity(5, attempt, "late"), closed);
    assert_eq!(
        story.decide(|turn| turn.unpause_activities(&a(), ActivityUnpause::default())),
        closed
    );
    assert_eq!(
        story.decide(|turn| turn.close_activity(6, 0, "worker", ActivityClose::Completed(None))),
        closed
    );
    story.decide(|turn| turn.recover());
    assert!(paused(&story) && story.last.dispatches.is_empty() && !story.last.durable);
}

#[test]
fn activities_are_chosen_by_type_or_all_together() {
    let bake = activity_with("b", |command| {
        command.activity_type.get_or_insert_default().name = "Bake".into();
    });
    let mut story = Story::after(vec![activity("a"), bake, activity("c")]);
    let pause = Pause::default();
    let paused = |story: &Story| -> String {
        let paused = story
            .run
            .activities
            .values()
            .filter(|activity| activity.pause.is_some());
        paused.map(|activity| activity.activity_id.as_str()).collect()
    };
    for (which, expected) in [
        (ActivitySelector::Type("Bake".into()), "b"),
        (ActivitySelector::Type("Reserve".into()), "abc"),
    ] {
        story
            .decide(|turn| turn.pause_activities(&which, &pause))
            .expect("some are open");
        assert_eq!(paused(&story), expected);
    }
    story
        .decide(|turn| turn.unpause_activities(&ActivitySelector::All, ActivityUnpause::default()))
        .expect("some are open");
    assert_eq!(story.last.dispatches, [5, 6, 7]);
    for which in [ActivitySelector::Id("x".into()), ActivitySelector::Type("x".into())] {
        let missing = story.decide(|turn| turn.pause_activities(&which, &pause));
        assert!(matches!(missing, Err(Rejection::ActivityNotFound(_))));
    }
}

#[test]
fn an_attempt_inside_the_server_that_stops_for_a_pause_has_failed() {
    let mut story = Story::after(vec![activity("a")]);
    let start = ActivityStart {
        scheduled_event_id: 5,
        attempt: 1,
        identity: "server".into(),
        request_id: String::new(),
        in_process: true,
        version: None,
    };
    story.decide(|turn| turn.start_activity(start)).expect("waits");
    story.pause().close_activity(5, ActivityClose::Canceled(None));
    assert_eq!(story.attempt_number(), 2);
    story.unpause();
    assert_eq!(story.last.dispatches, [5]);
}

// === Reset ===

#[test]
fn one_that_waits_for_a_retry_begins_anew_at_once() {
    let mut story = Story::after(vec![activity_with("a", |command| {
        command.schedule_to_close_timeout = Some(proto_span(seconds(10)));
    })]);
    story.take_activity(5);
    story.heartbeat(details("half"));
    story.wait(seconds(9)).fail_activity(5, oops("Oops"));
    story.reset(ActivityReset {
        reset_heartbeat: true,
        ..Default::default()
    });
    assert_eq!(story.last.dispatches, [5]);
    assert_eq!(story.attempt_number(), 1);
    assert_eq!(story.run.activities[&5].heartbeat_details, None);
    story.wait(seconds(9)).take_activity(5).complete_activity(5);
    story.check_from(
        6,
        &[
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_running_attempt_counts_as_the_first() {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).fail_activity(5, oops("Oops")).wait(seconds(1));
    story.take_activity(5).reset(ActivityReset {
        reset_heartbeat: true,
        ..Default::default()
    });
    assert_eq!(story.attempt_number(), 1);
    let answer = story.heartbeat(details("still here"));
    assert!(answer.activity_reset && !answer.activity_paused);
    story.fail_activity(5, oops("Reset"));
    assert_eq!(
        next_deadline(&story.run),
        Some(story.now.plus(seconds(1))),
        "the first wait again"
    );
    story.wait(seconds(1));
    assert_eq!(story.attempt_number(), 2);
    assert_eq!(story.run.activities[&5].heartbeat_details, None);
    let stale = story.decide(|turn| turn.close_activity(5, 2, "worker", ActivityClose::Completed(None)));
    assert!(matches!(stale, Err(Rejection::ActivityNotFound(_))));
    story.take_activity(5);
    assert!(
        !story.heartbeat(None).activity_reset,
        "the worker of the attempt before was told"
    );
    story.fail_activity(5, oops("Oops")).wait(seconds(2));
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
fn a_reset_gives_no_more_attempts_than_the_policy() {
    let once = activity_with("a", |command| {
        command.retry_policy.get_or_insert_default().maximum_attempts = 1
    });
    let mut story = Story::after(vec![once]);
    story.take_activity(5).reset(ActivityReset::default());
    story.fail_activity(5, oops("Reset"));
    story.check_from(
        7,
        &[
            "7 ActivityTaskFailed of 5, 6: retry_state_maximum_attempts_reached",
            "8 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_reset_ends_a_pause_unless_it_is_kept() {
    let mut story = Story::after(vec![activity("a")]);
    let keep = ActivityReset {
        keep_paused: true,
        ..Default::default()
    };
    story.pause().reset(keep);
    assert!(story.last.dispatches.is_empty());
    story.reset(ActivityReset::default());
    assert_eq!(story.last.dispatches, [5]);
}

// === Options ===

#[test]
fn options_change_one_by_one_and_come_back() {
    let mut story = Story::after(vec![activity("a")]);
    let options = ActivityOptions {
        task_queue: Some(TaskQueue {
            name: "elsewhere".into(),
            ..Default::default()
        }),
        start_to_close_timeout: Some(proto_span(seconds(5))),
        heartbeat_timeout: Some(proto_span(seconds(9))),
        retry_policy: Some(RetryPolicy {
            maximum_attempts: 7,
            backoff_coefficient: 5.0,
            ..Default::default()
        }),
        ..Default::default()
    };
    let paths = [
        "taskQueue.name",
        "start_to_close_timeout",
        "heartbeatTimeout",
        "retry_policy.maximum_attempts",
    ];
    let changed = story.update_options(options, &paths).expect("good options");
    assert_eq!(story.last.dispatches, [5], "its task goes to the other queue");
    let activity = &story.run.activities[&5];
    let policy = activity.retry_policy.clone().unwrap_or_default();
    assert_eq!(activity.task_queue, "elsewhere");
    assert_eq!((policy.maximum_attempts, policy.backoff_coefficient), (7, 2.0));
    assert_eq!(
        changed.heartbeat_timeout,
        Some(proto_span(seconds(5))),
        "not longer than an attempt"
    );

    let restored = story.decide(|turn| turn.update_activity_options(&a(), &ActivityOptionsChange::Restore));
    let restored = restored.expect("it is open");
    assert_eq!(restored.task_queue.unwrap_or_default().name, "orders");
    assert_eq!(restored.start_to_close_timeout, Some(proto_span(seconds(60))));
    assert_eq!(story.run.activities[&5].original_options, None);
}

#[test]
fn a_shorter_wait_counts_from_the_end_of_the_attempt_before() {
    let mut story = Story::after(vec![activity_with("a", |command| {
        command.retry_policy.get_or_insert_default().initial_interval = Some(proto_span(seconds(100)));
    })]);
    story.take_activity(5).fail_activity(5, oops("Oops")).wait(seconds(3));
    let options = ActivityOptions {
        retry_policy: Some(RetryPolicy {
            initial_interval: Some(proto_span(seconds(5))),
            ..Default::default()
        }),
        ..Default::default()
    };
    story
        .update_options(options, &["retry_policy.initial_interval"])
        .expect("good options");
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(2))));
    assert_eq!(story.wait(seconds(2)).last.dispatches, [5]);
}

#[test]
fn bad_options_change_nothing() {
    let mut story = Story::after(vec![activity("a")]);
    let none = ActivityOptions::default;
    for (options, paths) in [
        (none(), &["colour"][..]),
        (none(), &["task_queue.name"]),
        (none(), &["retry_policy.maximum_attempts"]),
        (none(), &["start_to_close_timeout"]),
    ] {
        let before = story.run.clone();
        let refused = story.update_options(options, paths);
        assert!(matches!(refused, Err(Rejection::InvalidArgument(_))), "{paths:?}");
        assert_eq!(story.run, before);
    }
}
