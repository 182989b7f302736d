//! What the tests of the whole share: where things lie that `cargo xtask test` has built and installed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
}

/// The bytes of a guest, by its name without extension, for instance `order-saga-workflow`. The environment variable
/// `WRT_GUESTS_DIR` names another folder to look into than the one that `cargo xtask guests` fills.
///
/// # Errors
/// The guest has not been built.
pub fn guest(name: &str) -> Result<Vec<u8>> {
    let folder = std::env::var_os("WRT_GUESTS_DIR").map_or_else(|| root().join("target/guests"), PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    std::fs::read(&file).with_context(|| format!("read {}; build it with `cargo xtask guests`", file.display()))
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
