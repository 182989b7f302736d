//! The account that is taken at the end: what was promised against what is there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use wrt_model::proto::{EventAttributes, enums::EventType};
use wrt_tests::Effect;

use crate::load::{End, Load, Order, Signal, SignalState};

/// The steps of an order, each with what undoes it.
const STEPS: [(&str, &str); 3] = [
    ("CreateOrder", "CancelOrder"),
    ("ReserveInventory", "ReleaseInventory"),
    ("FreezePayment", "UnfreezePayment"),
];

/// Checks every order against the books, and every acknowledgement against the histories.
pub(crate) fn check(load: &Load, ends: &[End], effects: &[Effect]) -> Result<()> {
    let happened = by_order(effects)?;
    let nothing = BTreeSet::new();
    for (order, end) in load.orders.iter().zip(ends) {
        let happened = happened.get(order.id.as_str()).unwrap_or(&nothing);
        check_effects(end, happened)
            .and_then(|()| check_acknowledged(order, end))
            .with_context(|| format!("check {}: {:?} with {happened:?}", order.id, end.close.event_type()))?;
    }
    Ok(())
}

/// What happened for each order. Nothing happened twice: neither for one key, nor for two keys of one step.
fn by_order(effects: &[Effect]) -> Result<BTreeMap<&str, BTreeSet<&str>>> {
    let mut keys = BTreeSet::new();
    let mut happened: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for effect in effects {
        ensure!(keys.insert(&effect.idempotency_key), "{effect:?} happened again");
        let first = happened
            .entry(&effect.workflow_id)
            .or_default()
            .insert(&effect.activity_type);
        ensure!(first, "{effect:?} happened twice, under two keys");
    }
    Ok(happened)
}

fn check_effects(end: &End, happened: &BTreeSet<&str>) -> Result<()> {
    let completed = end.completed_activities();
    for (step, undo) in STEPS {
        if end.is_completed() {
            ensure!(happened.contains(step), "{step} did not happen");
            ensure!(!happened.contains(undo), "{undo} happened to a completed order");
        } else if completed.contains(step) {
            ensure!(happened.contains(undo), "{step} was not undone");
        }
    }
    for activity in &completed {
        ensure!(happened.contains(activity), "{activity} completed and did not happen");
    }
    Ok(())
}

fn check_acknowledged(order: &Order, end: &End) -> Result<()> {
    let run = order.run.as_ref().context("every start is acknowledged in the end")?;
    let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &end.history[0].attributes else {
        anyhow::bail!("the history begins with {:?}", end.history[0].event_type());
    };
    ensure!(
        started.original_execution_run_id == run.run_id,
        "the acknowledged run is {}, and {} is there",
        run.run_id,
        started.original_execution_run_id
    );
    for signal in &order.signals {
        let count = end.signals(signal);
        let expected = match signal.state {
            SignalState::Open => anyhow::bail!("{} was never answered", signal.request_id),
            SignalState::Acknowledged => 1..=1,
            SignalState::TooLate => 0..=1,
        };
        ensure!(
            expected.contains(&count),
            "{} is there {count} times",
            signal.request_id
        );
    }
    Ok(())
}

impl End {
    /// True when all steps were taken; otherwise the order failed and was undone.
    pub(crate) fn is_completed(&self) -> bool {
        self.close.event_type() == EventType::WorkflowExecutionCompleted
    }

    /// The types of the activities whose result the workflow was given.
    fn completed_activities(&self) -> BTreeSet<&str> {
        let scheduled: BTreeMap<i64, &str> = self
            .history
            .iter()
            .filter_map(|event| match &event.attributes {
                Some(EventAttributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                    Some((event.event_id, scheduled.activity_type.as_ref()?.name.as_str()))
                }
                _ => None,
            })
            .collect();
        let completed = self.history.iter().filter_map(|event| match &event.attributes {
            Some(EventAttributes::ActivityTaskCompletedEventAttributes(completed)) => {
                scheduled.get(&completed.scheduled_event_id).copied()
            }
            _ => None,
        });
        completed.collect()
    }

    /// How often a signal is in the history.
    fn signals(&self, signal: &Signal) -> usize {
        let text = format!("{:?}", signal.request_id);
        let events = self.history.iter().filter(|event| match &event.attributes {
            Some(EventAttributes::WorkflowExecutionSignaledEventAttributes(signaled)) => {
                let payloads = signaled.input.iter().flat_map(|input| &input.payloads);
                signaled.signal_name == signal.name
                    && payloads.into_iter().any(|payload| payload.data == text.as_bytes())
            }
            _ => false,
        });
        events.count()
    }
}
