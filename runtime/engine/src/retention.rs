//! Closed runs are kept for the retention of their namespace, and then removed.
//!
//! A run that closes from now on is kept for the whole retention. So nothing has to be looked at before the time at which
//! the oldest closed run is due, unless a namespace changes.

use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::Notify;
use wrt_model::{Namespace, RunKey, Time};

use crate::{Engine, EngineError, clock};

/// Runs that are removed at a time, and namespaces that are read at a time.
const PAGE: u32 = 100;
/// The pause between two looks, at least: what became due meanwhile goes together.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait. The clock is the wall's and may be set anew.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Wakes the task that removes runs when a retention may have become shorter.
#[derive(Default)]
pub(crate) struct Retention {
    changed: Notify,
}

impl Retention {
    /// A namespace has changed, or is new.
    pub(crate) fn namespace_changed(&self) {
        self.changed.notify_one();
    }
}

impl Engine {
    /// Starts the task that removes runs whose time is over.
    pub(crate) fn spawn_retention(&self) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            loop {
                let next = engine.remove_expired_runs().await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "closed runs whose retention is over are removed later");
                    None
                });
                let wait = next.map_or(LONGEST_WAIT, |next| next.since(clock::now()));
                let wait = wait.clamp(SHORTEST_WAIT, LONGEST_WAIT);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = engine.inner.retention.changed.notified() => {}
                    () = engine.inner.stopping.cancelled() => return,
                }
            }
        });
    }

    /// Removes what is due in all namespaces. Returns the time at which there may be more.
    async fn remove_expired_runs(&self) -> Result<Option<Time>, EngineError> {
        let mut next: Option<Time> = None;
        let mut after: Option<String> = None;
        loop {
            let namespaces = self.namespaces(after.as_deref(), PAGE).await?;
            let Some(last) = namespaces.last() else { return Ok(next) };
            after = Some(last.name.clone());
            for namespace in namespaces.iter().filter(|namespace| namespace.retention_ns > 0) {
                let due = self.remove_expired_runs_of(namespace).await?;
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
    }

    async fn remove_expired_runs_of(&self, namespace: &Namespace) -> Result<Time, EngineError> {
        let retention = Duration::from_nanos(namespace.retention_ns.unsigned_abs());
        let store = &self.inner.store;
        store
            .remove_batches(&namespace.id, clock::now().minus(retention))
            .await?;
        loop {
            let now = clock::now();
            let mut closed = self.inner.store.closed_runs(&namespace.id, PAGE).await?;
            let is_last_page = closed.len() < PAGE as usize;
            let kept = closed.split_off(closed.partition_point(|(_, closed)| closed.plus(retention) <= now));
            let is_over = is_last_page || !kept.is_empty();
            try_join_all(closed.into_iter().map(|(run, _)| self.remove_expired_run(run))).await?;
            if is_over {
                return Ok(kept.first().map_or(now, |(_, closed)| *closed).plus(retention));
            }
        }
    }

    /// Somebody else may have removed it first.
    async fn remove_expired_run(&self, run: RunKey) -> Result<(), EngineError> {
        match self.delete_run(run).await {
            Err(EngineError::WorkflowNotFound { .. }) => Ok(()),
            other => other,
        }
    }
}
