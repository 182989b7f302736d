//! Signals, and the two ways to end a run from outside.

use wrt_machine::{Rejection, Signal, Turn};
use wrt_model::{
    Namespace, WorkflowKey,
    proto::{
        WorkflowExecution,
        common::Link,
        workflowservice::{
            RequestCancelWorkflowExecutionRequest, SignalWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        },
    },
};

use crate::{Engine, EngineError, link};

impl Engine {
    /// Signals a running workflow, and returns a link to the signal.
    pub async fn signal_workflow(
        &self,
        namespace: &Namespace,
        request: SignalWorkflowExecutionRequest,
    ) -> Result<Link, EngineError> {
        let (key, run_id) = key_of(namespace, request.workflow_execution);
        let (workflow_id, request_id) = (key.workflow_id.clone(), request.request_id.clone());
        let signal = Signal {
            name: request.signal_name,
            input: request.input,
            identity: request.identity,
            header: request.header,
            request_id: request.request_id,
        };
        let signaled = self.decide(&key, &run_id, |turn| {
            turn.with_links(request.links).signal(signal)?;
            Ok(turn.run().run_id.clone())
        });
        Ok(link::to_signal(namespace, workflow_id, signaled.await?, request_id))
    }

    /// Asks a running workflow to cancel itself.
    pub async fn request_cancel_workflow(
        &self,
        namespace: &Namespace,
        request: RequestCancelWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id, first_run_id) =
            chain_of(namespace, request.workflow_execution, request.first_execution_run_id);
        self.decide(&key, &run_id, move |turn| {
            check_open_chain(turn, &first_run_id)?;
            turn.with_links(request.links)
                .request_cancel(request.reason, request.identity, request.request_id);
            Ok(())
        })
        .await
    }

    /// Ends a running workflow without asking it.
    pub async fn terminate_workflow(
        &self,
        namespace: &Namespace,
        request: TerminateWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id, first_run_id) =
            chain_of(namespace, request.workflow_execution, request.first_execution_run_id);
        self.decide(&key, &run_id, move |turn| {
            check_open_chain(turn, &first_run_id)?;
            turn.with_links(request.links)
                .terminate(request.reason, request.details, request.identity)
        })
        .await
    }
}

/// The workflow that a request names, its run, and the first run of its chain. Whoever names the latter means whichever run
/// the chain has come to.
fn chain_of(
    namespace: &Namespace,
    execution: Option<WorkflowExecution>,
    first_run_id: String,
) -> (WorkflowKey, String, String) {
    let (key, run_id) = key_of(namespace, execution);
    let run_id = if first_run_id.is_empty() { run_id } else { String::new() };
    (key, run_id, first_run_id)
}

/// Nothing happens to a closed run, so that it does not matter whose it is.
fn check_open_chain(turn: &Turn<'_>, first_run_id: &str) -> Result<(), Rejection> {
    match turn.run().is_open() {
        true => turn.check_chain(first_run_id),
        false => Ok(()),
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
