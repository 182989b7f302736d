//! Signals as a stream.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
};

use futures::{Stream, future::FusedFuture, stream::FusedStream};

use crate::{
    Context, Failure, FromPayload, Payload, cancellation::CancellationToken, log::Level, run::Run, waiters::Waiter,
};

/// The signals of one name; see [`Context::signals`].
///
/// As a [`Stream`] it ends when the context is canceled; [`recv`](Self::recv) fails then. A signal that does not fit `T`
/// is logged and left out, since its sender is not the one who would see a failure.
pub struct Signals<T> {
    name: String,
    run: Rc<Run>,
    token: CancellationToken,
    canceled: Waiter,
    arrived: Waiter,
    ended: bool,
    item: PhantomData<fn() -> T>,
}

impl<T: FromPayload> Signals<T> {
    pub(crate) fn new(context: &Context, name: &str) -> Self {
        let arrived = context
            .run
            .mailboxes
            .borrow_mut()
            .entry(name.to_owned())
            .or_default()
            .arrived
            .waiter();
        Signals {
            name: name.to_owned(),
            run: context.run.clone(),
            canceled: context.token.waiter(),
            token: context.token.clone(),
            arrived,
            ended: false,
            item: PhantomData,
        }
    }

    /// Waits for the next signal. Fails when the context is canceled.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv {
            signals: self,
            done: false,
        }
    }

    /// The next signal, if one has arrived already.
    pub fn try_recv(&mut self) -> Option<T> {
        loop {
            let payloads = self.run.take_signal(&self.name)?;
            match T::from_payload(payloads.into_iter().next().unwrap_or_else(Payload::null)) {
                Ok(signal) => return Some(signal),
                Err(failure) => self.run.log_dropped_signal(&self.name, &failure),
            }
        }
    }

    fn poll_signal(&mut self, context: &TaskContext<'_>) -> Poll<Result<T, Failure>> {
        if let Some(signal) = self.try_recv() {
            return Poll::Ready(Ok(signal));
        }
        if let Some(failure) = self.token.failure() {
            return Poll::Ready(Err(failure));
        }
        self.arrived.register(context);
        self.canceled.register(context);
        Poll::Pending
    }
}

impl Run {
    /// Delivers a signal that no handler takes.
    pub(crate) fn post(&self, name: String, input: Vec<Payload>) {
        let arrived = {
            let mut mailboxes = self.mailboxes.borrow_mut();
            let mailbox = mailboxes.entry(name).or_default();
            mailbox.signals.push_back(input);
            mailbox.arrived.clone()
        };
        arrived.wake_all();
    }

    /// The next signal that nobody has received.
    pub(crate) fn take_signal(&self, name: &str) -> Option<Vec<Payload>> {
        self.mailboxes.borrow_mut().get_mut(name)?.signals.pop_front()
    }

    pub(crate) fn log_dropped_signal(&self, name: &str, failure: &Failure) {
        self.log(
            Level::Warn,
            "signal dropped: its input does not fit",
            &[
                ("signal".to_owned(), name.to_owned()),
                ("error".to_owned(), failure.message.clone()),
            ],
        );
    }
}

impl<T> Unpin for Signals<T> {}

impl<T: FromPayload> Stream for Signals<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<T>> {
        self.poll_signal(context).map(|signal| {
            self.ended = signal.is_err();
            signal.ok()
        })
    }
}

impl<T: FromPayload> FusedStream for Signals<T> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

/// Waits for one signal; see [`Signals::recv`]. Dropping it loses no signal.
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    signals: &'a mut Signals<T>,
    done: bool,
}

impl<T: FromPayload> Future for Recv<'_, T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let polled = self.signals.poll_signal(context);
        self.done = polled.is_ready();
        polled
    }
}

impl<T: FromPayload> FusedFuture for Recv<'_, T> {
    fn is_terminated(&self) -> bool {
        self.done
    }
}
