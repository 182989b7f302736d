//! The SQLite backend: connections, their settings, and what its errors mean. Everything else in this crate is SQL and
//! types that another backend would share.
//!
//! There are two ways to it. `sqlx` has a thread for each connection, so nobody waits for a long statement but its caller.
//! What each step does, commits and loads of a run, takes some microseconds: less than a switch of threads. `rusqlite` does
//! that on the caller's own thread. Both use the same SQLite.

use std::{
    fs::{self, File, TryLockError},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::PoisonError,
};

use sqlx::{ConnectOptions, Connection as _, migrate::Migrator, sqlite::SqliteConnectOptions};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore};

mod fault;
mod place;

pub(crate) use self::fault::{Fault, is_conflict};
use self::{
    fault::{failure, migration_failure},
    place::Place,
};
use crate::{StoreError, StoreOptions};

/// The kind of database behind the store. The rest of the crate names only these.
pub(crate) type Backend = sqlx::Sqlite;
pub(crate) type Connection = sqlx::SqliteConnection;
pub(crate) type Row = sqlx::sqlite::SqliteRow;
pub(crate) type Statement<'q> = sqlx::query::Query<'q, Backend, sqlx::sqlite::SqliteArguments>;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// An open database: two connections that write, in turns, and some that read beside them.
pub(crate) struct Database {
    name: String,
    place: Place,
    readers: Readers,
    /// Those that read on the thread of whoever asks; `None` once the database is closed.
    quick_readers: std::sync::Mutex<Option<Vec<rusqlite::Connection>>>,
    writer: Mutex<Option<Writer>>,
}

/// The connections that read.
///
/// No `sqlx::Pool`: it asks a connection whether it is alive after each use, and every question is a switch of threads.
struct Readers {
    idle: std::sync::Mutex<Vec<Connection>>,
    /// As many as there are idle connections; closed with the database.
    places: Semaphore,
}

/// A connection that reads. It is free again when this is dropped.
pub(crate) struct Reader<'a> {
    readers: &'a Readers,
    /// Always there, but while it is dropped.
    connection: Option<Connection>,
}

/// Fields are dropped in this order: the lock outlives the connection.
struct Writer {
    /// Writes commits.
    gate: rusqlite::Connection,
    /// Writes everything else.
    connection: Connection,
    lock: Option<File>,
}

