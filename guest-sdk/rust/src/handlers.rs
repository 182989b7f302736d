//! Handlers that are at work beside the main task, so that none is forgotten when the workflow ends.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    future::Future,
    rc::Rc,
};

use crate::{Context, Failure, log::Level, run::Run, state::WaitUntil};

/// What a handler is called by, and whether it may be left unfinished.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// `signal` or `update`.
    pub kind: &'static str,
    /// The name that the caller used.
    pub name: String,
    /// False when it must not be left unfinished silently.
    pub may_be_abandoned: bool,
}

impl Handler {
    /// One that must not be left unfinished silently.
    pub(crate) fn new(kind: &'static str, name: &str) -> Self {
        Handler {
            kind,
            name: name.to_owned(),
            may_be_abandoned: false,
        }
    }
}

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// The handlers that have begun and not ended, in the order in which they began.
#[derive(Default)]
pub(crate) struct Handlers {
    begun: Cell<u64>,
    unfinished: RefCell<BTreeMap<u64, Handler>>,
}

impl Handlers {
    fn are_finished(&self) -> bool {
        self.unfinished.borrow().is_empty()
    }

    fn begin(&self, handler: Handler) -> u64 {
        self.begun.set(self.begun.get() + 1);
        self.unfinished.borrow_mut().insert(self.begun.get(), handler);
        self.begun.get()
    }
}

/// Dropped when the handler ends, in whatever way.
struct AtWork {
    run: Rc<Run>,
    key: u64,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.run.handlers.unfinished.borrow_mut().remove(&self.key);
        self.run.state_changed.wake_all();
    }
}

impl Run {
    /// Runs an asynchronous handler beside the main task.
    pub(crate) fn spawn_handler(self: &Rc<Self>, handler: Handler, task: impl Future<Output = ()> + 'static) {
        let at_work = AtWork {
            key: self.handlers.begin(handler),
            run: self.clone(),
        };
        self.spawner.spawn(async move {
            task.await;
            drop(at_work);
        });
    }

    /// Says which handlers the end of the workflow cuts short.
    pub(crate) fn warn_of_unfinished_handlers(&self) {
        let unfinished = self.handlers.unfinished.borrow();
        let names: Vec<_> = unfinished
            .values()
            .filter(|handler| !handler.may_be_abandoned)
            .map(Handler::to_string)
            .collect();
        if !names.is_empty() {
            self.log(
                Level::Warn,
                "the workflow ended while handlers were at work; await all_handlers_finished() before the end, \
                 or mark them `unfinished = \"abandon\"`",
                &[("handlers".to_owned(), names.join(", "))],
            );
        }
    }
}

impl Context {
    /// Waits until no `async` handler of a signal or an update is at work: what a workflow does last, so that it leaves
    /// no caller without an answer.
    ///
    /// Fails when the context is canceled.
    ///
    /// ```
    /// use wrt_sdk::{Result, WorkflowContext, workflow};
    ///
    /// #[derive(Default)]
    /// struct Shop { closed: bool }
    ///
    /// #[workflow]
    /// impl Shop {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> Result<()> {
    ///         ctx.wait_until(|shop| shop.closed).await?;
    ///         ctx.all_handlers_finished().await?;
    ///         Ok(())
    ///     }
    ///
    ///     #[update]
    ///     async fn buy(ctx: WorkflowContext<Self>, article: String) -> Result<String> {
    ///         Ok(ctx.activity("Ship", (article,)).await?)
    ///     }
    ///
    ///     #[signal]
    ///     fn close(&mut self) { self.closed = true; }
    /// }
    /// # fn main() {}
    /// ```
    pub fn all_handlers_finished(&self) -> WaitUntil<impl FnMut() -> bool + Unpin + use<>> {
        let run = self.run.clone();
        WaitUntil::new(self, move || run.handlers.are_finished())
    }
}

/// Writes down that an `async` signal handler failed: its sender is not the one who would see it.
pub(crate) fn log_failed_signal(context: &Context, name: &str, failure: &Failure) {
    context.log(
        Level::Error,
        format_args!("signal handler failed"),
        &[("signal", &name), ("error", failure)],
    );
}
