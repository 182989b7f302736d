//! A single-threaded executor that polls only what was woken, in the order in which it was woken.

use std::{
    cell::RefCell,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{
    StreamExt,
    future::{FutureExt, LocalBoxFuture},
    stream::FuturesUnordered,
};

/// Tasks that were spawned while the others were being polled.
#[derive(Default)]
pub(crate) struct Spawner(RefCell<Vec<LocalBoxFuture<'static, ()>>>);

impl Spawner {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().push(task.boxed_local());
    }
}

/// The tasks of a run.
pub(crate) struct Executor {
    tasks: FuturesUnordered<LocalBoxFuture<'static, ()>>,
    woken: Arc<Flag>,
    waker: Waker,
}

impl Executor {
    pub(crate) fn new() -> Self {
        let woken = Arc::new(Flag::default());
        Executor {
            tasks: FuturesUnordered::new(),
            waker: Waker::from(woken.clone()),
            woken,
        }
    }

    /// Polls what was woken, and what that wakes, until nothing is left to do.
    pub(crate) fn run(&mut self, spawner: &Spawner) {
        let mut context = Context::from_waker(&self.waker);
        loop {
            self.tasks.extend(spawner.0.borrow_mut().drain(..));
            self.woken.0.store(false, Relaxed);
            let polled = self.tasks.poll_next_unpin(&mut context);
            let spawned = !spawner.0.borrow().is_empty();
            let idle = match polled {
                Poll::Ready(Some(())) => false,
                Poll::Ready(None) => true,
                // The set yields now and then although more is ready; then it has woken us.
                Poll::Pending => !self.woken.0.load(Relaxed),
            };
            if idle && !spawned {
                return;
            }
        }
    }
}

/// Set when a task was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}
