//! `temporal:workflow-runtime`: guests that are written with Temporal's own crate for workflows.
//!
//! They speak of jobs and commands as Temporal's SDKs do with the core that they share, so this folder has that core's part:
//! which jobs events become and in which order (`activation`), how the guest's routines are polled (`routines`), and what
//! becomes of its commands (`commands`). Commands have the order and the ids that the SDK's own worker would give them.

use prost::Message;
use wasmtime::{Result, Store, component::ResourceAny, error::Context};
use wrt_model::{
    component::{HandlerDefinition, TypeDefinition},
    proto::{
        Header, Payload, Payloads,
        coresdk::{
            workflow_activation::{
                InitializeWorkflow, QueryWorkflow, WorkflowActivation, WorkflowActivationJob,
                workflow_activation_job::Variant,
            },
            workflow_commands::WorkflowCommand,
        },
    },
};

use super::{contract::Stopped, jobs, state::RunState};
use crate::{
    bindings::temporal::{WorkflowModule, guest as wit, imports},
    describe::Description,
    failure::{QueryFailure, TaskFailure},
    frame::Frame,
};

mod activation;
mod cancellation;
mod commands;
mod encoding;
mod queue;
mod routines;
mod translation;
mod waiting;

use self::{commands::Commands, routines::Routines};

/// The name of the contract, and what components of it name as their SDK.
pub const TEMPORAL_CONTRACT: &str = "temporal:workflow-runtime";

/// The contract's name and version, as what it knows of the SDK.
const SDK: (&str, &str) = (TEMPORAL_CONTRACT, "0.1.0");

/// An instance of a component, and the workflow in it.
pub(crate) struct Guest {
    module: WorkflowModule,
    /// Made by the first job of the run.
    workflow: Option<ResourceAny>,
    routines: Routines,
    commands: Commands,
    /// What the last activation told beside its jobs: it holds until the next one.
    circumstances: WorkflowActivation,
}

impl Guest {
    pub(crate) fn new(module: WorkflowModule) -> Self {
        Guest {
            module,
            workflow: None,
            routines: Routines::default(),
            commands: Commands::default(),
            circumstances: WorkflowActivation::default(),
        }
    }

    /// Asks the component what it contains.
    pub(crate) fn describe(&self, store: &mut Store<RunState>) -> Result<Description> {
        let guest = self.module.temporal_workflow_runtime_workflow_guest();
        let workflows = guest.call_list_workflows(store)?;
        Ok(Description {
            sdk_name: SDK.0.to_owned(),
            sdk_version: SDK.1.to_owned(),
            types: workflows.into_iter().map(type_definition).collect(),
            activities: Vec::new(),
        })
    }

    /// Tells the workflow what happened, and again what comes at once of its own commands.
    pub(crate) fn activate(
        &mut self,
        store: &mut Store<RunState>,
        activation: &jobs::Activation<'_>,
    ) -> Result<(), Stopped> {
        let state = store.data();
        self.circumstances = activation::circumstances(state, activation.task);
        let mut jobs = activation::jobs(state, &mut self.commands, &activation.jobs);
        while !jobs.is_empty() {
            self.turn(store, jobs)?;
            jobs = self.commands.resolutions();
        }
        Ok(self.commands.issue(&mut store.data_mut().ledger)?)
    }

    /// Asks the workflow about its state.
    pub(crate) fn query(
        &mut self,
        store: &mut Store<RunState>,
        query_type: &str,
        input: Option<&Payloads>,
        header: Option<&Header>,
    ) -> Result<Result<Option<Payloads>, QueryFailure>> {
        let Some(workflow) = self.workflow else {
            let early = "the workflow has not begun: ask it after its first workflow task";
            return Ok(Err(QueryFailure::refused(early.to_owned())));
        };
        let query = Variant::QueryWorkflow(QueryWorkflow {
            query_type: query_type.to_owned(),
            arguments: activation::list(input),
            headers: header.map(|header| header.fields.clone()).unwrap_or_default(),
            ..Default::default()
        });
        let activation = self.activation(vec![query.into()]);
        let results = match self.tell(store, workflow, &activation)? {
            Ok(results) => results,
            Err(reason) => return Ok(Err(QueryFailure::raised(decode(&reason)?))),
        };
        match results.job_results.into_iter().next() {
            Some(imports::types::ActivationJobResult::QueryResponse(answer)) => Ok(match answer.response {
                Ok(payload) => Ok(Some(Payloads {
                    payloads: vec![decode::<Payload>(&payload)?],
                })),
                Err(reason) => Err(QueryFailure::raised(decode(&reason)?)),
            }),
            _ => Ok(Err(QueryFailure::refused("the workflow did not answer".to_owned()))),
        }
    }

