//! The process and the command line.
//!
//! Exit codes are in [`exit`]. Data goes to stdout, everything about the work itself to stderr.

mod activity;
mod batch;
mod build;
mod cli;
mod client;
mod codec;
mod completion;
mod context;
mod deploy;
mod exit;
mod failure;
mod json;
mod module;
mod namespace;
mod output;
mod page;
mod payload;
mod progress;
mod proto;
mod run;
mod schedule;
mod search_attribute;
mod server;
mod task_queue;
mod time;
mod words;
mod worker_deployment;
mod workflow;

use std::process::ExitCode;

use crate::exit::Exit;

/// Steps allocate much and briefly, on several threads: the system's allocator takes an eighth of the server's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let outcome = cli::run(cli);
    let exit = outcome.unwrap_or_else(|error| {
        if output::is_closed_pipe(&error) {
            // Whoever read our output, such as `head`, has seen enough.
            return Exit::Success;
        }
        output::error(&error);
        Exit::Failure
    });
    exit.into()
}
