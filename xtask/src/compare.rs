//! `cargo xtask compare`: the same calls to wrt and to Temporal's server, and where the answers differ.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// Arguments for the comparison.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the comparison, for instance `--only reset`, or `--seed 1 --minutes 10`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds both servers and compares them. Their logs are in target/oracle.
///
/// # Errors
/// Something does not build, a server does not come up, or there is a difference that nobody has meant.
pub(crate) fn run(options: &Options) -> Result<()> {
    let temporal = build_temporal()?;
    let [wrt, compare] = shell::programs(["wrt", "wrt-compare"])?;
    shell::run(
        Command::new(compare)
            .arg("--temporal")
            .arg(temporal)
            .arg("--wrt")
            .arg(wrt)
            .arg("--logs")
            .arg(folder())
            .args(&options.arguments),
    )
}

/// Builds Temporal's server from the Go module that it is, and returns the program.
fn build_temporal() -> Result<PathBuf> {
    let program = folder().join("oracle");
    shell::say("Temporal's server; the first time takes a while, and fetches its Go modules");
    shell::run(
        Command::new("go")
            .current_dir(shell::root().join("tests/oracle"))
            .args(["build", "-trimpath", "-o"])
            .arg(&program)
            .arg("."),
    )
    .context("build tests/oracle; it takes Go from go.dev, of the version in its go.mod or a later one")?;
    Ok(program)
}

fn folder() -> PathBuf {
    shell::target().join("oracle")
}
