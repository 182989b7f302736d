//! Pausing a run, and letting it go on.

use wrt_machine::{ActivitySelector, ActivityUnpause, Rejection, Turn, next_deadline};
use wrt_model::{proto::enums::WorkflowExecutionStatus as Status, run::Pause};

use crate::story::{Story, activity, complete, oops, seconds, timer};

impl Story {
    fn pause_run(&mut self) -> &mut Self {
        self.decide(|turn| turn.pause_workflow("me".into(), "holidays".into(), "p".into()))
            .expect("an open run");
        self
    }

    fn unpause_run(&mut self) -> &mut Self {
        self.decide(unpause).expect("a paused run");
        self
    }
}

fn unpause(turn: &mut Turn<'_>) -> Result<(), Rejection> {
    turn.unpause_workflow("me".into(), "back".into(), "u".into())
}

#[test]
fn what_happens_meanwhile_waits_for_the_end_of_the_pause() {
    let mut story = Story::after(vec![timer("t", seconds(10))]);
    story.pause_run();
    assert_eq!(story.run.status(), Status::Paused);
    story.signal("hello").wait(seconds(10));
    assert_eq!(next_deadline(&story.run), None);
    story.unpause_run().task(vec![complete()]);
    story.check_from(
        6,
        &[
            "6 WorkflowExecutionPaused",
            "7 WorkflowExecutionSignaled hello",
            "8 TimerFired t of 5",
            "9 WorkflowExecutionUnpaused",
            "10 WorkflowTaskScheduled",
            "11 WorkflowTaskStarted of 10",
            "12 WorkflowTaskCompleted of 10, 11",
            "13 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn a_task_that_waits_is_taken_back() {
    let mut story = Story::begin();
    story.pause_run();
    assert!(!story.decide(|turn| turn.wants_workflow_task()));
    assert_eq!(next_deadline(&story.run), None);
    story.unpause_run().task(vec![complete()]);
    story.check_from(
        2,
        &[
            "2 WorkflowTaskScheduled",
            "3 WorkflowTaskFailed workflow_task_failed_cause_workflow_pause_requested_before_task_started",
            "4 WorkflowExecutionPaused",
            "5 WorkflowExecutionUnpaused",
            "6 WorkflowTaskScheduled",
            "7 WorkflowTaskStarted of 6",
            "8 WorkflowTaskCompleted of 6, 7",
            "9 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn a_task_that_is_with_a_worker_may_complete() {
    let mut story = Story::begin();
    story.take_task();
    story.pause_run();
    story.complete_task(vec![activity("a")]).expect("good commands");
    assert!(story.last.dispatches.is_empty());
    story.check_from(
        4,
        &[
            "4 WorkflowTaskCompleted of 2, 3",
            "5 ActivityTaskScheduled",
            "6 WorkflowExecutionPaused",
        ],
    );
    story.unpause_run();
    assert_eq!(story.last.dispatches, [5]);
}

#[test]
fn activities_wait_and_running_ones_hear_of_it() {
    let mut story = Story::after(vec![activity("a"), activity("b")]);
    story.take_activity(5).pause_run();
    assert_eq!(story.last.cancellations, [5]);
    let answer = story.decide(|turn| turn.heartbeat_activity(5, 1, None));
    assert!(answer.expect("a worker holds it").activity_paused);
    for attempt in [1, 2] {
        let refused = story.try_take_activity(6, attempt, "poll");
        assert!(matches!(refused, Err(Rejection::ActivityNotFound(_))));
    }
    story.fail_activity(5, oops("Oops")).wait(seconds(100));
    assert!(story.last.dispatches.is_empty());
    story.unpause_run();
    assert_eq!(story.last.dispatches, [6]);
    assert_eq!(story.wait(seconds(0)).last.dispatches, [5], "its wait is over");
}

#[test]
fn a_start_delay_that_ends_meanwhile_leads_to_a_task_afterwards() {
    let mut story = Story::begin_with(|request| {
        request.workflow_start_delay = Some(wrt_model::time::proto_span(seconds(10)));
    });
    story.pause_run().wait(seconds(20));
    story.signal("early");
    assert_eq!(next_deadline(&story.run), None);
    story.unpause_run();
    story.check_from(4, &["4 WorkflowExecutionUnpaused", "5 WorkflowTaskScheduled"]);
}

#[test]
fn a_paused_run_can_be_ended() {
    let mut story = Story::begin();
    story
        .pause_run()
        .decide(|turn| turn.terminate("enough".into(), None, "me".into()))
        .expect("open");
    assert_eq!(story.run.status(), Status::Terminated);
    assert_eq!(story.decide(unpause), Err(Rejection::WorkflowClosed));

    let mut story = Story::begin();
    story
        .pause_run()
        .decide(|turn| turn.request_cancel("enough".into(), "me".into(), String::new()));
    assert!(story.run.cancel_requested && story.run.is_paused());
}

#[test]
fn a_second_pause_changes_nothing_and_nobody_unpauses_what_runs() {
    let mut story = Story::begin();
    story.pause_run().pause_run();
    assert!(story.last.events.is_empty());
    story.unpause_run();
    assert!(matches!(story.decide(unpause), Err(Rejection::FailedPrecondition(_))));
}

#[test]
fn a_run_is_found_by_what_is_paused() {
    let paused = |story: &Story| {
        let attributes = story.run.search_attributes.as_ref()?;
        let payload = attributes.indexed_fields.get("TemporalPauseInfo")?;
        Some(String::from_utf8(payload.data.clone()).expect("JSON"))
    };
    let mut story = Story::after(vec![activity("a"), activity("b")]);
    assert_eq!(paused(&story), None);
    let pause = Pause {
        identity: "me".into(),
        ..Default::default()
    };
    story
        .decide(|turn| turn.pause_activities(&ActivitySelector::Id("a".into()), &pause))
        .expect("it is open");
    let of_activity = "\"property:activityType=Reserve\"";
    assert_eq!(paused(&story), Some(format!("[{of_activity}]")));
    story.pause_run();
    let of_all = format!("[{of_activity},\"Workflow:order-7\",\"Reason:holidays\"]");
    assert_eq!(paused(&story), Some(of_all));
    story.unpause_run();
    assert_eq!(paused(&story), Some(format!("[{of_activity}]")));
    story
        .decide(|turn| turn.unpause_activities(&ActivitySelector::All, ActivityUnpause::default()))
        .expect("it is open");
    assert_eq!(paused(&story), None);
}
