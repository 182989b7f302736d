//! Activities: contracts, stubs, options, retries.

use std::{cell::Cell, rc::Rc, time::Duration};

use futures::{future::join_all, join, select};
use wrt_sdk::{
    ActivityContext, ActivityOptions, Context, Error, Result, RetryPolicy, RetryState, activities, activity,
    testing::{Command, TestActivity, TestEnvironment},
    workflow,
};

#[activities]
trait Calculator {
    /// Adds two numbers.
    fn add(ctx: &ActivityContext, left: i64, right: i64) -> Result<i64>;

    #[activity(name = "negate-it")]
    fn negate(number: i64) -> Result<i64>;
}

struct Machine;

impl Calculator for Machine {
    fn add(ctx: &ActivityContext, left: i64, right: i64) -> Result<i64> {
        ctx.heartbeat(&left)?;
        Ok(left + right)
    }

    fn negate(number: i64) -> Result<i64> {
        Ok(-number)
    }
}

/// Doubles a number.
#[activity]
fn double(number: i64) -> Result<i64> {
    Ok(2 * number)
}

wrt_sdk::export_activities!(Machine as Calculator, double);

#[workflow]
async fn calculate(ctx: Context, number: i64) -> Result<i64> {
    let sum = ctx.add(number, 1).await?;
    let doubled = double::call(&ctx, sum).await?;
    Ok(ctx.negate(doubled).summary("turn it round").await?)
}

#[test]
fn stubs_call_by_type_with_one_payload_per_argument() {
    let mut test = TestEnvironment::<calculate>::new();
    test.on_activity("Add", |left: i64, right: i64| Ok(left + right));
    test.on_activity("Double", |number: i64| Ok(2 * number));
    test.on_activity("negate-it", |number: i64| Ok(-number));
    assert_eq!(test.run((20,)).unwrap(), -42);
    assert_eq!(test.activities(), ["Add", "Double", "negate-it"]);
}

#[test]
fn the_table_of_a_contract_runs_the_implementation() {
    let test = TestActivity::new();
    let check = |index: usize, name: &str, input: &[i64], expected: i64| {
        let entries = [Machine::__wrt_entries(), vec![double::entry()]].concat_entries();
        assert_eq!(entries[index].definition.name, name);
        let input = input
            .iter()
            .map(|value| wrt_sdk::ToPayload::to_payload(value).unwrap())
            .collect();
        let output = (entries[index].execute)(&test.context(), input).unwrap();
        assert_eq!(<i64 as wrt_sdk::FromPayload>::from_payload(output).unwrap(), expected);
    };
    check(0, "Add", &[2, 3], 5);
    check(1, "negate-it", &[2], -2);
    check(2, "Double", &[4], 8);
    assert_eq!(test.heartbeats::<i64>(), [2]);
}

trait ConcatEntries {
    fn concat_entries(self) -> Vec<wrt_sdk::ActivityEntry>;
}

impl ConcatEntries for [Vec<wrt_sdk::ActivityEntry>; 2] {
    fn concat_entries(self) -> Vec<wrt_sdk::ActivityEntry> {
        self.into_iter().flatten().collect()
    }
}

#[workflow]
async fn inherit(ctx: Context) -> Result<()> {
    let ctx = ctx.with_activity_options(
        ActivityOptions::new()
            .start_to_close_timeout(Duration::from_secs(5))
            .task_queue("outer"),
    );
    let inner = ctx.with_activity_options(ActivityOptions::new().task_queue("inner"));
    inner.activity::<()>("A", ()).await?;
    ctx.activity::<()>("A", ()).activity_id("mine").await?;
    Ok(())
}

#[test]
fn options_are_inherited_and_overridden() {
    let mut test = TestEnvironment::<inherit>::new();
    test.on_activity("A", || Ok(()));
    test.run(()).unwrap();
    let options: Vec<_> = test
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::ScheduleActivity { options, .. } => Some(options),
            _ => None,
        })
        .collect();
    let five = ActivityOptions::new().start_to_close_timeout(Duration::from_secs(5));
    assert_eq!(
        options,
        [
            five.clone().task_queue("inner"),
            five.task_queue("outer").activity_id("mine")
        ]
    );
}

