//! Where a database is, and the settings of connections to it.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use rusqlite::OpenFlags;
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// The log is copied into the database file in batches of so many pages of 4 KiB: large ones write a page that many
/// commits changed only once, small ones keep recovery and the pause of the copying commit short.
const CHECKPOINT_PAGES: i64 = 4000;

/// Memory for pages of the gate's connection, as SQLite counts it (KiB, negated): the hot end of every index fits.
const GATE_CACHE_KIB: i64 = -65_536;

/// Where the database is.
pub(super) enum Place {
    File(PathBuf),
    /// In memory, under a name by which the connections of this process share it. It ends with the last of them.
    Memory(String),
}

impl Place {
    /// A new one that nobody else knows.
    pub(super) fn memory() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Place::Memory(format!("/wrt-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// For `sqlx`. Its connections create the database.
    pub(super) fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .create_if_missing(true)
            .disable_statement_logging();
        match self {
            Place::File(path) => options
                .filename(path)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string()),
            Place::Memory(name) => options
                .filename(name)
                .vfs("memdb")
                .journal_mode(SqliteJournalMode::Memory),
        }
    }

    /// With the settings that the other connections have.
    fn open(&self) -> rusqlite::Result<rusqlite::Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            Place::File(path) => {
                let connection = rusqlite::Connection::open_with_flags(path, flags)?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
                Ok(connection)
            }
            Place::Memory(name) => {
                let connection = rusqlite::Connection::open_with_flags_and_vfs(name, flags, c"memdb")?;
                connection.pragma_update(None, "journal_mode", "MEMORY")?;
                Ok(connection)
            }
        }
    }

    /// The connection that writes commits.
    pub(super) fn open_gate(&self) -> rusqlite::Result<rusqlite::Connection> {
        let connection = self.open()?;
        connection.pragma_update(None, "cache_size", GATE_CACHE_KIB)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(super) fn open_reader(&self) -> rusqlite::Result<rusqlite::Connection> {
        let connection = self.open()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}
