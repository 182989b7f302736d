//! One run with much open: what each activity, timer, child or signal costs, beside few of them and beside many.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    client::Client,
    load::millis,
    report::{Pending, Report},
    server::Server,
};

/// The workflows that open something, and wait until all of it has ended.
const KINDS: [&str; 4] = ["Activities", "Timers", "Children", "Signals"];

/// Few are opened by several runs, one after the other, so that there is something to measure.
const FEW: usize = 10;
const FEW_RUNS: usize = 40;

/// Signals that are under way at the same time.
const CONCURRENCY: usize = 32;

/// Measures each kind, with few and with `many` in a run.
pub(crate) async fn measure(wrt: &Path, guests: &Path, data: &Path, many: usize, report: &mut Report) -> Result<()> {
    let server = Server::start(wrt, &data.join("pending"))?;
    let client = Client::connect(&server).await?;
    client.deploy(wrt, guests)?;
    for kind in KINDS {
        for (count, runs) in [(FEW, FEW_RUNS), (many, 1)] {
            let pending = run(&server, &client, kind, count, runs).await?;
            eprintln!("{}", pending.summary());
            report.pending.push(pending);
        }
    }
    Ok(())
}

async fn run(server: &Server, client: &Client, kind: &'static str, count: usize, runs: usize) -> Result<Pending> {
    let before = (server.cpu_time()?, server.written_bytes()?, client.statistics().await?);
    let start = Instant::now();
    for _ in 0..runs {
        let id = client.fresh_id();
        client.start(&id, kind, &count.to_string()).await?;
        if kind == "Signals" {
            let signals = stream::iter(0..count).map(|_| client.signal(&id));
            signals.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
        }
        client.result(&id).await?;
    }
    let elapsed = start.elapsed();
    let after = (server.cpu_time()?, server.written_bytes()?, client.statistics().await?);
    let all = (count * runs) as f64;
    Ok(Pending {
        kind,
        count,
        each_ms: millis(elapsed) / all,
        cpu_us: micros(after.0.saturating_sub(before.0)) / all,
        rows: (after.2.row_writes - before.2.row_writes) as f64 / all,
        written_bytes: (after.1 - before.1) as f64 / all,
    })
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}
