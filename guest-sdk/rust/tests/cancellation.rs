//! Asking a run, a scope or an activity to stop.

use std::time::Duration;

use futures::select;
use wrt_sdk::{
    ActivityOptions, CancellationType, Context, Error, Result, RetryState,
    testing::{Command, Outcome, TestEnvironment},
    workflow,
};

const SECOND: Duration = Duration::from_secs(1);

#[workflow]
async fn work(ctx: Context, kind: u8) -> Result<String> {
    let cancellation_type = match kind {
        0 => CancellationType::TryCancel,
        1 => CancellationType::WaitCancellationCompleted,
        _ => CancellationType::Abandon,
    };
    let options = ActivityOptions::new().cancellation_type(cancellation_type);
    Ok(ctx.with_activity_options(options).activity("Work", ()).await?)
}

fn is_request(command: &Command) -> bool {
    matches!(command, Command::RequestCancelActivity { .. })
}

#[test]
fn a_canceled_run_ends_as_canceled_and_stops_its_activity() {
    let check = |kind: u8, requests: usize| {
        let mut test = TestEnvironment::<work>::new();
        test.on_activity("Work", || Ok("done".to_owned()));
        test.activity_takes("Work", 10 * SECOND);
        test.cancel_at(SECOND, "enough");
        assert_eq!(test.run((kind,)), Outcome::Canceled);
        assert_eq!(test.elapsed(), SECOND);
        assert_eq!(test.commands().into_iter().filter(is_request).count(), requests);
    };
    check(0, 1);
    check(1, 1);
    check(2, 0);
}

#[workflow]
async fn sleeper(ctx: Context) -> Result<()> {
    let slept = ctx.sleep(100 * SECOND).await;
    assert!(slept.is_err_and(|failure| failure.is_canceled()));
    assert!(ctx.is_canceled() && ctx.check_canceled().is_err());
    // What is started on a canceled context fails at once; a shielded one still works.
    assert!(ctx.activity::<()>("Clean", ()).await.is_err());
    ctx.shielded().activity::<()>("Clean", ()).await?;
    ctx.check_canceled()?;
    Ok(())
}

#[test]
fn a_shielded_context_cleans_up() {
    let mut test = TestEnvironment::<sleeper>::new();
    test.on_activity("Clean", || Ok(()));
    test.cancel_at(SECOND, "enough");
    assert_eq!(test.run(()), Outcome::Canceled);
    assert_eq!(test.activities(), ["Clean"]);
}

#[workflow]
async fn reasoned(ctx: Context) -> Result<String> {
    Ok(ctx.canceled().await)
}

#[test]
fn a_workflow_may_complete_although_it_was_canceled() {
    let mut test = TestEnvironment::<reasoned>::new();
    test.cancel_at(SECOND, "enough");
    assert_eq!(test.run(()).unwrap(), "enough");
}

#[workflow]
async fn gives_up(ctx: Context) -> Result<()> {
    ctx.activity::<()>("Work", ())
        .await
        .map_err(|_| Error::canceled("of my own accord"))?;
    Ok(())
}

#[test]
fn a_cancellation_that_nobody_asked_for_is_a_failure() {
    let mut test = TestEnvironment::<gives_up>::new();
    test.on_activity("Work", || Err::<(), _>(Error::msg("no").non_retryable()));
    assert!(test.run(()).unwrap_failure().is_canceled());
}

#[workflow]
async fn scoped(ctx: Context) -> Result<String> {
    let scope = ctx.cancellation_scope();
    let mut call = scope.activity::<String>("Work", ());
    select! {
        done = call => Ok(done?),
        _ = ctx.sleep(2 * SECOND) => {
            scope.cancel("too slow");
            let failure = call.await.expect_err("the scope is canceled");
            assert_eq!(failure.as_activity().map(|activity| activity.retry_state), Some(RetryState::CancelRequested));
            ctx.sleep(SECOND).await?;
            Ok(format!("{}, {}", failure.is_canceled(), failure.root_cause().message))
        }
    }
}

#[test]
fn a_scope_is_canceled_by_itself() {
    let mut test = TestEnvironment::<scoped>::new();
    test.on_activity("Work", || Ok("done".to_owned()));
    test.activity_takes("Work", 10 * SECOND);
    assert_eq!(test.run(()).unwrap(), "true, too slow");
    assert_eq!(test.elapsed(), 3 * SECOND);
}

#[test]
fn a_scope_is_canceled_with_its_run() {
    let mut test = TestEnvironment::<scoped>::new();
    test.on_activity("Work", || Ok("done".to_owned()));
    test.activity_takes("Work", 10 * SECOND);
    test.cancel_at(SECOND, "all of it");
    assert_eq!(test.run(()), Outcome::Canceled);
}

#[workflow]
async fn explicit(ctx: Context) -> Result<bool> {
    let mut call = ctx.activity::<()>("Work", ()).started();
    call.cancel();
    call.cancel();
    Ok(call.await.expect_err("it was asked to stop").is_canceled())
}

#[test]
fn one_call_is_canceled_by_hand() {
    let mut test = TestEnvironment::<explicit>::new();
    test.on_activity("Work", || Ok(()));
    assert!(test.run(()).unwrap());
    assert_eq!(test.commands().into_iter().filter(is_request).count(), 1);
}
