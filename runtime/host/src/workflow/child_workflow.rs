//! `wrt:workflow/child-workflow`: workflows that this one starts and waits for.

use wasmtime::{Result, bail};
use wrt_model::proto::{
    CommandAttributes, Memo, TaskQueue, WorkflowExecution, WorkflowType,
    command::{RequestCancelExternalWorkflowExecutionCommandAttributes, StartChildWorkflowExecutionCommandAttributes},
    enums::{ParentClosePolicy, TaskQueueKind, WorkflowIdReusePolicy},
};

use super::{
    convert::{
        duration_from_wit, fields_from_wit, header_from_wit, payloads_from_wit, priority_from_wit,
        retry_policy_from_wit, search_attributes_from_wit,
    },
    ledger::{Ledger, OpenKind},
    state::RunState,
};
use crate::bindings::workflow::imports::{
    child_workflow::{self as wit, ChildWorkflowOptions, Host},
    types::{Header, Payload},
};

impl Host for RunState {
    fn start(&mut self, workflow_type: String, input: Vec<Payload>, options: ChildWorkflowOptions) -> Result<u32> {
        let seq = self.ledger.next_seq;
        let workflow_id = options
            .workflow_id
            .unwrap_or_else(|| format!("{}_{seq}", self.run.run_id));
        let task_queue = options.task_queue.unwrap_or_else(|| self.task_queue.clone());
        let attributes = StartChildWorkflowExecutionCommandAttributes {
            workflow_id: workflow_id.clone(),
            workflow_type: Some(WorkflowType {
                name: workflow_type.clone(),
            }),
            task_queue: Some(TaskQueue {
                name: task_queue,
                kind: TaskQueueKind::Normal.into(),
                ..Default::default()
            }),
            input: payloads_from_wit(input),
            workflow_execution_timeout: options.execution_timeout.map(duration_from_wit),
            workflow_run_timeout: options.run_timeout.map(duration_from_wit),
            workflow_task_timeout: options.task_timeout.map(duration_from_wit),
            parent_close_policy: parent_close_policy(options.parent_close_policy).into(),
            workflow_id_reuse_policy: id_reuse_policy(options.id_reuse_policy).into(),
            retry_policy: options.retry_policy.map(retry_policy_from_wit),
            cron_schedule: options.cron_schedule.unwrap_or_default(),
            header: header_from_wit(options.header),
            memo: (!options.memo.is_empty()).then(|| Memo {
                fields: fields_from_wit(options.memo),
            }),
            search_attributes: (!options.search_attributes.is_empty())
                .then(|| search_attributes_from_wit(options.search_attributes)),
            priority: options.priority.map(priority_from_wit),
            ..Default::default()
        };
        self.ledger.open(
            CommandAttributes::StartChildWorkflowExecutionCommandAttributes(attributes),
            options.summary,
            OpenKind::ChildWorkflow {
                workflow_id,
                workflow_type,
                cancel_requested: false,
            },
        )
    }

    fn request_cancel(&mut self, seq: u32, reason: String) -> Result<()> {
        self.ledger.request_cancel_child(seq, reason)
    }

    fn signal(&mut self, seq: u32, signal_name: String, input: Vec<Payload>, header: Header) -> Result<u32> {
        let execution = WorkflowExecution {
            workflow_id: self.ledger.child_id(seq)?,
            run_id: String::new(),
        };
        self.ledger.signal_workflow(execution, true, signal_name, input, header)
    }
}

impl Ledger {
    /// Does nothing when the child has resolved or was asked before.
    fn request_cancel_child(&mut self, seq: u32, reason: String) -> Result<()> {
        let workflow_id = match self.open_by_seq(seq)? {
            None => return Ok(()),
            Some((
                _,
                OpenKind::ChildWorkflow {
                    workflow_id,
                    cancel_requested,
                    ..
                },
            )) => {
                if std::mem::replace(cancel_requested, true) {
                    return Ok(());
                }
                workflow_id.clone()
            }
            Some(_) => bail!("child-workflow.request-cancel: command {seq} is not a child workflow"),
        };
        let attributes = RequestCancelExternalWorkflowExecutionCommandAttributes {
            workflow_id,
            child_workflow_only: true,
            reason,
            ..Default::default()
        };
        // Nobody waits for the answer: the child resolves, whatever becomes of the request.
        self.issue(
            CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes),
            None,
        )
        .map(drop)
    }

    fn child_id(&mut self, seq: u32) -> Result<String> {
        match self.open_by_seq(seq)? {
            Some((_, OpenKind::ChildWorkflow { workflow_id, .. })) => Ok(workflow_id.clone()),
            Some(_) => bail!("child-workflow.signal: command {seq} is not a child workflow"),
            None => bail!("child-workflow.signal: the child workflow of command {seq} has resolved"),
        }
    }
}

fn parent_close_policy(policy: wit::ParentClosePolicy) -> ParentClosePolicy {
    match policy {
        wit::ParentClosePolicy::Terminate => ParentClosePolicy::Terminate,
        wit::ParentClosePolicy::Abandon => ParentClosePolicy::Abandon,
        wit::ParentClosePolicy::RequestCancel => ParentClosePolicy::RequestCancel,
    }
}

fn id_reuse_policy(policy: wit::IdReusePolicy) -> WorkflowIdReusePolicy {
    match policy {
        wit::IdReusePolicy::AllowDuplicate => WorkflowIdReusePolicy::AllowDuplicate,
        wit::IdReusePolicy::AllowDuplicateFailedOnly => WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
        wit::IdReusePolicy::RejectDuplicate => WorkflowIdReusePolicy::RejectDuplicate,
    }
}
