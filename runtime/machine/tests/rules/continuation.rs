//! Runs that follow each other.

use wrt_machine::ContinuationKind;
use wrt_model::{
    Run, payload,
    proto::{
        Command, CommandAttributes, EventAttributes, Memo, RetryPolicy, WorkflowType,
        command::{ContinueAsNewWorkflowExecutionCommandAttributes, ModifyWorkflowPropertiesCommandAttributes},
        enums::{ContinueAsNewInitiator as Initiator, WorkflowExecutionStatus as Status},
        history::WorkflowExecutionStartedEventAttributes,
    },
    time::proto_span,
};

use crate::story::{Story, activity, command, complete, fail, seconds};

pub(crate) fn continue_as_new(change: impl FnOnce(&mut ContinueAsNewWorkflowExecutionCommandAttributes)) -> Command {
    let mut attributes = ContinueAsNewWorkflowExecutionCommandAttributes::default();
    change(&mut attributes);
    command(CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(
        attributes,
    ))
}

fn memo(name: &str) -> Memo {
    Memo {
        fields: [(name.to_owned(), payload::json("1"))].into(),
    }
}

fn first_event(story: &Story) -> WorkflowExecutionStartedEventAttributes {
    match story.events[0].attributes.clone() {
        Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) => started,
        other => panic!("a history begins with its start, not with {other:?}"),
    }
}

/// The run that the story's run has asked for at its end.
pub(crate) fn next(story: &mut Story) -> Story {
    next_on(story, "digest-2")
}

/// The same, on this component, or for workers when it is none.
pub(crate) fn next_on(story: &mut Story, component: &str) -> Story {
    let continuation = story.last.continuation.take().expect("another run");
    let previous = story.run.clone();
    assert_eq!(previous.new_execution_run_id, continuation.run_id);
    let mut next = Story {
        run: Run::default(),
        events: Vec::new(),
        last: Default::default(),
        now: story.now,
        limits: story.limits,
    };
    let started = first_event(story);
    next.decide(|turn| {
        turn.continue_from(
            &previous,
            component.into(),
            started,
            (None, Vec::new()),
            continuation,
            |_, _| true,
        )
    });
    assert_eq!(next.run.first_execution_run_id, previous.first_execution_run_id);
    next
}

#[test]
fn a_workflow_goes_on_in_a_new_run_and_keeps_what_it_does_not_change() {
    let mut story = Story::begin_with(|request| {
        request.workflow_run_timeout = Some(proto_span(seconds(100)));
        request.memo = Some(memo("old"));
    });
    let upsert = ModifyWorkflowPropertiesCommandAttributes {
        upserted_memo: Some(memo("new")),
    };
    story.task(vec![
        command(CommandAttributes::ModifyWorkflowPropertiesCommandAttributes(upsert)),
        activity("left behind"),
        continue_as_new(|command| command.input = payload::payloads(vec![payload::json("7")])),
    ]);
    story.check_from(
        5,
        &[
            "5 WorkflowPropertiesModified",
            "6 ActivityTaskScheduled",
            "7 WorkflowExecutionContinuedAsNew",
        ],
    );
    assert_eq!(story.run.status(), Status::ContinuedAsNew);
    let next = next(&mut story);
    let started = first_event(&next);
    assert_eq!(started.initiator(), Initiator::Workflow);
    assert_eq!(started.input, payload::payloads(vec![payload::json("7")]));
    assert_eq!(started.workflow_type, Some(WorkflowType { name: "Order".into() }));
    assert_eq!(next.run.run_timeout_ns, story.run.run_timeout_ns);
    let fields = next.run.memo.expect("it is carried").fields;
    assert!(fields.contains_key("old") && fields.contains_key("new"));
}

#[test]
fn a_workflow_may_go_on_as_another_one() {
    let mut story = Story::after(vec![continue_as_new(|command| {
        command.workflow_type = Some(WorkflowType { name: "Other".into() });
        command.memo = Some(memo("only"));
        command.workflow_run_timeout = Some(proto_span(seconds(5)));
    })]);
    let next = next(&mut story);
    assert_eq!(next.run.workflow_type, "Other");
    assert_eq!(next.run.memo, Some(memo("only")));
    assert_eq!(next.run.run_timeout_ns, 5_000_000_000);
    assert_eq!(next.run.component, "digest-2");
}

#[test]
fn a_cron_schedule_repeats_a_workflow_whatever_its_end() {
    for (end, line, carries_failure) in [
        (complete(), "5 WorkflowExecutionCompleted", false),
        (
            fail("Oops"),
            "5 WorkflowExecutionFailed: retry_state_retry_policy_not_set",
            true,
        ),
    ] {
        let mut story = Story::begin_with(|request| request.cron_schedule = "@every 10m".into());
        story.check_from(1, &["1 WorkflowExecutionStarted"]);
        story.wait(seconds(600));
        story.task(vec![end]);
        story.check_from(5, &[line]);
        let next = next(&mut story);
        let started = first_event(&next);
        assert_eq!(started.initiator(), Initiator::CronSchedule);
        assert_eq!(started.first_workflow_task_backoff, Some(proto_span(seconds(600))));
        assert_eq!(started.continued_failure.is_some(), carries_failure);
        next.check_from(1, &["1 WorkflowExecutionStarted"]);
    }
}

#[test]
fn a_retry_comes_before_the_next_time_of_the_schedule() {
    let mut story = Story::begin_with(|request| {
        request.cron_schedule = "@every 1h".into();
        request.retry_policy = Some(Default::default());
    });
    story.wait(seconds(3_600));
    story.task(vec![fail("Oops")]);
    let kind = story.last.continuation.take().expect("another run").kind;
    assert!(matches!(kind, ContinuationKind::Retry { attempt: 2, .. }));
}

#[test]
fn what_a_worker_does_not_name_is_not_carried_over() {
    let mut story = Story::begin_for_workers_with(|request| request.memo = Some(memo("old")));
    story.task(vec![continue_as_new(|_| ())]);
    assert_eq!(first_event(&next_on(&mut story, "")).memo, None);
}

#[test]
fn no_run_outlives_its_chain() {
    let mut story = Story::begin_with(|request| {
        request.workflow_execution_timeout = Some(proto_span(seconds(100)));
    });
    let end_ns = story.run.execution_expires_ns;
    story.wait(seconds(30)).task(vec![continue_as_new(|_| ())]);
    let next = next(&mut story);
    assert_eq!(
        (next.run.run_expires_ns, next.run.execution_expires_ns),
        (end_ns, end_ns)
    );
}

#[test]
fn another_attempt_begins_with_what_the_start_has_given() {
    let mut story = Story::begin_with(|request| {
        request.memo = Some(memo("old"));
        request.retry_policy = Some(RetryPolicy::default());
    });
    let upsert = ModifyWorkflowPropertiesCommandAttributes {
        upserted_memo: Some(memo("new")),
    };
    story.task(vec![
        command(CommandAttributes::ModifyWorkflowPropertiesCommandAttributes(upsert)),
        fail("Oops"),
    ]);
    assert_eq!(first_event(&next(&mut story)).memo, Some(memo("old")));
}
