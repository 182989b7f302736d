//! Runs native workflow code through a history of production.

mod decision;
mod history;
mod jobs;
mod ledger;

use std::{fmt, rc::Rc};

use self::{
    history::{Event, Turn},
    ledger::Ledger,
};
use crate::{
    Workflow, WorkflowEntry,
    execution::{Activation, Execution, Job},
    info::Progress,
    update::Update,
};

/// Runs native workflow code through a history that a server has written, and compares every command with the event that
/// it became. So a change of code is tried on the runs that it will meet, before it is deployed.
///
/// It takes what `wrt workflow show -o json` and Temporal's own tools write: the protobuf JSON of a history.
///
/// ```
/// use wrt_sdk::{Context, Result, testing::Replayer, workflow};
///
/// #[workflow]
/// async fn hello(ctx: Context, name: String) -> Result<String> { Ok(format!("Hello, {name}!")) }
///
/// # fn main() {
/// // {"events": [...]}, for instance from a file.
/// let history = r#"{"events": [
///     {"eventId": "1", "eventTime": "2026-01-01T00:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
///      "workflowExecutionStartedEventAttributes": {
///         "workflowType": {"name": "Hello"}, "workflowId": "hello-1", "originalExecutionRunId": "r",
///         "input": {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "IkFkYSI="}]}}},
///     {"eventId": "2", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED"},
///     {"eventId": "3", "eventTime": "2026-01-01T00:00:00Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED"},
///     {"eventId": "4", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED",
///      "workflowTaskCompletedEventAttributes": {"startedEventId": "3"}},
///     {"eventId": "5", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
///      "workflowExecutionFailedEventAttributes": {"failure": {"message": "no such person"}}}
/// ]}"#;
/// let error = Replayer::new().register::<hello>().replay(history).unwrap_err();
/// assert_eq!(error.event_id(), Some(5));
/// assert!(error.to_string().contains("WORKFLOW_EXECUTION_COMPLETED"));
/// # }
/// ```
///
/// Native code has the clock and the randomness of the run through its [`Context`](crate::Context) only. Code that reads
/// `SystemTime::now()`, or the order of a `HashMap`, decides something else here than in a component.
#[derive(Clone)]
#[must_use]
pub struct Replayer {
    entries: Vec<WorkflowEntry>,
    namespace: String,
}

/// Why a history does not replay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// The workflow does something else than its history says.
    Divergence {
        /// The event that was expected; `None` when the history has no further one.
        event_id: Option<i64>,
        /// That event, in words.
        expected: Option<String>,
        /// The command that was issued, in words; `None` when none was.
        issued: Option<String>,
        /// What differs between the two, when they are of one kind.
        difference: Option<String>,
    },
    /// The code fails the workflow task, with this message.
    Task(String),
    /// The history is none, or its events do not follow each other as they must.
    History(String),
}

impl ReplayError {
    /// The event that was expected where the workflow diverges.
    pub fn event_id(&self) -> Option<i64> {
        match self {
            ReplayError::Divergence { event_id, .. } => *event_id,
            ReplayError::Task(_) | ReplayError::History(_) => None,
        }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Divergence {
                expected,
                issued,
                difference,
                ..
            } => {
                f.write_str("the workflow diverges from its history: ")?;
                match (issued, expected) {
                    (Some(issued), Some(expected)) => {
                        write!(f, "it issued {issued}, where the history has {expected}")?
                    }
                    (Some(issued), None) => write!(f, "it issued {issued}, where the history has no further command")?,
                    (None, Some(expected)) => write!(f, "it went to rest without the command for {expected}")?,
                    (None, None) => {}
                }
                match difference {
                    Some(difference) => write!(f, ": {difference}"),
                    None => Ok(()),
                }
            }
            ReplayError::Task(message) => write!(f, "the workflow task fails: {message}"),
            ReplayError::History(message) => write!(f, "the history cannot be replayed: {message}"),
        }
    }
}

impl std::error::Error for ReplayError {}

impl Replayer {
    /// Without a workflow type, for runs of the namespace `default`.
    #[expect(
        clippy::new_without_default,
        reason = "it is the beginning of a test, never a field's default"
    )]
    pub fn new() -> Self {
        Replayer {
            entries: Vec::new(),
            namespace: "default".to_owned(),
        }
    }

    /// The namespace that the runs are told; histories do not name it.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Adds the code of a workflow type.
    pub fn register<W: Workflow>(mut self) -> Self {
        self.entries.push(WorkflowEntry::of::<W>());
        self
    }

    /// Replays a history, given as JSON, as far as its last completed workflow task.
    ///
    /// # Errors
    ///
    /// The history is none, its workflow type is not registered, or the code does something else than the history says.
    pub fn replay(&self, history: &str) -> Result<(), ReplayError> {
        let events = history::read(history)?;
        let turns = history::cut(&events)?;
        let ledger = Rc::new(Ledger::default());
        let mut execution = self.start(&events, &ledger)?;
        for turn in turns {
            repeat(&mut execution, &ledger, &turn)?;
        }
        Ok(())
    }

    fn start(&self, events: &[Event], ledger: &Rc<Ledger>) -> Result<Execution, ReplayError> {
        let first = events
            .first()
            .filter(|event| event.kind == "WORKFLOW_EXECUTION_STARTED");
        let first =
            first.ok_or_else(|| ReplayError::History("it does not begin with the start of a run".to_owned()))?;
        let info = jobs::info(first, &self.namespace);
        let named = |entry: &&WorkflowEntry| (entry.name)() == info.workflow_type;
        let entry = self.entries.iter().find(named).ok_or_else(|| {
            ReplayError::History(format!(
                "it is of the workflow type `{}`, which is not registered: add it with `register`",
                info.workflow_type
            ))
        })?;
        let input = first.payloads("input");
        ledger.set_run(&info);
        // Input that does not fit fails the workflow at once, which is a command of the first task.
        if let Some(turn) = history::cut(events)?.first() {
            ledger.begin(turn);
        }
        Ok(Execution::start(entry, info, input, Box::new(ledger.clone())))
    }
}

/// Does again what a completed task did.
fn repeat(execution: &mut Execution, ledger: &Rc<Ledger>, turn: &Turn<'_>) -> Result<(), ReplayError> {
    if !execution.run.is_closed() {
        ledger.begin(turn);
    }
    let mut jobs = Vec::new();
    for event in turn.happened {
        jobs.extend(jobs::job(ledger, event)?);
    }
    jobs.extend(turn.commands.iter().filter_map(accepted_update));
    loop {
        let activated = execution.activate(activation(turn.started, jobs));
        activated.map_err(ReplayError::Task)?;
        match ledger.local_activity() {
            Some(job) => jobs = vec![job],
            None => return ledger.end(),
        }
    }
}

fn activation(started: &Event, jobs: Vec<Job>) -> Activation {
    Activation {
        time: started.time(),
        progress: Progress {
            history_length: u32::try_from(started.id).unwrap_or(u32::MAX),
            history_size: u32::try_from(started.number("historySizeBytes")).unwrap_or(u32::MAX),
            continue_as_new_suggested: started.flag("suggestContinueAsNew"),
        },
        jobs,
    }
}

/// An update comes with the task that has accepted it.
fn accepted_update(event: &Event) -> Option<Job> {
    (event.kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED").then(|| {
        Job::Update(Update {
            id: event.text("protocolInstanceId").to_owned(),
            name: event.text("acceptedRequest.input.name").to_owned(),
            input: event.payloads("acceptedRequest.input.args"),
        })
    })
}
