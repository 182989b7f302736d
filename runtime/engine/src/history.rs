//! Reading histories, and waiting for them to grow.

use std::time::Duration;

use wrt_model::{
    Namespace, Run, RunKey, WorkflowKey,
    proto::{HistoryEvent, WorkflowExecution},
};

use crate::{Engine, EngineError, signal::key_of};

/// A part of a history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The run that the events belong to.
    pub run_id: String,
    /// Events in order, without a gap.
    pub events: Vec<HistoryEvent>,
    /// The id that follows the last event of this page.
    pub next_event_id: i64,
    /// The last event of the run when this page was read.
    pub last_event_id: i64,
    /// Whether the run was open when this page was read.
    pub is_open: bool,
}

impl Engine {
    /// Events of a run from `from_event_id` on, whole commits until about `max_bytes` are reached. An empty run id stands
    /// for the current run.
    pub async fn workflow_history(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        from_event_id: i64,
        max_bytes: usize,
    ) -> Result<HistoryPage, EngineError> {
        let run = self.stored_run(namespace, execution).await?;
        let events = if from_event_id > run.history_length() {
            Vec::new()
        } else {
            self.read_events(&run.key(), from_event_id, max_bytes).await?
        };
        Ok(HistoryPage {
            next_event_id: events.last().map_or(from_event_id, |event| event.event_id + 1),
            events,
            last_event_id: run.history_length(),
            is_open: run.is_open(),
            run_id: run.run_id,
        })
    }

    /// Waits until the run has an event after `after_event_id`, or with `until_closed` until it is closed; at most until
    /// the deadline.
    pub async fn wait_history(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        after_event_id: i64,
        until_closed: bool,
        deadline: Duration,
    ) -> Result<(), EngineError> {
        let run_id = execution.run_id.clone();
        let mut progress = self.inner.watchers.subscribe(&run_id);
        let run = self.stored_run(namespace, execution).await;
        let arrived = run.as_ref().map_or(true, |run| {
            !run.is_open() || (!until_closed && run.history_length() > after_event_id)
        });
        if !arrived {
            let grown = progress
                .wait_for(|progress| progress.is_closed || (!until_closed && progress.last_event_id > after_event_id));
            tokio::select! {
                _ = grown => {}
                () = tokio::time::sleep(deadline) => {}
                () = self.inner.stopping.cancelled() => {}
            }
        }
        drop(progress);
        self.inner.watchers.release(&run_id);
        run.map(|_| ())
    }

    /// A run as the store has it.
    pub(crate) async fn stored_run(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
    ) -> Result<Run, EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        if !run_id.is_empty() {
            return Ok(self.past_run(&key, &run_id).await?.run);
        }
        match self.inner.store.current_run(&key).await? {
            Some(stored) => Ok(stored.run),
            None => Ok(self.past_run(&key, "").await?.run),
        }
    }

    /// Stored events of a run.
    pub(crate) async fn read_events(
        &self,
        key: &RunKey,
        first_event_id: i64,
        max_bytes: usize,
    ) -> Result<Vec<HistoryEvent>, EngineError> {
        let mut events = Vec::new();
        for batch in self.inner.store.history(key, first_event_id, max_bytes).await? {
            let decoded = batch.decode().map_err(|cause| EngineError::Corrupt {
                what: format!("history of run {key}"),
                cause,
            })?;
            events.extend(decoded);
        }
        if events.first().is_some_and(|event| event.event_id < first_event_id) {
            events.retain(|event| event.event_id >= first_event_id);
        }
        Ok(events)
    }

    /// One event of a run, as the store has it.
    pub(crate) async fn stored_event(&self, key: &RunKey, event_id: i64) -> Result<HistoryEvent, EngineError> {
        let events = self.read_events(key, event_id, 1).await?;
        events.into_iter().next().ok_or_else(|| EngineError::WorkflowNotFound {
            namespace: key.workflow.namespace_id.clone(),
            workflow_id: key.workflow.workflow_id.clone(),
            run_id: key.run_id.clone(),
        })
    }

    /// Has the lane take the run up again, after something went wrong.
    pub(crate) fn recover_later(&self, key: &WorkflowKey) {
        let (engine, key) = (self.clone(), key.clone());
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => engine.send(&key, crate::lane::Message::Recover),
                () = engine.inner.stopping.cancelled() => {}
            }
        });
    }
}
