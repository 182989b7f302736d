//! Durable waiting.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use wrt_model::{
    Time,
    proto::{HistoryEvent, enums::EventType},
};

use wrt_tests::{Options, with_server};

use crate::with_contract;

#[tokio::test]
async fn a_timer_fires_when_its_time_has_come() -> Result<()> {
    with_contract(async |server| {
        let run = server
            .client()
            .script("w", "start => timer 1\nfired 1 => complete")
            .await?;
        run.closed().await?;
        let history = run.history().await?;
        let waited = time_of(&history, EventType::TimerFired)?.since(time_of(&history, EventType::TimerStarted)?);
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
        Ok(())
    })
    .await
}

fn time_of(history: &[HistoryEvent], event_type: EventType) -> Result<Time> {
    let event = history.iter().find(|event| event.event_type() == event_type);
    let time = event.and_then(|event| event.event_time.as_ref());
    Ok(Time::from(time.with_context(|| format!("find {event_type:?}"))?))
}

#[tokio::test]
async fn a_canceled_timer_does_not_fire() -> Result<()> {
    with_contract(async |server| {
        let script = "start => timer 1\nsignal stop => cancel-timer 1; timer 2\nfired 2 => complete";
        let run = server.client().script("w", script).await?;
        run.signal("stop", "").await?;
        let transcript = run.result().await?;
        assert!(transcript.contains("timer 2 fired"), "{transcript}");
        assert!(!transcript.contains("timer 1 fired"), "{transcript}");
        assert!(run.event_types().await?.contains(&EventType::TimerCanceled));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_timer_whose_time_comes_while_the_server_is_down_fires_at_the_next_start() -> Result<()> {
    with_contract(async |server| {
        let run = server
            .client()
            .script("w", "start => timer 1; timer 3600\nfired 1 => complete 1")
            .await?;
        server.kill().await?;
        server.restart().await?;
        assert_eq!(run.result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn timers_that_are_due_at_once_all_fire_once_although_the_server_is_killed_meanwhile() -> Result<()> {
    const RUNS: usize = 1_500;
    let options = Options {
        // Room for a few of the runs: most of them are rebuilt when their time comes.
        limits: "parked_memory_mib = 8",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("bench-workflow", "bench").await?;
        let client = server.client().clone();
        let first = client.start(client.starting("Until", "bench", "first", "0")).await?;
        let now = time_of(&first.history().await?, EventType::WorkflowExecutionStarted)?;
        // Time enough to start them all, on a busy machine too.
        let due = now.plus(Duration::from_secs(15)).since(Time::EPOCH);
        let due_ms = due.as_millis().to_string();
        let runs: Vec<_> = stream::iter(0..RUNS)
            .map(|number| client.start(client.starting("Until", "bench", &format!("until-{number}"), &due_ms)))
            .buffer_unordered(64)
            .try_collect()
            .await?;
        runs[0].closed().await?;
        server.kill().await?;
        server.restart().await?;
        for run in &runs {
            run.result().await?;
            let types = run.event_types().await?;
            let fired = types.iter().filter(|event_type| **event_type == EventType::TimerFired);
            assert_eq!(fired.count(), 1, "{run}: {types:?}");
        }
        Ok(())
    })
    .await
}