#[workflow]
async fn call(ctx: Context, policy_attempts: u32) -> Result<String> {
    let policy = RetryPolicy::new()
        .maximum_attempts(policy_attempts)
        .non_retryable("Hopeless");
    let ctx = ctx.with_activity_options(ActivityOptions::new().retry_policy(policy));
    Ok(ctx.activity("Work", ()).await?)
}

/// Fails twice, then works; gives the number of attempts.
fn flaky(failure_type: &'static str) -> (TestEnvironment<call>, Rc<Cell<u32>>) {
    let attempts = Rc::new(Cell::new(0));
    let count = attempts.clone();
    let mut test = TestEnvironment::<call>::new();
    test.on_activity("Work", move || {
        count.set(count.get() + 1);
        if count.get() < 3 {
            Err(Error::application(failure_type, "no"))
        } else {
            Ok("done".to_owned())
        }
    });
    (test, attempts)
}

#[test]
fn failed_attempts_are_repeated_with_growing_waits() {
    let (mut test, attempts) = flaky("Busy");
    assert_eq!(test.run((0,)).unwrap(), "done");
    assert_eq!((attempts.get(), test.elapsed()), (3, Duration::from_secs(1 + 2)));
}

#[test]
fn attempts_end_where_the_policy_says_and_the_failure_says_why() {
    let check = |failure_type: &'static str, maximum: u32, expected: (u32, RetryState)| {
        let (mut test, attempts) = flaky(failure_type);
        let failure = test.run((maximum,)).unwrap_failure();
        let activity = failure.as_activity().expect("the outer link is the activity's");
        assert_eq!((attempts.get(), activity.retry_state), expected);
        assert_eq!(activity.activity_type, "Work");
        assert_eq!(failure.application_type(), Some(failure_type));
    };
    check("Busy", 2, (2, RetryState::MaximumAttemptsReached));
    check("Hopeless", 9, (1, RetryState::NonRetryableFailure));
}

#[workflow]
async fn fan_out(ctx: Context, count: u32) -> Result<Vec<u32>> {
    let calls = (0..count).map(|index| ctx.activity::<u32>("Square", (index,)));
    let (results, ()) = join!(join_all(calls), async {
        ctx.sleep(Duration::from_secs(1)).await.unwrap_or_default()
    });
    Ok(results.into_iter().collect::<Result<_, _>>()?)
}

#[test]
fn joined_activities_run_at_the_same_time() {
    let mut test = TestEnvironment::<fan_out>::new();
    test.on_activity("Square", |number: u32| Ok(number * number));
    test.activity_takes("Square", Duration::from_secs(3));
    assert_eq!(test.run((4,)).unwrap(), [0, 1, 4, 9]);
    assert_eq!(test.elapsed(), Duration::from_secs(3));
}

#[workflow]
async fn hurry(ctx: Context) -> Result<String> {
    select! {
        done = ctx.activity::<String>("Slow", ()) => Ok(done?),
        late = ctx.sleep(Duration::from_secs(2)) => late.map(|()| "late".to_owned()).map_err(Error::from),
    }
}

#[test]
fn the_loser_of_a_race_is_canceled() {
    let check = |takes: u64, expected: &str, last: fn(&Command) -> bool| {
        let mut test = TestEnvironment::<hurry>::new();
        test.on_activity("Slow", || Ok("done".to_owned()));
        test.activity_takes("Slow", Duration::from_secs(takes));
        assert_eq!(test.run(()).unwrap(), expected);
        let commands = test.commands();
        assert!(last(&commands[commands.len() - 2]), "{commands:?}");
    };
    check(1, "done", |command| matches!(command, Command::CancelTimer { .. }));
    check(3, "late", |command| {
        matches!(command, Command::RequestCancelActivity { .. })
    });
}

#[workflow]
async fn start_early(ctx: Context) -> Result<()> {
    let early = ctx.activity::<()>("Early", ()).started();
    let late = ctx.activity::<()>("Late", ());
    ctx.activity::<()>("Middle", ()).await?;
    late.await?;
    early.await?;
    Ok(())
}

#[test]
fn a_call_is_scheduled_when_polled_or_when_told() {
    let mut test = TestEnvironment::<start_early>::new();
    for name in ["Early", "Middle", "Late"] {
        test.on_activity(name, || Ok(()));
    }
    test.run(()).unwrap();
    assert_eq!(test.activities(), ["Early", "Middle", "Late"]);
}
