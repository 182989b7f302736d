//! An update of a workflow that is started first, unless it is there.

use tokio::sync::oneshot;
use wrt_machine::{Rejection, StartRun};
use wrt_model::{
    Namespace, Run,
    proto::{
        enums::{UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdConflictPolicy},
        workflowservice::{
            StartWorkflowExecutionRequest, UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse,
        },
    },
};

use super::{Ask, UpdateMessage, message, wait_stage};
use crate::{
    Engine, EngineError,
    lane::{HotRun, Lane, Step},
    start::{Started, With},
};

/// Which of the two operations has failed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateWithStartError {
    /// The start, and so the update was not tried.
    #[error("{0}")]
    Start(EngineError),
    /// The update.
    #[error("{error}")]
    Update {
        /// Why.
        error: EngineError,
        /// A workflow was started for it, which goes on.
        has_started: bool,
    },
}

impl Engine {
    /// Starts a workflow if it is not running, and asks it for an update, in one step. Where the update is known already
    /// nothing is started.
    pub async fn update_with_start(
        &self,
        namespace: &Namespace,
        start: StartWorkflowExecutionRequest,
        update: UpdateWorkflowExecutionRequest,
    ) -> Result<(Started, UpdateWorkflowExecutionResponse), UpdateWithStartError> {
        let again = (start.clone(), update.clone());
        match self.try_update_with_start(namespace, start, update).await {
            // It had joined a run that has closed without it: now there is room for another one.
            Err(error) if is_aborted(&error) => {}
            done => return done,
        }
        let (start, update) = again;
        match self.try_update_with_start(namespace, start, update).await {
            Err(error) if is_aborted(&error) => Err(UpdateWithStartError::Update {
                error: EngineError::Aborted(Rejection::UpdateAborted.to_string()),
                has_started: false,
            }),
            done => done,
        }
    }

    async fn try_update_with_start(
        &self,
        namespace: &Namespace,
        start: StartWorkflowExecutionRequest,
        update: UpdateWorkflowExecutionRequest,
    ) -> Result<(Started, UpdateWorkflowExecutionResponse), UpdateWithStartError> {
        let stage = wait_stage(update.wait_policy.as_ref()).max(Stage::Accepted);
        let conflict = start.workflow_id_conflict_policy();
        let (key, message, answer) = message(namespace, update);
        let ask = Ask::of(&key, &message, stage);
        let with = With::Update(Box::new(message));
        let started = match self.begin(namespace, start, conflict, None, with).await {
            Ok(started) => started,
            Err(error @ EngineError::Rejected(Rejection::OtherChain)) => {
                return Err(UpdateWithStartError::Update {
                    error,
                    has_started: false,
                });
            }
            Err(error) => return Err(UpdateWithStartError::Start(error)),
        };
        match self.answered(ask, answer).await {
            Ok(updated) => Ok((started, updated)),
            Err(error) => Err(UpdateWithStartError::Update {
                error,
                has_started: started.started,
            }),
        }
    }
}

fn is_aborted(error: &UpdateWithStartError) -> bool {
    matches!(
        error,
        UpdateWithStartError::Update {
            error: EngineError::Rejected(Rejection::UpdateAborted),
            has_started: false,
        }
    )
}

impl Lane {
    /// Brings an update to the run that it is for, and says what became of the start: where there is such a run, nothing is
    /// started.
    pub(crate) async fn join_update(
        &mut self,
        start: &StartRun,
        conflict: WorkflowIdConflictPolicy,
        update: Box<UpdateMessage>,
        reply: oneshot::Sender<Result<Started, EngineError>>,
        step: &mut Step,
    ) -> Option<(Box<UpdateMessage>, oneshot::Sender<Result<Started, EngineError>>)> {
        let current = self.current.as_deref();
        let joined = current.filter(|run| run.takes_update_of_start(start, conflict, &update));
        if let Some(run) = joined {
            step.answer(reply, Ok(Started::of(&run.run, false)));
            self.receive_update(*update, step).await;
            return None;
        }
        if !update.first_run_id.is_empty() {
            // The chain that it is for is not the one that would begin.
            step.answer(reply, Err(Rejection::OtherChain.into()));
            return None;
        }
        Some((update, reply))
    }
}

impl HotRun {
    /// Whether the update goes to this run, whatever the policies of the start say: it has been answered here, or is under
    /// way, or the start has begun this run, or wants the one that there is.
    fn takes_update_of_start(
        &self,
        start: &StartRun,
        conflict: WorkflowIdConflictPolicy,
        update: &UpdateMessage,
    ) -> bool {
        let request_id = &start.request.request_id;
        let is_begun_by = |run: &Run| !request_id.is_empty() && run.start_request_id == *request_id;
        let id = update.id();
        if !self.run.is_open() {
            return self.run.has_completed(id);
        }
        is_begun_by(&self.run)
            || self.run.has_accepted(id)
            || self.waits_for_update(id)
            || conflict == WorkflowIdConflictPolicy::UseExisting
    }
}
