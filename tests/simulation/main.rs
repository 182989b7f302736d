//! Random workflows, and the runs that continue them, in a random world: the rules and the host, put together without a server and without a clock.
//!
//! A plan says what the workflow does and what happens to it; a storm says what meanwhile happens to the server. A run
//! must not notice the storm. A plan that fails is shrunk, and its seed is printed.

mod happening;
mod plan;
/// What the history tells of a run; the tests of the rules check it, too.
#[path = "../../runtime/machine/tests/rules/rebuild.rs"]
mod rebuild;
mod script;
mod simulation;
mod workflow_task;

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use wrt_model::proto::enums::EventType;

use crate::{
    plan::{losses, plan, storm},
    simulation::Simulation,
};

/// Plans that each property is tried with.
const CASES: u32 = 500;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn the_same_plan_has_the_same_history(plan in plan()) {
        let once = Simulation::tell(&plan, &[]);
        Simulation::tell(&plan, &[]).check_is(&once);
    }

    #[test]
    fn no_run_notices_evictions_crashes_and_queries(plan in plan(), storm in storm()) {
        let calm = Simulation::tell(&plan, &[]);
        Simulation::tell(&plan, &storm).check_is(&calm);
    }

    #[test]
    fn a_run_goes_on_from_its_history_alone(plan in plan(), losses in losses()) {
        Simulation::tell(&plan, &losses);
    }
}

/// Shows that the plans go everywhere: they reach every kind of event that the contract and the world around it can cause.
#[test]
fn the_plans_reach_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..CASES {
        let plan = plan().new_tree(&mut runner).expect("no plan is turned away").current();
        let told = Simulation::tell(&plan, &[]);
        seen.extend(told.events().map(|event| event.event_type));
    }
    let missing: Vec<_> = REACHABLE
        .iter()
        .filter(|kind| !seen.contains(&(**kind as i32)))
        .collect();
    assert!(missing.is_empty(), "no plan has led to {missing:?}");
}

/// The kinds of events that one run can have. Workflow tasks do not time out here: the code answers at once.
const REACHABLE: &[EventType] = &[
    EventType::WorkflowExecutionStarted,
    EventType::WorkflowExecutionCompleted,
    EventType::WorkflowExecutionFailed,
    EventType::WorkflowExecutionTimedOut,
    EventType::WorkflowExecutionCanceled,
    EventType::WorkflowExecutionTerminated,
    EventType::WorkflowExecutionContinuedAsNew,
    EventType::WorkflowExecutionSignaled,
    EventType::WorkflowExecutionCancelRequested,
    EventType::WorkflowExecutionPaused,
    EventType::WorkflowExecutionUnpaused,
    EventType::WorkflowExecutionUpdateAccepted,
    EventType::WorkflowExecutionUpdateCompleted,
    EventType::WorkflowTaskScheduled,
    EventType::WorkflowTaskStarted,
    EventType::WorkflowTaskCompleted,
    EventType::WorkflowTaskFailed,
    EventType::ActivityTaskScheduled,
    EventType::ActivityTaskStarted,
    EventType::ActivityTaskCompleted,
    EventType::ActivityTaskFailed,
    EventType::ActivityTaskTimedOut,
    EventType::ActivityTaskCancelRequested,
    EventType::ActivityTaskCanceled,
    EventType::TimerStarted,
    EventType::TimerFired,
    EventType::TimerCanceled,
    EventType::MarkerRecorded,
    EventType::UpsertWorkflowSearchAttributes,
    EventType::WorkflowPropertiesModified,
    EventType::StartChildWorkflowExecutionInitiated,
    EventType::StartChildWorkflowExecutionFailed,
    EventType::ChildWorkflowExecutionStarted,
    EventType::ChildWorkflowExecutionCompleted,
    EventType::ChildWorkflowExecutionFailed,
    EventType::ChildWorkflowExecutionCanceled,
    EventType::ChildWorkflowExecutionTimedOut,
    EventType::ChildWorkflowExecutionTerminated,
    EventType::SignalExternalWorkflowExecutionInitiated,
    EventType::SignalExternalWorkflowExecutionFailed,
    EventType::ExternalWorkflowExecutionSignaled,
    EventType::RequestCancelExternalWorkflowExecutionInitiated,
    EventType::RequestCancelExternalWorkflowExecutionFailed,
    EventType::ExternalWorkflowExecutionCancelRequested,
];
