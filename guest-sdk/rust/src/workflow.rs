//! Workflow types, as `#[workflow]` writes them down.

use std::{future::Future, pin::Pin, rc::Rc};

use crate::{
    Context, Failure, FromArguments, Payload, Result, ToPayload, WorkflowContext, execution::Instance, run::Run,
    state::StateCell,
};

/// A workflow type. Implemented by [`#[workflow]`](crate::workflow); not meant to be implemented by hand.
pub trait Workflow: Sized + 'static {
    /// The arguments, as a tuple.
    type Arguments: FromArguments + 'static;
    /// The result.
    type Output: ToPayload + 'static;

    /// The workflow type, as starts name it.
    fn name() -> &'static str;

    /// What the component says about the type.
    fn definition() -> WorkflowDefinition;

    /// The state at the start.
    fn init(arguments: &Self::Arguments) -> Self;

    /// The main task.
    fn run(context: WorkflowContext<Self>, arguments: Self::Arguments) -> impl Future<Output = Result<Self::Output>>;

    /// Takes a signal, or gives its input back when no handler has that name.
    fn signal(context: &WorkflowContext<Self>, name: &str, input: Vec<Payload>) -> SignalOutcome;

    /// Answers a query; `None` when no handler has that name.
    fn query(&self, name: &str, input: Vec<Payload>) -> Option<Result<Payload>>;
}

/// What became of a signal.
#[doc(hidden)]
pub enum SignalOutcome {
    /// A handler has it.
    Handled,
    /// A handler would have it, but its input does not fit.
    Misfit(Failure),
    /// No handler has that name.
    Unhandled(Vec<Payload>),
}

/// What a component says about a workflow type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkflowDefinition {
    /// The workflow type, as starts name it.
    pub name: &'static str,
    /// Words for people: the doc comment.
    pub description: &'static str,
    /// A JSON schema of the arguments.
    pub input_schema: Option<String>,
    /// A JSON schema of the result.
    pub output_schema: Option<String>,
    /// The signals that have a handler.
    pub signals: Vec<HandlerDefinition>,
    /// The queries.
    pub queries: Vec<HandlerDefinition>,
}

/// What a component says about a signal, a query or an activity type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandlerDefinition {
    /// The name that callers use.
    pub name: &'static str,
    /// Words for people: the doc comment.
    pub description: &'static str,
    /// A JSON schema of the arguments.
    pub input_schema: Option<String>,
    /// A JSON schema of the answer; signals have none.
    pub output_schema: Option<String>,
}

/// A workflow type without its Rust type: an entry of a module's table.
#[derive(Clone, Copy)]
pub struct WorkflowEntry {
    pub(crate) name: fn() -> &'static str,
    pub(crate) definition: fn() -> WorkflowDefinition,
    pub(crate) start: Start,
}

/// Decodes the input and spawns the main task. Fails when the input does not fit.
type Start = fn(&Rc<Run>, Vec<Payload>) -> Result<Box<dyn Instance>, Failure>;

impl WorkflowEntry {
    /// The entry of a type.
    pub const fn of<W: Workflow>() -> Self {
        WorkflowEntry {
            name: W::name,
            definition: W::definition,
            start: start::<W>,
        }
    }
}

/// Makes the state and spawns the main task, which ends the run with its result.
fn start<W: Workflow>(run: &Rc<Run>, input: Vec<Payload>) -> Result<Box<dyn Instance>, Failure> {
    let arguments = W::Arguments::decode(input)?;
    let state = Rc::new(StateCell::new(W::init(&arguments)));
    let context = WorkflowContext::new(Context::new(run.clone()), state.clone());
    let main = W::run(context.clone(), arguments);
    let ending = run.clone();
    run.spawner.spawn(async move {
        let outcome = main.await.map_err(crate::Error::into_failure);
        ending.close(outcome.and_then(|output| output.to_payload()));
    });
    Ok(Box::new(Typed { state, context }))
}

/// A started workflow of a known type.
struct Typed<W> {
    state: Rc<StateCell<W>>,
    context: WorkflowContext<W>,
}

impl<W: Workflow> Instance for Typed<W> {
    fn signal(&self, name: &str, input: Vec<Payload>) -> SignalOutcome {
        W::signal(&self.context, name, input)
    }

    fn query(&self, name: &str, input: Vec<Payload>) -> Result<Payload, String> {
        match self.state.read(|state| state.query(name, input)) {
            Some(answer) => answer.map_err(|error| format!("{error:?}")),
            None => Err(unknown_query::<W>(name)),
        }
    }
}

fn unknown_query<W: Workflow>(name: &str) -> String {
    let definition = W::definition();
    let known: Vec<_> = definition.queries.iter().map(|query| query.name).collect();
    let known = if known.is_empty() {
        "no query".to_owned()
    } else {
        known.join(", ")
    };
    format!("unknown query `{name}`: {} answers {known}", definition.name)
}

/// Boxes a task that a signal handler starts. Kept here so that generated code stays short.
#[doc(hidden)]
pub fn spawn_handler(context: &Context, name: &'static str, task: impl Future<Output = Result<()>> + 'static) {
    let log = context.clone();
    let mut task: Pin<Box<dyn Future<Output = Result<()>>>> = Box::pin(task);
    context.spawn(async move {
        if let Err(error) = task.as_mut().await {
            log.log(
                crate::log::Level::Error,
                format_args!("signal handler failed"),
                &[("signal", &name), ("error", &error)],
            );
        }
    });
}
