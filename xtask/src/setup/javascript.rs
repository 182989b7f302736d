//! Packages from npm: the compilers of JavaScript guests and of the web page, and what the tests run.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::Stamp;
use crate::{page, shell};

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

/// Installs the compiler of the SDK for TypeScript beside its sources.
///
/// # Errors
/// Those of [`prepare`].
pub(crate) fn prepare_sdk() -> Result<()> {
    install("guest-sdk/typescript", "the compiler of the SDK for TypeScript")
}

/// Installs the compiler of the web page beside its sources.
///
/// # Errors
/// Those of [`prepare`].
pub(crate) fn prepare_page() -> Result<()> {
    install(page::FOLDER, "the compiler of the web page")
}

/// Installs what drives a browser, beside the tests of the web page.
///
/// # Errors
/// Those of [`prepare`].
pub(crate) fn prepare_browser() -> Result<()> {
    install("tests/browser", "what drives a browser for the tests")
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
