//! Asking work to stop, and hearing of it.
//!
//! Somebody asks the run to cancel itself; from then on every durable call of the run's context fails with a failure that
//! [`is_canceled`](crate::Failure::is_canceled). The workflow passes it on with `?` and ends as canceled, after whatever
//! it still wants to do on a [shielded](crate::Context::shielded) context.

use std::{
    cell::RefCell,
    future::Future,
    ops::Deref,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context as TaskContext, Poll},
};

use futures::future::FusedFuture;

use crate::{
    Context, Failure,
    waiters::{Waiter, Waiters},
};

/// Whether work was asked to stop. Asking a token asks its children too.
#[derive(Clone, Debug, Default)]
pub(crate) struct CancellationToken(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reason: RefCell<Option<Rc<str>>>,
    waiters: Waiters,
    children: RefCell<Vec<Weak<Inner>>>,
}

impl CancellationToken {
    pub(crate) fn child(&self) -> CancellationToken {
        let child = CancellationToken(Rc::new(Inner {
            reason: self.0.reason.clone(),
            ..Inner::default()
        }));
        let mut children = self.0.children.borrow_mut();
        children.retain(|child| child.strong_count() > 0);
        children.push(Rc::downgrade(&child.0));
        child
    }

    /// The first reason stays.
    pub(crate) fn cancel(&self, reason: &Rc<str>) {
        if self.0.reason.borrow().is_some() {
            return;
        }
        *self.0.reason.borrow_mut() = Some(reason.clone());
        self.0.waiters.wake_all();
        let children = std::mem::take(&mut *self.0.children.borrow_mut());
        for child in children.iter().filter_map(Weak::upgrade) {
            CancellationToken(child).cancel(reason);
        }
    }

    pub(crate) fn reason(&self) -> Option<Rc<str>> {
        self.0.reason.borrow().clone()
    }

    pub(crate) fn is_canceled(&self) -> bool {
        self.0.reason.borrow().is_some()
    }

    /// The failure that durable calls give once the token is canceled.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.reason().map(|reason| Failure::canceled(&*reason))
    }

    pub(crate) fn waiter(&self) -> Waiter {
        self.0.waiters.waiter()
    }
}

/// A part of a workflow that can be canceled by itself. It is a [`Context`] and is used like one.
///
/// Cancelling a scope asks its activities to stop and lets its timers and waits fail, just as if the run had been
/// canceled, but leaves the rest of the workflow alone. The work stays in your hand: await it to learn how it ended.
///
/// ```
/// use wrt_sdk::{Context, Result, select, workflow};
///
/// #[workflow]
/// async fn deliver(ctx: Context, parcel: String) -> Result<String> {
///     let scope = ctx.cancellation_scope();
///     let mut work = scope.activity::<String>("Deliver", (parcel,));
///     let mut signals = ctx.signals::<String>("call-back");
///     let outcome = select! {
///         outcome = &mut work => outcome,
///         reason = signals.recv() => {
///             scope.cancel(reason?);
///             work.await
///         }
///     };
///     Ok(outcome?)
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct CancellationScope(pub(crate) Context);

impl CancellationScope {
    /// Asks everything that was started with this scope to stop. The first reason is the one that counts.
    pub fn cancel(&self, reason: impl AsRef<str>) {
        self.0.token.cancel(&Rc::from(reason.as_ref()));
    }
}

impl Deref for CancellationScope {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

/// Waits for the request to stop; see [`Context::canceled`].
#[must_use = "futures do nothing unless awaited"]
pub struct Canceled {
    token: CancellationToken,
    waiter: Waiter,
    done: bool,
}

impl Canceled {
    pub(crate) fn new(token: &CancellationToken) -> Self {
        Canceled {
            waiter: token.waiter(),
            token: token.clone(),
            done: false,
        }
    }
}

impl Future for Canceled {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<String> {
        let Some(reason) = self.token.reason() else {
            self.waiter.register(context);
            return Poll::Pending;
        };
        self.done = true;
        Poll::Ready(reason.to_string())
    }
}

impl FusedFuture for Canceled {
    fn is_terminated(&self) -> bool {
        self.done
    }
}
