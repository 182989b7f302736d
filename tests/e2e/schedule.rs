//! Schedules: what they start when, how they are told, and what a crash leaves of them.

mod actions;
mod calls;
mod crashes;

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::{Code, Status};
use wrt_model::{
    payload,
    proto::{
        EventAttributes, TaskQueue, WorkflowType,
        enums::{EventType, ScheduleOverlapPolicy as Policy, WorkflowExecutionStatus},
        schedule::{
            BackfillRequest, CalendarSpec, Schedule, ScheduleAction, ScheduleInfo, SchedulePatch, SchedulePolicies,
            ScheduleSpec, ScheduleState, TriggerImmediatelyRequest, schedule_action::Action,
        },
        workflow::NewWorkflowExecutionInfo,
        workflowservice::{
            CountSchedulesRequest, CreateScheduleRequest, CreateScheduleResponse, DeleteScheduleRequest,
            DescribeScheduleRequest, DescribeScheduleResponse, ListScheduleMatchingTimesRequest, ListSchedulesRequest,
            PatchScheduleRequest, UpdateScheduleRequest,
        },
    },
};
use wrt_tests::{Client, Run};

use crate::{assert_refused, with_contract};

/// The longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first second of 2020.
const YEAR_2020: i64 = 1_577_836_800;

/// A workflow that waits to be told to end.
const PATIENT: &str = "signal end => complete 1";

/// A schedule of the namespace of a client.
struct Handle {
    client: Client,
    id: String,
}

/// A schedule that starts the scripted workflow `w` at the times of a cron string.
fn schedule(cron: &str, script: &str, policy: Policy) -> Schedule {
    Schedule {
        spec: Some(ScheduleSpec {
            cron_string: (!cron.is_empty()).then(|| cron.to_owned()).into_iter().collect(),
            ..Default::default()
        }),
        action: Some(ScheduleAction {
            action: Some(Action::StartWorkflow(NewWorkflowExecutionInfo {
                workflow_id: "w".to_owned(),
                workflow_type: Some(WorkflowType {
                    name: "Scripted".to_owned(),
                }),
                task_queue: Some(TaskQueue {
                    name: "contract".to_owned(),
                    ..Default::default()
                }),
                input: payload::payloads(vec![payload::json(script)]),
                ..Default::default()
            })),
        }),
        policies: Some(SchedulePolicies {
            overlap_policy: policy as i32,
            ..Default::default()
        }),
        state: None,
    }
}

/// The same under another workflow id.
fn of_workflow(mut schedule: Schedule, workflow_id: &str) -> Schedule {
    if let Some(Action::StartWorkflow(workflow)) = schedule.action.as_mut().and_then(|action| action.action.as_mut()) {
        workflow.workflow_id = workflow_id.to_owned();
    }
    schedule
}

/// A trigger whose workflow gets this second of the epoch as its time.
fn trigger(second: i64, policy: Policy) -> SchedulePatch {
    SchedulePatch {
        trigger_immediately: Some(TriggerImmediatelyRequest {
            overlap_policy: policy as i32,
            scheduled_time: Some(at(second)),
        }),
        ..Default::default()
    }
}

fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

impl Handle {
    fn new(client: &Client, id: &str) -> Self {
        Handle {
            client: client.clone(),
            id: id.to_owned(),
        }
    }

    fn creating(&self, schedule: Schedule) -> CreateScheduleRequest {
        CreateScheduleRequest {
            namespace: self.client.namespace(),
            schedule_id: self.id.clone(),
            schedule: Some(schedule),
            ..Default::default()
        }
    }

    async fn send(&self, request: CreateScheduleRequest) -> Result<CreateScheduleResponse, Status> {
        Ok(self.client.temporal().create_schedule(request).await?.into_inner())
    }

    async fn create(client: &Client, id: &str, schedule: Schedule) -> Result<Self, Status> {
        let handle = Handle::new(client, id);
        handle.send(handle.creating(schedule)).await?;
        Ok(handle)
    }

    async fn describe(&self) -> Result<DescribeScheduleResponse, Status> {
        let request = DescribeScheduleRequest {
            namespace: self.client.namespace(),
            schedule_id: self.id.clone(),
        };
        Ok(self.client.temporal().describe_schedule(request).await?.into_inner())
    }

    async fn info(&self) -> Result<ScheduleInfo> {
        self.describe().await?.info.context("a description has an info")
    }

    async fn state(&self) -> Result<ScheduleState> {
        let schedule = self.describe().await?.schedule.unwrap_or_default();
        schedule.state.context("a description has a state")
    }

    /// Asks again and again until the description is as it has to become.
    async fn wait_until(&self, what: &str, test: impl Fn(&ScheduleInfo) -> bool) -> Result<ScheduleInfo> {
        let asking = async {
            loop {
                let info = self.info().await?;
                if test(&info) {
                    return Ok(info);
                }
            }
        };
        let asked = timeout(PATIENCE, asking).await;
        asked.with_context(|| format!("wait until the schedule {} has {what}", self.id))?
    }

    async fn patch(&self, patch: SchedulePatch) -> Result<(), Status> {
        let request = PatchScheduleRequest {
            namespace: self.client.namespace(),
            schedule_id: self.id.clone(),
            patch: Some(patch),
            ..Default::default()
        };
        self.client.temporal().patch_schedule(request).await.map(drop)
    }

    async fn update(&self, schedule: Schedule, conflict_token: Vec<u8>) -> Result<(), Status> {
        let request = UpdateScheduleRequest {
            namespace: self.client.namespace(),
            schedule_id: self.id.clone(),
            schedule: Some(schedule),
            conflict_token,
            ..Default::default()
        };
        self.client.temporal().update_schedule(request).await.map(drop)
    }

    async fn delete(&self) -> Result<(), Status> {
        let request = DeleteScheduleRequest {
            namespace: self.client.namespace(),
            schedule_id: self.id.clone(),
            ..Default::default()
        };
        self.client.temporal().delete_schedule(request).await.map(drop)
    }

    /// The workflow of the last action.
    fn last_run(&self, info: &ScheduleInfo) -> Run {
        let action = info.recent_actions.last().cloned().unwrap_or_default();
        let execution = action.start_workflow_result.unwrap_or_default();
        self.client.run(&execution.workflow_id, &execution.run_id)
    }
}

fn workflow_ids(info: &ScheduleInfo) -> Vec<String> {
    let actions = info.recent_actions.iter();
    let executions = actions.filter_map(|action| action.start_workflow_result.clone());
    executions.map(|execution| execution.workflow_id).collect()
}
