//! The folder of compiled components. Its files are machine code that the server runs, so a damaged one must be noticed before
//! it is run, and nobody else may write one.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sha2::{Digest as _, Sha256};
use wrt_model::Digest;

use crate::error::HostError;

/// What a file begins with; the number is that of this form of files.
const MAGIC: &[u8] = b"wrt compiled component 1\n";

/// The bytes of the checksum, which stands between that and the code.
const CHECKSUM_BYTES: usize = 32;

/// A folder that only the server writes to.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder when it is missing, with those above it, for nobody but the server.
    pub(super) fn open(folder: PathBuf) -> Result<Self, HostError> {
        let failed = |cause| HostError::Cache {
            folder: folder.display().to_string(),
            cause,
        };
        create(&folder).map_err(failed)?;
        // Whoever may rename it may put another one in its place.
        for folder in [folder.parent(), Some(&folder)].into_iter().flatten() {
            let metadata = fs::metadata(folder).map_err(failed)?;
            if let Some(reason) = others_may_write(&metadata) {
                return Err(HostError::SharedCache {
                    folder: folder.display().to_string(),
                    reason,
                });
            }
        }
        Ok(Folder(folder))
    }

    /// The code of a component, if there is a file that is whole.
    pub(super) fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let file = self.file(digest);
        let mut bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "read a compiled component; it is compiled again");
                return None;
            }
        };
        let code = MAGIC.len() + CHECKSUM_BYTES;
        let is_whole = bytes.len() >= code
            && bytes.starts_with(MAGIC)
            && bytes[MAGIC.len()..code] == checksum(digest, &bytes[code..]);
        if !is_whole {
            tracing::warn!(file = %file.display(), "a compiled component is damaged; it is compiled again");
            return None;
        }
        Some(bytes.split_off(code))
    }

    /// Writes beside the file and moves it into place, so that nobody ever reads a part of it, whatever happens to the
    /// machine.
    pub(super) fn write(&self, digest: &Digest, code: &[u8]) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let file = self.file(digest);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished = file.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let written = write_synced(&unfinished, &[MAGIC, &checksum(digest, code), code])
            .and_then(|()| fs::rename(&unfinished, &file))
            .and_then(|()| sync_folder(&self.0));
        if written.is_err() {
            // It takes space, and is of no use to anybody.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        self.0.join(format!("{digest}.cwasm"))
    }
}

/// Over the code, and the component that it is of: a file under another one's name is as bad as a damaged one.
fn checksum(digest: &Digest, code: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = Sha256::new();
    hash.update(digest.to_string());
    hash.update(code);
    hash.finalize().into()
}

fn write_synced(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create(file)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// The name of a new file is a part of its folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Why others than the user of this process, and the system's administrator, may write to a folder.
#[cfg(unix)]
fn others_may_write(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    const ADMINISTRATOR: u32 = 0;
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != ADMINISTRATOR {
        return Some(format!("it belongs to the user {owner}, and the server runs as {user}"));
    }
    let mode = metadata.mode() & 0o7777;
    (mode & OTHERS_WRITE != 0).then(|| format!("its mode is {mode:o}, which `chmod go-w` mends"))
}

#[cfg(not(unix))]
fn others_may_write(_: &Metadata) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path().join("components")).unwrap();
        (parent, folder)
    }

    #[test]
    fn code_is_read_as_it_was_written() {
        let (_parent, folder) = folder();
        let digest = Digest::of(b"a");
        assert_eq!(folder.read(&digest), None);
        folder.write(&digest, b"code").unwrap();
        assert_eq!(folder.read(&digest).as_deref(), Some(&b"code"[..]));
        folder.write(&digest, b"").unwrap();
        assert_eq!(folder.read(&digest).as_deref(), Some(&b""[..]));
        let files = fs::read_dir(&folder.0).unwrap().count();
        assert_eq!(files, 1, "nothing unfinished is left");
    }

    #[test]
    fn no_bit_of_a_file_may_change() {
        let (_parent, folder) = folder();
        let digest = Digest::of(b"a");
        folder.write(&digest, b"code").unwrap();
        let whole = fs::read(folder.file(&digest)).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(folder.file(&digest), damaged).unwrap();
            assert_eq!(folder.read(&digest), None, "bit {bit}");
        }
        for length in 0..whole.len() {
            fs::write(folder.file(&digest), &whole[..length]).unwrap();
            assert_eq!(folder.read(&digest), None, "{length} bytes");
        }
    }

    #[test]
    fn a_file_is_of_the_component_of_its_name() {
        let (_parent, folder) = folder();
        let (one, other) = (Digest::of(b"a"), Digest::of(b"b"));
        folder.write(&one, b"code").unwrap();
        fs::rename(folder.file(&one), folder.file(&other)).unwrap();
        assert_eq!(folder.read(&other), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (parent, Folder(path)) = folder();
        let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = |words: &str| match Folder::open(path.clone()) {
            Err(error @ HostError::SharedCache { .. }) => {
                let error = error.to_string();
                assert!(error.contains(words), "{error}");
            }
            other => panic!("{:?}", other.map(drop)),
        };
        for mode in [0o777, 0o775, 0o1777, 0o702] {
            set_mode(&path, mode);
            refused(&format!("its mode is {mode:o}"));
        }
        set_mode(&path, 0o755);
        assert!(Folder::open(path.clone()).is_ok());
        set_mode(parent.path(), 0o777);
        refused("its mode is 777");
    }
}
