//! The first job: the run begins.

use wrt_model::{
    Time,
    proto::{HistoryEvent, history::WorkflowExecutionStartedEventAttributes},
};

use super::{
    convert::{
        duration_to_wit, fields_to_wit, header_to_wit, payloads_to_wit, priority_to_wit, retry_policy_to_wit,
        set_duration_to_wit, timestamp_to_wit,
    },
    failure,
    jobs::time_of,
    state::RunState,
    turns::BrokenHistory,
};
use crate::{RunIdentity, bindings::workflow::guest as wit};

/// Takes from the first event what the state of a run keeps of it.
pub(crate) fn begin(
    state: &mut RunState,
    started: &WorkflowExecutionStartedEventAttributes,
) -> Result<(), BrokenHistory> {
    check_seed(&state.run, started)?;
    state.task_queue = task_queue(started);
    Ok(())
}

/// The job of the first event.
pub(crate) fn to_wit(
    run: &RunIdentity,
    started: &WorkflowExecutionStartedEventAttributes,
    event: &HistoryEvent,
) -> wit::Start {
    wit::Start {
        info: info(run, started, time_of(event)),
        input: payloads_to_wit(started.input.as_ref()),
        header: header_to_wit(started.header.as_ref()),
    }
}

/// The seed comes from whoever made the instance. Another one would replay to another state, silently.
fn check_seed(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes) -> Result<(), BrokenHistory> {
    if started.original_execution_run_id == run.original_execution_run_id {
        return Ok(());
    }
    Err(BrokenHistory(format!(
        "it began as run `{}`, and the instance was made for `{}`",
        started.original_execution_run_id, run.original_execution_run_id
    )))
}

fn task_queue(started: &WorkflowExecutionStartedEventAttributes) -> String {
    started
        .task_queue
        .as_ref()
        .map(|queue| queue.name.clone())
        .unwrap_or_default()
}

fn info(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes, start_time: Time) -> wit::WorkflowInfo {
    wit::WorkflowInfo {
        namespace: run.namespace.clone(),
        workflow_id: run.workflow_id.clone(),
        run_id: run.run_id.clone(),
        first_execution_run_id: started.first_execution_run_id.clone(),
        workflow_type: started
            .workflow_type
            .as_ref()
            .map(|workflow_type| workflow_type.name.clone())
            .unwrap_or_default(),
        task_queue: task_queue(started),
        attempt: u32::try_from(started.attempt).unwrap_or(1),
        start_time: timestamp_to_wit(start_time),
        execution_timeout: set_duration_to_wit(started.workflow_execution_timeout.as_ref()),
        run_timeout: set_duration_to_wit(started.workflow_run_timeout.as_ref()),
        task_timeout: set_duration_to_wit(started.workflow_task_timeout.as_ref())
            .unwrap_or_else(|| duration_to_wit(std::time::Duration::ZERO)),
        retry_policy: started.retry_policy.as_ref().map(retry_policy_to_wit),
        cron_schedule: Some(started.cron_schedule.clone()).filter(|cron| !cron.is_empty()),
        parent: parent(started),
        root: root(run, started),
        continued_run_id: Some(started.continued_execution_run_id.clone()).filter(|run_id| !run_id.is_empty()),
        priority: started.priority.as_ref().map(priority_to_wit),
        memo: fields_to_wit(started.memo.as_ref().map(|memo| &memo.fields)),
        search_attributes: fields_to_wit(
            started
                .search_attributes
                .as_ref()
                .map(|attributes| &attributes.indexed_fields),
        ),
        continued_failure: started.continued_failure.as_ref().map(failure::to_wit),
        last_completion_result: payloads_to_wit(started.last_completion_result.as_ref()),
    }
}

fn parent(started: &WorkflowExecutionStartedEventAttributes) -> Option<wit::RelatedExecution> {
    let execution = started.parent_workflow_execution.clone()?;
    Some(wit::RelatedExecution {
        namespace: started.parent_workflow_namespace.clone(),
        workflow_id: execution.workflow_id,
        run_id: execution.run_id,
    })
}

fn root(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes) -> wit::RelatedExecution {
    // A run without a parent is its own root.
    let root = started.root_workflow_execution.as_ref();
    let (workflow_id, run_id) = match root {
        Some(root) => (&root.workflow_id, &root.run_id),
        None => (&run.workflow_id, &run.run_id),
    };
    wit::RelatedExecution {
        namespace: run.namespace.clone(),
        workflow_id: workflow_id.clone(),
        run_id: run_id.clone(),
    }
}
