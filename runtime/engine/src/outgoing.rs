//! Messages from run to run: children are started and ended, their parents are told, other workflows are signaled.
//!
//! They leave after the commit that decided them. What is not answered because the server's process ends is sent again
//! after the next start; whoever gets a message twice knows it by its request id.

use wrt_machine::{ExternalAnswer, ExternalOutcome, Outgoing, Rejection, Signal};
use wrt_model::{
    Namespace, Run, RunKey, WorkflowKey,
    proto::{
        EventAttributes, WorkflowExecution,
        history::{
            RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
            SignalExternalWorkflowExecutionInitiatedEventAttributes,
        },
    },
};

use crate::{Engine, EngineError, IDENTITY};

/// Runs that tell others something at the same time: enough to share the commits of the disk. However many children start
/// children, calls from outside come between them.
pub(crate) const PLACES: usize = 256;

impl Engine {
    /// Sends what a run has decided to tell others, one message after the other.
    pub(crate) fn send_outgoing(&self, from: RunKey, messages: Vec<Outgoing>) {
        let (engine, hold) = (self.clone(), self.hold_time());
        self.inner.tasks.spawn(async move {
            let _hold = hold;
            let _place = engine.inner.outgoing_places.acquire().await;
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
        let Some(attributes) = event.attributes else {
            return Ok(());
        };
        let Some((namespace, control)) = addressed(&attributes) else {
            return Ok(());
        };
        let own = self.namespace_by_id(&from.workflow.namespace_id).await?;
        let outcome = match is_within(&own, &namespace) {
            true => self.tell_external(from, initiated_event_id, attributes).await?,
            false => ExternalOutcome::NamespaceNotFound,
        };
        let answer = ExternalAnswer {
            outcome,
            namespace: match namespace.is_empty() {
                true => own.name.clone(),
                false => namespace,
            },
            control,
        };
        self.decide(&from.workflow, &from.run_id, move |turn| {
            turn.external_request_resolved(initiated_event_id, answer);
            Ok(())
        })
        .await
    }

    async fn tell_external(
        &self,
        from: &RunKey,
        initiated_event_id: i64,
        attributes: EventAttributes,
    ) -> Result<ExternalOutcome, EngineError> {
        let told = match attributes {
            EventAttributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
                self.signal_external(from, initiated_event_id, initiated).await
            }
            EventAttributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
                self.cancel_external(from, initiated_event_id, initiated).await
            }
            _ => return Ok(ExternalOutcome::NotFound),
        };
        match told {
            Ok(()) => Ok(ExternalOutcome::Taken),
            Err(EngineError::Rejected(Rejection::SignalsLimitExceeded)) => Ok(ExternalOutcome::TooManySignals),
            Err(EngineError::WorkflowNotFound { .. } | EngineError::Rejected(_)) => Ok(ExternalOutcome::NotFound),
            Err(error) => Err(error),
        }
    }

    async fn signal_external(
        &self,
        from: &RunKey,
        initiated_event_id: i64,
        initiated: SignalExternalWorkflowExecutionInitiatedEventAttributes,
    ) -> Result<(), EngineError> {
        let (key, run_id) = target(from, initiated.workflow_execution);
        let child_of = initiated.child_workflow_only.then(|| from.clone());
        let signal = Signal {
            name: initiated.signal_name,
            input: initiated.input,
            identity: IDENTITY.to_owned(),
            header: initiated.header,
            request_id: request_id(from, initiated_event_id),
        };
        let asker = from.execution();
        self.decide(&key, &run_id, move |turn| {
            check_child(turn.run(), child_of.as_ref())?;
            turn.asked_by(asker, initiated_event_id).signal(signal)
        })
        .await
    }

    async fn cancel_external(
        &self,
        from: &RunKey,
        initiated_event_id: i64,
        initiated: RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    ) -> Result<(), EngineError> {
        let (key, run_id) = target(from, initiated.workflow_execution);
        if key == from.workflow {
            // A workflow ends itself with a command of its own.
            return Err(Rejection::WorkflowClosed.into());
        }
        let child_of = initiated.child_workflow_only.then(|| from.clone());
        let (asker, request_id) = (from.execution(), request_id(from, initiated_event_id));
        self.decide(&key, &run_id, move |turn| {
            check_child(turn.run(), child_of.as_ref())?;
            turn.asked_by(asker, initiated_event_id)
                .request_cancel(initiated.reason, IDENTITY.to_owned(), request_id);
            Ok(())
        })
        .await
    }
}

/// False when a command names another namespace than that of its run: commands stay within it.
pub(crate) fn is_within(own: &Namespace, named: &str) -> bool {
    named.is_empty() || own.name == named
}

/// The namespace that a command has named, and what its worker knows it by.
#[expect(deprecated, reason = "SDKs find their command by the control")]
fn addressed(attributes: &EventAttributes) -> Option<(String, String)> {
    match attributes {
        EventAttributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
            Some((initiated.namespace.clone(), initiated.control.clone()))
        }
        EventAttributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
            Some((initiated.namespace.clone(), initiated.control.clone()))
        }
        _ => None,
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
