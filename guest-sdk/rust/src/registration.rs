//! Handlers that a workflow registers while it runs: for workflows that are functions, and for names that are not known
//! before.

use std::{cell::RefCell, collections::BTreeMap, marker::PhantomData, rc::Rc};

use crate::{
    Context, Failure, FromPayload, Payload, Result, ToPayload, WorkflowContext,
    context::DetachedContext,
    handlers::{Handler, log_failed_signal},
    run::Run,
    state::StateCell,
    update::{UpdateHandler, UpdateOutcome},
};

/// The handlers of a run, by kind and name. None of them holds the run: it would never be dropped.
#[derive(Default)]
pub(crate) struct Registrations {
    signals: RefCell<BTreeMap<String, SignalHandler>>,
    queries: RefCell<BTreeMap<String, QueryHandler>>,
    updates: RefCell<BTreeMap<String, UpdateEntry>>,
}

type SignalHandler = Rc<dyn Fn(&Rc<Run>, Payload) -> Result<(), Failure>>;
type QueryHandler = Rc<dyn Fn(Payload) -> Result<Payload>>;

type Validate = Rc<dyn Fn(&Payload) -> Result<()>>;
type HandleUpdate = Rc<dyn Fn(&Rc<Run>, Payload) -> UpdateOutcome>;

#[derive(Clone)]
struct UpdateEntry {
    validate: Validate,
    handle: HandleUpdate,
}

impl Registrations {
    /// Answers a query; `None` when no handler has that name.
    pub(crate) fn query(&self, name: &str, input: Vec<Payload>) -> Option<Result<Payload>> {
        let handler = self.queries.borrow().get(name).cloned()?;
        Some(handler(first(input)))
    }

    /// The names of the queries.
    pub(crate) fn query_names(&self) -> Vec<String> {
        self.queries.borrow().keys().cloned().collect()
    }

    /// The names of the updates.
    pub(crate) fn update_names(&self) -> Vec<String> {
        self.updates.borrow().keys().cloned().collect()
    }
}

impl Run {
    /// Hands a signal to the handler of its name, or gives its input back.
    pub(crate) fn handle_signal(self: &Rc<Self>, name: &str, input: Vec<Payload>) -> Option<Vec<Payload>> {
        let handler = self.registrations.signals.borrow().get(name).cloned();
        let Some(handler) = handler else {
            return Some(input);
        };
        if let Err(failure) = handler(self, first(input)) {
            self.log_dropped_signal(name, &failure);
        }
        None
    }

    /// Decides about an update.
    pub(crate) fn handle_update(self: &Rc<Self>, name: &str, input: Vec<Payload>) -> UpdateOutcome {
        let entry = self.registrations.updates.borrow().get(name).cloned();
        let Some(entry) = entry else {
            return UpdateOutcome::Unknown;
        };
        let input = first(input);
        match (entry.validate)(&input) {
            Ok(()) => (entry.handle)(self, input),
            Err(error) => UpdateOutcome::Rejected(error.into_failure()),
        }
    }

    /// Registers a handler, and gives it the signals that have come before, in order.
    fn register_signal(self: &Rc<Self>, name: &str, handler: SignalHandler) {
        self.registrations.signals.borrow_mut().insert(name.to_owned(), handler);
        while let Some(input) = self.take_signal(name) {
            self.handle_signal(name, input);
        }
    }
}

fn first(input: Vec<Payload>) -> Payload {
    input.into_iter().next().unwrap_or_else(Payload::null)
}

/// What a handler gets back its context from.
struct Origin<S> {
    context: DetachedContext,
    state: Rc<StateCell<S>>,
}

impl<S: 'static> Origin<S> {
    fn of(context: &WorkflowContext<S>) -> Self {
        Origin {
            context: context.detached(),
            state: context.state_cell(),
        }
    }

    fn context(&self, run: &Rc<Run>) -> WorkflowContext<S> {
        WorkflowContext::new(self.context.attach(run), self.state.clone())
    }
}

impl Context {
    /// The same context with a state, which handlers share with the workflow: how a workflow that is a function takes
    /// signals, queries and updates.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wrt_sdk::{Context, Error, Result, testing::TestEnvironment, workflow};
    ///
    /// #[derive(Default)]
    /// struct Votes { yes: u32, closed: bool }
    ///
    /// /// Counts votes until somebody closes the ballot.
    /// #[workflow]
    /// async fn ballot(ctx: Context, voters: u32) -> Result<u32> {
    ///     let ctx = ctx.with_state(Votes::default());
    ///     ctx.on_query("yes", |votes, ()| votes.yes);
    ///     ctx.on_signal("close", |votes, ()| votes.closed = true);
    ///     ctx.on_update("vote", |votes, yes: bool| {
    ///         votes.yes += u32::from(yes);
    ///         Ok(votes.yes)
    ///     })
    ///     .validator(move |votes, _| if votes.yes < voters { Ok(()) } else { Err(Error::msg("all have voted")) });
    ///     ctx.wait_until(|votes| votes.closed).await?;
    ///     Ok(ctx.state(|votes| votes.yes))
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<ballot>::new();
    /// test.start((1,));
    /// assert_eq!(test.update("vote", (true,)).outcome::<u32>().unwrap(), 1);
    /// assert_eq!(test.update("vote", (true,)).outcome::<u32>().unwrap_rejection().message, "all have voted");
    /// assert_eq!(test.query::<u32>("yes", ()).unwrap(), 1);
    /// test.signal("close", ());
    /// assert_eq!(test.finish().unwrap(), 1);
    /// # }
    /// ```
    ///
    /// Such handlers are not in the description of the component. Where tools are to show them, make the workflow
    /// [a type](crate::workflow).
    pub fn with_state<S: 'static>(&self, state: S) -> WorkflowContext<S> {
        WorkflowContext::new(self.clone(), Rc::new(StateCell::new(state)))
    }
}

