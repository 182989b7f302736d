//! Signals, and the two ways to end a run from outside.

use wrt_machine::Signal;
use wrt_model::{
    Namespace, WorkflowKey,
    proto::{
        WorkflowExecution,
        workflowservice::{
            RequestCancelWorkflowExecutionRequest, SignalWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        },
    },
};

use crate::{Engine, EngineError};

impl Engine {
    /// Signals a running workflow.
    pub async fn signal_workflow(
        &self,
        namespace: &Namespace,
        request: SignalWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, request.workflow_execution);
        let signal = Signal {
            name: request.signal_name,
            input: request.input,
            identity: request.identity,
            header: request.header,
            request_id: request.request_id,
        };
        self.decide(&key, &run_id, |turn| turn.with_links(request.links).signal(signal))
            .await
    }

    /// Asks a running workflow to cancel itself.
    pub async fn request_cancel_workflow(
        &self,
        namespace: &Namespace,
        request: RequestCancelWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, request.workflow_execution);
        self.decide(&key, &run_id, |turn| {
            turn.with_links(request.links)
                .request_cancel(request.reason, request.identity, request.request_id)
        })
        .await
    }

    /// Ends a running workflow without asking it.
    pub async fn terminate_workflow(
        &self,
        namespace: &Namespace,
        request: TerminateWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, request.workflow_execution);
        self.decide(&key, &run_id, |turn| {
            turn.with_links(request.links)
                .terminate(request.reason, request.details, request.identity)
        })
        .await
    }
}

/// The workflow that a request names, and its run, which is empty for the current one.
pub(crate) fn key_of(namespace: &Namespace, execution: Option<WorkflowExecution>) -> (WorkflowKey, String) {
    let execution = execution.unwrap_or_default();
    (
        WorkflowKey::new(namespace.id.clone(), execution.workflow_id),
        execution.run_id,
    )
}
