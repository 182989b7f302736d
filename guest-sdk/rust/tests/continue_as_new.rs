//! Going on in a new run.

use std::time::Duration;

use wrt_sdk::{
    Context, ContinueAsNewOptions, Error, Memo, Result, Saga, SearchAttribute, SearchAttributes, WorkflowContext,
    testing::{Command, Outcome, TestEnvironment},
    workflow,
};

/// Counts signals, ten to a run.
#[derive(Default)]
struct Ticker {
    ticks: u32,
    done: bool,
}

#[workflow]
impl Ticker {
    #[init]
    fn new(ticks: &u32) -> Self {
        Ticker {
            ticks: *ticks,
            done: false,
        }
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, before: u32) -> Result<String> {
        ctx.activity::<()>("Note", ()).await?;
        ctx.wait_until(|ticker| ticker.done || ticker.ticks - before == 2)
            .await?;
        if !ctx.state(|ticker| ticker.done) {
            return ctx.continue_as_new((ctx.state(|ticker| ticker.ticks),));
        }
        let info = ctx.info();
        assert_eq!(info.continued_run_id.is_some(), before > 0);
        Ok(format!("{} ticks, {before} before", ctx.state(|ticker| ticker.ticks)))
    }

    #[signal]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[signal]
    fn finish(&mut self) {
        self.done = true;
    }
}

fn ticker() -> TestEnvironment<Ticker> {
    let mut test = TestEnvironment::<Ticker>::new();
    test.on_activity("Note", || Ok(()));
    for second in 1..=5 {
        test.signal_at(Duration::from_secs(second), "tick", ());
    }
    test.signal_at(Duration::from_secs(9), "finish", ());
    test
}

#[test]
fn a_run_ends_with_the_arguments_of_the_next() {
    let continued = ticker().run((0,)).unwrap_continued_as_new();
    assert_eq!(continued.arguments::<(u32,)>(), (2,));
}

#[test]
fn a_test_follows_the_chain() {
    let mut test = ticker();
    assert_eq!(test.run_chain((0,)).unwrap(), "5 ticks, 4 before");
    assert_eq!(test.activities(), ["Note", "Note", "Note"]);
    assert_eq!(test.elapsed(), Duration::from_secs(9));
}

#[workflow]
async fn migrate(ctx: Context, saga: bool) -> Result<()> {
    ctx.upsert_search_attributes(SearchAttributes::new().keyword("State", "moving"));
    let options = ContinueAsNewOptions::new()
        .workflow_type("Migrated")
        .task_queue("new")
        .memo(Memo::new().set("moved", &true)?);
    let steps = async |steps: &Saga| {
        steps.compensation(|ctx| ctx.activity::<()>("Undo", ()));
        ctx.continue_as_new_with(("done",), options)
    };
    if saga {
        ctx.saga(steps).await
    } else {
        steps(&Saga::new(&ctx)).await
    }
}

#[workflow]
async fn migrated(ctx: Context, word: String) -> Result<(String, String)> {
    let info = ctx.info();
    assert_eq!(info.workflow_type, "Migrated");
    assert_eq!(info.memo.get::<bool>("moved"), Some(Ok(true)));
    assert_eq!(
        info.search_attributes.get("State"),
        Some(SearchAttribute::Keyword("moving".to_owned()))
    );
    Ok((word, info.task_queue.clone()))
}

#[test]
fn options_change_the_next_run() {
    let continued = TestEnvironment::<migrate>::new()
        .run((false,))
        .unwrap_continued_as_new();
    let expected = ContinueAsNewOptions::new().workflow_type("Migrated").task_queue("new");
    assert_eq!(
        continued.options,
        expected.memo(Memo::new().set("moved", &true).unwrap())
    );
}

#[test]
fn to_continue_as_new_undoes_nothing() {
    let mut test = TestEnvironment::<migrate>::new();
    assert!(matches!(test.run((true,)), Outcome::ContinuedAsNew(_)));
    assert!(test.activities().is_empty());
}

#[workflow]
async fn follower(ctx: Context) -> Result<(String, String)> {
    Ok(ctx.child_workflow("Migrate", (true,)).await?)
}

#[test]
fn the_result_of_a_child_is_that_of_its_last_run() {
    let mut test = TestEnvironment::<follower>::new();
    test.register_child::<migrate>();
    test.register_child::<migrated>();
    assert_eq!(test.run(()).unwrap(), ("done".to_owned(), "new".to_owned()));
}

#[workflow]
async fn suggested(ctx: Context, rounds: u32) -> Result<u32> {
    loop {
        if ctx.info().continue_as_new_suggested() {
            return ctx.continue_as_new((rounds + 1,));
        }
        if rounds == 2 {
            return Ok(ctx.info().history_length());
        }
        ctx.sleep(Duration::from_secs(1)).await?;
    }
}

#[test]
fn the_runtime_suggests_when_it_is_time() {
    let mut test = TestEnvironment::<suggested>::new();
    test.suggest_continue_as_new_after(3);
    assert_eq!(test.run_chain((0,)).unwrap(), 0);
    let continued = |command: &Command| matches!(command, Command::ContinueAsNew { .. });
    assert_eq!(test.commands().iter().filter(|command| continued(command)).count(), 2);
    assert_eq!(test.elapsed(), Duration::from_secs(6));
}

#[derive(Default)]
struct Misplaced {
    done: bool,
}

#[workflow]
impl Misplaced {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> Result<()> {
        Ok(ctx.wait_until(|state| state.done).await?)
    }

    #[update]
    async fn restart(ctx: Context) -> Result<()> {
        ctx.continue_as_new(())
    }

    #[signal]
    fn end(&mut self) {
        self.done = true;
    }
}

#[test]
fn a_handler_cannot_continue_as_new() {
    let mut test = TestEnvironment::<Misplaced>::new();
    test.start(());
    let failure = test.update("restart", ()).outcome::<()>().unwrap_failure();
    assert!(
        failure.message.contains("the workflow's main task has to return it"),
        "{failure}"
    );
    test.signal("end", ());
    test.finish().unwrap();
}

#[test]
fn it_is_no_failure() {
    let mut test = TestEnvironment::<migrate>::new();
    let continued = test.run((false,));
    assert!(!matches!(continued, Outcome::Failed(_)));
    assert!(!Error::msg("x").is_continue_as_new());
}
