//! Temporal's TypeScript client and its workers against a real `wrt`. The tests themselves are in JavaScript: `run.js`
//! starts the server, runs the folder `suite`, and prints a line for each test and one at the end.

use anyhow::Result;
use wrt_tests::run_node_suite;

/// The components that are deployed.
const GUESTS: [&str; 2] = ["contract-guest", "hello"];

/// Patterns for the names of tests can be given in `WRT_TYPESCRIPT_TESTS`.
#[test]
fn temporals_typescript_client_and_workers() -> Result<()> {
    run_node_suite("typescript", &GUESTS, [], env!("CARGO_TARGET_TMPDIR"))
}
