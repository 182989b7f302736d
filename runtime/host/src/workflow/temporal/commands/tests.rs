//! What is issued of what a guest pushes, and what it is told at once.

use std::sync::Arc;

use wrt_model::{
    Time,
    proto::coresdk::{
        child_workflow::ChildWorkflowCancellationType as ChildCancellation,
        workflow_activation::workflow_activation_job::Variant as Job,
        workflow_commands::{
            ActivityCancellationType as Cancellation, CancelSignalWorkflow, CompleteWorkflowExecution,
            RequestCancelActivity, ScheduleActivity, SetPatchMarker, SignalExternalWorkflowExecution,
            StartChildWorkflowExecution, StartTimer, signal_external_workflow_execution::Target,
        },
    },
};

use super::*;
use crate::{RunIdentity, WorkflowLimits, workflow::check};

/// Pushes the commands of each task, and shows what is issued and what the guest is told at once.
#[track_caller]
fn check<const N: usize>(tasks: [(Vec<Variant>, &[&str], &[&str]); N]) {
    let identity = RunIdentity {
        namespace: "default".to_owned(),
        workflow_id: "w".to_owned(),
        run_id: "r".to_owned(),
        original_execution_run_id: "r".to_owned(),
        start_time: Time::EPOCH,
    };
    let mut state = RunState::new(Arc::new(identity), Arc::new(WorkflowLimits::default()));
    let mut commands = Commands::default();
    for (index, (pushed, issued, resolved)) in (0_i64..).zip(tasks) {
        state.ledger.collect(3 + 100 * index, Vec::new(), usize::MAX);
        for variant in pushed {
            commands.push(variant.into(), &mut state).unwrap();
        }
        let told: Vec<_> = commands.resolutions().iter().map(show).collect();
        commands.issue(&mut state.ledger).unwrap();
        let completion = state.ledger.end().unwrap();
        let described = completion
            .commands
            .iter()
            .map(|command| check::describe_command(command.attributes.as_ref().expect("a command has attributes")));
        assert_eq!(described.collect::<Vec<_>>(), issued, "task {index}");
        assert_eq!(told, resolved, "task {index}");
    }
}

fn show(job: &WorkflowActivationJob) -> String {
    match job.variant.as_ref().expect("a job has content") {
        Job::ResolveActivity(activity) => format!("activity {}", activity.seq),
        Job::ResolveChildWorkflowExecutionStart(child) => format!("start of child {}", child.seq),
        Job::ResolveChildWorkflowExecution(child) => format!("child {}", child.seq),
        Job::ResolveSignalExternalWorkflow(signal) => format!("signal {}", signal.seq),
        other => format!("{other:?}"),
    }
}

fn timer(seq: u32) -> Variant {
    let start_to_fire_timeout = None;
    Variant::StartTimer(StartTimer {
        seq,
        start_to_fire_timeout,
    })
}

fn cancel_timer(seq: u32) -> Variant {
    Variant::CancelTimer(CancelTimer { seq })
}

fn activity(seq: u32, cancellation: Cancellation) -> Variant {
    Variant::ScheduleActivity(ScheduleActivity {
        seq,
        activity_id: format!("a{seq}"),
        activity_type: "Charge".to_owned(),
        cancellation_type: cancellation.into(),
        ..Default::default()
    })
}

fn cancel_activity(seq: u32) -> Variant {
    Variant::RequestCancelActivity(RequestCancelActivity { seq })
}

fn child(seq: u32, cancellation: ChildCancellation) -> Variant {
    Variant::StartChildWorkflowExecution(StartChildWorkflowExecution {
        seq,
        workflow_id: format!("c{seq}"),
        cancellation_type: cancellation.into(),
        ..Default::default()
    })
}

fn cancel_child(child_workflow_seq: u32) -> Variant {
    Variant::CancelChildWorkflowExecution(CancelChildWorkflowExecution {
        child_workflow_seq,
        reason: String::new(),
    })
}

