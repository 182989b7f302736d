//! The guest of the scenarios in Rust: a workflow that runs programs, and the activities that they use. See
//! tests/scenarios/README.md.

mod activities;
mod child;
mod condition;
mod failure;
mod options;
mod program;
mod race;
mod scope;
mod steps;
mod undo;
mod value;
mod visibility;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use wrt_sdk::{CancellationScope, Context, Result, WorkflowContext, workflow};

use crate::{
    activities::{Echo, describe, fail, fail_until, progress, slow, wait_for_cancel},
    child::Child,
    program::{Flow, Frame},
};

wrt_sdk::export!(scenario);
wrt_sdk::export_activities!(Echo, fail, fail_until, progress, wait_for_cancel, describe, slow);

/// What a run is started with.
#[derive(Deserialize)]
struct Story {
    program: Value,
    #[serde(default)]
    input: Map<String, Value>,
}

/// What all steps of a run share.
#[derive(Default)]
struct State {
    variables: BTreeMap<String, Value>,
    scopes: BTreeMap<String, CancellationScope>,
    children: BTreeMap<String, Child>,
}

/// The context of a run.
type Run = WorkflowContext<State>;

/// Runs a program.
#[workflow]
async fn scenario(ctx: Context, story: Story) -> Result<Value> {
    let state = State {
        variables: story.input.into_iter().collect(),
        ..State::default()
    };
    let frame = Frame::new(ctx.with_state(state), &story.program);
    match frame.run(&story.program).await? {
        Flow::Return(value) => Ok(value),
        Flow::Next => Ok(Value::Null),
    }
}
