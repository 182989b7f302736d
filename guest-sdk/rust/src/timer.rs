//! Durable waiting.

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
    time::SystemTime,
};

use futures::future::FusedFuture;

use crate::{Context, Failure, cancellation::CancellationToken, run::Run, waiters::Waiter};

/// A durable wait; see [`Context::sleep`]. Dropping it cancels its timer.
///
/// As with tokio's, the span counts from the creation, not from the first poll.
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    run: Rc<Run>,
    token: CancellationToken,
    canceled: Waiter,
    deadline: SystemTime,
    summary: Option<String>,
    state: State,
}

enum State {
    Created,
    Started(u32),
    Done,
}

impl Sleep {
    pub(crate) fn new(context: &Context, deadline: SystemTime) -> Self {
        Sleep {
            run: context.run.clone(),
            canceled: context.token.waiter(),
            token: context.token.clone(),
            deadline,
            summary: None,
            state: State::Created,
        }
    }

    /// One line for people, shown beside the timer.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Starts the timer now instead of at the first poll.
    pub fn started(mut self) -> Self {
        self.start();
        self
    }

    /// When it ends.
    pub fn deadline(&self) -> SystemTime {
        self.deadline
    }

    fn poll_timer(&mut self, context: &TaskContext<'_>) -> Poll<Result<(), Failure>> {
        if let State::Started(seq) = self.state
            && self.run.timers.poll(seq, context).is_ready()
        {
            return Poll::Ready(Ok(()));
        }
        if let Some(failure) = self.token.failure() {
            return Poll::Ready(Err(failure));
        }
        if let State::Created = self.state {
            self.start();
            let State::Started(seq) = self.state else {
                return Poll::Ready(Ok(()));
            };
            let _ = self.run.timers.poll(seq, context);
        }
        self.canceled.register(context);
        Poll::Pending
    }

    /// Leaves the state as it is when the deadline is reached, or the context is canceled.
    fn start(&mut self) {
        let rest = self.deadline.duration_since(self.run.time.get()).unwrap_or_default();
        if matches!(self.state, State::Created) && !rest.is_zero() && !self.token.is_canceled() {
            self.state = State::Started(self.run.start_timer(rest, self.summary.take()));
        }
    }

    pub(crate) fn stop(&mut self) {
        if let State::Started(seq) = std::mem::replace(&mut self.state, State::Done)
            && self.run.timers.close(seq)
        {
            self.run.cancel_timer(seq);
        }
    }
}

impl Future for Sleep {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let polled = self.poll_timer(context);
        if polled.is_ready() {
            self.stop();
        }
        polled
    }
}

impl FusedFuture for Sleep {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.stop();
    }
}
