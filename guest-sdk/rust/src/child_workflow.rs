//! Workflows that this one starts and waits for.

mod handle;
mod options;

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
};

use futures::future::FusedFuture;

use crate::{
    Arguments, Context, Failure, FailureKind, FromPayload, Payload, Workflow,
    cancellation::CancellationToken,
    command::Command,
    external_workflow::ExternalRequest,
    failure::{ChildWorkflowFailure, RetryState},
    run::Run,
    waiters::Waiter,
};

pub use self::{
    handle::{ChildWorkflowHandle, StartChildWorkflow},
    options::{ChildWorkflowCancellationType, ChildWorkflowOptions, ParentClosePolicy, WorkflowIdReusePolicy},
};

impl Context {
    /// Calls a workflow as a child of this one, by the name of its type: one that is not in this component, or is
    /// written in another language. See [`child`](Self::child) for the others.
    ///
    /// `arguments` is a tuple with one element per argument.
    ///
    /// ```
    /// # use wrt_sdk::{Context, Result};
    /// # async fn example(ctx: Context) -> Result<()> {
    /// let receipt: String = ctx.child_workflow("Payment", ("order-7", 4200)).task_queue("payments").await?;
    /// # Ok(()) }
    /// ```
    pub fn child_workflow<T: FromPayload>(
        &self,
        workflow_type: &str,
        arguments: impl Arguments,
    ) -> ChildWorkflowCall<T> {
        ChildWorkflowCall::new(self, workflow_type, arguments.encode())
    }

    /// Calls a workflow as a child of this one; the compiler checks its arguments and its result.
    ///
    /// ```
    /// use wrt_sdk::{Context, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn square(number: i64) -> Result<i64> { Ok(number * number) }
    ///
    /// #[workflow]
    /// async fn sum_of_squares(ctx: Context, numbers: Vec<i64>) -> Result<i64> {
    ///     let calls = numbers.into_iter().map(|number| ctx.child::<square>((number,)));
    ///     Ok(wrt_sdk::try_join_all(calls).await?.into_iter().sum())
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<sum_of_squares>::new();
    /// test.register_child::<square>();
    /// assert_eq!(test.run((vec![1, 2, 3],)).unwrap(), 14);
    /// # }
    /// ```
    pub fn child<W: Workflow>(&self, arguments: W::Arguments) -> ChildWorkflowCall<W::Output>
    where
        W::Arguments: Arguments,
        W::Output: FromPayload,
    {
        self.child_workflow(W::name(), arguments)
    }
}

/// The call of a child workflow: a future of its result.
///
/// The child is started when the call is first polled. Dropping the call asks the child to cancel itself, unless its
/// cancellation type is [`Abandon`](ChildWorkflowCancellationType::Abandon). To do something with a running child, or to
/// leave it running, [`start`](Self::start) it.
#[must_use = "futures do nothing unless awaited"]
pub struct ChildWorkflowCall<T> {
    context: Context,
    canceled: Waiter,
    workflow_type: String,
    pub(crate) options: ChildWorkflowOptions,
    state: State,
    /// The run id, once the child has started.
    run_id: Option<String>,
    /// The request to cancel, when its arrival is waited for.
    request: Option<ExternalRequest>,
    /// Set when the child is to outlive the call.
    detached: bool,
    output: PhantomData<fn() -> T>,
}

enum State {
    Created(Result<Vec<Payload>, Failure>),
    Initiated(u32),
    Done,
}

impl<T> ChildWorkflowCall<T> {
    fn new(context: &Context, workflow_type: &str, input: Result<Vec<Payload>, Failure>) -> Self {
        ChildWorkflowCall {
            canceled: context.token.waiter(),
            context: context.clone(),
            workflow_type: workflow_type.to_owned(),
            options: ChildWorkflowOptions::new(),
            state: State::Created(input),
            run_id: None,
            request: None,
            detached: false,
            output: PhantomData,
        }
    }

    /// Starts the child and gives a handle of it, once it has started.
    ///
    /// Dropping the handle leaves the child alone. What becomes of it when this run ends is settled by the
    /// [parent close policy](ChildWorkflowOptions::parent_close_policy).
    ///
    /// ```
    /// use wrt_sdk::{Context, ParentClosePolicy, Result, workflow};
    ///
    /// #[workflow]
    /// async fn open_account(ctx: Context, name: String) -> Result<String> {
    ///     let call = ctx.child_workflow::<()>("Welcome", (name,));
    ///     let welcome = call.parent_close_policy(ParentClosePolicy::Abandon).start().await?;
    ///     welcome.signal("tone", ("warm",)).await?;
    ///     Ok(welcome.run_id().to_owned())
    /// }
    /// # fn main() {}
    /// ```
    pub fn start(self) -> StartChildWorkflow<T> {
        StartChildWorkflow::new(self)
    }

    fn run(&self) -> &Rc<Run> {
        &self.context.run
    }

    fn token(&self) -> &CancellationToken {
        &self.context.token
    }

