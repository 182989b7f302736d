//! `wrt:workflow/external-workflow`: workflows that others have started.

use wasmtime::Result;
use wrt_model::proto::{
    self, CommandAttributes,
    command::{
        RequestCancelExternalWorkflowExecutionCommandAttributes, SignalExternalWorkflowExecutionCommandAttributes,
    },
};

use super::{
    convert::{header_from_wit, payloads_from_wit},
    ledger::{Ledger, OpenKind},
    state::RunState,
};
use crate::bindings::workflow::imports::{
    external_workflow::{Host, WorkflowExecution},
    types::{Header, Payload},
};

impl Host for RunState {
    fn signal(
        &mut self,
        execution: WorkflowExecution,
        signal_name: String,
        input: Vec<Payload>,
        header: Header,
    ) -> Result<u32> {
        let execution = proto::WorkflowExecution {
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
        };
        self.ledger
            .signal_workflow(execution, false, signal_name, input, header)
    }

    fn request_cancel(&mut self, execution: WorkflowExecution, reason: String) -> Result<u32> {
        let attributes = RequestCancelExternalWorkflowExecutionCommandAttributes {
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
            reason,
            ..Default::default()
        };
        self.ledger.open(
            CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes),
            None,
            OpenKind::External,
        )
    }
}

impl Ledger {
    /// Signals another workflow, or with `child_workflow_only` one that has to be a child of this run.
    pub(super) fn signal_workflow(
        &mut self,
        execution: proto::WorkflowExecution,
        child_workflow_only: bool,
        signal_name: String,
        input: Vec<Payload>,
        header: Header,
    ) -> Result<u32> {
        let attributes = SignalExternalWorkflowExecutionCommandAttributes {
            execution: Some(execution),
            signal_name,
            input: payloads_from_wit(input),
            child_workflow_only,
            header: header_from_wit(header),
            ..Default::default()
        };
        self.open(
            CommandAttributes::SignalExternalWorkflowExecutionCommandAttributes(attributes),
            None,
            OpenKind::External,
        )
    }
}
