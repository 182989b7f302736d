//! The rows of histories: one for each commit that appended events.

use futures::TryStreamExt;
use sqlx::Row as _;
use wrt_model::{RunKey, history::HistoryBatch};

use crate::{Store, StoreError, script::Script, sqlite::Row};

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
        .fetch(self.database.readers());

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

/// A batch as a row.
#[derive(Debug)]
pub(crate) struct HistoryRow {
    /// The run that it belongs to.
    pub(crate) run_id: String,
    /// The events.
    pub(crate) batch: HistoryBatch,
}

impl Script {
    /// Appends batches. One at an event id that the run already has violates the primary key.
    pub(crate) fn write_history(&mut self, rows: &[&HistoryRow]) {
        self.insert(
            "history",
            &["run_id", "first_event_id", "event_count", "bytes"],
            rows,
            |row, values| {
                values
                    .push_bind(row.run_id.as_str())
                    .push_bind(row.batch.first_event_id)
                    .push_bind(row.batch.event_count)
                    .push_bind(row.batch.bytes.as_slice());
            },
        );
    }
}
