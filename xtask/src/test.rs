//! `cargo xtask test`: every test there is.

use anyhow::Result;

use crate::{engine, guests, page, setup, shell};

/// Arguments for the tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`: a filter, or `-- --nocapture`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Installs what is missing, builds the guests and the page, and runs the tests.
///
/// # Errors
/// Something does not build, or a test fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    guests::run()?;
    engine::run()?;
    page::run()?;
    setup::clients()?;
    shell::say("server and tests");
    // Cargo leaves out the programs of packages that are only tested, and the tests start `wrt` as a process.
    shell::run(shell::cargo().args(["build", "--workspace", "--all-targets"]))?;
    shell::run(
        shell::cargo()
            .args(["test", "--workspace", "--no-fail-fast"])
            .args(&options.arguments),
    )
}
