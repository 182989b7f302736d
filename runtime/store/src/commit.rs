//! The gate: all changes of runs, many of them in one transaction.
//!
//! Commits queue up while one waits for the disk; then one task takes all that are there and writes them together, so the
//! disk is waited for once per batch and not once per commit. A run that has the server for itself writes on its own
//! thread: to hand a commit over and to be woken up by the answer takes as long as a quick disk does.

use std::{
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::TransactionBehavior;
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
};
use wrt_model::{Run, history::HistoryBatch, run::Written};

use crate::{
    Store, StoreError,
    delete::delete_run,
    history::HistoryCopy,
    run::{Change, RunRow},
    search_attribute::SearchAttributeWrite,
    sqlite::{self, Database},
};

/// The most commits that share a transaction.
const BATCH_COMMITS: usize = 512;

/// The most commits that wait for the next transaction; whoever brings more waits before the gate.
const QUEUE_COMMITS: usize = 1024;

/// All that one decision changes: stored whole or not at all.
///
/// It holds rows, encoded by whoever decided: the task that writes is the bottleneck and only copies them.
#[derive(Debug, Default)]
pub struct Commit {
    pub(crate) runs: Vec<RunRow>,
    pub(crate) search_attributes: Vec<SearchAttributeWrite>,
    pub(crate) copies: Vec<HistoryCopy>,
    /// Runs to remove, by their ids.
    pub(crate) deletions: Vec<String>,
}

/// What a decision changes about one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunWrite<'a> {
    /// The run after the decision.
    pub run: &'a Run,
    /// What of it is to be written.
    pub written: Written,
    /// The version that it replaces; 0 for a new run. The version stored is one more.
    pub version: i64,
    /// Events that the decision appended.
    pub history: Option<HistoryBatch>,
    /// The run answers for its workflow id, until a run that is created later does.
    pub is_current: bool,
    /// The decision changed the run's search attributes after its start.
    pub upserts_search_attributes: bool,
    /// The decision paused the run, or let it go on.
    pub changes_status: bool,
}

impl Commit {
    /// Adds what changes about a run.
    pub fn push(&mut self, write: RunWrite<'_>) {
        self.search_attributes.extend(SearchAttributeWrite::new(&write));
        self.runs.push(RunRow::new(write));
    }

    /// True when nothing changes.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.deletions.is_empty()
    }
}

impl<'a> FromIterator<RunWrite<'a>> for Commit {
    fn from_iter<I: IntoIterator<Item = RunWrite<'a>>>(writes: I) -> Self {
        let mut commit = Commit::default();
        writes.into_iter().for_each(|write| commit.push(write));
        commit
    }
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
    pub async fn commit(&self, mut commit: Commit) -> Result<(), StoreError> {
        self.encode(&mut commit);
        self.gate.commit(commit).await
    }

    /// As [`Store::commit`], for a commit that has nobody to share a transaction with: it is written on the caller's own
    /// thread. That takes less time than to wake another one up, and blocks the thread meanwhile.
    pub async fn commit_alone(&self, mut commit: Commit) -> Result<(), StoreError> {
        self.encode(&mut commit);
        match self.gate.commit_here(&commit) {
            Some(outcome) => outcome,
            None => self.gate.commit(commit).await,
        }
    }

    fn encode(&self, commit: &mut Commit) {
        for write in &mut commit.search_attributes {
            write.encode(&self.schemas);
        }
    }

    /// What the gate has done since the store was opened.
    pub fn stats(&self) -> StoreStats {
        let Counters {
            transactions,
            commits,
            row_writes,
        } = &self.gate.writer.counters;
        StoreStats {
            transactions: transactions.load(Ordering::Relaxed),
            commits: commits.load(Ordering::Relaxed),
            row_writes: row_writes.load(Ordering::Relaxed),
        }
    }
}

/// The way to the database. Its task ends when the gate is closed or dropped.
pub(crate) struct Gate {
    queue: mpsc::Sender<Message>,
    task: Mutex<Option<JoinHandle<()>>>,
    writer: Arc<Writer>,
    /// There are threads enough to run others while one waits for the disk.
    has_threads: bool,
}

