//! Descriptions of runs.

use std::collections::HashMap;

use wrt_machine::activity_options;
use wrt_model::{
    Namespace, Run, Time,
    limits::ID_BYTES,
    proto::{
        ActivityType, EventAttributes, HistoryEvent, WorkflowExecution,
        enums::{EventType, PendingActivityState, PendingWorkflowTaskState, WorkflowExecutionStatus},
        workflow::{
            PendingActivityInfo, PendingChildExecutionInfo, PendingWorkflowTaskInfo, RequestIdInfo,
            WorkflowExecutionConfig, WorkflowExecutionExtendedInfo, WorkflowExecutionPauseInfo,
            pending_activity_info::{
                PauseInfo,
                pause_info::{Manual, PausedBy},
            },
        },
        workflowservice::DescribeWorkflowExecutionResponse,
    },
    run::{Activity, ChildWorkflow, Pause, WorkflowTask},
    time::proto_span,
};

use crate::{
    Engine, EngineError,
    signal::key_of,
    visibility::{execution_info, task_queue},
};

impl Engine {
    /// Everything about a run but its history.
    pub async fn describe_workflow(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
    ) -> Result<DescribeWorkflowExecutionResponse, EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        // Through the lane, because attempts that run inside the server are known there first.
        let run = self.decide(&key, &run_id, |turn| Ok(turn.run().clone())).await?;
        let first_event = self.stored_event(&run.key(), 1).await?;
        Ok(DescribeWorkflowExecutionResponse {
            execution_config: Some(execution_config(&run, first_event)),
            pending_activities: run.activities.values().map(|it| pending_activity(&run, it)).collect(),
            pending_children: run
                .children
                .iter()
                .map(|(&initiated_event_id, child)| pending_child(initiated_event_id, child))
                .collect(),
            pending_workflow_task: run.workflow_task.as_ref().map(pending_workflow_task),
            workflow_execution_info: Some(execution_info(namespace, &run)),
            workflow_extended_info: Some(extended_info(&run)),
            ..Default::default()
        })
    }
}

/// What the run was started with. A timeout that nobody has set stays unset.
fn execution_config(run: &Run, first_event: HistoryEvent) -> WorkflowExecutionConfig {
    let (workflow_execution_timeout, workflow_run_timeout) = match first_event.attributes {
        Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) => {
            (started.workflow_execution_timeout, started.workflow_run_timeout)
        }
        _ => (None, None),
    };
    WorkflowExecutionConfig {
        task_queue: Some(task_queue(&run.task_queue)),
        workflow_execution_timeout,
        workflow_run_timeout,
        default_workflow_task_timeout: Some(span(run.workflow_task_timeout_ns)),
        user_metadata: first_event.user_metadata,
    }
}

fn extended_info(run: &Run) -> WorkflowExecutionExtendedInfo {
    WorkflowExecutionExtendedInfo {
        execution_expiration_time: time(run.execution_expires_ns),
        run_expiration_time: time(run.run_expires_ns),
        cancel_requested: run.cancel_requested,
        last_reset_time: time(run.original_start_ns).map(|_| run.started().into()),
        original_start_time: Some(run.original_started().into()),
        reset_run_id: reset_run_id(run),
        pause_info: run.pause.as_ref().filter(|_| run.is_paused()).map(run_pause),
        request_id_infos: request_id_infos(run),
        ..Default::default()
    }
}

/// The events that requests have led to: the start, for a run that a caller has asked for, and those that were attached.
fn request_id_infos(run: &Run) -> HashMap<String, RequestIdInfo> {
    let by_start = Some(run.start_request_id.clone()).filter(|request_id| !request_id.is_empty());
    let info = RequestIdInfo {
        event_type: EventType::WorkflowExecutionStarted as i32,
        event_id: 1,
        buffered: false,
    };
    let attached = run.attached_request_ids.iter().cloned();
    let attached_info = RequestIdInfo {
        event_type: EventType::WorkflowExecutionOptionsUpdated as i32,
        ..Default::default()
    };
    let attached = attached.map(|request_id| (request_id, attached_info));
    by_start
        .map(|request_id| (request_id, info))
        .into_iter()
        .chain(attached)
        .collect()
}

fn run_pause(pause: &Pause) -> WorkflowExecutionPauseInfo {
    WorkflowExecutionPauseInfo {
        identity: pause.identity.clone(),
        paused_time: time(pause.time_ns),
        reason: pause.reason.clone(),
    }
}

