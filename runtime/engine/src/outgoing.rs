//! Messages from run to run: children are started and ended, their parents are told, other workflows are signaled.
//!
//! They leave after the commit that decided them. What is not answered because the server's process ends is sent again
//! after the next start; whoever gets a message twice knows it by its request id.

use wrt_machine::{ChildClose, Outgoing, Rejection, Signal, StartedBy, child_close};
use wrt_model::{
    Run, RunKey, WorkflowKey,
    priority::inherited,
    proto::{
        EventAttributes, WorkflowExecution,
        enums::{
            ParentClosePolicy, StartChildWorkflowExecutionFailedCause as StartFailed,
            WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy,
        },
        history::{
            RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
            SignalExternalWorkflowExecutionInitiatedEventAttributes,
            StartChildWorkflowExecutionInitiatedEventAttributes,
        },
        workflowservice::StartWorkflowExecutionRequest,
    },
    run::{ChildWorkflow, Parent},
};

use crate::{Engine, EngineError, IDENTITY, start::With};

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

    // === Children ===

    async fn start_child(&self, from: &RunKey, initiated_event_id: i64) -> Result<(), EngineError> {
        let event = self.stored_event(from, initiated_event_id).await?;
        let user_metadata = event.user_metadata;
        let Some(EventAttributes::StartChildWorkflowExecutionInitiatedEventAttributes(initiated)) = event.attributes
        else {
            return Ok(());
        };
        let namespace = self.namespace_by_id(&from.workflow.namespace_id).await?;
        let (root, priority) = self
            .decide(&from.workflow, &from.run_id, |turn| {
                Ok((turn.run().root.clone(), turn.run().priority.clone()))
            })
            .await?;
        let started_by = StartedBy {
            parent: Parent {
                namespace_id: namespace.id.clone(),
                execution: Some(from.execution()),
                initiated_event_id,
                close_policy: initiated.parent_close_policy,
            },
            namespace: namespace.name.clone(),
            root: root.unwrap_or_else(|| from.execution()),
        };
        let request = StartWorkflowExecutionRequest {
            request_id: request_id(from, initiated_event_id),
            user_metadata,
            priority: inherited(initiated.priority.as_ref(), priority.as_ref()),
            ..child_request(initiated)
        };
        let begun = self
            .begin(
                &namespace,
                request,
                WorkflowIdConflictPolicy::Fail,
                Some(started_by),
                With::Nothing,
            )
            .await;
        let outcome = match begun {
            Ok(started) => Ok(started),
            Err(EngineError::Rejected(Rejection::AlreadyStarted { .. })) => Err(StartFailed::WorkflowAlreadyExists),
            Err(EngineError::FailedPrecondition(_)) => Err(StartFailed::NamespaceNotFound),
            Err(EngineError::Rejected(_) | EngineError::InvalidArgument(_)) => Err(StartFailed::Unspecified),
            Err(error) => return Err(error),
        };
        // One that was started before, by the same request, may have closed meanwhile, and its word may have been lost.
        let is_over = outcome
            .as_ref()
            .is_ok_and(|started| !matches!(started.status, Status::Running | Status::Paused));
        self.decide(&from.workflow, &from.run_id, move |turn| {
            match outcome {
                Ok(started) => turn.child_started(initiated_event_id, started.run_id),
                Err(cause) => turn.child_start_failed(initiated_event_id, cause),
            }
            Ok(())
        })
        .await?;
        if is_over {
            self.ask_child(from, initiated_event_id).await?;
        }
        Ok(())
    }

    /// Ends a child by its parent close policy, in whatever run its chain has come to.
    async fn close_child(&self, from: &RunKey, child: &ChildWorkflow) -> Result<(), EngineError> {
        let key = WorkflowKey::new(from.workflow.namespace_id.clone(), child.workflow_id.clone());
        let first_run_id = child.run_id.clone();
        let (policy, request_id) = (child.parent_close_policy(), request_id(from, 0));
        let closed = self
            .decide(&key, "", move |turn| {
                if turn.run().first_execution_run_id != first_run_id {
                    return Ok(());
                }
                follow_parent(turn, policy, request_id)
            })
            .await;
        ignore_gone(closed)
    }

    /// Tells the parent how this run, the last one of its chain, has closed.
    pub(crate) async fn tell_parent(&self, from: &RunKey) -> Result<(), EngineError> {
        let run = self.past_run(&from.workflow, &from.run_id).await?.run;
        match (&run.parent, self.close_of(&run).await?) {
            (Some(parent), Some(close)) => self.child_closed(parent, run.run_id.clone(), close).await,
            _ => Ok(()),
        }
    }

    async fn child_closed(&self, parent: &Parent, run_id: String, close: ChildClose) -> Result<(), EngineError> {
        let (key, initiated_event_id) = (parent.key(), parent.initiated_event_id);
        let told = self
            .decide(&key.workflow, &key.run_id, move |turn| {
                turn.child_closed(initiated_event_id, run_id, close);
                Ok(())
            })
            .await;
        ignore_gone(told)
    }

    async fn ask_child(&self, from: &RunKey, initiated_event_id: i64) -> Result<(), EngineError> {
        let child = self
            .decide(&from.workflow, &from.run_id, move |turn| {
                Ok(turn.run().children.get(&initiated_event_id).cloned())
            })
            .await?;
        let Some(child) = child else { return Ok(()) };
        let key = WorkflowKey::new(from.workflow.namespace_id.clone(), child.workflow_id);
        let mut run = self.past_run(&key, &child.run_id).await?.run;
        while !run.new_execution_run_id.is_empty() {
            run = self.past_run(&key, &run.new_execution_run_id).await?.run;
        }
        match (&run.parent, self.close_of(&run).await?) {
            (Some(parent), Some(close)) => self.child_closed(parent, run.run_id.clone(), close).await,
            _ => Ok(()),
        }
    }

    async fn ask_parent(&self, from: &RunKey) -> Result<(), EngineError> {
        let parent = self
            .decide(&from.workflow, &from.run_id, |turn| Ok(turn.run().parent.clone()))
            .await?;
        let Some(parent) = parent else { return Ok(()) };
        let key = parent.key();
        match self.past_run(&key.workflow, &key.run_id).await {
            Ok(stored) if stored.run.is_open() => return Ok(()),
            Ok(_) | Err(EngineError::WorkflowNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let (policy, request_id) = (parent.close_policy(), request_id(&key, 0));
        let closed = self
            .decide(&from.workflow, &from.run_id, move |turn| {
                follow_parent(turn, policy, request_id)
            })
            .await;
        ignore_gone(closed)
    }

    /// How the last run of a child's chain has ended; `None` while there is none such.
    async fn close_of(&self, run: &Run) -> Result<Option<ChildClose>, EngineError> {
        if run.is_open() {
            return Ok(None);
        }
        let event = self.stored_event(&run.key(), run.history_length()).await?;
        Ok(event.attributes.and_then(|attributes| child_close(run, &attributes)))
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
            Ok(()) | Err(EngineError::Rejected(Rejection::CancellationAlreadyRequested)) => true,
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
            turn.request_cancel(initiated.reason, IDENTITY.to_owned(), request_id)
        })
        .await
    }
}

