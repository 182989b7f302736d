//! Undoing, in reverse order.

use std::time::Duration;

use wrt_sdk::{
    Context, Error, Result, SagaOptions,
    testing::{Outcome, TestEnvironment},
    workflow,
};

#[workflow]
async fn steps(ctx: Context, last_fails: bool) -> Result<String> {
    ctx.saga(async |saga| {
        for step in ["A", "B", "C"] {
            ctx.activity::<()>("Do", (step.to_owned(),)).await?;
            saga.compensation(move |ctx| ctx.activity::<()>("Undo", (step.to_owned(),)));
        }
        ctx.sleep(Duration::from_secs(10)).await?;
        if last_fails {
            return Err(Error::application("TooLate", "sold out"));
        }
        Ok("done".to_owned())
    })
    .await
}

fn environment(undo: fn(String) -> Result<()>) -> TestEnvironment<steps> {
    let mut test = TestEnvironment::<steps>::new();
    test.on_activity("Do", |_step: String| Ok(()));
    test.on_activity("Undo", undo);
    test
}

/// The inputs of the compensations, in order.
fn undone(test: &TestEnvironment<steps>) -> Vec<String> {
    use wrt_sdk::{FromPayload, testing::Command};
    test.commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::ScheduleActivity {
                activity_type,
                mut input,
                ..
            } if activity_type == "Undo" => Some(String::from_payload(input.remove(0)).expect("the step is a string")),
            _ => None,
        })
        .collect()
}

#[test]
fn success_undoes_nothing() {
    let mut test = environment(|_| Ok(()));
    assert_eq!(test.run((false,)).unwrap(), "done");
    assert!(undone(&test).is_empty());
}

#[test]
fn a_failure_undoes_the_last_step_first() {
    let mut test = environment(|_| Ok(()));
    let failure = test.run((true,)).unwrap_failure();
    assert_eq!(failure.application_type(), Some("TooLate"));
    assert_eq!(undone(&test), ["C", "B", "A"]);
}

#[test]
fn a_cancellation_undoes_too_and_stays_a_cancellation() {
    let mut test = environment(|_| Ok(()));
    test.cancel_at(Duration::from_secs(1), "enough");
    assert_eq!(test.run((false,)), Outcome::Canceled);
    assert_eq!(undone(&test), ["C", "B", "A"]);
}

#[test]
fn a_failed_compensation_stops_no_other_and_is_reported() {
    let mut test = environment(|step| match step.as_str() {
        "B" => Err(Error::application("Stuck", "the door is locked").non_retryable()),
        _ => Ok(()),
    });
    let failure = test.run((true,)).unwrap_failure();
    assert_eq!(undone(&test), ["C", "B", "A"]);
    assert_eq!(failure.application_type(), Some("CompensationFailed"));
    assert_eq!(
        failure.message,
        "1 of 3 compensations failed: Stuck: the door is locked"
    );
    assert_eq!(failure.root_cause().application_type(), Some("TooLate"));
    assert_eq!(test.logs().len(), 1);
}

#[workflow]
async fn chosen(ctx: Context, parallel: bool, continue_on_error: bool) -> Result<()> {
    let options = SagaOptions::new()
        .parallel(parallel)
        .continue_on_error(continue_on_error);
    ctx.saga_with(options, async |saga| {
        for step in ["A", "B", "C"] {
            let done = ctx.activity::<String>("Do", (step,));
            saga.step(done, |ctx, step| ctx.activity::<()>("Undo", (step,))).await?;
        }
        Err(Error::application("TooLate", "sold out"))
    })
    .await
}

/// Steps whose second one cannot be undone.
fn choosing() -> TestEnvironment<chosen> {
    let mut test = TestEnvironment::<chosen>::new();
    test.on_activity("Do", |step: String| Ok(step));
    test.on_activity("Undo", |step: String| match step.as_str() {
        "B" => Err(Error::application("Stuck", "B stays").non_retryable()),
        _ => Ok(()),
    });
    test.activity_takes("Undo", Duration::from_secs(1));
    test
}

#[test]
fn a_step_is_undone_with_what_it_gave() {
    let mut test = choosing();
    let failure = test.run((false, true)).unwrap_failure();
    assert_eq!(failure.message, "1 of 3 compensations failed: Stuck: B stays");
    assert_eq!(test.activities(), ["Do", "Do", "Do", "Undo", "Undo", "Undo"]);
    assert_eq!(test.elapsed(), Duration::from_secs(3));
}

#[test]
fn the_first_compensation_that_fails_may_be_the_last() {
    let mut test = choosing();
    let failure = test.run((false, false)).unwrap_failure();
    assert_eq!(failure.application_type(), Some("CompensationFailed"));
    assert_eq!(failure.root_cause().message, "sold out");
    assert_eq!(test.activities(), ["Do", "Do", "Do", "Undo", "Undo"]);
}

#[test]
fn compensations_may_run_at_once() {
    let mut test = choosing();
    test.run((true, false)).unwrap_failure();
    assert_eq!(test.activities(), ["Do", "Do", "Do", "Undo", "Undo", "Undo"]);
    assert_eq!(test.elapsed(), Duration::from_secs(1));
}
