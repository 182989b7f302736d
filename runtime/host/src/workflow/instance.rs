//! A run in memory: its guest, and how far into its history it has come.

use wasmtime::Store;
use wrt_model::proto::{Header, HistoryEvent, Payloads, update};

use super::{
    check::Divergence,
    contract::{Guest, Stopped},
    jobs::{self, Activation, StartedTask},
    ledger::Completion,
    local_activity::LocalActivityEnd,
    state::RunState,
    turns::{self, BrokenHistory, Turn},
};
use crate::{
    failure::{QueryFailure, TaskFailure},
    trap,
};

/// One run of a workflow: its own instance, with its own memory. It is driven by the events of its history, in order,
/// by one path for those that were seen before and those that are new.
pub struct WorkflowInstance {
    pub(super) store: Store<RunState>,
    guest: Guest,
    /// Events after the last task that was run. Their jobs belong to the next one.
    pub(super) kept: Vec<HistoryEvent>,
    /// The last task, if it was run here for the first time: the history has yet to say that it was completed.
    unsettled: Option<Unsettled>,
    last_event_id: i64,
    pub(super) tainted: bool,
    trapped: bool,
}

/// A task that was run and whose events are not known yet.
struct Unsettled {
    task: StartedTask,
    commands: usize,
}

impl WorkflowInstance {
    pub(crate) fn new(store: Store<RunState>, guest: Guest) -> Self {
        WorkflowInstance {
            store,
            guest,
            kept: Vec::new(),
            unsettled: None,
            last_event_id: 0,
            tainted: false,
            trapped: false,
        }
    }

    /// Runs a workflow task. Takes every event that was appended since the last call, in order, ending with the
    /// `started` event of the task, and the updates that it brings; returns what the workflow has decided.
    ///
    /// After a failure the instance is tainted, and when it has rejected an update: nothing of what was done for that one
    /// may be kept.
    pub fn activate(
        &mut self,
        events: &[HistoryEvent],
        updates: Vec<update::Request>,
    ) -> Result<Completion, TaskFailure> {
        let completion = self.guarded(events, Some(updates))?;
        self.tainted = !completion.rejections.is_empty();
        Ok(completion)
    }

    /// Goes on with the task that was run last: one of its local activities has ended. Returns what the workflow has
    /// decided because of that.
    ///
    /// After a failure the instance is tainted.
    pub fn end_local_activity(&mut self, end: LocalActivityEnd) -> Result<Completion, TaskFailure> {
        let Some(unsettled) = self.unsettled.take().filter(|_| !self.tainted) else {
            return Err(TaskFailure::tainted());
        };
        self.tainted = true;
        self.begin(false);
        let ledger = &mut self.store.data_mut().ledger;
        ledger.go_on();
        let ended = ledger
            .end_local_activity(end)
            .map_err(|error| TaskFailure::reported(error.to_string()))?;
        self.call(&Activation {
            task: unsettled.task,
            jobs: vec![ended.job()],
        })?;
        let completion = self.end()?;
        self.unsettled = Some(Unsettled {
            commands: unsettled.commands + completion.commands.len(),
            ..unsettled
        });
        self.tainted = false;
        Ok(completion)
    }

    /// Rebuilds the state. Takes a history, or the next part of one, ending where a batch of events ended, and replays
    /// each workflow task that was completed, comparing each command with its event as it is issued. Events after the
    /// last completed task are kept for the next call.
    ///
    /// After a failure the instance is tainted.
    pub fn replay(&mut self, events: &[HistoryEvent]) -> Result<(), TaskFailure> {
        self.guarded(events, None).map(drop)
    }

    /// Asks the workflow about its state. The instance is tainted by it, because asking may change what is in memory.
    pub fn query(
        &mut self,
        query_type: &str,
        input: Option<Payloads>,
        header: Option<Header>,
    ) -> Result<Option<Payloads>, QueryFailure> {
        if self.trapped {
            return Err(QueryFailure::trapped_before());
        }
        self.tainted = true;
        self.begin(false);
        self.store.data_mut().ledger.refuse("a query");
        let outcome = self
            .guest
            .query(&mut self.store, query_type, input.as_ref(), header.as_ref());
        let state = self.store.data_mut();
        state.console.end();
        outcome.unwrap_or_else(|error| {
            self.trapped = true;
            Err(trap::explain(&error, &state.memory, &state.console).into())
        })
    }

    /// True once a call of the guest has stopped in the middle.
    pub fn has_trapped(&self) -> bool {
        self.trapped
    }

    /// What the workflow says of its state to people; empty when it says nothing.
    pub fn current_details(&self) -> &str {
        &self.store.data().current_details
    }

    /// The last event that it has seen; 0 before the first.
    pub fn last_event_id(&self) -> i64 {
        self.last_event_id
    }

    /// True after a query or a failure. A tainted instance must not run the workflow any further: drop it and rebuild the
    /// state by replay. It still answers queries, unless it trapped.
    pub fn is_tainted(&self) -> bool {
        self.tainted
    }

