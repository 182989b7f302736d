//! The gate: all changes of runs, many of them in one transaction.
//!
//! One task writes. While it waits for the disk, commits queue up; then it takes all that are there and writes them
//! together, so the disk is waited for once per batch and not once per commit.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};
use wrt_model::{Run, history::HistoryBatch};

use crate::{
    Store, StoreError,
    history::{self, HistoryRow},
    run::{self, Change, RunRow},
    sqlite::{BEGIN, Connection, Database},
};

/// The most commits that share a transaction.
const BATCH_COMMITS: usize = 512;

/// The most commits that wait for the next transaction; whoever brings more waits before the gate.
const QUEUE_COMMITS: usize = 1024;

/// The most rows that one statement writes.
const STATEMENT_ROWS: usize = 64;

/// All that one decision changes: stored whole or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// The runs that change.
    pub runs: Vec<RunWrite>,
}

/// What a decision changes about one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunWrite {
    /// The run after the decision.
    pub run: Run,
    /// The version that it replaces; 0 for a new run. The version stored is one more.
    pub version: i64,
    /// Events that the decision appended.
    pub history: Option<HistoryBatch>,
    /// The run answers for its workflow id, until a run that is created later does.
    pub is_current: bool,
}

/// What the gate has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Transactions that were synced to disk.
    pub transactions: u64,
    /// Commits that those transactions held.
    pub commits: u64,
    /// Rows that they wrote.
    pub row_writes: u64,
}

impl Store {
    /// Stores all that a decision changes, and returns once it is synced to disk. Goes on to the end when the caller
    /// stops waiting.
    ///
    /// Errors: [`StoreError::Conflict`] when a run is not at the version that is to be replaced, when a new run exists
    /// already or another one of its workflow id is open; then nothing of this commit is stored, and commits that shared
    /// its transaction are not affected. All errors of the disk; then the run has to be loaded again.
    pub async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        let job = Job {
            rows: Rows::new(commit),
            reply,
        };
        self.gate
            .queue
            .send(Message::Commit(job))
            .await
            .map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// What the gate has done since the store was opened.
    pub fn stats(&self) -> StoreStats {
        let Counters {
            transactions,
            commits,
            row_writes,
        } = self.gate.counters.as_ref();
        StoreStats {
            transactions: transactions.load(Ordering::Relaxed),
            commits: commits.load(Ordering::Relaxed),
            row_writes: row_writes.load(Ordering::Relaxed),
        }
    }
}

/// The way to the task that writes. The task ends when the gate is closed or dropped.
pub(crate) struct Gate {
    queue: mpsc::Sender<Message>,
    task: Mutex<Option<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

impl Gate {
    /// Starts the task that writes.
    pub(crate) fn open(database: Arc<Database>) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE_COMMITS);
        let counters = Arc::new(Counters::default());
        let writer = Writer {
            database,
            counters: counters.clone(),
        };
        Gate {
            queue,
            task: Mutex::new(Some(tokio::spawn(writer.run(messages)))),
            counters,
        }
    }

    /// Refuses new commits and waits until all that were queued are written.
    pub(crate) async fn close(&self) {
        // It fails when the gate is closed already, and then there is only the task to wait for.
        let _ = self.queue.send(Message::Close).await;
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task that writes commits broke down");
        }
    }
}

enum Message {
    Commit(Job),
    Close,
}

