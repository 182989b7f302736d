//! Resets.

use wrt_machine::{
    ChildClose, Outgoing, Rejection, Reset, ResetPoint, Turn, WorkflowTaskCompletion, reapplied, reset_point,
};
use wrt_model::{
    Run,
    proto::{
        EventAttributes, FailureInfo, WorkflowExecution,
        common::WorkerVersionStamp,
        enums::{
            StartChildWorkflowExecutionFailedCause, WorkflowExecutionStatus as Status, WorkflowTaskFailedCause as Cause,
        },
        workflowservice::StartWorkflowExecutionRequest,
    },
    run::Parent,
    time::proto_span,
};

use crate::{
    child_workflow::child,
    story::{Story, activity, complete, completion, seconds, timer},
    update::{accept, refer, reject, respond, speculative},
};

/// The story of the run that a run is reset to; its time goes on where the other one stands.
pub(crate) fn reset(base: &Story, finish_event_id: i64) -> Result<Story, Rejection> {
    let later = base.events.partition_point(|event| event.event_id < finish_event_id);
    let request = Reset {
        run_id: "new-run".into(),
        finish_event_id,
        reason: "try again".into(),
        request_id: "reset-1".into(),
        identity: "somebody".into(),
        reapplied: reapplied(&base.events[later..]),
        component: None,
    };
    let mut story = Story {
        run: Run::default(),
        now: base.now,
        limits: base.limits,
        events: Vec::new(),
        last: wrt_machine::Transition::default(),
    };
    let (run, events) = (base.run.clone(), base.events.clone());
    story.decide(|turn| turn.reset(&run, events, request))?;
    Ok(story)
}

#[track_caller]
fn check_refused(base: &Story, finish_event_id: i64, words: &str) {
    match reset(base, finish_event_id) {
        Err(Rejection::InvalidArgument(message)) => assert!(message.starts_with(words), "{message}"),
        Err(other) => panic!("{other}"),
        Ok(story) => panic!("{}", story.history()),
    }
}

/// A run that closed after an activity and two workflow tasks.
fn closed_run() -> Story {
    let mut story = Story::after(vec![activity("a")]);
    story.take_activity(5).complete_activity(5).task(vec![complete()]);
    story
}

#[test]
fn the_task_at_the_reset_point_fails_and_another_one_follows() {
    let base = closed_run();
    let story = reset(&base, 10).unwrap();
    story.check_from(
        4,
        &[
            "4 WorkflowTaskCompleted of 2, 3",
            "5 ActivityTaskScheduled",
            "6 ActivityTaskStarted of 5, attempt 1",
            "7 ActivityTaskCompleted of 5, 6",
            "8 WorkflowTaskScheduled",
            "9 WorkflowTaskStarted of 8",
            "10 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "11 WorkflowTaskScheduled",
        ],
    );
    assert_eq!(story.events[..9], base.events[..9], "the past is a copy");
    let Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) = &story.events[9].attributes else {
        panic!("{}", story.history());
    };
    assert_eq!(
        (failed.base_run_id.as_str(), failed.new_run_id.as_str()),
        ("0199-run", "new-run")
    );
    assert_eq!(failed.cause(), Cause::ResetWorkflow);
    let failure = failed.failure.clone().unwrap();
    assert_eq!(failure.message, "try again");
    assert!(matches!(
        failure.failure_info,
        Some(FailureInfo::ResetWorkflowFailureInfo(_))
    ));

    let run = &story.run;
    assert_eq!(
        [&run.run_id, &run.start_request_id, &run.reset_request_id],
        ["new-run", "start-1", "reset-1"],
        "the request that started the workflow finds it"
    );
    assert_eq!(run.first_execution_run_id, base.run.first_execution_run_id);
    assert_eq!(run.original_execution_run_id, base.run.original_execution_run_id);
    assert!(run.is_open() && run.close_ns == 0);
    assert_eq!(run.start_ns, story.now.nanos());
    assert_eq!(run.original_started(), base.run.started());
}

