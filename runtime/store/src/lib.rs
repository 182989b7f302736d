//! The memory: the only writer of durable state.
//!
//! Runs change through one gate, [`Store::commit`]; everything else is read beside it. SQL and `sqlx` stay inside.

mod batch;
mod commit;
mod component;
mod condition;
mod delete;
mod deployment;
mod error;
mod history;
mod json;
mod namespace;
mod run;
mod schedule;
mod search_attribute;
mod sqlite;
mod task_queue;
mod visibility;
mod worker_deployment;

use std::{path::PathBuf, sync::Arc};

use commit::Gate;
use search_attribute::Schemas;
use sqlite::Database;

pub use batch::BatchPage;
pub use commit::{Commit, RunWrite, StoreStats};
pub use condition::Condition;
pub use error::StoreError;
pub use history::HistoryCopy;
pub use run::StoredRun;
pub use schedule::{ScheduleCount, SchedulePage};
pub use task_queue::StoredTaskQueue;
pub use visibility::{RunCount, RunPage, RunQuery};

/// Where and how to keep the state.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The database file; its folder is created when missing. `None` keeps everything in memory, for tests.
    pub path: Option<PathBuf>,
    /// How many reads may run at the same time; at least one.
    pub readers: u32,
}

/// The durable state of a server. A clone is the same store.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    gate: Arc<Gate>,
    schemas: Arc<Schemas>,
}

impl Store {
    /// Opens the store; creates the file, or migrates it to this version's schema, as needed. Must be called within a
    /// Tokio runtime.
    ///
    /// Errors: [`StoreError::InUse`], [`StoreError::NotWritable`], [`StoreError::Corrupt`], [`StoreError::NewerSchema`],
    /// [`StoreError::Full`] and [`StoreError::Io`].
    pub async fn open(options: StoreOptions) -> Result<Store, StoreError> {
        let database = Arc::new(Database::open(&options).await?);
        let gate = Arc::new(Gate::open(database.clone()));
        tokio::spawn(Database::watch(Arc::downgrade(&database)));
        let store = Store {
            database,
            gate,
            schemas: Arc::default(),
        };
        store.load_schemas().await?;
        Ok(store)
    }

    /// Waits until somebody has taken the files of the database away. Every call answers [`StoreError::Lost`] from then on.
    pub async fn lost(&self) {
        self.database.lost().await;
    }

    /// Waits for the commits under way, refuses new ones, and closes the database. All clones are closed with it, and
    /// answer [`StoreError::Closed`] from then on.
    pub async fn close(&self) {
        self.gate.close().await;
        self.database.close().await;
    }
}
