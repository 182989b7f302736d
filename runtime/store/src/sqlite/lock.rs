//! The lock that keeps a second server away from a database.
//!
//! It belongs to the file itself, by whatever name it is opened: `flock` locks the inode, so symbolic links, hard links and
//! other mounts of its folder lead to the same lock. SQLite's own locks are of another kind (`fcntl`) and do not notice it,
//! but the system forgets them all when the process closes *any* descriptor of the file: so this one is opened before
//! SQLite opens the file and closed after it has closed it. The operating system releases the lock when the process ends,
//! however it ends.
//!
//! Where `flock` is no such lock, the one on a file beside the database has to do: file systems on the network turn it into
//! SQLite's kind, and other systems than Linux let both kinds meet. It is taken everywhere, also for servers that know no
//! other.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::StoreError;

/// A locked database file. It is unlocked when this is dropped.
pub(super) struct Lock {
    /// The file, opened for as long as it is locked.
    pub(super) file: File,
    /// Its path without symbolic links, beside which SQLite keeps its other files.
    pub(super) path: PathBuf,
    beside: File,
}

impl Lock {
    /// Lets other servers have the database, which has to be closed by now.
    pub(super) fn unlock(&self) {
        for file in [&self.file, &self.beside] {
            if let Err(error) = file.unlock() {
                tracing::warn!(path = %self.path.display(), %error, "unlock the database");
            }
        }
    }
}

/// Locks the database file, which is created when it is missing, with its folder.
pub(super) fn lock(path: &Path) -> Result<Lock, StoreError> {
    let database = path.display().to_string();
    let not_writable = |error: io::Error| StoreError::NotWritable {
        database: database.clone(),
        cause: error.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(not_writable)?;
    }
    let canonical = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            open(path).map_err(not_writable)?;
            fs::canonicalize(path)
        }
        found => found,
    }
    .map_err(not_writable)?;
    let take = |file: File| match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            database: database.clone(),
        }),
        Err(TryLockError::Error(error)) => Err(not_writable(error)),
    };
    let beside = take(open(&beside(&canonical)).map_err(not_writable)?)?;
    let mut file = open(&canonical).map_err(not_writable)?;
    if has_inode_locks(&file) {
        file = take(file)?;
    }
    Ok(Lock {
        file,
        path: canonical,
        beside,
    })
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Whether `flock` on a file keeps to itself, and is seen by everybody who has the file.
#[cfg(target_os = "linux")]
fn has_inode_locks(file: &File) -> bool {
    const NFS: u32 = 0x6969;
    const SMB: [u32; 3] = [0x517B, 0xFF53_4D42, 0xFE53_4D42];
    // The kernel's type is signed on some processors; the magic numbers have 32 bits.
    let kind = rustix::fs::fstatfs(file).map(|system| system.f_type as u32);
    kind.is_ok_and(|kind| kind != NFS && !SMB.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn has_inode_locks(_: &File) -> bool {
    false
}
