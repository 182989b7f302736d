//! Checks of a start, alone or with a signal, and the defaults that depend on which of the two it is.
//!
//! The retry policy is checked by the rules, which take it from guests too.

use prost_types::Duration;
use uuid::Uuid;
use wrt_model::{
    Limits,
    limits::SEARCH_ATTRIBUTES_BYTES,
    priority::FAIRNESS_KEY_BYTES,
    proto::{
        Memo, Payloads, Priority, SearchAttributes, TaskQueue, WorkflowType,
        enums::{WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse},
        workflowservice::{SignalWithStartWorkflowExecutionRequest, StartWorkflowExecutionRequest},
    },
};

use super::{Checked, blob, bounded, choice, duration, invalid, memo, message_size, required, task_queue, unsupported};
use crate::{worker_deployment, workflow_options};

/// What the two requests have in common.
struct Start<'a> {
    workflow_id: &'a str,
    workflow_type: Option<&'a WorkflowType>,
    task_queue: Option<&'a TaskQueue>,
    input: Option<&'a Payloads>,
    execution_timeout: Option<&'a Duration>,
    run_timeout: Option<&'a Duration>,
    task_timeout: Option<&'a Duration>,
    start_delay: Option<&'a Duration>,
    cron_schedule: &'a str,
    identity: &'a str,
    memo: Option<&'a Memo>,
    search_attributes: Option<&'a SearchAttributes>,
    priority: Option<&'a Priority>,
    request_id: &'a mut String,
    reuse: &'a mut i32,
    conflict: &'a mut i32,
}

/// Checks a start and fills in its defaults.
pub(crate) fn start(request: &mut StartWorkflowExecutionRequest, limits: &Limits) -> Checked {
    Start {
        workflow_id: &request.workflow_id,
        workflow_type: request.workflow_type.as_ref(),
        task_queue: request.task_queue.as_ref(),
        input: request.input.as_ref(),
        execution_timeout: request.workflow_execution_timeout.as_ref(),
        run_timeout: request.workflow_run_timeout.as_ref(),
        task_timeout: request.workflow_task_timeout.as_ref(),
        start_delay: request.workflow_start_delay.as_ref(),
        cron_schedule: &request.cron_schedule,
        identity: &request.identity,
        memo: request.memo.as_ref(),
        search_attributes: request.search_attributes.as_ref(),
        priority: request.priority.as_ref(),
        request_id: &mut request.request_id,
        reuse: &mut request.workflow_id_reuse_policy,
        conflict: &mut request.workflow_id_conflict_policy,
    }
    .check(Conflict::Fail, limits)?;
    workflow_options::settle_override(&mut request.versioning_override)?;
    worker_deployment::settle_options(&mut request.eager_worker_deployment_options, None)?;
    unsupported(!request.completion_callbacks.is_empty(), "completion_callbacks")?;
    if let Some(options) = &request.on_conflict_options
        && options.attach_completion_callbacks
        && !options.attach_request_id
    {
        return invalid("attaching request ID is required for attaching completion callbacks");
    }
    unsupported(request.continued_failure.is_some(), "continued_failure")?;
    unsupported(request.last_completion_result.is_some(), "last_completion_result")?;
    unsupported(
        request
            .time_skipping_config
            .as_ref()
            .is_some_and(|config| config.enabled),
        "time_skipping_config",
    )
}

/// Checks a start that brings a signal and fills in its defaults.
pub(crate) fn signal_with_start(request: &mut SignalWithStartWorkflowExecutionRequest, limits: &Limits) -> Checked {
    required("SignalName", &request.signal_name)?;
    blob("SignalInput", request.signal_input.as_ref(), limits)?;
    if request.workflow_id_conflict_policy == Conflict::Fail as i32 {
        return invalid(
            "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this operation.",
        );
    }
    Start {
        workflow_id: &request.workflow_id,
        workflow_type: request.workflow_type.as_ref(),
        task_queue: request.task_queue.as_ref(),
        input: request.input.as_ref(),
        execution_timeout: request.workflow_execution_timeout.as_ref(),
        run_timeout: request.workflow_run_timeout.as_ref(),
        task_timeout: request.workflow_task_timeout.as_ref(),
        start_delay: request.workflow_start_delay.as_ref(),
        cron_schedule: &request.cron_schedule,
        identity: &request.identity,
        memo: request.memo.as_ref(),
        search_attributes: request.search_attributes.as_ref(),
        priority: request.priority.as_ref(),
        request_id: &mut request.request_id,
        reuse: &mut request.workflow_id_reuse_policy,
        conflict: &mut request.workflow_id_conflict_policy,
    }
    .check(Conflict::UseExisting, limits)?;
    workflow_options::settle_override(&mut request.versioning_override)?;
    unsupported(
        request
            .time_skipping_config
            .as_ref()
            .is_some_and(|config| config.enabled),
        "time_skipping_config",
    )
}

