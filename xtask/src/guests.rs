//! `cargo xtask guests`: builds every guest of the repository into target/guests.
//!
//! A Rust guest is any package under examples/ or tests/guests/ that makes a `cdylib`. The guests of another language
//! are built by `tests/guests/<language>/build.sh`, which gets the folder to write to as its argument. A guest's file is
//! named as its package, with hyphens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::setup::{self, Language, Stamp, WasmToolchain};
use crate::shell;

/// Where guests lie, from the root of the repository.
const FOLDERS: [&str; 2] = ["examples", "tests/guests"];

/// Installs what is missing and builds the guests of every language.
///
/// # Errors
/// A guest does not compile, or an installer fails.
pub(crate) fn run() -> Result<()> {
    rust()?;
    setup::languages(&Language::ALL)?;
    for language in Language::ALL {
        other(language)?;
    }
    Ok(())
}

/// Builds the Rust guests, and returns their files.
///
/// # Errors
/// A guest does not compile, or there is no toolchain for it.
pub(crate) fn rust() -> Result<Vec<PathBuf>> {
    let toolchain = setup::wasm()?;
    let mut files = Vec::new();
    for (workspace, packages) in rust_guests()? {
        for built in compile(&toolchain, &workspace, &packages)? {
            files.push(install(&built)?);
        }
    }
    Ok(files)
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
    for manifest in files(&FOLDERS)?.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let mut cargo = shell::cargo();
        cargo
            .args(["metadata", "--no-deps", "--format-version=1", "--manifest-path"])
            .arg(manifest);
        let metadata: Value = serde_json::from_str(&shell::read(&mut cargo)?).context("read cargo's metadata")?;
        let workspace = metadata["workspace_root"]
            .as_str()
            .context("find the root of a workspace")?;
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let package = packages
            .iter()
            .find(|package| package["manifest_path"].as_str() == manifest.to_str());
        if let Some(package) = package.filter(|package| is_guest(package)) {
            let name = package["name"].as_str().context("name a package")?;
            guests.entry(workspace.into()).or_default().push(name.to_owned());
        }
    }
    Ok(guests)
}

fn is_guest(package: &Value) -> bool {
    let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    targets.iter().any(|target| {
        target["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.contains(&"cdylib".into()))
    })
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
    // A folder of its own: Debian's compiler would push out what the other one has made for the workspace.
    cargo.arg("--target-dir").arg(output()?);
    for package in packages {
        cargo.args(["--package", package]);
    }
    let messages = shell::read(&mut cargo)?;
    let made = messages.lines().flat_map(shell::artifacts);
    Ok(made
        .filter(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .collect())
}

fn install(built: &Path) -> Result<PathBuf> {
    let name = built
        .file_name()
        .context("name a guest")?
        .to_string_lossy()
        .replace('_', "-");
    let file = output()?.join(name);
    fs::copy(built, &file).with_context(|| format!("copy {} to {}", built.display(), file.display()))?;
    shell::say(format!("built {}", file.display()));
    Ok(file)
}

// === Other languages ===

/// Runs the build script of a language, unless nothing that it reads has changed.
fn other(language: Language) -> Result<()> {
    let folder = format!("tests/guests/{}", language.folder());
    let mut stamp = Stamp::new(output()?.join(format!(".{}", language.folder())));
    for input in files(&[&folder, "wit", "guest-sdk", "tests/requirements.txt"])? {
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

/// The files of these folders that belong to the repository, or would once they are added.
fn files(folders: &[&str]) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(folders);
    let list = shell::read(git.current_dir(shell::root()))?;
    let files = list.lines().map(|file| shell::root().join(file));
    Ok(files.filter(|file| file.exists()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_guest_is_a_package_with_a_cdylib() {
        let cases = [
            (json!({"targets": [{"kind": ["cdylib"]}]}), true),
            (
                json!({"targets": [{"kind": ["custom-build"]}, {"kind": ["cdylib", "rlib"]}]}),
                true,
            ),
            (json!({"targets": [{"kind": ["lib"]}, {"kind": ["bin"]}]}), false),
            (json!({"targets": []}), false),
        ];
        for (package, expected) in cases {
            assert_eq!(is_guest(&package), expected, "{package}");
        }
    }
}
