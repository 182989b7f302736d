//! Whether a database that a server has left still has its end, looked at before SQLite opens it.
//!
//! SQLite takes what there is: pages that are cut off are noticed when they are read, and a log that is cut off is simply a
//! shorter log. What SQLite itself has noted says how long both were: the number of pages in the file's head, and in the
//! index of the log (`-shm`), which outlives the process, the number of frames. <https://sqlite.org/walformat.html>

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// Bytes of the head of a database file.
const HEAD: usize = 100;

/// Bytes of the head of a log, and of each of its frames, behind which comes a page.
const LOG_HEAD: u64 = 32;
const FRAME_HEAD: usize = 24;

/// Bytes of the head of a log's index. It stands there twice, so that one who reads it sees whether it is being written.
const INDEX_HEAD: usize = 48;

/// The version of the index's form.
const INDEX_VERSION: u32 = 3_007_000;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing is known to be missing.
    Whole,
    /// The database is as it was at some earlier time.
    Older(String),
    /// What is left does not fit together.
    Broken(String),
}

/// A path beside that of the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(OsStr::new(suffix));
    name.into()
}

/// Looks at a database file, and at the files beside it.
pub(super) fn inspect(file: &File, path: &Path) -> io::Result<Ending> {
    let Some(head) = FileHead::read(file)? else {
        // Empty, or no database: SQLite says so.
        return Ok(Ending::Whole);
    };
    let log = Log::open(&beside(path, "-wal"))?;
    let has = file.metadata()?.len() / u64::from(head.page_bytes);
    if has < head.pages {
        let in_log = log
            .as_ref()
            .map(|log| log.pages_after(has))
            .transpose()?
            .unwrap_or_default();
        // A page of the log may be on its way into the file.
        if (has + 1..=head.pages).any(|page| !in_log.contains(&page)) {
            return Ok(Ending::Broken(format!(
                "its end is missing: of {} pages the file has {has}",
                head.pages
            )));
        }
    }
    Ok(match Index::read(&beside(path, "-shm"))? {
        Some(index) => index.compare(log.as_ref()),
        None => Ending::Whole,
    })
}

/// What the head of the file says.
pub(super) struct FileHead {
    page_bytes: u32,
    pages: u64,
}

impl FileHead {
    /// How large the file is by that.
    pub(super) fn bytes(&self) -> u64 {
        self.pages * u64::from(self.page_bytes)
    }

    /// `None` when the file is empty, or no database.
    pub(super) fn read(file: &File) -> io::Result<Option<Self>> {
        let mut head = [0; HEAD];
        match read_start(file, &mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            outcome => outcome?,
        }
        let page_bytes = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            bytes => u32::from(bytes),
        };
        // Versions of old did not keep the number of pages; then these two differ.
        let is_kept = head[24..28] == head[92..96];
        let pages = if is_kept { big_endian(&head[28..]) } else { 0 };
        Ok(
            (head.starts_with(b"SQLite format 3\0") && page_bytes >= 512).then_some(FileHead {
                page_bytes,
                pages: pages.into(),
            }),
        )
    }
}

/// Reads where others may read at the same time.
#[cfg(unix)]
fn read_start(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn read_start(mut file: &File, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(bytes)
}

/// The log beside the file.
struct Log {
    file: File,
    salts: [u8; 8],
    page_bytes: u32,
    frames: u32,
}

impl Log {
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut head = [0; LOG_HEAD as usize];
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let bytes = file.metadata()?.len();
        if bytes < LOG_HEAD {
            return Ok(None);
        }
        file.read_exact(&mut head)?;
        let page_bytes = big_endian(&head[8..]);
        let frame_bytes = FRAME_HEAD as u64 + u64::from(page_bytes);
        Ok(Some(Log {
            file,
            salts: head[16..24].try_into().expect("these are eight bytes"),
            page_bytes,
            frames: u32::try_from((bytes - LOG_HEAD) / frame_bytes).unwrap_or(u32::MAX),
        }))
    }

    /// The pages with higher numbers than this one that the log holds.
    fn pages_after(&self, last: u64) -> io::Result<HashSet<u64>> {
        let mut frames = BufReader::new(&self.file);
        frames.seek(SeekFrom::Start(LOG_HEAD))?;
        let mut pages = HashSet::new();
        for _ in 0..self.frames {
            let mut head = [0; FRAME_HEAD];
            frames.read_exact(&mut head)?;
            if head[8..16] != self.salts {
                // From here on, the frames are of an earlier log.
                break;
            }
            pages.extend(Some(u64::from(big_endian(&head))).filter(|page| *page > last));
            frames.seek_relative(self.page_bytes.into())?;
        }
        Ok(pages)
    }
}

