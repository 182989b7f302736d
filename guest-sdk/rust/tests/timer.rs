//! Durable waiting.

use std::time::{Duration, SystemTime};

use wrt_sdk::{
    Context, Result,
    testing::{Command, TestEnvironment},
    workflow,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[workflow]
async fn wait(ctx: Context, days: u32) -> Result<SystemTime> {
    ctx.sleep(DAY * days).summary("until then").await?;
    Ok(ctx.now())
}

#[test]
fn the_clock_of_a_test_skips() {
    let mut test = TestEnvironment::<wait>::new();
    let start = test.info_mut().start_time;
    assert_eq!(test.run((3,)).unwrap(), start + 3 * DAY);
    assert_eq!(test.elapsed(), 3 * DAY);
}

#[test]
fn no_time_needs_no_timer() {
    let mut test = TestEnvironment::<wait>::new();
    test.run((0,)).unwrap();
    assert!(matches!(test.commands()[..], [Command::Complete { .. }]));
}

#[workflow]
async fn for_ever(ctx: Context) -> Result<()> {
    Ok(ctx.sleep(Duration::MAX).await?)
}

#[test]
fn the_longest_sleep_is_cut() {
    let mut test = TestEnvironment::<for_ever>::new();
    test.run(()).unwrap();
    assert_eq!(test.elapsed(), Duration::from_secs(u32::MAX.into()));
}

#[workflow]
async fn overlap(ctx: Context) -> Result<()> {
    let deadline = ctx.sleep(3 * DAY);
    ctx.sleep(DAY).await?;
    deadline.await?;
    Ok(())
}

#[test]
fn a_span_counts_from_the_creation() {
    let mut test = TestEnvironment::<overlap>::new();
    test.run(()).unwrap();
    assert_eq!(test.elapsed(), 3 * DAY);
    let timers: Vec<_> = test
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::StartTimer { duration, .. } => Some(duration),
            _ => None,
        })
        .collect();
    assert_eq!(timers, [DAY, 2 * DAY]);
}

#[workflow]
async fn forget(ctx: Context) -> Result<()> {
    let mut forgotten = ctx.sleep(DAY);
    let _ = futures::poll!(&mut forgotten);
    drop(forgotten);
    ctx.sleep(Duration::from_secs(1)).await?;
    Ok(())
}

#[test]
fn a_dropped_timer_is_canceled() {
    let mut test = TestEnvironment::<forget>::new();
    test.run(()).unwrap();
    assert!(matches!(
        test.commands()[..],
        [
            Command::StartTimer { .. },
            Command::CancelTimer { seq: 1 },
            Command::StartTimer { .. },
            Command::Complete { .. }
        ]
    ));
}

#[workflow]
async fn background(ctx: Context) -> Result<u32> {
    let beat = ctx.clone();
    ctx.spawn(async move { while beat.sleep(Duration::from_secs(60)).await.is_ok() {} });
    ctx.sleep(Duration::from_secs(150)).await?;
    Ok(ctx.info().history_length())
}

#[test]
fn spawned_tasks_run_until_the_end() {
    let mut test = TestEnvironment::<background>::new();
    test.run(()).unwrap();
    assert_eq!(test.elapsed(), Duration::from_secs(150));
    assert_eq!(test.commands().len(), 5, "four timers and the end");
}
