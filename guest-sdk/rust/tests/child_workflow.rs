//! Children: how they start, end, fail, are canceled and told things.

use std::time::Duration;

use futures::{FutureExt, select};
use wrt_sdk::{
    ChildWorkflowCancellationType, ChildWorkflowOptions, Context, Error, ParentClosePolicy, Result, RetryPolicy,
    RetryState, WorkflowContext, WorkflowIdReusePolicy,
    testing::{Command, Outcome, TestEnvironment},
    workflow,
};

const SECOND: Duration = Duration::from_secs(1);

#[workflow]
async fn parent(ctx: Context, number: u32) -> Result<u32> {
    Ok(ctx.child_workflow("Double", (number,)).workflow_id("double").await?)
}

#[test]
fn a_mocked_child_gets_its_arguments_and_gives_its_result() {
    let mut test = TestEnvironment::<parent>::new();
    test.on_child_workflow("Double", |number: u32| Ok(2 * number));
    test.child_workflow_takes("Double", 5 * SECOND);
    assert_eq!(test.run((21,)).unwrap(), 42);
    assert_eq!(test.elapsed(), 5 * SECOND);
}

#[test]
fn the_failure_of_a_child_names_it_and_its_cause() {
    let mut test = TestEnvironment::<parent>::new();
    test.on_child_workflow("Double", |_: u32| Err::<u32, _>(Error::application("TooMuch", "21")));
    let failure = test.run((21,)).unwrap_failure();
    let child = failure.as_child_workflow().unwrap();
    assert_eq!(
        (child.workflow_type.as_str(), child.workflow_id.as_str()),
        ("Double", "double")
    );
    assert_eq!(child.retry_state, RetryState::RetryPolicyNotSet);
    assert_eq!(failure.application_type(), Some("TooMuch"));
}

// === Workflows of their own ===

/// Says who it is, after a nap.
#[workflow]
async fn napper(ctx: Context, seconds: u64) -> Result<String> {
    ctx.sleep(SECOND * u32::try_from(seconds)?).await?;
    let info = ctx.info();
    let parent = info.parent.as_ref().map_or("nobody", |parent| &parent.workflow_id);
    Ok(format!(
        "{} of {parent} under {}",
        info.workflow_id, info.root.workflow_id
    ))
}

#[workflow]
async fn grandparent(ctx: Context) -> Result<(String, String)> {
    let nap = ctx.child::<napper>((5,)).workflow_id("nap");
    Ok(futures::try_join!(nap, ctx.child::<middle>(()).workflow_id("middle"))?)
}

#[workflow]
async fn middle(ctx: Context) -> Result<String> {
    Ok(ctx.child::<napper>((3,)).workflow_id("inner").await?)
}

#[test]
fn children_run_beside_each_other_and_know_their_ancestors() {
    let mut test = TestEnvironment::<grandparent>::new();
    test.register_child::<napper>();
    test.register_child::<middle>();
    let (outer, inner) = test.run(()).unwrap();
    assert_eq!(
        (outer.as_str(), inner.as_str()),
        ("nap of test under test", "inner of middle under test")
    );
    assert_eq!(test.elapsed(), 5 * SECOND);
}

/// Fails until its third attempt.
#[workflow]
async fn stubborn(ctx: Context) -> Result<u32> {
    match ctx.info().attempt {
        3 => Ok(3),
        _ => Err(Error::msg("not yet")),
    }
}

#[workflow]
async fn patient(ctx: Context, attempts: u32) -> Result<u32> {
    let policy = RetryPolicy::new().maximum_attempts(attempts);
    Ok(ctx.child::<stubborn>(()).retry_policy(policy).await?)
}

#[test]
fn a_child_is_tried_again_as_its_policy_says() {
    let run = |attempts| {
        let mut test = TestEnvironment::<patient>::new();
        test.register_child::<stubborn>();
        test.run((attempts,))
    };
    assert_eq!(run(3).unwrap(), 3);
    let failure = run(2).unwrap_failure();
    assert_eq!(
        failure.as_child_workflow().unwrap().retry_state,
        RetryState::MaximumAttemptsReached
    );
}

// === Handles ===

/// Adds up what it is told.
#[derive(Default)]
struct Sum {
    total: u32,
}

#[workflow]
impl Sum {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> Result<u32> {
        ctx.wait_until(|sum| sum.total >= 10).await?;
        Ok(ctx.state(|sum| sum.total))
    }

    #[signal]
    fn add(&mut self, number: u32) {
        self.total += number;
    }
}

#[workflow]
async fn teller(ctx: Context) -> Result<(String, u32)> {
    let mut sum = ctx.child::<Sum>(()).start().await?;
    for number in [4, 7] {
        sum.signal("add", (number,)).await?;
    }
    let id = sum.workflow_id().to_owned();
    assert!(!sum.run_id().is_empty());
    let total = sum.result().await?;
    let late = sum.signal("add", (1,)).await.expect_err("the child has closed");
    assert_eq!(late.application_type(), Some("ExternalWorkflowExecutionNotFound"));
    Ok((id, total))
}

#[test]
fn a_handle_tells_its_child_things() {
    let mut test = TestEnvironment::<teller>::new();
    test.register_child::<Sum>();
    let (id, total) = test.run(()).unwrap();
    assert_eq!(total, 11);
    assert!(id.ends_with("_1"), "{id} is made of the run and the number");
}

#[workflow]
async fn hesitant(ctx: Context) -> Result<String> {
    let mut nap = ctx.child::<napper>((100,)).start().await?;
    select! {
        _ = nap.result() => Err(Error::msg("it slept")),
        _ = ctx.sleep(SECOND).fuse() => {
            nap.cancel("wake up");
            let failure = nap.result().await.expect_err("it was canceled");
            assert!(failure.is_canceled() && failure.as_child_workflow().is_some());
            Ok(failure.root_cause().message.clone())
        }
    }
}

