//! Workflow types, as `#[workflow]` writes them down.

use std::{future::Future, rc::Rc};

use crate::{
    Context, Failure, FromArguments, Payload, Result, ToPayload, WorkflowContext,
    execution::Instance,
    handlers::{Handler, log_failed_signal},
    run::Run,
    state::StateCell,
    update::UpdateOutcome,
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

    /// Decides about an update.
    fn update(context: &WorkflowContext<Self>, name: &str, input: Vec<Payload>) -> UpdateOutcome {
        let _ = (context, name, input);
        UpdateOutcome::Unknown
    }
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
    /// The updates.
    pub updates: Vec<HandlerDefinition>,
}

/// What a component says about a signal, a query, an update or an activity type.
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
        let outcome = main.await;
        ending.close(outcome.and_then(|output| Ok(output.to_payload()?)));
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
        let registered = &self.context.run.registrations;
        let answer = self.state.read(|state| state.query(name, input.clone()));
        match answer.or_else(|| registered.query(name, input)) {
            Some(answer) => answer.map_err(|error| format!("{error:?}")),
            None => {
                let definition = W::definition();
                let known = names(&definition.queries, registered.query_names(), "no query");
                Err(format!("unknown query `{name}`: {} answers {known}", definition.name))
            }
        }
    }

    fn update(&self, name: &str, input: Vec<Payload>) -> UpdateOutcome {
        match W::update(&self.context, name, input.clone()) {
            UpdateOutcome::Unknown => self.context.run.handle_update(name, input),
            outcome => outcome,
        }
    }

    fn unknown_update(&self, name: &str) -> Failure {
        let definition = W::definition();
        let registered = self.context.run.registrations.update_names();
        let known = names(&definition.updates, registered, "no update");
        let message = format!("unknown update `{name}`: {} takes {known}", definition.name);
        Failure::application("UnknownUpdate", message)
    }
}

fn names(handlers: &[HandlerDefinition], registered: Vec<String>, none: &str) -> String {
    let named = handlers.iter().map(|handler| handler.name.to_owned());
    let names: Vec<_> = named.chain(registered).collect();
    if names.is_empty() {
        return none.to_owned();
    }
    names.join(", ")
}

/// Starts an `async` signal handler. Kept here so that generated code stays short.
#[doc(hidden)]
pub fn spawn_signal_handler(context: &Context, handler: Handler, task: impl Future<Output = Result<()>> + 'static) {
    let (log, name) = (context.clone(), handler.name.clone());
    context.run.spawn_handler(handler, async move {
        if let Err(error) = task.await {
            log_failed_signal(&log, &name, error.failure());
        }
    });
}
