//! What workers say of their workflow tasks.

use std::collections::{HashMap, HashSet};

use tokio::sync::oneshot;
use uuid::Uuid;
use wrt_machine::{ActivityStart, Rejection, WorkflowTaskCompletion, WorkflowTaskEnd, version_of_worker};
use wrt_model::{
    Namespace, failure,
    proto::{
        Command, CommandAttributes, Failure, WorkflowExecution,
        enums::WorkflowTaskFailedCause,
        query::WorkflowQueryResult,
        workflowservice::{PollActivityTaskQueueResponse, RespondWorkflowTaskCompletedResponse},
    },
    task::{ActivityToken, WorkflowTaskToken},
};

use super::take::{TakenTask, Taker};
use crate::{
    Engine, EngineError, IDENTITY,
    activity::poll_response,
    clock,
    lane::{HotRun, Lane, Message, Step},
    signal::key_of,
    worker_deployment::Fit,
};

/// A worker has done a workflow task.
#[derive(Debug, Default)]
pub struct WorkflowTaskDone {
    /// What the workflow has decided.
    pub completion: WorkflowTaskCompletion,
    /// The answers to the queries that came with the task, by their ids.
    pub query_results: HashMap<String, WorkflowQueryResult>,
    /// The worker takes the next task with the answer, if there is one.
    pub returns_new_task: bool,
    /// The number of this page of the commands, from 0. The last page has all others before it, so for most tasks it is 0.
    pub page_number: i32,
    /// This page is not the last one, and has nothing but commands.
    pub is_intermediate_page: bool,
}

/// What a worker tells of its workflow task.
pub(crate) struct DoneMessage {
    token: WorkflowTaskToken,
    done: Box<WorkflowTaskDone>,
    pub(crate) reply: oneshot::Sender<Result<Next, EngineError>>,
}

/// What a worker gets for a workflow task that it has done.
#[derive(Default)]
pub(crate) struct Next {
    task: Option<TakenTask>,
    activities: Vec<PollActivityTaskQueueResponse>,
    reset_history_event_id: i64,
}

impl Engine {
    /// A worker has done its workflow task.
    pub async fn workflow_task_completed(
        &self,
        token: WorkflowTaskToken,
        done: WorkflowTaskDone,
    ) -> Result<RespondWorkflowTaskCompletedResponse, EngineError> {
        let key = token.run_key();
        let (reply, answer) = oneshot::channel();
        let message = DoneMessage {
            token,
            done: Box::new(done),
            reply,
        };
        self.send(&key.workflow, Message::WorkflowTaskDone(Box::new(message)));
        let next = answer.await.unwrap_or(Err(EngineError::ShuttingDown))?;
        let workflow_task = match next.task {
            Some(taken) => Some(self.workflow_task_response(taken).await?),
            None => None,
        };
        Ok(RespondWorkflowTaskCompletedResponse {
            workflow_task,
            activity_tasks: next.activities,
            reset_history_event_id: next.reset_history_event_id,
        })
    }

    /// A worker could not do its workflow task.
    pub async fn workflow_task_failed(
        &self,
        token: WorkflowTaskToken,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: String,
    ) -> Result<(), EngineError> {
        let key = token.run_key();
        self.decide(&key.workflow, &key.run_id, move |turn| {
            turn.check_workflow_task_token(&token)?;
            match cause {
                // What the worker has to say of this task will not become less.
                WorkflowTaskFailedCause::GrpcMessageTooLarge => {
                    turn.terminate("GrpcMessageTooLarge".to_owned(), None, IDENTITY.to_owned())
                }
                cause => turn.fail_workflow_task(cause, failure, &identity),
            }
        })
        .await
    }

    /// Sends the workflow tasks of a run to its own queue again, whatever worker has it in its cache.
    pub async fn reset_sticky_task_queue(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        self.decide(&key, &run_id, |turn| match turn.run().is_open() {
            true => {
                turn.reset_sticky();
                Ok(())
            }
            false => Err(Rejection::WorkflowClosed),
        })
        .await
    }
}

impl Lane {
    /// A worker has done the workflow task of the run.
    pub(crate) async fn receive_workflow_task_done(&mut self, message: DoneMessage, step: &mut Step) {
        let DoneMessage { token, done, reply } = message;
        let next = self.workflow_task_done(&token, *done, step).await;
        step.answer(reply, next);
    }