#[test]
fn a_handle_cancels_its_child() {
    let mut test = TestEnvironment::<hesitant>::new();
    test.register_child::<napper>();
    assert_eq!(test.run(()).unwrap(), "canceled");
    assert_eq!(test.elapsed(), SECOND);
}

#[workflow]
async fn starter(ctx: Context) -> Result<()> {
    let call = ctx.child::<napper>((100,));
    drop(call.parent_close_policy(ParentClosePolicy::Abandon).start().await?);
    ctx.sleep(SECOND).await?;
    Ok(())
}

#[test]
fn dropping_a_handle_leaves_the_child_alone() {
    let mut test = TestEnvironment::<starter>::new();
    test.register_child::<napper>();
    test.run(()).unwrap();
    assert_eq!(count(&test.commands(), is_cancel), 0);
}

#[workflow]
async fn twice(ctx: Context, policy: u8) -> Result<bool> {
    let policy = match policy {
        0 => WorkflowIdReusePolicy::AllowDuplicate,
        1 => WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
        _ => WorkflowIdReusePolicy::RejectDuplicate,
    };
    let call = || ctx.child::<napper>((1,)).workflow_id("one").id_reuse_policy(policy);
    let mut running = call().start().await?;
    let taken = call().await.expect_err("the id is taken");
    assert_eq!(taken.application_type(), Some("WorkflowExecutionAlreadyStarted"));
    running.result().await?;
    Ok(call().start().await.is_ok())
}

#[test]
fn an_id_is_used_again_as_its_policy_says() {
    for (policy, expected) in [(0, true), (1, false), (2, false)] {
        let mut test = TestEnvironment::<twice>::new();
        test.register_child::<napper>();
        assert_eq!(test.run((policy,)).unwrap(), expected, "policy {policy}");
    }
}

// === Cancellation ===

#[workflow]
async fn canceled_parent(ctx: Context, kind: u8) -> Result<String> {
    use ChildWorkflowCancellationType as Type;
    let types = [
        Type::TryCancel,
        Type::WaitCancellationCompleted,
        Type::WaitCancellationRequested,
        Type::Abandon,
    ];
    let options = ChildWorkflowOptions::new().cancellation_type(types[usize::from(kind)]);
    Ok(ctx.child::<slow_to_stop>(()).with_options(options).await?)
}

/// Takes ten seconds to clean up.
#[workflow]
async fn slow_to_stop(ctx: Context) -> Result<String> {
    ctx.canceled().await;
    ctx.shielded().sleep(10 * SECOND).await?;
    Err(Error::canceled("cleaned up"))
}

fn is_cancel(command: &Command) -> bool {
    matches!(command, Command::RequestCancelChildWorkflow { .. })
}

fn is_external_cancel(command: &Command) -> bool {
    matches!(command, Command::RequestCancelExternalWorkflow { .. })
}

fn count(commands: &[Command], is_meant: impl Fn(&Command) -> bool) -> usize {
    commands.iter().filter(|command| is_meant(command)).count()
}

#[test]
fn a_canceled_parent_stops_its_child_as_the_type_says() {
    let check = |kind: u8, seconds: u32, requests: usize, external: usize| {
        let mut test = TestEnvironment::<canceled_parent>::new();
        test.register_child::<slow_to_stop>();
        test.cancel_at(SECOND, "enough");
        assert_eq!(test.run((kind,)), Outcome::Canceled, "type {kind}");
        assert_eq!(test.elapsed(), seconds * SECOND, "type {kind}");
        assert_eq!(count(&test.commands(), is_cancel), requests, "type {kind}");
        assert_eq!(count(&test.commands(), is_external_cancel), external, "type {kind}");
    };
    check(0, 1, 1, 0);
    check(1, 11, 1, 0);
    check(2, 1, 0, 1);
    check(3, 1, 0, 0);
}

#[workflow]
async fn racer(ctx: Context) -> Result<()> {
    select! {
        _ = ctx.child_workflow::<()>("Slow", ()) => Err(Error::msg("it should have lost")),
        _ = ctx.sleep(SECOND) => Ok(()),
    }
}

#[test]
fn the_loser_of_a_race_is_canceled() {
    let mut test = TestEnvironment::<racer>::new();
    test.on_child_workflow("Slow", || Ok(()));
    test.child_workflow_takes("Slow", 9 * SECOND);
    test.run(()).unwrap();
    assert_eq!(count(&test.commands(), is_cancel), 1);
}

#[workflow]
async fn scoped(ctx: Context) -> Result<String> {
    let scope = ctx.cancellation_scope();
    let mut nap = scope.child::<napper>((100,)).start().await?;
    scope.cancel("too slow");
    // Nobody awaits the child, and yet it hears.
    ctx.sleep(SECOND).await?;
    let failure = nap.result().await.expect_err("it was canceled");
    Ok(format!("{}", failure.is_canceled()))
}

#[test]
fn a_scope_cancels_children_that_nobody_awaits() {
    let mut test = TestEnvironment::<scoped>::new();
    test.register_child::<napper>();
    assert_eq!(test.run(()).unwrap(), "true");
    assert_eq!(test.elapsed(), SECOND);
    assert_eq!(count(&test.commands(), is_cancel), 1);
}

#[test]
#[should_panic(expected = "on_child_workflow(\"Double\", …)")]
fn a_child_that_the_test_does_not_know_is_named() {
    let _ = TestEnvironment::<parent>::new().run((1,));
}
