//! The tasks of the repository. Each one sets up by itself what it needs, and is one file here.

#![expect(clippy::print_stdout, reason = "talking to people is the job of this program")]

mod bench;
mod compare;
mod conformance;
mod demo;
mod engine;
mod guests;
mod page;
mod setup;
mod shell;
mod stage;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// Builds, tests and shows wrt.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Installs what is missing, and says what and why. Does nothing the second time.
    Setup(setup::Options),
    /// Builds every guest of the repository into target/guests.
    Guests,
    /// Builds the web page, which the server then holds.
    Page,
    /// Compiles the JavaScript engine, which `wrt build` then holds.
    Engine,
    /// Plays the order story against a real server, and ends by itself.
    Demo,
    /// Measures the server, built for release, and prints one table.
    Bench(bench::Options),
    /// Compares the server with Temporal's own, call by call, and prints where they differ.
    Compare(compare::Options),
    /// Runs the integration tests of Temporal's SDK core against the server, and writes docs/conformance.md.
    Conformance(conformance::Options),
    /// Runs every test, after building the guests that the tests run.
    Test(test::Options),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Setup(options) => setup::run(&options),
        Task::Guests => guests::run(),
        Task::Page => page::run(),
        Task::Engine => engine::run(),
        Task::Demo => demo::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Compare(options) => compare::run(&options),
        Task::Conformance(options) => conformance::run(&options),
        Task::Test(options) => test::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
