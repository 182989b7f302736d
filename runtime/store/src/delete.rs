//! Removing runs with their histories, and finding those that have been kept for long.

use sqlx::Row as _;
use wrt_model::{RunKey, Time, WorkflowKey};

use crate::{Commit, Store, StoreError, run::OPEN, search_attribute};

const CLOSED: &str = "SELECT workflow_id, run_id, close_ns FROM run WHERE namespace_id = $1 AND close_ns < $2 \
     ORDER BY close_ns LIMIT $3";

const DELETE: [&str; 5] = [
    "UPDATE run SET is_current = 0 FROM run AS gone WHERE gone.run_id = ?1 \
     AND run.namespace_id = gone.namespace_id AND run.workflow_id = gone.workflow_id AND run.sequence < gone.sequence",
    "DELETE FROM history WHERE run_id = ?1",
    "DELETE FROM run WHERE run_id = ?1",
    "DELETE FROM run_part WHERE run_id = ?1",
    search_attribute::DELETE,
];

impl Commit {
    /// Removes a run and its history, after everything else that the commit writes. The runs before it answer for the
    /// workflow id no more. One that is not there is no error.
    pub fn delete(&mut self, run_id: String) {
        self.deletions.push(run_id);
    }
}

impl Store {
    /// At most `limit` closed runs of a namespace with the time at which they closed, the earliest first.
    pub async fn closed_runs(&self, namespace_id: &str, limit: u32) -> Result<Vec<(RunKey, Time)>, StoreError> {
        let failed = |error| self.database.failure("load closed runs", error);
        let rows = sqlx::query(CLOSED)
            .bind(namespace_id)
            .bind(OPEN)
            .bind(limit)
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(failed)?;
        let closed = rows.iter().map(|row| {
            let workflow_id: String = row.try_get(0)?;
            let run_id: String = row.try_get(1)?;
            let key = RunKey::new(WorkflowKey::new(namespace_id, workflow_id), run_id);
            Ok((key, Time::from_nanos(row.try_get(2)?)))
        });
        closed.collect::<Result<_, _>>().map_err(failed)
    }
}

/// Removes a run, its history and its search attributes.
pub(crate) fn delete_run(connection: &rusqlite::Connection, run_id: &str) -> rusqlite::Result<()> {
    for sql in DELETE {
        connection.prepare_cached(sql)?.execute([run_id])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StoreOptions, sqlite::explain};

    #[tokio::test]
    async fn deletions_and_the_oldest_closed_runs_seek() {
        let store = Store::open(StoreOptions { path: None, readers: 1 }).await.unwrap();
        let mut statements = DELETE.into_iter();
        for (sql, expected) in [
            (
                CLOSED,
                "SEARCH run USING INDEX run_by_close (namespace_id=? AND close_ns<?)",
            ),
            (
                statements.next().unwrap(),
                "SEARCH run USING COVERING INDEX run_by_workflow (namespace_id=? AND workflow_id=? AND sequence<?)",
            ),
            (
                statements.next().unwrap(),
                "SEARCH history USING INDEX sqlite_autoindex_history_1 (run_id=?)",
            ),
            (
                statements.next().unwrap(),
                "SEARCH run USING INDEX sqlite_autoindex_run_1 (run_id=?)",
            ),
        ] {
            let plan = explain(&store.database, sql).await;
            assert!(plan.contains(expected), "{sql}: {plan}");
            assert!(!plan.contains("SCAN run"), "{sql}: {plan}");
        }
    }
}
