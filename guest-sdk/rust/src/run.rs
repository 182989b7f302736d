//! The memory of one run: what it waits for, what has arrived, and who is told.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use crate::{
    ActivityOptions, Failure, Payload, WorkflowInfo, cancellation::CancellationToken, executor::Spawner, host::Host,
    log::Level, waiters::Waiters,
};

/// One run. Everything that the workflow holds points here.
pub(crate) struct Run {
    pub(crate) info: WorkflowInfo,
    /// The time of the activation.
    pub(crate) time: Cell<SystemTime>,
    /// Events in the history when the activation began.
    pub(crate) history_length: Cell<u32>,
    pub(crate) cancellation: CancellationToken,
    pub(crate) spawner: Spawner,
    pub(crate) activities: Slots<Result<Vec<Payload>, Failure>>,
    pub(crate) timers: Slots<()>,
    pub(crate) mailboxes: RefCell<BTreeMap<String, Mailbox>>,
    /// Woken whenever the workflow's state may have changed.
    pub(crate) state_changed: Waiters,
    host: Box<dyn Host>,
    /// Set by the command that ends the run: nothing may follow it.
    closed: Cell<bool>,
}

/// Signals of one name that nobody has received yet.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) signals: VecDeque<Vec<Payload>>,
    pub(crate) arrived: Waiters,
}

impl Run {
    pub(crate) fn new(info: WorkflowInfo, host: Box<dyn Host>) -> Self {
        Run {
            time: Cell::new(info.start_time),
            info,
            history_length: Cell::new(0),
            cancellation: CancellationToken::default(),
            spawner: Spawner::default(),
            activities: Slots::default(),
            timers: Slots::default(),
            mailboxes: RefCell::default(),
            state_changed: Waiters::default(),
            host,
            closed: Cell::new(false),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    // === Commands ===

    pub(crate) fn schedule_activity(&self, activity_type: &str, input: Vec<Payload>, options: &ActivityOptions) -> u32 {
        let seq = self.host.schedule_activity(activity_type, input, options);
        self.activities.open(seq);
        seq
    }

    pub(crate) fn request_cancel_activity(&self, seq: u32) {
        if !self.closed.get() {
            self.host.request_cancel_activity(seq);
        }
    }

    pub(crate) fn start_timer(&self, duration: Duration, summary: Option<&str>) -> u32 {
        let seq = self.host.start_timer(duration, summary);
        self.timers.open(seq);
        seq
    }

    pub(crate) fn cancel_timer(&self, seq: u32) {
        if !self.closed.get() {
            self.host.cancel_timer(seq);
        }
    }

    /// Ends the run: completed, failed, or canceled when a cancellation that was asked for comes back as the error.
    pub(crate) fn close(&self, outcome: Result<Payload, Failure>) {
        if self.closed.replace(true) {
            return;
        }
        match outcome {
            Ok(output) => self.host.complete(output),
            Err(failure) if failure.is_canceled() && self.cancellation.is_canceled() => self.host.cancel(),
            Err(failure) => self.host.fail(failure),
        }
    }

    // === Asking ===

    pub(crate) fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.host.log(level, message, fields);
    }

    pub(crate) fn random(&self) -> u64 {
        self.host.random()
    }
}

/// Results by the sequence number that they were promised under.
pub(crate) struct Slots<T>(RefCell<BTreeMap<u32, Slot<T>>>);

enum Slot<T> {
    Waiting(Option<Waker>),
    Filled(T),
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots(RefCell::default())
    }
}

impl<T> Slots<T> {
    fn open(&self, seq: u32) {
        self.0.borrow_mut().insert(seq, Slot::Waiting(None));
    }

    /// Fills the slot and wakes who waits for it; does nothing when nobody waits any more.
    pub(crate) fn fill(&self, seq: u32, value: T) {
        let mut slots = self.0.borrow_mut();
        let Some(slot) = slots.get_mut(&seq) else {
            return;
        };
        if let Slot::Waiting(Some(waker)) = std::mem::replace(slot, Slot::Filled(value)) {
            waker.wake();
        }
    }

    /// Takes the result, or asks to be woken when it comes.
    pub(crate) fn poll(&self, seq: u32, context: &Context<'_>) -> Poll<T> {
        let mut slots = self.0.borrow_mut();
        match slots.get_mut(&seq) {
            Some(Slot::Waiting(Some(waker))) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
            Some(slot @ Slot::Waiting(None)) => {
                *slot = Slot::Waiting(Some(context.waker().clone()));
                Poll::Pending
            }
            Some(Slot::Filled(_)) => match slots.remove(&seq) {
                Some(Slot::Filled(value)) => Poll::Ready(value),
                _ => unreachable!("the slot was just seen to be filled"),
            },
            None => Poll::Pending,
        }
    }

    /// Gives the slot up; true when its result had not arrived.
    pub(crate) fn close(&self, seq: u32) -> bool {
        matches!(self.0.borrow_mut().remove(&seq), Some(Slot::Waiting(_)))
    }
}
