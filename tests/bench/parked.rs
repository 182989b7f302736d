//! Memory of runs that wait.

use std::path::Path;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    client::Client,
    report::{Parked, Report},
    server::Server,
};

/// Starts that are under way at the same time.
const CONCURRENCY: usize = 64;

/// Parks runs and measures what each of them costs: with its instance in memory, and after a start of the server, when only
/// what it waits for is known.
pub(crate) async fn measure(wrt: &Path, guests: &Path, data: &Path, count: usize, report: &mut Report) -> Result<()> {
    let folder = data.join("parked");
    let server = Server::start(wrt, &folder)?;
    let client = Client::connect(&server).await?;
    client.deploy(wrt, guests)?;
    start(&client, 100).await?;
    let before = server.memory_bytes()?;
    start(&client, count).await?;
    let grown = server.memory_bytes()?.saturating_sub(before);
    let in_memory = client.statistics().await?.parked_runs.clamp(1, count as u64);
    drop(server);

    let empty = Server::start(wrt, &data.join("empty"))?;
    Client::connect(&empty).await?.statistics().await?;
    let base = empty.memory_bytes()?;
    drop(empty);
    let server = Server::start_again(wrt, &folder)?;
    Client::connect(&server).await?.statistics().await?;
    let evicted_bytes = server.memory_bytes()?.saturating_sub(base) / count as u64;

    // Those that there was no room for have cost something, too.
    let kept_bytes = grown.saturating_sub(evicted_bytes * (count as u64 - in_memory)) / in_memory;
    report.parked = Some(Parked {
        runs: count,
        in_memory,
        kept_bytes,
        evicted_bytes,
    });
    Ok(())
}

async fn start(client: &Client, count: usize) -> Result<()> {
    stream::iter(0..count)
        .map(|_| async {
            let id = client.fresh_id();
            client.start(&id, "Wait", "null").await
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await
}
