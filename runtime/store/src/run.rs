//! The rows of runs.

use prost::Message;
use rusqlite::{OptionalExtension as _, Params, ToSql, params};
use sqlx::Row as _;
use wrt_model::{
    Digest, Run, RunKey, WorkflowKey,
    history::HistoryBatch,
    proto::WorkflowExecution,
    run::{Parts, Written},
};

use crate::{RunWrite, Store, StoreError, sqlite::Row};

/// `close_ns` of an open run: open runs sort as the last to close.
pub(crate) const OPEN: i64 = i64::MAX;

const CURRENT: &str = "SELECT version, state FROM run WHERE namespace_id = $1 AND workflow_id = $2 AND is_current \
     ORDER BY sequence DESC LIMIT 1";
const BY_KEY: &str = "SELECT version, state FROM run WHERE run_id = $1 AND namespace_id = $2 AND workflow_id = $3";
const WORKFLOW_OF: &str = "SELECT namespace_id, workflow_id FROM run WHERE run_id = $1";
const OPEN_AFTER: &str = "SELECT version, state FROM run WHERE status IN (1, 8) AND (namespace_id, workflow_id) > ($1, $2) \
     ORDER BY namespace_id, workflow_id LIMIT $3";

const OUTGOING: &str = "SELECT version, state FROM run WHERE has_outgoing AND status NOT IN (1, 8) ORDER BY sequence";

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// The run.
    pub run: Run,
    /// How often its row has been written, from 1: what the next [`RunWrite`] replaces.
    pub version: i64,
}

impl Store {
    /// The run that answers for a workflow id: the open one, else the newest. `None` when the id was never used.
    pub async fn current_run(&self, key: &WorkflowKey) -> Result<Option<StoredRun>, StoreError> {
        self.load("load current run", CURRENT, params![key.namespace_id, key.workflow_id])
    }

    /// One run. `None` when there is none of this name.
    pub async fn run(&self, key: &RunKey) -> Result<Option<StoredRun>, StoreError> {
        let workflow = &key.workflow;
        let name = params![key.run_id, workflow.namespace_id, workflow.workflow_id];
        self.load("load run", BY_KEY, name)
    }

    /// At most `limit` open runs of all namespaces, from the one that follows the run `after`, or from the first.
    /// Calling it with the last run of each page visits every run that stays open.
    ///
    /// Errors: [`StoreError::NotFound`] when the run `after` does not exist.
    pub async fn open_runs(&self, after: Option<&str>, limit: u32) -> Result<Vec<StoredRun>, StoreError> {
        let failed = |error| self.database.failure("load open runs", error);
        // The cursor's run may have closed meanwhile; its place in the order stays. No namespace id is empty, so that
        // every run follows the empty place.
        let (namespace_id, workflow_id): (String, String) = match after {
            None => Default::default(),
            Some(run_id) => sqlx::query_as(WORKFLOW_OF)
                .bind(run_id)
                .fetch_optional(&mut *self.database.reader().await?)
                .await
                .map_err(failed)?
                .ok_or_else(|| StoreError::NotFound {
                    what: format!("run {run_id}"),
                })?,
        };
        let rows = sqlx::query(OPEN_AFTER)
            .bind(namespace_id)
            .bind(workflow_id)
            .bind(limit)
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(failed)?;
        self.all_stored(&rows)
    }

    /// Closed runs that have asked other runs for something and not been answered.
    pub async fn closed_runs_with_outgoing(&self) -> Result<Vec<StoredRun>, StoreError> {
        let rows = sqlx::query(OUTGOING)
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load runs with messages", error))?;
        self.all_stored(&rows)
    }

    /// How many open runs are pinned to a component.
    pub async fn open_runs_of(&self, digest: &Digest) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM run WHERE status IN (1, 8) AND component = $1")
            .bind(digest.as_str())
            .fetch_one(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("count open runs of component", error))
    }

    fn load(&self, action: &'static str, sql: &str, name: impl Params + Copy) -> Result<Option<StoredRun>, StoreError> {
        loop {
            let read = self.database.read_here(action, |connection| {
                let mut statement = connection.prepare_cached(sql)?;
                let row = statement.query_row(name, |row| {
                    let state = row.get_ref(1)?.as_blob()?;
                    let run = Run::decode(state).map_err(|error| unreadable(&error));
                    let has_parts = run.as_ref().is_ok_and(|run| run.parts.is_some());
                    Ok((row.get(0)?, run, has_parts.then(|| state.to_vec())))
                });
                let Some((version, run, state)) = row.optional()? else {
                    return Ok(Loaded::Nothing);
                };
                match (run, state) {
                    (Ok(run), Some(state)) => whole(connection, version, &run, &state),
                    (run, _) => Ok(Loaded::Run(Box::new(run.map(|run| StoredRun { run, version })))),
                }
            })?;
            match read {
                Loaded::Nothing => return Ok(None),
                Loaded::Run(run) => return run.map(Some),
                Loaded::Outdated => {}
            }
        }
    }

    fn all_stored(&self, rows: &[Row]) -> Result<Vec<StoredRun>, StoreError> {
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            let failed = |error| self.database.failure("read run", error);
            let version = row.try_get(0).map_err(failed)?;
            let run = decode(row.try_get(1).map_err(failed)?)?;
            if run.parts.is_none() {
                runs.push(StoredRun { run, version });
            } else {
                let name = params![run.run_id, run.namespace_id, run.workflow_id];
                // It may have been deleted since the list was read.
                runs.extend(self.load("load run", BY_KEY, name)?);
            }
        }
        Ok(runs)
    }
}

