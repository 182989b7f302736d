//! Telling other workflows things.

use wrt_sdk::{
    Context, Error, Result,
    testing::{Command, Outcome, TestEnvironment},
    workflow,
};

#[workflow]
async fn messenger(ctx: Context, shielded: bool) -> Result<()> {
    let other = ctx.external_workflow("order-7").run_id("r");
    other.signal("note", ("hello", 7)).await?;
    if shielded {
        ctx.shielded().external_workflow("order-7").cancel("enough").await?;
    } else {
        ctx.external_workflow("order-7").cancel("enough").await?;
    }
    Ok(())
}

#[test]
fn others_hear_signals_and_requests_to_cancel() {
    let mut test = TestEnvironment::<messenger>::new();
    test.run((false,)).unwrap();
    match &test.commands()[..] {
        [
            Command::SignalExternalWorkflow {
                workflow_id,
                run_id,
                signal_name,
                input,
            },
            Command::RequestCancelExternalWorkflow {
                run_id: any_run,
                reason,
                ..
            },
            Command::Complete { .. },
        ] => {
            assert_eq!(
                (workflow_id.as_str(), run_id.as_str(), any_run.as_str()),
                ("order-7", "r", "")
            );
            assert_eq!(
                (signal_name.as_str(), input.len(), reason.as_str()),
                ("note", 2, "enough")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_reached_fails() {
    let mut test = TestEnvironment::<messenger>::new();
    test.external_workflow_fails("order-7", Error::application("NotFound", "no order-7"));
    assert_eq!(test.run((false,)).unwrap_failure().application_type(), Some("NotFound"));
}

#[test]
fn a_canceled_context_tells_nobody_and_a_shielded_one_does() {
    let mut test = TestEnvironment::<messenger>::new();
    test.start((true,));
    let commands = test.commands().len();
    test.cancel("stop");
    test.finish().unwrap();
    assert_eq!((commands, test.commands().len()), (1, 3));

    let mut test = TestEnvironment::<messenger>::new();
    test.start((false,));
    test.cancel("stop");
    assert_eq!(test.finish(), Outcome::Canceled);
    assert_eq!(test.commands().len(), 2);
}

#[workflow]
async fn listener(ctx: Context) -> Result<String> {
    Ok(ctx.signals::<String>("note").recv().await?)
}

#[workflow]
async fn matchmaker(ctx: Context) -> Result<(String, bool)> {
    let mut listener = ctx.child::<listener>(()).workflow_id("listener").start().await?;
    let other = ctx.external_workflow("listener");
    other.signal("note", ("psst",)).await?;
    let heard = listener.result().await?;
    Ok((heard, other.signal("note", ("late",)).await.is_err()))
}

#[test]
fn workflows_of_the_test_hear_each_other() {
    let mut test = TestEnvironment::<matchmaker>::new();
    test.register_child::<listener>();
    assert_eq!(test.run(()).unwrap(), ("psst".to_owned(), true));
}
