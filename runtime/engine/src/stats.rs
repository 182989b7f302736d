//! Figures about an engine, counted since its start.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wrt_store::StoreStats;

use crate::Engine;

/// Figures about an engine, counted since its start.
#[derive(Clone, Debug)]
pub struct EngineStats {
    /// Workflow tasks that were run.
    pub workflow_tasks: u64,
    /// Instances that were rebuilt by replay.
    pub replays: u64,
    /// Events that those replays read.
    pub replayed_events: u64,
    /// Runs that are parked in memory.
    pub parked_runs: u64,
    /// Bytes that they hold.
    pub parked_bytes: u64,
    /// Starts that nobody could run when they came: no component, and no worker.
    pub unserved_starts: u64,
    /// Figures of the store.
    pub store: StoreStats,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) workflow_tasks: AtomicU64,
    pub(crate) replays: AtomicU64,
    pub(crate) replayed_events: AtomicU64,
    pub(crate) unserved_starts: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn count(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Relaxed);
}

impl Engine {
    /// Figures about the engine.
    pub fn stats(&self) -> EngineStats {
        let counters = &self.inner.counters;
        EngineStats {
            workflow_tasks: counters.workflow_tasks.load(Relaxed),
            replays: counters.replays.load(Relaxed),
            replayed_events: counters.replayed_events.load(Relaxed),
            parked_runs: self.inner.parking.len() as u64,
            parked_bytes: self.inner.parking.bytes(),
            unserved_starts: counters.unserved_starts.load(Relaxed),
            store: self.inner.store.stats(),
        }
    }
}