/// What has become of a load.
enum Loaded {
    Nothing,
    Run(Box<Result<StoredRun, StoreError>>),
    /// The run was written while its parts were read.
    Outdated,
}

/// Puts a run together whose row says that it has parts.
fn whole(connection: &rusqlite::Connection, version: i64, run: &Run, row: &[u8]) -> rusqlite::Result<Loaded> {
    let Parts { first, next, .. } = run.parts.as_ref().expect("the caller has looked");
    let mut statement = connection.prepare_cached(PARTS)?;
    let parts: Vec<Vec<u8>> = statement
        .query_map(params![run.run_id, first], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let expected = usize::try_from(next - first).unwrap_or(usize::MAX);
    if parts.len() != expected {
        let mut statement = connection.prepare_cached("SELECT version FROM run WHERE run_id = ?1")?;
        let now: Option<i64> = statement.query_row([&run.run_id], |row| row.get(0)).optional()?;
        if now != Some(version) {
            return Ok(Loaded::Outdated);
        }
        return Ok(Loaded::Run(Box::new(Err(StoreError::Unreadable {
            what: "run".to_owned(),
            cause: format!("{} of its {expected} parts are there", parts.len()),
        }))));
    }
    let run = Run::read(parts.iter().map(Vec::as_slice), row);
    Ok(Loaded::Run(Box::new(
        run.map(|run| StoredRun { run, version })
            .map_err(|error| unreadable(&error)),
    )))
}

fn unreadable(error: &prost::DecodeError) -> StoreError {
    StoreError::Unreadable {
        what: "run".to_owned(),
        cause: error.to_string(),
    }
}

/// Decodes the row of a run; what it has open in parts is not there.
pub(crate) fn decode(state: &[u8]) -> Result<Run, StoreError> {
    Run::read([], state).map_err(|error| unreadable(&error))
}

// === Writing ===

/// What a write does to a row. Each kind touches no more indexes than it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An open run goes on: no index.
    Step,
    /// A run closes, is paused or goes on, or changes after it closed: the indexes by status and by close time.
    Close,
    /// A new run: all indexes.
    Create,
}

impl Change {
    /// In the order in which one transaction has to make them: a run that continues another one is created after that
    /// one has closed.
    pub(crate) const ORDER: [Change; 3] = [Change::Step, Change::Close, Change::Create];
}

/// A write as a row: a run, and the events that were appended.
#[derive(Debug)]
pub(crate) struct RunRow {
    pub(crate) change: Change,
    pub(crate) run_id: String,
    namespace_id: String,
    workflow_id: String,
    version: i64,
    is_current: bool,
    status: i32,
    workflow_type: String,
    task_queue: String,
    component: String,
    start_ns: i64,
    execution_ns: i64,
    close_ns: i64,
    history_length: i64,
    history_bytes: i64,
    state_transitions: i64,
    has_outgoing: bool,
    parent: Option<WorkflowExecution>,
    root: Option<WorkflowExecution>,
    written: Written,
    history: Option<HistoryBatch>,
}

/// What the column `close_ns` of a run holds.
pub(crate) fn close_column(run: &Run) -> i64 {
    if run.is_open() { OPEN } else { run.close_ns }
}

impl RunRow {
    /// Encodes a write.
    pub(crate) fn new(write: RunWrite<'_>) -> Self {
        let RunWrite {
            run,
            version,
            is_current,
            history,
            changes_status,
            written,
            ..
        } = write;
        let change = match (version, run.is_open() && !changes_status) {
            (0, _) => Change::Create,
            (_, true) => Change::Step,
            (_, false) => Change::Close,
        };
        // Only a new row has columns for them.
        let relatives = run.parent.as_ref().filter(|_| change == Change::Create);
        RunRow {
            change,
            written,
            version: version + 1,
            is_current,
            status: run.status,
            start_ns: run.start_ns,
            execution_ns: run.execution_ns,
            close_ns: close_column(run),
            history_length: run.history_length(),
            history_bytes: run.history_bytes,
            state_transitions: run.state_transition_count,
            // Not written with a step, and not free where much is open.
            has_outgoing: change != Change::Step && run.has_outgoing(),
            parent: relatives.and_then(|parent| parent.execution.clone()),
            root: relatives.and(run.root.clone()),
            run_id: run.run_id.clone(),
            namespace_id: run.namespace_id.clone(),
            workflow_id: run.workflow_id.clone(),
            workflow_type: run.workflow_type.clone(),
            task_queue: run.task_queue.clone(),
            component: run.component.clone(),
            history,
        }
    }

