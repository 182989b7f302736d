//! `cargo xtask page`: builds the web page, which the server then holds.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::setup::{self, Stamp};
use crate::shell;

/// The sources, from the root of the repository.
pub(crate) const FOLDER: &str = "runtime/ui/page";

/// Installs the compiler of the page and builds the page, unless it is built already.
///
/// # Errors
/// There is no npm, or the page does not compile.
pub(crate) fn run() -> Result<()> {
    setup::page()?;
    let folder = shell::root().join(FOLDER);
    // Not in `dist`: that folder is emptied, and all of it is served.
    let mut stamp = Stamp::new(folder.join("node_modules/.page-stamp"));
    for source in shell::files(&[FOLDER])? {
        stamp = stamp.file(&source)?;
    }
    if stamp.is_fresh() && folder.join("dist/index.html").exists() {
        return Ok(());
    }
    shell::say(format!("the web page, from {FOLDER}"));
    for script in ["check", "build"] {
        let mut npm = Command::new("npm");
        npm.args(["run", "--silent", script]).current_dir(&folder);
        shell::run(&mut npm).context("build the web page (needs Node 20 or later with npm)")?;
    }
    stamp.keep()
}
