//! What SQLite's errors mean.

use sqlx::migrate::MigrateError;

use crate::StoreError;

/// What the database says about a failure.
pub(crate) struct Fault {
    /// SQLite's extended result code; 0 when it does not come from SQLite.
    code: i32,
    cause: String,
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()?.parse().ok());
        Fault {
            code: code.unwrap_or(0),
            cause: error.to_string(),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault {
            code: error.sqlite_error().map_or(0, |error| error.extended_code),
            cause: error.to_string(),
        }
    }
}

/// Says what a failure means for whoever can act on it.
pub(super) fn failure(database: &str, action: &'static str, error: impl Into<Fault>) -> StoreError {
    let Fault { code, cause } = error.into();
    let database = database.to_owned();
    if let Some(limit) = file_size_limit().filter(|_| GROWING.contains(&code)) {
        let cause = format!("{cause}; the process may write files of up to {limit} bytes, which `ulimit -f` raises");
        return StoreError::Full { database, cause };
    }
    match primary(code) {
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
    }
}

/// SQLITE_IOERR_WRITE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE: what happens to files that grow.
const GROWING: [i32; 3] = [778, 1546, 4874];

/// How large files may become, if there is a limit. SQLite does not tell it from other failures to write.
fn file_size_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        rustix::process::getrlimit(rustix::process::Resource::Fsize).current
    }
    #[cfg(not(unix))]
    None
}

/// Says what it means that the schema was not brought up to date.
pub(super) fn migration_failure(database: &str, error: MigrateError) -> StoreError {
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

/// True when the schema does not take a row, or there is none at the version that is to be replaced.
pub(crate) fn is_conflict(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::StatementChangedRows(_) => true,
        // SQLITE_CONSTRAINT
        error => error
            .sqlite_error()
            .is_some_and(|error| primary(error.extended_code) == 19),
    }
}

/// The low byte of SQLite's extended result code says what kind of error it is (<https://sqlite.org/rescode.html>).
fn primary(extended_code: i32) -> i32 {
    extended_code & 0xff
}
