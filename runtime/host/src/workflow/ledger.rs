//! The commands of a run: hands out their sequence numbers and event ids, collects them when they are new, compares them
//! with the history when they are not.
//!
//! Sequence numbers and ids are the same in both cases, because nothing here depends on which one it is: the events of
//! a task's commands follow its `completed` event without a gap, so each id is known when the command is issued.

use std::collections::{BTreeSet, HashMap, VecDeque};

use prost::Message;
use wasmtime::{Result, bail};
use wrt_model::{
    payload,
    proto::{Command, CommandAttributes, HistoryEvent, UserMetadata, protocol, update},
};

use super::{
    check::{self, Divergence},
    local_activity::{LocalActivities, LocalActivity},
    patch,
    trace::Trace,
};

/// The commands of one run.
pub(crate) struct Ledger {
    pub(super) mode: Mode,
    pub(super) next_seq: u32,
    next_event_id: i64,
    /// The bytes that the commands of one activation may still take.
    bytes_left: usize,
    pub(super) closed_by: Option<&'static str>,
    /// What is open, by the event that opened it.
    open: HashMap<i64, Open>,
    /// The event of what is open, by sequence number.
    events: HashMap<u32, i64>,
    /// The guest's stacks at the commands that it has issued, if they are wanted.
    pub(super) trace: Option<Box<Trace>>,
    /// The local activities that are open.
    pub(super) local_activities: LocalActivities,
    /// The answers to `patched`, by patch.
    pub(super) patches: HashMap<String, bool>,
    /// The patches that the history marks.
    pub(super) marked: BTreeSet<String>,
    /// Updates of this activation that have not been answered, in order.
    pub(super) updates: VecDeque<update::Request>,
    /// Updates that a reset has brought again and that no task was seen to accept, by their ids.
    pub(super) admitted: HashMap<String, update::Request>,
    /// Updates that were accepted and have not completed, with who asked.
    pub(super) accepted: HashMap<String, Option<update::Meta>>,
    /// What answers the updates of this activation, and which of them were turned away.
    pub(super) messages: Vec<protocol::Message>,
    pub(super) rejections: Vec<protocol::Message>,
}

/// What becomes of a command.
pub(super) enum Mode {
    /// It traps, because this is no time to change the run.
    Refuse(&'static str),
    /// It is new.
    Collect(Vec<Command>),
    /// It was issued before: the history knows it.
    Compare(VecDeque<HistoryEvent>),
}

/// Something that the guest has asked for and waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) seq: u32,
    pub(crate) kind: OpenKind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpenKind {
    Activity {
        activity_id: String,
        activity_type: String,
        cancel_requested: bool,
    },
    Timer,
    ChildWorkflow {
        workflow_id: String,
        workflow_type: String,
        cancel_requested: bool,
    },
    /// A signal or a request to cancel that is on its way to another workflow.
    External,
}

/// What a workflow task has decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Its commands, in the order in which they were issued.
    pub commands: Vec<Command>,
    /// Answers to updates that commands refer to.
    pub messages: Vec<protocol::Message>,
    /// Updates that were turned away. No command refers to these.
    pub rejections: Vec<protocol::Message>,
    /// Local activities that were asked for. The task goes on as soon as one of them has ended.
    pub local_activities: Vec<LocalActivity>,
    /// Local activities that were asked to stop, by their sequence numbers.
    pub canceled_local_activities: Vec<u32>,
}

/// Bytes that a command counts beside its payloads.
const COMMAND_OVERHEAD_BYTES: usize = 256;

impl Ledger {
    pub(crate) fn new() -> Self {
        Ledger {
            mode: Mode::Refuse("an instance that is not activated"),
            next_seq: 1,
            next_event_id: 0,
            bytes_left: 0,
            closed_by: None,
            open: HashMap::new(),
            events: HashMap::new(),
            trace: None,
            local_activities: LocalActivities::default(),
            patches: HashMap::new(),
            marked: BTreeSet::new(),
            updates: VecDeque::new(),
            admitted: HashMap::new(),
            accepted: HashMap::new(),
            messages: Vec::new(),
            rejections: Vec::new(),
        }
    }

