//! The SQLite backend: connections, their settings, and what its errors mean. Everything else in this crate is SQL and
//! types that another backend would share.
//!
//! There are two ways to it. `sqlx` has a thread for each connection, so nobody waits for a long statement but its caller.
//! What each step does, commits and loads of a run, takes some microseconds: less than a switch of threads. `rusqlite` does
//! that on the caller's own thread. Both use the same SQLite.

use std::{
    ops::{Deref, DerefMut},
    sync::{PoisonError, Weak},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection as _, sqlite::SqliteConnectOptions};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore};

mod ending;
mod fault;
mod lock;
mod migrations;
mod place;
mod stamp;
mod watch;

pub(crate) use self::fault::{Fault, is_conflict};
use self::{
    ending::Ending,
    fault::{failure, migration_failure},
    lock::{Lock, lock},
    migrations::MIGRATIONS,
    place::Place,
    watch::Watch,
};
use crate::{StoreError, StoreOptions};

/// The kind of database behind the store. The rest of the crate names only these.
pub(crate) type Backend = sqlx::Sqlite;
pub(crate) type Connection = sqlx::SqliteConnection;
pub(crate) type Row = sqlx::sqlite::SqliteRow;
pub(crate) type Statement<'q> = sqlx::query::Query<'q, Backend, sqlx::sqlite::SqliteArguments>;

/// How often the files are looked at beside commits.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// An open database: two connections that write, in turns, and some that read beside them.
///
/// Fields are dropped in this order: the lock outlives the connections.
pub(crate) struct Database {
    name: String,
    place: Place,
    readers: Readers,
    /// Those that read on the thread of whoever asks; `None` once the database is closed.
    quick_readers: std::sync::Mutex<Option<Vec<rusqlite::Connection>>>,
    writer: Mutex<Option<Writer>>,
    /// Only of a database in a file.
    file: Option<LockedFile>,
}

/// The file of a database, for as long as it is open.
struct LockedFile {
    watch: Watch,
    lock: Lock,
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

struct Writer {
    /// Writes commits.
    gate: rusqlite::Connection,
    /// Writes everything else.
    connection: Connection,
}

impl Database {
    /// Opens the database, creates it if it is missing, and brings its schema up to date.
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let (name, lock, place) = match &options.path {
            Some(path) => {
                let lock = lock(path)?;
                let place = Place::File(lock.path.clone());
                (path.display().to_string(), Some(lock), place)
            }
            None => ("in memory".to_owned(), None, Place::memory()),
        };
        if let Some(lock) = &lock {
            inspect(&name, lock)?;
        }
        let connect = place.options();
        let mut connection = connect.connect().await.map_err(|error| failure(&name, "open", error))?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| migration_failure(&name, error))?;
        let gate = place.open_gate().map_err(|error| failure(&name, "open", error))?;
        let file = lock.map(|lock| LockedFile::open(&name, lock, &gate)).transpose()?;

