//! Load: so many operations at the same time, for a while.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::try_join_all;

use crate::{client::Client, report::Line, scenarios::Scenario, server::Server};

/// Runs a scenario and measures it. What comes first warms the server up and is not counted.
pub(crate) async fn run(
    server: &Server,
    client: &Client,
    scenario: &Scenario,
    concurrency: usize,
    span: Duration,
) -> Result<Line> {
    repeat(client, scenario, concurrency, span / 8).await?;
    let (cpu_before, before) = (server.cpu_time()?, client.statistics().await?);
    let start = Instant::now();
    let mut latencies = repeat(client, scenario, concurrency, span).await?;
    let elapsed = start.elapsed();
    let (cpu, after) = (server.cpu_time()? - cpu_before, client.statistics().await?);

    latencies.sort_unstable();
    let operations = latencies.len();
    let steps = (operations as u64 * scenario.steps) as f64;
    Ok(Line {
        scenario: scenario.name,
        concurrency,
        operations,
        per_second: operations as f64 / elapsed.as_secs_f64(),
        p50_ms: millis(percentile(&latencies, 50)),
        p99_ms: millis(percentile(&latencies, 99)),
        cpu_us: cpu.as_secs_f64() * 1e6 / operations as f64,
        commits_per_step: (after.commits - before.commits) as f64 / steps,
        rows_per_step: (after.row_writes - before.row_writes) as f64 / steps,
        transactions_per_step: (after.transactions - before.transactions) as f64 / steps,
    })
}

async fn repeat(client: &Client, scenario: &Scenario, concurrency: usize, span: Duration) -> Result<Vec<Duration>> {
    let end = Instant::now() + span;
    let lanes = (0..concurrency).map(|_| async {
        let mut latencies = Vec::new();
        while Instant::now() < end {
            let id = scenario.prepare(client).await?;
            let start = Instant::now();
            scenario.run(client, &id).await?;
            latencies.push(start.elapsed());
        }
        anyhow::Ok(latencies)
    });
    Ok(try_join_all(lanes).await?.into_iter().flatten().collect())
}

pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
