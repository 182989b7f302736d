//! Where a workflow waits: which of its frames have asked for what is open.
//!
//! The imports that open something are linked once more, by functions that have the store at hand: an instance that is traced
//! keeps the guest's stack at each of these calls. The others pay for a look at a flag, and the stack is there because a
//! replay calls the same imports again.

use std::collections::{BTreeMap, HashMap};

use wasmtime::{
    Result, StoreContextMut, WasmBacktrace,
    component::{Linker, LinkerInstance},
};

use super::{ledger::Ledger, state::RunState};
use crate::{
    CONTRACT_VERSION, WorkflowInstance,
    bindings::{
        temporal::imports::workflow_host,
        workflow::imports::{
            activity::{self, ActivityOptions},
            child_workflow::{self, ChildWorkflowOptions},
            external_workflow::{self, WorkflowExecution},
            timer,
            types::{Duration, Header, Payload},
        },
    },
    frame::{Frame, frames},
};

/// The stacks of one instance, by the events that they have become.
#[derive(Default)]
pub(crate) struct Trace {
    /// That of the command which is issued now.
    now: Vec<Frame>,
    by_event: HashMap<i64, Vec<Frame>>,
}

impl WorkflowInstance {
    /// Keeps the stacks of what is asked for from now on: the history is to be replayed next.
    pub fn trace(&mut self) {
        self.store.data_mut().ledger.trace = Some(Box::default());
    }

    /// The guest's stacks at the calls that have opened what is open, innermost frame first, by the events that these became.
    /// Empty when nothing is open, or the instance was not traced.
    pub fn stacks(&self) -> BTreeMap<i64, Vec<Frame>> {
        let ledger = &self.store.data().ledger;
        let stacks = ledger.trace.iter().flat_map(|trace| &trace.by_event);
        let open = stacks.filter(|(event_id, _)| ledger.open_by_event(**event_id).is_some());
        open.map(|(event_id, frames)| (*event_id, frames.clone())).collect()
    }
}

impl Ledger {
    /// The stack of the command that is issued next.
    pub(super) fn issued_by(&mut self, frames: Vec<Frame>) {
        if let Some(trace) = &mut self.trace {
            trace.now = frames;
        }
    }

    /// The command that was issued has become this event.
    pub(super) fn opened(&mut self, event_id: i64) {
        if let Some(trace) = &mut self.trace {
            let frames = std::mem::take(&mut trace.now);
            trace.by_event.insert(event_id, frames);
        }
    }
}

/// The guest's stack, if it is wanted.
fn stack(store: &StoreContextMut<'_, RunState>) -> Option<Vec<Frame>> {
    let is_traced = store.data().ledger.trace.is_some();
    is_traced.then(|| frames(&WasmBacktrace::force_capture(store)))
}

/// Takes the place of the imports that open something.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> Result<()> {
    linker.allow_shadowing(true);
    add_wrt(linker)?;
    add_temporal(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn add_wrt(linker: &mut Linker<RunState>) -> Result<()> {
    let name = |interface: &str| format!("wrt:workflow/{interface}@{CONTRACT_VERSION}");
    add(
        &mut linker.instance(&name("activity"))?,
        "schedule",
        |state, (activity_type, input, options): (String, Vec<Payload>, ActivityOptions)| {
            activity::Host::schedule(state, activity_type, input, options)
        },
    )?;
    add(
        &mut linker.instance(&name("timer"))?,
        "start",
        |state, (start_to_fire_timeout, summary): (Duration, Option<String>)| {
            timer::Host::start(state, start_to_fire_timeout, summary)
        },
    )?;
    let mut child = linker.instance(&name("child-workflow"))?;
    add(
        &mut child,
        "start",
        |state, (workflow_type, input, options): (String, Vec<Payload>, ChildWorkflowOptions)| {
            child_workflow::Host::start(state, workflow_type, input, options)
        },
    )?;
    add(
        &mut child,
        "signal",
        |state, (seq, signal_name, input, header): (u32, String, Vec<Payload>, Header)| {
            child_workflow::Host::signal(state, seq, signal_name, input, header)
        },
    )?;
    let mut external = linker.instance(&name("external-workflow"))?;
    add(
        &mut external,
        "signal",
        |state, (execution, signal_name, input, header): (WorkflowExecution, String, Vec<Payload>, Header)| {
            external_workflow::Host::signal(state, execution, signal_name, input, header)
        },
    )?;
    add(
        &mut external,
        "request-cancel",
        |state, (execution, reason): (WorkflowExecution, String)| {
            external_workflow::Host::request_cancel(state, execution, reason)
        },
    )
}

/// A guest of this contract counts by itself, and its commands reach the ledger at the end of the task only.
fn add_temporal(linker: &mut Linker<RunState>) -> Result<()> {
    linker
        .instance("temporal:workflow-runtime/workflow-host@0.1.0")?
        .func_wrap(
            "push-command",
            |mut store: StoreContextMut<'_, RunState>, (bytes,): (Vec<u8>,)| {
                let stack = stack(&store);
                let state = store.data_mut();
                workflow_host::Host::push_command(state, bytes)?;
                state.pushed.stacks.extend(stack);
                Ok(())
            },
        )
}

fn add<Params, Issue>(instance: &mut LinkerInstance<'_, RunState>, name: &str, issue: Issue) -> Result<()>
where
    Params: wasmtime::component::ComponentNamedList + wasmtime::component::Lift + 'static,
    Issue: Fn(&mut RunState, Params) -> Result<u32> + Send + Sync + 'static,
{
    instance.func_wrap(name, move |mut store: StoreContextMut<'_, RunState>, params: Params| {
        if let Some(stack) = stack(&store) {
            store.data_mut().ledger.issued_by(stack);
        }
        issue(store.data_mut(), params).map(|seq| (seq,))
    })
}
