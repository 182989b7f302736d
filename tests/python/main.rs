//! Temporal's Python client and its activity worker against a real `wrt`. The tests themselves are in Python: `run.py`
//! starts the server, runs the folder `suite`, and prints a line for each test and one at the end.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use wrt_tests::{guests, program, python, root};

/// The components that are deployed.
const GUESTS: [&str; 6] = [
    "contract-guest",
    "hello",
    "order-saga-activities",
    "order-saga-workflow",
    "polyglot-javascript",
    "polyglot-python",
];

#[test]
fn temporals_python_client_and_worker() -> Result<()> {
    let mut suite = suite().context("find what the tests need; `cargo xtask test` builds and installs it")?;
    let mut process = suite.spawn().context("start Python")?;
    let output = process.stdout.take().context("read the output of Python")?;
    let mut report = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("read the output of Python")?;
        println!("{line}");
        report.push(line);
    }
    // The exit code says nothing more: the client may crash when all tests have passed and Python ends.
    process.wait().context("wait for Python")?;
    judge(&report)
}

/// The command that runs the tests. Filters for their names can be given in `WRT_PYTHON_TESTS`.
fn suite() -> Result<Command> {
    let guests = guests();
    for name in GUESTS {
        let file = guests.join(name).with_extension("wasm");
        ensure!(
            file.exists(),
            "find {}; build it with `cargo xtask guests`",
            file.display()
        );
    }
    let filters = std::env::var("WRT_PYTHON_TESTS").unwrap_or_default();
    let mut command = Command::new(python()?);
    command
        // Nothing is written beside the sources.
        .args([OsStr::new("-B"), root().join("tests/python/run.py").as_os_str()])
        .args(filters.split_whitespace())
        .env("WRT_BIN", program("wrt")?)
        .env("WRT_BOOKS_BIN", program("order-saga-books")?)
        .env("WRT_GUESTS_DIR", guests)
        .env("WRT_SCRATCH_DIR", PathBuf::from(env!("CARGO_TARGET_TMPDIR")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    Ok(command)
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