    async fn workflow_task_done(
        &mut self,
        token: &WorkflowTaskToken,
        mut done: WorkflowTaskDone,
        step: &mut Step,
    ) -> Result<Next, EngineError> {
        let engine = self.engine.clone();
        let namespace = engine.namespace_by_id(&self.key.namespace_id).await?;
        let current = self.current.as_mut().filter(|run| run.run.run_id == token.run_id);
        let current = current.ok_or(Rejection::WorkflowTaskNotFound)?;
        current.decide(clock::now(), |turn| turn.check_workflow_task_token(token))?;
        if done.is_intermediate_page {
            current.keep_page(token, done)?;
            return Ok(Next::default());
        }
        let commands = std::mem::take(&mut done.completion.commands);
        done.completion.commands = current.pages.complete(token, done.page_number, commands)?;
        let taker = Taker {
            identity: done.completion.identity.clone(),
            // Whoever has just done a task has its run in its cache.
            is_sticky: true,
            version: version_of_worker(done.completion.deployment.as_ref()),
            ..Taker::default()
        };
        let eager = eager_activities(&done.completion.commands);
        let checked = engine
            .settle_commands(&current.run, &mut done.completion.commands)
            .await;
        let end = match checked.and_then(|()| current.complete_workflow_task(done.completion)) {
            Ok(end) => end,
            Err(rejection) => {
                current.refuse_completion(&rejection, &taker.identity);
                return Err(rejection.into());
            }
        };
        current.answer_updates(step);
        current.queries.answer(done.query_results, &self.limits, step);
        if end == WorkflowTaskEnd::HeartbeatsTimedOut {
            return Err(EngineError::WorkflowTaskHeartbeatTimeout);
        }
        if end == WorkflowTaskEnd::Discarded {
            return Ok(Next {
                reset_history_event_id: current.run.last_completed_started_event_id,
                ..Next::default()
            });
        }
        current.return_updates();
        let activities = current.start_eager_activities(&engine, &namespace.name, &eager, &taker);
        let task = if done.returns_new_task {
            current.take_workflow_task(&engine, &taker)
        } else {
            None
        };
        Ok(Next {
            task,
            activities,
            reset_history_event_id: 0,
        })
    }
}

impl HotRun {
    fn complete_workflow_task(&mut self, completion: WorkflowTaskCompletion) -> Result<WorkflowTaskEnd, Rejection> {
        let is_heartbeat = completion.forces_new_task;
        let end = self.decide(clock::now(), |turn| turn.complete_workflow_task(completion))?;
        // A run that closes leaves out what it does not come to.
        if !is_heartbeat && self.run.is_open() {
            self.reject_unprocessed_updates();
        }
        Ok(end)
    }

    /// Keeps commands until the last page of them comes.
    fn keep_page(&mut self, token: &WorkflowTaskToken, done: WorkflowTaskDone) -> Result<(), Rejection> {
        let limit_bytes = self.limits.workflow_task_completion_size_error;
        let WorkflowTaskCompletion { commands, identity, .. } = done.completion;
        let kept = self.pages.keep(token, done.page_number, commands, limit_bytes);
        kept.inspect_err(|rejection| self.refuse_completion(rejection, &identity))
    }

    /// The task fails if its commands cannot be carried out; another error leaves it to the worker to say something better.
    fn refuse_completion(&mut self, rejection: &Rejection, identity: &str) {
        let Rejection::BadCommands { cause, message } = rejection else {
            return;
        };
        // A worker that is wrong again is not asked before the time of the task is over.
        if self.run.workflow_task.as_ref().is_some_and(|task| task.attempt > 1) {
            return;
        }
        let failure = failure::server(message.clone(), false);
        self.decide(clock::now(), |turn| {
            turn.fail_workflow_task(*cause, Some(failure), identity)
        })
        .expect("the worker holds the task");
        self.return_updates();
    }

    /// Starts those of the activities that have just been scheduled which their worker wants to run itself.
    fn start_eager_activities(
        &mut self,
        engine: &Engine,
        namespace: &str,
        wanted: &HashSet<String>,
        taker: &Taker,
    ) -> Vec<PollActivityTaskQueueResponse> {
        let dispatches = std::mem::take(&mut self.pending.dispatches);
        let (eager, others): (Vec<_>, Vec<_>) = dispatches.into_iter().partition(|scheduled_event_id| {
            let activity = self.run.activities.get(scheduled_event_id);
            activity.is_some_and(|activity| {
                wanted.contains(&activity.activity_id)
                    && activity.task_queue == self.run.task_queue
                    && self.run.offers(activity)
                    && engine.fit(&self.run, activity, taker.version.as_ref()) == Fit::Fits
            })
        });
        self.pending.dispatches = others;
        let started = eager
            .into_iter()
            .filter_map(|scheduled_event_id| self.start_eager_activity(namespace, scheduled_event_id, taker));
        started.collect()
    }

    fn start_eager_activity(
        &mut self,
        namespace: &str,
        scheduled_event_id: i64,
        taker: &Taker,
    ) -> Option<PollActivityTaskQueueResponse> {
        let scheduled = self.event(scheduled_event_id)?;
        let start = ActivityStart {
            scheduled_event_id,
            attempt: self.run.activities[&scheduled_event_id].attempt,
            identity: taker.identity.clone(),
            request_id: Uuid::now_v7().to_string(),
            in_process: false,
            version: taker.version.clone(),
        };
        let token = ActivityToken::of(&self.run, scheduled_event_id, start.attempt);
        self.decide(clock::now(), |turn| turn.start_activity(start)).ok()?;
        let activity = &self.run.activities[&scheduled_event_id];
        Some(poll_response(namespace, &token, &self.run, activity, scheduled))
    }
}

/// The ids of the activities that the worker wants to run itself, if it may.
fn eager_activities(commands: &[Command]) -> HashSet<String> {
    let attributes = commands.iter().filter_map(|command| command.attributes.as_ref());
    let eager = attributes.filter_map(|attributes| match attributes {
        CommandAttributes::ScheduleActivityTaskCommandAttributes(command) if command.request_eager_execution => {
            Some(command.activity_id.clone())
        }
        _ => None,
    });
    eager.collect()
}
