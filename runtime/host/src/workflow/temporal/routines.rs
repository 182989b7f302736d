//! The routines of a workflow: its own code and the handlers of its signals and updates. They are polled in turn until none
//! gets any further, the workflow's own code last, as the SDK's worker does.

use wasmtime::{Result, Store, component::ResourceAny, error::Context};
use wrt_model::proto::{
    Payloads,
    coresdk::{
        workflow_activation::{WorkflowActivationJob, workflow_activation_job::Variant as Job},
        workflow_commands::{
            CancelWorkflowExecution, CompleteWorkflowExecution, FailWorkflowExecution, workflow_command::Variant,
        },
    },
    enums::WorkflowTaskFailedCause,
    update::outcome,
};

use super::{Guest, commands::Commands, decode, raised};
use crate::{
    bindings::temporal::{guest::RoutinePollResult, imports::types as wit},
    failure::TaskFailure,
    workflow::{contract::Stopped, state::RunState},
};

/// The workflow's own code.
const MAIN: u64 = 0;

/// The handlers that have begun and not ended, in the order in which they began.
#[derive(Default)]
pub(super) struct Routines {
    handlers: Vec<u64>,
}

impl Routines {
    /// Takes what came of the jobs of an activation at once.
    pub(super) fn begin(
        &mut self,
        jobs: &[WorkflowActivationJob],
        results: Vec<wit::ActivationJobResult>,
        commands: &mut Commands,
    ) -> Result<()> {
        for (job, result) in jobs.iter().zip(results) {
            match (result, &job.variant) {
                (wit::ActivationJobResult::StartedRoutine(routine), Some(Job::DoUpdate(update))) => {
                    commands.accept(update.protocol_instance_id.clone());
                    self.handlers.push(routine.routine_id);
                }
                (wit::ActivationJobResult::StartedRoutine(routine), _) => self.handlers.push(routine.routine_id),
                (wit::ActivationJobResult::UpdateRejected(reason), Some(Job::DoUpdate(update))) => {
                    commands.reject(update.protocol_instance_id.clone(), decode(&reason)?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// How far a round of polls has come.
#[derive(Default)]
struct Round {
    made_progress: bool,
    /// An interceptor waits for something that no job will tell.
    is_stuck: bool,
    is_over: bool,
}

impl Guest {
    /// Polls the routines until none gets any further, or the run is over, and takes the commands that they have pushed.
    pub(super) fn drive(&mut self, store: &mut Store<RunState>, workflow: ResourceAny) -> Result<(), Stopped> {
        loop {
            let round = self.round(store, workflow)?;
            if round.is_over || !round.made_progress {
                self.commands.take(store.data_mut())?;
                return if round.is_stuck && !round.is_over {
                    Err(stuck().into())
                } else {
                    Ok(())
                };
            }
        }
    }

    fn round(&mut self, store: &mut Store<RunState>, workflow: ResourceAny) -> Result<Round, Stopped> {
        let mut round = Round::default();
        for routine in std::mem::take(&mut self.routines.handlers) {
            match self.poll(store, workflow, routine, &mut round)? {
                None => self.routines.handlers.push(routine),
                Some(wit::RoutineCompletion::Signal(wit::SignalRoutineCompletion::Succeeded)) => {}
                Some(wit::RoutineCompletion::Signal(wit::SignalRoutineCompletion::Failed(reason))) => {
                    return Err(raised(reason));
                }
                Some(wit::RoutineCompletion::Update(completion)) => self.complete_update(completion)?,
                Some(wit::RoutineCompletion::Main(_)) => return Err(confused("a handler ended as the workflow").into()),
            }
        }
        match self.poll(store, workflow, MAIN, &mut round)? {
            Some(wit::RoutineCompletion::Main(wit::MainRoutineCompletion::Blocked)) => {}
            Some(wit::RoutineCompletion::Main(wit::MainRoutineCompletion::TaskFailed(failed))) => {
                let cause = failed.force_cause.and_then(|cause| i32::try_from(cause).ok());
                let cause = cause.and_then(|cause| WorkflowTaskFailedCause::try_from(cause).ok());
                return Err(TaskFailure::raised(decode(&failed.failure)?, cause).into());
            }
            Some(wit::RoutineCompletion::Main(wit::MainRoutineCompletion::Terminal(outcome))) => {
                store.data_mut().pushed.commands.push(closing(outcome)?.into());
                round.is_over = true;
            }
            _ => return Err(confused("the workflow ended as a handler").into()),
        }
        Ok(round)
    }

    fn poll(
        &self,
        store: &mut Store<RunState>,
        workflow: ResourceAny,
        routine: u64,
        round: &mut Round,
    ) -> Result<Option<wit::RoutineCompletion>, Stopped> {
        let guest = self.module.temporal_workflow_runtime_workflow_guest();
        let polled = guest.workflow_instance().call_poll_routine(store, workflow, routine)?;
        let RoutinePollResult {
            completion,
            made_progress,
            pending_state,
        } = polled.map_err(raised)?;
        round.made_progress |= made_progress;
        round.is_stuck |= matches!(pending_state, Some(wit::RoutinePendingState::Interceptor));
        Ok(completion)
    }

    fn complete_update(&mut self, completion: wit::UpdateRoutineCompletion) -> Result<()> {
        let (id, outcome) = match completion {
            wit::UpdateRoutineCompletion::Completed(success) => {
                let payloads = vec![decode(&success.value)?];
                let value = outcome::Value::Success(Payloads { payloads });
                (success.protocol_instance_id, value)
            }
            wit::UpdateRoutineCompletion::Rejected(rejection) => {
                let value = outcome::Value::Failure(decode(&rejection.failure)?);
                (rejection.protocol_instance_id, value)
            }
        };
        self.commands.complete(id, outcome);
        Ok(())
    }
}

/// The last command of a run.
fn closing(outcome: wit::TerminalOutcome) -> Result<Variant> {
    Ok(match outcome {
        wit::TerminalOutcome::Completed(result) => Variant::CompleteWorkflowExecution(CompleteWorkflowExecution {
            result: Some(decode(&result)?),
        }),
        wit::TerminalOutcome::Failed(failure) => Variant::FailWorkflowExecution(FailWorkflowExecution {
            failure: Some(decode(&failure)?),
        }),
        wit::TerminalOutcome::Cancelled(details) => Variant::CancelWorkflowExecution(CancelWorkflowExecution {
            details: details.map(|details| decode(&details)).transpose()?,
        }),
        wit::TerminalOutcome::ContinueAsNew(request) => {
            Variant::ContinueAsNewWorkflowExecution(decode(&request).context("continue as new")?)
        }
    })
}

fn stuck() -> TaskFailure {
    TaskFailure::reported(
        "an interceptor of the workflow waits for something that no event will tell. Let it wait for its handler or for a \
         command of the workflow"
            .to_owned(),
    )
}

fn confused(what: &str) -> TaskFailure {
    TaskFailure::reported(format!(
        "the guest does not keep to `temporal:workflow-runtime`: {what}"
    ))
}
