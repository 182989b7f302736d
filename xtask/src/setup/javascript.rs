//! Packages from npm: the compiler of JavaScript guests, and Temporal's client for the tests.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::Stamp;
use crate::shell;

/// Installs the compiler beside the guests.
///
/// # Errors
/// There is no npm, or a package cannot be fetched.
pub(crate) fn prepare() -> Result<()> {
    install("tests/guests/javascript", "the compiler of JavaScript guests")
}

/// Installs Temporal's client and worker beside the tests.
///
/// # Errors
/// Those of [`prepare`].
pub(crate) fn prepare_tests() -> Result<()> {
    install("tests/typescript", "Temporal's client and worker for the tests")
}

/// Installs the locked packages of a folder.
fn install(folder: &str, packages: &str) -> Result<()> {
    let path = shell::root().join(folder);
    let stamp = Stamp::new(path.join("node_modules/.stamp")).file(&path.join("package-lock.json"))?;
    if stamp.is_fresh() {
        return Ok(());
    }
    shell::say(format!("Node packages in {folder}/node_modules: {packages}"));
    let mut npm = Command::new("npm");
    // Not `npm ci`: it refuses a lock file in which the compiler's packages for some other platform are missing, and not
    // all of them are ever published. `--no-save` leaves the lock file as it is all the same.
    npm.args(["install", "--no-save", "--no-audit", "--no-fund"])
        .current_dir(path);
    shell::run(&mut npm).context("install Node packages (needs Node 20 or later with npm)")?;
    stamp.keep()
}
