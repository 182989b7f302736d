//! Stores and runs to test with.

use wrt_model::{
    Run, Time,
    history::HistoryBatch,
    proto::{EventAttributes, HistoryEvent, enums::WorkflowExecutionStatus, history::TimerFiredEventAttributes},
};
use wrt_store::{Commit, RunQuery, RunWrite, Store, StoreError, StoreOptions};

pub(crate) const NAMESPACE: &str = "namespace-1";

/// An empty store.
pub(crate) async fn store() -> Store {
    Store::open(StoreOptions { path: None, readers: 2 }).await.unwrap()
}

/// A query that is asked 100 seconds after the epoch.
pub(crate) fn about<'a>(namespace_id: &'a str, text: &'a str) -> RunQuery<'a> {
    RunQuery {
        namespace_id,
        text,
        now: Time::from_nanos(100_000_000_000),
    }
}

/// A run that has just started, whose id is `<workflow id>/<number>`.
pub(crate) fn open_run(workflow_id: &str, number: u32) -> Run {
    Run {
        namespace_id: NAMESPACE.to_owned(),
        workflow_id: workflow_id.to_owned(),
        run_id: format!("{workflow_id}/{number}"),
        workflow_type: "Order".to_owned(),
        task_queue: "orders".to_owned(),
        status: WorkflowExecutionStatus::Running as i32,
        next_event_id: 1,
        start_ns: i64::from(number),
        execution_ns: i64::from(number),
        ..Default::default()
    }
}

/// The run, ended.
pub(crate) fn closed(run: &Run, status: WorkflowExecutionStatus, close_ns: i64) -> Run {
    Run {
        status: status as i32,
        close_ns,
        ..run.clone()
    }
}

/// A write without events.
pub(crate) fn write(run: &Run, version: i64) -> RunWrite<'_> {
    RunWrite {
        written: run.clone().write(),
        run,
        version,
        history: None,
        is_current: true,
        upserts_search_attributes: false,
        changes_status: false,
    }
}

/// A write with `event_count` events.
pub(crate) fn write_with_events(run: &Run, version: i64, first_event_id: i64, event_count: i64) -> RunWrite<'_> {
    RunWrite {
        history: Some(batch(first_event_id, event_count)),
        ..write(run, version)
    }
}

/// A batch of events.
pub(crate) fn batch(first_event_id: i64, event_count: i64) -> HistoryBatch {
    let events: Vec<_> = (first_event_id..first_event_id + event_count)
        .map(|event_id| HistoryEvent {
            event_id,
            attributes: Some(EventAttributes::TimerFiredEventAttributes(TimerFiredEventAttributes {
                timer_id: "t".repeat(100),
                started_event_id: event_id,
            })),
            ..Default::default()
        })
        .collect();
    HistoryBatch::encode(&events).unwrap()
}

/// Commits one decision.
pub(crate) async fn commit<'a>(store: &Store, runs: impl IntoIterator<Item = RunWrite<'a>>) -> Result<(), StoreError> {
    store.commit(Commit::from_iter(runs)).await
}

/// Commits a write without events that must succeed.
pub(crate) async fn put(store: &Store, run: &Run, version: i64) {
    commit(store, [write(run, version)]).await.unwrap();
}
