//! Testing workflows natively, in the time that their own code takes.
//!
//! The [`TestEnvironment`] stands where the runtime stands in production: it runs the same workflow code, lets activities
//! be closures, and skips over every sleep.

mod activity;
mod attempt;
mod host;
mod mock;
mod outcome;

use std::{
    collections::BTreeMap,
    marker::PhantomData,
    rc::Rc,
    time::{Duration, SystemTime},
};

use crate::{
    Arguments, Failure, FromPayload, Result, RetryState, Workflow, WorkflowEntry, WorkflowInfo,
    execution::{Execution, Job},
};

use self::{attempt::OpenActivity, host::TestHost, mock::Mock};

pub use self::{
    activity::TestActivity,
    host::{Command, LogLine},
    mock::ActivityMock,
    outcome::Outcome,
};

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
/// # Panics
///
/// It panics, with the reason, where a test is wrong: an activity without a mock, a value that cannot be encoded, a
/// workflow that does not come to an end.
pub struct TestEnvironment<W> {
    info: WorkflowInfo,
    host: Rc<TestHost>,
    mocks: BTreeMap<String, Mock>,
    /// What will happen, by time and then by the order in which it was planned.
    plan: BTreeMap<(SystemTime, u64), Event>,
    planned: u64,
    /// Commands that were acted upon.
    seen: usize,
    open: BTreeMap<u32, OpenActivity>,
    execution: Option<Execution>,
    /// Signals from before the start; they come together with it.
    early: Vec<Job>,
    now: SystemTime,
    workflow: PhantomData<fn() -> W>,
}

/// Something that will happen.
enum Event {
    Job(Job),
    Attempt(u32),
}

/// 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// Far above what a test needs; what comes so far goes round in circles.
const MAXIMUM_EVENTS: usize = 1_000_000;

const ENCODABLE: &str = "the arguments that the test gives can be encoded";

// === impl TestEnvironment ===

