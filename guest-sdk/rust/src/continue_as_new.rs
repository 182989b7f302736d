//! Going on in a new run with a fresh history.

use std::time::Duration;

use crate::{
    Arguments, Context, Error, Failure, Memo, Payload, Result, RetryPolicy, SearchAttributes, Workflow,
    WorkflowContext, command::Command, options::option_setters,
};

/// How the run that follows differs from this one. What is not set stays as it is.
///
/// ```
/// use wrt_sdk::{ContinueAsNewOptions, Context, Result, workflow};
///
/// #[workflow]
/// async fn migrate(ctx: Context, account: String) -> Result<()> {
///     let options = ContinueAsNewOptions::new().workflow_type("AccountV2").task_queue("accounts-v2");
///     ctx.continue_as_new_with((account,), options)
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContinueAsNewOptions {
    pub(crate) workflow_type: Option<String>,
    pub(crate) task_queue: Option<String>,
    pub(crate) run_timeout: Option<Duration>,
    pub(crate) task_timeout: Option<Duration>,
    pub(crate) retry_policy: Option<RetryPolicy>,
    pub(crate) memo: Option<Memo>,
    pub(crate) search_attributes: Option<SearchAttributes>,
}

option_setters! {
    ContinueAsNewOptions;
    /// Goes on as another workflow type.
    workflow_type: String;
    /// Goes on in another task queue.
    task_queue: String;
    /// Limits the new run.
    run_timeout: Duration;
    /// Limits a single activation of the new run.
    task_timeout: Duration;
    /// Sets what happens when the new run fails.
    retry_policy: RetryPolicy;
    /// Replaces the memo.
    memo: Memo;
    /// Replaces the search attributes.
    search_attributes: SearchAttributes;
}

impl ContinueAsNewOptions {
    /// Everything as it is.
    pub fn new() -> Self {
        ContinueAsNewOptions::default()
    }
}

/// What a workflow that continues as new returns inside of its [`Error`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Continuation {
    input: Vec<Payload>,
    options: ContinueAsNewOptions,
}

impl Continuation {
    pub(crate) fn command(self) -> Command {
        Command::ContinueAsNew {
            input: self.input,
            options: self.options,
        }
    }

    /// What is seen where it ends up in the wrong place.
    pub(crate) fn misplaced() -> Failure {
        let message =
            "continue as new: the workflow's main task has to return it; a handler or a task beside it cannot";
        Failure::application("ContinueAsNew", message)
    }
}

impl Context {
    /// Ends this run and goes on in a new one with a fresh history, under the same workflow id. The main task has to
    /// return it, whatever it returns otherwise:
    ///
    /// ```
    /// use wrt_sdk::{Context, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn count_down(ctx: Context, number: u32) -> Result<String> {
    ///     if number > 0 {
    ///         return ctx.continue_as_new((number - 1,));
    ///     }
    ///     Ok("liftoff".to_owned())
    /// }
    /// # fn main() {
    /// assert_eq!(TestEnvironment::<count_down>::new().run_chain((3,)).unwrap(), "liftoff");
    /// # }
    /// ```
    ///
    /// It is time to do so when [`WorkflowInfo::continue_as_new_suggested`](crate::WorkflowInfo) says it.
    pub fn continue_as_new<T>(&self, arguments: impl Arguments) -> Result<T> {
        self.continue_as_new_with(arguments, ContinueAsNewOptions::new())
    }

    /// As [`continue_as_new`](Self::continue_as_new), in a run that differs from this one.
    pub fn continue_as_new_with<T>(&self, arguments: impl Arguments, options: ContinueAsNewOptions) -> Result<T> {
        let input = arguments.encode()?;
        Err(Error::from_continuation(Continuation { input, options }))
    }
}

impl<W: Workflow> WorkflowContext<W> {
    /// Ends this run and goes on in a new one with a fresh history, as [`Context::continue_as_new`] does, with the
    /// arguments that this workflow type takes.
    ///
    /// ```
    /// use wrt_sdk::{Result, WorkflowContext, workflow};
    ///
    /// #[derive(Default)]
    /// struct Inbox { unread: Vec<String> }
    ///
    /// #[workflow]
    /// impl Inbox {
    ///     #[init]
    ///     fn new(unread: &Vec<String>) -> Self { Inbox { unread: unread.clone() } }
    ///
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>, _unread: Vec<String>) -> Result<()> {
    ///         loop {
    ///             ctx.wait_until(|inbox| !inbox.unread.is_empty()).await?;
    ///             let message = ctx.state_mut(|inbox| inbox.unread.remove(0));
    ///             ctx.activity::<()>("Handle", (message,)).await?;
    ///             if ctx.info().continue_as_new_suggested() {
    ///                 ctx.all_handlers_finished().await?;
    ///                 return ctx.continue_as_new((ctx.state(|inbox| inbox.unread.clone()),));
    ///             }
    ///         }
    ///     }
    ///
    ///     #[signal]
    ///     fn receive(&mut self, message: String) { self.unread.push(message); }
    /// }
    /// # fn main() {}
    /// ```
    pub fn continue_as_new<T>(&self, arguments: W::Arguments) -> Result<T>
    where
        W::Arguments: Arguments,
    {
        (**self).continue_as_new(arguments)
    }
}
