//! What a schedule does: the request that starts its workflow.

use jiff::Timestamp;
use wrt_model::{
    Schedule, Time, payload,
    proto::{
        Payload, SearchAttributes, enums::WorkflowIdReusePolicy, workflow::NewWorkflowExecutionInfo,
        workflowservice::StartWorkflowExecutionRequest,
    },
    schedule::ScheduledStart,
};

/// The search attribute of a started workflow that holds the schedule's id.
const SCHEDULED_BY_ID: &str = "TemporalScheduledById";

/// The search attribute of a started workflow that holds its nominal time.
const SCHEDULED_START_TIME: &str = "TemporalScheduledStartTime";

/// What all starts of the workflow have in common. Namespace, identity and request id are left out.
pub fn start_request(workflow: NewWorkflowExecutionInfo) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        workflow_id: workflow.workflow_id,
        workflow_type: workflow.workflow_type,
        task_queue: workflow.task_queue,
        input: workflow.input,
        workflow_execution_timeout: workflow.workflow_execution_timeout,
        workflow_run_timeout: workflow.workflow_run_timeout,
        workflow_task_timeout: workflow.workflow_task_timeout,
        workflow_id_reuse_policy: workflow.workflow_id_reuse_policy,
        retry_policy: workflow.retry_policy,
        cron_schedule: workflow.cron_schedule,
        memo: workflow.memo,
        search_attributes: workflow.search_attributes,
        header: workflow.header,
        user_metadata: workflow.user_metadata,
        versioning_override: workflow.versioning_override,
        priority: workflow.priority,
        ..Default::default()
    }
}

/// The workflow id of a start at this nominal time, unless the original id is to be kept.
pub fn timed_workflow_id(workflow_id: &str, nominal: Time) -> String {
    format!("{workflow_id}-{}", rfc3339(nominal))
}

/// The request of one start. The same start gives the same request id, whenever it is asked for.
pub(super) fn request(
    schedule: &Schedule,
    workflow: &NewWorkflowExecutionInfo,
    start: &ScheduledStart,
) -> StartWorkflowExecutionRequest {
    let nominal = Time::from_nanos(start.nominal_ns);
    let keeps_id = schedule.policies.keep_original_workflow_id && !start.overlapping;
    // A workflow that has run at this time must not run again by itself.
    let reuse = if start.manual || keeps_id {
        WorkflowIdReusePolicy::AllowDuplicate
    } else {
        WorkflowIdReusePolicy::RejectDuplicate
    };
    let mut request = start_request(workflow.clone());
    if !keeps_id {
        request.workflow_id = timed_workflow_id(&workflow.workflow_id, nominal);
        if start.number_in_second > 0 {
            request
                .workflow_id
                .push_str(&format!("-{}", start.number_in_second + 1));
        }
    }
    request.workflow_id_reuse_policy = reuse as i32;
    request.identity = identity(schedule);
    request.request_id = request_id(schedule, start);
    request.search_attributes = Some(search_attributes(schedule, workflow, nominal));
    if !start.overlapping {
        // Workflows that run beside others do not follow one on another.
        request.last_completion_result = schedule.last_completion_result.clone();
        request.continued_failure = schedule.continued_failure.clone();
    }
    request
}

/// Who starts and ends the workflows.
pub(super) fn identity(schedule: &Schedule) -> String {
    format!("temporal-scheduler-{}", schedule.schedule_id)
}

/// A schedule that was deleted and created anew is another one.
pub(super) fn request_id(schedule: &Schedule, start: &ScheduledStart) -> String {
    let ScheduledStart { number, nominal_ns, .. } = start;
    format!("{}/{}/{nominal_ns}/{number}", schedule.schedule_id, schedule.created_ns)
}

fn search_attributes(schedule: &Schedule, workflow: &NewWorkflowExecutionInfo, nominal: Time) -> SearchAttributes {
    let mut attributes = workflow.search_attributes.clone().unwrap_or_default();
    attributes.indexed_fields.extend([
        (SCHEDULED_BY_ID.to_owned(), attribute("Keyword", &schedule.schedule_id)),
        (
            SCHEDULED_START_TIME.to_owned(),
            attribute("Datetime", &rfc3339(nominal)),
        ),
    ]);
    attributes
}

/// A text as search attributes carry it: JSON with its type beside it.
fn attribute(kind: &str, text: &str) -> Payload {
    let mut payload = payload::json(serde_json::Value::from(text).to_string());
    payload.metadata.insert("type".to_owned(), kind.as_bytes().to_vec());
    payload
}

/// In UTC, on whole seconds.
fn rfc3339(time: Time) -> String {
    let second = Timestamp::from_second(time.nanos().div_euclid(1_000_000_000));
    second.expect("the years of nanoseconds are known").to_string()
}