        let connect = connect.pragma("query_only", "ON").create_if_missing(false);
        let readers = Readers::open(&connect, options.readers.max(1))
            .await
            .map_err(|error| failure(&name, "open", error))?;
        Ok(Database {
            name,
            place,
            readers,
            quick_readers: std::sync::Mutex::new(Some(Vec::new())),
            writer: Mutex::new(Some(Writer { gate, connection })),
            file,
        })
    }

    /// Fails when the file, as far as it is open, is not as it was left. For commits, before and after they are written.
    pub(crate) fn glance(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |file| file.watch.glance())
    }

    /// Fails once the file has been lost.
    fn check(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |file| file.watch.check())
    }

    /// Waits until the file has been lost, which one in memory never is.
    pub(crate) async fn lost(&self) {
        match &self.file {
            Some(file) => file.watch.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Looks at the file now and then, until it is lost or closed. Nobody has to commit for it to be noticed.
    pub(crate) async fn watch(database: Weak<Database>) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let Some(database) = database.upgrade() else { return };
            let Some(LockedFile { watch, .. }) = &database.file else {
                return;
            };
            if database.quick_readers().is_none() || watch.look().is_err() {
                return;
            }
            if watch.is_copied() {
                let stamped = tokio::task::spawn_blocking(move || database.stamp()).await;
                if let Ok(Err(error)) = stamped {
                    tracing::debug!(%error, "stamp the database");
                }
            }
        }
    }

    /// Stamps the file anew, once its log has been copied into it.
    fn stamp(&self) -> Result<(), StoreError> {
        let (Some(LockedFile { watch, .. }), Some(gate)) = (&self.file, self.gate()) else {
            return Ok(());
        };
        let even = stamp::next(watch.last_stamp());
        let look = || {
            // The log may have been emptied while this waited for its turn. What is wrong, the next call hears.
            drop(watch.glance());
            watch.expect_stamp(even);
        };
        stamp::write(&gate, even, look).map_err(|error| self.failure("stamp", error))
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
        self.check()?;
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
        self.check()?;
        self.readers.take().await.ok_or(StoreError::Closed)
    }

    /// Writes one statement in a transaction of its own, and returns how many rows it changed.
    pub(crate) async fn write(&self, action: &'static str, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut writer = self.writer.lock().await;
        let Writer { connection, .. } = writer.as_mut().ok_or(StoreError::Closed)?;
        self.glance()?;
        let done = statement
            .execute(connection)
            .await
            .map_err(|error| self.failure(action, error))?;
        self.glance()?;
        Ok(done.rows_affected())
    }

    /// Copies the log into the database file and closes all connections.
    pub(crate) async fn close(&self) {
        let is_whole = self.file.as_ref().is_none_or(|file| file.watch.end());
        let readers = self.readers.close();
        let quick_readers = self.quick_readers().take();
        let writer = self.writer.lock().await.take();
        if !is_whole {
            // SQLite would write into what is there now, and delete a log that may be somebody else's.
            std::mem::forget((readers, quick_readers, writer));
            return;
        }
        drop(quick_readers);
        for reader in readers {
            if let Err(error) = reader.close().await {
                tracing::warn!(%error, "close a connection that reads");
            }
        }
        if let Some(writer) = writer {
            self.close_writer(writer).await;
        }
        if let Some(file) = &self.file {
            file.lock.unlock();
        }
    }

    async fn close_writer(&self, writer: Writer) {
        let Writer { gate, mut connection } = writer;
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

    /// Refuses new reads, and gives back the connections that are idle. Those in use end with what they do.
    fn close(&self) -> Vec<Connection> {
        self.places.close();
        std::mem::take(&mut *self.idle())
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

impl LockedFile {
    /// Stamps the file and begins to watch it. `gate` is the first connection, and sees what SQLite has found in the log.
    fn open(name: &str, lock: Lock, gate: &rusqlite::Connection) -> Result<Self, StoreError> {
        let failed = |error| failure(name, "open", error);
        let found = stamp::read(gate).map_err(failed)?;
        if stamp::misses_log(found) {
            warn_of_missing_end(name, "its log (-wal), which has what was stored last, is gone or empty");
        }
        let even = stamp::next(found);
        stamp::write(gate, even, || ()).map_err(failed)?;
        let watched = lock
            .file
            .try_clone()
            .and_then(|file| Watch::new(name, &lock.path, file, found));
        let watch = watched.map_err(|error| StoreError::NotWritable {
            database: name.to_owned(),
            cause: error.to_string(),
        })?;
        watch.expect_stamp(even);
        Ok(LockedFile { watch, lock })
    }
}

/// Looks whether the database has its end, before SQLite opens it and takes what there is.
fn inspect(name: &str, lock: &Lock) -> Result<(), StoreError> {
    let found = ending::inspect(&lock.file, &lock.path).map_err(|error| StoreError::NotWritable {
        database: name.to_owned(),
        cause: error.to_string(),
    })?;
    match found {
        Ending::Whole => Ok(()),
        Ending::Older(cause) => {
            warn_of_missing_end(name, &cause);
            Ok(())
        }
        Ending::Broken(cause) => Err(StoreError::Corrupt {
            database: name.to_owned(),
            cause,
        }),
    }
}

fn warn_of_missing_end(database: &str, cause: &str) {
    tracing::error!(
        database,
        "the end of the database is missing: {cause}. What was stored last is lost, though callers were told that it is \
         stored; stop the server and restore a backup if that matters"
    );
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