    /// One activation, and all that its routines do because of it.
    fn turn(&mut self, store: &mut Store<RunState>, jobs: Vec<WorkflowActivationJob>) -> Result<(), Stopped> {
        let workflow = match self.workflow {
            Some(workflow) => workflow,
            None => *self.workflow.insert(self.make(store, &jobs)?),
        };
        let activation = self.activation(jobs);
        let results = self.tell(store, workflow, &activation)?.map_err(raised)?;
        self.routines
            .begin(&activation.jobs, results.job_results, &mut self.commands)?;
        self.drive(store, workflow)
    }

    fn make(&self, store: &mut Store<RunState>, jobs: &[WorkflowActivationJob]) -> Result<ResourceAny, Stopped> {
        let Some(Variant::InitializeWorkflow(start)) = jobs.first().and_then(|job| job.variant.as_ref()) else {
            return Err(
                TaskFailure::reported("the history does not begin with the start of the run".to_owned()).into(),
            );
        };
        let init = init(store.data(), start);
        let guest = self.module.temporal_workflow_runtime_workflow_guest();
        let made = guest.call_instantiate_workflow(store, &init)?;
        made.map_err(raised)
    }

    fn tell(
        &self,
        store: &mut Store<RunState>,
        workflow: ResourceAny,
        activation: &WorkflowActivation,
    ) -> Result<Result<wit::ActivationResult, wit::Failure>> {
        let guest = self.module.temporal_workflow_runtime_workflow_guest();
        let instance = guest.workflow_instance();
        instance.call_activate(store, workflow, &encoding::activation(activation))
    }

    fn activation(&self, jobs: Vec<WorkflowActivationJob>) -> WorkflowActivation {
        WorkflowActivation {
            jobs,
            ..self.circumstances.clone()
        }
    }
}

fn init(state: &RunState, start: &InitializeWorkflow) -> wit::WorkflowInit {
    wit::WorkflowInit {
        namespace: state.run.namespace.clone(),
        task_queue: state.task_queue.clone(),
        run_id: state.run.run_id.clone(),
        initialize_workflow: encoding::start(start),
    }
}

fn raised(failure: wit::Failure) -> Stopped {
    match decode(&failure) {
        Ok(failure) => TaskFailure::raised(failure, None).into(),
        Err(error) => error.into(),
    }
}

/// A message that the guest has encoded.
fn decode<M: Message + Default + prost::Name>(bytes: &[u8]) -> Result<M> {
    M::decode(bytes).with_context(|| format!("the guest gave bytes that are no {}", M::NAME))
}

fn type_definition(definition: wit::WorkflowDefinition) -> TypeDefinition {
    let handler = |name| HandlerDefinition {
        name,
        ..Default::default()
    };
    TypeDefinition {
        name: definition.workflow_type,
        signals: definition.signals.into_iter().map(handler).collect(),
        queries: definition.queries.into_iter().map(handler).collect(),
        updates: definition
            .updates
            .into_iter()
            .map(|update| handler(update.name))
            .collect(),
        ..Default::default()
    }
}

// === Imports ===

/// The commands that a guest has pushed in this activation.
#[derive(Default)]
pub(crate) struct Pushed {
    commands: Vec<WorkflowCommand>,
    bytes: usize,
    /// The guest's stacks at these commands, if they are wanted.
    pub(super) stacks: Vec<Vec<Frame>>,
}

impl imports::types::Host for RunState {}

impl imports::workflow_host::Host for RunState {
    fn set_current_details(&mut self, details: String) -> Result<()> {
        self.current_details = details;
        Ok(())
    }

    fn push_command(&mut self, bytes: Vec<u8>) -> Result<()> {
        let command: WorkflowCommand = decode(&bytes)?;
        self.ledger.check_open(&command.to_string())?;
        self.pushed.bytes += bytes.len();
        if self.pushed.bytes > self.limits().command_bytes {
            wasmtime::bail!(
                "the commands of this activation take more bytes than the limit of {}",
                self.limits().command_bytes
            );
        }
        self.pushed.commands.push(command);
        Ok(())
    }

    fn patch_activation(&mut self, _patch_id: String) -> Result<bool> {
        Ok(true)
    }
}
