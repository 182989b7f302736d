//! Updates, dynamic handlers, and handlers that are at work when the workflow ends.

use std::time::Duration;

use wrt_sdk::{
    Context, Error, Payload, Result, ToPayload, Workflow, WorkflowContext,
    log::Level,
    testing::{Command, Outcome, TestEnvironment, UpdateOutcome},
    workflow,
};

const SECOND: Duration = Duration::from_secs(1);

/// A shop that takes orders until it closes.
#[derive(Default)]
struct Shop {
    stock: u32,
    closed: bool,
    patient: bool,
    notes: Vec<String>,
}

#[workflow]
impl Shop {
    #[init]
    fn new(stock: &u32, patient: &bool) -> Self {
        Shop {
            stock: *stock,
            patient: *patient,
            ..Shop::default()
        }
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, _stock: u32, _patient: bool) -> Result<Vec<String>> {
        ctx.wait_until(|shop| shop.closed).await?;
        if ctx.state(|shop| shop.patient) {
            ctx.all_handlers_finished().await?;
        }
        Ok(ctx.state(|shop| shop.notes.clone()))
    }

    /// Takes articles off the shelf.
    #[update(validator = check_take)]
    fn take(&mut self, count: u32, note: String) -> u32 {
        self.stock -= count;
        self.notes.push(note);
        self.stock
    }

    fn check_take(&self, count: &u32, _note: &str) -> Result<()> {
        if *count > self.stock {
            return Err(Error::application("OutOfStock", format!("{} left", self.stock)));
        }
        Ok(())
    }

    #[update]
    async fn order(ctx: WorkflowContext<Self>, article: String) -> Result<String> {
        let shipped: String = ctx.activity("Ship", (article,)).await?;
        ctx.state_mut(|shop| shop.notes.push(shipped.clone()));
        Ok(shipped)
    }

    #[update(name = "refuse")]
    fn fail(&mut self) -> Result<()> {
        Err(Error::application("Refused", "never").detail(&7))
    }

    #[signal]
    async fn deliver(ctx: Context) -> Result<()> {
        Ok(ctx.sleep(100 * SECOND).await?)
    }

    #[signal(unfinished = "abandon")]
    async fn watch(ctx: Context) {
        let _ = ctx.sleep(100 * SECOND).await;
    }

    #[signal]
    fn close(&mut self) {
        self.closed = true;
    }
}

fn shop() -> TestEnvironment<Shop> {
    let mut test = TestEnvironment::<Shop>::new();
    test.on_activity("Ship", |article: String| Ok(format!("shipped {article}")));
    test.activity_takes("Ship", 10 * SECOND);
    test
}

#[test]
fn updates_are_described() {
    let definition = Shop::definition();
    let names: Vec<_> = definition.updates.iter().map(|update| update.name).collect();
    assert_eq!(names, ["take", "order", "refuse"]);
    assert_eq!(definition.updates[0].description, "Takes articles off the shelf.");
}

#[test]
fn an_update_is_accepted_before_its_handler_begins() {
    let mut test = shop();
    test.start((5, true));
    let order = test.update("order", ("lamp".to_owned(),));
    assert_eq!(order.outcome::<String>(), UpdateOutcome::Accepted);
    test.advance(10 * SECOND);
    assert_eq!(order.outcome::<String>().unwrap(), "shipped lamp");
    let commands = test.commands();
    assert!(
        matches!(
            &commands[..],
            [
                Command::AcceptUpdate { .. },
                Command::ScheduleActivity { .. },
                Command::CompleteUpdate { .. }
            ]
        ),
        "{commands:?}"
    );
}

#[test]
fn a_validator_turns_updates_away() {
    let mut test = shop();
    test.start((5, true));
    assert_eq!(test.update("take", (2, "two")).outcome::<u32>().unwrap(), 3);
    let rejection = test.update("take", (4, "four")).outcome::<u32>().unwrap_rejection();
    assert_eq!(
        (rejection.application_type(), rejection.message.as_str()),
        (Some("OutOfStock"), "3 left")
    );
    test.signal("close", ());
    assert_eq!(test.outcome(), Outcome::Completed(vec!["two".to_owned()]));
}

