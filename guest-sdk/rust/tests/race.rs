//! Several things at once, without another crate.

use std::time::Duration;

use wrt_sdk::{
    Context, Result, join, race, select,
    testing::{Command, TestEnvironment},
    try_join, workflow,
};

const SECOND: Duration = Duration::from_secs(1);

fn count(test: &[Command], wanted: fn(&Command) -> bool) -> usize {
    test.iter().filter(|command| wanted(command)).count()
}

#[workflow]
async fn three_ways(ctx: Context) -> Result<String> {
    let mut stops = ctx.signals::<String>("stop");
    Ok(select! {
        word = ctx.activity::<String>("Work", ()) => word?,
        reason = stops.recv() => format!("stopped: {}", reason?),
        timer = ctx.sleep(10 * SECOND) => {
            timer?;
            "too late".to_owned()
        }
    })
}

fn working(takes: Duration) -> TestEnvironment<three_ways> {
    let mut test = TestEnvironment::<three_ways>::new();
    test.on_activity("Work", || Ok("done".to_owned()));
    test.activity_takes("Work", takes);
    test
}

#[test]
fn the_first_of_three_decides() {
    assert_eq!(working(SECOND).run(()).unwrap(), "done");
    assert_eq!(working(20 * SECOND).run(()).unwrap(), "too late");
    let mut stopped = working(20 * SECOND);
    stopped.signal_at(5 * SECOND, "stop", ("enough",));
    assert_eq!(stopped.run(()).unwrap(), "stopped: enough");
}

#[test]
fn the_losers_are_canceled() {
    let mut test = working(20 * SECOND);
    test.signal_at(5 * SECOND, "stop", ("enough",));
    test.run(()).unwrap();
    let commands = test.commands();
    assert_eq!(
        count(&commands, |command| matches!(
            command,
            Command::RequestCancelActivity { .. }
        )),
        1
    );
    assert_eq!(
        count(&commands, |command| matches!(command, Command::CancelTimer { .. })),
        1
    );
}

#[workflow]
async fn kept(ctx: Context) -> Result<(bool, String)> {
    let mut work = Box::pin(async { ctx.activity::<String>("Work", ()).await });
    let in_time = select! {
        _ = ctx.sleep(SECOND) => false,
        outcome = &mut work => return Ok((true, outcome?)),
    };
    Ok((in_time, work.await?))
}

#[test]
fn what_is_lent_goes_on() {
    let mut test = TestEnvironment::<kept>::new();
    test.on_activity("Work", || Ok("done".to_owned()));
    test.activity_takes("Work", 5 * SECOND);
    assert_eq!(test.run(()).unwrap(), (false, "done".to_owned()));
}

#[workflow]
async fn fastest(ctx: Context, seconds: Vec<u64>) -> Result<usize> {
    let sleeps = seconds
        .into_iter()
        .map(|seconds| ctx.sleep(Duration::from_secs(seconds)));
    let (index, slept) = race(sleeps).await;
    slept?;
    Ok(index)
}

#[test]
fn a_list_has_a_first_one_too() {
    let mut test = TestEnvironment::<fastest>::new();
    assert_eq!(test.run((vec![3, 1, 2],)).unwrap(), 1);
    let commands = test.commands();
    assert_eq!(
        count(&commands, |command| matches!(command, Command::CancelTimer { .. })),
        2
    );
}

#[test]
fn of_two_at_once_the_first_listed_wins() {
    assert_eq!(TestEnvironment::<fastest>::new().run((vec![9, 1, 1],)).unwrap(), 1);
}

#[workflow]
async fn both(ctx: Context) -> Result<(u64, u64)> {
    let call = |number: u64| ctx.activity::<u64>("Double", (number,));
    let (left, right) = join!(call(1), call(2));
    let sums = try_join!(call(left?), call(right?))?;
    Ok(sums)
}

#[test]
fn all_of_them_are_waited_for() {
    let mut test = TestEnvironment::<both>::new();
    test.on_activity("Double", |number: u64| Ok(2 * number));
    test.activity_takes("Double", SECOND);
    assert_eq!(test.run(()).unwrap(), (4, 8));
    assert_eq!(test.elapsed(), 2 * SECOND);
}
