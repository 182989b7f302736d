//! How fast a history is replayed.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use wrt_host::{Host, HostOptions, RunIdentity};
use wrt_model::{Time, proto::EventAttributes};

use crate::{client::Client, report::Replay};

/// How long to replay again and again.
const SPAN: Duration = Duration::from_secs(2);

/// Replays the history of a workflow of 1,000 steps.
pub(crate) async fn measure(client: &Client, guests: &Path) -> Result<Replay> {
    let id = client.fresh_id();
    client.start(&id, "Steps", "1000").await?;
    client.result(&id).await?;
    let events = client.history(&id).await?;
    let first = events.first().context("read the history")?;
    let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &first.attributes else {
        anyhow::bail!("the history does not begin with a start");
    };
    let identity = RunIdentity {
        namespace: "default".into(),
        workflow_id: id,
        run_id: started.first_execution_run_id.clone(),
        original_execution_run_id: started.original_execution_run_id.clone(),
        start_time: first.event_time.as_ref().map_or(Time::EPOCH, Time::from),
    };

    let bytes = std::fs::read(guests.join("bench-workflow.wasm")).context("read the component")?;
    let host = Host::new(HostOptions::default())?;
    let prepared = host.prepare(&bytes).await?;
    let module = host
        .workflow(&prepared.component.digest, || async { Ok(prepared.bytes.clone()) })
        .await?;
    let start = Instant::now();
    let mut replays = 0;
    while start.elapsed() < SPAN {
        let mut instance = module.instantiate(identity.clone())?;
        instance
            .replay(&events)
            .map_err(|failure| anyhow::anyhow!(failure.failure.message))?;
        replays += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Replay {
        events: events.len(),
        events_per_second: (replays * events.len()) as f64 / seconds,
    })
}
