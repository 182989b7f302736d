//! The activities that programs use.

use std::time::Duration;

use serde_json::{Value, json};
use wrt_sdk::{
    ActivityContext, ActivityEntry, Error, FromPayload as _, HandlerDefinition, Payload, Result, ToPayload as _,
    activity,
};

use crate::failure;

/// How often an attempt that waits says that it is alive.
const HEARTBEAT: Duration = Duration::from_millis(20);

/// Gives its argument back; several as a list. It takes as many as there are, so it is no function with arguments.
pub(crate) struct Echo;

impl Echo {
    pub(crate) fn entry() -> ActivityEntry {
        ActivityEntry {
            definition: HandlerDefinition {
                name: "Echo",
                description: "Gives its argument back; several as a list.",
                ..HandlerDefinition::default()
            },
            execute: |_, input| match <[Payload; 1]>::try_from(input) {
                Ok([argument]) => Ok(argument),
                Err(none) if none.is_empty() => Ok(Payload::null()),
                Err(several) => {
                    let values: Result<Vec<_>, _> = several.into_iter().map(Value::from_payload).collect();
                    Ok(Value::from(values?).to_payload()?)
                }
            },
        }
    }
}

/// Fails as it is told to.
#[activity]
pub(crate) fn fail(written: Value) -> Result<()> {
    Err(failure::thrown(&written))
}

/// Fails before this attempt.
#[activity]
pub(crate) fn fail_until(ctx: &ActivityContext, first_to_succeed: u32) -> Result<u32> {
    let attempt = ctx.info().attempt;
    if attempt < first_to_succeed {
        return Err(Error::application(
            "NotYet",
            format!("attempt {attempt} of {first_to_succeed}"),
        ));
    }
    Ok(attempt)
}

/// Goes one further than the attempt before, and fails on each number that is not the last.
#[activity]
pub(crate) fn progress(ctx: &ActivityContext, last: u64) -> Result<u64> {
    let number = ctx.last_heartbeat::<u64>()?.unwrap_or(0) + 1;
    ctx.heartbeat(&number)?;
    if number != last {
        return Err(Error::application("Halfway", format!("{number} of {last}")));
    }
    Ok(number)
}

/// Waits until it is asked to stop.
#[activity]
#[expect(clippy::disallowed_methods, reason = "activities may block")]
pub(crate) fn wait_for_cancel(ctx: &ActivityContext) -> Result<()> {
    loop {
        ctx.heartbeat(&())?;
        std::thread::sleep(HEARTBEAT);
    }
}

/// Tells what it is told.
#[activity]
pub(crate) fn describe(ctx: &ActivityContext) -> Result<Value> {
    let info = ctx.info();
    Ok(json!({
        "activity_type": info.activity_type,
        "attempt": info.attempt,
        "task_queue": info.task_queue,
        "workflow_type": info.workflow_type,
    }))
}

/// Takes so many milliseconds.
#[activity]
#[expect(clippy::disallowed_methods, reason = "activities may block")]
pub(crate) fn slow(milliseconds: u64) -> Result<()> {
    std::thread::sleep(Duration::from_millis(milliseconds));
    Ok(())
}
