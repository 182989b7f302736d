//! Where the commands of a workflow go in a test.

use std::{
    cell::{Cell, Ref, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::update::UpdateState;
use crate::{command::Command, host::Host, log::Level};

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

/// What all runs of a test share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) not_patched: RefCell<BTreeSet<String>>,
    pub(super) updates: RefCell<BTreeMap<String, UpdateState>>,
}

/// Writes down what a workflow asks for, over all runs of its chain.
pub(super) struct TestHost {
    shared: Rc<Shared>,
    commands: RefCell<Vec<Command>>,
    logs: RefCell<Vec<LogLine>>,
    next_seq: Cell<u32>,
}

impl TestHost {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        TestHost {
            shared,
            commands: RefCell::default(),
            logs: RefCell::default(),
            next_seq: Cell::new(1),
        }
    }

    pub(super) fn commands(&self) -> Ref<'_, Vec<Command>> {
        self.commands.borrow()
    }

    pub(super) fn logs(&self) -> Vec<LogLine> {
        self.logs.borrow().clone()
    }

    /// Numbers begin again in the next run of the chain.
    pub(super) fn begin_run(&self) {
        self.next_seq.set(1);
    }
}

impl Host for Rc<TestHost> {
    fn issue(&self, command: Command) -> u32 {
        UpdateState::follow(&mut self.shared.updates.borrow_mut(), &command);
        let seq = if command.is_numbered() {
            self.next_seq.replace(self.next_seq.get() + 1)
        } else {
            0
        };
        self.commands.borrow_mut().push(command);
        seq
    }

    fn patched(&self, patch_id: &str) -> bool {
        !self.shared.not_patched.borrow().contains(patch_id)
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.logs.borrow_mut().push(LogLine {
            level,
            message: message.to_owned(),
            fields: fields.to_vec(),
        });
    }
}
