//! Temporal's TypeScript client and its workers against a real `wrt`. The tests themselves are in JavaScript: `run.js`
//! starts the server, runs the folder `suite`, and prints a line for each test and one at the end.

use std::process::Command;

use anyhow::{Result, ensure};
use wrt_tests::{root, run_suite};

/// The components that are deployed.
const GUESTS: [&str; 2] = ["contract-guest", "hello"];

/// Patterns for the names of tests can be given in `WRT_TYPESCRIPT_TESTS`.
#[test]
fn temporals_typescript_client_and_workers() -> Result<()> {
    let folder = root().join("tests/typescript");
    ensure!(
        folder.join("node_modules").exists(),
        "find node_modules in {}; install it with `cargo xtask setup --tests`",
        folder.display()
    );
    let patterns = std::env::var("WRT_TYPESCRIPT_TESTS").unwrap_or_default();
    let mut command = Command::new("node");
    command
        .args([
            "--test-reporter=./harness/reporter.js",
            "--test-reporter-destination=stdout",
        ])
        .args(
            patterns
                .split_whitespace()
                .map(|word| format!("--test-name-pattern={word}")),
        )
        .arg("run.js")
        .current_dir(folder);
    run_suite(&mut command, &GUESTS, env!("CARGO_TARGET_TMPDIR"))
}