impl<W: Workflow> TestEnvironment<W> {
    /// An environment in which nothing is planned; its clock shows the beginning of 2026.
    #[expect(
        clippy::new_without_default,
        reason = "it is the beginning of a test, never a field's default"
    )]
    pub fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + START;
        TestEnvironment {
            info: info(W::name(), now),
            host: Rc::default(),
            mocks: BTreeMap::new(),
            plan: BTreeMap::new(),
            planned: 0,
            seen: 0,
            open: BTreeMap::new(),
            execution: None,
            early: Vec::new(),
            now,
            workflow: PhantomData,
        }
    }

    // === Setting the scene ===

    /// The facts that the workflow will be told, to be changed before the start.
    pub fn info_mut(&mut self) -> &mut WorkflowInfo {
        &mut self.info
    }

    /// Serves an activity type with a closure of the activity's arguments, which is called for each attempt.
    pub fn on_activity<A>(&mut self, activity_type: &str, mock: impl ActivityMock<A>) {
        let takes = self.mocks.get(activity_type).map_or(Duration::ZERO, |mock| mock.takes);
        let mock = Mock {
            call: mock.erase(),
            takes,
        };
        self.mocks.insert(activity_type.to_owned(), mock);
    }

    /// Lets each attempt of a mocked activity take time.
    pub fn activity_takes(&mut self, activity_type: &str, duration: Duration) {
        let mock = self.mocks.get_mut(activity_type);
        mock.unwrap_or_else(|| panic!("mock {activity_type} with `on_activity` first"))
            .takes = duration;
    }

    /// Plans a signal, by the time since the beginning.
    pub fn signal_at(&mut self, after: Duration, name: &str, arguments: impl Arguments) {
        let job = Job::Signal(name.to_owned(), arguments.encode().expect(ENCODABLE));
        self.plan(self.info.start_time + after, Event::Job(job));
    }

    /// Plans the request to cancel, by the time since the beginning.
    pub fn cancel_at(&mut self, after: Duration, reason: &str) {
        self.plan(
            self.info.start_time + after,
            Event::Job(Job::CancelRequested(reason.to_owned())),
        );
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

    /// Starts the workflow and lets it take its first steps.
    pub fn start(&mut self, arguments: W::Arguments)
    where
        W::Arguments: Arguments,
    {
        let input = arguments.encode().expect(ENCODABLE);
        let entry = WorkflowEntry::of::<W>();
        let execution = Execution::start(&entry, self.info.clone(), input, Box::new(self.host.clone()));
        self.execution = Some(execution);
        let early = std::mem::take(&mut self.early);
        self.activate(early);
    }

    /// Sends a signal now. Before the start it comes together with the start, as in signal-with-start.
    pub fn signal(&mut self, name: &str, arguments: impl Arguments) {
        let job = Job::Signal(name.to_owned(), arguments.encode().expect(ENCODABLE));
        if self.execution.is_some() {
            self.activate(vec![job]);
        } else {
            self.early.push(job);
        }
    }

    /// Asks the workflow now to cancel itself.
    pub fn cancel(&mut self, reason: &str) {
        self.activate(vec![Job::CancelRequested(reason.to_owned())]);
    }

    /// Lets time pass, with everything that happens in it.
    pub fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.play(end);
        self.now = end;
    }

    /// Goes on until the workflow ends, or waits for what nobody has planned.
    pub fn finish(&mut self) -> Outcome<W::Output>
    where
        W::Output: FromPayload,
    {
        self.play(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 4));
        self.outcome()
    }

    /// Asks a query, at any time after the start.
    pub fn query<T: FromPayload>(&self, name: &str, arguments: impl Arguments) -> Result<T> {
        let execution = self
            .execution
            .as_ref()
            .expect("the workflow is started before it is asked");
        let answer = execution.query(name, arguments.encode()?).map_err(crate::Error::msg)?;
        Ok(T::from_payload(answer)?)
    }

    // === Looking back ===

    /// How the workflow ended, if it has.
    pub fn outcome(&self) -> Outcome<W::Output>
    where
        W::Output: FromPayload,
    {
        match self.host.commands().last() {
            Some(Command::Complete { output }) => Outcome::Completed(
                W::Output::from_payload(output.clone()).expect("the output reads back as it was written"),
            ),
            Some(Command::Fail { failure }) => Outcome::Failed(failure.clone()),
            Some(Command::Cancel) => Outcome::Canceled,
            _ => Outcome::Waiting,
        }
    }

    /// Everything that the workflow has asked for, in order.
    pub fn commands(&self) -> Vec<Command> {
        self.host.commands().clone()
    }

    /// The types of the activities that were scheduled, in order.
    pub fn activities(&self) -> Vec<String> {
        let commands = self.host.commands();
        let scheduled = commands.iter().filter_map(|command| match command {
            Command::ScheduleActivity { activity_type, .. } => Some(activity_type.clone()),
            _ => None,
        });
        scheduled.collect()
    }

    /// What the workflow has logged.
    pub fn logs(&self) -> Vec<LogLine> {
        self.host.logs()
    }

    /// The time that has passed on the run's clock.
    pub fn elapsed(&self) -> Duration {
        self.now
            .duration_since(self.info.start_time)
            .expect("the clock of a test only goes forward")
    }

    // === The runtime's part ===

    fn plan(&mut self, at: SystemTime, event: Event) {
        self.planned += 1;
        self.plan.insert((at, self.planned), event);
    }

    /// Lets everything happen that is planned until `end`, or until the workflow has ended.
    fn play(&mut self, end: SystemTime) {
        for _ in 0..MAXIMUM_EVENTS {
            if self.is_closed() {
                return;
            }
            let Some(next) = self.plan.first_entry().filter(|next| next.key().0 <= end) else {
                return;
            };
            self.now = self.now.max(next.key().0);
            match next.remove() {
                Event::Job(job) => self.activate(vec![job]),
                Event::Attempt(seq) => self.attempt(seq),
            }
        }
        panic!(
            "{} does not come to an end: {MAXIMUM_EVENTS} things have happened to it",
            W::name()
        );
    }

    fn is_closed(&self) -> bool {
        let commands = self.host.commands();
        matches!(
            commands.last(),
            Some(Command::Complete { .. } | Command::Fail { .. } | Command::Cancel)
        )
    }

    fn activate(&mut self, jobs: Vec<Job>) {
        let execution = self
            .execution
            .as_mut()
            .expect("the workflow is started before anything happens to it");
        let history_length = u32::try_from(self.host.commands().len()).unwrap_or(u32::MAX);
        execution.begin(self.now, history_length);
        for job in jobs {
            if let Job::ActivityResolved(seq, _) = &job {
                self.open.remove(seq);
            }
            execution.deliver(job);
        }
        execution.advance();
        let new: Vec<_> = self.host.commands()[self.seen..].to_vec();
        self.seen += new.len();
        for command in new {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::StartTimer { seq, duration, .. } => {
                self.plan(self.now + duration, Event::Job(Job::TimerFired(seq)));
            }
            Command::CancelTimer { seq } => {
                self.plan
                    .retain(|_, event| !matches!(event, Event::Job(Job::TimerFired(other)) if *other == seq));
            }
            Command::ScheduleActivity {
                seq,
                activity_type,
                input,
                options,
            } => {
                let scheduled = self.now;
                let activity = OpenActivity {
                    activity_type,
                    input,
                    options,
                    scheduled,
                    attempt: 0,
                };
                self.open.insert(seq, activity);
                self.plan(self.now, Event::Attempt(seq));
            }
            Command::RequestCancelActivity { seq } => self.cancel_activity(seq),
            Command::Complete { .. } | Command::Fail { .. } | Command::Cancel => {}
        }
    }

    fn cancel_activity(&mut self, seq: u32) {
        self.plan.retain(|_, event| match event {
            Event::Attempt(other) | Event::Job(Job::ActivityResolved(other, _)) => *other != seq,
            Event::Job(_) => true,
        });
        if let Some(activity) = self.open.get(&seq) {
            let failure = activity.failure(seq, RetryState::CancelRequested, Failure::canceled("canceled"));
            self.plan(self.now, Event::Job(Job::ActivityResolved(seq, Err(failure))));
        }
    }

    /// One attempt: its result, or the plan of the next attempt.
    fn attempt(&mut self, seq: u32) {
        let activity = self
            .open
            .get_mut(&seq)
            .expect("an attempt is planned only while its activity is open");
        activity.attempt += 1;
        let mock = self.mocks.get_mut(&activity.activity_type).unwrap_or_else(|| {
            let name = &activity.activity_type;
            panic!("activity {name} is called but not mocked: say what it does with `on_activity(\"{name}\", …)`")
        });
        let ended = self.now + mock.takes;
        match (mock.call)(activity.input.clone()) {
            Ok(output) => self.plan(ended, Event::Job(Job::ActivityResolved(seq, Ok(vec![output])))),
            Err(error) => match activity.next_attempt(ended, error.failure()) {
                Ok(next) => self.plan(next, Event::Attempt(seq)),
                Err(retry_state) => {
                    let failure = activity.failure(seq, retry_state, error.into_failure());
                    self.plan(ended, Event::Job(Job::ActivityResolved(seq, Err(failure))));
                }
            },
        }
    }
}

fn info(workflow_type: &str, start_time: SystemTime) -> WorkflowInfo {
    let run_id = "00000000-0000-4000-8000-000000000001".to_owned();
    WorkflowInfo {
        namespace: "default".to_owned(),
        workflow_id: "test".to_owned(),
        first_execution_run_id: run_id.clone(),
        run_id,
        workflow_type: workflow_type.to_owned(),
        task_queue: "test".to_owned(),
        attempt: 1,
        start_time,
        execution_timeout: None,
        run_timeout: None,
        task_timeout: Duration::from_secs(10),
        retry_policy: None,
        cron_schedule: None,
        memo: BTreeMap::new(),
        search_attributes: BTreeMap::new(),
        continued_failure: None,
        last_completion_result: Vec::new(),
    }
}
