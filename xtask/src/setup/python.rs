//! Python with Temporal's client and the compiler of Python guests, in a virtual environment.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Stamp, debian};
use crate::shell;

/// Makes the virtual environment and installs the pinned packages into it.
///
/// # Errors
/// There is no Python 3, or a package cannot be fetched.
pub(crate) fn prepare() -> Result<()> {
    let version = shell::read(Command::new("python3").arg("--version")).context("find Python 3")?;
    let requirements = shell::root().join("tests/requirements.txt");
    let stamp = Stamp::new(environment().join("stamp"))
        .text(&version)
        .file(&requirements)?;
    if stamp.is_fresh() {
        return Ok(());
    }
    shell::say("Python packages in target/python: Temporal's client for the tests, and the compiler of Python guests");
    create()?;
    shell::run(
        Command::new(environment().join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements),
    )?;
    stamp.keep()
}

fn environment() -> PathBuf {
    shell::target().join("python")
}

/// Debian keeps the module that makes environments in a package of its own, which is found out by trying.
fn create() -> Result<()> {
    if environment().exists() {
        fs::remove_dir_all(environment()).context("remove the old virtual environment")?;
    }
    if shell::succeeds(&mut make_environment()) {
        return Ok(());
    }
    debian::install(&["python3-venv"], "makes virtual environments for Python")?;
    shell::run(make_environment().arg("--clear"))
}

fn make_environment() -> Command {
    let mut python = Command::new("python3");
    python.args(["-m", "venv"]).arg(environment());
    python
}
