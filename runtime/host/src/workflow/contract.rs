//! The contracts that a workflow can be written for. Beyond this file, runs of both are the same.

use wasmtime::{
    Engine, Result, Store,
    component::{Component, HasSelf, Linker},
};
use wrt_model::proto::{Header, Payloads};

use super::{guest, jobs::Activation, state::RunState, temporal, trace};
use crate::{
    bindings::{
        temporal::{WorkflowModule, WorkflowModulePre},
        workflow::{Workflow, WorkflowPre},
    },
    describe::Description,
    failure::{QueryFailure, TaskFailure},
    prepare,
};

/// A component, linked with what its contract gives it.
#[derive(Clone)]
pub(crate) enum Code {
    /// `wrt:workflow`.
    Wrt(WorkflowPre<RunState>),
    /// `temporal:workflow-runtime`.
    Temporal(WorkflowModulePre<RunState>),
}

/// An instance of a component.
pub(crate) enum Guest {
    Wrt(Workflow),
    Temporal(Box<temporal::Guest>),
}

/// Why an activation did not come to its end.
pub(crate) enum Stopped {
    /// By itself: it may be asked again.
    Failed(TaskFailure),
    /// In the middle.
    Trapped(wasmtime::Error),
}

/// Gives a linker the imports of every contract.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> Result<()> {
    Workflow::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    WorkflowModule::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    trace::add_to_linker(linker)
}

impl Code {
    pub(crate) fn link(linker: &Linker<RunState>, component: &Component) -> Result<Self> {
        let code = linker.instantiate_pre(component)?;
        if component.get_export_index(None, prepare::TEMPORAL_GUEST).is_some() {
            WorkflowModulePre::new(code).map(Code::Temporal)
        } else {
            WorkflowPre::new(code).map(Code::Wrt)
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Code::Wrt(code) => code.engine(),
            Code::Temporal(code) => code.engine(),
        }
    }

    pub(crate) fn instantiate(&self, store: &mut Store<RunState>) -> Result<Guest> {
        Ok(match self {
            Code::Wrt(code) => Guest::Wrt(code.instantiate(store)?),
            Code::Temporal(code) => {
                let guest = temporal::Guest::new(code.instantiate(store)?);
                Guest::Temporal(Box::new(guest))
            }
        })
    }
}

impl Guest {
    /// Asks the component what it contains.
    pub(crate) fn describe(&self, store: &mut Store<RunState>) -> Result<Description> {
        match self {
            Guest::Wrt(guest) => Ok(guest.wrt_workflow_guest().call_describe(store)?.into()),
            Guest::Temporal(guest) => guest.describe(store),
        }
    }

    /// Tells the guest what happened, and lets it go as far as it can. Its commands are in the ledger.
    pub(crate) fn activate(&mut self, store: &mut Store<RunState>, activation: &Activation<'_>) -> Result<(), Stopped> {
        match self {
            Guest::Wrt(guest) => guest::activate(guest, store, activation),
            Guest::Temporal(guest) => guest.activate(store, activation),
        }
    }

    /// Asks the guest about its state.
    pub(crate) fn query(
        &mut self,
        store: &mut Store<RunState>,
        query_type: &str,
        input: Option<&Payloads>,
        header: Option<&Header>,
    ) -> Result<Result<Option<Payloads>, QueryFailure>> {
        match self {
            Guest::Wrt(guest) => guest::query(guest, store, query_type, input, header),
            Guest::Temporal(guest) => guest.query(store, query_type, input, header),
        }
    }
}

impl From<wasmtime::Error> for Stopped {
    fn from(error: wasmtime::Error) -> Self {
        Stopped::Trapped(error)
    }
}

impl From<TaskFailure> for Stopped {
    fn from(failure: TaskFailure) -> Self {
        Stopped::Failed(failure)
    }
}