fn signal(seq: u32) -> Variant {
    Variant::SignalExternalWorkflowExecution(SignalExternalWorkflowExecution {
        seq,
        target: Some(Target::ChildWorkflowId("c1".to_owned())),
        ..Default::default()
    })
}

fn take_back(seq: u32) -> Variant {
    Variant::CancelSignalWorkflow(CancelSignalWorkflow { seq })
}

const SCHEDULE: &str = "ScheduleActivityTask (activity `a1` of type `Charge`)";
const CHILD: &str = "StartChildWorkflowExecution (workflow `c1`)";

#[test]
fn what_is_canceled_before_it_is_issued_has_never_been() {
    check([(
        vec![timer(1), timer(2), cancel_timer(1)],
        &["StartTimer (timer `2`)"],
        &[],
    )]);
    check([(
        vec![activity(1, Cancellation::WaitCancellationCompleted), cancel_activity(1)],
        &[],
        &["activity 1"],
    )]);
    check([(
        vec![child(1, ChildCancellation::Abandon), cancel_child(1)],
        &[],
        &["start of child 1"],
    )]);
    check([(vec![signal(1), take_back(1)], &[], &["signal 1"])]);
}

#[test]
fn timers_are_canceled_once() {
    check([
        (vec![timer(1)], &["StartTimer (timer `1`)"], &[]),
        (
            vec![cancel_timer(1), cancel_timer(1)],
            &["CancelTimer (timer `1`)"],
            &[],
        ),
    ]);
}

#[test]
fn an_activity_is_canceled_as_it_wants_to_be() {
    let cancel: &[&str] = &["RequestCancelActivityTask (of event 5)"];
    for (cancellation, issued, resolved) in [
        (Cancellation::TryCancel, cancel, &["activity 1"][..]),
        (Cancellation::WaitCancellationCompleted, cancel, &[]),
        (Cancellation::Abandon, &[], &["activity 1"]),
    ] {
        check([
            (vec![activity(1, cancellation)], &[SCHEDULE], &[]),
            (vec![cancel_activity(1), cancel_activity(1)], issued, resolved),
        ]);
    }
}

#[test]
fn a_child_is_canceled_as_it_wants_to_be() {
    let cancel: &[&str] = &["RequestCancelExternalWorkflowExecution"];
    for (cancellation, issued, resolved) in [
        (ChildCancellation::TryCancel, cancel, &["start of child 1"][..]),
        (ChildCancellation::WaitCancellationCompleted, cancel, &[]),
        (ChildCancellation::WaitCancellationRequested, cancel, &[]),
        (ChildCancellation::Abandon, &[], &["start of child 1"]),
    ] {
        check([
            (vec![child(1, cancellation)], &[CHILD], &[]),
            (vec![cancel_child(1), cancel_child(1)], issued, resolved),
        ]);
    }
}

#[test]
fn a_signal_on_its_way_stays_there() {
    check([
        (vec![signal(1)], &["SignalExternalWorkflowExecution"], &[]),
        (vec![take_back(1)], &[], &[]),
    ]);
}

#[test]
fn nothing_is_told_after_the_end() {
    let complete = Variant::CompleteWorkflowExecution(CompleteWorkflowExecution { result: None });
    check([
        (vec![activity(1, Cancellation::TryCancel)], &[SCHEDULE], &[]),
        (
            vec![cancel_activity(1), complete],
            &["RequestCancelActivityTask (of event 5)", "CompleteWorkflowExecution"],
            &[],
        ),
    ]);
}

#[test]
fn a_patch_is_marked_and_listed() {
    let mark = |deprecated| {
        Variant::SetPatchMarker(SetPatchMarker {
            patch_id: "p".to_owned(),
            deprecated,
        })
    };
    check([(
        vec![mark(false), mark(false)],
        &["RecordMarker (`p`)", "UpsertWorkflowSearchAttributes"],
        &[],
    )]);
    check([(vec![mark(true)], &["RecordMarker (`p`)"], &[])]);
}
