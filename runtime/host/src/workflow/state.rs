//! What the host keeps for one run beside the guest's memory.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};
use wasmtime::{Result, UpdateDeadline, bail};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;
use wrt_model::Time;

use super::{attendant::Attendant, clock::RunClock, ledger::Ledger, random::RunRandom, temporal::Pushed};
use crate::{RunIdentity, WorkflowLimits, console::Console, engine::TICK, limits::MemoryLimit};

/// WASI handles that a guest may hold at the same time.
const HANDLES: usize = 4_096;

/// The state of a run, as imports see it.
pub(crate) struct RunState {
    pub(crate) run: Arc<RunIdentity>,
    /// The task queue of the run; activities go there unless they name another one.
    pub(crate) task_queue: String,
    pub(crate) ledger: Ledger,
    /// What the workflow says of its state to people.
    pub(crate) current_details: String,
    /// Commands of a guest of Temporal's contract that have yet to go to the ledger.
    pub(super) pushed: Pushed,
    pub(crate) clock: RunClock,
    pub(crate) random: RunRandom,
    pub(crate) console: Console,
    pub(crate) memory: MemoryLimit,
    /// True while the guest does again what it did before.
    pub(crate) replaying: bool,
    /// Looks after other things while the guest computes for long.
    pub(super) attendant: Option<Box<dyn Attendant>>,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    pub(super) http: WasiHttpCtx,
    limits: Arc<WorkflowLimits>,
    ticks_left: u32,
}

impl RunState {
    pub(crate) fn new(run: Arc<RunIdentity>, limits: Arc<WorkflowLimits>) -> Self {
        let console = Console::new(super::log::sink(Arc::clone(&run)));
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        RunState {
            task_queue: String::new(),
            ledger: Ledger::new(),
            current_details: String::new(),
            pushed: Pushed::default(),
            clock: RunClock::starting(run.start_time),
            random: RunRandom::seeded(&run.original_execution_run_id),
            memory: MemoryLimit::new(limits.memory_bytes),
            replaying: false,
            attendant: None,
            wasi: super::wasi::context(&console),
            http: WasiHttpCtx::new(),
            ticks_left: ticks(limits.activation_time),
            table,
            console,
            limits,
            run,
        }
    }

    /// Prepares for a call of the guest. What it prints and logs is left out on replay.
    pub(crate) fn begin(&mut self, replaying: bool) {
        self.replaying = replaying;
        self.ticks_left = ticks(self.limits.activation_time);
        self.pushed = Pushed::default();
        self.memory.begin();
        self.console.begin(replaying);
    }

    /// Sets the time that the run's clocks show.
    pub(crate) fn set_time(&mut self, time: Time) {
        self.clock.set(time);
    }

    /// The limits of this run.
    pub(crate) fn limits(&self) -> &WorkflowLimits {
        &self.limits
    }

    /// Called whenever the guest has computed for a tick: leaves what else its thread has to do to others, or ends it.
    pub(crate) fn tick(&mut self) -> Result<UpdateDeadline> {
        self.ticks_left = match self.ticks_left.checked_sub(1) {
            Some(left) => left,
            None => bail!(
                "the time limit of {:?} for one activation is reached: the workflow computes without returning. Move \
                 long computations into an activity",
                self.limits.activation_time
            ),
        };
        hand_over();
        if let Some(attendant) = &mut self.attendant
            && !attendant.attend()
        {
            bail!("interrupted: nobody waits any more for what the workflow computes");
        }
        Ok(UpdateDeadline::Continue(1))
    }
}

/// Gives the tasks that wait for this thread to another one. The guest keeps the thread, and shares the processors with the
/// others as threads do.
fn hand_over() {
    let Ok(runtime) = Handle::try_current() else { return };
    if runtime.runtime_flavor() != RuntimeFlavor::MultiThread {
        return;
    }
    block_in_place(|| {
        let (taking_over, taken_over) = mpsc::channel::<()>();
        runtime.spawn(async move { drop(taking_over) });
        // It ends with an error either way. There may be no thread to spare, and then the guest goes on.
        let _ = taken_over.recv_timeout(TICK);
    });
}

/// A span in ticks, rounded up.
fn ticks(span: Duration) -> u32 {
    u32::try_from(span.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u32::MAX)
}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
