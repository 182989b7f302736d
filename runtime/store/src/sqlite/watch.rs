//! Notices when somebody takes the database away under a running server: deletes, moves, replaces or cuts its files. SQLite
//! writes on into what it has opened, so what is stored would be gone with the process.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use super::ending::{self, beside};
use crate::StoreError;

/// Where the head of a database file has the number that [`stamp`](super::stamp) writes.
#[cfg(unix)]
const STAMP_AT: u64 = 60;

/// What a database file begins with.
#[cfg(unix)]
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Watches the files of an open database.
pub(super) struct Watch {
    database: String,
    file: Watched,
    log: Watched,
    /// Only its name is looked at: SQLite locks this file, and would lose its locks when it were opened and closed here.
    index: (PathBuf, Identity),
    /// The last stamp that this server wrote.
    last_stamp: AtomicI32,
    lost: OnceLock<StoreError>,
    news: Notify,
    /// The files are about to be closed, and may change.
    is_over: AtomicBool,
}

/// A file that is held open.
struct Watched {
    path: PathBuf,
    file: File,
    identity: Identity,
    /// The most that it had. It only grows, unless somebody asks SQLite for less.
    bytes: AtomicU64,
}

/// Device and inode.
type Identity = (u64, u64);

impl Watch {
    /// Of a database in the file at this path, which SQLite has open. `file` is a descriptor of it, and `stamp` what its
    /// head says.
    pub(super) fn new(database: &str, path: &Path, file: File, stamp: i32) -> io::Result<Self> {
        let log = beside(path, "-wal");
        let index = beside(path, "-shm");
        Ok(Watch {
            database: database.to_owned(),
            log: Watched::new(log.clone(), File::open(log)?)?,
            index: (index.clone(), identity(&fs::metadata(index)?)),
            file: Watched::new(path.to_owned(), file)?,
            last_stamp: AtomicI32::new(stamp),
            lost: OnceLock::new(),
            news: Notify::new(),
            is_over: AtomicBool::new(false),
        })
    }

    /// The error of every call once the database has been lost.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.lost.get().map_or(Ok(()), |lost| Err(lost.clone()))
    }

    /// Waits until the database has been lost.
    pub(super) async fn lost(&self) {
        let news = self.news.notified();
        if self.lost.get().is_none() {
            news.await;
        }
    }

    /// Looks at the open files. It takes a microsecond or two; a commit does it before and after it is written, so nothing
    /// is acknowledged that has gone into a file which was gone by then.
    pub(super) fn glance(&self) -> Result<(), StoreError> {
        self.check()?;
        let seen = self.file.glance(|bytes| self.has_all_pages(bytes));
        let seen = seen.and_then(|()| self.log.glance(|_| self.is_copied()));
        self.judge(seen)
    }

    /// Whether a file of so many bytes is one that SQLite itself has made smaller, for somebody who asked it to.
    fn has_all_pages(&self, bytes: u64) -> bool {
        let head = ending::FileHead::read(&self.file.file);
        head.is_ok_and(|head| head.is_some_and(|head| head.bytes() <= bytes))
    }

    /// Whether the log is in the file, so that SQLite may have emptied it, for somebody who asked it to.
    pub(super) fn is_copied(&self) -> bool {
        self.stamp().is_ok_and(|stamp| stamp == self.last_stamp())
    }

    /// Looks at the names of the files, and at the head of the database, too.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        self.glance()?;
        let seen = self.file.look().and_then(|()| self.log.look());
        let (index, identity) = &self.index;
        let seen = seen
            .and_then(|()| is_still(index, *identity))
            .and_then(|()| self.look_at_head());
        self.judge(seen)
    }

    /// The stamp in the head of the file.
    #[cfg(unix)]
    fn stamp(&self) -> io::Result<i32> {
        use std::os::unix::fs::FileExt as _;
        let mut stamp = [0; 4];
        self.file.file.read_exact_at(&mut stamp, STAMP_AT)?;
        Ok(i32::from_be_bytes(stamp))
    }

    /// As if the log had not been copied into the file since the last stamp.
    #[cfg(not(unix))]
    fn stamp(&self) -> io::Result<i32> {
        Ok(self.last_stamp.load(Ordering::Relaxed) - 1)
    }

    /// The last stamp that this server wrote.
    pub(super) fn last_stamp(&self) -> i32 {
        self.last_stamp.load(Ordering::Relaxed)
    }

    /// The file will bear this one.
    pub(super) fn expect_stamp(&self, stamp: i32) {
        self.last_stamp.store(stamp, Ordering::Relaxed);
    }

    /// Looks no more, since the files are closed. Says whether they are all there.
    pub(super) fn end(&self) -> bool {
        let is_whole = self.look().is_ok();
        self.is_over.store(true, Ordering::Relaxed);
        is_whole
    }

    #[cfg(unix)]
    fn look_at_head(&self) -> Result<(), String> {
        use std::os::unix::fs::FileExt as _;
        let mut magic = [0; MAGIC.len()];
        let read = self.file.file.read_exact_at(&mut magic, 0);
        let stamp = read
            .and_then(|()| self.stamp())
            .map_err(|error| format!("it cannot be read ({error})"))?;
        // It may be an older one, as long as SQLite has not copied the log into the file.
        match magic == MAGIC && stamp <= self.last_stamp() {
            true => Ok(()),
            false => Err("something else has been written into it".to_owned()),
        }
    }

    #[cfg(not(unix))]
    fn look_at_head(&self) -> Result<(), String> {
        Ok(())
    }

    fn judge(&self, seen: Result<(), String>) -> Result<(), StoreError> {
        let Err(cause) = seen else { return Ok(()) };
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        let lost = StoreError::Lost {
            database: self.database.clone(),
            cause,
        };
        if self.lost.set(lost.clone()).is_ok() {
            tracing::error!("{lost}");
            self.news.notify_waiters();
        }
        Err(lost)
    }
}

impl Watched {
    fn new(path: PathBuf, file: File) -> io::Result<Self> {
        Ok(Watched {
            identity: identity(&fs::metadata(&path)?),
            bytes: AtomicU64::new(file.metadata()?.len()),
            path,
            file,
        })
    }

    fn glance(&self, may_be_smaller: impl FnOnce(u64) -> bool) -> Result<(), String> {
        let name = self.path.display();
        let metadata = self
            .file
            .metadata()
            .map_err(|error| format!("look at {name}: {error}"))?;
        let (had, has) = (self.bytes.fetch_max(metadata.len(), Ordering::Relaxed), metadata.len());
        if links(&metadata) == 0 {
            return Err(format!("{name} has been deleted or replaced"));
        }
        if has < had {
            if !may_be_smaller(has) {
                return Err(format!("{name} has been cut from {had} to {has} bytes"));
            }
            self.bytes.store(has, Ordering::Relaxed);
        }
        Ok(())
    }

    fn look(&self) -> Result<(), String> {
        is_still(&self.path, self.identity)
    }
}

fn is_still(path: &Path, known: Identity) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(metadata) if identity(&metadata) == known => Ok(()),
        Ok(_) => Err(format!("{} has been replaced", path.display())),
        Err(error) => Err(format!("{} has been moved or deleted ({error})", path.display())),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}
