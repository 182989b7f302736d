//! Messages from run to run: children are started and ended, their parents are told, other workflows are signaled.
//!
//! They leave after the commit that decided them. What is not answered because the server's process ends is sent again
//! after the next start; whoever gets a message twice knows it by its request id.

use wrt_machine::{Outgoing, Rejection, Signal};
use wrt_model::{
    Run, RunKey, WorkflowKey,
    proto::{
        EventAttributes, WorkflowExecution,
        history::{
            RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
            SignalExternalWorkflowExecutionInitiatedEventAttributes,
        },
    },
};

use crate::{Engine, EngineError, IDENTITY};

impl Engine {
    /// Sends what a run has decided to tell others, one message after the other.
    pub(crate) fn send_outgoing(&self, from: RunKey, messages: Vec<Outgoing>) {
        let (engine, hold) = (self.clone(), self.hold_time());
        self.inner.tasks.spawn(async move {
            let _hold = hold;
            for message in messages {
                match engine.send_message(&from, &message).await {
                    Ok(()) => {}
                    Err(EngineError::ShuttingDown) => return,
                    Err(error) => {
                        tracing::warn!(run = %from, ?message, %error, "a message to another run is sent again");
                        engine.recover_later(&from.workflow);
                        return;
                    }
                }
            }
        });
    }

    async fn send_message(&self, from: &RunKey, message: &Outgoing) -> Result<(), EngineError> {
        match message {
            Outgoing::StartChild(initiated_event_id) => self.start_child(from, *initiated_event_id).await,
            Outgoing::External(initiated_event_id) => self.send_external(from, *initiated_event_id).await,
            Outgoing::CloseChild(child) => self.close_child(from, child).await,
            Outgoing::TellParent => self.tell_parent(from).await,
            Outgoing::AskChild(initiated_event_id) => self.ask_child(from, *initiated_event_id).await,
            Outgoing::AskParent => self.ask_parent(from).await,
        }
    }

    // === Other workflows ===

    async fn send_external(&self, from: &RunKey, initiated_event_id: i64) -> Result<(), EngineError> {
        let event = self.stored_event(from, initiated_event_id).await?;
        let request_id = request_id(from, initiated_event_id);
        let sent = match event.attributes {
            Some(EventAttributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(initiated)) => {
                self.signal_external(from, initiated, request_id).await
            }
            Some(EventAttributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(initiated)) => {
                self.cancel_external(from, initiated, request_id).await
            }
            _ => return Ok(()),
        };
        let found = match sent {
            Ok(()) => true,
            Err(EngineError::WorkflowNotFound { .. } | EngineError::Rejected(_)) => false,
            Err(error) => return Err(error),
        };
        self.decide(&from.workflow, &from.run_id, move |turn| {
            turn.external_request_resolved(initiated_event_id, found);
            Ok(())
        })
        .await
    }

    async fn signal_external(
        &self,
        from: &RunKey,
        initiated: SignalExternalWorkflowExecutionInitiatedEventAttributes,
        request_id: String,
    ) -> Result<(), EngineError> {
        let (key, run_id) = target(from, initiated.workflow_execution);
        let child_of = initiated.child_workflow_only.then(|| from.clone());
        let signal = Signal {
            name: initiated.signal_name,
            input: initiated.input,
            identity: IDENTITY.to_owned(),
            header: initiated.header,
            request_id,
        };
        self.decide(&key, &run_id, move |turn| {
            check_child(turn.run(), child_of.as_ref())?;
            turn.signal(signal)
        })
        .await
    }

    async fn cancel_external(
        &self,
        from: &RunKey,
        initiated: RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
        request_id: String,
    ) -> Result<(), EngineError> {
        let (key, run_id) = target(from, initiated.workflow_execution);
        let child_of = initiated.child_workflow_only.then(|| from.clone());
        self.decide(&key, &run_id, move |turn| {
            check_child(turn.run(), child_of.as_ref())?;
            turn.request_cancel(initiated.reason, IDENTITY.to_owned(), request_id);
            Ok(())
        })
        .await
    }
}

/// What makes a message of a run count once.
pub(crate) fn request_id(from: &RunKey, event_id: i64) -> String {
    format!("{}:{event_id}", from.run_id)
}

fn target(from: &RunKey, execution: Option<WorkflowExecution>) -> (WorkflowKey, String) {
    let execution = execution.unwrap_or_default();
    let key = WorkflowKey::new(from.workflow.namespace_id.clone(), execution.workflow_id);
    (key, execution.run_id)
}

/// A message for a child goes to nobody else who has the child's id.
fn check_child(run: &Run, child_of: Option<&RunKey>) -> Result<(), Rejection> {
    match child_of {
        Some(parent) if run.parent.as_ref().is_none_or(|actual| actual.key() != *parent) => {
            Err(Rejection::WorkflowClosed)
        }
        _ => Ok(()),
    }
}

/// Whoever is gone, or has closed, needs no message.
pub(crate) fn ignore_gone(outcome: Result<(), EngineError>) -> Result<(), EngineError> {
    match outcome {
        Err(EngineError::WorkflowNotFound { .. } | EngineError::Rejected(_)) => Ok(()),
        other => other,
    }
}
