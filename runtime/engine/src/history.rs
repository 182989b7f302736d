//! Reading histories, and waiting for them to grow.

use std::time::Duration;

use tokio::sync::watch;
use wrt_model::{
    Namespace, Run, RunKey, WorkflowKey,
    proto::{HistoryEvent, WorkflowExecution},
};

use crate::{Engine, EngineError, signal::key_of, watch::End};

/// Bytes of history that are read at a time for a page.
const READ_BYTES: usize = 128 * 1024;

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

/// The end of a history.
#[derive(Clone, Debug)]
pub struct HistoryEnd {
    /// The run.
    pub run_id: String,
    /// The event that closed it; `None` while it is open.
    pub closing_event: Option<HistoryEvent>,
}

impl Engine {
    /// Events of a run from `from_event_id` on, whole commits until about `max_events` or `max_bytes` are reached. An
    /// empty run id stands for the current run.
    pub async fn workflow_history(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        from_event_id: i64,
        max_events: usize,
        max_bytes: usize,
    ) -> Result<HistoryPage, EngineError> {
        let run = self.stored_run(namespace, execution).await?;
        let (mut events, mut bytes) = (Vec::<HistoryEvent>::new(), 0);
        let mut next_event_id = from_event_id;
        while next_event_id <= run.history_length() && events.len() < max_events && bytes < max_bytes {
            let mut more = self
                .read_events(&run.key(), next_event_id, READ_BYTES.min(max_bytes))
                .await?;
            let Some(last) = more.last() else { break };
            next_event_id = last.event_id + 1;
            bytes += more.iter().map(prost::Message::encoded_len).sum::<usize>();
            events.append(&mut more);
        }
        Ok(HistoryPage {
            next_event_id,
            events,
            last_event_id: run.history_length(),
            is_open: run.is_open(),
            run_id: run.run_id,
        })
    }

    /// Waits until the run has an event after `after_event_id` or is closed; at most until the deadline.
    pub async fn wait_history(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        after_event_id: i64,
        deadline: Duration,
    ) -> Result<(), EngineError> {
        let run_id = execution.run_id.clone();
        let mut growth = self.inner.growth.subscribe(&run_id);
        let run = self.stored_run(namespace, execution).await;
        let has_arrived = |run: &Run| !run.is_open() || run.history_length() > after_event_id;
        if !run.as_ref().map_or(true, has_arrived) {
            self.wait_news(&mut growth, deadline, |progress| {
                progress.is_closed || progress.last_event_id > after_event_id
            })
            .await;
        }
        drop(growth);
        self.inner.growth.release(&run_id);
        run.map(|_| ())
    }

    /// The event that closed a run. While the run is open, waits for it until the deadline. An empty run id stands for
    /// the current run.
    pub async fn history_end(
        &self,
        namespace: &Namespace,
        mut execution: WorkflowExecution,
        deadline: Duration,
    ) -> Result<HistoryEnd, EngineError> {
        if execution.run_id.is_empty() {
            let run = self.stored_run(namespace, execution.clone()).await?;
            if !run.is_open() || deadline.is_zero() {
                return self.stored_end(run).await;
            }
            execution.run_id = run.run_id;
        }
        let run_id = execution.run_id.clone();
        let mut end = self.inner.ends.subscribe(&run_id);
        let run = self.stored_run(namespace, execution.clone()).await;
        if run.as_ref().is_ok_and(Run::is_open) {
            self.wait_news(&mut end, deadline, |_| true).await;
        }
        let news = end.borrow().clone();
        drop(end);
        self.inner.ends.release(&run_id);
        match news {
            Some(End {
                closing_event: Some(event),
            }) => Ok(HistoryEnd {
                run_id,
                closing_event: Some(event),
            }),
            Some(_) => self.stored_end(self.stored_run(namespace, execution).await?).await,
            None => self.stored_end(run?).await,
        }
    }

    /// The last event of a run that has closed, or that is paused: as in Temporal, whoever asks for the end and does not wait
    /// for it gets what has stopped the run. Nothing of a run that goes on.
    pub async fn history_last(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
    ) -> Result<HistoryEnd, EngineError> {
        let run = self.stored_run(namespace, execution).await?;
        if !run.is_paused() {
            return self.stored_end(run).await;
        }
        Ok(HistoryEnd {
            closing_event: Some(self.stored_event(&run.key(), run.history_length()).await?),
            run_id: run.run_id,
        })
    }

    async fn stored_end(&self, run: Run) -> Result<HistoryEnd, EngineError> {
        let closing_event = match run.is_open() {
            true => None,
            false => Some(self.stored_event(&run.key(), run.history_length()).await?),
        };
        Ok(HistoryEnd {
            run_id: run.run_id,
            closing_event,
        })
    }

    async fn wait_news<N>(
        &self,
        news: &mut watch::Receiver<Option<N>>,
        deadline: Duration,
        is_enough: impl Fn(&N) -> bool,
    ) {
        tokio::select! {
            _ = news.wait_for(|news| news.as_ref().is_some_and(&is_enough)) => {}
            () = tokio::time::sleep(deadline) => {}
            () = self.inner.stopping.cancelled() => {}
        }
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
        if let Some(event) = self.inner.large_batches.event(&key.run_id, event_id) {
            return Ok(event);
        }
        let events = self.read_events(key, event_id, 1).await?;
        let found = events.first().cloned();
        self.inner.large_batches.keep(&key.run_id, events);
        found.ok_or_else(|| EngineError::WorkflowNotFound {
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
