//! Commands of Temporal's SDKs as those of the server's API.

use wasmtime::{Result, bail};
use wrt_model::{
    payload,
    proto::{
        CommandAttributes, Header, WorkflowExecution,
        command::{
            self, RequestCancelExternalWorkflowExecutionCommandAttributes,
            SignalExternalWorkflowExecutionCommandAttributes,
        },
        coresdk::{
            common::NamespacedWorkflowExecution,
            workflow_commands::{
                ContinueAsNewWorkflowExecution, RequestCancelExternalWorkflowExecution, ScheduleActivity,
                ScheduleLocalActivity, SignalExternalWorkflowExecution, StartChildWorkflowExecution,
                signal_external_workflow_execution::Target,
            },
        },
        enums::ContinueAsNewInitiator,
    },
};

use crate::workflow::{ledger::OpenKind, local_activity::LocalActivity};

// === Activities ===

/// An activity without a task queue goes to that of the run.
pub(super) fn schedule(mut activity: ScheduleActivity, task_queue: &str) -> (CommandAttributes, OpenKind) {
    if activity.task_queue.is_empty() {
        task_queue.clone_into(&mut activity.task_queue);
    }
    // There is no worker that could keep a place for it.
    activity.do_not_eagerly_execute = true;
    let kind = OpenKind::Activity {
        activity_id: activity.activity_id.clone(),
        activity_type: activity.activity_type.clone(),
        cancel_requested: false,
    };
    let mut attributes = command::schedule_activity_cmd_to_api(activity, false);
    if let CommandAttributes::ScheduleActivityTaskCommandAttributes(attributes) = &mut attributes {
        attributes.header = attributes.header.take().filter(is_set);
    }
    (attributes, kind)
}

/// The server repeats attempts within the task, however long they take together: no threshold makes a timer of a wait.
pub(super) fn local_activity(activity: ScheduleLocalActivity) -> LocalActivity {
    LocalActivity {
        seq: activity.seq,
        activity_id: activity.activity_id,
        activity_type: activity.activity_type,
        input: payload::payloads(activity.arguments),
        schedule_to_close_timeout: activity.schedule_to_close_timeout,
        start_to_close_timeout: activity.start_to_close_timeout,
        retry_policy: activity.retry_policy,
    }
}

// === Other workflows ===

/// A child without a task queue goes to that of the run.
pub(super) fn start_child(mut child: StartChildWorkflowExecution, task_queue: &str) -> (CommandAttributes, OpenKind) {
    if child.task_queue.is_empty() {
        task_queue.clone_into(&mut child.task_queue);
    }
    let kind = OpenKind::ChildWorkflow {
        workflow_id: child.workflow_id.clone(),
        workflow_type: child.workflow_type.clone(),
        cancel_requested: false,
    };
    let mut attributes = command::start_child_workflow_cmd_to_api(child, false);
    if let CommandAttributes::StartChildWorkflowExecutionCommandAttributes(attributes) = &mut attributes {
        attributes.header = attributes.header.take().filter(is_set);
        attributes.memo = attributes.memo.take().filter(|memo| !memo.fields.is_empty());
    }
    (attributes, kind)
}

/// `namespace` is that of the run.
pub(super) fn signal(signal: SignalExternalWorkflowExecution, namespace: &str) -> Result<CommandAttributes> {
    let (execution, child_workflow_only) = match signal.target {
        Some(Target::ChildWorkflowId(workflow_id)) => {
            let run_id = String::new();
            (WorkflowExecution { workflow_id, run_id }, true)
        }
        Some(Target::WorkflowExecution(execution)) => (within(execution, namespace)?, false),
        None => bail!("signal {} is for nobody: it needs a workflow id", signal.signal_name),
    };
    let attributes = SignalExternalWorkflowExecutionCommandAttributes {
        execution: Some(execution),
        signal_name: signal.signal_name,
        input: payload::payloads(signal.args),
        child_workflow_only,
        header: Some(Header { fields: signal.headers }).filter(is_set),
        ..Default::default()
    };
    Ok(CommandAttributes::SignalExternalWorkflowExecutionCommandAttributes(
        attributes,
    ))
}

/// `namespace` is that of the run.
pub(super) fn request_cancel(
    cancel: RequestCancelExternalWorkflowExecution,
    namespace: &str,
) -> Result<CommandAttributes> {
    let execution = within(cancel.workflow_execution.unwrap_or_default(), namespace)?;
    Ok(
        CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(
            RequestCancelExternalWorkflowExecutionCommandAttributes {
                workflow_id: execution.workflow_id,
                run_id: execution.run_id,
                reason: cancel.reason,
                ..Default::default()
            },
        ),
    )
}

fn within(execution: NamespacedWorkflowExecution, namespace: &str) -> Result<WorkflowExecution> {
    if execution.namespace.is_empty() || execution.namespace == namespace {
        return Ok(WorkflowExecution {
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
        });
    }
    bail!(
        "workflow {} is of namespace {}, and a workflow reaches those of its own namespace {namespace} only",
        execution.workflow_id,
        execution.namespace
    )
}

// === The end ===

/// What the guest leaves open stays as it is.
pub(super) fn continue_as_new(request: ContinueAsNewWorkflowExecution) -> CommandAttributes {
    let mut attributes = command::continue_as_new_cmd_to_api(request, false);
    if let CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(attributes) = &mut attributes {
        attributes.workflow_type = attributes.workflow_type.take().filter(|kind| !kind.name.is_empty());
        attributes.task_queue = attributes.task_queue.take().filter(|queue| !queue.name.is_empty());
        attributes.initiator = ContinueAsNewInitiator::Workflow.into();
    }
    attributes
}

fn is_set(header: &Header) -> bool {
    !header.fields.is_empty()
}
