//! How a child is run.

use std::time::Duration;

use crate::{ChildWorkflowCall, Memo, Priority, RetryPolicy, SearchAttributes, options::option_setters};

/// How a child is run. What is not set follows Temporal's rules.
///
/// ```
/// use wrt_sdk::{ChildWorkflowOptions, Context, ParentClosePolicy, Result};
///
/// # async fn example(ctx: Context) -> Result<()> {
/// let options = ChildWorkflowOptions::new().task_queue("reports").parent_close_policy(ParentClosePolicy::Abandon);
/// let report: String = ctx.child_workflow("Report", ()).with_options(options).workflow_id("report-7").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildWorkflowOptions {
    pub(crate) workflow_id: Option<String>,
    pub(crate) task_queue: Option<String>,
    pub(crate) execution_timeout: Option<Duration>,
    pub(crate) run_timeout: Option<Duration>,
    pub(crate) task_timeout: Option<Duration>,
    pub(crate) parent_close_policy: Option<ParentClosePolicy>,
    pub(crate) id_reuse_policy: Option<WorkflowIdReusePolicy>,
    pub(crate) cancellation_type: Option<ChildWorkflowCancellationType>,
    pub(crate) retry_policy: Option<RetryPolicy>,
    pub(crate) cron_schedule: Option<String>,
    pub(crate) memo: Option<Memo>,
    pub(crate) search_attributes: Option<SearchAttributes>,
    pub(crate) priority: Option<Priority>,
    pub(crate) summary: Option<String>,
}

/// What happens to a child when its parent ends, however it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParentClosePolicy {
    /// It is terminated.
    #[default]
    Terminate,
    /// It goes on.
    Abandon,
    /// It is asked to cancel itself.
    RequestCancel,
}

/// Whether a workflow id may be used again after its run has closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkflowIdReusePolicy {
    /// Always.
    #[default]
    AllowDuplicate,
    /// Unless the run before completed.
    AllowDuplicateFailedOnly,
    /// Never.
    RejectDuplicate,
}

/// What a call does when its context is canceled.
///
/// ```
/// use wrt_sdk::{ChildWorkflowCancellationType, Context, Result};
///
/// # async fn example(ctx: Context) -> Result<()> {
/// let audit = ctx.child_workflow::<()>("Audit", ());
/// audit.cancellation_type(ChildWorkflowCancellationType::TryCancel).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildWorkflowCancellationType {
    /// Asks the child to cancel itself and waits for how it ends: what it did is then certain.
    #[default]
    WaitCancellationCompleted,
    /// Asks the child to cancel itself and waits until it has heard.
    WaitCancellationRequested,
    /// Asks the child to cancel itself and fails at once, without knowing how it ends.
    TryCancel,
    /// Fails at once and lets the child go on.
    Abandon,
}

impl ChildWorkflowOptions {
    /// Everything as Temporal has it.
    pub fn new() -> Self {
        ChildWorkflowOptions::default()
    }
}

impl<T> ChildWorkflowCall<T> {
    /// Sets all options at once.
    pub fn with_options(mut self, options: ChildWorkflowOptions) -> Self {
        self.options = options;
        self
    }
}

option_setters! {
    ChildWorkflowOptions, ChildWorkflowCall;
    /// Sets the workflow id. The default is made of the id of this run and a number.
    workflow_id: String;
    /// Sets the task queue. The default is the queue of this workflow.
    task_queue: String;
    /// Limits the time of the child, over all runs that retries and continue-as-new make.
    execution_timeout: Duration;
    /// Limits a single run.
    run_timeout: Duration;
    /// Limits a single activation.
    task_timeout: Duration;
    /// Sets what happens to the child when this run ends. The default is to terminate it.
    parent_close_policy: ParentClosePolicy;
    /// Sets whether the id of a closed workflow may be used. The default is that it may.
    id_reuse_policy: WorkflowIdReusePolicy;
    /// Sets what the call does when its context is canceled.
    cancellation_type: ChildWorkflowCancellationType;
    /// Sets how often and how fast the child is tried again when it fails. The default is that it is not.
    retry_policy: RetryPolicy;
    /// Lets the child run again and again.
    cron_schedule: String;
    /// Sets notes that lists show beside the child.
    memo: Memo;
    /// Sets values that the child can be found by.
    search_attributes: SearchAttributes;
    /// Sets who goes first among the tasks of the queue.
    priority: Priority;
    /// Sets one line for people, shown beside the child.
    summary: String;
}
