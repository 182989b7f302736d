//! Testing workflows natively, in the time that their own code takes.
//!
//! The [`TestEnvironment`] stands where the runtime stands in production: it runs the same workflow code, lets activities
//! and children be closures, and skips over every sleep. The [`Replayer`] runs it through a history of production.

mod activity;
mod attempt;
mod child;
mod external;
mod host;
mod mock;
mod outcome;
mod replay;
mod update;
mod world;

use std::{
    marker::PhantomData,
    rc::Rc,
    time::{Duration, SystemTime},
};

use crate::{
    Arguments, Error, FromPayload, Result, Workflow, WorkflowEntry, WorkflowInfo, execution::Job, update::Update,
};

use self::{
    child::ChildType,
    mock::Mock,
    world::{Event, MAIN, World},
};

#[cfg(test)]
pub(crate) use self::world::info;
pub use self::{
    activity::TestActivity,
    host::LogLine,
    mock::ActivityMock,
    outcome::{ContinuedAsNew, Outcome},
    replay::{ReplayError, Replayer},
    update::{TestUpdate, UpdateOutcome},
};
#[doc(inline)]
pub use crate::command::Command;

/// Runs one workflow of type `W` against mocked activities and a clock that skips.
///
/// ```
/// use std::time::Duration;
/// use wrt_sdk::{Context, Error, Result, testing::TestEnvironment, workflow};
///
/// #[workflow]
/// async fn remind(ctx: Context, name: String) -> Result<String> {
///     ctx.sleep(Duration::from_secs(30 * 24 * 60 * 60)).await?;
///     Ok(ctx.activity("SendMail", (name,)).await?)
/// }
///
/// # fn main() {
/// let mut test = TestEnvironment::<remind>::new();
/// test.on_activity("SendMail", |name: String| Ok(format!("mailed {name}")));
/// assert_eq!(test.run(("Ada".to_owned(),)).unwrap(), "mailed Ada");
/// assert_eq!(test.activities(), ["SendMail"]);
/// assert_eq!(test.elapsed(), Duration::from_secs(30 * 24 * 60 * 60));
/// # }
/// ```
///
/// Failed attempts are repeated as the retry policy says. An activity that takes time is set up with
/// [`activity_takes`](Self::activity_takes).
///
/// Children are closures too, or workflows of their own; those share the clock and the mocks.
///
/// # Panics
///
/// It panics, with the reason, where a test is wrong: an activity without a mock, a value that cannot be encoded, a
/// workflow that does not come to an end.
pub struct TestEnvironment<W> {
    world: World,
    began: SystemTime,
    updates: usize,
    workflow: PhantomData<fn() -> W>,
}

/// 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// The end of time, as far as the contract can say it.
const END: Duration = Duration::from_secs(u32::MAX as u64 * 4);

const ENCODABLE: &str = "the arguments that the test gives can be encoded";

// === impl TestEnvironment ===

