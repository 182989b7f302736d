//! Removing a run and its history.

use tokio::sync::oneshot;
use wrt_model::{Namespace, RunKey, proto::workflowservice::DeleteWorkflowExecutionRequest};

use crate::{
    Engine, EngineError, IDENTITY,
    lane::{Lane, Message, Step},
    signal::key_of,
};

/// What the history of an open run says at its end, for those who read it just before it is gone.
const REASON: &str = "Delete workflow execution";

/// A closed run is to be removed.
pub(crate) struct DeleteMessage {
    run_id: String,
    pub(crate) reply: oneshot::Sender<Result<(), EngineError>>,
}

impl Engine {
    /// Removes a run and its history. An open one is terminated first, which its parent and its children hear of as of
    /// every termination.
    pub async fn delete_workflow(
        &self,
        namespace: &Namespace,
        request: DeleteWorkflowExecutionRequest,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, request.workflow_execution);
        let run = self
            .decide(&key, &run_id, |turn| {
                if turn.run().is_open() {
                    turn.terminate(REASON.to_owned(), None, IDENTITY.to_owned())?;
                }
                Ok(turn.run().key())
            })
            .await?;
        // Afterwards nobody could tell it any more.
        self.tell_parent(&run).await?;
        self.delete_run(run).await
    }

    /// Removes a closed run and its history.
    pub(crate) async fn delete_run(&self, key: RunKey) -> Result<(), EngineError> {
        let (reply, answer) = oneshot::channel();
        let run_id = key.run_id;
        self.send(&key.workflow, Message::Delete(DeleteMessage { run_id, reply }));
        answer.await.unwrap_or(Err(EngineError::ShuttingDown))
    }
}

impl Lane {
    /// Removes a closed run with the step's commit.
    pub(crate) async fn receive_delete(&mut self, message: DeleteMessage, step: &mut Step) {
        let DeleteMessage { run_id, reply } = message;
        let is_open = match self.is_open(&run_id, step) {
            Some(is_open) => Ok(is_open),
            None => self
                .engine
                .past_run(&self.key, &run_id)
                .await
                .map(|run| run.run.is_open()),
        };
        let deleted = is_open.and_then(|is_open| match is_open {
            false => Ok(()),
            true => Err(EngineError::FailedPrecondition(format!(
                "run {run_id} of workflow {} is open; terminate it before it is removed",
                self.key.workflow_id
            ))),
        });
        if deleted.is_ok() {
            step.deleted.push(run_id);
        }
        step.answer(reply, deleted);
    }
    /// Whether a run of this step is open; `None` for one that is not in memory.
    fn is_open(&self, run_id: &str, step: &Step) -> Option<bool> {
        let mut hot = self.current.as_deref().into_iter().chain(&step.superseded);
        hot.find(|run| run.run.run_id == run_id).map(|run| run.run.is_open())
    }
}
