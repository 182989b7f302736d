//! What a workflow asks for in a test.

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
    time::Duration,
};

use crate::{ActivityOptions, Failure, Payload, host::Host, log::Level};

/// Something that the workflow has asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// An activity.
    ScheduleActivity {
        /// Names the activity in later commands.
        seq: u32,
        /// The activity type.
        activity_type: String,
        /// The arguments.
        input: Vec<Payload>,
        /// The options, inherited ones included.
        options: ActivityOptions,
    },
    /// To stop an activity.
    RequestCancelActivity {
        /// The activity.
        seq: u32,
    },
    /// A timer.
    StartTimer {
        /// Names the timer in later commands.
        seq: u32,
        /// How long it runs.
        duration: Duration,
        /// One line for people.
        summary: Option<String>,
    },
    /// To forget a timer.
    CancelTimer {
        /// The timer.
        seq: u32,
    },
    /// To end as completed.
    Complete {
        /// The encoded result.
        output: Payload,
    },
    /// To end as failed.
    Fail {
        /// Why.
        failure: Failure,
    },
    /// To end as canceled.
    Cancel,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// How important it is.
    pub level: Level,
    /// The text.
    pub message: String,
    /// The named values.
    pub fields: Vec<(String, String)>,
}

/// Writes down what the workflow asks for.
#[derive(Default)]
pub(super) struct TestHost {
    commands: RefCell<Vec<Command>>,
    logs: RefCell<Vec<LogLine>>,
    next_seq: Cell<u32>,
    random: Cell<u64>,
}

impl TestHost {
    pub(super) fn commands(&self) -> Ref<'_, Vec<Command>> {
        self.commands.borrow()
    }

    pub(super) fn logs(&self) -> Vec<LogLine> {
        self.logs.borrow().clone()
    }

    fn push(&self, command: Command) {
        self.commands.borrow_mut().push(command);
    }

    fn seq(&self) -> u32 {
        self.next_seq.replace(self.next_seq.get() + 1)
    }
}

impl Host for Rc<TestHost> {
    fn schedule_activity(&self, activity_type: &str, input: Vec<Payload>, options: &ActivityOptions) -> u32 {
        let seq = self.seq();
        self.push(Command::ScheduleActivity {
            seq,
            activity_type: activity_type.to_owned(),
            input,
            options: options.clone(),
        });
        seq
    }

    fn request_cancel_activity(&self, seq: u32) {
        self.push(Command::RequestCancelActivity { seq });
    }

    fn start_timer(&self, duration: Duration, summary: Option<&str>) -> u32 {
        let seq = self.seq();
        self.push(Command::StartTimer {
            seq,
            duration,
            summary: summary.map(str::to_owned),
        });
        seq
    }

    fn cancel_timer(&self, seq: u32) {
        self.push(Command::CancelTimer { seq });
    }

    fn complete(&self, output: Payload) {
        self.push(Command::Complete { output });
    }

    fn fail(&self, failure: Failure) {
        self.push(Command::Fail { failure });
    }

    fn cancel(&self) {
        self.push(Command::Cancel);
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.logs.borrow_mut().push(LogLine {
            level,
            message: message.to_owned(),
            fields: fields.to_vec(),
        });
    }

    /// SplitMix64: the same numbers in every test.
    fn random(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
