//! What the tests of the whole share: a server as a process, the API as clients speak it, and where things lie that
//! `cargo xtask test` has built and installed.

mod books;
mod client;
mod golden;
pub mod patterns;
mod replay;
mod run;
mod server;
mod suite;
mod worker;
mod workflow_worker;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wrt_build::javascript::{self, Project};

pub use books::{Books, Effect, Orders};
pub use client::{Client, polling};
pub use golden::{Golden, execution_of, history_from_json, history_to_json};
pub use replay::{check_gapless, divergence, replay_run};
pub use run::Run;
pub use server::{Options, Server, refused_start, with_server, with_time_skipping};
pub use suite::{run_node_suite, run_suite};
pub use worker::Worker;
pub use workflow_worker::{WorkflowWorker, command};

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
}

/// The folder of the guests: the one that `cargo xtask guests` fills, unless the environment variable `WRT_GUESTS_DIR`
/// names another one.
pub fn guests() -> PathBuf {
    std::env::var_os("WRT_GUESTS_DIR").map_or_else(|| root().join("target/guests"), PathBuf::from)
}

/// The bytes of a guest, by its name without extension, for instance `order-saga-workflow`.
///
/// # Errors
/// The guest has not been built.
pub fn guest(name: &str) -> Result<Vec<u8>> {
    let file = guests().join(format!("{name}.wasm"));
    std::fs::read(&file).with_context(|| format!("read {}; build it with `cargo xtask guests`", file.display()))
}

/// A component that is built of a file of TypeScript, by its path from the root of the repository.
///
/// # Errors
/// It does not build.
pub fn script(file: &str) -> Result<Vec<u8>> {
    let project = Project {
        entry: root().join(file),
        activities: None,
        cache_dir: Some(root().join("target/tmp/engine")),
    };
    let built = javascript::build(&project).with_context(|| format!("build {file}"))?;
    Ok(built.component)
}

/// The Python that has Temporal's client.
///
/// # Errors
/// It has not been installed.
pub fn python() -> Result<PathBuf> {
    let file = root().join("target/python/bin/python");
    anyhow::ensure!(
        file.exists(),
        "find {}; install it with `cargo xtask setup --guests python`",
        file.display()
    );
    Ok(file)
}

/// A program of the workspace. It lies beside the folder of the test that looks for it.
///
/// # Errors
/// It has not been built: Cargo builds only what the tests link, and this one is started as a process.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("find the test's own program")?;
    let folder = test
        .parent()
        .and_then(Path::parent)
        .context("find the build's folder")?;
    let file = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    anyhow::ensure!(
        file.exists(),
        "find {}; `cargo xtask test` builds all that the tests need",
        file.display()
    );
    Ok(file)
}

/// Where compiled components are kept from one test to the next.
pub fn component_cache() -> PathBuf {
    root().join("target/tmp/components")
}