impl<S: 'static> WorkflowContext<S> {
    /// Lets a closure take the signals of this name, with their first argument. Signals that have come before are taken at
    /// once, in order. It takes the place of an earlier handler of this name.
    pub fn on_signal<T: FromPayload>(&self, name: &str, handle: impl Fn(&mut S, T) + 'static) {
        let origin = Origin::of(self);
        let handler = move |run: &Rc<Run>, input| {
            let signal = T::from_payload(input)?;
            origin.context(run).state_mut(|state| handle(state, signal));
            Ok(())
        };
        self.run.register_signal(name, Rc::new(handler));
    }

    /// Lets an `async` closure take the signals of this name, with their first argument; it runs beside the main task. An
    /// error is logged. Signals that have come before are taken too, in order.
    ///
    /// ```
    /// # use wrt_sdk::{Context, Result};
    /// # async fn example(ctx: Context) -> Result<()> {
    /// let ctx = ctx.with_state(0_u32);
    /// ctx.on_async_signal("ship", async |ctx, article: String| {
    ///     ctx.activity::<()>("Ship", (article,)).await?;
    ///     ctx.state_mut(|shipped| *shipped += 1);
    ///     Ok(())
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_async_signal<T, F>(&self, name: &str, handle: F)
    where
        T: FromPayload + 'static,
        F: AsyncFn(WorkflowContext<S>, T) -> Result<()> + 'static,
    {
        let (origin, handle) = (Origin::of(self), Rc::new(handle));
        let handler_name = name.to_owned();
        let handler = move |run: &Rc<Run>, input| {
            let (signal, handle, name) = (T::from_payload(input)?, handle.clone(), handler_name.clone());
            let context = origin.context(run);
            run.spawn_handler(Handler::new("signal", &handler_name), async move {
                if let Err(error) = handle(context.clone(), signal).await {
                    log_failed_signal(&context, &name, error.failure());
                }
            });
            Ok(())
        };
        self.run.register_signal(name, Rc::new(handler));
    }

    /// Lets a closure answer the queries of this name, of their first argument. It is asked at any time from now on, also
    /// after the end.
    pub fn on_query<T: FromPayload, R: ToPayload>(&self, name: &str, answer: impl Fn(&S, T) -> R + 'static) {
        let state = self.state_cell();
        let handler = move |input| {
            let question = T::from_payload(input)?;
            Ok(state.read(|state| answer(state, question)).to_payload()?)
        };
        let mut queries = self.run.registrations.queries.borrow_mut();
        queries.insert(name.to_owned(), Rc::new(handler));
    }

    /// Lets a closure take the updates of this name, with their first argument, and answer them. An error is the caller's
    /// answer; the workflow goes on.
    pub fn on_update<T, R>(
        &self,
        name: &str,
        handle: impl Fn(&mut S, T) -> Result<R> + 'static,
    ) -> Registration<'_, S, T>
    where
        T: FromPayload + 'static,
        R: ToPayload,
    {
        let (origin, handle) = (Origin::of(self), Rc::new(handle));
        self.register_update(name, move |run, update| {
            let (context, handle) = (origin.context(run), handle.clone());
            UpdateHandler::immediate(move || {
                let answer = context.state_mut(|state| handle(state, update))?;
                Ok(answer.to_payload()?)
            })
        })
    }

    /// Lets an `async` closure take the updates of this name, with their first argument, and answer them; it runs beside
    /// the main task.
    pub fn on_async_update<T, R, F>(&self, name: &str, handle: F) -> Registration<'_, S, T>
    where
        T: FromPayload + 'static,
        R: ToPayload,
        F: AsyncFn(WorkflowContext<S>, T) -> Result<R> + 'static,
    {
        let (origin, handle) = (Origin::of(self), Rc::new(handle));
        let handler = Handler::new("update", name);
        self.register_update(name, move |run, update| {
            let (context, handle) = (origin.context(run), handle.clone());
            UpdateHandler::spawned(handler.clone(), async move {
                let answer = handle(context, update).await?;
                Ok(answer.to_payload()?)
            })
        })
    }

    fn register_update<T: FromPayload + 'static>(
        &self,
        name: &str,
        handle: impl Fn(&Rc<Run>, T) -> UpdateOutcome + 'static,
    ) -> Registration<'_, S, T> {
        let entry = UpdateEntry {
            validate: Rc::new(|_| Ok(())),
            handle: Rc::new(move |run, input| match T::from_payload(input) {
                Ok(update) => handle(run, update),
                Err(failure) => UpdateOutcome::Rejected(failure),
            }),
        };
        self.run
            .registrations
            .updates
            .borrow_mut()
            .insert(name.to_owned(), entry);
        Registration {
            context: self,
            name: name.to_owned(),
            argument: PhantomData,
        }
    }
}

/// A handler of updates that was just registered.
pub struct Registration<'a, S, T> {
    context: &'a WorkflowContext<S>,
    name: String,
    argument: PhantomData<fn() -> T>,
}

impl<S: 'static, T: FromPayload> Registration<'_, S, T> {
    /// Lets a closure decide whether an update is taken on. One that is turned away leaves no trace in the history.
    pub fn validator(self, validate: impl Fn(&S, &T) -> Result<()> + 'static) {
        let state = self.context.state_cell();
        let mut updates = self.context.run.registrations.updates.borrow_mut();
        let entry = updates.get_mut(&self.name).expect("the handler was just registered");
        entry.validate = Rc::new(move |input| {
            let update = T::from_payload(input.clone())?;
            state.read(|state| validate(state, &update))
        });
    }
}