impl Start<'_> {
    fn check(self, default_conflict: Conflict, limits: &Limits) -> Checked {
        required("WorkflowId", self.workflow_id)?;
        required("WorkflowType", self.workflow_type.map_or("", |workflow| &workflow.name))?;
        task_queue(self.task_queue)?;
        bounded("Identity", self.identity)?;
        bounded("RequestId", self.request_id)?;
        bounded("CronSchedule", self.cron_schedule)?;
        self.check_times()?;
        blob("Input", self.input, limits)?;
        memo(self.memo, limits)?;
        search_attributes(self.search_attributes)?;
        priority(self.priority)?;
        if self.request_id.is_empty() {
            // Only a client that repeats the request needs to name it.
            *self.request_id = Uuid::new_v4().to_string();
        }
        settle_policies(self.reuse, self.conflict, default_conflict)
    }

    fn check_times(&self) -> Checked {
        duration("WorkflowExecutionTimeoutSeconds", self.execution_timeout)?;
        duration("WorkflowRunTimeoutSeconds", self.run_timeout)?;
        duration("WorkflowTaskTimeoutSeconds", self.task_timeout)?;
        if !self.cron_schedule.is_empty() && self.start_delay.is_some() {
            return invalid("CronSchedule and WorkflowStartDelay may not be used together.");
        }
        duration("WorkflowStartDelaySeconds", self.start_delay)
    }
}

/// Checks that the policies go together, and replaces unset ones and the deprecated one by what they stand for.
#[expect(deprecated, reason = "clients may still send TERMINATE_IF_RUNNING")]
fn settle_policies(reuse: &mut i32, conflict: &mut i32, default_conflict: Conflict) -> Checked {
    let settled = match (
        choice("WorkflowIdReusePolicy", *reuse)?,
        choice("WorkflowIdConflictPolicy", *conflict)?,
    ) {
        (Reuse::TerminateIfRunning, Conflict::Unspecified) => (Reuse::AllowDuplicate, Conflict::TerminateExisting),
        (Reuse::TerminateIfRunning, _) => {
            return invalid(
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used together \
                 with a WorkflowIDConflictPolicy",
            );
        }
        (Reuse::RejectDuplicate, Conflict::TerminateExisting) => {
            return invalid(
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used together with \
                 WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
            );
        }
        (reuse, conflict) => (
            if reuse == Reuse::Unspecified {
                Reuse::AllowDuplicate
            } else {
                reuse
            },
            if conflict == Conflict::Unspecified {
                default_conflict
            } else {
                conflict
            },
        ),
    };
    (*reuse, *conflict) = (settled.0 as i32, settled.1 as i32);
    Ok(())
}

/// Checks the search attributes of a workflow or a schedule.
pub(crate) fn search_attributes(attributes: Option<&SearchAttributes>) -> Checked {
    message_size("SearchAttributes", attributes, SEARCH_ATTRIBUTES_BYTES)
}

/// Checks the priority of a workflow.
pub(crate) fn priority(priority: Option<&Priority>) -> Checked {
    let Some(priority) = priority else { return Ok(()) };
    if priority.priority_key < 0 {
        return invalid(format!("priority key can't be negative: {}", priority.priority_key));
    }
    if priority.fairness_key.len() > FAIRNESS_KEY_BYTES {
        return invalid(format!(
            "fairness key length exceeds limit: {}/{FAIRNESS_KEY_BYTES}",
            priority.fairness_key.len()
        ));
    }
    if priority.fairness_weight < 0.0 || priority.fairness_weight.is_nan() {
        return invalid(format!(
            "fairness weight cannot be negative: {}",
            priority.fairness_weight
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
