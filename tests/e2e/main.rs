//! The main job, call by call, against a real server. Every run is replayed from scratch at the end of its test.

mod activity;
mod activity_control;
mod bad_input;
mod batch;
mod cancel;
mod child_workflow;
mod delete;
mod deployment;
mod diagnosis;
mod door;
mod endless;
mod events;
mod files;
mod hostile;
mod http;
mod limits;
mod local_activity;
mod long_history;
mod namespace;
mod order;
mod pause;
mod polyglot;
mod query;
mod repeat;
mod replay;
mod reset;
mod schedule;
mod script;
mod signal;
mod task_queue;
mod temporal_guest;
mod time_skipping;
mod timer;
mod update;
mod visibility;
mod worker;
mod worker_call;
mod worker_deployment;
mod workflow;

use anyhow::Result;
use tonic::{Code, Status};
use wrt_tests::{Options, Server, with_server};

/// Runs a test against a server that serves the scripted workflow on the task queue `contract`.
async fn with_contract(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_server(Options::default(), async |server| {
        server.deploy("contract-guest", "contract").await?;
        test(server).await
    })
    .await
}

/// Checks that a call was refused, with this code and these words in its message.
#[track_caller]
fn assert_refused<T>(answer: Result<T, Status>, code: Code, words: &str) {
    match answer {
        Ok(_) => panic!("the call was answered; it should have been refused with {code:?}: {words}"),
        Err(status) => assert!(
            status.code() == code && status.message().contains(words),
            "{:?}: {} is not {code:?}: {words}",
            status.code(),
            status.message()
        ),
    }
}