    // === Activations ===

    /// Begins the activation of the task with this `started` event: what is issued is new. `bytes` is the most that
    /// the commands may take together.
    pub(crate) fn collect(&mut self, started_event_id: i64, updates: Vec<update::Request>, bytes: usize) {
        self.bytes_left = bytes;
        self.begin(started_event_id, updates, Mode::Collect(Vec::new()));
    }

    /// Begins the activation of a task that was completed before, whose commands became these events.
    pub(crate) fn compare<'e>(
        &mut self,
        started_event_id: i64,
        updates: Vec<update::Request>,
        expected: impl Iterator<Item = &'e HistoryEvent>,
    ) {
        let expected = expected.cloned().collect();
        self.begin(started_event_id, updates, Mode::Compare(expected));
    }

    /// Goes on with the task whose activation has just ended: what is issued follows what was issued before.
    pub(crate) fn go_on(&mut self) {
        self.mode = Mode::Collect(Vec::new());
    }

    /// Commands trap from now on; `during` says what the guest is doing.
    pub(crate) fn refuse(&mut self, during: &'static str) {
        self.mode = Mode::Refuse(during);
    }

    fn begin(&mut self, started_event_id: i64, updates: Vec<update::Request>, mode: Mode) {
        // The next event is the task's `completed`, the one after it the first command's.
        self.next_event_id = started_event_id + 2;
        self.updates = updates.into();
        self.mode = mode;
    }

    /// Ends an activation with what is new. A command that the history has and the workflow did not issue is a
    /// divergence.
    pub(crate) fn end(&mut self) -> Result<Completion, Divergence> {
        self.skip_deprecated_patches(None);
        let messages = std::mem::take(&mut self.messages);
        let rejections = std::mem::take(&mut self.rejections);
        match std::mem::replace(&mut self.mode, Mode::Refuse("the time between activations")) {
            Mode::Collect(commands) => Ok(Completion {
                commands,
                messages,
                rejections,
                local_activities: std::mem::take(&mut self.local_activities.asked),
                canceled_local_activities: std::mem::take(&mut self.local_activities.canceled),
            }),
            Mode::Compare(mut expected) => match (expected.pop_front(), self.unrecorded_local_activity()) {
                (Some(missing), _) => Err(check::missing(&missing)),
                (None, Some(unrecorded)) => Err(check::unrecorded(&unrecorded)),
                (None, None) => Ok(Completion::default()),
            },
            Mode::Refuse(_) => Ok(Completion::default()),
        }
    }

    /// The update that was neither accepted nor rejected in its activation, if there is one.
    pub(crate) fn unanswered_update(&self) -> Option<&str> {
        self.updates.front().map(wrt_model::update_id)
    }

    // === Commands ===

    /// Takes a command that opens something, and returns its sequence number.
    pub(super) fn open(
        &mut self,
        attributes: CommandAttributes,
        summary: Option<String>,
        kind: OpenKind,
    ) -> Result<u32> {
        let seq = self.take_seq();
        let event_id = self.open_as(seq, attributes, summary.map(in_short), kind)?;
        self.events.insert(seq, event_id);
        Ok(seq)
    }

    /// Takes a command that opens something under a number of the guest's own, and returns the id of its event.
    pub(super) fn open_as(
        &mut self,
        seq: u32,
        attributes: CommandAttributes,
        metadata: Option<UserMetadata>,
        kind: OpenKind,
    ) -> Result<i64> {
        let event_id = self.issue(attributes, metadata)?;
        self.open.insert(event_id, Open { seq, kind });
        self.opened(event_id);
        Ok(event_id)
    }

    pub(super) fn take_seq(&mut self) -> u32 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// The last command of a run; `name` is the function of the contract that issues it.
    pub(super) fn close(&mut self, attributes: CommandAttributes, name: &'static str) -> Result<()> {
        self.issue(attributes, None)?;
        self.closed_by = Some(name);
        Ok(())
    }

    /// Takes a command and returns the id of its event.
    pub(super) fn issue(&mut self, attributes: CommandAttributes, metadata: Option<UserMetadata>) -> Result<i64> {
        self.skip_deprecated_patches(patch::marked_by_command(&attributes).as_deref());
        let issued = check::describe_command(&attributes);
        self.issue_as(command(attributes, metadata), issued, |command, event| {
            command
                .attributes
                .as_ref()
                .and_then(|command| check::differing(command, event))
        })
    }

    /// Takes a command that is described in these words and compared by this rule.
    pub(super) fn issue_as(
        &mut self,
        command: Command,
        issued: String,
        differing: impl FnOnce(&Command, &wrt_model::proto::EventAttributes) -> check::Comparison,
    ) -> Result<i64> {
        self.check_open(&issued)?;
        let event_id = self.next_event_id;
        match &mut self.mode {
            Mode::Refuse(_) => unreachable!("checked above"),
            Mode::Compare(expected) => {
                check::compare(event_id, &issued, expected.pop_front().as_ref(), |event| {
                    differing(&command, event)
                })?;
            }
            Mode::Collect(commands) => {
                self.bytes_left = spend(self.bytes_left, &command, &issued)?;
                commands.push(command);
            }
        }
        self.next_event_id += 1;
        Ok(event_id)
    }

    /// Fails when nothing can be asked for any more.
    pub(super) fn check_open(&self, issued: &str) -> Result<()> {
        if let Some(closed_by) = self.closed_by {
            bail!("{issued} was issued after `{closed_by}`, which has to be the last command of a run");
        }
        if let Mode::Refuse(during) = self.mode {
            bail!("{during} must not change the run, but it issued {issued}");
        }
        Ok(())
    }

    /// Marks of patches that are deprecated may be there although the workflow does not speak of them any more. Stops
    /// at the mark of `issued`.
    pub(super) fn skip_deprecated_patches(&mut self, issued: Option<&str>) {
        if let Mode::Compare(expected) = &mut self.mode {
            while let Some(mark) = expected.front().and_then(patch::marked_by_event)
                && mark.deprecated
                && Some(mark.id.as_str()) != issued
            {
                expected.pop_front();
                self.next_event_id += 1;
            }
        }
    }

    /// Passes the next command of the history by, which the host has issued itself.
    pub(super) fn pass_command(&mut self) {
        if let Mode::Compare(expected) = &mut self.mode {
            expected.pop_front();
            self.next_event_id += 1;
        }
    }

    // === What is open ===

    /// The event and the kind of what has this sequence number; `None` when it is not open any more.
    pub(super) fn open_by_seq(&mut self, seq: u32) -> Result<Option<(i64, &mut OpenKind)>> {
        if seq == 0 || seq >= self.next_seq {
            bail!("no command of this run has the sequence number {seq}");
        }
        let Some(&event_id) = self.events.get(&seq) else {
            return Ok(None);
        };
        Ok(self.open.get_mut(&event_id).map(|open| (event_id, &mut open.kind)))
    }

    /// What this event opened, if it is open.
    pub(crate) fn open_by_event(&self, event_id: i64) -> Option<&Open> {
        self.open.get(&event_id)
    }

    /// What this event opened. It is open no longer.
    pub(crate) fn resolve(&mut self, event_id: i64) -> Option<Open> {
        let open = self.open.remove(&event_id)?;
        self.events.remove(&open.seq);
        Some(open)
    }
}

/// A summary as clients show it.
fn in_short(summary: String) -> UserMetadata {
    UserMetadata {
        summary: Some(payload::json(serde_json::to_vec(&summary).expect("a string is JSON"))),
        details: None,
    }
}

pub(super) fn command(attributes: CommandAttributes, user_metadata: Option<UserMetadata>) -> Command {
    Command {
        command_type: wrt_model::command::command_type(&attributes).into(),
        user_metadata,
        attributes: Some(attributes),
        ..Default::default()
    }
}

fn spend(bytes_left: usize, command: &Command, issued: &str) -> Result<usize> {
    let bytes = command.encoded_len() + COMMAND_OVERHEAD_BYTES;
    match bytes_left.checked_sub(bytes) {
        Some(left) => Ok(left),
        None => bail!(
            "the commands of this activation take more bytes than the limit allows: {bytes_left} are left, and {issued} \
             takes {bytes}"
        ),
    }
}
