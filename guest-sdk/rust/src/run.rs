//! The memory of one run: what it waits for, what has arrived, and who is told.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use crate::{
    ChildWorkflowOptions, Error, Failure, Payload, WorkflowInfo, cancellation::CancellationToken, command::Command,
    executor::Spawner, handlers::Handlers, host::Host, log::Level, random::Random, registration::Registrations,
    waiters::Waiters,
};

/// One run. Everything that the workflow holds points here.
pub(crate) struct Run {
    /// Replaced as a whole when something changes, so that it can be handed out.
    pub(crate) info: RefCell<Rc<WorkflowInfo>>,
    /// The time of the activation.
    pub(crate) time: Cell<SystemTime>,
    pub(crate) cancellation: CancellationToken,
    pub(crate) spawner: Spawner,
    pub(crate) activities: Slots<Result<Vec<Payload>, Failure>>,
    pub(crate) timers: Slots<()>,
    /// The run ids of children that have started.
    pub(crate) child_starts: Slots<Result<String, Failure>>,
    pub(crate) children: Slots<Result<Vec<Payload>, Failure>>,
    /// What became of signals and requests to cancel that went to other workflows.
    pub(crate) external_requests: Slots<Result<(), Failure>>,
    /// Children that have not ended, whether somebody waits for their result or not.
    pub(crate) open_children: Slots<()>,
    canceled_children: RefCell<BTreeSet<u32>>,
    pub(crate) mailboxes: RefCell<BTreeMap<String, Mailbox>>,
    pub(crate) handlers: Handlers,
    pub(crate) registrations: Registrations,
    /// Woken whenever the workflow's state may have changed.
    pub(crate) state_changed: Waiters,
    random: RefCell<Random>,
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
            random: RefCell::new(Random::of(&info)),
            info: RefCell::new(Rc::new(info)),
            cancellation: CancellationToken::default(),
            spawner: Spawner::default(),
            activities: Slots::default(),
            timers: Slots::default(),
            child_starts: Slots::default(),
            children: Slots::default(),
            external_requests: Slots::default(),
            open_children: Slots::default(),
            canceled_children: RefCell::default(),
            mailboxes: RefCell::default(),
            handlers: Handlers::default(),
            registrations: Registrations::default(),
            state_changed: Waiters::default(),
            host,
            closed: Cell::new(false),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn change_info(&self, change: impl FnOnce(&mut WorkflowInfo)) {
        change(Rc::make_mut(&mut self.info.borrow_mut()));
    }

    // === Commands ===

    /// Gives the sequence number of a command that is answered. A closed run asks for nothing more, and 0 is never
    /// answered.
    pub(crate) fn issue(&self, command: Command) -> u32 {
        if self.closed.get() {
            return 0;
        }
        self.host.issue(command)
    }

    /// Takes a command that schedules an activity.
    pub(crate) fn schedule_activity(&self, command: Command) -> u32 {
        let seq = self.issue(command);
        self.activities.open(seq);
        seq
    }

    pub(crate) fn request_cancel_activity(&self, seq: u32) {
        self.issue(Command::RequestCancelActivity { seq });
    }

    pub(crate) fn start_timer(&self, duration: Duration, summary: Option<String>) -> u32 {
        let seq = self.issue(Command::StartTimer { duration, summary });
        self.timers.open(seq);
        seq
    }

    pub(crate) fn cancel_timer(&self, seq: u32) {
        self.issue(Command::CancelTimer { seq });
    }

    pub(crate) fn start_child_workflow(
        &self,
        workflow_type: &str,
        input: Vec<Payload>,
        options: &ChildWorkflowOptions,
    ) -> u32 {
        let seq = self.issue(Command::StartChildWorkflow {
            workflow_type: workflow_type.to_owned(),
            input,
            options: options.clone(),
        });
        self.child_starts.open(seq);
        self.children.open(seq);
        self.open_children.open(seq);
        seq
    }

    /// The id of a child: the one that was chosen, or else the one that the runtime makes for it.
    pub(crate) fn child_workflow_id(&self, options: &ChildWorkflowOptions, seq: u32) -> String {
        default_child_id(options, &self.info.borrow().run_id, seq)
    }

    /// Asks once, while the child is open.
    pub(crate) fn request_cancel_child_workflow(&self, seq: u32, reason: &str) {
        if self.open_children.is_waiting(seq) && self.canceled_children.borrow_mut().insert(seq) {
            let reason = reason.to_owned();
            self.issue(Command::RequestCancelChildWorkflow { seq, reason });
        }
    }

    /// Takes in how a child ended, or that it did not start.
    pub(crate) fn resolve_child_workflow(&self, seq: u32, output: Result<Vec<Payload>, Failure>) {
        self.children.fill(seq, output);
        self.open_children.finish(seq);
        self.canceled_children.borrow_mut().remove(&seq);
    }

    /// Tells another workflow something.
    pub(crate) fn request_external(&self, command: Command) -> u32 {
        let seq = self.issue(command);
        self.external_requests.open(seq);
        seq
    }

    /// Also in a run that has just closed: whoever asked has to get an answer.
    pub(crate) fn reject_update(&self, update_id: String, reason: Failure) {
        self.host.issue(Command::RejectUpdate { update_id, reason });
    }

    /// Ends the run: completed, failed, continued as new, or canceled when a cancellation that was asked for comes back
    /// as the error.
    pub(crate) fn close(&self, outcome: Result<Payload, Error>) {
        if self.closed.get() {
            return;
        }
        self.warn_of_unfinished_handlers();
        self.issue(match outcome {
            Ok(output) => Command::Complete { output },
            Err(error) => match error.into_continuation() {
                Ok(continuation) => continuation.command(),
                Err(error) if error.is_canceled() && self.cancellation.is_canceled() => Command::Cancel,
                Err(error) => Command::Fail {
                    failure: error.into_failure(),
                },
            },
        });
        self.closed.set(true);
    }

    // === Asking ===

    pub(crate) fn patched(&self, patch_id: &str) -> bool {
        self.host.patched(patch_id)
    }

    pub(crate) fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.host.log(level, message, fields);
    }

    pub(crate) fn random(&self) -> u64 {
        self.random.borrow_mut().next()
    }
}

/// The id that was chosen for a child, or else the one that the runtime makes of its parent's run and its number.
pub(crate) fn default_child_id(options: &ChildWorkflowOptions, parent_run_id: &str, seq: u32) -> String {
    let chosen = options.workflow_id.clone();
    chosen.unwrap_or_else(|| format!("{parent_run_id}_{seq}"))
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

    /// Wakes who waits and gives the slot up.
    fn finish(&self, seq: u32) {
        if let Some(Slot::Waiting(Some(waker))) = self.0.borrow_mut().remove(&seq) {
            waker.wake();
        }
    }

    pub(crate) fn is_waiting(&self, seq: u32) -> bool {
        matches!(self.0.borrow().get(&seq), Some(Slot::Waiting(_)))
    }

    /// Gives the slot up; true when its result had not arrived.
    pub(crate) fn close(&self, seq: u32) -> bool {
        matches!(self.0.borrow_mut().remove(&seq), Some(Slot::Waiting(_)))
    }
}
