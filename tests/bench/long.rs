//! A history that grows long: what a step costs at its beginning and at its end, and how long it takes to come back.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use wrt_model::{
    Time,
    proto::{HistoryEvent, enums::EventType},
};

use crate::{
    client::Client,
    load::millis,
    report::{Long, Report},
    server::Server,
};

/// Events of one step: three of its activity, three of the workflow task that follows.
const EVENTS_PER_STEP: usize = 6;

/// The steps at the beginning and at the end that are compared.
const PART: usize = 1_000;

/// Makes a history of so many events, and measures what depends on its length.
pub(crate) async fn measure(wrt: &Path, guests: &Path, data: &Path, events: usize, report: &mut Report) -> Result<()> {
    let folder = data.join("long");
    let server = Server::start(wrt, &folder)?;
    let client = Client::connect(&server).await?;
    client.deploy(wrt, guests)?;
    let id = client.fresh_id();
    let steps = events.div_ceil(EVENTS_PER_STEP).max(2 * PART);
    client.start(&id, "Steps", &steps.to_string()).await?;
    client.result(&id).await?;
    let memory_bytes = server.memory_bytes()?;

    let start = Instant::now();
    let history = client.history(&id).await?;
    let read = start.elapsed();
    let times = step_times(&history);
    ensure!(
        times.len() == steps,
        "{} steps are in the history of {steps}",
        times.len()
    );
    drop(server);

    let server = Server::start_again(wrt, &folder)?;
    let client = Client::connect(&server).await?;
    let start = Instant::now();
    let value = client.query(&id, "value").await?;
    let query = start.elapsed();
    ensure!(value == steps.to_string(), "after {steps} steps the value is {value}");

    let point = history.len() * 3 / 4;
    let task = history[..point]
        .iter()
        .rfind(|event| event.event_type() == EventType::WorkflowTaskCompleted)
        .context("find a workflow task")?;
    let start = Instant::now();
    client.reset(&id, task.event_id).await?;
    let reset = start.elapsed();
    client.result(&id).await?;

    report.long = Some(Long {
        events: history.len(),
        first_steps_ms: millis(span(&times[..PART])),
        last_steps_ms: millis(span(&times[steps - PART..])),
        read_ms: millis(read),
        query_ms: millis(query),
        reset_ms: millis(reset),
        memory_bytes,
        memory_after_reset_bytes: server.memory_bytes()?,
    });
    Ok(())
}

/// When each step began.
fn step_times(history: &[HistoryEvent]) -> Vec<Time> {
    let scheduled = history
        .iter()
        .filter(|event| event.event_type() == EventType::ActivityTaskScheduled);
    scheduled
        .map(|event| event.event_time.as_ref().map_or(Time::EPOCH, Time::from))
        .collect()
}

fn span(times: &[Time]) -> Duration {
    match (times.first(), times.last()) {
        (Some(first), Some(last)) => last.since(*first),
        _ => Duration::ZERO,
    }
}
