//! `cargo xtask bench`: how fast the server is.

use std::process::Command;

use anyhow::Result;

use crate::{guests, shell};

/// Arguments for the benchmark.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the benchmark, for instance `--only "ten steps"` or `--seconds 10`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds everything for release and measures it. The figures are also in target/bench/bench.json.
///
/// # Errors
/// Something does not build, or an operation of the benchmark fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    guests::named(&["bench-activity", "bench-workflow"])?;
    shell::say("server and benchmark, built for release");
    shell::run(shell::cargo().args([
        "build",
        "--release",
        "--package",
        "wrt",
        "--package",
        "wrt-tests",
        "--bins",
    ]))?;
    let release = shell::target().join("release");
    let data = shell::target().join("bench");
    std::fs::create_dir_all(&data)?;
    shell::run(
        Command::new(release.join("wrt-bench"))
            .arg("--wrt")
            .arg(release.join("wrt"))
            .arg("--guests")
            .arg(shell::target().join("guests"))
            .arg("--data")
            .arg(&data)
            .arg("--json")
            .arg(data.join("bench.json"))
            .args(&options.arguments),
    )
}
