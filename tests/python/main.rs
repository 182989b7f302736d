//! Temporal's Python client and its workers against a real `wrt`. The tests themselves are in Python: `run.py` starts the
//! server, runs the folder `suite`, and prints a line for each test and one at the end.

use std::{ffi::OsStr, process::Command};

use anyhow::{Context as _, Result};
use wrt_tests::{program, python, root, run_suite};

/// The components that are deployed.
const GUESTS: [&str; 6] = [
    "contract-guest",
    "hello",
    "order-saga-activities",
    "order-saga-workflow",
    "polyglot-javascript",
    "polyglot-python",
];

/// Filters for the names of tests can be given in `WRT_PYTHON_TESTS`.
#[test]
fn temporals_python_client_and_workers() -> Result<()> {
    let missing = "find what the tests need; `cargo xtask test` builds and installs it";
    let filters = std::env::var("WRT_PYTHON_TESTS").unwrap_or_default();
    let mut command = Command::new(python().context(missing)?);
    command
        // Nothing is written beside the sources.
        .args([OsStr::new("-B"), root().join("tests/python/run.py").as_os_str()])
        .args(filters.split_whitespace())
        .env("WRT_BOOKS_BIN", program("order-saga-books").context(missing)?);
    run_suite(&mut command, &GUESTS, env!("CARGO_TARGET_TMPDIR"))
}
