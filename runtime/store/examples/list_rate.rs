//! Measures lists and counts: fills a database file with closed runs that have search attributes, and prints how long it
//! takes to list a page of a hundred, or to count.
//!
//! `cargo run -p wrt-store --example list_rate [-- <runs> [<folder>]]`

#![expect(clippy::print_stdout, reason = "an example that prints its measure")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use wrt_model::{
    Namespace, Run, SearchAttributeValue as V, Time,
    proto::{
        SearchAttributes,
        enums::{IndexedValueType as T, WorkflowExecutionStatus as Status},
    },
};
use wrt_store::{Commit, RunQuery, RunWrite, Store, StoreError, StoreOptions};

const NAMESPACE: &str = "9c5e3b9e-6d3c-4a43-8f0a-0e8d1c1b7d55";
const SECOND: i64 = 1_000_000_000;
const RUNS_PER_COMMIT: i64 = 500;
const PAGE_RUNS: u32 = 100;
const ROUNDS: usize = 5;

/// A third of the runs is red, one in a thousand of a customer; amounts lie evenly between 0 and 999,999.
const QUERIES: [&str; 22] = [
    "",
    "ExecutionStatus = 'Failed'",
    "ExecutionStatus = 'Running'",
    "WorkflowType = 'Refund'",
    "WorkflowId = 'order-77'",
    "CloseTime > '1970-01-02T00:00:00Z'",
    "Color = 'red'",
    "Color = 'red' AND ExecutionStatus = 'Failed'",
    "Color = 'red' AND ExecutionStatus = 'Running'",
    "Color != 'red'",
    "Customer = 'customer-7'",
    "Customer = 'customer-7' AND Color = 'red'",
    "Customer = 'customer-7' ORDER BY Amount",
    "Customer STARTS_WITH 'customer-7'",
    "Amount BETWEEN 1000 AND 1999",
    "Amount BETWEEN 1000 AND 10999",
    "Amount BETWEEN 1000 AND 30999",
    "Amount > 100000",
    "Amount IN (1, 10, 100, 1000)",
    "Tags = 'big' AND Tags = 'new'",
    "ORDER BY Amount DESC",
    "ORDER BY StartTime",
];

const COUNTS: [&str; 5] = [
    "",
    "Color = 'red'",
    "Amount BETWEEN 1000 AND 10999",
    "GROUP BY ExecutionStatus",
    "Customer = 'customer-7' GROUP BY Color",
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let folder = arguments.next().map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = folder.join(format!("list-rate-{}.db", uuid::Uuid::now_v7()));
    let store = Store::open(StoreOptions {
        path: Some(path.clone()),
        readers: 2,
    })
    .await?;
    let outcome = measure(&store, runs).await;
    println!("{} MiB", std::fs::metadata(&path)?.len() >> 20);
    store.close().await;
    for suffix in ["", ".lock", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    Ok(outcome?)
}

async fn measure(store: &Store, runs: i64) -> Result<(), StoreError> {
    let began = Instant::now();
    fill(store, runs).await?;
    println!("{runs} runs written in {:.0} s\n", began.elapsed().as_secs_f64());
    println!("{:>9} {:>9} {:>6}", "first ms", "median ms", "runs");
    for text in QUERIES {
        let mut found = 0;
        let times = times(async || {
            found = store.list(&query(text), PAGE_RUNS, &[]).await?.runs.len();
            Ok(())
        })
        .await?;
        print_line(times, found as i64, text);
    }
    println!("\n{:>9} {:>9} {:>6}", "first ms", "median ms", "count");
    for text in COUNTS {
        let mut total = 0;
        let times = times(async || {
            total = store.count(&query(text)).await?.total;
            Ok(())
        })
        .await?;
        print_line(times, total, text);
    }
    Ok(())
}

fn query(text: &str) -> RunQuery<'_> {
    RunQuery {
        namespace_id: NAMESPACE,
        text,
        now: Time::EPOCH,
    }
}

/// How long the first round took, and the middle one of the others.
async fn times(mut round: impl AsyncFnMut() -> Result<(), StoreError>) -> Result<(Duration, Duration), StoreError> {
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let began = Instant::now();
        round().await?;
        times.push(began.elapsed());
    }
    let first = times.remove(0);
    times.sort();
    Ok((first, times[ROUNDS / 2]))
}

fn print_line((first, median): (Duration, Duration), runs: i64, text: &str) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{:>9.1} {:>9.1} {runs:>6}  {text}", ms(first), ms(median));
}

// === Filling ===

async fn fill(store: &Store, runs: i64) -> Result<(), StoreError> {
    let registered = [
        ("Color", T::Keyword),
        ("Customer", T::Keyword),
        ("Amount", T::Int),
        ("Tags", T::KeywordList),
    ];
    let namespace = Namespace {
        id: NAMESPACE.to_owned(),
        name: "default".to_owned(),
        search_attributes: registered
            .map(|(name, value_type)| (name.to_owned(), value_type as i32))
            .into(),
        ..Default::default()
    };
    store.namespace_insert(&namespace).await?;
    for first in (0..runs).step_by(RUNS_PER_COMMIT as usize) {
        let mut commit = Commit::default();
        for number in first..(first + RUNS_PER_COMMIT).min(runs) {
            let mut run = run(number);
            commit.push(RunWrite {
                written: run.write(),
                run: &run,
                version: 0,
                history: None,
                is_current: true,
                upserts_search_attributes: false,
                changes_status: false,
            });
        }
        store.commit(commit).await?;
    }
    Ok(())
}

/// A closed run. Numbers are scattered, so that values do not follow the order in which the runs were written.
fn run(number: i64) -> Run {
    let scattered = number
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())
        .unsigned_abs();
    let status = match scattered % 50 {
        0 => Status::Failed,
        1 => Status::TimedOut,
        _ => Status::Completed,
    };
    let tags = ["new", "big", "odd"].iter().take((scattered % 4) as usize);
    let values = [
        (
            "Color",
            V::Keyword(["red", "green", "blue"][(scattered / 7 % 3) as usize].to_owned()),
        ),
        ("Customer", V::Keyword(format!("customer-{}", scattered / 11 % 1000))),
        ("Amount", V::Int((scattered / 13 % 1_000_000).cast_signed())),
        ("Tags", V::KeywordList(tags.map(|tag| (*tag).to_owned()).collect())),
    ];
    Run {
        namespace_id: NAMESPACE.to_owned(),
        workflow_id: format!("order-{number}"),
        run_id: uuid::Uuid::now_v7().to_string(),
        workflow_type: ["Order", "Refund", "Delivery", "Reminder"][(scattered / 17 % 4) as usize].to_owned(),
        task_queue: "orders".to_owned(),
        status: status as i32,
        next_event_id: 42,
        start_ns: number * SECOND,
        execution_ns: number * SECOND,
        close_ns: number * SECOND + (scattered % 3_600).cast_signed() * SECOND,
        search_attributes: Some(SearchAttributes {
            indexed_fields: values.map(|(name, value)| (name.to_owned(), value.encode())).into(),
        }),
        // As large as retry policies and requests make it.
        start_request_id: "x".repeat(300),
        ..Default::default()
    }
}
