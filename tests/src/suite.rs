//! Test suites in other languages: programs that print a line for each test, and at the end how many have passed.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{guests, program, root};

/// Runs a suite, prints what it prints, and believes its last line.
///
/// The environment tells the suite what was built: `WRT_BIN` the program, `WRT_GUESTS_DIR` the folder of the components,
/// which are these, and `WRT_SCRATCH_DIR` a folder for logs, databases and compiled components.
///
/// # Errors
/// Something is missing, or not all tests have passed.
#[expect(clippy::print_stdout, reason = "the lines of the suite are the lines of the test")]
pub fn run_suite(command: &mut Command, components: &[&str], scratch: impl Into<PathBuf>) -> Result<()> {
    for name in components {
        let file = guests().join(name).with_extension("wasm");
        ensure!(
            file.exists(),
            "find {}; build it with `cargo xtask guests`",
            file.display()
        );
    }
    command
        .env("WRT_BIN", program("wrt")?)
        .env("WRT_GUESTS_DIR", guests())
        .env("WRT_SCRATCH_DIR", scratch.into())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut process = command.spawn().with_context(|| format!("start {command:?}"))?;
    let output = process.stdout.take().context("read the output of the suite")?;
    let mut report = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("read the output of the suite")?;
        println!("{line}");
        report.push(line);
    }
    // The exit code says nothing more: clients may crash when all tests have passed and the program ends.
    process.wait().context("wait for the suite")?;
    judge(&report)
}

/// Runs the suite in JavaScript that lies in tests/`name`, with Node. Patterns for the names of its tests can be given in
/// `WRT_<NAME>_TESTS`. `more` is added to its environment.
///
/// # Errors
/// Those of [`run_suite`].
pub fn run_node_suite(
    name: &str,
    components: &[&str],
    more: impl IntoIterator<Item = (&'static str, PathBuf)>,
    scratch: impl Into<PathBuf>,
) -> Result<()> {
    let folder = root().join("tests").join(name);
    ensure!(
        folder.join("node_modules").exists(),
        "find node_modules in {}; install it with `cargo xtask setup --tests`",
        folder.display()
    );
    let patterns = std::env::var(format!("WRT_{}_TESTS", name.to_uppercase())).unwrap_or_default();
    let mut command = Command::new("node");
    command
        .args([
            "--test-reporter=../node/reporter.mjs",
            "--test-reporter-destination=stdout",
        ])
        .args(
            patterns
                .split_whitespace()
                .map(|word| format!("--test-name-pattern={word}")),
        )
        .arg("run.js")
        .envs(more)
        .current_dir(folder);
    run_suite(&mut command, components, scratch)
}

/// Believes "PASSED n tests" when there are n tests before it, all of which say that they are ok.
fn judge(report: &[String]) -> Result<()> {
    let tests: Vec<_> = report.iter().filter(|line| line.starts_with("test ")).collect();
    let passed = tests.iter().filter(|line| line.contains(" ... ok")).count();
    let end = report.last().map_or("", String::as_str);
    if passed > 0 && passed == tests.len() && end == format!("PASSED {passed} tests") {
        return Ok(());
    }
    bail!("{passed} of {} tests have passed; the end is `{end}`", tests.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_judged() {
        let cases: [(&[&str], bool); 6] = [
            (
                &["test a ... ok (0.01 s)", "test b ... ok (2.00 s)", "PASSED 2 tests"],
                true,
            ),
            (&["test a ... ok (0.01 s)", "PASSED 2 tests"], false),
            (
                &["test a ... ok (0.01 s)", "test b ... FAILED", "PASSED 2 tests"],
                false,
            ),
            (
                &["test a ... ok (0.01 s)", "test b ... FAILED", "PASSED 1 tests"],
                false,
            ),
            (&["test a ... ok (0.01 s)"], false),
            (&["PASSED 0 tests"], false),
        ];
        for (report, passes) in cases {
            let report: Vec<_> = report.iter().map(ToString::to_string).collect();
            assert_eq!(judge(&report).is_ok(), passes, "{report:?}");
        }
    }
}
