//! What a workflow holds in its hand.

use std::{
    future::Future,
    ops::Deref,
    rc::Rc,
    time::{Duration, SystemTime},
};

use crate::{
    ActivityCall, ActivityOptions, Arguments, Canceled, CancellationScope, Failure, FromPayload, Signals, Sleep,
    WorkflowInfo,
    cancellation::CancellationToken,
    run::Run,
    state::{StateCell, WaitUntil},
};

/// As long as the contract with the runtime can say.
const MAXIMUM_SLEEP: Duration = Duration::from_secs(u32::MAX as u64);

/// What a workflow does durable things with.
///
/// Cheap to clone. Its futures own what they need, so they can be kept, joined and selected over like any others, with
/// [`select!`](crate::select!) and its kind, or with the tools of the `futures` crate. As everywhere in Rust they do nothing until they are polled, and dropping one
/// cancels what it had started: the loser of a `select!` leaves no timer and no activity behind.
#[derive(Clone)]
pub struct Context {
    pub(crate) run: Rc<Run>,
    pub(crate) token: CancellationToken,
    options: Rc<ActivityOptions>,
}

/// A context without its run, for those whom the run holds: together they would never be dropped.
pub(crate) struct DetachedContext {
    token: CancellationToken,
    options: Rc<ActivityOptions>,
}

impl DetachedContext {
    pub(crate) fn attach(&self, run: &Rc<Run>) -> Context {
        Context {
            run: run.clone(),
            token: self.token.clone(),
            options: self.options.clone(),
        }
    }
}

impl Context {
    pub(crate) fn new(run: Rc<Run>) -> Self {
        Context {
            token: run.cancellation.clone(),
            run,
            options: Rc::default(),
        }
    }

    // === Activities ===

    /// The same context with other options for the activities that are called with it.
    ///
    /// What `options` does not set is inherited.
    #[must_use]
    pub fn with_activity_options(&self, options: ActivityOptions) -> Context {
        Context {
            options: Rc::new(options.or(&self.options)),
            ..self.clone()
        }
    }

    /// Calls an activity by its name: one without a typed stub, for instance of a worker in another language.
    ///
    /// `arguments` is a tuple with one element per argument.
    ///
    /// ```
    /// # use wrt_sdk::{Context, Result};
    /// # async fn example(ctx: Context) -> Result<()> {
    /// let greeting: String = ctx.activity("Greet", ("Ada", 36)).task_queue("python").await?;
    /// # Ok(()) }
    /// ```
    pub fn activity<T: FromPayload>(&self, activity_type: &str, arguments: impl Arguments) -> ActivityCall<T> {
        ActivityCall::new(self, activity_type, arguments.encode(), &self.options)
    }

    // === Waiting ===

    /// Waits until `duration` after now, however often the server is restarted in between.
    ///
    /// Fails when the context is canceled. Spans beyond 136 years are cut.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration.min(MAXIMUM_SLEEP))
    }

    /// Waits until a point in time. A point in the past is reached at once.
    ///
    /// Fails when the context is canceled.
    pub fn sleep_until(&self, deadline: SystemTime) -> Sleep {
        Sleep::new(self, deadline)
    }

    /// The signals with this name that no `#[signal]` handler takes, from the first one on.
    ///
    /// Signals wait in the run until they are received. Several streams of one name share them.
    pub fn signals<T: FromPayload>(&self, name: &str) -> Signals<T> {
        Signals::new(self, name)
    }

    // === Cancellation ===

    /// Waits for the request to stop and gives its reason. Most workflows need it only to do something at once: the
    /// durable call that they are waiting in fails by itself.
    pub fn canceled(&self) -> Canceled {
        Canceled::new(&self.token)
    }

    /// True once the run, or the scope that this context belongs to, was asked to stop.
    pub fn is_canceled(&self) -> bool {
        self.token.is_canceled()
    }

    /// Fails once the run, or the scope that this context belongs to, was asked to stop; for long stretches without a
    /// durable call, and before a step that cannot be taken back.
    pub fn check_canceled(&self) -> Result<(), Failure> {
        self.token.failure().map_or(Ok(()), Err)
    }

    /// A context that no request to stop reaches, for cleaning up.
    #[must_use]
    pub fn shielded(&self) -> Context {
        Context {
            token: CancellationToken::default(),
            ..self.clone()
        }
    }

    /// A context that can be canceled by itself, and is canceled together with this one.
    pub fn cancellation_scope(&self) -> CancellationScope {
        CancellationScope(Context {
            token: self.token.child(),
            ..self.clone()
        })
    }

    // === Structure ===

    /// Starts a task beside the workflow's main one. It ends when the workflow ends, finished or not.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.run.spawner.spawn(task);
    }

    // === Facts ===

    /// The facts about the run, as they are in the current activation.
    pub fn info(&self) -> Rc<WorkflowInfo> {
        self.run.info.borrow().clone()
    }

    /// The run's clock: the time of the current activation. `std::time::SystemTime::now()` says the same in a component;
    /// this method also follows the clock of a [test environment](crate::testing).
    pub fn now(&self) -> SystemTime {
        self.run.time.get()
    }
}

