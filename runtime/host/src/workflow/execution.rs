//! `wrt:workflow/execution`: the end of the run.

use wasmtime::{Result, error::Context};
use wrt_model::proto::{
    CommandAttributes, Memo, TaskQueue, WorkflowType,
    command::{
        CancelWorkflowExecutionCommandAttributes, CompleteWorkflowExecutionCommandAttributes,
        ContinueAsNewWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
    },
    enums::{ContinueAsNewInitiator, TaskQueueKind},
};

use super::{
    convert::{
        duration_from_wit, fields_from_wit, header_from_wit, payloads_from_wit, retry_policy_from_wit,
        search_attributes_from_wit,
    },
    failure,
    state::RunState,
};
use crate::bindings::workflow::imports::{
    execution::{ContinueAsNewOptions, Host},
    failures::Failure,
    types::Payload,
};

impl Host for RunState {
    fn complete(&mut self, output: Vec<Payload>) -> Result<()> {
        let attributes = CompleteWorkflowExecutionCommandAttributes {
            result: payloads_from_wit(output),
        };
        self.ledger.close(
            CommandAttributes::CompleteWorkflowExecutionCommandAttributes(attributes),
            "execution.complete",
        )
    }

    fn fail(&mut self, failure: Failure) -> Result<()> {
        let failure = failure::from_wit(failure).context("execution.fail: a failure needs at least one link")?;
        let attributes = FailWorkflowExecutionCommandAttributes { failure: Some(failure) };
        self.ledger.close(
            CommandAttributes::FailWorkflowExecutionCommandAttributes(attributes),
            "execution.fail",
        )
    }

    fn cancel(&mut self, details: Vec<Payload>) -> Result<()> {
        let attributes = CancelWorkflowExecutionCommandAttributes {
            details: payloads_from_wit(details),
        };
        self.ledger.close(
            CommandAttributes::CancelWorkflowExecutionCommandAttributes(attributes),
            "execution.cancel",
        )
    }

    fn continue_as_new(&mut self, input: Vec<Payload>, options: ContinueAsNewOptions) -> Result<()> {
        let attributes = ContinueAsNewWorkflowExecutionCommandAttributes {
            workflow_type: options.workflow_type.map(|name| WorkflowType { name }),
            task_queue: options.task_queue.map(|name| TaskQueue {
                name,
                kind: TaskQueueKind::Normal.into(),
                ..Default::default()
            }),
            input: payloads_from_wit(input),
            workflow_run_timeout: options.run_timeout.map(duration_from_wit),
            workflow_task_timeout: options.task_timeout.map(duration_from_wit),
            retry_policy: options.retry_policy.map(retry_policy_from_wit),
            initiator: ContinueAsNewInitiator::Workflow.into(),
            header: header_from_wit(options.header),
            memo: options.memo.map(|memo| Memo {
                fields: fields_from_wit(memo),
            }),
            search_attributes: options.search_attributes.map(search_attributes_from_wit),
            ..Default::default()
        };
        self.ledger.close(
            CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(attributes),
            "execution.continue-as-new",
        )
    }
}
