//! The SDKs' own tests, each in the runner that people of its language use.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use wrt_tests::{python, root};

/// Runs a command in a folder of the repository. What it prints is shown when it fails.
fn run(folder: &str, command: &mut Command) -> Result<()> {
    let output = command.current_dir(root().join(folder)).output();
    let output = output.with_context(|| format!("start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} in {folder}:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn typescript() -> Result<()> {
    run("guest-sdk/typescript", Command::new("npm").args(["test", "--silent"]))
}

#[test]
fn python_with_its_example() -> Result<()> {
    let sdk = root().join("guest-sdk/python");
    let command = |arguments: &[&str]| -> Result<Command> {
        let mut command = Command::new(python()?);
        // Nothing is written beside the sources.
        command
            .args(arguments)
            .env("PYTHONPATH", &sdk)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    };
    run(
        "guest-sdk/python",
        &mut command(&["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"])?,
    )?;
    run("examples/order-saga-python", &mut command(&["-m", "unittest"])?)
}

#[test]
fn go_with_its_example() -> Result<()> {
    run("guest-sdk/go", Command::new("go").args(["test", "./..."]))?;
    run("examples/order-saga-go", Command::new("go").args(["test", "."]))?;
    let scenarios: PathBuf = root().join("tests/scenarios");
    let mut golden = Command::new("go");
    golden.args(["test", "."]).env("WRT_SCENARIOS", scenarios);
    run("tests/guests/scenarios-go", &mut golden)
}