/// What makes a message of a run count once.
fn request_id(from: &RunKey, event_id: i64) -> String {
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

/// Does what the parent close policy says about the end of the parent.
fn follow_parent(
    turn: &mut wrt_machine::Turn<'_>,
    policy: ParentClosePolicy,
    request_id: String,
) -> Result<(), Rejection> {
    match policy {
        ParentClosePolicy::Abandon => Ok(()),
        ParentClosePolicy::RequestCancel => {
            turn.request_cancel("by parent close policy".to_owned(), IDENTITY.to_owned(), request_id)
        }
        ParentClosePolicy::Terminate | ParentClosePolicy::Unspecified => {
            turn.terminate("by parent close policy".to_owned(), None, IDENTITY.to_owned())
        }
    }
}

/// Whoever is gone, or has closed, needs no message.
fn ignore_gone(outcome: Result<(), EngineError>) -> Result<(), EngineError> {
    match outcome {
        Err(EngineError::WorkflowNotFound { .. } | EngineError::Rejected(_)) => Ok(()),
        other => other,
    }
}

fn child_request(initiated: StartChildWorkflowExecutionInitiatedEventAttributes) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        namespace: initiated.namespace,
        workflow_id: initiated.workflow_id,
        workflow_type: initiated.workflow_type,
        task_queue: initiated.task_queue,
        input: initiated.input,
        workflow_execution_timeout: initiated.workflow_execution_timeout,
        workflow_run_timeout: initiated.workflow_run_timeout,
        workflow_task_timeout: initiated.workflow_task_timeout,
        identity: IDENTITY.to_owned(),
        workflow_id_reuse_policy: initiated.workflow_id_reuse_policy,
        retry_policy: initiated.retry_policy,
        cron_schedule: initiated.cron_schedule,
        memo: initiated.memo,
        search_attributes: initiated.search_attributes,
        header: initiated.header,
        ..Default::default()
    }
}
