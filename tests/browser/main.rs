//! The web page in a real browser, against a real `wrt`. The tests themselves are in JavaScript: `run.js` starts the server
//! and the browser, runs the folder `suite`, and prints a line for each test and one at the end.

use anyhow::{Result, ensure};
use wrt_tests::{program, root, run_node_suite};

/// The components that are deployed.
const GUESTS: [&str; 2] = ["order-saga-workflow", "order-saga-activities"];

/// Patterns for the names of tests can be given in `WRT_BROWSER_TESTS`.
#[test]
fn the_web_page_in_a_browser() -> Result<()> {
    ensure!(
        root().join("runtime/ui/page/dist/index.html").exists(),
        "find the built page; build it with `cargo xtask page`, and the server after it"
    );
    let more = [
        ("WRT_BOOKS_BIN", program("order-saga-books")?),
        ("WRT_SCREENSHOTS_DIR", root().join("target/screenshots")),
    ];
    run_node_suite("browser", &GUESTS, more, env!("CARGO_TARGET_TMPDIR"))
}
