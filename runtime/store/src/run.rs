//! The rows of runs.

use prost::Message;
use sqlx::Row as _;
use wrt_model::{Digest, Run, RunKey, WorkflowKey, history::HistoryBatch, proto::WorkflowExecution};

use crate::{
    RunWrite, Store, StoreError,
    script::{Script, Values, bind_nulls},
    sqlite::{Row, Statement},
};

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
        let statement = sqlx::query(CURRENT).bind(&key.namespace_id).bind(&key.workflow_id);
        self.load("load current run", statement).await
    }

    /// One run. `None` when there is none of this name.
    pub async fn run(&self, key: &RunKey) -> Result<Option<StoredRun>, StoreError> {
        let statement = sqlx::query(BY_KEY)
            .bind(&key.run_id)
            .bind(&key.workflow.namespace_id)
            .bind(&key.workflow.workflow_id);
        self.load("load run", statement).await
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
        rows.iter().map(|row| self.stored(row)).collect()
    }

    /// Closed runs that have asked other runs for something and not been answered.
    pub async fn closed_runs_with_outgoing(&self) -> Result<Vec<StoredRun>, StoreError> {
        let rows = sqlx::query(OUTGOING)
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load runs with messages", error))?;
        rows.iter().map(|row| self.stored(row)).collect()
    }

    /// How many open runs are pinned to a component.
    pub async fn open_runs_of(&self, digest: &Digest) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM run WHERE status IN (1, 8) AND component = $1")
            .bind(digest.as_str())
            .fetch_one(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("count open runs of component", error))
    }

    async fn load(&self, action: &'static str, statement: Statement<'_>) -> Result<Option<StoredRun>, StoreError> {
        statement
            .fetch_optional(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure(action, error))?
            .map(|row| self.stored(&row))
            .transpose()
    }

    fn stored(&self, row: &Row) -> Result<StoredRun, StoreError> {
        let version = row
            .try_get(0)
            .map_err(|error| self.database.failure("read run", error))?;
        let state = row
            .try_get(1)
            .map_err(|error| self.database.failure("read run", error))?;
        Ok(StoredRun {
            run: decode(state)?,
            version,
        })
    }
}

/// Decodes the state of a run.
pub(crate) fn decode(state: &[u8]) -> Result<Run, StoreError> {
    Run::decode(state).map_err(|error| StoreError::Unreadable {
        what: "run".to_owned(),
        cause: error.to_string(),
    })
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

    /// The word in the rows of [`RUN_WRITE`].
    fn word(self) -> &'static str {
        match self {
            Change::Step => "step",
            Change::Close => "close",
            Change::Create => "create",
        }
    }
}

