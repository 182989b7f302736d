//! The SQLite backend: connections, their settings, and what its errors mean. Everything else in this crate is SQL and
//! types that another backend would share.

use std::{
    fs::{self, File, TryLockError},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{
        PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{
    ConnectOptions, Connection as _,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore};

use crate::{StoreError, StoreOptions, run};

/// The kind of database behind the store. The rest of the crate names only these.
pub(crate) type Backend = sqlx::Sqlite;
pub(crate) type Connection = sqlx::SqliteConnection;
pub(crate) type Row = sqlx::sqlite::SqliteRow;
pub(crate) type Statement<'q> = sqlx::query::Query<'q, Backend, sqlx::sqlite::SqliteArguments>;

/// Begins a transaction that writes. It takes the write lock at once: a transaction that starts by reading could find
/// out too late that it must not write.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The log is copied into the database file in batches of so many pages of 4 KiB: large ones write a page that many
/// commits changed only once, small ones keep recovery and the pause of the copying commit short.
const CHECKPOINT_PAGES: &str = "4000";

/// Memory for pages of the connection that writes, as SQLite counts it (KiB, negated): the hot end of every index fits.
const WRITER_CACHE: &str = "-65536";

/// Prepared statements of the connection that writes: all scripts of the gate that come up under load, some 20 KiB each.
const WRITER_STATEMENTS: usize = 256;

/// An open database: one connection that writes, and some that read beside it.
pub(crate) struct Database {
    name: String,
    readers: Readers,
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
    connection: Connection,
    lock: Option<File>,
}

impl Database {
    /// Opens the database, creates it if it is missing, and brings its schema up to date.
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let (name, lock, connect) = match &options.path {
            Some(path) => (path.display().to_string(), Some(lock(path)?), file_options(path)),
            None => ("in memory".to_owned(), None, memory_options()),
        };
        let failed = |error| failure(&name, "open", error);

        let mut connection = connect
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .statement_cache_capacity(WRITER_STATEMENTS)
            .connect()
            .await
            .map_err(failed)?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| migration_failure(&name, error))?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(run::run_write()))
            .execute(&mut connection)
            .await
            .map_err(failed)?;

        let connect = connect.pragma("query_only", "ON").create_if_missing(false);
        let readers = Readers::open(&connect, options.readers.max(1)).await.map_err(failed)?;
        Ok(Database {
            name,
            readers,
            writer: Mutex::new(Some(Writer { connection, lock })),
        })
    }

    /// A connection that reads, once one is free. Each statement sees all that was committed before it began.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, StoreError> {
        self.readers.take().await.ok_or(StoreError::Closed)
    }

    /// The connection that writes, once nobody else uses it.
    pub(crate) async fn writer(&self) -> Result<MappedMutexGuard<'_, Connection>, StoreError> {
        MutexGuard::try_map(self.writer.lock().await, |writer| {
            Some(&mut writer.as_mut()?.connection)
        })
        .map_err(|_| StoreError::Closed)
    }

    /// Writes one statement in a transaction of its own, and returns how many rows it changed.
    pub(crate) async fn write(&self, action: &'static str, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let done = statement
            .execute(&mut *writer)
            .await
            .map_err(|error| self.failure(action, error))?;
        Ok(done.rows_affected())
    }

    /// Copies the log into the database file and closes all connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        let Some(Writer { mut connection, lock }) = self.writer.lock().await.take() else {
            return;
        };
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
    pub(crate) fn failure(&self, action: &'static str, error: sqlx::Error) -> StoreError {
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

fn file_options(path: &Path) -> SqliteConnectOptions {
    common_options()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
}

/// A database that the connections of this process share by its name, and that ends with the last of them.
fn memory_options() -> SqliteConnectOptions {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("/wrt-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    common_options()
        .filename(name)
        .vfs("memdb")
        .journal_mode(SqliteJournalMode::Memory)
}

fn common_options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        .disable_statement_logging()
}

// === Errors ===

fn migration_failure(database: &str, error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            failure(database, "migrate the schema", error)
        }
        MigrateError::VersionMissing(version) => StoreError::NewerSchema {
            database: database.to_owned(),
            version,
        },
        other => StoreError::Corrupt {
            database: database.to_owned(),
            cause: other.to_string(),
        },
    }
}

fn failure(database: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    let (database, cause) = (database.to_owned(), error.to_string());
    match &error {
        sqlx::Error::PoolClosed => StoreError::Closed,
        sqlx::Error::Database(reason) => match primary_code(reason.as_ref()) {
            // SQLITE_BUSY, SQLITE_LOCKED
            5 | 6 => StoreError::InUse { database },
            // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN
            3 | 8 | 14 => StoreError::NotWritable { database, cause },
            // SQLITE_IOERR
            10 => StoreError::Io {
                database,
                action,
                cause,
            },
            // SQLITE_CORRUPT, SQLITE_NOTADB
            11 | 26 => StoreError::Corrupt { database, cause },
            // SQLITE_FULL
            13 => StoreError::Full { database, cause },
            _ => StoreError::Refused {
                database,
                action,
                cause,
            },
        },
        _ => StoreError::Refused {
            database,
            action,
            cause,
        },
    }
}

/// True when the schema, or a trigger of [`run::run_write`], does not take a row.
pub(crate) fn is_refused_by_schema(error: &sqlx::Error) -> bool {
    // SQLITE_CONSTRAINT
    let constraint = |error: &dyn DatabaseError| primary_code(error) == 19;
    error.as_database_error().is_some_and(constraint)
}

/// The low byte of SQLite's extended result code says what kind of error it is (<https://sqlite.org/rescode.html>).
fn primary_code(error: &dyn DatabaseError) -> i32 {
    error
        .code()
        .and_then(|code| code.parse::<i32>().ok())
        .map_or(0, |code| code & 0xff)
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
