//! What the process says when it ends.

use std::process::ExitCode;

/// How a command ended. Clap itself ends with 2 for a command line that it cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done; for a workflow that was waited for: completed.
    Success,
    /// 1: the command did not work, or the workflow that was waited for failed.
    Failure,
    /// 3: the workflow that was waited for timed out.
    TimedOut,
    /// 4: the workflow that was waited for was canceled.
    Canceled,
    /// 5: the workflow that was waited for was terminated.
    Terminated,
}

/// The list of exit codes for `--help`.
pub(crate) const HELP: &str = "Exit codes: 0 done (of a workflow that was waited for: completed), 1 error (failed), \
2 unreadable command line, 3 timed out, 4 canceled, 5 terminated.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::TimedOut => 3,
            Exit::Canceled => 4,
            Exit::Terminated => 5,
        })
    }
}