impl Database {
    /// Opens the database, creates it if it is missing, and brings its schema up to date.
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let (name, lock, place) = match &options.path {
            Some(path) => (path.display().to_string(), Some(lock(path)?), Place::File(path.clone())),
            None => ("in memory".to_owned(), None, Place::memory()),
        };
        let connect = place.options();
        let mut connection = connect.connect().await.map_err(|error| failure(&name, "open", error))?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| migration_failure(&name, error))?;
        let gate = place.open_gate().map_err(|error| failure(&name, "open", error))?;

        let connect = connect.pragma("query_only", "ON").create_if_missing(false);
        let readers = Readers::open(&connect, options.readers.max(1))
            .await
            .map_err(|error| failure(&name, "open", error))?;
        let writer = Writer { gate, connection, lock };
        Ok(Database {
            name,
            place,
            readers,
            quick_readers: std::sync::Mutex::new(Some(Vec::new())),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// The connection that writes commits, if nobody writes now.
    pub(crate) fn try_gate(&self) -> Option<MappedMutexGuard<'_, rusqlite::Connection>> {
        gate_of(self.writer.try_lock().ok()?)
    }

    /// The connection that writes commits, once nobody else writes; `None` when the database is closed. Blocks the thread.
    pub(crate) fn gate(&self) -> Option<MappedMutexGuard<'_, rusqlite::Connection>> {
        gate_of(self.writer.blocking_lock())
    }

    /// Reads on the caller's own thread: for what seeks one row. There are as many connections as threads that read.
    pub(crate) fn read_here<T>(
        &self,
        action: &'static str,
        read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = |error| self.failure(action, error);
        let idle = self.quick_readers().as_mut().ok_or(StoreError::Closed)?.pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.place.open_reader().map_err(failed)?,
        };
        let outcome = read(&connection);
        if let Some(idle) = self.quick_readers().as_mut() {
            idle.push(connection);
        }
        outcome.map_err(failed)
    }

    fn quick_readers(&self) -> std::sync::MutexGuard<'_, Option<Vec<rusqlite::Connection>>> {
        self.quick_readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that reads, once one is free. Each statement sees all that was committed before it began.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, StoreError> {
        self.readers.take().await.ok_or(StoreError::Closed)
    }

    /// Writes one statement in a transaction of its own, and returns how many rows it changed.
    pub(crate) async fn write(&self, action: &'static str, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut writer = self.writer.lock().await;
        let Writer { connection, .. } = writer.as_mut().ok_or(StoreError::Closed)?;
        let done = statement
            .execute(connection)
            .await
            .map_err(|error| self.failure(action, error))?;
        Ok(done.rows_affected())
    }

    /// Copies the log into the database file and closes all connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.quick_readers().take();
        let Some(Writer {
            gate,
            mut connection,
            lock,
        }) = self.writer.lock().await.take()
        else {
            return;
        };
        drop(gate);
        // Nothing is lost when this fails: the log is read when the database is opened again.
        for outcome in [
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut connection)
                .await
                .map(drop),
            connection.close().await,
        ] {
            if let Err(error) = outcome {
                tracing::warn!(database = self.name, %error, "close the database");
            }
        }
        drop(lock);
    }

    /// Says what an error means for whoever can act on it.
    pub(crate) fn failure(&self, action: &'static str, error: impl Into<Fault>) -> StoreError {
        failure(&self.name, action, error)
    }
}

// === impl Readers ===

impl Readers {
    async fn open(connect: &SqliteConnectOptions, count: u32) -> Result<Self, sqlx::Error> {
        let mut idle = Vec::new();
        for _ in 0..count {
            idle.push(connect.connect().await?);
        }
        Ok(Readers {
            places: Semaphore::new(idle.len()),
            idle: std::sync::Mutex::new(idle),
        })
    }

    /// Waits for a connection; `None` once the database is closed.
    async fn take(&self) -> Option<Reader<'_>> {
        self.places.acquire().await.ok()?.forget();
        let connection = self.idle().pop();
        debug_assert!(connection.is_some(), "there is a connection for each place");
        Some(Reader {
            readers: self,
            connection,
        })
    }

    /// Refuses new reads. Connections in use end with what they do.
    async fn close(&self) {
        self.places.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "close a connection that reads");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is taken by drop only")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is taken by drop only")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if self.readers.places.is_closed() {
            return;
        }
        self.readers.idle().extend(self.connection.take());
        self.readers.places.add_permits(1);
    }
}

// === Opening ===

/// Takes the lock that keeps a second server away from the file. SQLite's own locks would let it in: they keep writers
/// apart for the time of a transaction only. The operating system releases it when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, StoreError> {
    let database = path.display().to_string();
    let not_writable = |error: std::io::Error| StoreError::NotWritable {
        database: database.clone(),
        cause: error.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(not_writable)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path(path))
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { database }),
        Err(TryLockError::Error(error)) => Err(not_writable(error)),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn gate_of(writer: MutexGuard<'_, Option<Writer>>) -> Option<MappedMutexGuard<'_, rusqlite::Connection>> {
    MutexGuard::try_map(writer, |writer| Some(&mut writer.as_mut()?.gate)).ok()
}

/// How the database would answer a statement, as one line.
#[cfg(test)]
pub(crate) async fn explain(database: &Database, sql: &str) -> String {
    use sqlx::Row as _;
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
        .fetch_all(&mut *database.reader().await.unwrap())
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.get::<String, _>("detail"))
        .collect::<Vec<_>>()
        .join("; ")
}
