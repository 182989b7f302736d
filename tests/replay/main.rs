//! Golden histories: what components of the past have decided, components of today decide again. See README.md.

use anyhow::{Context as _, Result, ensure};
use wrt_model::proto::{EventAttributes, enums::WorkflowTaskFailedCause};
use wrt_tests::{Golden, check_gapless, divergence, guest, replay_run};

#[tokio::test]
async fn every_golden_history_replays() -> Result<()> {
    let histories = Golden::load_all()?;
    ensure!(
        histories.len() >= 10,
        "only {} golden histories are there",
        histories.len()
    );
    for golden in histories {
        let component = guest(&golden.component)?;
        check_gapless(&golden.events).with_context(|| format!("check {golden}"))?;
        replay_run("default", &golden.execution()?, &golden.events, &component)
            .await
            .with_context(|| format!("replay {golden}"))?;
    }
    Ok(())
}

/// Shows that the replay looks: each of these histories was changed in one place.
#[tokio::test]
async fn a_history_that_was_tampered_with_does_not_replay() -> Result<()> {
    let component = guest("contract-guest")?;
    let golden = Golden::load("contract-guest", "timers")?;
    let execution = golden.execution()?;
    for tamper in [longer_timer, missing_timer, other_result] {
        let mut events = golden.events.clone();
        let event_id = tamper(&mut events)?;
        let failure = divergence("default", &execution, &events, &component).await?;
        assert_eq!(failure.cause, WorkflowTaskFailedCause::NonDeterministicError);
        let message = &failure.failure.message;
        assert!(message.contains("diverges from its history"), "{message}");
        assert!(message.contains(&event_id.to_string()), "event {event_id}: {message}");
    }
    Ok(())
}

type Events = Vec<wrt_model::proto::HistoryEvent>;

fn longer_timer(events: &mut Events) -> Result<i64> {
    for event in events {
        if let Some(EventAttributes::TimerStartedEventAttributes(timer)) = &mut event.attributes {
            timer.start_to_fire_timeout.get_or_insert_default().seconds += 1;
            return Ok(event.event_id);
        }
    }
    anyhow::bail!("the history has a timer")
}

/// As if the workflow had started no timer: it issues a command that the history has no event for.
fn missing_timer(events: &mut Events) -> Result<i64> {
    let position = events
        .iter()
        .position(|event| matches!(event.attributes, Some(EventAttributes::TimerStartedEventAttributes(_))));
    let position = position.context("the history has a timer")?;
    Ok(events.remove(position).event_id)
}

fn other_result(events: &mut Events) -> Result<i64> {
    let last = events.last_mut().context("the history has events")?;
    let Some(EventAttributes::WorkflowExecutionCompletedEventAttributes(completed)) = &mut last.attributes else {
        anyhow::bail!("the history ends with a result")
    };
    completed.result = None;
    Ok(last.event_id)
}
