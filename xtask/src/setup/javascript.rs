//! The compiler of JavaScript guests.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Stamp;
use crate::shell;

/// Installs the locked packages beside the guests.
///
/// # Errors
/// There is no npm, or a package cannot be fetched.
pub(crate) fn prepare() -> Result<()> {
    let stamp = Stamp::new(folder().join("node_modules/.stamp")).file(&folder().join("package-lock.json"))?;
    if stamp.is_fresh() {
        return Ok(());
    }
    shell::say("Node packages in tests/guests/javascript/node_modules: the compiler of JavaScript guests");
    let mut npm = Command::new("npm");
    // Not `npm ci`: it refuses a lock file in which the compiler's packages for some other platform are missing, and not
    // all of them are ever published. `--no-save` leaves the lock file as it is all the same.
    npm.args(["install", "--no-save", "--no-audit", "--no-fund"])
        .current_dir(folder());
    shell::run(&mut npm).context("install Node packages (needs Node 20 or later with npm)")?;
    stamp.keep()
}

fn folder() -> PathBuf {
    shell::root().join("tests/guests/javascript")
}