/// The context of a workflow that has a state: a [`Context`] in every respect, with access to the state.
///
/// The state is lent to a closure, never across an `.await`, so that a signal handler can always have it in between.
///
/// ```
/// use wrt_sdk::{Result, WorkflowContext, workflow};
///
/// #[derive(Default)]
/// struct Door { open: bool, passed: u32 }
///
/// #[workflow]
/// impl Door {
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>) -> Result<u32> {
///         ctx.wait_until(|door| door.open).await?;
///         Ok(ctx.state_mut(|door| { door.passed += 1; door.passed }))
///     }
///
///     #[signal]
///     fn open(&mut self) { self.open = true; }
/// }
/// # fn main() {}
/// ```
pub struct WorkflowContext<S> {
    base: Context,
    state: Rc<StateCell<S>>,
}

impl<S: 'static> WorkflowContext<S> {
    pub(crate) fn new(base: Context, state: Rc<StateCell<S>>) -> Self {
        WorkflowContext { base, state }
    }

    /// The same state with another context: one of its scopes, a shielded one, or one with other options.
    ///
    /// ```
    /// # use wrt_sdk::{Result, WorkflowContext};
    /// # async fn example(ctx: WorkflowContext<u32>) -> Result<()> {
    /// let scope = ctx.cancellation_scope();
    /// let enough = ctx.within(&scope).wait_until(|count| *count > 3);
    /// scope.cancel("nobody counts any more");
    /// assert!(enough.await.unwrap_err().is_canceled());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn within(&self, context: &Context) -> Self {
        WorkflowContext {
            base: context.clone(),
            state: self.state.clone(),
        }
    }

    pub(crate) fn state_cell(&self) -> Rc<StateCell<S>> {
        self.state.clone()
    }

    pub(crate) fn detached(&self) -> DetachedContext {
        DetachedContext {
            token: self.base.token.clone(),
            options: self.base.options.clone(),
        }
    }

    /// Reads the state.
    pub fn state<R>(&self, read: impl FnOnce(&S) -> R) -> R {
        self.state.read(read)
    }

    /// Changes the state.
    pub fn state_mut<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = self.state.change(change);
        self.base.run.state_changed.wake_all();
        result
    }

    /// Waits until the state is as `condition` wants it, typically because of a signal. See
    /// [`timeout`](WaitUntil::timeout) for waiting no longer than some time.
    ///
    /// Fails when the context is canceled.
    pub fn wait_until<F>(&self, mut condition: F) -> WaitUntil<impl FnMut() -> bool + Unpin + use<S, F>>
    where
        F: FnMut(&S) -> bool + Unpin,
    {
        let state = self.state.clone();
        WaitUntil::new(&self.base, move || state.read(&mut condition))
    }
}

impl<S> Clone for WorkflowContext<S> {
    fn clone(&self) -> Self {
        WorkflowContext {
            base: self.base.clone(),
            state: self.state.clone(),
        }
    }
}

impl<S> Deref for WorkflowContext<S> {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.base
    }
}
