//! Updates: requests that change a run and wait for an answer.
//!
//! One that the workflow has not answered lives in memory only, beside its run. What was accepted is part of the run:
//! whoever waits for the outcome watches the run, wherever and whenever it asks.

use std::time::Duration;

use tokio::sync::oneshot;
use wrt_model::{
    Limits, Namespace, RunKey, WorkflowKey, failure,
    proto::{
        EventAttributes, Failure, WorkflowExecution,
        enums::UpdateWorkflowExecutionLifecycleStage as Stage,
        update::{self, Outcome, UpdateRef, outcome},
        workflowservice::{
            PollWorkflowExecutionUpdateRequest, PollWorkflowExecutionUpdateResponse, StartWorkflowExecutionRequest,
            UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse,
        },
    },
    update_id,
};

use crate::{
    Engine, EngineError,
    lane::{HotRun, Lane, Message, Step},
    signal::key_of,
    start::{Started, With},
};

/// How long a caller waits for a stage before it is told to ask again.
const LONG_POLL: Duration = Duration::from_secs(20);

/// A caller wants an update.
pub(crate) struct UpdateMessage {
    pub(crate) run_id: String,
    pub(crate) request: update::Request,
    /// A worker has it, with the workflow task that it holds.
    pub(crate) is_sent: bool,
    pub(crate) reply: oneshot::Sender<Result<Answer, EngineError>>,
}

/// What a workflow says to an update at first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// It is recorded in this run.
    Accepted(RunKey),
    /// It was turned away by this run.
    Rejected(RunKey, Box<Failure>),
}

impl Engine {
    /// Asks a workflow for an update and waits for the stage that the request names.
    pub async fn update_workflow(
        &self,
        namespace: &Namespace,
        request: UpdateWorkflowExecutionRequest,
    ) -> Result<UpdateWorkflowExecutionResponse, EngineError> {
        let stage = wait_stage(request.wait_policy.as_ref());
        let first_run_id = request.first_execution_run_id.clone();
        let (key, message, answer) = message(namespace, request);
        if !first_run_id.is_empty() {
            self.decide(&key, &message.run_id, move |turn| {
                match turn.run().first_execution_run_id == first_run_id {
                    true => Ok(()),
                    false => Err(wrt_machine::Rejection::WorkflowClosed),
                }
            })
            .await?;
        }
        let id = update_id(&message.request).to_owned();
        self.send(&key, Message::Update(Box::new(message)));
        self.answered(&key, id, stage, answer).await
    }

    /// Starts a workflow if it is not running, and asks it for an update, in one step. Says how each of the two went.
    pub async fn update_with_start(
        &self,
        namespace: &Namespace,
        start: StartWorkflowExecutionRequest,
        update: UpdateWorkflowExecutionRequest,
    ) -> (
        Result<Started, EngineError>,
        Result<UpdateWorkflowExecutionResponse, EngineError>,
    ) {
        let stage = wait_stage(update.wait_policy.as_ref());
        let conflict = start.workflow_id_conflict_policy();
        let (key, message, answer) = message(namespace, update);
        let id = update_id(&message.request).to_owned();
        let with = With::Update(Box::new(message));
        let started = self.begin(namespace, start, conflict, None, with).await;
        let updated = self.answered(&key, id, stage, answer).await;
        (started, updated)
    }

    async fn answered(
        &self,
        key: &WorkflowKey,
        id: String,
        stage: Stage,
        answer: oneshot::Receiver<Result<Answer, EngineError>>,
    ) -> Result<UpdateWorkflowExecutionResponse, EngineError> {
        let response = |run_id: String, stage: Stage, outcome| UpdateWorkflowExecutionResponse {
            update_ref: Some(UpdateRef {
                workflow_execution: Some(WorkflowExecution {
                    workflow_id: key.workflow_id.clone(),
                    run_id,
                }),
                update_id: id.clone(),
            }),
            outcome,
            stage: stage as i32,
            ..Default::default()
        };
        let answer = tokio::select! {
            answer = answer => answer.unwrap_or(Err(EngineError::ShuttingDown))?,
            () = tokio::time::sleep(LONG_POLL) => return Ok(response(String::new(), Stage::Admitted, None)),
        };
        match answer {
            Answer::Rejected(run, failure) => {
                let outcome = Outcome {
                    value: Some(outcome::Value::Failure(*failure)),
                };
                Ok(response(run.run_id, Stage::Completed, Some(outcome)))
            }
            Answer::Accepted(run) => {
                let (reached, outcome) = self.wait_update(&run, &id, stage).await?;
                Ok(response(run.run_id, reached, outcome))
            }
        }
    }

