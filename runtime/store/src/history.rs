//! The rows of histories: one for each commit that appended events.

use futures::TryStreamExt;
use rusqlite::params;
use sqlx::Row as _;
use wrt_model::{RunKey, history::HistoryBatch};

use crate::{Commit, Store, StoreError, sqlite::Row};

const COPY: &str = "INSERT INTO history (run_id, first_event_id, event_count, bytes) \
     SELECT ?1, first_event_id, event_count, bytes FROM history WHERE run_id = ?2 AND first_event_id < ?3";

/// The beginning of a history that another run has in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCopy {
    /// The run that wrote it.
    pub from_run_id: String,
    /// The run that begins with it.
    pub to_run_id: String,
    /// The first event that is not copied. It begins a batch.
    pub before_event_id: i64,
}

impl Commit {
    /// Copies the beginning of a history, after the commit's runs have been written.
    pub fn copy_history(&mut self, copy: HistoryCopy) {
        self.copies.push(copy);
    }
}

impl HistoryCopy {
    /// Copies the batches without reading them.
    pub(crate) fn write(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let range = params![self.to_run_id, self.from_run_id, self.before_event_id];
        connection.prepare_cached(COPY)?.execute(range).map(drop)
    }
}

impl Store {
    /// Batches of a run's history in order, whole as they were committed. The first one contains `first_event_id`; the
    /// last one is that with which `max_bytes` is reached. Empty when the run does not exist or has fewer events.
    pub async fn history(
        &self,
        key: &RunKey,
        first_event_id: i64,
        max_bytes: usize,
    ) -> Result<Vec<HistoryBatch>, StoreError> {
        let failed = |error| self.database.failure("load history", error);
        let mut reader = self.database.reader().await?;
        let mut rows = sqlx::query(
            "SELECT first_event_id, event_count, bytes FROM history WHERE run_id = $1 \
             AND first_event_id >= (SELECT COALESCE(MAX(first_event_id), 0) FROM history \
             WHERE run_id = $1 AND first_event_id <= $2) \
             AND first_event_id + event_count > $2 \
             AND EXISTS (SELECT 1 FROM run WHERE run_id = $1 AND namespace_id = $3 AND workflow_id = $4) \
             ORDER BY first_event_id",
        )
        .bind(&key.run_id)
        .bind(first_event_id)
        .bind(&key.workflow.namespace_id)
        .bind(&key.workflow.workflow_id)
        .fetch(&mut *reader);

        let (mut batches, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            let batch = batch(&row).map_err(failed)?;
            bytes += batch.bytes.len();
            batches.push(batch);
            if bytes >= max_bytes {
                break;
            }
        }
        Ok(batches)
    }
}

fn batch(row: &Row) -> Result<HistoryBatch, sqlx::Error> {
    Ok(HistoryBatch {
        first_event_id: row.try_get(0)?,
        event_count: row.try_get(1)?,
        bytes: row.try_get(2)?,
    })
}
