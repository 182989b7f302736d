//! Children: started, asked and ended by messages between their lanes and that of their parent.

use wrt_machine::{ChildClose, Inheritance, Rejection, StartedBy, Turn, child_close};
use wrt_model::{
    Run, RunKey, WorkflowKey,
    priority::inherited,
    proto::{
        EventAttributes, WorkflowExecution,
        enums::{
            ParentClosePolicy, StartChildWorkflowExecutionFailedCause as StartFailed,
            WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy,
        },
        history::StartChildWorkflowExecutionInitiatedEventAttributes,
        workflowservice::StartWorkflowExecutionRequest,
    },
    run::{ChildWorkflow, Parent},
};

use crate::{
    Engine, EngineError, IDENTITY,
    outgoing::{ignore_gone, is_within, request_id},
    start::{Started, With},
};

impl Engine {
    #[expect(deprecated, reason = "SDKs may find their command by the control")]
    pub(crate) async fn start_child(&self, from: &RunKey, initiated_event_id: i64) -> Result<(), EngineError> {
        let event = self.stored_event(from, initiated_event_id).await?;
        let user_metadata = event.user_metadata;
        let Some(EventAttributes::StartChildWorkflowExecutionInitiatedEventAttributes(initiated)) = event.attributes
        else {
            return Ok(());
        };
        let namespace = self.namespace_by_id(&from.workflow.namespace_id).await?;
        let (root, priority, inherited_versions) = self
            .decide(&from.workflow, &from.run_id, |turn| {
                let run = turn.run();
                Ok((run.root.clone(), run.priority.clone(), Inheritance::of_child(run)))
            })
            .await?;
        let (header, control) = (initiated.header.clone(), initiated.control.clone());
        let is_within_namespace = is_within(&namespace, &initiated.namespace);
        let parent = parent(from, initiated_event_id, initiated.parent_close_policy);
        let started_by = StartedBy {
            parent: parent.clone(),
            namespace: namespace.name.clone(),
            root: root.unwrap_or_else(|| from.execution()),
            inherited: inherited_versions,
        };
        let request = StartWorkflowExecutionRequest {
            request_id: request_id(from, initiated_event_id),
            user_metadata,
            priority: inherited(initiated.priority.as_ref(), priority.as_ref()),
            ..child_request(initiated)
        };
        let workflow_id = request.workflow_id.clone();
        let begun = match is_within_namespace {
            true => {
                let conflict = WorkflowIdConflictPolicy::Fail;
                self.begin(&namespace, request, conflict, Some(started_by), With::Nothing)
                    .await
            }
            false => Err(EngineError::NamespaceNotFound(request.namespace)),
        };
        let outcome = match begun {
            Ok(started) => Ok(started),
            Err(EngineError::NamespaceNotFound(_)) => Err(StartFailed::NamespaceNotFound),
            Err(EngineError::Rejected(Rejection::AlreadyStarted { run_id, .. })) => {
                let key = WorkflowKey::new(namespace.id.clone(), workflow_id);
                let found = self.find_child(&RunKey::new(key, run_id), from, parent).await?;
                found.ok_or(StartFailed::WorkflowAlreadyExists)
            }
            Err(EngineError::InvalidVersioningOverride(_)) => Err(StartFailed::InvalidVersioningOverride),
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
                Ok(started) => turn.child_started(initiated_event_id, started.run_id, header),
                Err(cause) => turn.child_start_failed(initiated_event_id, cause, control),
            }
            Ok(())
        })
        .await?;
        if is_over {
            self.ask_child(from, initiated_event_id).await?;
        }
        Ok(())
    }

    /// The run in the way of a child's start, if it is the child: a run that a reset has put this one in the place of has
    /// begun it. From now on it answers to this run.
    async fn find_child(&self, child: &RunKey, from: &RunKey, parent: Parent) -> Result<Option<Started>, EngineError> {
        let run = self.past_run(&child.workflow, &child.run_id).await?.run;
        let Some(before) = run
            .parent
            .as_ref()
            .filter(|before| before.key().workflow == from.workflow)
        else {
            return Ok(None);
        };
        let begun_by = self.past_run(&from.workflow, &before.key().run_id).await;
        let by = self.past_run(&from.workflow, &from.run_id).await?.run;
        let is_ours = begun_by.is_ok_and(|begun_by| is_replaced(&begun_by.run, &by));
        let found = is_ours && self.adopt(&run, parent).await?;
        Ok(found.then(|| Started {
            run_id: run.first_execution_run_id.clone(),
            ..Started::of(&run, false)
        }))
    }

    /// Has a child answer to another parent than it did when it was seen. False when it has closed or changed meanwhile.
    async fn adopt(&self, child: &Run, parent: Parent) -> Result<bool, EngineError> {
        let before = child.parent.clone();
        self.decide(&child.workflow_key(), &child.run_id, move |turn| {
            Ok(turn.change_parent(before.as_ref(), parent))
        })
        .await
    }

    /// Ends a child by its parent close policy, in whatever run its chain has come to.
    pub(crate) async fn close_child(&self, from: &RunKey, child: &ChildWorkflow) -> Result<(), EngineError> {
        let key = WorkflowKey::new(from.workflow.namespace_id.clone(), child.workflow_id.clone());
        let first_run_id = child.run_id.clone();
        let (policy, parent, request_id) = (child.parent_close_policy(), from.execution(), request_id(from, 0));
        let closed = self
            .decide(&key, "", move |turn| {
                if turn.run().first_execution_run_id != first_run_id {
                    return Ok(());
                }
                follow_parent(turn, policy, parent, request_id)
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
        let (run_id_at_once, close_at_once) = (run_id.clone(), close.clone());
        let told = self
            .decide(&key.workflow, &key.run_id, move |turn| {
                let is_early = turn.awaits_child_start(initiated_event_id);
                if !is_early {
                    turn.child_closed(initiated_event_id, run_id_at_once, close_at_once);
                }
                Ok(is_early)
            })
            .await;
        match told {
            Ok(true) => {
                self.child_started_and_closed(&key, initiated_event_id, run_id, close)
                    .await
            }
            told => ignore_gone(told.map(drop)),
        }
    }

    /// The child was faster than the answer to its start.
    async fn child_started_and_closed(
        &self,
        parent: &RunKey,
        initiated_event_id: i64,
        run_id: String,
        close: ChildClose,
    ) -> Result<(), EngineError> {
        let header = match self.stored_event(parent, initiated_event_id).await?.attributes {
            Some(EventAttributes::StartChildWorkflowExecutionInitiatedEventAttributes(initiated)) => initiated.header,
            _ => None,
        };
        let told = self
            .decide(&parent.workflow, &parent.run_id, move |turn| {
                turn.child_started(initiated_event_id, run_id.clone(), header);
                turn.child_closed(initiated_event_id, run_id, close);
                Ok(())
            })
            .await;
        ignore_gone(told)
    }

    /// Sees what has become of a child. One that has closed tells this run how, because its word may have been lost; one
    /// that is open answers to this run, which a reset may have put in the place of the one that began it.
    pub(crate) async fn ask_child(&self, from: &RunKey, initiated_event_id: i64) -> Result<(), EngineError> {
        loop {
            let child = self
                .decide(&from.workflow, &from.run_id, move |turn| {
                    Ok(turn.run().children.get(&initiated_event_id).cloned())
                })
                .await?;
            let Some(child) = child else { return Ok(()) };
            let parent = parent(from, initiated_event_id, child.parent_close_policy);
            let run = match self.last_run(from, &child).await {
                Err(EngineError::WorkflowNotFound { .. }) => {
                    return self.child_closed(&parent, child.run_id, ChildClose::Terminated).await;
                }
                found => found?,
            };
            if let Some(close) = self.close_of(&run).await? {
                return self.child_closed(&parent, run.run_id, close).await;
            }
            if run.parent.as_ref() == Some(&parent) || self.adopt(&run, parent).await? {
                return Ok(());
            }
        }
    }

    /// The last run of a child's chain.
    async fn last_run(&self, from: &RunKey, child: &ChildWorkflow) -> Result<Run, EngineError> {
        let key = WorkflowKey::new(from.workflow.namespace_id.clone(), child.workflow_id.clone());
        let mut run = self.past_run(&key, &child.run_id).await?.run;
        while !run.new_execution_run_id.is_empty() {
            run = self.past_run(&key, &run.new_execution_run_id).await?.run;
        }
        Ok(run)
    }

    pub(crate) async fn ask_parent(&self, from: &RunKey) -> Result<(), EngineError> {
        let parent = self
            .decide(&from.workflow, &from.run_id, |turn| Ok(turn.run().parent.clone()))
            .await?;
        let Some(parent) = parent else { return Ok(()) };
        let key = parent.key();
        match self.past_run(&key.workflow, &key.run_id).await {
            // What a reset has ended goes on in another run, which tells its children.
            Ok(stored) if stored.run.is_open() || stored.run.was_reset() => return Ok(()),
            Ok(_) | Err(EngineError::WorkflowNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let (policy, parent, request_id) = (parent.close_policy(), key.execution(), request_id(&key, 0));
        let closed = self
            .decide(&from.workflow, &from.run_id, move |turn| {
                follow_parent(turn, policy, parent, request_id)
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
}

/// A run as its child knows it.
fn parent(run: &RunKey, initiated_event_id: i64, close_policy: i32) -> Parent {
    Parent {
        namespace_id: run.workflow.namespace_id.clone(),
        execution: Some(run.execution()),
        initiated_event_id,
        close_policy,
    }
}

/// True when a reset has put the one run, which is open, in the place of the other, or of one that continues the other.
fn is_replaced(run: &Run, by: &Run) -> bool {
    let has_same_past = run.original_execution_run_id == by.original_execution_run_id;
    let was_cut_off = run.was_reset() && run.first_execution_run_id == by.first_execution_run_id;
    by.is_open() && !run.is_open() && (has_same_past || was_cut_off)
}

/// Does what the parent close policy says about the end of the parent.
fn follow_parent(
    turn: &mut Turn<'_>,
    policy: ParentClosePolicy,
    parent: WorkflowExecution,
    request_id: String,
) -> Result<(), Rejection> {
    match policy {
        ParentClosePolicy::Abandon => Ok(()),
        ParentClosePolicy::RequestCancel => {
            turn.asked_by(parent, 0)
                .request_cancel(String::new(), IDENTITY.to_owned(), request_id);
            Ok(())
        }
        ParentClosePolicy::Terminate | ParentClosePolicy::Unspecified => {
            turn.terminate("by parent close policy".to_owned(), None, IDENTITY.to_owned())
        }
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
        workflow_id_reuse_policy: initiated.workflow_id_reuse_policy,
        retry_policy: initiated.retry_policy,
        cron_schedule: initiated.cron_schedule,
        memo: initiated.memo,
        search_attributes: initiated.search_attributes,
        header: initiated.header,
        versioning_override: initiated.versioning_override,
        ..Default::default()
    }
}