    /// What has become of an update that the run knows, once it has reached the stage that the request waits for.
    pub async fn poll_update(
        &self,
        namespace: &Namespace,
        request: PollWorkflowExecutionUpdateRequest,
    ) -> Result<PollWorkflowExecutionUpdateResponse, EngineError> {
        let stage = wait_stage(request.wait_policy.as_ref());
        let update_ref = request.update_ref.unwrap_or_default();
        let (key, run_id) = key_of(namespace, update_ref.workflow_execution.clone());
        let run = self.decide(&key, &run_id, |turn| Ok(turn.run().key())).await?;
        let (reached, outcome) = self.wait_update(&run, &update_ref.update_id, stage).await?;
        Ok(PollWorkflowExecutionUpdateResponse {
            outcome,
            stage: reached as i32,
            update_ref: Some(UpdateRef {
                workflow_execution: Some(run.execution()),
                update_id: update_ref.update_id,
            }),
        })
    }

    /// The stage that an update has reached, once it is the one that is waited for or the time is over, and its outcome.
    async fn wait_update(&self, run: &RunKey, id: &str, stage: Stage) -> Result<(Stage, Option<Outcome>), EngineError> {
        let mut watch = self.inner.growth.subscribe(&run.run_id);
        let deadline = tokio::time::sleep(LONG_POLL);
        tokio::pin!(deadline);
        let reached = loop {
            let reached = self.update_stage(run, id).await?;
            if reached.0 >= stage {
                break reached;
            }
            tokio::select! {
                _ = watch.changed() => {}
                () = &mut deadline => break reached,
                () = self.inner.stopping.cancelled() => break reached,
            }
        };
        drop(watch);
        self.inner.growth.release(&run.run_id);
        Ok(reached)
    }

    /// The stage that an update of a run has reached, and its outcome if it has one.
    async fn update_stage(&self, run: &RunKey, id: &str) -> Result<(Stage, Option<Outcome>), EngineError> {
        let update_id = id.to_owned();
        let (update, is_open) = self
            .decide(&run.workflow, &run.run_id, move |turn| {
                let run = turn.run();
                Ok((run.updates.get(&update_id).cloned(), run.is_open()))
            })
            .await?;
        let completed_event_id = match update {
            None => return Err(EngineError::UpdateNotFound(id.to_owned())),
            Some(update) if !update.is_accepted() && is_open => return Ok((Stage::Admitted, None)),
            Some(update) if !update.is_accepted() => return Err(wrt_machine::Rejection::WorkflowClosed.into()),
            Some(update) if update.completed_event_id != 0 => update.completed_event_id,
            Some(_) if is_open => return Ok((Stage::Accepted, None)),
            Some(_) => return Ok((Stage::Completed, Some(unfinished()))),
        };
        let event = self.stored_event(run, completed_event_id).await?;
        match event.attributes {
            Some(EventAttributes::WorkflowExecutionUpdateCompletedEventAttributes(completed)) => {
                Ok((Stage::Completed, Some(completed.outcome.unwrap_or_default())))
            }
            _ => Err(EngineError::UpdateNotFound(id.to_owned())),
        }
    }
}

/// What the caller hears of an update that its worker has not understood.
fn unprocessed() -> Failure {
    failure::application(
        "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by \
         the worker.",
        "UnprocessedUpdate",
        true,
    )
}

/// The outcome of an update that the workflow had accepted and not completed when it closed.
fn unfinished() -> Outcome {
    let failure = failure::application(
        "Workflow Update failed because the Workflow completed before the Update completed.",
        "AcceptedUpdateCompletedWorkflow",
        true,
    );
    Outcome {
        value: Some(outcome::Value::Failure(failure)),
    }
}

fn wait_stage(policy: Option<&update::WaitPolicy>) -> Stage {
    policy.map_or(Stage::Accepted, update::WaitPolicy::lifecycle_stage)
}

fn message(
    namespace: &Namespace,
    request: UpdateWorkflowExecutionRequest,
) -> (
    WorkflowKey,
    UpdateMessage,
    oneshot::Receiver<Result<Answer, EngineError>>,
) {
    let (key, run_id) = key_of(namespace, request.workflow_execution);
    let (reply, answer) = oneshot::channel();
    let message = UpdateMessage {
        run_id,
        request: request.request.unwrap_or_default(),
        is_sent: false,
        reply,
    };
    (key, message, answer)
}

