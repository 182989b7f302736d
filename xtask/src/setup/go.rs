//! The compiler of Go.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// Looks for the compiler. It fetches newer versions of itself.
///
/// # Errors
/// There is none.
pub(crate) fn prepare() -> Result<()> {
    shell::read(Command::new("go").arg("version"))
        .map(drop)
        .context("find Go (1.26 or later, from go.dev/dl)")
}