    /// Leaves the state as it is when the arguments could not be encoded or the context is canceled.
    fn initiate(&mut self) {
        if self.token().is_canceled() || self.run().is_closed() {
            return;
        }
        if let State::Created(input @ Ok(_)) = &mut self.state
            && let Ok(input) = std::mem::replace(input, Ok(Vec::new()))
        {
            let seq = self
                .run()
                .start_child_workflow(&self.workflow_type, input, &self.options);
            let chosen = self.run().child_workflow_id(&self.options, seq);
            self.options.workflow_id = Some(chosen);
            self.state = State::Initiated(seq);
        }
    }

    /// The sequence number of the child, or why it has none.
    fn seq(&mut self) -> Poll<Result<u32, Failure>> {
        self.initiate();
        match &self.state {
            State::Initiated(seq) => Poll::Ready(Ok(*seq)),
            State::Created(Err(failure)) => Poll::Ready(Err(failure.clone())),
            State::Created(Ok(_)) => self.token().failure().map_or(Poll::Pending, |f| Poll::Ready(Err(f))),
            State::Done => Poll::Pending,
        }
    }

    fn poll_result(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<Vec<Payload>, Failure>> {
        let seq = match self.seq() {
            Poll::Ready(Ok(seq)) => seq,
            Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
            Poll::Pending => return Poll::Pending,
        };
        if let Poll::Ready(result) = self.run().children.poll(seq, context) {
            return Poll::Ready(result);
        }
        self.poll_canceled(seq, context).map(Err)
    }

    /// Waits for the run id.
    fn poll_started(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Failure>> {
        let seq = match self.seq() {
            Poll::Ready(Ok(seq)) => seq,
            Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
            Poll::Pending => return Poll::Pending,
        };
        match self.poll_run_id(seq, context) {
            Poll::Pending => self.poll_canceled(seq, context).map(Err),
            ready => ready,
        }
    }

    fn poll_run_id(&mut self, seq: u32, context: &TaskContext<'_>) -> Poll<Result<(), Failure>> {
        if self.run_id.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.run()
            .child_starts
            .poll(seq, context)
            .map_ok(|run_id| self.run_id = Some(run_id))
    }

    // === Cancellation ===

    /// Waits for the context to be canceled; then does what the cancellation type says.
    fn poll_canceled(&mut self, seq: u32, context: &mut TaskContext<'_>) -> Poll<Failure> {
        use ChildWorkflowCancellationType as Type;
        let Some(cause) = self.token().failure() else {
            self.canceled.register(context);
            return Poll::Pending;
        };
        match self.options.cancellation_type.unwrap_or_default() {
            Type::WaitCancellationCompleted => {
                self.run().request_cancel_child_workflow(seq, &cause.message);
                Poll::Pending
            }
            Type::WaitCancellationRequested => self
                .poll_requested(seq, &cause.message, context)
                .map(|()| self.canceled_failure(cause)),
            Type::TryCancel | Type::Abandon => Poll::Ready(self.canceled_failure(cause)),
        }
    }

    /// Waits until the request to cancel has reached the child, which can be told of only after its start. That it does
    /// not reach one that has just closed is all the same.
    fn poll_requested(&mut self, seq: u32, reason: &str, context: &mut TaskContext<'_>) -> Poll<()> {
        if self.request.is_none() {
            let Poll::Ready(Ok(())) = self.poll_run_id(seq, context) else {
                return Poll::Pending;
            };
            let command = Command::RequestCancelExternalWorkflow {
                workflow_id: self.options.workflow_id.clone().unwrap_or_default(),
                run_id: self.run_id.clone().unwrap_or_default(),
                reason: reason.to_owned(),
            };
            self.request = Some(ExternalRequest::new(&self.context.shielded(), Ok(command)));
        }
        let request = self.request.as_mut().expect("the request was just made");
        Pin::new(request).poll(context).map(drop)
    }

    /// What the runtime would say, said before it does.
    fn canceled_failure(&self, cause: Failure) -> Failure {
        let kind = FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
            workflow_type: self.workflow_type.clone(),
            workflow_id: self.options.workflow_id.clone().unwrap_or_default(),
            run_id: self.run_id.clone().unwrap_or_default(),
            retry_state: RetryState::CancelRequested,
        }));
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("child workflow execution error", kind)
        }
    }

    fn stop(&mut self) {
        let State::Initiated(seq) = std::mem::replace(&mut self.state, State::Done) else {
            return;
        };
        let abandoned = self.options.cancellation_type == Some(ChildWorkflowCancellationType::Abandon);
        if !abandoned && !self.detached && self.request.is_none() {
            let reason = self.token().reason();
            let reason = reason.as_deref().unwrap_or("the parent does not need it any more");
            self.run().request_cancel_child_workflow(seq, reason);
        }
        self.run().child_starts.close(seq);
        self.run().children.close(seq);
    }
}

// Nothing in it is ever pinned: it can be moved and selected over without `pin!`.
impl<T> Unpin for ChildWorkflowCall<T> {}

impl<T: FromPayload> Future for ChildWorkflowCall<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = self.poll_result(context) else {
            return Poll::Pending;
        };
        self.stop();
        Poll::Ready(result.and_then(|output| T::from_payload(output.into_iter().next().unwrap_or_else(Payload::null))))
    }
}

impl<T: FromPayload> FusedFuture for ChildWorkflowCall<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<T> Drop for ChildWorkflowCall<T> {
    fn drop(&mut self) {
        self.stop();
    }
}