struct Job {
    rows: Rows,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

/// A commit as rows, encoded by the task that commits: the one that writes is the bottleneck.
struct Rows {
    runs: Vec<RunRow>,
    history: Vec<HistoryRow>,
}

impl Rows {
    fn new(commit: Commit) -> Self {
        let mut rows = Rows {
            runs: Vec::with_capacity(commit.runs.len()),
            history: Vec::new(),
        };
        for mut write in commit.runs {
            if let Some(batch) = write.history.take() {
                rows.history.push(HistoryRow {
                    run_id: write.run.run_id.clone(),
                    batch,
                });
            }
            rows.runs.push(RunRow::new(write));
        }
        rows
    }
}

#[derive(Default)]
struct Counters {
    transactions: AtomicU64,
    commits: AtomicU64,
    row_writes: AtomicU64,
}

// === Writing ===

/// The task that writes.
struct Writer {
    database: Arc<Database>,
    counters: Arc<Counters>,
}

impl Writer {
    async fn run(self, mut messages: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH_COMMITS);
        while messages.recv_many(&mut batch, BATCH_COMMITS).await > 0 {
            let (mut commits, mut replies) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
            for message in batch.drain(..) {
                match message {
                    Message::Commit(Job { rows, reply }) => {
                        commits.push(rows);
                        replies.push(reply);
                    }
                    // What is queued is still received.
                    Message::Close => messages.close(),
                }
            }
            let outcomes = self.commit(&commits).await;
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // Nobody listens any more when the caller was dropped.
                let _ = reply.send(outcome);
            }
        }
    }

    /// Writes commits and says of each one how it went. All together at first. What the database refuses about one of
    /// them would fail them all, so then each gets a savepoint of its own; that also puts those in order that belong to
    /// the same run.
    async fn commit(&self, commits: &[Rows]) -> Vec<Result<(), StoreError>> {
        let outcome = match self.commit_together(commits).await {
            Err(StoreError::Conflict { .. } | StoreError::Refused { .. }) => self.commit_apart(commits).await,
            Err(error) => Err(error),
            Ok(()) => Ok(vec![Ok(()); commits.len()]),
        };
        outcome.unwrap_or_else(|error| vec![Err(error); commits.len()])
    }

    async fn commit_together(&self, commits: &[Rows]) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut connection = self.database.writer().await?;
        self.execute(&mut connection, BEGIN).await?;
        let written = self.write(&mut connection, commits, STATEMENT_ROWS).await;
        let row_writes = self.end(&mut connection, written).await?;
        self.counters.add(commits.len(), row_writes);
        Ok(())
    }

    async fn commit_apart(&self, commits: &[Rows]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let mut connection = self.database.writer().await?;
        self.execute(&mut connection, BEGIN).await?;
        let outcomes = self.write_apart(&mut connection, commits).await;
        let outcomes = self.end(&mut connection, outcomes).await?;
        let written: Vec<u64> = outcomes.iter().flatten().copied().collect();
        self.counters.add(written.len(), written.iter().sum());
        Ok(outcomes.into_iter().map(|outcome| outcome.map(drop)).collect())
    }

    /// Returns the rows written for each commit. Fails as a whole when the transaction cannot go on.
    async fn write_apart(
        &self,
        connection: &mut Connection,
        commits: &[Rows],
    ) -> Result<Vec<Result<u64, StoreError>>, StoreError> {
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            self.execute(connection, "SAVEPOINT one_commit").await?;
            // Row by row, so that the error names the run.
            let written = self.write(connection, std::slice::from_ref(commit), 1).await;
            match &written {
                Ok(_) => {}
                Err(StoreError::Conflict { .. } | StoreError::Refused { .. }) => {
                    self.execute(connection, "ROLLBACK TO one_commit").await?;
                }
                Err(error) => return Err(error.clone()),
            }
            self.execute(connection, "RELEASE one_commit").await?;
            outcomes.push(written);
        }
        Ok(outcomes)
    }

    /// Writes the rows of all commits, at most `statement_rows` with one statement, and returns how many there were.
    async fn write(
        &self,
        connection: &mut Connection,
        commits: &[Rows],
        statement_rows: usize,
    ) -> Result<u64, StoreError> {
        let mut row_writes = 0;
        for change in Change::ORDER {
            let rows: Vec<&RunRow> = commits
                .iter()
                .flat_map(|commit| &commit.runs)
                .filter(|row| row.change == change)
                .collect();
            for chunk in chunks(&rows, statement_rows) {
                let written = run::write(connection, change, chunk)
                    .await
                    .map_err(|error| self.failure(change.action(), error, || chunk[0].name()))?;
                if written < chunk.len() as u64 {
                    return Err(StoreError::Conflict { run: chunk[0].name() });
                }
                row_writes += written;
            }
        }
        let rows: Vec<&HistoryRow> = commits.iter().flat_map(|commit| &commit.history).collect();
        for chunk in chunks(&rows, statement_rows) {
            row_writes += history::write(connection, chunk)
                .await
                .map_err(|error| self.failure("append history", error, || chunk[0].run_id.clone()))?;
        }
        Ok(row_writes)
    }

    /// Ends a transaction: commits it, or rolls it back when something went wrong.
    async fn end<T>(&self, connection: &mut Connection, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let outcome = match outcome {
            Ok(value) => self.execute(connection, "COMMIT").await.map(|()| value),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // After some errors the database has rolled back by itself, and then refuses to do it again. That is why
            // this is not `sqlx::Transaction`: it would count a transaction as open for ever.
            let _ = self.execute(connection, "ROLLBACK").await;
        }
        outcome
    }

    async fn execute(&self, connection: &mut Connection, sql: &'static str) -> Result<(), StoreError> {
        match sqlx::query(sql).execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.database.failure("commit", error)),
        }
    }

    fn failure(&self, action: &'static str, error: sqlx::Error, run: impl FnOnce() -> String) -> StoreError {
        match error.as_database_error() {
            Some(reason) if reason.is_unique_violation() => StoreError::Conflict { run: run() },
            _ => self.database.failure(action, error),
        }
    }
}