/// A write as a row: a run, and the events that were appended.
#[derive(Debug)]
pub(crate) struct RunRow {
    pub(crate) change: Change,
    run_id: String,
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
    state: Vec<u8>,
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
            state: run.encode_to_vec(),
            version: version + 1,
            is_current,
            status: run.status,
            start_ns: run.start_ns,
            execution_ns: run.execution_ns,
            close_ns: close_column(run),
            history_length: run.history_length(),
            history_bytes: run.history_bytes,
            state_transitions: run.state_transition_count,
            has_outgoing: run.has_outgoing(),
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

/// The view that runs are written through, each with the batch of its history: whatever a batch of decisions changes is
/// one statement, and with that one transaction and one answer of the database's thread. Belongs to the connection that
/// writes, so it is no part of what is stored.
///
/// It refuses a row that is not at the version which is replaced, a second open run of a workflow id, and events that
/// the run already has.
pub(crate) fn run_write() -> String {
    let step = STEP_COLUMNS[1..].to_vec();
    let close = [&step[..], &CLOSE_COLUMNS].concat();
    let create = [&STEP_COLUMNS[..], &CLOSE_COLUMNS, &CREATE_COLUMNS].concat();
    let update = |columns: &[&str]| {
        let set: Vec<_> = columns
            .iter()
            .map(|column| format!("{column} = NEW.{column}"))
            .collect();
        format!(
            "UPDATE run SET {} WHERE run_id = NEW.run_id AND version = NEW.version - 1; \
             SELECT RAISE(ABORT, 'stale') WHERE changes() = 0",
            set.join(", "),
        )
    };
    let insert = |table: &str, columns: &[&str]| {
        format!(
            "INSERT INTO {table} ({}) VALUES (NEW.{})",
            columns.join(", "),
            columns.join(", NEW."),
        )
    };
    let all = write_columns();
    let mut sql = format!("CREATE TEMP VIEW run_write ({}) AS SELECT ", all.join(", "));
    sql += &vec!["NULL"; all.len()].join(", ");
    for (name, condition, change) in [
        ("step", "NEW.change = 'step'", update(&step)),
        ("close", "NEW.change = 'close'", update(&close)),
        ("create", "NEW.change = 'create'", insert("run", &create)),
        ("history", "NEW.bytes IS NOT NULL", insert("history", &HISTORY_COLUMNS)),
    ] {
        sql += &format!(
            "; CREATE TEMP TRIGGER run_write_{name} INSTEAD OF INSERT ON run_write WHEN {condition} BEGIN {change}; END"
        );
    }
    sql
}

/// What changes with every write.
const STEP_COLUMNS: [&str; 8] = [
    "run_id",
    "version",
    "is_current",
    "component",
    "history_length",
    "history_bytes",
    "state_transitions",
    "state",
];

/// What also changes when a run closes.
const CLOSE_COLUMNS: [&str; 3] = ["status", "close_ns", "has_outgoing"];

/// What never changes.
const CREATE_COLUMNS: [&str; 10] = [
    "namespace_id",
    "workflow_id",
    "workflow_type",
    "task_queue",
    "start_ns",
    "execution_ns",
    "parent_workflow_id",
    "parent_run_id",
    "root_workflow_id",
    "root_run_id",
];

/// A batch of a history.
const HISTORY_COLUMNS: [&str; 4] = ["run_id", "first_event_id", "event_count", "bytes"];

/// The columns of the view.
fn write_columns() -> Vec<&'static str> {
    let parts = [
        &["change"],
        &STEP_COLUMNS[..],
        &HISTORY_COLUMNS[1..],
        &CLOSE_COLUMNS,
        &CREATE_COLUMNS,
    ];
    parts.concat()
}

impl Script {
    /// Writes runs and their new events, in this order.
    pub(crate) fn write_runs(&mut self, rows: &[&RunRow]) {
        self.insert("run_write", &write_columns(), rows, |row, values| row.bind(values));
        self.count(rows.iter().filter(|row| row.history.is_some()).count());
    }
}

impl RunRow {
    fn bind(&self, values: &mut Values<'_>) {
        values
            .push_bind(self.change.word())
            .push_bind(self.run_id.as_str())
            .push_bind(self.version)
            .push_bind(self.is_current)
            .push_bind(self.component.as_str())
            .push_bind(self.history_length)
            .push_bind(self.history_bytes)
            .push_bind(self.state_transitions)
            .push_bind(self.state.as_slice())
            .push_bind(self.history.as_ref().map(|batch| batch.first_event_id))
            .push_bind(self.history.as_ref().map(|batch| batch.event_count))
            .push_bind(self.history.as_ref().map(|batch| batch.bytes.as_slice()));
        match self.change {
            Change::Step => bind_nulls(CLOSE_COLUMNS.len() + CREATE_COLUMNS.len(), values),
            Change::Close => {
                self.bind_close(values);
                bind_nulls(CREATE_COLUMNS.len(), values);
            }
            Change::Create => {
                self.bind_close(values);
                self.bind_create(values);
            }
        }
    }

    fn bind_close(&self, values: &mut Values<'_>) {
        values
            .push_bind(self.status)
            .push_bind(self.close_ns)
            .push_bind(self.has_outgoing);
    }

    fn bind_create(&self, values: &mut Values<'_>) {
        values
            .push_bind(self.namespace_id.as_str())
            .push_bind(self.workflow_id.as_str())
            .push_bind(self.workflow_type.as_str())
            .push_bind(self.task_queue.as_str())
            .push_bind(self.start_ns)
            .push_bind(self.execution_ns);
        for relative in [&self.parent, &self.root] {
            values
                .push_bind(relative.as_ref().map(|execution| execution.workflow_id.as_str()))
                .push_bind(relative.as_ref().map(|execution| execution.run_id.as_str()));
        }
    }
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
