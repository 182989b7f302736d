//! The web page in a real browser, against a real `wrt`. The tests themselves are in JavaScript: `run.js` starts the server
//! and the browser, runs the folder `suite`, and prints a line for each test and one at the end.

use std::process::Command;

use anyhow::{Result, ensure};
use wrt_tests::{program, root, run_suite};

/// The components that are deployed.
const GUESTS: [&str; 2] = ["order-saga-workflow", "order-saga-activities"];

/// Patterns for the names of tests can be given in `WRT_BROWSER_TESTS`.
#[test]
fn the_web_page_in_a_browser() -> Result<()> {
    let folder = root().join("tests/browser");
    ensure!(
        folder.join("node_modules").exists(),
        "find node_modules in {}; install it with `cargo xtask setup --tests`",
        folder.display()
    );
    ensure!(
        root().join("runtime/ui/page/dist/index.html").exists(),
        "find the built page; build it with `cargo xtask page`, and the server after it"
    );
    let patterns = std::env::var("WRT_BROWSER_TESTS").unwrap_or_default();
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
        .env("WRT_BOOKS_BIN", program("order-saga-books")?)
        .env("WRT_SCREENSHOTS_DIR", root().join("target/screenshots"))
        .current_dir(folder);
    run_suite(&mut command, &GUESTS, env!("CARGO_TARGET_TMPDIR"))
}
