//! The commands of a run: hands out their sequence numbers and event ids, collects them when they are new, compares them
//! with the history when they are not.
//!
//! Sequence numbers and ids are the same in both cases, because nothing here depends on which one it is: the events of
//! a task's commands follow its `completed` event without a gap, so each id is known when the command is issued.

use std::collections::{HashMap, VecDeque};

use prost::Message;
use wasmtime::{Result, bail};
use wrt_model::{
    payload,
    proto::{
        Command, CommandAttributes, HistoryEvent, UserMetadata,
        command::{
            CancelTimerCommandAttributes, RequestCancelActivityTaskCommandAttributes,
            ScheduleActivityTaskCommandAttributes, StartTimerCommandAttributes,
        },
    },
};

use super::check::{self, Divergence};

/// The commands of one run.
pub(crate) struct Ledger {
    mode: Mode,
    next_seq: u32,
    next_event_id: i64,
    /// The bytes that the commands of one activation may still take.
    bytes_left: usize,
    closed_by: Option<&'static str>,
    activities: HashMap<i64, OpenActivity>,
    timers: HashMap<i64, u32>,
    /// The event of each open activity and timer, by sequence number.
    events: HashMap<u32, i64>,
}

/// What becomes of a command.
enum Mode {
    /// It traps, because this is no time to change the run.
    Refuse(&'static str),
    /// It is new.
    Collect(Vec<Command>),
    /// It was issued before: the history knows it.
    Compare(VecDeque<HistoryEvent>),
}

/// An activity that has not been resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenActivity {
    pub(crate) seq: u32,
    pub(crate) activity_id: String,
    pub(crate) activity_type: String,
    cancel_requested: bool,
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
            activities: HashMap::new(),
            timers: HashMap::new(),
            events: HashMap::new(),
        }
    }

    // === Activations ===

    /// Begins the activation of the task with this `started` event: what is issued is new. `bytes` is the most that
    /// the commands may take together.
    pub(crate) fn collect(&mut self, started_event_id: i64, bytes: usize) {
        self.bytes_left = bytes;
        self.begin(started_event_id, Mode::Collect(Vec::new()));
    }

    /// Begins the activation of a task that was completed before, whose commands became these events.
    pub(crate) fn compare<'e>(&mut self, started_event_id: i64, expected: impl Iterator<Item = &'e HistoryEvent>) {
        let expected = expected.cloned().collect();
        self.begin(started_event_id, Mode::Compare(expected));
    }

    /// Commands trap from now on; `during` says what the guest is doing.
    pub(crate) fn refuse(&mut self, during: &'static str) {
        self.mode = Mode::Refuse(during);
    }

    fn begin(&mut self, started_event_id: i64, mode: Mode) {
        // The next event is the task's `completed`, the one after it the first command's.
        self.next_event_id = started_event_id + 2;
        self.mode = mode;
    }

    /// Ends an activation: the commands that are new, in the order in which they were issued. A command that the
    /// history has and the workflow did not issue is a divergence.
    pub(crate) fn end(&mut self) -> Result<Vec<Command>, Divergence> {
        match std::mem::replace(&mut self.mode, Mode::Refuse("the time between activations")) {
            Mode::Collect(commands) => Ok(commands),
            Mode::Compare(mut expected) => match expected.pop_front() {
                Some(missing) => Err(check::missing(&missing)),
                None => Ok(Vec::new()),
            },
            Mode::Refuse(_) => Ok(Vec::new()),
        }
    }

    // === Commands ===

    pub(crate) fn schedule_activity(
        &mut self,
        attributes: impl FnOnce(u32) -> ScheduleActivityTaskCommandAttributes,
        summary: Option<String>,
    ) -> Result<u32> {
        let attributes = attributes(self.next_seq);
        let activity = OpenActivity {
            seq: self.next_seq,
            activity_id: attributes.activity_id.clone(),
            activity_type: attributes
                .activity_type
                .as_ref()
                .map(|activity_type| activity_type.name.clone())
                .unwrap_or_default(),
            cancel_requested: false,
        };
        let attributes = CommandAttributes::ScheduleActivityTaskCommandAttributes(attributes);
        let event_id = self.issue(attributes, summary)?;
        self.activities.insert(event_id, activity);
        Ok(self.number(event_id))
    }

    /// Does nothing when the activity is resolved or was asked before.
    pub(crate) fn request_cancel_activity(&mut self, seq: u32) -> Result<()> {
        let Some(scheduled_event_id) = self.open_event(seq)? else {
            return Ok(());
        };
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            bail!("activity.request-cancel: command {seq} is not an activity");
        };
        if std::mem::replace(&mut activity.cancel_requested, true) {
            return Ok(());
        }
        let attributes = RequestCancelActivityTaskCommandAttributes { scheduled_event_id };
        self.issue(
            CommandAttributes::RequestCancelActivityTaskCommandAttributes(attributes),
            None,
        )
        .map(drop)
    }

    pub(crate) fn start_timer(
        &mut self,
        start_to_fire_timeout: prost_types::Duration,
        summary: Option<String>,
    ) -> Result<u32> {
        let attributes = StartTimerCommandAttributes {
            timer_id: self.next_seq.to_string(),
            start_to_fire_timeout: Some(start_to_fire_timeout),
        };
        let attributes = CommandAttributes::StartTimerCommandAttributes(attributes);
        let event_id = self.issue(attributes, summary)?;
        self.timers.insert(event_id, self.next_seq);
        Ok(self.number(event_id))
    }

    /// Does nothing when the timer has fired or was canceled.
    pub(crate) fn cancel_timer(&mut self, seq: u32) -> Result<()> {
        let Some(started_event_id) = self.open_event(seq)? else {
            return Ok(());
        };
        if self.timers.remove(&started_event_id).is_none() {
            bail!("timer.cancel: command {seq} is not a timer");
        }
        self.events.remove(&seq);
        let attributes = CancelTimerCommandAttributes {
            timer_id: seq.to_string(),
        };
        self.issue(CommandAttributes::CancelTimerCommandAttributes(attributes), None)
            .map(drop)
    }

    /// The last command of a run; `name` is the function of the contract that issues it.
    pub(crate) fn close(&mut self, attributes: CommandAttributes, name: &'static str) -> Result<()> {
        self.issue(attributes, None)?;
        self.closed_by = Some(name);
        Ok(())
    }

    /// Takes a command and returns the id of its event.
    fn issue(&mut self, attributes: CommandAttributes, summary: Option<String>) -> Result<i64> {
        if let Some(closed_by) = self.closed_by {
            bail!(
                "{} was issued after `{closed_by}`, which has to be the last command of a run",
                check::describe_command(&attributes)
            );
        }
        let event_id = self.next_event_id;
        match &mut self.mode {
            Mode::Refuse(during) => {
                bail!(
                    "{during} must not change the run, but it issued {}",
                    check::describe_command(&attributes)
                );
            }
            Mode::Compare(expected) => {
                check::compare(event_id, &attributes, expected.pop_front().as_ref())?;
            }
            Mode::Collect(commands) => {
                let command = command(attributes, summary);
                self.bytes_left = spend(self.bytes_left, &command)?;
                commands.push(command);
            }
        }
        self.next_event_id += 1;
        Ok(event_id)
    }

    fn number(&mut self, event_id: i64) -> u32 {
        let seq = self.next_seq;
        self.events.insert(seq, event_id);
        self.next_seq += 1;
        seq
    }

    /// The event of an open activity or timer; `None` when it is not open any more.
    fn open_event(&self, seq: u32) -> Result<Option<i64>> {
        if seq == 0 || seq >= self.next_seq {
            bail!("no command of this run has the sequence number {seq}");
        }
        Ok(self.events.get(&seq).copied())
    }

    // === Resolutions ===

    /// The activity that this event scheduled. It is open no longer.
    pub(crate) fn resolve_activity(&mut self, scheduled_event_id: i64) -> Option<OpenActivity> {
        let activity = self.activities.remove(&scheduled_event_id)?;
        self.events.remove(&activity.seq);
        Some(activity)
    }

    /// The timer that this event started, unless it was canceled. It is open no longer.
    pub(crate) fn fire_timer(&mut self, started_event_id: i64) -> Option<u32> {
        let seq = self.timers.remove(&started_event_id)?;
        self.events.remove(&seq);
        Some(seq)
    }
}

fn command(attributes: CommandAttributes, summary: Option<String>) -> Command {
    Command {
        command_type: check::command_type(&attributes).into(),
        user_metadata: summary.map(|summary| UserMetadata {
            summary: Some(payload::json(serde_json::to_vec(&summary).expect("a string is JSON"))),
            details: None,
        }),
        attributes: Some(attributes),
        ..Default::default()
    }
}

fn spend(bytes_left: usize, command: &Command) -> Result<usize> {
    let bytes = command.encoded_len() + COMMAND_OVERHEAD_BYTES;
    match bytes_left.checked_sub(bytes) {
        Some(left) => Ok(left),
        None => bail!(
            "the commands of this activation take more bytes than the limit allows: {bytes_left} are left, and {} takes \
             {bytes}",
            check::describe_command(command.attributes.as_ref().expect("a command has attributes"))
        ),
    }
}
