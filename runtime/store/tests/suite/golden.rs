//! What is stored is a promise: these files were written by version 1 and must decode for ever. Never write them anew; add
//! a file when the format grows.

#![allow(
    clippy::needless_update,
    reason = "fields that come later keep their zero in these files"
)]

use wrt_model::{
    Run,
    history::HistoryBatch,
    proto::{
        Failure, HistoryEvent, Memo, Payload, Payloads, Priority, RetryPolicy, SearchAttributes,
        enums::{EventType, WorkflowExecutionStatus},
    },
    run::{Activity, ActivityState, TakenSignal, Timer, WorkflowTask, WorkflowTaskState},
};

use crate::fixture::batch;

const RUN: &[u8] = include_bytes!("../golden/run-1.bin");
const HISTORY: &[u8] = include_bytes!("../golden/history-1.bin");

#[test]
fn a_run_of_version_1_decodes() {
    assert_eq!(Run::read([], RUN).unwrap(), run());
}

#[test]
fn a_history_batch_of_version_1_decodes() {
    let stored = HistoryBatch {
        first_event_id: 3,
        event_count: 2,
        bytes: HISTORY.to_vec(),
    };
    assert_eq!(stored.decode().unwrap(), batch(3, 2).decode().unwrap());
}

/// A run in which every field is set.
fn run() -> Run {
    Run {
        namespace_id: "9c5e3b9e-6d3c-4a43-8f0a-0e8d1c1b7d55".to_owned(),
        workflow_id: "order-7".to_owned(),
        run_id: "0199f0a0-0000-7000-8000-000000000001".to_owned(),
        workflow_type: "OrderWorkflow".to_owned(),
        task_queue: "orders".to_owned(),
        status: WorkflowExecutionStatus::Running as i32,
        next_event_id: 12,
        history_bytes: 2345,
        start_ns: 1_700_000_000_000_000_001,
        execution_ns: 1_700_000_000_000_000_002,
        close_ns: 1_700_000_000_000_000_003,
        run_expires_ns: 1_700_000_000_000_000_004,
        execution_expires_ns: 1_700_000_000_000_000_005,
        workflow_task_timeout_ns: 10_000_000_000,
        attempt: 2,
        retry_policy: Some(retry_policy()),
        memo: Some(Memo {
            fields: [("note".to_owned(), payload("m"))].into(),
        }),
        search_attributes: Some(SearchAttributes {
            indexed_fields: [("Color".to_owned(), payload("red"))].into(),
        }),
        first_execution_run_id: "first".to_owned(),
        original_execution_run_id: "original".to_owned(),
        start_request_id: "start-request".to_owned(),
        component: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
        workflow_task: Some(workflow_task()),
        activities: [(5, activity())].into(),
        timers: [(
            6,
            Timer {
                timer_id: "6".to_owned(),
                fires_ns: 1_700_000_060_000_000_000,
            },
        )]
        .into(),
        taken_signals: [
            ("signal-1".to_owned(), TakenSignal {}),
            ("signal-2".to_owned(), TakenSignal {}),
        ]
        .into(),
        cancel_requested: true,
        cancel_request_id: "cancel-request".to_owned(),
        buffered_events: [(
            1,
            HistoryEvent {
                event_type: EventType::WorkflowExecutionSignaled as i32,
                ..Default::default()
            },
        )]
        .into(),
        last_completed_started_event_id: 3,
        state_transition_count: 8,
        new_execution_run_id: "next".to_owned(),
        run_timeout_ns: 60_000_000_000,
        execution_timeout_ns: 120_000_000_000,
        ..Default::default()
    }
}

fn workflow_task() -> WorkflowTask {
    WorkflowTask {
        state: WorkflowTaskState::Started as i32,
        scheduled_event_id: 10,
        started_event_id: 11,
        attempt: 3,
        scheduled_ns: 1,
        not_before_ns: 2,
        started_ns: 3,
        identity: "worker-1".to_owned(),
        request_id: "poll-1".to_owned(),
        ..Default::default()
    }
}

fn activity() -> Activity {
    Activity {
        activity_id: "5".to_owned(),
        activity_type: "ReserveInventory".to_owned(),
        task_queue: "inventory".to_owned(),
        state: ActivityState::Started as i32,
        attempt: 2,
        scheduled_ns: 1,
        attempt_scheduled_ns: 2,
        started_ns: 3,
        identity: "worker-2".to_owned(),
        started_request_id: "poll-2".to_owned(),
        schedule_to_close_ns: 4,
        schedule_to_start_ns: 5,
        start_to_close_ns: 6,
        heartbeat_timeout_ns: 7,
        retry_policy: Some(retry_policy()),
        last_failure: Some(Failure {
            message: "no stock".to_owned(),
            ..Default::default()
        }),
        last_identity: "worker-1".to_owned(),
        heartbeat_details: Some(Payloads {
            payloads: vec![payload("half")],
        }),
        heartbeat_ns: 8,
        cancel_requested_event_id: 9,
        in_process: true,
        priority: Some(Priority {
            priority_key: 3,
            ..Default::default()
        }),
        backing_off: true,
        ..Default::default()
    }
}

fn retry_policy() -> RetryPolicy {
    RetryPolicy {
        backoff_coefficient: 2.0,
        maximum_attempts: 3,
        non_retryable_error_types: vec!["Fatal".to_owned()],
        ..Default::default()
    }
}

fn payload(text: &str) -> Payload {
    wrt_model::payload::json(format!("\"{text}\""))
}
