//! Measures the gate: workflows of ten steps, each step a commit of one history batch and one run row, at several
//! numbers of concurrent callers, on a database file with `synchronous=FULL`.
//!
//! `cargo run -p wrt-store --example commit_rate [-- <folder>]`

#![expect(clippy::print_stdout, reason = "an example that prints its measure")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::{path::PathBuf, time::Instant};

use wrt_model::{
    Run,
    history::HistoryBatch,
    proto::{EventAttributes, HistoryEvent, enums::WorkflowExecutionStatus, history as events},
};
use wrt_store::{Commit, RunWrite, Store, StoreError, StoreOptions};

const STEPS: i64 = 10;
const TRANSITIONS: usize = 60_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("target"), PathBuf::from);
    println!(
        "{:>8} {:>14} {:>12} {:>16} {:>14}",
        "callers", "transitions/s", "µs CPU each", "commits/transact", "rows/commit"
    );
    for callers in [1, 16, 64, 256] {
        let path = folder.join(format!("commit-rate-{}.db", uuid::Uuid::now_v7()));
        let store = Store::open(StoreOptions {
            path: Some(path.clone()),
            readers: 2,
        })
        .await?;
        measure(&store, callers).await?;
        store.close().await;
        for suffix in ["", ".lock", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
    }
    Ok(())
}

async fn measure(store: &Store, callers: usize) -> Result<(), Box<dyn std::error::Error>> {
    // One caller waits for each sync, and would take a minute for what sixteen do in seconds.
    let workflows = TRANSITIONS.min(callers * 6_000) / callers / 11;
    let (began, cpu) = (Instant::now(), cpu_seconds()?);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..workflows {
                    workflow(&store).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let (seconds, cpu, stats) = (began.elapsed().as_secs_f64(), cpu_seconds()? - cpu, store.stats());
    let commits = stats.commits as f64;
    println!(
        "{callers:>8} {:>14.0} {:>12.0} {:>16.1} {:>14.2}",
        commits / seconds,
        cpu * 1e6 / commits,
        commits / stats.transactions as f64,
        stats.row_writes as f64 / commits
    );
    Ok(())
}

/// Starts a run and takes it to its end: eleven commits.
async fn workflow(store: &Store) -> Result<(), StoreError> {
    let mut run = Run {
        namespace_id: "9c5e3b9e-6d3c-4a43-8f0a-0e8d1c1b7d55".to_owned(),
        workflow_id: format!("order-{}", uuid::Uuid::new_v4()),
        run_id: uuid::Uuid::now_v7().to_string(),
        workflow_type: "OrderWorkflow".to_owned(),
        task_queue: "orders".to_owned(),
        status: WorkflowExecutionStatus::Running as i32,
        next_event_id: 1,
        start_ns: 1,
        component: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
        // As large as open activities, timers and a retry policy make it.
        start_request_id: "x".repeat(400),
        ..Default::default()
    };
    for step in 0..=STEPS {
        let batch = batch(run.next_event_id);
        run.next_event_id += batch.event_count;
        if step == STEPS {
            run.status = WorkflowExecutionStatus::Completed as i32;
            run.close_ns = 2;
        }
        let write = RunWrite {
            written: run.clone().write(),
            run: &run,
            version: step,
            history: Some(batch),
            is_current: true,
            upserts_search_attributes: false,
            changes_status: false,
        };
        store.commit(Commit::from_iter([write])).await?;
    }
    Ok(())
}

/// Four events of about 200 bytes: an activity completes, a workflow task runs, another activity is scheduled.
fn batch(first_event_id: i64) -> HistoryBatch {
    let events: Vec<_> = (first_event_id..first_event_id + 4)
        .map(|event_id| HistoryEvent {
            event_id,
            attributes: Some(EventAttributes::TimerFiredEventAttributes(
                events::TimerFiredEventAttributes {
                    timer_id: "x".repeat(180),
                    started_event_id: event_id - 1,
                },
            )),
            ..Default::default()
        })
        .collect();
    HistoryBatch::encode(&events).expect("there are four events")
}

/// Processor time of this process so far, user and system, from Linux's /proc.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("no program name in /proc/self/stat")?.1;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