#[test]
fn the_new_run_goes_its_own_way() {
    let mut story = reset(&closed_run(), 4).unwrap();
    story
        .task(vec![timer("t", seconds(5))])
        .wait(seconds(5))
        .task(vec![complete()]);
    assert_eq!(story.run.status(), Status::Completed);
    story.check_from(
        3,
        &[
            "3 WorkflowTaskStarted of 2",
            "4 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "5 WorkflowTaskScheduled",
            "6 WorkflowTaskStarted of 5",
            "7 WorkflowTaskCompleted of 5, 6",
            "8 TimerStarted",
            "9 TimerFired t of 8",
            "10 WorkflowTaskScheduled",
            "11 WorkflowTaskStarted of 10",
            "12 WorkflowTaskCompleted of 10, 11",
            "13 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn only_the_events_around_a_workflow_task_are_reset_points() {
    let base = closed_run();
    for finish_event_id in [3, 4, 9, 10] {
        reset(&base, finish_event_id).unwrap();
    }
    for finish_event_id in [2, 5, 6, 7, 8, 11] {
        check_refused(
            &base,
            finish_event_id,
            "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: ",
        );
    }
    for finish_event_id in [-1, 0, 1, 12, 100] {
        check_refused(
            &base,
            finish_event_id,
            "Workflow task finish ID must be > 1 && <= workflow last event ID.",
        );
    }
}

#[test]
fn a_task_that_was_only_scheduled_is_started_before_it_fails() {
    let story = reset(&closed_run(), 3).unwrap();
    story.check_from(
        2,
        &[
            "2 WorkflowTaskScheduled",
            "3 WorkflowTaskStarted of 2",
            "4 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "5 WorkflowTaskScheduled",
        ],
    );
}

#[test]
fn a_task_that_succeeded_at_a_later_attempt_is_a_reset_point() {
    let mut base = Story::begin();
    base.take_task();
    base.decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, None, "worker"))
        .unwrap();
    base.wait(seconds(1)).task(vec![complete()]);
    // 2-4: the first attempt, 5-7: the second one.
    for finish_event_id in [6, 7] {
        let story = reset(&base, finish_event_id).unwrap();
        story.check_from(
            6,
            &[
                "6 WorkflowTaskStarted of 5",
                "7 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
                "8 WorkflowTaskScheduled",
            ],
        );
    }
    check_refused(&base, 5, "Can only reset workflow to event ID in range");
}

#[test]
fn what_was_open_is_open_again() {
    let mut base = Story::after(vec![activity("a"), timer("t", seconds(60))]);
    base.signal("go").task(vec![]);
    base.take_activity(5).complete_activity(5).wait(seconds(60));
    let mut story = reset(&base, 10).unwrap();
    assert_eq!(story.last.dispatches, [5]);
    let activity = &story.run.activities[&5];
    assert_eq!((activity.attempt, activity.is_started()), (1, false));
    assert_eq!(activity.scheduled_ns, story.now.nanos());
    assert_eq!(
        story.run.timers,
        [(
            6,
            wrt_model::run::Timer {
                timer_id: "t".into(),
                fires_ns: story.now.nanos(),
            }
        )]
        .into()
    );
    story.wait(seconds(0)).check_from(12, &["12 TimerFired t of 6"]);
}

#[test]
fn later_signals_come_again_before_the_next_task() {
    let mut base = Story::after(vec![]);
    base.signal("early")
        .task(vec![])
        .signal("late")
        .task(vec![])
        .signal("latest");
    let story = reset(&base, 8).unwrap();
    story.check_from(
        5,
        &[
            "5 WorkflowExecutionSignaled early",
            "6 WorkflowTaskScheduled",
            "7 WorkflowTaskStarted of 6",
            "8 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "9 WorkflowExecutionSignaled late",
            "10 WorkflowExecutionSignaled latest",
            "11 WorkflowTaskScheduled",
        ],
    );
}

/// A run that has accepted and completed the update `u` after its first task.
fn updated_run() -> Story {
    let mut base = Story::after(vec![]);
    let (accepted, responded) = (accept("u"), respond("u"));
    let commands = vec![refer(&accepted), refer(&responded)];
    speculative(&mut base, vec![accepted, responded], commands);
    base
}

