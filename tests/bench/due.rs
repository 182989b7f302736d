//! Many timers that are due in the same second: how long until all have fired, and how others are served meanwhile.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    client::Client,
    report::{Due, Report},
    server::Server,
};

/// Starts that are under way at the same time.
const CONCURRENCY: usize = 128;

/// Starts that any machine manages in a second: all have to be there before the timers are due.
const STARTS_PER_SECOND: usize = 1_500;

/// Lets so many runs sleep until the same moment.
pub(crate) async fn measure(wrt: &Path, guests: &Path, data: &Path, count: usize, report: &mut Report) -> Result<()> {
    let server = Server::start(wrt, &data.join("due"))?;
    let client = Client::connect(&server).await?;
    client.deploy(wrt, guests)?;
    let due = SystemTime::now() + Duration::from_secs((count / STARTS_PER_SECOND + 5) as u64);
    let due_ms = due.duration_since(UNIX_EPOCH)?.as_millis().to_string();
    stream::iter(0..count)
        .map(|_| async {
            let id = client.fresh_id();
            client.start(&id, "Until", &due_ms).await
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    let asleep_bytes = server.memory_bytes()?;

    tokio::time::sleep(due.duration_since(SystemTime::now()).unwrap_or_default()).await;
    let start = Instant::now();
    let (mut round_trips, mut peak_bytes) = (Vec::new(), asleep_bytes);
    while client
        .count("WorkflowType = 'Until' AND ExecutionStatus = 'Running'")
        .await?
        > 0
    {
        // As a client that knows nothing of the timers.
        for _ in 0..5 {
            round_trips.push(round_trip(&client).await?);
        }
        peak_bytes = peak_bytes.max(server.memory_bytes()?);
    }
    let elapsed = start.elapsed();
    let fired = client
        .count("WorkflowType = 'Until' AND ExecutionStatus = 'Completed'")
        .await?;
    anyhow::ensure!(fired == count as i64, "{fired} of {count} timers have fired");
    round_trips.sort_unstable();
    let at = |percent: usize| {
        let index = round_trips.len().saturating_sub(1) * percent / 100;
        round_trips.get(index).map_or(0.0, |span| span.as_secs_f64() * 1e3)
    };
    report.due = Some(Due {
        timers: count,
        seconds: elapsed.as_secs_f64(),
        round_trip_p50_ms: at(50),
        round_trip_max_ms: at(100),
        asleep_bytes,
        peak_bytes,
    });
    Ok(())
}

/// Starts a workflow, signals it, and waits for its end.
async fn round_trip(client: &Client) -> Result<Duration> {
    let id = client.fresh_id();
    let start = Instant::now();
    client.start(&id, "Wait", "null").await?;
    client.signal(&id).await?;
    client.result(&id).await?;
    Ok(start.elapsed())
}