/// The run that took the place of one that a reset has ended.
fn reset_run_id(run: &Run) -> String {
    match run.status() {
        WorkflowExecutionStatus::Terminated => run.new_execution_run_id.clone(),
        _ => String::new(),
    }
}

fn pending_activity(run: &Run, activity: &Activity) -> PendingActivityInfo {
    let cancel_requested = activity.cancel_requested_event_id != 0;
    let state = match (activity.is_started(), activity.pause.is_some()) {
        (true, _) if cancel_requested => PendingActivityState::CancelRequested,
        (true, true) => PendingActivityState::PauseRequested,
        (true, false) => PendingActivityState::Started,
        (false, true) => PendingActivityState::Paused,
        (false, false) => PendingActivityState::Scheduled,
    };
    let next_attempt_ns = if activity.backing_off && activity.pause.is_none() {
        activity.attempt_scheduled_ns
    } else {
        0
    };
    let policy = activity.retry_policy.clone().unwrap_or_default();
    PendingActivityInfo {
        activity_id: shown(&activity.activity_id),
        activity_type: Some(ActivityType {
            name: shown(&activity.activity_type),
        }),
        state: state as i32,
        heartbeat_details: activity.heartbeat_details.clone(),
        last_heartbeat_time: time(activity.heartbeat_ns),
        last_started_time: time(activity.started_ns),
        attempt: activity.attempt_number(),
        maximum_attempts: policy.maximum_attempts,
        // That of the current attempt, as Temporal shows it.
        scheduled_time: time(activity.attempt_scheduled_ns.max(activity.scheduled_ns)),
        expiration_time: (activity.schedule_to_close_ns > 0)
            .then(|| time(activity.scheduled_ns.saturating_add(activity.schedule_to_close_ns)))
            .flatten(),
        last_failure: activity.last_failure.clone(),
        last_worker_identity: if activity.identity.is_empty() {
            activity.last_identity.clone()
        } else {
            activity.identity.clone()
        },
        next_attempt_schedule_time: time(next_attempt_ns),
        current_retry_interval: (next_attempt_ns > 0 && activity.last_attempt_complete_ns > 0)
            .then(|| span(next_attempt_ns - activity.last_attempt_complete_ns)),
        last_attempt_complete_time: time(activity.last_attempt_complete_ns),
        last_deployment_version: activity.last_deployment_version.clone(),
        priority: run.priority_of(activity),
        paused: activity.pause.is_some(),
        pause_info: activity.pause.as_ref().map(activity_pause),
        activity_options: Some(activity_options(activity)),
        ..Default::default()
    }
}

fn activity_pause(pause: &Pause) -> PauseInfo {
    PauseInfo {
        pause_time: time(pause.time_ns),
        paused_by: Some(PausedBy::Manual(Manual {
            identity: pause.identity.clone(),
            reason: pause.reason.clone(),
        })),
    }
}

fn pending_child(initiated_id: i64, child: &ChildWorkflow) -> PendingChildExecutionInfo {
    PendingChildExecutionInfo {
        workflow_id: shown(&child.workflow_id),
        run_id: child.run_id.clone(),
        workflow_type_name: shown(&child.workflow_type),
        initiated_id,
        parent_close_policy: child.parent_close_policy,
    }
}

fn pending_workflow_task(task: &WorkflowTask) -> PendingWorkflowTaskInfo {
    let state = if task.is_started() {
        PendingWorkflowTaskState::Started
    } else {
        PendingWorkflowTaskState::Scheduled
    };
    PendingWorkflowTaskInfo {
        state: state as i32,
        scheduled_time: time(task.scheduled_ns),
        original_scheduled_time: time(task.scheduled_ns),
        started_time: time(task.started_ns),
        attempt: task.attempt,
    }
}

/// A name as far as names may go. Earlier versions stored longer ones, which would not fit into an answer.
fn shown(name: &str) -> String {
    if name.len() <= ID_BYTES {
        return name.to_owned();
    }
    format!("{}…", &name[..name.floor_char_boundary(ID_BYTES)])
}

fn time(nanos: i64) -> Option<prost_types::Timestamp> {
    (nanos != 0).then(|| Time::from_nanos(nanos).into())
}

fn span(nanos: i64) -> prost_types::Duration {
    proto_span(std::time::Duration::from_nanos(nanos.unsigned_abs()))
}
