//! A run that is rebuilt from its history is the one that wrote it. Every decision of every story is checked.

use wrt_machine::{Origin, activity_options, rebuild};
use wrt_model::{
    Run,
    proto::{HistoryEvent, enums::WorkflowExecutionStatus as Status},
    run::Activity,
};

/// Checks that the events of a run tell everything about it that they can.
#[track_caller]
pub(crate) fn check(run: &Run, events: &[HistoryEvent]) {
    if events.is_empty() || !run.buffered_events.is_empty() {
        // What waits for its event ids has happened already.
        return;
    }
    let rebuilt = rebuild(&Origin::of(run), events);
    assert_eq!(told(&rebuilt), told(run), "the run on the left is rebuilt");
}

/// The run without what leaves no event.
fn told(run: &Run) -> Run {
    let mut told = Run {
        state_transition_count: 0,
        start_request_id: String::new(),
        cancel_request_id: String::new(),
        reset_request_id: String::new(),
        sticky: None,
        notified_target_version: None,
        workflow_task_problems: None,
        ..run.clone()
    };
    if !run.is_open() {
        // Where one was canceled on the spot, in the task that closed the run, the event of its end was not written.
        told.activities
            .retain(|_, activity| activity.cancel_requested_event_id == 0);
    }
    if let Some(attributes) = &mut told.search_attributes {
        for own in [
            "TemporalReportedProblems",
            "TemporalPauseInfo",
            "TemporalExternalPayloadCount",
            "TemporalExternalPayloadSizeBytes",
        ] {
            attributes.indexed_fields.remove(own);
        }
    }
    told.search_attributes = told.search_attributes.filter(|it| !it.indexed_fields.is_empty());
    if let Some(info) = &mut told.versioning_info {
        info.version_transition = None;
    }
    told.versioning_info = told.versioning_info.filter(|info| *info != Default::default());
    told.workflow_task = told.workflow_task.filter(|task| !task.is_transient());
    if let Some(task) = &mut told.workflow_task {
        (task.sticky, task.heartbeats_since_ns) = (None, 0);
    }
    for activity in told.activities.values_mut() {
        // Others may have taken the place of the options that the workflow gave, and that the history has.
        let given = activity.original_options.clone();
        *activity = Activity {
            activity_id: activity.activity_id.clone(),
            activity_type: activity.activity_type.clone(),
            original_options: Some(given.unwrap_or_else(|| activity_options(activity))),
            cancel_requested_event_id: activity.cancel_requested_event_id,
            ..Activity::default()
        };
    }
    if !told.is_open() {
        // Answers that come after the end leave no event, nor does the run that a reset puts in its place.
        told.children.clear();
        told.external_requests.clear();
        if told.status() == Status::Terminated {
            told.new_execution_run_id.clear();
        }
    }
    told
}
