//! Workflows that do nothing but what a benchmark measures.

use std::time::Duration;

use wrt_sdk::{Context, Result, workflow};

/// Runs an activity so many times, each with the result of the one before.
#[workflow]
async fn steps(ctx: Context, count: u32) -> Result<u32> {
    let mut value = 0;
    for _ in 0..count {
        value = ctx.activity("Increment", (value,)).await?;
    }
    Ok(value)
}

/// Sleeps so many milliseconds.
#[workflow]
async fn nap(ctx: Context, millis: u64) -> Result<()> {
    ctx.sleep(Duration::from_millis(millis)).await?;
    Ok(())
}

/// Waits for the signal `go` and returns what it carries.
#[workflow]
async fn wait(ctx: Context) -> Result<u32> {
    Ok(ctx.signals::<u32>("go").recv().await?)
}

wrt_sdk::export!(steps, nap, wait);