impl Counters {
    fn add(&self, commits: usize, row_writes: u64) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(commits as u64, Ordering::Relaxed);
        self.row_writes.fetch_add(row_writes, Ordering::Relaxed);
    }
}

/// Divides rows into runs of 64, 32, … 1, so that a handful of prepared statements serves batches of every size.
fn chunks<T>(mut rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = 1_usize << rows.len().min(most).checked_ilog2()?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use wrt_model::{
        payload::json,
        proto::{Memo, enums::WorkflowExecutionStatus},
    };

    use super::*;
    use crate::StoreOptions;

    #[test]
    fn chunks_are_powers_of_two_and_leave_nothing_out() {
        let sizes = |count: usize, most| -> Vec<usize> {
            let rows: Vec<usize> = (0..count).collect();
            assert_eq!(chunks(&rows, most).flatten().copied().collect::<Vec<_>>(), rows);
            chunks(&rows, most).map(<[usize]>::len).collect()
        };
        assert!(sizes(0, 64).is_empty());
        assert_eq!(sizes(1, 64), [1]);
        assert_eq!(sizes(100, 64), [64, 32, 4]);
        assert_eq!(sizes(3, 1), [1, 1, 1]);
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrt.db");
        let store = Store::open(StoreOptions {
            path: Some(path),
            readers: 1,
        })
        .await
        .unwrap();
        let commit = async |number: usize| {
            let run = Run {
                namespace_id: "n".to_owned(),
                workflow_id: format!("w{number}"),
                run_id: format!("r{number}"),
                status: WorkflowExecutionStatus::Running as i32,
                memo: Some(Memo {
                    fields: [("large".to_owned(), json(vec![b'x'; 100_000]))].into(),
                }),
                ..Default::default()
            };
            let write = RunWrite {
                run,
                version: 0,
                history: None,
                is_current: true,
            };
            store.commit(Commit { runs: vec![write] }).await
        };
        let page_limit = async |pages: u32| {
            let mut connection = store.database.writer().await.unwrap();
            let statement = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::query(statement).execute(&mut *connection).await.unwrap();
        };

        page_limit(200).await;
        let mut stored = 0;
        let refused = loop {
            match commit(stored).await {
                Ok(()) => stored += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
        assert!(stored > 0);
        assert_eq!(commit(stored).await, Err(refused));
        assert_eq!(store.open_runs(None, 1000).await.unwrap().len(), stored);

        page_limit(1000).await;
        assert_eq!(commit(stored).await, Ok(()));
        assert_eq!(store.open_runs(None, 1000).await.unwrap().len(), stored + 1);
    }
}