    /// The run's name, for errors.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.namespace_id, self.workflow_id, self.run_id)
    }
}

const PARTS: &str = "SELECT bytes FROM run_part WHERE run_id = ?1 AND part >= ?2 ORDER BY part";
const ADD_PART: &str = "INSERT INTO run_part (run_id, part, bytes) VALUES (?1, ?2, ?3)";
const DROP_PARTS: &str = "DELETE FROM run_part WHERE run_id = ?1 AND part < ?2";

/// What changes with every write, at the version that is replaced.
const STEP: &str = "UPDATE run SET version = ?2, is_current = ?3, component = ?4, history_length = ?5, \
     history_bytes = ?6, state_transitions = ?7, state = ?8 WHERE run_id = ?1 AND version = ?2 - 1";

/// What also changes when a run closes.
const CLOSE: &str = "UPDATE run SET version = ?2, is_current = ?3, component = ?4, history_length = ?5, \
     history_bytes = ?6, state_transitions = ?7, state = ?8, status = ?9, close_ns = ?10, has_outgoing = ?11 \
     WHERE run_id = ?1 AND version = ?2 - 1";

/// And what never changes.
const CREATE: &str = "INSERT INTO run (run_id, version, is_current, component, history_length, history_bytes, \
     state_transitions, state, status, close_ns, has_outgoing, namespace_id, workflow_id, workflow_type, task_queue, \
     start_ns, execution_ns, parent_workflow_id, parent_run_id, root_workflow_id, root_run_id) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

const APPEND: &str = "INSERT INTO history (run_id, first_event_id, event_count, bytes) VALUES (?1, ?2, ?3, ?4)";

impl RunRow {
    /// Writes the run and the events that were appended, and returns how many rows there were. Refused are a row that is
    /// not at the version which is replaced, a second open run of a workflow id, and events that the run already has.
    pub(crate) fn write(&self, connection: &rusqlite::Connection) -> rusqlite::Result<u64> {
        let ([parent_workflow_id, parent_run_id], [root_workflow_id, root_run_id]) =
            (ids(&self.parent), ids(&self.root));
        let columns: [&dyn ToSql; 21] = [
            &self.run_id,
            &self.version,
            &self.is_current,
            &self.component,
            &self.history_length,
            &self.history_bytes,
            &self.state_transitions,
            &self.written.row,
            &self.status,
            &self.close_ns,
            &self.has_outgoing,
            &self.namespace_id,
            &self.workflow_id,
            &self.workflow_type,
            &self.task_queue,
            &self.start_ns,
            &self.execution_ns,
            &parent_workflow_id,
            &parent_run_id,
            &root_workflow_id,
            &root_run_id,
        ];
        let (sql, count) = match self.change {
            Change::Step => (STEP, 8),
            Change::Close => (CLOSE, 11),
            Change::Create => (CREATE, 21),
        };
        let changed = connection.prepare_cached(sql)?.execute(&columns[..count])?;
        if changed == 0 {
            return Err(rusqlite::Error::StatementChangedRows(changed));
        }
        let mut rows = 1 + self.write_parts(connection)?;
        if let Some(batch) = &self.history {
            let events = params![self.run_id, batch.first_event_id, batch.event_count, batch.bytes];
            connection.prepare_cached(APPEND)?.execute(events)?;
            rows += 1;
        }
        Ok(rows)
    }

    /// Writes what of the run does not fit its row.
    fn write_parts(&self, connection: &rusqlite::Connection) -> rusqlite::Result<u64> {
        let mut rows = 0;
        if let Some(before) = self.written.outdated_before {
            let dropped = connection
                .prepare_cached(DROP_PARTS)?
                .execute(params![self.run_id, before])?;
            rows += dropped as u64;
        }
        if let Some((number, bytes)) = &self.written.part {
            let part = params![self.run_id, number, bytes];
            connection.prepare_cached(ADD_PART)?.execute(part)?;
            rows += 1;
        }
        Ok(rows)
    }
}

fn ids(relative: &Option<WorkflowExecution>) -> [Option<&str>; 2] {
    [
        relative.as_ref().map(|execution| execution.workflow_id.as_str()),
        relative.as_ref().map(|execution| execution.run_id.as_str()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StoreOptions, sqlite::explain};

    /// What is done for every request has to go straight to its rows, however many there are.
    #[tokio::test]
    async fn loads_and_writes_seek() {
        let store = Store::open(StoreOptions { path: None, readers: 1 }).await.unwrap();
        for (sql, expected) in [
            (
                CURRENT,
                "SEARCH run USING INDEX run_by_workflow (namespace_id=? AND workflow_id=?)",
            ),
            (BY_KEY, "SEARCH run USING INDEX sqlite_autoindex_run_1 (run_id=?)"),
            (
                OPEN_AFTER,
                "SEARCH run USING INDEX run_open ((namespace_id,workflow_id)>(?,?))",
            ),
            (OUTGOING, "SCAN run USING INDEX run_outgoing"),
        ] {
            let plan = explain(&store.database, sql).await;
            assert!(plan.contains(expected), "{sql}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
