//! Packages of Debian and its kin.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Installs those of the packages that are missing.
///
/// # Errors
/// There is no apt, no right to install, or apt fails. The message says what to type instead.
pub(crate) fn install(packages: &[&str], why: &str) -> Result<()> {
    let missing: Vec<_> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    shell::say(format!("Debian packages {}: {why}", missing.join(" ")));
    apt_get(&["update"]).with_context(|| advice(&missing))?;
    let arguments = [&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat();
    apt_get(&arguments).with_context(|| advice(&missing))
}

/// The files that an installed package brought.
///
/// # Errors
/// The package is not installed.
pub(crate) fn files(package: &str) -> Result<Vec<String>> {
    let list = shell::read(Command::new("dpkg-query").args(["--listfiles", package]))?;
    Ok(list.lines().map(str::to_owned).collect())
}

fn is_installed(package: &str) -> bool {
    let query = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let is_root = shell::read(Command::new("id").arg("--user"))?.trim() == "0";
    let mut command = if is_root {
        Command::new("apt-get")
    } else if shell::succeeds(Command::new("sudo").arg("--version")) {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    } else {
        bail!("installing packages needs root, and there is no sudo");
    };
    shell::run(command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
}

fn advice(missing: &[&str]) -> String {
    format!(
        "install Debian packages (as root: apt-get update && apt-get install {})",
        missing.join(" ")
    )
}
