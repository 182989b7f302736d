//! Children that have started.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use futures::future::FusedFuture;

use super::{ChildWorkflowCall, ChildWorkflowCancellationType as Type, State};
use crate::{Arguments, Canceled, ExternalRequest, Failure, FromPayload, command::Command};

/// Waits for a child to start; see [`ChildWorkflowCall::start`]. Dropping it before is dropping the call.
#[must_use = "futures do nothing unless awaited"]
pub struct StartChildWorkflow<T>(Option<ChildWorkflowCall<T>>);

impl<T> StartChildWorkflow<T> {
    pub(super) fn new(call: ChildWorkflowCall<T>) -> Self {
        StartChildWorkflow(Some(call))
    }
}

impl<T: FromPayload> Future for StartChildWorkflow<T> {
    type Output = Result<ChildWorkflowHandle<T>, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Some(call) = &mut self.0 else {
            return Poll::Pending;
        };
        let Poll::Ready(started) = call.poll_started(context) else {
            return Poll::Pending;
        };
        let call = self.0.take().expect("the call was just polled");
        Poll::Ready(started.map(|()| ChildWorkflowHandle::new(call)))
    }
}

impl<T: FromPayload> FusedFuture for StartChildWorkflow<T> {
    fn is_terminated(&self) -> bool {
        self.0.is_none()
    }
}

/// A child that has started.
///
/// When the context that it was started with is canceled, the child is asked to cancel itself, unless its cancellation
/// type is [`Abandon`](Type::Abandon). Dropping the handle changes nothing.
pub struct ChildWorkflowHandle<T> {
    call: ChildWorkflowCall<T>,
    seq: u32,
}

impl<T> ChildWorkflowHandle<T> {
    fn new(mut call: ChildWorkflowCall<T>) -> Self {
        let State::Initiated(seq) = call.state else {
            unreachable!("a child that has started was initiated");
        };
        call.detached = true;
        let handle = ChildWorkflowHandle { call, seq };
        handle.pass_cancellation_on();
        handle
    }

    /// So that the child hears of it while nobody awaits its result.
    fn pass_cancellation_on(&self) {
        let cancellation_type = self.call.options.cancellation_type.unwrap_or_default();
        if !matches!(cancellation_type, Type::TryCancel | Type::WaitCancellationCompleted) {
            return;
        }
        let (run, seq) = (self.call.run().clone(), self.seq);
        let mut canceled = Canceled::new(self.call.token());
        self.call.run().spawner.spawn(poll_fn(move |context| {
            if !run.open_children.is_waiting(seq) {
                return Poll::Ready(());
            }
            let _ = run.open_children.poll(seq, context);
            Pin::new(&mut canceled)
                .poll(context)
                .map(|reason| run.request_cancel_child_workflow(seq, &reason))
        }));
    }

    /// The id that the child is known by.
    pub fn workflow_id(&self) -> &str {
        self.call.options.workflow_id.as_deref().unwrap_or_default()
    }

    /// Its first run.
    pub fn run_id(&self) -> &str {
        self.call.run_id.as_deref().unwrap_or_default()
    }

    /// The call: a future of the child's result, which it gives once. It can be dropped and awaited again.
    pub fn result(&mut self) -> &mut ChildWorkflowCall<T> {
        &mut self.call
    }

    /// Signals the child. Fails when it has closed.
    pub fn signal(&self, signal_name: &str, arguments: impl Arguments) -> ExternalRequest {
        let command = arguments.encode().map(|input| Command::SignalChildWorkflow {
            seq: self.seq,
            signal_name: signal_name.to_owned(),
            input,
        });
        ExternalRequest::to_child(&self.call.context, self.seq, command)
    }

    /// Asks the child to cancel itself. [`result`](Self::result) says how it ends.
    pub fn cancel(&self, reason: impl AsRef<str>) {
        self.call.run().request_cancel_child_workflow(self.seq, reason.as_ref());
    }
}
