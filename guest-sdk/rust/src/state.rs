//! The state of a workflow, shared between its main task and its handlers.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use futures::future::{FusedFuture, FutureExt};

use crate::{Context, Failure, Sleep, waiters::Waiter};

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

/// Waits for a condition; see [`WorkflowContext::wait_until`](crate::WorkflowContext::wait_until).
#[must_use = "futures do nothing unless awaited"]
pub struct WaitUntil<F> {
    context: Context,
    condition: F,
    changed: Waiter,
    canceled: Waiter,
    done: bool,
}

impl<F: FnMut() -> bool + Unpin> WaitUntil<F> {
    pub(crate) fn new(context: &Context, condition: F) -> Self {
        WaitUntil {
            condition,
            changed: context.run.state_changed.waiter(),
            canceled: context.token.waiter(),
            context: context.clone(),
            done: false,
        }
    }

    /// Waits no longer than this, and gives whether the condition came true.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wrt_sdk::{Result, WorkflowContext, testing::TestEnvironment, workflow};
    ///
    /// #[derive(Default)]
    /// struct Approval { approved: bool }
    ///
    /// #[workflow]
    /// impl Approval {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> Result<bool> {
    ///         Ok(ctx.wait_until(|approval| approval.approved).timeout(Duration::from_secs(3600)).await?)
    ///     }
    ///
    ///     #[signal]
    ///     fn approve(&mut self) { self.approved = true; }
    /// }
    /// # fn main() {
    /// let mut test = TestEnvironment::<Approval>::new();
    /// test.signal_at(Duration::from_secs(60), "approve", ());
    /// assert!(test.run(()).unwrap());
    /// assert!(!TestEnvironment::<Approval>::new().run(()).unwrap());
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> WaitUntilTimeout<F> {
        WaitUntilTimeout {
            sleep: self.context.sleep(timeout),
            condition: self,
        }
    }
}

impl<F: FnMut() -> bool + Unpin> Future for WaitUntil<F> {
    type Output = Result<(), Failure>;

    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let outcome = if (this.condition)() {
            Ok(())
        } else if let Some(failure) = this.context.token.failure() {
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

impl<F: FnMut() -> bool + Unpin> FusedFuture for WaitUntil<F> {
    fn is_terminated(&self) -> bool {
        self.done
    }
}

/// Waits for a condition, and no longer than a timeout; see [`WaitUntil::timeout`].
#[must_use = "futures do nothing unless awaited"]
pub struct WaitUntilTimeout<F> {
    condition: WaitUntil<F>,
    sleep: Sleep,
}

impl<F: FnMut() -> bool + Unpin> Future for WaitUntilTimeout<F> {
    type Output = Result<bool, Failure>;

    /// The condition goes first, so that one which is true already starts no timer.
    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let outcome = match self.condition.poll_unpin(context) {
            Poll::Ready(outcome) => outcome.map(|()| true),
            Poll::Pending => match self.sleep.poll_unpin(context) {
                Poll::Ready(outcome) => outcome.map(|()| false),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.condition.done = true;
        self.sleep.stop();
        Poll::Ready(outcome)
    }
}

impl<F: FnMut() -> bool + Unpin> FusedFuture for WaitUntilTimeout<F> {
    fn is_terminated(&self) -> bool {
        self.condition.done
    }
}
