//! The stamp by which a start knows that the log was lost.
//!
//! It is SQLite's `user_version`, a number in the head of the file. While a server is at work, the file bears an odd number,
//! and the log the even one that follows it: whoever opens both sees the even one. If it is the odd one that is seen, the log
//! is not there. When SQLite copies the log into the file, the file becomes even, and is stamped anew.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The stamp of a database as it is now, with its log.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether a stamp says that there was a log.
pub(super) fn misses_log(stamp: i32) -> bool {
    stamp % 2 != 0
}

/// The stamp that the log gets when the database has this one.
pub(super) fn next(stamp: i32) -> i32 {
    // Begins again after a billion; even, as it has to be.
    stamp.checked_add(if misses_log(stamp) { 1 } else { 2 }).unwrap_or(0)
}

/// Gives the file the odd stamp before `even`, and then the log the even one. `look` is called while nobody else can write or
/// empty the log.
///
/// Where somebody reads an older state meanwhile, SQLite does not copy the odd one, and the file keeps the stamp that it has.
/// A process that dies between the two leaves an odd file that misses nothing; the start that follows warns in vain.
pub(super) fn write(gate: &Connection, even: i32, look: impl FnOnce()) -> rusqlite::Result<()> {
    let writing = Transaction::new_unchecked(gate, TransactionBehavior::Immediate)?;
    look();
    writing.pragma_update(None, "user_version", even - 1)?;
    writing.commit()?;
    gate.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    gate.pragma_update(None, "user_version", even)
}
