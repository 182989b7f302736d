//! `cargo xtask guests`: builds every guest of the repository into target/guests.
//!
//! A Rust guest is any package under examples/ or tests/guests/ that makes a `cdylib`. The guests of another language
//! are built by `tests/guests/<language>/build.sh`, which gets the folder to write to as its argument. A guest's file is
//! named as its package, with hyphens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{MetadataCommand, Target};

use crate::setup::{self, Language, Stamp, WasmToolchain};
use crate::shell;

/// Where guests lie, from the root of the repository.
const FOLDERS: [&str; 2] = ["examples", "tests/guests"];

/// Installs what is missing and builds the guests of every language.
///
/// # Errors
/// A guest does not compile, or an installer fails.
pub(crate) fn run() -> Result<()> {
    rust(|_| true)?;
    setup::languages(&Language::ALL)?;
    for language in Language::ALL {
        other(language)?;
    }
    Ok(())
}

/// Builds the Rust guests of these packages, and nothing besides.
///
/// # Errors
/// A guest does not compile, there is no such guest, or there is no toolchain for it.
pub(crate) fn named(packages: &[&str]) -> Result<()> {
    let built = rust(|package| packages.contains(&package))?;
    ensure!(built == packages.len(), "find the guests {}", packages.join(", "));
    Ok(())
}

/// Builds the Rust guests that are wanted, and returns how many these are.
fn rust(wanted: impl Fn(&str) -> bool) -> Result<usize> {
    let toolchain = setup::wasm()?;
    let mut count = 0;
    for (workspace, mut packages) in rust_guests()? {
        packages.retain(|package| wanted(package));
        if packages.is_empty() {
            continue;
        }
        for built in compile(&toolchain, &workspace, &packages)? {
            install(&built)?;
        }
        count += packages.len();
    }
    Ok(count)
}

/// The folder that all guests are put into.
///
/// # Errors
/// It cannot be made.
fn output() -> Result<PathBuf> {
    let folder = shell::target().join("guests");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

// === Rust ===

/// The guest packages, by the root of their workspace.
fn rust_guests() -> Result<BTreeMap<PathBuf, Vec<String>>> {
    let mut guests: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for manifest in shell::files(&FOLDERS)?
        .iter()
        .filter(|file| file.ends_with("Cargo.toml"))
    {
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .with_context(|| format!("read {}", manifest.display()))?;
        let mut packages = metadata.packages.iter();
        let package = packages.find(|package| package.manifest_path.as_std_path() == manifest);
        if let Some(package) = package.filter(|package| package.targets.iter().any(Target::is_cdylib)) {
            let workspace = metadata.workspace_root.clone().into_std_path_buf();
            guests.entry(workspace).or_default().push(package.name.to_string());
        }
    }
    Ok(guests)
}

/// Compiles the packages and returns the modules. Cargo itself knows what is fresh.
fn compile(toolchain: &WasmToolchain, workspace: &Path, packages: &[String]) -> Result<Vec<PathBuf>> {
    shell::say(format!(
        "Rust guests for {}: {}",
        toolchain.target(),
        packages.join(", ")
    ));
    let mut cargo = toolchain.cargo();
    cargo.args([
        "build",
        "--release",
        "--target",
        toolchain.target(),
        "--message-format=json-render-diagnostics",
    ]);
    cargo.arg("--manifest-path").arg(workspace.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(toolchain.target_folder());
    for package in packages {
        cargo.args(["--package", package]);
    }
    let messages = shell::read(&mut cargo)?;
    let made = shell::artifacts(&messages).into_iter();
    Ok(made
        .filter(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .collect())
}

fn install(built: &Path) -> Result<()> {
    let name = built
        .file_name()
        .context("name a guest")?
        .to_string_lossy()
        .replace('_', "-");
    let file = output()?.join(name);
    fs::copy(built, &file).with_context(|| format!("copy {} to {}", built.display(), file.display()))?;
    shell::say(format!("built {}", file.display()));
    Ok(())
}

// === Other languages ===

/// Runs the build scripts of a language, unless nothing that they read has changed.
fn other(language: Language) -> Result<()> {
    for folder in language.folders() {
        run_script(folder)?;
    }
    Ok(())
}

fn run_script(name: &str) -> Result<()> {
    let folder = format!("tests/guests/{name}");
    let mut stamp = Stamp::new(output()?.join(format!(".{name}")));
    for input in shell::files(&[&folder, "wit", "guest-sdk", "tests/requirements.txt"])? {
        stamp = stamp.file(&input)?;
    }
    if stamp.is_fresh() {
        return Ok(());
    }
    shell::say(format!("guests in {folder}"));
    let script = shell::root().join(&folder).join("build.sh");
    shell::run(
        Command::new("bash")
            .arg(script)
            .arg(output()?)
            .current_dir(shell::root().join(&folder)),
    )?;
    stamp.keep()
}