#[test]
fn later_updates_are_asked_about_again() {
    let mut story = reset(&updated_run(), 4).unwrap();
    story.check_from(
        4,
        &[
            "4 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "5 WorkflowExecutionUpdateAdmitted u",
            "6 WorkflowTaskScheduled",
        ],
    );
    assert!(!story.run.has_accepted("u"));
    story.take_task();
    let accepted = accept("u");
    let commands = vec![refer(&accepted)];
    story
        .decide(|turn| turn.complete_workflow_task(completion(commands, vec![accepted])))
        .expect("good commands");
    let Some(EventAttributes::WorkflowExecutionUpdateAcceptedEventAttributes(event)) = &story.events[8].attributes
    else {
        panic!("{}", story.history());
    };
    assert_eq!(event.accepted_request, None, "the event that admitted it has it");
    assert_eq!(event.accepted_request_sequencing_event_id, 5);
    assert!(story.run.has_accepted("u"));

    // What was admitted and then accepted comes again once.
    let again = reset(&story, 4).unwrap();
    again.check_from(5, &["5 WorkflowExecutionUpdateAdmitted u", "6 WorkflowTaskScheduled"]);
}

#[test]
fn an_update_that_the_new_run_rejects_is_forgotten() {
    let mut story = reset(&updated_run(), 4).unwrap();
    story.take_task();
    story
        .decide(|turn| turn.complete_workflow_task(completion(Vec::new(), vec![reject("u")])))
        .expect("good messages");
    assert!(story.run.updates.is_empty());
    story.check_from(7, &["7 WorkflowTaskStarted of 6", "8 WorkflowTaskCompleted of 6, 7"]);
}

#[test]
fn an_update_that_was_accepted_before_the_point_stays() {
    let mut base = Story::after(vec![]);
    let accepted = accept("u");
    let commands = vec![refer(&accepted)];
    speculative(&mut base, vec![accepted], commands);
    base.signal("go").task(vec![]);
    let story = reset(&base, 12).unwrap();
    assert!(story.run.has_accepted("u"));
    story.check_from(13, &["13 WorkflowTaskScheduled"]);
}

#[test]
fn open_children_of_the_point_answer_to_the_new_run() {
    let mut base = Story::after(vec![child("started"), child("asked-for")]);
    base.decide(|turn| turn.child_started(5, "child-run".into(), None));
    base.task(vec![child("later")]);
    let story = reset(&base, 10).unwrap();
    assert_eq!(story.last.outgoing, [Outgoing::StartChild(6), Outgoing::AskChild(5)]);
    assert_eq!(story.run.children.keys().collect::<Vec<_>>(), [&5, &6]);
    assert_eq!(story.run.children[&5].run_id, "child-run");

    let end = |turn: &mut Turn<'_>| turn.terminate_by_reset("try again".into(), "somebody".into(), "new-run".into());
    base.decide(end).unwrap();
    assert!(base.run.was_reset());
    assert_eq!(base.last.outgoing, [], "no child follows the run that was reset");
}

