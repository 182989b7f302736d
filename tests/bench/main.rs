//! The benchmark: a real server, real gRPC, one table.
//!
//! `cargo xtask bench` builds what it needs and runs it. It prints a table, and writes the same figures as JSON.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bare;
mod client;
mod crowd;
mod due;
mod load;
mod long;
mod parked;
mod pending;
mod replay;
mod report;
mod scenarios;
mod server;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::Parser;

use crate::{client::Client, report::Report, scenarios::Scenario, server::Server};

/// Measures a wrt server.
#[derive(Parser)]
struct Options {
    /// The `wrt` program to measure.
    #[arg(long)]
    wrt: PathBuf,
    /// The folder with `bench-workflow.wasm` and `bench-activity.wasm`.
    #[arg(long)]
    guests: PathBuf,
    /// The folder for the server's data. The disk that it lies on is measured too.
    #[arg(long)]
    data: PathBuf,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: PathBuf,
    /// Seconds of load for each line of the table.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Runs to park.
    #[arg(long, default_value_t = 10_000)]
    parked: usize,
    /// Events of the long history.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Timers that are due in the same second.
    #[arg(long, default_value_t = 100_000)]
    timers: usize,
    /// Activities, timers, children and signals of one run at the same time.
    #[arg(long, default_value_t = 2_000)]
    pending: usize,
    /// Workflows that never wait, beside a good one.
    #[arg(long, default_value_t = 8)]
    loops: usize,
    /// Only lines whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut report = Report::default();
    measure_load(&options, &mut report).await?;
    if "parked runs".contains(&options.only) {
        parked::measure(
            &options.wrt,
            &options.guests,
            &options.data,
            options.parked,
            &mut report,
        )
        .await?;
    }
    if "long history".contains(&options.only) {
        long::measure(
            &options.wrt,
            &options.guests,
            &options.data,
            options.events,
            &mut report,
        )
        .await?;
    }
    if "timers due at once".contains(&options.only) {
        due::measure(
            &options.wrt,
            &options.guests,
            &options.data,
            options.timers,
            &mut report,
        )
        .await?;
    }
    if "much pending".contains(&options.only) {
        pending::measure(
            &options.wrt,
            &options.guests,
            &options.data,
            options.pending,
            &mut report,
        )
        .await?;
    }
    if "crowd".contains(&options.only) {
        crowd::measure(&options.wrt, &options.guests, &options.data, options.loops, &mut report).await?;
    }
    report.print();
    report.write(&options.json)
}

async fn measure_load(options: &Options, report: &mut Report) -> Result<()> {
    let server = Server::start(&options.wrt, &options.data.join("load"))?;
    let client = Client::connect(&server).await?;
    client.deploy(&options.wrt, &options.guests)?;
    report.bare = Some(bare::measure(&client, &options.data).await?);
    for scenario in Scenario::ALL
        .iter()
        .filter(|scenario| scenario.name.contains(&options.only))
    {
        for &concurrency in scenario.concurrencies {
            let seconds = Duration::from_secs(options.seconds);
            let line = load::run(&server, &client, scenario, concurrency, seconds).await?;
            eprintln!("{}", line.summary());
            report.load.push(line);
        }
    }
    if "replay".contains(&options.only) {
        report.replay = Some(replay::measure(&client, &options.guests).await?);
    }
    Ok(())
}
