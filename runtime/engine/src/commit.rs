//! The commit of a step: all runs that it changed, at once.

use wrt_model::{
    history::HistoryBatch,
    proto::{HistoryEvent, enums::EventType},
};
use wrt_store::{Commit, RunWrite, StoreError};

use crate::{
    Engine,
    lane::{HotRun, Lane, Step},
};

/// Events that a run keeps room for between two steps.
const KEPT_EVENTS: usize = 64;

impl Lane {
    /// Writes what the step has decided. After an error nothing of it has happened: the run is read again from the store.
    pub(crate) async fn commit(&mut self, step: &mut Step) -> Result<(), StoreError> {
        let superseded = step.superseded.iter_mut().filter_map(|run| run.write(false));
        let current = self.current.as_mut().and_then(|run| run.write(true));
        let mut commit: Commit = superseded.chain(current).collect();
        for run in step.superseded.iter_mut().chain(self.current.as_deref_mut()) {
            if let Some(copy) = run.copied.take() {
                commit.copy_history(copy);
            }
        }
        for run_id in &step.deleted {
            commit.delete(run_id.clone());
        }
        if !commit.is_empty()
            && let Err(error) = self.engine.store(commit).await
        {
            self.unload();
            return Err(error);
        }
        for run in step.superseded.iter_mut().chain(self.current.as_deref_mut()) {
            run.committed();
        }
        Ok(())
    }
}

impl Engine {
    async fn store(&self, commit: Commit) -> Result<(), StoreError> {
        match self.inner.lanes.is_single() {
            true => self.inner.store.commit_alone(commit).await,
            false => self.inner.store.commit(commit).await,
        }
    }
}

impl HotRun {
    /// What is to be written; `None` when nothing has changed that must survive.
    fn write(&mut self, is_current: bool) -> Option<RunWrite<'_>> {
        let events = &self.tail[self.uncommitted..];
        self.pending.durable.then(|| RunWrite {
            written: self.run.write(),
            run: &self.run,
            version: self.version,
            history: HistoryBatch::encode(events),
            is_current,
            upserts_search_attributes: self.pending.changes_search_attributes || events.iter().any(is_upsert),
            changes_status: events.iter().any(is_pause),
        })
    }

    fn committed(&mut self) {
        if self.pending.durable {
            self.version += 1;
            self.pending.durable = false;
            self.pending.changes_search_attributes = false;
        }
        match &self.instance {
            Some(instance) => {
                let seen = instance.last_event_id();
                self.tail.retain(|event| event.event_id > seen);
            }
            // What its worker gets with the next task.
            None if self.run.sticky.is_some() => {
                let seen = self.run.last_completed_started_event_id;
                self.tail.retain(|event| event.event_id > seen);
            }
            None => self.tail.clear(),
        }
        // A reset brings a whole past along; it need not be kept room for.
        self.tail.shrink_to(KEPT_EVENTS);
        self.uncommitted = self.tail.len();
    }
}

/// Also the end of one.
fn is_pause(event: &HistoryEvent) -> bool {
    matches!(
        event.event_type(),
        EventType::WorkflowExecutionPaused | EventType::WorkflowExecutionUnpaused
    )
}

fn is_upsert(event: &HistoryEvent) -> bool {
    event.event_type() == EventType::UpsertWorkflowSearchAttributes
}