#[test]
fn what_children_of_the_point_said_later_is_said_again() {
    let mut base = Story::after(vec![child("a"), child("b"), child("c")]);
    base.decide(|turn| {
        turn.child_started(5, "a-run".into(), None);
        turn.child_start_failed(
            6,
            StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists,
            String::new(),
        );
        turn.child_closed(7, "c-run".into(), ChildClose::Completed(None));
        turn.child_closed(5, "a-next".into(), ChildClose::Terminated);
    });
    base.task(vec![complete()]);
    let mut story = reset(&base, 4).unwrap();
    assert!(story.run.children.is_empty(), "none was asked for at that point");
    story.check_from(
        4,
        &[
            "4 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "5 WorkflowTaskScheduled",
        ],
    );

    base = Story::after(vec![child("a"), child("b"), child("c")]);
    base.signal("go").take_task();
    base.complete_task(vec![]).unwrap();
    base.decide(|turn| {
        turn.child_started(5, "a-run".into(), None);
        turn.child_start_failed(
            6,
            StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists,
            String::new(),
        );
        turn.child_closed(7, "c-run".into(), ChildClose::Completed(None));
        turn.child_closed(5, "a-next".into(), ChildClose::Terminated);
    });
    story = reset(&base, 11).unwrap();
    story.check_from(
        11,
        &[
            "11 WorkflowTaskFailed workflow_task_failed_cause_reset_workflow",
            "12 ChildWorkflowExecutionStarted of 5",
            "13 WorkflowTaskScheduled",
            "14 StartChildWorkflowExecutionFailed of 6",
            "15 ChildWorkflowExecutionStarted of 7",
            "16 ChildWorkflowExecutionCompleted of 7, 15",
            "17 ChildWorkflowExecutionTerminated of 5, 12",
        ],
    );
    assert_eq!(story.last.outgoing, []);
}

#[test]
fn a_child_changes_its_parent_once() {
    let parent = |run_id: &str| Parent {
        execution: Some(WorkflowExecution {
            workflow_id: "parent".into(),
            run_id: run_id.into(),
        }),
        ..Default::default()
    };
    let mut story = Story::begin();
    story.run.parent = Some(parent("base"));
    story.events.clear();
    assert!(story.decide(|turn| turn.change_parent(Some(&parent("base")), parent("next"))));
    assert!(story.last.durable);
    // A late word of a run that was reset itself changes nothing.
    assert!(!story.decide(|turn| turn.change_parent(Some(&parent("base")), parent("between"))));
    assert_eq!(story.run.parent, Some(parent("next")));
}

#[test]
fn timeouts_begin_anew() {
    let mut base = Story::begin_with(|request: &mut StartWorkflowExecutionRequest| {
        request.workflow_run_timeout = Some(proto_span(seconds(100)));
        request.workflow_execution_timeout = Some(proto_span(seconds(1000)));
    });
    base.task(vec![]).wait(seconds(100));
    assert_eq!(base.run.status(), Status::TimedOut);
    let mut story = reset(&base, 4).unwrap();
    assert!(story.task(vec![]).wait(seconds(99)).run.is_open());
    assert_eq!(story.wait(seconds(1)).run.status(), Status::TimedOut);
}

#[test]
fn a_run_that_ends_by_a_reset_names_the_one_that_goes_on() {
    let mut base = Story::after(vec![timer("t", seconds(60))]);
    let end = |turn: &mut Turn<'_>| turn.terminate_by_reset("try again".into(), "somebody".into(), "new-run".into());
    base.decide(end).unwrap();
    assert_eq!(base.run.status(), Status::Terminated);
    assert_eq!(base.run.new_execution_run_id, "new-run");
    assert_eq!(base.last.outgoing, []);
    assert_eq!(base.decide(end), Err(Rejection::WorkflowClosed));
}

#[test]
fn the_first_task_of_each_build_is_a_reset_point() {
    let mut story = Story::begin_for_workers();
    for build_id in ["one", "one", "two", "one", "three"] {
        story.signal("go").take_task();
        let stamp = WorkerVersionStamp {
            build_id: build_id.into(),
            ..Default::default()
        };
        story
            .decide(|turn| {
                turn.complete_workflow_task(WorkflowTaskCompletion {
                    worker_version: Some(stamp.clone()),
                    ..completion(Vec::new(), Vec::new())
                })
            })
            .expect("a task without commands");
        assert_eq!(story.run.worker_version, Some(stamp));
    }
    let points: Vec<_> = story
        .run
        .reset_points
        .iter()
        .map(|point| (point.build_id.as_str(), point.first_workflow_task_completed_id))
        .collect();
    let first = |build_id: &str| reset_point(&story.events, &ResetPoint::BuildId(build_id.into())).expect("it ran");
    assert_eq!(
        points,
        ["one", "two", "three"].map(|build_id| (build_id, first(build_id)))
    );
}