#[test]
fn what_does_not_fit_is_rejected_and_what_fails_has_failed() {
    let mut test = shop();
    test.start((5, true));
    let rejection = test.update("take", ("many", "x")).outcome::<u32>().unwrap_rejection();
    assert_eq!(rejection.application_type(), Some("PayloadConversion"));
    let rejection = test.update("steal", ()).outcome::<u32>().unwrap_rejection();
    assert_eq!(
        rejection.message,
        "unknown update `steal`: Shop takes take, order, refuse"
    );
    let failure = test.update("refuse", ()).outcome::<()>().unwrap_failure();
    assert_eq!(
        (failure.application_type(), failure.detail::<u32>(0)),
        (Some("Refused"), Some(Ok(7)))
    );
}

#[test]
fn an_update_that_comes_with_the_start_is_there_before_the_first_step() {
    let mut test = shop();
    let take = test.update("take", (5, "all"));
    test.signal("close", ());
    assert_eq!(test.run((5, true)).unwrap(), ["all"]);
    assert_eq!(take.outcome::<u32>().unwrap(), 0);
}

#[test]
fn an_update_that_nobody_reads_waits() {
    let mut test = shop();
    test.signal_at(SECOND, "close", ());
    let late = test.update_at(2 * SECOND, "take", (1, "late"));
    test.run((5, true)).unwrap();
    assert_eq!(late.outcome::<u32>(), UpdateOutcome::Waiting);
}

// === Unfinished handlers ===

#[test]
fn a_patient_workflow_finishes_its_handlers() {
    let mut test = shop();
    let order = test.update_at(SECOND, "order", ("lamp".to_owned(),));
    test.signal_at(2 * SECOND, "close", ());
    assert_eq!(test.run((5, true)).unwrap(), ["shipped lamp"]);
    assert_eq!(order.outcome::<String>().unwrap(), "shipped lamp");
    assert!(test.logs().is_empty());
}

#[test]
fn unfinished_handlers_are_named() {
    let mut test = shop();
    for signal in ["deliver", "watch"] {
        test.signal_at(SECOND, signal, ());
    }
    let order = test.update_at(SECOND, "order", ("lamp".to_owned(),));
    test.signal_at(2 * SECOND, "close", ());
    test.run((5, false)).unwrap();
    assert_eq!(order.outcome::<String>(), UpdateOutcome::Accepted);
    let line = &test.logs()[0];
    assert_eq!(line.level, Level::Warn);
    assert_eq!(
        line.fields,
        [("handlers".to_owned(), "signal `deliver`, update `order`".to_owned())]
    );
}

// === Dynamic handlers ===

#[derive(Default)]
struct Anything {
    seen: Vec<String>,
}

#[workflow]
impl Anything {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> Result<()> {
        Ok(ctx
            .wait_until(|state| state.seen.iter().any(|name| name == "end"))
            .await?)
    }

    #[signal(dynamic)]
    fn any_signal(&mut self, name: String, arguments: Vec<Payload>) {
        assert_eq!(arguments.len(), usize::from(name != "end"));
        self.seen.push(name);
    }

    #[signal]
    fn known(&mut self) {
        self.seen.push("a known one".to_owned());
    }

    #[query(dynamic)]
    fn any_query(&self, name: String, arguments: Vec<Payload>) -> Result<String> {
        Ok(format!("{name}({}) of {}", arguments.len(), self.seen.join(", ")))
    }

    #[update(dynamic, validator = check)]
    async fn any_update(ctx: WorkflowContext<Self>, name: String, arguments: Vec<Payload>) -> Result<Payload> {
        ctx.sleep(SECOND).await?;
        ctx.state_mut(|state| state.seen.push(name));
        arguments.into_iter().next().map_or_else(|| Ok(().to_payload()?), Ok)
    }

    fn check(&self, name: &str, _arguments: &[Payload]) -> Result<()> {
        if name == "forbidden" {
            Err(Error::msg("forbidden"))
        } else {
            Ok(())
        }
    }
}

#[test]
fn dynamic_handlers_take_what_no_other_takes() {
    let mut test = TestEnvironment::<Anything>::new();
    test.start(());
    test.signal("x", (1,));
    test.signal("known", ());
    assert_eq!(
        test.query::<String>("state", (1, 2)).unwrap(),
        "state(2) of x, a known one"
    );
    assert_eq!(
        test.update("forbidden", ()).outcome::<()>().unwrap_rejection().message,
        "forbidden"
    );
    let echo = test.update("echo", ("hi",));
    test.advance(SECOND);
    assert_eq!(echo.outcome::<String>().unwrap(), "hi");
    assert_eq!(
        Anything::definition().updates,
        [],
        "they have no name to be described by"
    );
    test.signal("end", ());
    test.finish().unwrap();
}
