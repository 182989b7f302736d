//! Wakers of whatever waits for something that all of them will see at once.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    task::{Context, Waker},
};

/// A set of wakers. Sorted by arrival, so that waking them is deterministic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters(Rc<RefCell<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    next_key: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// One place in the set, given up when dropped.
#[derive(Debug)]
pub(crate) struct Waiter {
    set: Waiters,
    key: u64,
}

impl Waiters {
    /// A place in the set, without a waker so far.
    pub(crate) fn waiter(&self) -> Waiter {
        let mut inner = self.0.borrow_mut();
        inner.next_key += 1;
        Waiter {
            key: inner.next_key,
            set: self.clone(),
        }
    }

    /// Wakes all of them and forgets their wakers.
    pub(crate) fn wake_all(&self) {
        let wakers = std::mem::take(&mut self.0.borrow_mut().wakers);
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Waiter {
    /// Asks to be woken once.
    pub(crate) fn register(&self, context: &Context<'_>) {
        let mut inner = self.set.0.borrow_mut();
        match inner.wakers.get_mut(&self.key) {
            Some(waker) => waker.clone_from(context.waker()),
            None => {
                inner.wakers.insert(self.key, context.waker().clone());
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.set.0.borrow_mut().wakers.remove(&self.key);
    }
}