/// The index of the log, as the last process has left it.
#[derive(Debug)]
struct Index {
    /// Frames that were committed.
    frames: u32,
    /// Frames that have been copied into the file.
    copied: u32,
    /// Those of the log that it is of.
    salts: [u8; 8],
}

impl Index {
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let Some((head, rest)) = bytes.split_at_checked(INDEX_HEAD) else {
            return Ok(None);
        };
        let native = |bytes: &[u8]| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let is_valid = native(head) == INDEX_VERSION && head[12] == 1 && rest.starts_with(head);
        let Some(copied) = rest.get(INDEX_HEAD..INDEX_HEAD + 4).filter(|_| is_valid) else {
            return Ok(None);
        };
        Ok(Some(Index {
            frames: native(&head[16..]),
            copied: native(copied),
            salts: head[32..40].try_into().expect("these are eight bytes"),
        }))
    }

    fn compare(&self, log: Option<&Log>) -> Ending {
        let Index { frames, copied, salts } = self;
        let left = match log {
            Some(log) if log.salts == *salts => log.frames,
            // A crash of the machine may have left an index that is older than the log, which counts the first salt up.
            Some(log) if is_later(&log.salts, salts) => return Ending::Whole,
            _ => 0,
        };
        match left {
            _ if left >= *frames || copied >= frames => Ending::Whole,
            // What the file has from later frames would be hidden in part by these earlier ones.
            1.. if left < *copied => Ending::Broken(format!(
                "its log was cut: {left} of {frames} entries are left, and {copied} of them are in the file already"
            )),
            _ => Ending::Older(format!("of the {frames} entries of its log, {left} are left")),
        }
    }
}

fn is_later(log: &[u8], index: &[u8]) -> bool {
    let ahead = big_endian(log).wrapping_sub(big_endian(index));
    (1..=u32::MAX / 2).contains(&ahead)
}

fn big_endian(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    /// A log of so many frames, and what its index says.
    fn check(frames_left: Option<u32>, first_salt: u8, frames: u32, copied: u32, expected: &str) {
        let log = frames_left.map(|frames| Log {
            file: tempfile::tempfile().unwrap(),
            salts: [0, 0, 0, first_salt, 9, 9, 9, 9],
            page_bytes: PAGE as u32,
            frames,
        });
        let index = Index {
            frames,
            copied,
            salts: [0, 0, 0, 5, 9, 9, 9, 9],
        };
        let found = match index.compare(log.as_ref()) {
            Ending::Whole => "whole",
            Ending::Older(_) => "older",
            Ending::Broken(_) => "broken",
        };
        assert_eq!(found, expected, "{frames_left:?} {first_salt} {index:?}");
    }

    #[test]
    fn a_log_is_as_long_as_its_index_says() {
        check(Some(10), 5, 10, 0, "whole");
        check(Some(90), 5, 10, 3, "whole");
        check(Some(9), 5, 10, 0, "older");
        check(Some(9), 5, 10, 9, "older");
        check(Some(8), 5, 10, 9, "broken");
        check(Some(0), 5, 10, 9, "older");
        check(None, 5, 10, 9, "older");
    }

    #[test]
    fn what_has_been_copied_is_not_missed() {
        check(None, 5, 10, 10, "whole");
        check(Some(2), 5, 10, 10, "whole");
        check(None, 5, 0, 0, "whole");
    }

    #[test]
    fn another_log_is_a_later_one_or_no_log_of_this_file() {
        check(Some(1), 6, 10, 0, "whole");
        check(Some(100), 4, 10, 0, "older");
        check(Some(100), 4, 0, 0, "whole");
    }
}
