//! Starts: what a run begins with, and whether it may.

use wrt_machine::{Rejection, ReuseDecision, StartRun, Turn, decide_reuse, next_deadline};
use wrt_model::{
    Limits, Run, payload,
    proto::{
        RetryPolicy, UserMetadata,
        enums::{
            WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse,
        },
        workflowservice::StartWorkflowExecutionRequest,
    },
    time::proto_span,
};

use crate::story::{Story, complete, seconds};

#[test]
fn a_start_schedules_the_first_workflow_task() {
    let story = Story::begin();
    story.check_from(1, &["1 WorkflowExecutionStarted", "2 WorkflowTaskScheduled"]);
    assert_eq!(story.run.original_execution_run_id, story.run.run_id);
    assert_eq!(story.run.workflow_task_timeout_ns, 10_000_000_000);
}

#[test]
fn a_delayed_start_waits() {
    let mut story = Story::begin_with(|request| request.workflow_start_delay = Some(proto_span(seconds(60))));
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(60))));
    story.wait(seconds(59));
    story.check_from(2, &[]);
    story.wait(seconds(1));
    story.check_from(2, &["2 WorkflowTaskScheduled"]);
}

#[test]
fn the_first_event_keeps_the_words_for_people() {
    let metadata = Some(UserMetadata {
        summary: Some(payload::json(b"\"a gift\"".to_vec())),
        details: None,
    });
    let story = Story::begin_with(|request| request.user_metadata.clone_from(&metadata));
    assert_eq!(story.events[0].user_metadata, metadata);
}

#[test]
fn a_run_does_not_outlast_its_chain() {
    let story = Story::begin_with(|request| {
        request.workflow_run_timeout = Some(proto_span(seconds(50)));
        request.workflow_execution_timeout = Some(proto_span(seconds(20)));
        request.workflow_task_timeout = Some(proto_span(seconds(500)));
    });
    assert_eq!(next_deadline(&story.run), Some(story.now));
    assert_eq!(story.run.run_timeout_ns, 20_000_000_000);
    assert_eq!(story.run.workflow_task_timeout_ns, 20_000_000_000);
    let story = Story::begin_with(|request| request.workflow_task_timeout = Some(proto_span(seconds(500))));
    assert_eq!(story.run.workflow_task_timeout_ns, 120_000_000_000);
}

#[test]
fn a_bad_retry_policy_is_refused() {
    let mut run = Run::default();
    let start = StartRun {
        namespace_id: "ns".into(),
        run_id: "run".into(),
        component: "digest".into(),
        started_by: None,
        request: StartWorkflowExecutionRequest {
            retry_policy: Some(RetryPolicy {
                backoff_coefficient: 0.1,
                ..Default::default()
            }),
            ..Default::default()
        },
    };
    let rejected = Turn::new(&mut run, Story::begin().now, &Limits::default()).start(start);
    assert!(matches!(rejected, Err(Rejection::InvalidArgument(_))));
    assert_eq!(run, Run::default());
}

#[test]
fn reuse_of_a_workflow_id() {
    const USE: Option<ReuseDecision> = Some(ReuseDecision::UseExisting { started: false });
    const TERMINATE: Option<ReuseDecision> = Some(ReuseDecision::TerminateThenStart);
    const START: Option<ReuseDecision> = Some(ReuseDecision::Start);
    const REJECT: Option<ReuseDecision> = None;
    #[expect(deprecated, reason = "older clients send it")]
    const TERMINATE_IF_RUNNING: Reuse = Reuse::TerminateIfRunning;
    for (status, reuse, conflict, expected) in [
        (Status::Running, Reuse::AllowDuplicate, Conflict::Unspecified, REJECT),
        (Status::Running, Reuse::AllowDuplicate, Conflict::Fail, REJECT),
        (Status::Running, Reuse::AllowDuplicate, Conflict::UseExisting, USE),
        (Status::Running, Reuse::RejectDuplicate, Conflict::UseExisting, USE),
        (
            Status::Running,
            Reuse::AllowDuplicate,
            Conflict::TerminateExisting,
            TERMINATE,
        ),
        (Status::Running, TERMINATE_IF_RUNNING, Conflict::Unspecified, TERMINATE),
        (Status::Completed, Reuse::Unspecified, Conflict::Unspecified, START),
        (Status::Completed, Reuse::AllowDuplicate, Conflict::Fail, START),
        (Status::Completed, TERMINATE_IF_RUNNING, Conflict::Unspecified, START),
        (
            Status::Completed,
            Reuse::AllowDuplicateFailedOnly,
            Conflict::Fail,
            REJECT,
        ),
        (
            Status::ContinuedAsNew,
            Reuse::AllowDuplicateFailedOnly,
            Conflict::Fail,
            REJECT,
        ),
        (Status::Failed, Reuse::AllowDuplicateFailedOnly, Conflict::Fail, START),
        (Status::Canceled, Reuse::AllowDuplicateFailedOnly, Conflict::Fail, START),
        (
            Status::Terminated,
            Reuse::AllowDuplicateFailedOnly,
            Conflict::Fail,
            START,
        ),
        (Status::TimedOut, Reuse::AllowDuplicateFailedOnly, Conflict::Fail, START),
        (Status::Failed, Reuse::RejectDuplicate, Conflict::Fail, REJECT),
    ] {
        let run = Run {
            status: status as i32,
            start_request_id: "first".into(),
            ..Default::default()
        };
        let decision = decide_reuse(Some(&run), "second", reuse, conflict);
        match (&decision, expected) {
            (Ok(decision), Some(expected)) => assert_eq!(*decision, expected, "{status:?} {reuse:?} {conflict:?}"),
            (Err(Rejection::AlreadyStarted { start_request_id, .. }), None) => assert_eq!(start_request_id, "first"),
            _ => panic!("{status:?} {reuse:?} {conflict:?}: {decision:?}"),
        }
        assert_eq!(
            decide_reuse(Some(&run), "first", reuse, conflict),
            Ok(ReuseDecision::UseExisting { started: true }),
            "the same request finds its run"
        );
        assert_eq!(decide_reuse(None, "first", reuse, conflict), Ok(ReuseDecision::Start));
    }
}

#[test]
fn a_request_that_was_attached_finds_the_run_again() {
    let mut story = Story::begin();
    let decide = |story: &Story| decide_reuse(Some(&story.run), "start-2", Reuse::Unspecified, Conflict::Fail);
    assert!(matches!(decide(&story), Err(Rejection::AlreadyStarted { .. })));
    story
        .decide(|turn| turn.attach_request("start-2".into(), "me".into()))
        .expect("it is open");
    story.check_from(3, &["3 WorkflowExecutionOptionsUpdated"]);
    assert_eq!(decide(&story), Ok(ReuseDecision::UseExisting { started: false }));
    story.signal("go").task(vec![complete()]);
    assert_eq!(decide(&story), Ok(ReuseDecision::UseExisting { started: false }));
}
