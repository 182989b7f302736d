//! Workflow components: from compiled code to runs.

use std::sync::Arc;

use wasmtime::{
    Engine, Result, Store,
    component::{Component, Linker},
};
use wrt_model::{
    ComponentKind, Digest, Time,
    component::TypeDefinition,
    proto::{EventAttributes, HistoryEvent, WorkflowExecution},
};

use crate::{
    HostError, WorkflowLimits,
    bindings::workflow::{self, guest as wit},
    describe::Description,
    error::message,
    other_side::OtherSide,
    trap,
};

mod activity;
mod attendant;
mod check;
mod child_workflow;
mod clock;
mod contract;
mod convert;
mod execution;
mod external_workflow;
mod failure;
mod guest;
mod http;
mod instance;
mod jobs;
mod ledger;
mod local_activity;
mod log;
mod patch;
mod random;
mod rehearsal;
mod resolutions;
mod start;
mod state;
mod temporal;
mod timer;
mod trace;
mod turns;
mod update;
mod visibility;
mod waiting;
mod wasi;

pub use self::{
    attendant::Attendant,
    instance::WorkflowInstance,
    ledger::Completion,
    local_activity::{LocalActivity, LocalActivityEnd},
    temporal::TEMPORAL_CONTRACT,
};
pub(crate) use self::{check::Divergence, turns::BrokenHistory};
use self::{
    contract::{Code, Guest},
    state::RunState,
};

/// A workflow component, compiled and ready to be instantiated. Clones share the code.
#[derive(Clone)]
pub struct WorkflowModule {
    digest: Digest,
    code: Code,
    limits: Arc<WorkflowLimits>,
}

/// Whose instance it is. All of it comes from the run's `started` event and its name, and is the same on every replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunIdentity {
    /// The namespace's name.
    pub namespace: String,
    /// The workflow's id.
    pub workflow_id: String,
    /// The run's id.
    pub run_id: String,
    /// The run that the randomness is seeded by: `original_execution_run_id` of the `started` event.
    pub original_execution_run_id: String,
    /// The time of the `started` event, which the monotonic clock counts from.
    pub start_time: Time,
}

impl RunIdentity {
    /// That of the run which a history is of; `None` when it does not begin with the start of a run. A name that
    /// `execution` leaves open is taken from the start, too. A history does not tell its namespace.
    pub fn of_history(namespace: &str, execution: &WorkflowExecution, history: &[HistoryEvent]) -> Option<Self> {
        let first = history.first()?;
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &first.attributes else {
            return None;
        };
        let or = |given: &str, written: &str| if given.is_empty() { written } else { given }.to_owned();
        Some(RunIdentity {
            namespace: namespace.to_owned(),
            workflow_id: or(&execution.workflow_id, &started.workflow_id),
            run_id: or(&execution.run_id, &started.original_execution_run_id),
            original_execution_run_id: started.original_execution_run_id.clone(),
            start_time: jobs::time_of(first),
        })
    }
}

/// Links workflow components with what the contract gives them.
pub(crate) struct WorkflowLinker {
    linker: Linker<RunState>,
    limits: Arc<WorkflowLimits>,
}

impl WorkflowLinker {
    pub(crate) fn new(engine: &Engine, limits: WorkflowLimits) -> Result<Self> {
        let mut linker = Linker::new(engine);
        wasi::add_to_linker(&mut linker)?;
        http::add_to_linker(&mut linker)?;
        contract::add_to_linker(&mut linker)?;
        Ok(WorkflowLinker {
            linker,
            limits: Arc::new(limits),
        })
    }

    pub(crate) fn link(&self, digest: &Digest, component: &Component) -> Result<WorkflowModule, HostError> {
        OtherSide::Activities
            .link(&self.linker, component)
            .and_then(|linker| Code::link(&linker, component))
            .map(|code| WorkflowModule {
                digest: digest.clone(),
                code,
                limits: Arc::clone(&self.limits),
            })
            .map_err(|error| HostError::Kind {
                digest: digest.clone(),
                expected: ComponentKind::Workflow,
                cause: message(&error),
            })
    }
}

impl WorkflowModule {
    /// The component's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Makes an instance for a run: [`replay`](WorkflowInstance::replay) its history, or begin with
    /// [`activate`](WorkflowInstance::activate).
    pub fn instantiate(&self, run: RunIdentity) -> Result<WorkflowInstance, HostError> {
        let (store, guest) = self.start(run)?;
        Ok(WorkflowInstance::new(store, guest))
    }

    /// Asks the component what it contains, in an instance of its own.
    pub(crate) fn describe(&self) -> Result<Description, HostError> {
        let nobody = RunIdentity {
            namespace: String::new(),
            workflow_id: String::new(),
            run_id: String::new(),
            original_execution_run_id: String::new(),
            start_time: Time::EPOCH,
        };
        let (mut store, guest) = self.start(nobody)?;
        store.data_mut().ledger.refuse("describing a component");
        match guest.describe(&mut store) {
            Ok(description) => Ok(description),
            Err(error) => Err(self.stopped(&error, store.data())),
        }
    }

    fn start(&self, run: RunIdentity) -> Result<(Store<RunState>, Guest), HostError> {
        let state = RunState::new(Arc::new(run), Arc::clone(&self.limits));
        let mut store = Store::new(self.code.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        store.set_epoch_deadline(1);
        match self.code.instantiate(&mut store) {
            Ok(guest) => Ok((store, guest)),
            Err(error) => Err(self.stopped(&error, store.data())),
        }
    }

    fn stopped(&self, error: &wasmtime::Error, state: &RunState) -> HostError {
        crate::error::stopped(
            &self.digest,
            error,
            &trap::explain(error, &state.memory, &state.console),
        )
    }
}

impl workflow::imports::types::Host for RunState {}
impl workflow::imports::failures::Host for RunState {}

// === Describing ===

impl From<wit::ModuleDefinition> for Description {
    fn from(definition: wit::ModuleDefinition) -> Self {
        Description {
            sdk_name: definition.sdk_name,
            sdk_version: definition.sdk_version,
            types: definition.workflows.into_iter().map(type_definition).collect(),
            activities: Vec::new(),
        }
    }
}

fn type_definition(definition: wit::WorkflowDefinition) -> TypeDefinition {
    TypeDefinition {
        name: definition.name,
        description: definition.description,
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
        signals: definition.signals.into_iter().map(handler).collect(),
        queries: definition.queries.into_iter().map(handler).collect(),
        updates: definition.updates.into_iter().map(handler).collect(),
    }
}

fn handler(definition: wit::HandlerDefinition) -> wrt_model::component::HandlerDefinition {
    wrt_model::component::HandlerDefinition {
        name: definition.name,
        description: definition.description,
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
    }
}
