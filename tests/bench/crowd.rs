//! Workflows that never wait: what others notice of them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    client::Client,
    load::millis,
    report::{Crowd, Report},
    server::Server,
};

/// How long the good workflow is watched, alone and in the crowd.
const WATCHED: Duration = Duration::from_secs(8);

/// Watches a good workflow alone, and then beside so many that continue as new at once.
pub(crate) async fn measure(wrt: &Path, guests: &Path, data: &Path, loops: usize, report: &mut Report) -> Result<()> {
    let server = Server::start(wrt, &data.join("crowd"))?;
    let client = Client::connect(&server).await?;
    client.deploy(wrt, guests)?;
    let (alone_p50_ms, alone_p99_ms) = watch(&client).await?;
    let ids: Vec<_> = (0..loops).map(|_| client.fresh_id()).collect();
    for id in &ids {
        client.start(id, "Again", "null").await?;
    }
    let before = client.statistics().await?;
    let (p50_ms, p99_ms) = watch(&client).await?;
    let after = client.statistics().await?;
    let memory_bytes = server.memory_bytes()?;
    let mut terminate_ms: f64 = 0.0;
    for id in &ids {
        let start = Instant::now();
        client.terminate(id).await?;
        terminate_ms = terminate_ms.max(millis(start.elapsed()));
    }
    report.crowd = Some(Crowd {
        loops,
        runs: after.workflow_tasks - before.workflow_tasks,
        alone_p50_ms,
        alone_p99_ms,
        p50_ms,
        p99_ms,
        terminate_ms,
        memory_bytes,
    });
    Ok(())
}

/// The median and the 99th percentile of a workflow of one activity.
async fn watch(client: &Client) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        let id = client.fresh_id();
        let start = Instant::now();
        client.start(&id, "Steps", "1").await?;
        client.result(&id).await?;
        times.push(millis(start.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    Ok((at(50), at(99)))
}
