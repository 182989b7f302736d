//! A standard library for Debian's compiler, built once from its source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{DEBIAN_RUSTC, PREVIEW_1, debian_cargo};
use crate::setup::Stamp;
use crate::shell;

/// An empty crate, in a workspace of its own, whose only use is that building it builds the standard library.
const MANIFEST: &str = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";

/// Builds the library unless it is there, and returns the sysroot that holds it.
///
/// # Errors
/// The compiler fails, or a folder under target/ cannot be written.
pub(super) fn build() -> Result<PathBuf> {
    let sysroot = shell::target().join("wasm-sysroot");
    let compiler = shell::read(Command::new(DEBIAN_RUSTC).arg("-vV"))?;
    let stamp = Stamp::new(sysroot.join("stamp")).text(&compiler);
    if stamp.is_fresh() {
        return Ok(sysroot);
    }
    shell::say("standard library for WebAssembly: Debian ships it as source; this takes half a minute, once");
    if sysroot.exists() {
        fs::remove_dir_all(&sysroot).with_context(|| format!("remove {}", sysroot.display()))?;
    }
    let build = sysroot.join("build");
    let libraries = compile(&build)?;
    install(&sysroot, &libraries)?;
    fs::remove_dir_all(&build).with_context(|| format!("remove {}", build.display()))?;
    link_host(&sysroot)?;
    stamp.keep()?;
    Ok(sysroot)
}

/// Compiles the standard library and returns the files that belong to it.
fn compile(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder.join("src")).with_context(|| format!("create {}", folder.display()))?;
    fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    let mut cargo = debian_cargo();
    cargo
        .current_dir(folder)
        // A stable compiler builds its own standard library only when it takes itself for an unstable one.
        .env("RUSTC_BOOTSTRAP", "1")
        .args([
            "build",
            "--release",
            "--quiet",
            "-Zbuild-std=std,panic_abort",
            "--target",
            PREVIEW_1,
        ])
        .args(["--message-format=json-render-diagnostics", "--target-dir"])
        .arg(folder.join("target"));
    let messages = shell::read(&mut cargo)?;
    Ok(shell::artifacts(&messages)
        .into_iter()
        .filter(|file| is_library(file))
        .collect())
}

/// Host crates are build scripts, and the empty crate lies outside of `deps`.
fn is_library(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rlib")
        && file
            .parent()
            .is_some_and(|folder| folder.ends_with(format!("{PREVIEW_1}/release/deps")))
}

fn install(sysroot: &Path, libraries: &[PathBuf]) -> Result<()> {
    let folder = sysroot.join("lib/rustlib").join(PREVIEW_1).join("lib");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    for library in libraries {
        let name = library.file_name().context("name a library")?;
        fs::copy(library, folder.join(name)).with_context(|| format!("copy {}", library.display()))?;
    }
    Ok(())
}

/// A procedural macro is loaded while a guest is compiled, and looks for the host's libraries in the same sysroot.
fn link_host(sysroot: &Path) -> Result<()> {
    let host = shell::read(Command::new(DEBIAN_RUSTC).args(["--print", "target-libdir"]))?;
    let host = Path::new(host.trim()).parent().context("find the host's libraries")?;
    let name = host.file_name().context("name the host")?;
    std::os::unix::fs::symlink(host, sysroot.join("lib/rustlib").join(name)).context("link the host's libraries")
}
