//! The state of a workflow, shared between its main task and its handlers.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
};

use futures::future::FusedFuture;

use crate::{Context, Failure, cancellation::CancellationToken, waiters::Waiter};

/// Lends the state to one closure at a time.
pub(crate) struct StateCell<S>(RefCell<S>);

impl<S> StateCell<S> {
    pub(crate) fn new(state: S) -> Self {
        StateCell(RefCell::new(state))
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&S) -> R) -> R {
        read(
            &self
                .0
                .try_borrow()
                .expect("the state is not read within a closure that changes it"),
        )
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        change(
            &mut self
                .0
                .try_borrow_mut()
                .expect("the state is not changed within a closure that has it already"),
        )
    }
}

/// Waits for a state; see [`WorkflowContext::wait_until`](crate::WorkflowContext::wait_until).
#[must_use = "futures do nothing unless awaited"]
pub struct WaitUntil<S, F> {
    state: Rc<StateCell<S>>,
    condition: F,
    changed: Waiter,
    token: CancellationToken,
    canceled: Waiter,
    done: bool,
}

impl<S, F> WaitUntil<S, F> {
    pub(crate) fn new(context: &Context, state: Rc<StateCell<S>>, condition: F) -> Self {
        WaitUntil {
            state,
            condition,
            changed: context.run.state_changed.waiter(),
            canceled: context.token.waiter(),
            token: context.token.clone(),
            done: false,
        }
    }
}

impl<S, F: FnMut(&S) -> bool + Unpin> Future for WaitUntil<S, F> {
    type Output = Result<(), Failure>;

    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let outcome = if this.state.read(&mut this.condition) {
            Ok(())
        } else if let Some(failure) = this.token.failure() {
            Err(failure)
        } else {
            this.changed.register(context);
            this.canceled.register(context);
            return Poll::Pending;
        };
        this.done = true;
        Poll::Ready(outcome)
    }
}

impl<S, F: FnMut(&S) -> bool + Unpin> FusedFuture for WaitUntil<S, F> {
    fn is_terminated(&self) -> bool {
        self.done
    }
}
