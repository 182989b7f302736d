//! Signals as streams.

use std::time::Duration;

use futures::StreamExt;
use wrt_sdk::{
    Context, Result,
    testing::{Outcome, TestEnvironment},
    workflow,
};

#[workflow]
async fn sum(ctx: Context, count: usize) -> Result<u32> {
    let mut numbers = ctx.signals::<u32>("number");
    let mut total = 0;
    for _ in 0..count {
        total += numbers.recv().await?;
    }
    Ok(total)
}

#[test]
fn signals_are_received_in_order_whenever_they_come() {
    let mut test = TestEnvironment::<sum>::new();
    test.signal("number", (1,));
    test.signal_at(Duration::from_secs(60), "number", (2,));
    test.signal_at(Duration::from_secs(60), "number", ("no number",));
    test.signal_at(Duration::from_secs(60), "other", (100,));
    test.signal_at(Duration::from_secs(90), "number", (3,));
    assert_eq!(test.run((3,)), Outcome::Completed(6));
    assert_eq!(test.logs().len(), 1, "what does not fit is logged");
}

#[workflow]
async fn late(ctx: Context) -> Result<Vec<String>> {
    ctx.sleep(Duration::from_secs(10)).await?;
    let mut names = ctx.signals::<String>("name");
    let first = names.try_recv();
    let second = ctx.signals::<String>("name").recv().await?;
    Ok(first.into_iter().chain([second]).collect())
}

#[test]
fn signals_wait_for_whoever_receives_them_first() {
    let mut test = TestEnvironment::<late>::new();
    for name in ["a", "b"] {
        test.signal_at(Duration::from_secs(1), "name", (name.to_owned(),));
    }
    assert_eq!(test.run(()).unwrap(), ["a", "b"]);
}

#[workflow]
async fn collect(ctx: Context) -> Result<Vec<u32>> {
    Ok(ctx.signals::<u32>("number").collect().await)
}

#[test]
fn a_stream_ends_when_the_run_is_canceled() {
    let mut test = TestEnvironment::<collect>::new();
    test.signal_at(Duration::from_secs(1), "number", (1,));
    test.signal_at(Duration::from_secs(2), "number", (2,));
    test.cancel_at(Duration::from_secs(3), "enough");
    assert_eq!(test.run(()).unwrap(), [1, 2]);
}
