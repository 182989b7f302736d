//! Checks of schedules. Their specs are checked by the rules, which compile them.

use wrt_engine::{start_request, timed_workflow_id};
use wrt_model::{
    Limits, Time,
    proto::{
        enums::{ScheduleOverlapPolicy, WorkflowIdReusePolicy},
        schedule::{
            BackfillRequest, Schedule, ScheduleAction, SchedulePatch, SchedulePolicies, ScheduleState,
            schedule_action::Action,
        },
        workflow::NewWorkflowExecutionInfo,
    },
};

use super::{Checked, choice, duration, invalid, start};
use crate::workflow_options;

/// The longest note of a pause, in bytes.
const NOTES_BYTES: usize = 4 * 1024;

/// Checks what a schedule does when.
pub(crate) fn definition(schedule: Option<Schedule>, limits: &Limits) -> Checked<Schedule> {
    let Some(mut schedule) = schedule else {
        return invalid("Schedule is not set on request.");
    };
    let jitter = schedule.spec.as_ref().and_then(|spec| spec.jitter.as_ref());
    duration("Jitter", jitter)?;
    if let Some(ScheduleAction {
        action: Some(Action::StartWorkflow(workflow)),
    }) = &mut schedule.action
    {
        workflow_options::settle_override(&mut workflow.versioning_override)?;
        check_workflow(workflow, limits)?;
    }
    if let Some(policies) = &schedule.policies {
        check_policies(policies)?;
    }
    if let Some(state) = &schedule.state {
        check_state(state)?;
    }
    Ok(schedule)
}

/// Checks what is to be done with a schedule.
pub(crate) fn patch(patch: &SchedulePatch) -> Checked {
    if let Some(trigger) = &patch.trigger_immediately {
        overlap_policy(trigger.overlap_policy)?;
    }
    for backfill in &patch.backfill_request {
        check_backfill(backfill)?;
    }
    for (field, notes) in [("Pause", &patch.pause), ("Unpause", &patch.unpause)] {
        check_notes(field, notes)?;
    }
    if !patch.pause.is_empty() && !patch.unpause.is_empty() {
        return invalid("Pause and Unpause cannot be set on the same request.");
    }
    Ok(())
}

fn check_workflow(workflow: &NewWorkflowExecutionInfo, limits: &Limits) -> Checked {
    if !workflow.cron_schedule.is_empty() {
        return invalid("Scheduled workflow must not contain CronSchedule.");
    }
    match choice("WorkflowIdReusePolicy", workflow.workflow_id_reuse_policy)? {
        WorkflowIdReusePolicy::Unspecified | WorkflowIdReusePolicy::AllowDuplicate => {}
        _ => return invalid("Scheduled workflow must not contain WorkflowIDReusePolicy."),
    }
    let mut request = start_request(workflow.clone());
    if !request.workflow_id.is_empty() {
        // The id becomes longer by a time.
        request.workflow_id = timed_workflow_id(&request.workflow_id, Time::EPOCH);
    }
    start::start(&mut request, limits)
}

fn check_policies(policies: &SchedulePolicies) -> Checked {
    overlap_policy(policies.overlap_policy)?;
    duration("CatchupWindow", policies.catchup_window.as_ref())
}

fn check_state(state: &ScheduleState) -> Checked {
    if state.remaining_actions < 0 {
        return invalid(format!(
            "RemainingActions cannot be negative: {}.",
            state.remaining_actions
        ));
    }
    check_notes("Notes", &state.notes)
}

fn check_backfill(backfill: &BackfillRequest) -> Checked {
    overlap_policy(backfill.overlap_policy)?;
    let (Some(start), Some(end)) = (&backfill.start_time, &backfill.end_time) else {
        return invalid("StartTime and EndTime have to be set on a backfill.");
    };
    if Time::from(start) > Time::from(end) {
        return invalid("EndTime of a backfill cannot lie before its StartTime.");
    }
    Ok(())
}

fn check_notes(field: &str, notes: &str) -> Checked {
    if notes.len() > NOTES_BYTES {
        return invalid(format!(
            "{field} exceeds maximum allowed length ({}/{NOTES_BYTES})",
            notes.len()
        ));
    }
    Ok(())
}