impl Gate {
    /// Starts the task that writes what is queued.
    pub(crate) fn open(database: Arc<Database>) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE_COMMITS);
        let writer = Arc::new(Writer {
            database,
            counters: Counters::default(),
        });
        Gate {
            queue,
            task: Mutex::new(Some(tokio::spawn(writer.clone().run(messages)))),
            writer,
            has_threads: Handle::current().metrics().num_workers() > 1,
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        let message = Message::Commit { commit, reply };
        self.queue.send(message).await.map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// `None` when somebody writes now, or when the caller's thread is the only one.
    fn commit_here(&self, commit: &Commit) -> Option<Result<(), StoreError>> {
        if !self.has_threads || self.queue.is_closed() {
            return None;
        }
        let mut connection = self.writer.database.try_gate()?;
        self.writer.write(&mut connection, slice::from_ref(commit)).pop()
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
    Commit {
        commit: Commit,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Close,
}

#[derive(Default)]
struct Counters {
    transactions: AtomicU64,
    commits: AtomicU64,
    row_writes: AtomicU64,
}

// === Writing ===

/// Writes commits, and says of each one how it went.
struct Writer {
    database: Arc<Database>,
    counters: Counters,
}

impl Writer {
    async fn run(self: Arc<Self>, mut messages: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH_COMMITS);
        while messages.recv_many(&mut batch, BATCH_COMMITS).await > 0 {
            let (mut commits, mut replies) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
            for message in batch.drain(..) {
                match message {
                    Message::Commit { commit, reply } => {
                        commits.push(commit);
                        replies.push(reply);
                    }
                    // What is queued is still received.
                    Message::Close => messages.close(),
                }
            }
            let writer = self.clone();
            let written = spawn_blocking(move || match writer.database.gate() {
                Some(mut connection) => writer.write(&mut connection, &commits),
                None => vec![Err(StoreError::Closed); commits.len()],
            });
            // The runtime ends: nobody waits any more.
            let Ok(outcomes) = written.await else { return };
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // Nobody listens any more when the caller was dropped.
                let _ = reply.send(outcome);
            }
        }
    }

    /// All together at first. What the database refuses about one of them fails them all, so then each gets a savepoint
    /// of its own.
    fn write(&self, connection: &mut rusqlite::Connection, commits: &[Commit]) -> Vec<Result<(), StoreError>> {
        let written = self
            .database
            .glance()
            .and_then(|()| self.write_all(connection, commits));
        let outcome = written.and_then(|outcomes| self.database.glance().map(|()| outcomes));
        outcome.unwrap_or_else(|error| vec![Err(error); commits.len()])
    }

    fn write_all(
        &self,
        connection: &mut rusqlite::Connection,
        commits: &[Commit],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        match self.write_together(connection, commits) {
            Err(StoreError::Conflict { .. } | StoreError::Refused { .. }) if commits.len() > 1 => {
                self.write_apart(connection, commits)
            }
            Err(error @ StoreError::Full { .. }) => {
                // When it is the log that has no more room, it may be begun anew once it has been copied.
                let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                copied.unwrap_or_else(|error| tracing::debug!(%error, "copy the log of a full disk"));
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(vec![Ok(()); commits.len()]),
        }
    }

    fn write_together(&self, connection: &mut rusqlite::Connection, commits: &[Commit]) -> Result<(), StoreError> {
        if commits.iter().all(Commit::is_empty) {
            return Ok(());
        }
        let failed = |error| self.database.failure("commit", error);
        // Rolled back when it is dropped.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut rows = 0;
        for commit in commits {
            rows += self.write_rows(&transaction, commit)?;
        }
        transaction.commit().map_err(failed)?;
        self.counters.add(commits.len(), rows);
        Ok(())
    }

    /// Fails as a whole when the transaction cannot go on.
    fn write_apart(
        &self,
        connection: &mut rusqlite::Connection,
        commits: &[Commit],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let failed = |error| self.database.failure("commit", error);
        let mut transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let (mut outcomes, mut written, mut rows) = (Vec::with_capacity(commits.len()), 0, 0);
        for commit in commits {
            let savepoint = transaction.savepoint().map_err(failed)?;
            outcomes.push(match self.write_rows(&savepoint, commit) {
                Ok(count) => {
                    savepoint.commit().map_err(failed)?;
                    written += 1;
                    rows += count;
                    Ok(())
                }
                Err(error @ (StoreError::Conflict { .. } | StoreError::Refused { .. })) => Err(error),
                Err(error) => return Err(error),
            });
        }
        transaction.commit().map_err(failed)?;
        self.counters.add(written, rows);
        Ok(outcomes)
    }

    /// Returns how many rows there were. What the schema refuses is a conflict.
    fn write_rows(&self, connection: &rusqlite::Connection, commit: &Commit) -> Result<u64, StoreError> {
        let failed = |action, error: rusqlite::Error, run: String| match sqlite::is_conflict(&error) {
            true => StoreError::Conflict { run },
            false => self.database.failure(action, error),
        };
        let mut rows = 0;
        for change in Change::ORDER {
            for row in commit.runs.iter().filter(|row| row.change == change) {
                let written = row.write(connection);
                rows += written.map_err(|error| failed("write run", error, row.name()))?;
            }
        }
        for write in &commit.search_attributes {
            let written = write.write(connection);
            rows += written.map_err(|error| failed("write search attributes", error, write.run_id().to_owned()))?;
        }
        for copy in &commit.copies {
            let copied = copy.write(connection);
            copied.map_err(|error| failed("copy history", error, copy.to_run_id.clone()))?;
            rows += 1;
        }
        for run_id in &commit.deletions {
            delete_run(connection, run_id).map_err(|error| failed("delete run", error, run_id.clone()))?;
        }
        Ok(rows)
    }
}

impl Counters {
    fn add(&self, commits: usize, row_writes: u64) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(commits as u64, Ordering::Relaxed);
        self.row_writes.fetch_add(row_writes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::{
        payload::json,
        proto::{Memo, enums::WorkflowExecutionStatus},
    };

    use super::*;
    use crate::StoreOptions;

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
            let mut run = Run {
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
                written: run.write(),
                run: &run,
                version: 0,
                history: None,
                is_current: true,
                upserts_search_attributes: false,
                changes_status: false,
            };
            store.commit(Commit::from_iter([write])).await
        };
        let page_limit = async |pages: u32| {
            let connection = store.database.try_gate().unwrap();
            connection.pragma_update(None, "max_page_count", pages).unwrap();
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
