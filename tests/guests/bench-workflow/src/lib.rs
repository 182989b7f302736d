//! Workflows that do nothing but what a benchmark measures.

use std::time::{Duration, UNIX_EPOCH};

use futures::future::try_join_all;
use wrt_sdk::{Context, Result, WorkflowContext, workflow};

struct Steps {
    value: u32,
}

/// Runs an activity so many times, each with the result of the one before.
#[workflow]
impl Steps {
    #[init]
    fn new(_count: &u32) -> Self {
        Steps { value: 0 }
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, count: u32) -> Result<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = ctx.activity("Increment", (value,)).await?;
            ctx.state_mut(|steps| steps.value = value);
        }
        Ok(value)
    }

    /// How many steps there were so far.
    #[query]
    fn value(&self) -> u32 {
        self.value
    }
}

/// Sleeps so many milliseconds.
#[workflow]
async fn nap(ctx: Context, millis: u64) -> Result<()> {
    ctx.sleep(Duration::from_millis(millis)).await?;
    Ok(())
}

/// Sleeps until so many milliseconds after 1970.
#[workflow]
async fn until(ctx: Context, epoch_millis: u64) -> Result<()> {
    ctx.sleep_until(UNIX_EPOCH + Duration::from_millis(epoch_millis))
        .await?;
    Ok(())
}

/// Waits for the signal `go` and returns what it carries.
#[workflow]
async fn wait(ctx: Context) -> Result<u32> {
    Ok(ctx.signals::<u32>("go").recv().await?)
}

/// Runs so many activities at once.
#[workflow]
async fn activities(ctx: Context, count: u32) -> Result<()> {
    let activities = (0..count).map(|number| ctx.activity::<u32>("Increment", (number,)));
    try_join_all(activities).await?;
    Ok(())
}

/// Sets so many timers, which fire at different times.
#[workflow]
async fn timers(ctx: Context, count: u32) -> Result<()> {
    let timers = (0..count).map(|number| ctx.sleep(Duration::from_millis(u64::from(number))));
    try_join_all(timers).await?;
    Ok(())
}

/// Has so many children, which end at once.
#[workflow]
async fn children(ctx: Context, count: u32) -> Result<()> {
    let children = (0..count).map(|_| ctx.child::<nothing>(()));
    try_join_all(children).await?;
    Ok(())
}

/// Waits for so many signals `go`.
#[workflow]
async fn signals(ctx: Context, count: u32) -> Result<()> {
    let mut signals = ctx.signals::<u32>("go");
    for _ in 0..count {
        signals.recv().await?;
    }
    Ok(())
}

/// Ends at once.
#[workflow]
async fn nothing(_ctx: Context) -> Result<()> {
    Ok(())
}

/// Goes on in a new run at once, and never ends.
#[workflow]
async fn again(ctx: Context) -> Result<()> {
    ctx.continue_as_new(())
}

wrt_sdk::export!(
    Steps, nap, until, wait, activities, timers, children, signals, nothing, again
);
