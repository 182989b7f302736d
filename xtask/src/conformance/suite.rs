//! The suite: part of the source distribution of Temporal's Python package, which contains the workspace of SDK core.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::setup::Stamp;
use crate::shell;

/// Of the package `temporalio` on PyPI.
pub(super) const VERSION: &str = "1.35.0";
const SHA256: &str = "c7a14f29909f8d847f78de49305af89c0ec5aea39272cd4050124386ac3ca295";

/// The program of the tests. The others need a cloud account or a quiet machine, or somebody who looks at them.
const PROGRAM: &str = "integ_tests";

/// As the suite's own runner sets them; and with a compiler of protobuf that needs no program.
const FEATURES: &str = "temporalio-protos/vendored-protox,temporalio-common/serde_serialize,\
    temporalio-sdk-core/test-utilities,temporalio-sdk-core/ephemeral-server,temporalio-sdk-core/otel";

/// The program, and the folder that it wants to run in.
pub(super) struct Suite {
    pub(super) folder: PathBuf,
    pub(super) program: PathBuf,
}

/// Fetches and compiles the suite below this folder, if that has not been done.
///
/// # Errors
/// The package cannot be fetched, or the suite does not compile.
pub(super) fn prepare(folder: &Path) -> Result<Suite> {
    let workspace = unpack(folder)?;
    shell::say("integration tests of SDK core (the first time, this takes a quarter of an hour)");
    Ok(Suite {
        folder: workspace.join("crates/sdk-core"),
        program: compile(&workspace, &folder.join("build"))?,
    })
}

impl Suite {
    /// The name of every test that is not marked as one to leave out.
    ///
    /// # Errors
    /// The program does not list its tests.
    pub(super) fn tests(&self) -> Result<Vec<String>> {
        let left_out: HashSet<_> = self.list(&["--ignored"])?.into_iter().collect();
        let names = self.list(&[])?.into_iter();
        Ok(names.filter(|name| !left_out.contains(name)).collect())
    }

    fn list(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new(&self.program);
        command.args(["--list", "--format", "terse"]).args(arguments);
        Ok(names(&shell::read(&mut command)?))
    }
}

/// Fetches the package, checks its hash and unpacks it. Returns the folder of SDK core's workspace.
fn unpack(folder: &Path) -> Result<PathBuf> {
    let package = folder.join(format!("temporalio-{VERSION}"));
    let workspace = package.join("temporalio/bridge/sdk-core");
    let stamp = Stamp::new(folder.join("stamp")).text(VERSION).text(SHA256);
    if stamp.is_fresh() {
        return Ok(workspace);
    }
    shell::say(format!("source distribution of temporalio {VERSION}"));
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, format!("temporalio=={VERSION} --hash=sha256:{SHA256}\n"))
        .with_context(|| format!("write {}", requirements.display()))?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]);
    pip.args(["--no-binary", "temporalio", "--require-hashes", "--requirement"]);
    shell::run(pip.arg(&requirements).arg("--dest").arg(folder))?;

    let archive = folder.join(format!("temporalio-{VERSION}.tar.gz"));
    shell::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder))?;
    // It asks for a toolchain of its own; the one of this repository does as well.
    fs::remove_file(workspace.join("rust-toolchain.toml")).context("remove the suite's choice of a toolchain")?;
    // The package has a lock file for its own workspace, which pins most of what this one needs.
    fs::copy(
        package.join("temporalio/bridge/Cargo.lock"),
        workspace.join("Cargo.lock"),
    )
    .context("copy the lock file of the package")?;
    stamp.keep()?;
    Ok(workspace)
}

/// Compiles the program, with as little beside the code as cargo can be told to write.
fn compile(workspace: &Path, target: &Path) -> Result<PathBuf> {
    let mut command = shell::cargo();
    command
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(["--package", "temporalio-sdk-core", "--package", "temporalio-protos"])
        .args(["--features", FEATURES]);
    command.args(["--test", PROGRAM]);
    let made = shell::read(&mut command)?;
    shell::artifacts(&made)
        .into_iter()
        .find(|file| is_program(file))
        .with_context(|| format!("find {PROGRAM} among what `{}` has made", shell::line(&command)))
}

/// Whether cargo has made this file of the program: it puts a hash behind the name.
fn is_program(file: &Path) -> bool {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplit_once('-').is_some_and(|(name, _)| name == PROGRAM)
}

/// The names in a list of tests, in which everything has its kind behind it.
fn names(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_libraries() {
        let cases = [
            ("/t/debug/deps/integ_tests-0123456789abcdef", true),
            ("/t/debug/deps/libinteg_tests-0123456789abcdef.rlib", false),
            ("/t/debug/deps/cloud_tests-0123456789abcdef", false),
            ("/t/debug/integ_tests", false),
        ];
        for (file, expected) in cases {
            assert_eq!(is_program(Path::new(file)), expected, "{file}");
        }
    }

    #[test]
    fn tests_are_listed_without_benchmarks() {
        assert_eq!(names("a::b: test\na::c: benchmark\n\nd: test\n"), ["a::b", "d"]);
    }
}
