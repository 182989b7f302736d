//! Limits: what asks for too much or carries too much, and histories that grow too long.

use wrt_machine::{ActivityClose, Rejection, Signal};
use wrt_model::{
    Limits, failure, payload,
    proto::{
        Command, CommandAttributes, EventAttributes, Memo, Payloads,
        command::{
            CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
            ModifyWorkflowPropertiesCommandAttributes, RecordMarkerCommandAttributes,
        },
        enums::{SuggestContinueAsNewReason as Reason, WorkflowTaskFailedCause as Cause},
    },
};

use crate::{
    child_workflow::child,
    external_workflow::{cancel as cancel_external, signal as signal_external},
    story::{Story, activity, activity_with, command, complete, timer},
};

/// A run that may have two of everything, and carry 1,000 bytes at a time.
fn limited() -> Story {
    let mut story = Story::begin();
    story.limits = Limits {
        blob_size_error: 1_000,
        memo_size_error: 500,
        pending_activities: 2,
        pending_child_executions: 2,
        pending_signals: 2,
        pending_cancel_requests: 2,
        signals_per_execution: 2,
        ..Limits::default()
    };
    story
}

fn large(bytes: usize) -> Option<Payloads> {
    payload::payloads(vec![payload::json(vec![b' '; bytes])])
}

