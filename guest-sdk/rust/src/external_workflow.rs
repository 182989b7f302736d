//! Workflows that others have started.

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
};

use futures::future::FusedFuture;

use crate::{Arguments, Context, Failure, cancellation::CancellationToken, command::Command, run::Run};

/// A workflow of the same namespace that somebody else has started; see [`Context::external_workflow`].
///
/// ```
/// use wrt_sdk::{Context, Result, workflow};
///
/// #[workflow]
/// async fn call_off(ctx: Context, order_id: String) -> Result<()> {
///     let order = ctx.external_workflow(order_id);
///     order.signal("note", ("called off",)).await?;
///     order.cancel("called off").await?;
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct ExternalWorkflow {
    context: Context,
    workflow_id: String,
    run_id: String,
}

impl Context {
    /// A workflow of the same namespace, by its id, that this one has not started itself.
    pub fn external_workflow(&self, workflow_id: impl Into<String>) -> ExternalWorkflow {
        ExternalWorkflow {
            context: self.clone(),
            workflow_id: workflow_id.into(),
            run_id: String::new(),
        }
    }
}

impl ExternalWorkflow {
    /// One certain run. Without it, the run is meant that answers for the workflow id.
    #[must_use]
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.run_id = run_id.into();
        self
    }

    /// Signals it. Fails when there is no such workflow, or it has closed.
    pub fn signal(&self, signal_name: &str, arguments: impl Arguments) -> ExternalRequest {
        let command = arguments.encode().map(|input| Command::SignalExternalWorkflow {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            signal_name: signal_name.to_owned(),
            input,
        });
        ExternalRequest::new(&self.context, command)
    }

    /// Asks it to cancel itself. Fails when there is no such workflow, or it has closed.
    pub fn cancel(&self, reason: impl Into<String>) -> ExternalRequest {
        let command = Command::RequestCancelExternalWorkflow {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            reason: reason.into(),
        };
        ExternalRequest::new(&self.context, Ok(command))
    }
}

/// Something that another workflow is told: a future of whether it has heard it.
///
/// It leaves when it is first polled, unless the context is canceled by then. What has left cannot be called back.
#[must_use = "futures do nothing unless awaited"]
pub struct ExternalRequest {
    run: Rc<Run>,
    token: CancellationToken,
    state: State,
    /// Set for a request that goes to a child, which has to be open.
    child: Option<u32>,
}

enum State {
    /// The failure is that of arguments that could not be encoded.
    Created(Box<Result<Command, Failure>>),
    Sent(u32),
    Done,
}

impl ExternalRequest {
    pub(crate) fn new(context: &Context, command: Result<Command, Failure>) -> Self {
        ExternalRequest {
            run: context.run.clone(),
            token: context.token.clone(),
            state: State::Created(Box::new(command)),
            child: None,
        }
    }

    pub(crate) fn to_child(context: &Context, seq: u32, command: Result<Command, Failure>) -> Self {
        let mut request = ExternalRequest::new(context, command);
        request.child = Some(seq);
        request
    }

    /// Why it does not even leave.
    fn obstacle(&self) -> Option<Failure> {
        let closed = |seq: &u32| !self.run.open_children.is_waiting(*seq);
        let not_found = |_| Failure::application("ExternalWorkflowExecutionNotFound", "the child workflow has closed");
        self.token
            .failure()
            .or_else(|| self.child.filter(closed).map(not_found))
    }

    fn poll_outcome(&mut self, context: &TaskContext<'_>) -> Poll<Result<(), Failure>> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Created(command) => {
                let command = self.obstacle().map_or(*command, Err);
                let seq = match command {
                    Ok(command) => self.run.request_external(command),
                    Err(failure) => return Poll::Ready(Err(failure)),
                };
                self.poll_sent(seq, context)
            }
            State::Sent(seq) => self.poll_sent(seq, context),
            State::Done => Poll::Pending,
        }
    }

    fn poll_sent(&mut self, seq: u32, context: &TaskContext<'_>) -> Poll<Result<(), Failure>> {
        let polled = self.run.external_requests.poll(seq, context);
        if polled.is_pending() {
            self.state = State::Sent(seq);
        }
        polled
    }
}

impl Future for ExternalRequest {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.poll_outcome(context)
    }
}

impl FusedFuture for ExternalRequest {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl Drop for ExternalRequest {
    fn drop(&mut self) {
        if let State::Sent(seq) = self.state {
            self.run.external_requests.close(seq);
        }
    }
}