    /// Roughly the bytes that it keeps resident.
    ///
    /// A linear memory shares the pages that were never written with all instances of its component. What it is
    /// counted as was measured: Rust guests have some 70 KiB of their own, QuickJS 290 KiB, CPython 1 MiB.
    pub fn memory_bytes(&self) -> usize {
        const STORE_BYTES: usize = 32 << 10;
        const WRITTEN_SHARE: usize = 16;
        let kept: usize = self.kept.iter().map(prost::Message::encoded_len).sum();
        STORE_BYTES + self.store.data().memory.used_bytes() / WRITTEN_SHARE + kept
    }

    // === Events ===

    /// `updates` are those of the task that is to be run; `None` to replay only.
    fn guarded(
        &mut self,
        events: &[HistoryEvent],
        updates: Option<Vec<update::Request>>,
    ) -> Result<Completion, TaskFailure> {
        if self.tainted {
            return Err(TaskFailure::tainted());
        }
        // Stays so when it fails.
        self.tainted = true;
        let completion = self.advance(events, updates)?;
        self.tainted = false;
        Ok(completion)
    }

    /// Replays the tasks that were completed; then runs the one that was started, or keeps the events for later.
    fn advance(
        &mut self,
        events: &[HistoryEvent],
        updates: Option<Vec<update::Request>>,
    ) -> Result<Completion, TaskFailure> {
        let kept = std::mem::take(&mut self.kept);
        let all: Vec<&HistoryEvent> = kept.iter().chain(events).collect();
        self.last_event_id = all.last().map_or(self.last_event_id, |event| event.event_id);
        let (completed, rest) = turns::cut(self.settle(&all)?)?;
        for turn in completed {
            self.repeat(&turn)?;
        }
        match updates {
            Some(updates) => self.run(rest, updates),
            None => {
                self.kept = rest.iter().copied().cloned().collect();
                Ok(Completion::default())
            }
        }
    }

    /// Checks that the task which ran here was completed with the commands that it issued, and passes its events by.
    fn settle<'e>(&mut self, events: &'e [&'e HistoryEvent]) -> Result<&'e [&'e HistoryEvent], BrokenHistory> {
        let Some((first, rest)) = events.split_first() else {
            return Ok(events);
        };
        let Some(unsettled) = self.unsettled.take() else {
            return Ok(events);
        };
        let (commands, rest) = turns::split_commands(rest);
        if turns::completes(first) != Some(unsettled.task.started_event_id) || commands.len() != unsettled.commands {
            return Err(BrokenHistory(format!(
                "event {} does not complete the workflow task that event {} started with {} commands, as it ran here",
                first.event_id, unsettled.task.started_event_id, unsettled.commands
            )));
        }
        Ok(rest)
    }

    /// Does again what a completed task did.
    fn repeat(&mut self, turn: &Turn<'_>) -> Result<(), TaskFailure> {
        let ledger = &mut self.store.data_mut().ledger;
        ledger.admit_updates(turn.happened);
        let updates = ledger.accepted_updates(turn.commands);
        let task = turn.started.into();
        let activation = jobs::activation(self.store.data_mut(), task, turn.happened, &updates)?;
        self.begin(true);
        let state = self.store.data_mut();
        state
            .ledger
            .compare(turn.started.event_id, updates.clone(), turn.commands.iter().copied());
        self.call(&activation)?;
        while let Some(ended) = self.store.data_mut().ledger.recorded_local_activity() {
            self.call(&Activation {
                task,
                jobs: vec![ended.job()],
            })?;
        }
        self.end()?;
        Ok(())
    }

    /// Runs the task that was started last.
    fn run(&mut self, happened: &[&HistoryEvent], updates: Vec<update::Request>) -> Result<Completion, TaskFailure> {
        let task: StartedTask = turns::open_task(happened)?.into();
        let activation = jobs::activation(self.store.data_mut(), task, happened, &updates)?;
        self.begin(false);
        let state = self.store.data_mut();
        let command_bytes = state.limits().command_bytes;
        state
            .ledger
            .collect(task.started_event_id, updates.clone(), command_bytes);
        self.call(&activation)?;
        let completion = self.end()?;
        self.unsettled = Some(Unsettled {
            task,
            commands: completion.commands.len(),
        });
        Ok(completion)
    }

    // === The guest ===

    pub(super) fn state(&mut self) -> &mut RunState {
        self.store.data_mut()
    }

    fn begin(&mut self, replaying: bool) {
        self.store.set_epoch_deadline(1);
        self.store.data_mut().begin(replaying);
    }

    fn call(&mut self, activation: &Activation<'_>) -> Result<(), TaskFailure> {
        let outcome = self.guest.activate(&mut self.store, activation);
        let state = self.store.data_mut();
        state.console.end();
        outcome.map_err(|stopped| match stopped {
            Stopped::Failed(failure) => failure,
            Stopped::Trapped(error) => {
                self.trapped = true;
                trap::explain(&error, &state.memory, &state.console).into()
            }
        })?;
        if let Some(id) = state.ledger.unanswered_update() {
            return Err(TaskFailure::reported(format!(
                "the workflow neither accepted nor rejected update {id:?} in the activation that brought it"
            )));
        }
        Ok(())
    }

    /// Ends the activations of a task, or of a part of one that local activities have cut into parts.
    fn end(&mut self) -> Result<Completion, Divergence> {
        self.store.data_mut().ledger.end()
    }
}
