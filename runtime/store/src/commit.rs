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
    history::HistoryCopy,
    run::{Change, RunRow},
    script::{STATEMENT_ROWS, Script},
    search_attribute::SearchAttributeWrite,
    sqlite::{self, BEGIN, Connection, Database},
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
        for write in &mut commit.search_attributes {
            write.encode(&self.schemas);
        }
        let (reply, outcome) = oneshot::channel();
        self.gate
            .queue
            .send(Message::Commit { commit, reply })
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
                    Message::Commit { commit, reply } => {
                        commits.push(commit);
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
    async fn commit(&self, commits: &[Commit]) -> Vec<Result<(), StoreError>> {
        let outcome = match self.commit_together(commits).await {
            Err(StoreError::Conflict { .. } | StoreError::Refused { .. }) => self.commit_apart(commits).await,
            Err(error) => Err(error),
            Ok(()) => Ok(vec![Ok(()); commits.len()]),
        };
        outcome.unwrap_or_else(|error| vec![Err(error); commits.len()])
    }

    /// One message to the database's thread: each is a switch of threads, and those take longer than the writing. Most
    /// batches are one statement, which is a transaction by itself.
    async fn commit_together(&self, commits: &[Commit]) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut runs = Vec::with_capacity(commits.len());
        for change in Change::ORDER {
            let rows = commits.iter().flat_map(|commit| &commit.runs);
            runs.extend(rows.filter(|row| row.change == change));
        }
        let search_attributes: Vec<_> = commits.iter().flat_map(|commit| &commit.search_attributes).collect();
        let copies: Vec<_> = commits.iter().flat_map(|commit| &commit.copies).collect();
        let deletions: Vec<_> = commits.iter().flat_map(|commit| &commit.deletions).collect();

        let is_one =
            runs.len() <= STATEMENT_ROWS && search_attributes.is_empty() && copies.is_empty() && deletions.is_empty();
        let mut script = Script::new();
        if !is_one {
            script.push(BEGIN);
        }
        script.write_runs(&runs);
        script.write_search_attributes(&search_attributes);
        script.copy_history(&copies);
        script.delete_runs(&deletions);
        if !is_one {
            script.push("COMMIT");
        }

        let mut connection = self.database.writer().await?;
        let written = self.run_script(&mut connection, script, "commit", String::new).await;
        if written.is_err() {
            self.roll_back(&mut connection).await;
        }
        self.counters.add(commits.len(), written?);
        Ok(())
    }

    async fn commit_apart(&self, commits: &[Commit]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let mut connection = self.database.writer().await?;
        self.execute(&mut connection, BEGIN).await?;
        let outcomes = async {
            let outcomes = self.write_apart(&mut connection, commits).await?;
            self.execute(&mut connection, "COMMIT").await.map(|()| outcomes)
        };
        let outcomes = match outcomes.await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.roll_back(&mut connection).await;
                return Err(error);
            }
        };
        let written: Vec<u64> = outcomes.iter().flatten().copied().collect();
        self.counters.add(written.len(), written.iter().sum());
        Ok(outcomes.into_iter().map(|outcome| outcome.map(drop)).collect())
    }

    /// Returns the rows written for each commit. Fails as a whole when the transaction cannot go on.
    async fn write_apart(
        &self,
        connection: &mut Connection,
        commits: &[Commit],
    ) -> Result<Vec<Result<u64, StoreError>>, StoreError> {
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            self.execute(connection, "SAVEPOINT one_commit").await?;
            let written = self.write_rows(connection, commit).await;
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

    /// Writes a commit row by row, so that the error names the run, and returns how many rows there were.
    async fn write_rows(&self, connection: &mut Connection, commit: &Commit) -> Result<u64, StoreError> {
        let mut written = 0;
        for change in Change::ORDER {
            for row in commit.runs.iter().filter(|row| row.change == change) {
                let mut script = Script::new();
                script.write_runs(&[row]);
                written += self.run_script(connection, script, "write run", || row.name()).await?;
            }
        }
        for write in &commit.search_attributes {
            let mut script = Script::new();
            script.write_search_attributes(&[write]);
            written += self
                .run_script(connection, script, "write search attributes", || {
                    write.run_id().to_owned()
                })
                .await?;
        }
        let mut script = Script::new();
        script.copy_history(&commit.copies.iter().collect::<Vec<_>>());
        written += self
            .run_script(connection, script, "copy history", || {
                let to = commit.copies.iter().map(|copy| copy.to_run_id.as_str());
                to.collect::<Vec<_>>().join(", ")
            })
            .await?;
        let mut script = Script::new();
        script.delete_runs(&commit.deletions.iter().collect::<Vec<_>>());
        written += self
            .run_script(connection, script, "delete runs", || commit.deletions.join(", "))
            .await?;
        Ok(written)
    }

    /// Runs a script and returns how many rows it wrote. What the schema refuses is a conflict.
    async fn run_script(
        &self,
        connection: &mut Connection,
        script: Script,
        action: &'static str,
        run: impl FnOnce() -> String,
    ) -> Result<u64, StoreError> {
        script.run(connection).await.map_err(|error| {
            if sqlite::is_refused_by_schema(&error) {
                StoreError::Conflict { run: run() }
            } else {
                self.database.failure(action, error)
            }
        })
    }

    /// After some errors the database has rolled back by itself, and then refuses to do it again. That is why this is
    /// not `sqlx::Transaction`: it would count a transaction as open for ever.
    async fn roll_back(&self, connection: &mut Connection) {
        let _ = self.execute(connection, "ROLLBACK").await;
    }

    async fn execute(&self, connection: &mut Connection, sql: &'static str) -> Result<(), StoreError> {
        match sqlx::query(sql).execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.database.failure("commit", error)),
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