impl<W: Workflow> TestEnvironment<W> {
    /// An environment in which nothing is planned; its clock shows the beginning of 2026.
    #[expect(
        clippy::new_without_default,
        reason = "it is the beginning of a test, never a field's default"
    )]
    pub fn new() -> Self {
        let began = SystemTime::UNIX_EPOCH + START;
        TestEnvironment {
            world: World::new(WorkflowEntry::of::<W>(), world::info(W::name(), began)),
            began,
            updates: 0,
            workflow: PhantomData,
        }
    }

    // === Setting the scene ===

    /// The facts that the workflow will be told, to be changed before the start.
    pub fn info_mut(&mut self) -> &mut WorkflowInfo {
        &mut self.world.runs[MAIN].info
    }

    /// Serves an activity type with a closure of the activity's arguments, which is called for each attempt.
    pub fn on_activity<A>(&mut self, activity_type: &str, mock: impl ActivityMock<A>) {
        let mocks = &mut self.world.activity_mocks;
        let takes = mocks.get(activity_type).map_or(Duration::ZERO, |mock| mock.takes);
        let call = mock.erase();
        mocks.insert(activity_type.to_owned(), Mock { call, takes });
    }

    /// Lets each attempt of a mocked activity take time.
    pub fn activity_takes(&mut self, activity_type: &str, duration: Duration) {
        let mock = self.world.activity_mocks.get_mut(activity_type);
        mock.unwrap_or_else(|| panic!("mock {activity_type} with `on_activity` first"))
            .takes = duration;
    }

    /// Serves a type of child workflows with a closure of the child's arguments, which is called for each run.
    ///
    /// ```
    /// use wrt_sdk::{Context, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn order(ctx: Context) -> Result<String> {
    ///     Ok(ctx.child_workflow("Payment", (4200,)).await?)
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<order>::new();
    /// test.on_child_workflow("Payment", |amount: u64| Ok(format!("paid {amount}")));
    /// assert_eq!(test.run(()).unwrap(), "paid 4200");
    /// # }
    /// ```
    pub fn on_child_workflow<A>(&mut self, workflow_type: &str, mock: impl ActivityMock<A>) {
        let mock = Mock {
            call: mock.erase(),
            takes: Duration::ZERO,
        };
        self.world
            .child_types
            .insert(workflow_type.to_owned(), ChildType::Mock(mock));
    }

    /// Lets each run of a mocked child take time.
    pub fn child_workflow_takes(&mut self, workflow_type: &str, duration: Duration) {
        match self.world.child_types.get_mut(workflow_type) {
            Some(ChildType::Mock(mock)) => mock.takes = duration,
            _ => panic!("mock {workflow_type} with `on_child_workflow` first"),
        }
    }

    /// Lets children of this type run their own code.
    pub fn register_child<C: Workflow>(&mut self) {
        self.world
            .child_types
            .insert(C::name().to_owned(), ChildType::Native(WorkflowEntry::of::<C>()));
    }

    /// Lets signals and requests to cancel that go to this workflow fail. Without it they arrive, whoever they go to.
    ///
    /// ```
    /// use wrt_sdk::{Context, Error, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn call_off(ctx: Context) -> Result<()> {
    ///     Ok(ctx.external_workflow("order-7").cancel("not needed").await?)
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<call_off>::new();
    /// test.external_workflow_fails("order-7", Error::application("NotFound", "there is no order-7"));
    /// assert_eq!(test.run(()).unwrap_failure().application_type(), Some("NotFound"));
    /// # }
    /// ```
    pub fn external_workflow_fails(&mut self, workflow_id: &str, error: Error) {
        self.world.unreachable.insert(workflow_id.to_owned(), error);
    }

    /// Makes the run one that passed a change before it was made: [`patched`](crate::Context::patched) is false for it.
    pub fn not_patched(&mut self, patch_id: &str) {
        self.world.shared.not_patched.borrow_mut().insert(patch_id.to_owned());
    }

    /// Suggests to continue as new as soon as a run has issued this many commands.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wrt_sdk::{Context, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn tick(ctx: Context, ticks: u32) -> Result<()> {
    ///     for ticks in ticks + 1.. {
    ///         ctx.sleep(Duration::from_secs(1)).await?;
    ///         if ctx.info().continue_as_new_suggested() {
    ///             return ctx.continue_as_new((ticks,));
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<tick>::new();
    /// test.suggest_continue_as_new_after(3);
    /// assert_eq!(test.run((0,)).unwrap_continued_as_new().arguments::<(u32,)>(), (3,));
    /// # }
    /// ```
    pub fn suggest_continue_as_new_after(&mut self, commands: u32) {
        self.world.suggest_after = commands;
    }

    /// Plans a signal, by the time since the beginning.
    pub fn signal_at(&mut self, after: Duration, name: &str, arguments: impl Arguments) {
        self.plan(after, signal(name, arguments));
    }

    /// Plans an update, by the time since the beginning.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wrt_sdk::{Error, Result, WorkflowContext, testing::TestEnvironment, workflow};
    ///
    /// #[derive(Default)]
    /// struct Counter { total: i64 }
    ///
    /// #[workflow]
    /// impl Counter {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> Result<()> {
    ///         Ok(ctx.wait_until(|counter| counter.total >= 10).await?)
    ///     }
    ///
    ///     #[update(validator = check_add)]
    ///     fn add(&mut self, number: i64) -> i64 { self.total += number; self.total }
    ///
    ///     fn check_add(&self, number: &i64) -> Result<()> {
    ///         if *number > 0 { Ok(()) } else { Err(Error::msg("only upwards")) }
    ///     }
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<Counter>::new();
    /// let down = test.update_at(Duration::from_secs(1), "add", (-3,));
    /// let up = test.update_at(Duration::from_secs(2), "add", (12,));
    /// test.run(()).unwrap();
    /// assert_eq!(down.outcome::<i64>().unwrap_rejection().message, "only upwards");
    /// assert_eq!(up.outcome::<i64>().unwrap(), 12);
    /// # }
    /// ```
    pub fn update_at(&mut self, after: Duration, name: &str, arguments: impl Arguments) -> TestUpdate {
        let (update, job) = self.new_update(name, arguments);
        self.plan(after, job);
        update
    }

    /// Plans the request to cancel, by the time since the beginning.
    pub fn cancel_at(&mut self, after: Duration, reason: &str) {
        self.plan(after, Job::CancelRequested(reason.to_owned()));
    }

    fn plan(&mut self, after: Duration, job: Job) {
        let at = self.began + after;
        self.world.plan(at, MAIN, Event::Job(job));
    }

    fn new_update(&mut self, name: &str, arguments: impl Arguments) -> (TestUpdate, Job) {
        self.updates += 1;
        let id = format!("update-{}", self.updates);
        let job = Job::Update(Update {
            id: id.clone(),
            name: name.to_owned(),
            input: arguments.encode().expect(ENCODABLE),
        });
        (TestUpdate::new(id, Rc::clone(&self.world.shared)), job)
    }

    // === Playing ===

    /// Starts the workflow and goes on until it ends, or waits for what nobody has planned.
    pub fn run(&mut self, arguments: W::Arguments) -> Outcome<W::Output>
    where
        W::Arguments: Arguments,
        W::Output: FromPayload,
    {
        self.start(arguments);
        self.finish()
    }

    /// As [`run`](Self::run), and goes on in the new run whenever the workflow continues as new.
    pub fn run_chain(&mut self, arguments: W::Arguments) -> Outcome<W::Output>
    where
        W::Arguments: Arguments,
        W::Output: FromPayload,
    {
        self.world.follows_chain = true;
        self.run(arguments)
    }

    /// Starts the workflow and lets it take its first steps.
    pub fn start(&mut self, arguments: W::Arguments)
    where
        W::Arguments: Arguments,
    {
        let input = arguments.encode().expect(ENCODABLE);
        self.world.start(MAIN, input);
    }

    /// Sends a signal now. Before the start it comes together with the start, as in signal-with-start.
    pub fn signal(&mut self, name: &str, arguments: impl Arguments) {
        self.world.happen(MAIN, signal(name, arguments));
    }

    /// Sends an update now. Before the start it comes together with the start.
    pub fn update(&mut self, name: &str, arguments: impl Arguments) -> TestUpdate {
        let (update, job) = self.new_update(name, arguments);
        self.world.happen(MAIN, job);
        update
    }

    /// Asks the workflow now to cancel itself.
    pub fn cancel(&mut self, reason: &str) {
        self.world.happen(MAIN, Job::CancelRequested(reason.to_owned()));
    }

    /// Lets time pass, with everything that happens in it.
    pub fn advance(&mut self, duration: Duration) {
        let end = self.world.now + duration;
        self.world.play(end);
        self.world.now = end;
    }

    /// Goes on until the workflow ends, or waits for what nobody has planned.
    pub fn finish(&mut self) -> Outcome<W::Output>
    where
        W::Output: FromPayload,
    {
        self.world.play(SystemTime::UNIX_EPOCH + END);
        self.outcome()
    }

    /// Asks a query, at any time after the start.
    pub fn query<T: FromPayload>(&self, name: &str, arguments: impl Arguments) -> Result<T> {
        let execution = self.world.main().execution.as_ref();
        let execution = execution.expect("the workflow is started before it is asked");
        let answer = execution.query(name, arguments.encode()?).map_err(Error::msg)?;
        Ok(T::from_payload(answer)?)
    }

    // === Looking back ===

    /// How the workflow ended, if it has.
    pub fn outcome(&self) -> Outcome<W::Output>
    where
        W::Output: FromPayload,
    {
        match self.world.main().closing_command() {
            Some(Command::Complete { output }) => {
                Outcome::Completed(W::Output::from_payload(output).expect("the output reads back as it was written"))
            }
            Some(Command::Fail { failure }) => Outcome::Failed(failure),
            Some(Command::Cancel) => Outcome::Canceled,
            Some(Command::ContinueAsNew { input, options }) => {
                Outcome::ContinuedAsNew(ContinuedAsNew { input, options })
            }
            _ => Outcome::Waiting,
        }
    }

    /// The facts about the run, with what the workflow has upserted.
    pub fn info(&self) -> WorkflowInfo {
        let run = self.world.main();
        match &run.execution {
            Some(execution) => execution.run.info.borrow().as_ref().clone(),
            None => run.info.clone(),
        }
    }

    /// Everything that the workflow has asked for, in order, over all runs of its chain.
    pub fn commands(&self) -> Vec<Command> {
        self.world.main().host.commands().clone()
    }

    /// The types of the activities that were scheduled, in order.
    pub fn activities(&self) -> Vec<String> {
        let commands = self.world.main().host.commands();
        let scheduled = commands.iter().filter_map(|command| match command {
            Command::ScheduleActivity { activity_type, .. } => Some(activity_type.clone()),
            _ => None,
        });
        scheduled.collect()
    }

    /// What the workflow has logged.
    pub fn logs(&self) -> Vec<LogLine> {
        self.world.main().host.logs()
    }

    /// The time that has passed since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.world
            .now
            .duration_since(self.began)
            .expect("the clock of a test only goes forward")
    }
}

fn signal(name: &str, arguments: impl Arguments) -> Job {
    Job::Signal(name.to_owned(), arguments.encode().expect(ENCODABLE))
}
