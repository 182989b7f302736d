//! A browser, in which the tests look at the web page.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::debian;
use crate::shell;

/// Names the program of a Chromium that is there already.
const CHOICE: &str = "WRT_CHROMIUM";

/// Names that a browser may have, which speaks the protocol of Chromium.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Finds a browser, or installs Debian's Chromium.
///
/// # Errors
/// There is none, and none can be installed.
pub(crate) fn prepare() -> Result<()> {
    if std::env::var_os(CHOICE).is_some() || PROGRAMS.iter().any(|program| is_there(program)) {
        return Ok(());
    }
    if !Path::new("/etc/debian_version").exists() {
        bail!("there is no Chromium; install one, or name its program in {CHOICE}");
    }
    debian::install(&["chromium"], "a browser that looks at the web page in tests")
}

fn is_there(program: &str) -> bool {
    shell::succeeds(Command::new(program).arg("--version"))
}