impl Lane {
    /// Brings an update to the run: one that it knows is answered at once, another one with the next workflow task.
    pub(crate) async fn receive_update(&mut self, message: UpdateMessage, step: &mut Step) {
        let current = self.current.as_mut();
        let run = current.filter(|run| message.run_id.is_empty() || run.run.run_id == message.run_id);
        let Some(run) = run else {
            let past = self.engine.past_run(&self.key, &message.run_id).await;
            let answer = past.and_then(|past| known(&past.run, update_id(&message.request)));
            step.answer(message.reply, answer);
            return;
        };
        let id = update_id(&message.request);
        if run.run.has_accepted(id) || !run.run.is_open() {
            let answer = known(&run.run, id);
            step.answer(message.reply, answer);
        } else if run.run.is_paused() {
            let paused = EngineError::FailedPrecondition("Workflow is paused. Cannot update the workflow.".into());
            step.answer(message.reply, Err(paused));
        } else if let Some(full) = run.too_many_updates() {
            step.answer(message.reply, Err(full));
        } else {
            run.updates.push(message);
        }
    }
}

impl HotRun {
    fn too_many_updates(&self) -> Option<EngineError> {
        let accepted = self.run.updates.values();
        let open = accepted.filter(|update| update.completed_event_id == 0).count() + self.updates.len();
        let Limits {
            in_flight_updates,
            total_updates,
            ..
        } = self.limits;
        if open as u64 >= in_flight_updates {
            return Some(EngineError::ResourceExhausted(format!(
                "limit on number of concurrent in-flight updates has been reached ({in_flight_updates})"
            )));
        }
        (self.run.updates.len() as u64 >= total_updates).then(|| {
            EngineError::FailedPrecondition(format!(
                "limit on number of total updates has been reached ({total_updates}): continue the workflow as new"
            ))
        })
    }

    /// Turns those away that went with the workflow task and that the worker has said nothing about.
    pub(crate) fn reject_unprocessed_updates(&mut self) {
        let decided = |id: &str| {
            let mut rejected = self.pending.rejected_updates.iter();
            self.run.has_accepted(id) || rejected.any(|(rejected, _)| rejected == id)
        };
        let sent = self.updates.iter().filter(|update| update.is_sent);
        let ids = sent.map(|update| update_id(&update.request)).filter(|id| !decided(id));
        let unprocessed: Vec<_> = ids.map(|id| (id.to_owned(), unprocessed())).collect();
        self.pending.rejected_updates.extend(unprocessed);
    }

    /// Lets those go to a worker again that it has not decided about.
    pub(crate) fn return_updates(&mut self) {
        for update in &mut self.updates {
            update.is_sent = false;
        }
    }

    /// The updates that a reset has brought to this run, and that the workflow has not answered.
    pub(crate) async fn admitted_updates(&mut self, engine: &Engine) -> Result<Vec<update::Request>, EngineError> {
        let waiting = self.run.updates.values().filter(|update| !update.is_accepted());
        let mut event_ids: Vec<i64> = waiting.map(|update| update.admitted_event_id).collect();
        event_ids.sort_unstable();
        let mut requests = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            let event = match self.event(event_id) {
                Some(event) => event,
                None => engine.stored_event(&self.run.key(), event_id).await?,
            };
            if let Some(EventAttributes::WorkflowExecutionUpdateAdmittedEventAttributes(admitted)) = event.attributes {
                requests.extend(admitted.request);
            }
        }
        Ok(requests)
    }

    /// Answers those that the workflow has decided about, or cannot decide about any more because the run has closed.
    pub(crate) fn answer_updates(&mut self, step: &mut Step) {
        let rejected = std::mem::take(&mut self.pending.rejected_updates);
        let continues = self.pending.continuation.is_some();
        for message in std::mem::take(&mut self.updates) {
            let id = update_id(&message.request);
            // The run that follows may take it.
            let may_come = self.run.is_open() || (continues && message.run_id.is_empty());
            let rejection = rejected.iter().find(|(rejected, _)| rejected == id);
            if let Some((_, failure)) = rejection {
                let answer = Answer::Rejected(self.run.key(), Box::new(failure.clone()));
                step.answer(message.reply, Ok(answer));
            } else if self.run.has_accepted(id) || !may_come {
                let answer = known(&self.run, id);
                step.answer(message.reply, answer);
            } else {
                self.updates.push(message);
            }
        }
    }
}

/// What a run says to an update that it knows, or that comes too late.
fn known(run: &wrt_model::Run, id: &str) -> Result<Answer, EngineError> {
    if run.has_accepted(id) {
        return Ok(Answer::Accepted(run.key()));
    }
    Err(wrt_machine::Rejection::WorkflowClosed.into())
}