#[track_caller]
fn check_refused(story: &mut Story, commands: Vec<Command>, expected: Cause, words: &str) {
    match story.complete_task(commands) {
        Err(Rejection::BadCommands { cause, message }) => {
            assert_eq!(cause, expected);
            assert!(message.contains(words), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// A command by its id, and how the one too many fails.
type Case = (fn(&str) -> Command, Cause, &'static str);

#[test]
fn one_too_many_fails_the_task_with_its_cause() {
    let cases: [Case; 4] = [
        (
            activity,
            Cause::PendingActivitiesLimitExceeded,
            "pending activities, 2,",
        ),
        (
            child,
            Cause::PendingChildWorkflowsLimitExceeded,
            "pending child workflow executions, 2,",
        ),
        (
            signal_external,
            Cause::PendingSignalsLimitExceeded,
            "pending signals to external workflows, 2,",
        ),
        (
            cancel_external,
            Cause::PendingRequestCancelLimitExceeded,
            "pending requests to cancel external workflows, 2,",
        ),
    ];
    for (of, cause, words) in cases {
        let mut story = limited();
        story.take_task();
        check_refused(&mut story, vec![of("a"), of("b"), of("c")], cause, words);
        story.complete_task(vec![of("a")]).expect("one is allowed");
        story.signal("go").take_task();
        check_refused(
            &mut story,
            vec![of("b"), of("c")],
            cause,
            "has reached the per-workflow limit of 2",
        );
        story
            .complete_task(vec![of("b"), timer("t", crate::story::seconds(1))])
            .expect("so are two");
    }
}

#[test]
fn what_has_ended_makes_room() {
    let mut story = limited();
    story.task(vec![activity("a"), activity("b")]);
    story.take_activity(5).complete_activity(5).take_task();
    story.complete_task(vec![activity("c")]).expect("there is room for it");
}

#[test]
fn a_command_that_carries_too_much_fails_the_task() {
    let marker = RecordMarkerCommandAttributes {
        marker_name: "mark".into(),
        details: [
            ("a".to_owned(), large(600).expect("made")),
            ("b".to_owned(), large(600).expect("made")),
        ]
        .into(),
        ..Default::default()
    };
    let failed = FailWorkflowExecutionCommandAttributes {
        failure: Some(failure::application("x".repeat(1_001), "Oops", false)),
    };
    let completed = CompleteWorkflowExecutionCommandAttributes { result: large(1_001) };
    for (command, words) in [
        (
            activity_with("a", |activity| activity.input = large(1_001)),
            "ScheduleActivityTaskCommandAttributes.Input exceeds size limit",
        ),
        (
            command(CommandAttributes::RecordMarkerCommandAttributes(marker)),
            "RecordMarkerCommandAttributes.Details exceeds size limit",
        ),
        (
            command(CommandAttributes::FailWorkflowExecutionCommandAttributes(failed)),
            "FailWorkflowExecutionCommandAttributes.Failure exceeds size limit",
        ),
        (
            command(CommandAttributes::CompleteWorkflowExecutionCommandAttributes(completed)),
            "blob_size_error allows 1000",
        ),
    ] {
        let mut story = limited();
        story.take_task();
        check_refused(&mut story, vec![command], Cause::PayloadsTooLarge, words);
        story.complete_task(vec![complete()]).expect("a small one");
    }
}

#[test]
fn a_memo_may_not_grow_beyond_its_limit() {
    let upsert = |name: &str| {
        let upserted_memo = Some(Memo {
            fields: [(name.to_owned(), payload::json(vec![b' '; 300]))].into(),
        });
        command(CommandAttributes::ModifyWorkflowPropertiesCommandAttributes(
            ModifyWorkflowPropertiesCommandAttributes { upserted_memo },
        ))
    };
    let mut story = limited();
    story.task(vec![upsert("a")]).signal("go").task(vec![upsert("a")]);
    story.signal("go").take_task();
    check_refused(
        &mut story,
        vec![upsert("b")],
        Cause::PayloadsTooLarge,
        "UpsertedMemo exceeds size limit",
    );
}

#[test]
fn an_outcome_that_is_too_large_fails_its_activity_for_good() {
    let huge = failure::application("x".repeat(1_001), "Oops", false);
    let failed = |failure, last_heartbeat_details| ActivityClose::Failed {
        failure: Box::new(failure),
        last_heartbeat_details,
    };
    let small = || failure::application("oops", "Oops", false);
    for (close, message) in [
        (
            ActivityClose::Completed(large(1_001)),
            "Complete result exceeds size limit.",
        ),
        (
            ActivityClose::Canceled(large(1_001)),
            "Cancel details exceed size limit.",
        ),
        (failed(huge, None), "Failure details exceed size limit."),
        (failed(small(), large(1_001)), "Heartbeat details exceed size limit."),
    ] {
        let mut story = limited();
        story.task(vec![activity("a")]);
        story.take_activity(5).close_activity(5, close);
        check_failed(&story, message);
    }
    let mut story = limited();
    story.task(vec![activity("a")]);
    story.take_activity(5);
    let beat = |bytes| move |turn: &mut wrt_machine::Turn<'_>| turn.heartbeat_activity(5, 1, large(bytes));
    assert!(!story.decide(beat(900)).expect("it is taken").cancel_requested);
    let too_much = story.decide(beat(1_001)).expect("it fails the attempt");
    assert!(too_much.cancel_requested, "the attempt is to stop");
    check_failed(&story, "Heartbeat details exceed size limit.");
}

#[track_caller]
fn check_failed(story: &Story, message: &str) {
    let attributes = story.events[6].attributes.clone();
    let Some(EventAttributes::ActivityTaskFailedEventAttributes(failed)) = attributes else {
        panic!("{}", story.history());
    };
    assert_eq!(failed.failure.expect("a failure says why").message, message);
}

#[test]
fn a_run_takes_so_many_signals() {
    let mut story = limited();
    let signal = |request_id: &str| Signal {
        name: "s".into(),
        request_id: request_id.into(),
        ..Default::default()
    };
    story.signal("a");
    story.decide(|turn| turn.signal(signal("b"))).expect("the second one");
    let refused = story.decide(|turn| turn.signal(signal("c")));
    assert_eq!(refused, Err(Rejection::SignalsLimitExceeded));
    story
        .decide(|turn| turn.signal(signal("b")))
        .expect("it was taken before");
    assert_eq!(story.run.signal_count, 2);
}

#[test]
fn a_history_that_is_too_long_or_too_large_ends_its_run() {
    for (limits, reason) in [
        (
            Limits {
                history_count_error: 4,
                ..Limits::default()
            },
            "Workflow history count exceeds limit.",
        ),
        (
            Limits {
                history_size_error: 100,
                ..Limits::default()
            },
            "Workflow history size exceeds limit.",
        ),
    ] {
        let mut story = Story::begin();
        assert_eq!(story.decide(|turn| turn.end_overgrown("server")), None);
        story.task(vec![activity("a"), timer("t", crate::story::seconds(9))]);
        story.limits = limits;
        assert_eq!(story.decide(|turn| turn.end_overgrown("server")), Some(reason));
        story.check_from(7, &["7 WorkflowExecutionTerminated"]);
        assert_eq!(
            story.decide(|turn| turn.end_overgrown("server")),
            None,
            "once is enough"
        );
    }
}

#[test]
fn a_long_history_is_a_reason_to_continue_as_new() {
    let reasons = |limits: Limits| {
        let mut story = Story::begin();
        story.limits = limits;
        story.take_task();
        match &story.events[2].attributes {
            Some(EventAttributes::WorkflowTaskStartedEventAttributes(started)) => {
                let reasons: Vec<_> = started.suggest_continue_as_new_reasons().collect();
                assert_eq!(started.suggest_continue_as_new, !reasons.is_empty());
                reasons
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reasons(Limits::default()), []);
    let limits = Limits {
        history_count_suggest_continue_as_new: 2,
        ..Limits::default()
    };
    assert_eq!(reasons(limits), [Reason::TooManyHistoryEvents]);
    let limits = Limits {
        history_size_suggest_continue_as_new: 10,
        ..Limits::default()
    };
    assert_eq!(reasons(limits), [Reason::HistorySizeTooLarge]);
}

#[test]
fn a_workflow_task_that_fails_with_too_many_words_keeps_their_beginning() {
    let mut story = limited();
    story.take_task();
    let failure = failure::application("ä".repeat(5_000), "Oops", false);
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, Some(failure), "worker"))
        .expect("it has started");
    let Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) =
        story.events.last().and_then(|event| event.attributes.clone())
    else {
        panic!("{}", story.history());
    };
    let failure = failed.failure.expect("it says why");
    assert_eq!(failure.message, "Failure exceeds size limit.");
    assert_eq!(failure.cause.expect("the beginning").message, "ä".repeat(1_024));
}
