//! Write durable workflows and activities in Rust.
//!
//! A workflow is an ordinary `async` function. The runtime writes down what it decides; after a crash it replays that
//! history, and the function goes on where it was, as if nothing had happened. Activities are ordinary functions that may do
//! anything. This is a whole component:
//!
//! ```
//! use std::time::Duration;
//! use wrt_sdk::{Context, Result, activity, workflow};
//!
//! /// Greets somebody twice, a day apart.
//! #[workflow]
//! async fn hello(ctx: Context, name: String) -> Result<String> {
//!     let first = greet::call(&ctx, name.clone()).await?;
//!     ctx.sleep(Duration::from_secs(24 * 60 * 60)).await?;
//!     let second = greet::call(&ctx, name).await?;
//!     Ok(format!("{first} {second}"))
//! }
//!
//! /// Finds words for somebody.
//! #[activity]
//! fn greet(name: String) -> Result<String> {
//!     Ok(format!("Hi {name}!"))
//! }
//!
//! wrt_sdk::export!(hello);
//! wrt_sdk::export_activities!(greet);
//!
//! // A native test: the clock skips the day.
//! # fn main() {
//! let mut test = wrt_sdk::testing::TestEnvironment::<hello>::new();
//! test.on_activity("Greet", greet);
//! assert_eq!(test.run(("Ada".to_owned(),)).unwrap(), "Hi Ada! Hi Ada!");
//! # }
//! ```
//!
//! It is built with `cargo build --release --target wasm32-wasip2`, from a crate with `crate-type = ["cdylib"]`, and
//! deployed as it is: workflows and activities as one file and one version. Either of the two may be left out, so that they
//! are deployed by themselves.
//!
//! # Where to look
//!
//! | to | see |
//! |---|---|
//! | write a workflow, with or without signals and queries | [`#[workflow]`](workflow), [`export!`] |
//! | call activities | [`#[activities]`](activities), [`Context::activity`], [`ActivityOptions`] |
//! | write activities | [`#[activities]`](activities), [`#[activity]`](activity), [`export_activities!`] |
//! | call other workflows | [`Context::child`], [`Context::child_workflow`], [`Context::external_workflow`] |
//! | be called while running | `#[signal]`, `#[query]` and `#[update]` of [`#[workflow]`](workflow), or [`Context::with_state`] |
//! | wait | [`Context::sleep`], [`Context::signals`], [`WorkflowContext::wait_until`] |
//! | run for ever | [`Context::continue_as_new`] |
//! | be found | [`Context::upsert_search_attributes`], [`Context::upsert_memo`] |
//! | do several things at once | [`select!`], [`join!`], [`race`](race()), [`join_all`]; [`Context::spawn`] |
//! | stop | [`Context::canceled`], [`Context::cancellation_scope`], [`Context::shielded`] |
//! | undo | [`Context::saga`] |
//! | fail | [`Error`], [`Failure`] |
//! | change code that has runs | [`Context::patched`] |
//! | test | [`testing::TestEnvironment`], [`testing::Replayer`] |
//!
//! # Determinism
//!
//! There is nothing to know. A component has no clock, randomness or network but the run's own: `SystemTime::now()`,
//! `HashMap` and `uuid` give the same on every replay. Only blocking is refused: wait with [`Context::sleep`], not with
//! `std::thread::sleep`.
//!
//! # Errors and panics
//!
//! To return an [`Error`] fails the workflow. To panic fails only the workflow task: the message and the backtrace reach
//! the history, and the task is tried again until a component without the bug is deployed.

// The macros name this crate by its outside name, also where they are used inside of it.
extern crate self as wrt_sdk;

mod activity;
#[doc(hidden)]
pub mod activity_task;
#[doc(hidden)]
pub mod bindings;
mod cancellation;
mod child_workflow;
#[doc(hidden)]
pub mod command;
#[doc(hidden)]
pub mod component;
mod context;
mod continue_as_new;
mod convert;
mod error;
mod execution;
mod executor;
mod export;
mod external_workflow;
mod failure;
mod handlers;
mod host;
#[cfg(feature = "http")]
pub mod http;
mod info;
pub mod log;
mod macros;
mod memo;
mod options;
mod patch;
mod payload;
mod priority;
mod race;
mod random;
mod registration;
mod retry;
mod run;
mod saga;
#[doc(hidden)]
pub mod schema;
mod search_attributes;
mod signal;
mod state;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod timer;
mod update;
mod visibility;
mod waiters;
mod workflow;

pub use crate::{
    activity::{ActivityCall, ActivityOptions, CancellationType},
    activity_task::{ActivityContext, ActivityEntry, ActivityInfo},
    cancellation::{Canceled, CancellationScope},
    child_workflow::{
        ChildWorkflowCall, ChildWorkflowCancellationType, ChildWorkflowHandle, ChildWorkflowOptions, ParentClosePolicy,
        StartChildWorkflow, WorkflowIdReusePolicy,
    },
    context::{Context, WorkflowContext},
    continue_as_new::ContinueAsNewOptions,
    error::{Error, Result},
    external_workflow::{ExternalRequest, ExternalWorkflow},
    failure::{
        ActivityFailure, ApplicationFailure, ChildWorkflowFailure, Failure, FailureKind, RetryState, TimeoutType,
    },
    info::{RelatedExecution, WorkflowInfo},
    macros::{activities, activity, workflow},
    memo::Memo,
    payload::{Arguments, FromArguments, FromPayload, Payload, ToPayload},
    priority::Priority,
    race::{Race, race},
    registration::Registration,
    retry::RetryPolicy,
    saga::{Saga, SagaOptions},
    search_attributes::{SearchAttribute, SearchAttributes},
    signal::{Recv, Signals},
    state::{WaitUntil, WaitUntilTimeout},
    timer::Sleep,
    workflow::{HandlerDefinition, Workflow, WorkflowDefinition, WorkflowEntry},
};

/// Waits for all of a list of futures at once, polled in order, and gives their results in order.
pub use futures::future::join_all;
/// As [`join_all`], and ends with the first error. Then the others are dropped, which cancels what they had started.
pub use futures::future::try_join_all;

const SDK_NAME: &str = "wrt-sdk-rust";
const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What generated code needs; no part of the promise of this crate.
#[doc(hidden)]
pub mod __private {
    pub use futures;
    pub use wit_bindgen;

    pub use crate::{
        activity_task,
        bindings::{
            self, activity::exports::wrt::activity::guest as activity_guest,
            workflow::exports::wrt::workflow::guest as workflow_guest,
        },
        component,
        handlers::Handler,
        race::{Either, either},
        schema,
        update::{UpdateHandler, UpdateOutcome},
        workflow::{SignalOutcome, spawn_signal_handler},
    };
    pub use serde;
}
