//! Updates: requests that change a run and wait for an answer.
//!
//! One that the workflow has not answered lives in memory only, beside its run. What was accepted is part of the run:
//! whoever waits for the outcome watches the run, wherever and whenever it asks. An update that comes again, because its
//! caller has not heard of it, joins the one that is there.

mod in_flight;
mod with_start;

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};
use wrt_machine::Rejection;
use wrt_model::{
    Namespace, RunKey, WorkflowKey, failure,
    proto::{
        EventAttributes, Failure, WorkflowExecution,
        enums::UpdateWorkflowExecutionLifecycleStage as Stage,
        update::{self, Outcome, UpdateRef, outcome},
        workflowservice::{
            PollWorkflowExecutionUpdateRequest, PollWorkflowExecutionUpdateResponse, UpdateWorkflowExecutionRequest,
            UpdateWorkflowExecutionResponse,
        },
    },
    update_id,
};

pub use with_start::UpdateWithStartError;

use crate::{Engine, EngineError, clock, lane::Message, signal::key_of};

/// How long a caller waits for a stage before it is told to ask again.
const LONG_POLL: Duration = Duration::from_secs(20);

/// A caller wants an update, or wants to know of one.
pub(crate) struct UpdateMessage {
    pub(crate) run_id: String,
    /// The first run of the chain that the caller means; empty for any.
    first_run_id: String,
    pub(crate) request: update::Request,
    wants: Wants,
    /// A worker has it, with the workflow task that it holds.
    pub(crate) is_sent: bool,
    pub(crate) reply: oneshot::Sender<Result<Answer, EngineError>>,
}

/// What the caller of an update wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// That it happens, once.
    Update,
    /// The workflow's answer to one that somebody has asked for.
    Answer,
    /// How far one has come that somebody has asked for.
    Stage,
}

/// What a workflow says to an update at first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// It is recorded in this run.
    Accepted(RunKey),
    /// It was turned away by this run.
    Rejected(RunKey, Box<Failure>),
    /// This run has not decided about it.
    Admitted(RunKey),
}

impl Engine {
    /// Asks a workflow for an update and waits for the stage that the request names.
    pub async fn update_workflow(
        &self,
        namespace: &Namespace,
        request: UpdateWorkflowExecutionRequest,
    ) -> Result<UpdateWorkflowExecutionResponse, EngineError> {
        let stage = wait_stage(request.wait_policy.as_ref()).max(Stage::Accepted);
        let (key, message, answer) = message(namespace, request);
        let ask = Ask::of(&key, &message, stage);
        self.send(&key, Message::Update(Box::new(message)));
        self.answered(ask, answer).await
    }

    /// What has become of an update that somebody has asked a run for, once it has reached the stage that the request waits
    /// for. One that waits for none hears at once.
    pub async fn poll_update(
        &self,
        namespace: &Namespace,
        request: PollWorkflowExecutionUpdateRequest,
    ) -> Result<PollWorkflowExecutionUpdateResponse, EngineError> {
        let stage = wait_stage(request.wait_policy.as_ref());
        let update_ref = request.update_ref.unwrap_or_default();
        let (key, run_id) = key_of(namespace, update_ref.workflow_execution);
        let ask = Ask {
            key,
            run_id,
            id: update_ref.update_id,
            stage,
        };
        let wants = if stage > Stage::Admitted {
            Wants::Answer
        } else {
            Wants::Stage
        };
        let answer = self.find_update(&ask, wants);
        let UpdateWorkflowExecutionResponse {
            update_ref,
            outcome,
            stage,
            ..
        } = self.answered(ask, answer).await?;
        Ok(PollWorkflowExecutionUpdateResponse {
            outcome,
            stage,
            update_ref,
        })
    }

    /// Looks for an update that somebody has asked for.
    fn find_update(&self, ask: &Ask, wants: Wants) -> oneshot::Receiver<Result<Answer, EngineError>> {
        let (reply, answer) = oneshot::channel();
        let message = UpdateMessage {
            run_id: ask.run_id.clone(),
            first_run_id: String::new(),
            request: update::Request {
                meta: Some(update::Meta {
                    update_id: ask.id.clone(),
                    ..Default::default()
                }),
                ..Default::default()
            },
            wants,
            is_sent: false,
            reply,
        };
        self.send(&ask.key, Message::Update(Box::new(message)));
        answer
    }

    /// Waits for the stage that the caller asks for, at most as long as a caller is kept waiting.
    async fn answered(
        &self,
        ask: Ask,
        answer: oneshot::Receiver<Result<Answer, EngineError>>,
    ) -> Result<UpdateWorkflowExecutionResponse, EngineError> {
        let deadline = clock::instant() + LONG_POLL;
        let answer = match tokio::time::timeout_at(deadline, answer).await {
            Ok(answer) => answer,
            Err(_) => self.find_update(&ask, Wants::Stage).await,
        };
        let (run, stage, outcome) = match answer.unwrap_or(Err(EngineError::ShuttingDown))? {
            Answer::Admitted(run) => (run, Stage::Admitted, None),
            Answer::Rejected(run, failure) => {
                let value = Some(outcome::Value::Failure(*failure));
                (run, Stage::Completed, Some(Outcome { value }))
            }
            Answer::Accepted(run) => {
                let (reached, outcome) = self.wait_update(&run, &ask.id, ask.stage, deadline).await?;
                (run, reached, outcome)
            }
        };
        Ok(ask.response(run.run_id, stage, outcome))
    }

    /// The stage that an update has reached, once it is the one that is waited for or the time is over, and its outcome.
    async fn wait_update(
        &self,
        run: &RunKey,
        id: &str,
        stage: Stage,
        deadline: Instant,
    ) -> Result<(Stage, Option<Outcome>), EngineError> {
        let mut watch = self.inner.growth.subscribe(&run.run_id);
        let reached = loop {
            let reached = self.update_stage(run, id).await?;
            if reached.0 >= stage {
                break reached;
            }
            tokio::select! {
                _ = watch.changed() => {}
                () = tokio::time::sleep_until(deadline) => break reached,
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
            Some(update) if !update.is_accepted() => return Err(Rejection::WorkflowClosed.into()),
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

/// What a caller asks for.
struct Ask {
    key: WorkflowKey,
    run_id: String,
    id: String,
    stage: Stage,
}

impl Ask {
    fn of(key: &WorkflowKey, message: &UpdateMessage, stage: Stage) -> Self {
        Ask {
            key: key.clone(),
            run_id: message.run_id.clone(),
            id: update_id(&message.request).to_owned(),
            stage,
        }
    }

    fn response(self, run_id: String, stage: Stage, outcome: Option<Outcome>) -> UpdateWorkflowExecutionResponse {
        UpdateWorkflowExecutionResponse {
            update_ref: Some(UpdateRef {
                workflow_execution: Some(WorkflowExecution {
                    workflow_id: self.key.workflow_id,
                    run_id,
                }),
                update_id: self.id,
            }),
            outcome,
            stage: stage as i32,
            ..Default::default()
        }
    }
}

fn wait_stage(policy: Option<&update::WaitPolicy>) -> Stage {
    policy.map_or(Stage::Unspecified, update::WaitPolicy::lifecycle_stage)
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
        first_run_id: request.first_execution_run_id,
        request: request.request.unwrap_or_default(),
        wants: Wants::Update,
        is_sent: false,
        reply,
    };
    (key, message, answer)
}