fn overlap_policy(policy: i32) -> Checked {
    choice::<ScheduleOverlapPolicy>("ScheduleOverlapPolicy", policy).map(drop)
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::{
        TaskQueue, WorkflowType,
        schedule::{ScheduleSpec, TriggerImmediatelyRequest},
    };

    use super::*;

    #[track_caller]
    fn check(checked: Checked, expected: &str) {
        let said = checked.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
    }

    fn workflow() -> NewWorkflowExecutionInfo {
        NewWorkflowExecutionInfo {
            workflow_id: "w".to_owned(),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            task_queue: Some(TaskQueue {
                name: "orders".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn of_workflow(change: impl FnOnce(&mut NewWorkflowExecutionInfo)) -> Checked {
        let mut workflow = workflow();
        change(&mut workflow);
        let action = Some(ScheduleAction {
            action: Some(Action::StartWorkflow(workflow)),
        });
        of_schedule(|schedule| schedule.action = action)
    }

    fn of_schedule(change: impl FnOnce(&mut Schedule)) -> Checked {
        let mut schedule = Schedule::default();
        change(&mut schedule);
        definition(Some(schedule), &Limits::default()).map(drop)
    }

    #[test]
    fn workflows() {
        check(of_workflow(|_| ()), "ok");
        check(of_workflow(|w| w.workflow_id = String::new()), "WorkflowId is not set");
        check(
            of_workflow(|w| w.workflow_id = "x".repeat(980)),
            "WorkflowId exceeds maximum allowed length (1001/1000)",
        );
        check(of_workflow(|w| w.workflow_type = None), "WorkflowType is not set");
        check(of_workflow(|w| w.task_queue = None), "TaskQueue is not set");
        check(
            of_workflow(|w| w.cron_schedule = "@daily".to_owned()),
            "Scheduled workflow must not contain CronSchedule",
        );
        check(
            of_workflow(|w| w.workflow_id_reuse_policy = WorkflowIdReusePolicy::RejectDuplicate as i32),
            "Scheduled workflow must not contain WorkflowIDReusePolicy",
        );
    }

    #[test]
    fn schedules() {
        let negative = || Some(prost_types::Duration { seconds: -1, nanos: 0 });
        check(of_schedule(|_| ()), "ok");
        check(
            definition(None, &Limits::default()).map(drop),
            "Schedule is not set on request.",
        );
        let jitter = Some(ScheduleSpec {
            jitter: negative(),
            ..Default::default()
        });
        check(of_schedule(|s| s.spec = jitter), "An invalid Jitter is set");
        let policies = |overlap_policy, catchup_window| {
            Some(SchedulePolicies {
                overlap_policy,
                catchup_window,
                ..Default::default()
            })
        };
        check(of_schedule(|s| s.policies = policies(6, None)), "ok");
        check(
            of_schedule(|s| s.policies = policies(7, None)),
            "Unknown ScheduleOverlapPolicy value: 7.",
        );
        check(
            of_schedule(|s| s.policies = policies(0, negative())),
            "An invalid CatchupWindow is set",
        );
        let state = |remaining_actions, notes: String| {
            Some(ScheduleState {
                remaining_actions,
                notes,
                ..Default::default()
            })
        };
        check(
            of_schedule(|s| s.state = state(-1, String::new())),
            "RemainingActions cannot be negative: -1.",
        );
        check(
            of_schedule(|s| s.state = state(1, "x".repeat(4097))),
            "Notes exceeds maximum allowed length",
        );
    }

    #[test]
    fn patches() {
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let backfilled = |start_time, end_time, overlap_policy| {
            patch(&SchedulePatch {
                backfill_request: vec![BackfillRequest {
                    start_time,
                    end_time,
                    overlap_policy,
                }],
                ..Default::default()
            })
        };
        check(patch(&SchedulePatch::default()), "ok");
        check(backfilled(time(1), time(1), 0), "ok");
        check(
            backfilled(time(2), time(1), 0),
            "EndTime of a backfill cannot lie before",
        );
        check(backfilled(None, time(1), 0), "StartTime and EndTime have to be set");
        check(
            backfilled(time(1), time(2), -1),
            "Unknown ScheduleOverlapPolicy value: -1.",
        );
        let trigger = SchedulePatch {
            trigger_immediately: Some(TriggerImmediatelyRequest {
                overlap_policy: 99,
                scheduled_time: None,
            }),
            ..Default::default()
        };
        check(patch(&trigger), "Unknown ScheduleOverlapPolicy value: 99.");
        let both = SchedulePatch {
            pause: "a".to_owned(),
            unpause: "b".to_owned(),
            ..Default::default()
        };
        check(patch(&both), "Pause and Unpause cannot be set on the same request.");
    }
}
