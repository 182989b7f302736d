//! What the operating system allows the process, on systems that have such limits.

use std::io;

/// Keeps the process from being ended when it writes a file that is larger than it may be (`ulimit -f`): the write fails
/// instead, as it does on a full disk. It lasts until this is dropped.
pub(super) struct FileSizeSignal {
    #[cfg(unix)]
    _handler: tokio::signal::unix::Signal,
}

impl FileSizeSignal {
    pub(super) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use rustix::process::Signal;
            use tokio::signal::unix::{SignalKind, signal};
            Ok(FileSizeSignal {
                _handler: signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?,
            })
        }
        #[cfg(not(unix))]
        Ok(FileSizeSignal {})
    }
}

/// Lets the process open as many files as it may at most, and says how many these are; `None` for any number. What a shell
/// begins with is meant for programs that wait for files by their small numbers, and is too low for a server.
pub(super) fn raise_open_files() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            ..limit
        };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            // Some systems have a lower limit of their own.
            Err(_) => limit.current,
        }
    }
    #[cfg(not(unix))]
    None
}

/// Whether there is a limit to the address space of the process (`ulimit -v`).
pub(super) fn address_space_is_limited() -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::As).current.is_some()
    }
    #[cfg(not(unix))]
    false
}
