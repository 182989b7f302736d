//! Queries: questions to the workflow's own code, which change nothing.

mod builtin;
mod stack;
pub(crate) mod worker;

use std::time::Duration;

use tokio::sync::oneshot;
use wrt_host::WorkflowInstance;
use wrt_model::{
    Limits, Namespace, Run, WorkflowKey, payload,
    proto::{
        Failure, Payloads,
        enums::QueryRejectCondition,
        query::{QueryRejected, WorkflowQuery},
        workflowservice::{QueryWorkflowRequest, QueryWorkflowResponse},
    },
};

use self::builtin::{Builtin, Past};
use crate::{
    Engine, EngineError,
    lane::{Lane, Message, Step},
    matching::QueueKey,
    signal::key_of,
};

/// Who has not polled for so long, as Temporal's server has it, may be down.
const POLLER_MEMORY: Duration = Duration::from_secs(20);

/// A caller asks a run.
pub(crate) struct QueryMessage {
    run_id: String,
    query: WorkflowQuery,
    reject_condition: QueryRejectCondition,
    pub(crate) reply: oneshot::Sender<Result<QueryWorkflowResponse, EngineError>>,
}

/// What a question has led to.
enum Asked {
    /// The answer of a component, or a refusal.
    Here(QueryWorkflowResponse),
    /// Workers have the code of the current run, or of this one.
    WorkersOf(Option<Box<Run>>),
}

impl Engine {
    /// Asks a run, open or closed. A worker has to answer until the deadline.
    pub async fn query_workflow(
        &self,
        namespace: &Namespace,
        request: QueryWorkflowRequest,
        deadline: Duration,
    ) -> Result<QueryWorkflowResponse, EngineError> {
        let reject_condition = request.query_reject_condition();
        let (key, run_id) = key_of(namespace, request.execution);
        let query = request
            .query
            .ok_or_else(|| EngineError::InvalidArgument("Query is not set on request.".into()))?;
        let (reply, answer) = oneshot::channel();
        let message = QueryMessage {
            run_id: run_id.clone(),
            query,
            reject_condition,
            reply,
        };
        self.send(&key, Message::Query(Box::new(message)));
        match tokio::time::timeout(deadline, answer).await {
            Ok(answer) => answer.unwrap_or(Err(EngineError::ShuttingDown)),
            Err(_) => Err(self.unanswered(&key, &run_id, deadline).await),
        }
    }

    /// Why nobody has answered until the deadline.
    async fn unanswered(&self, key: &WorkflowKey, run_id: &str, deadline: Duration) -> EngineError {
        let queue = self.decide(key, run_id, |turn| {
            let run = turn.run();
            // Before its first task, a run waits for that.
            let is_asked = run.is_run_by_workers() && run.last_completed_started_event_id > 0;
            Ok(is_asked.then(|| QueueKey::new(&run.namespace_id, &run.task_queue)))
        });
        match queue.await {
            Ok(Some(queue)) if !self.inner.workflow_matching.is_polled(&queue, POLLER_MEMORY) => {
                EngineError::FailedPrecondition("no poller seen for task queue recently, worker may be down".to_owned())
            }
            _ => EngineError::QueryTimedOut(deadline),
        }
    }
}

impl Lane {
    /// Asks a run. The answer waits for the commit of the step like every other: it may show what the step decides.
    pub(crate) async fn receive_query(&mut self, message: QueryMessage, step: &mut Step) {
        // What came before the question is decided first, so that its answer reflects it.
        self.run_workflow_tasks(step).await;
        match self.query(&message).await {
            Ok(Asked::Here(answer)) => step.answer(message.reply, Ok(answer)),
            Ok(Asked::WorkersOf(Some(past))) => self.engine.ask_worker(&past, message),
            Ok(Asked::WorkersOf(None)) => {
                let current = self.current.as_mut().expect("it was looked at just now");
                current.ask_worker(&self.engine, message);
            }
            Err(error) => step.answer(message.reply, Err(error)),
        }
    }

    async fn query(&mut self, message: &QueryMessage) -> Result<Asked, EngineError> {
        let run_id = &message.run_id;
        let current = self
            .current
            .as_mut()
            .filter(|run| run_id.is_empty() || run.run.run_id == *run_id);
        let Some(current) = current else {
            let run = self.engine.past_run(&self.key, run_id).await?.run;
            if let Some(rejected) = reject(&run, message.reject_condition) {
                return Ok(Asked::Here(rejected));
            }
            check_began(&run)?;
            if run.is_run_by_workers() {
                return Ok(Asked::WorkersOf(Some(Box::new(run))));
            }
            return self
                .engine
                .ask_past_run(&run, &message.query, &self.limits)
                .await
                .map(Asked::Here);
        };
        if let Some(rejected) = reject(&current.run, message.reject_condition) {
            return Ok(Asked::Here(rejected));
        }
        check_began(&current.run)?;
        if current.run.is_run_by_workers() {
            return Ok(Asked::WorkersOf(None));
        }
        let builtin = Builtin::named(&message.query.query_type);
        if let Some(builtin) = builtin {
            let past = Past {
                run: &current.run,
                is_stored: current.version > 0,
                uncommitted: &current.tail[current.uncommitted..],
            };
            let answer = self.engine.answer_builtin(builtin, past).await;
            return answer.map(answered).map(Asked::Here);
        }
        if current.run.last_completed_started_event_id == 0 {
            return Err(EngineError::WorkflowNotReady(
                "the workflow cannot be queried before its first workflow task has completed".into(),
            ));
        }
        // An instance that has seen everything answers; it is spent for running the workflow afterwards.
        let mut instance = match current.instance.take() {
            Some(instance) => instance,
            None => self.engine.query_instance(&current.run).await?,
        };
        let answer = ask(&mut instance, &message.query);
        // One that has trapped cannot answer again.
        current.instance = answer.is_ok().then_some(instance);
        match answer {
            Ok(answer) => answer_with(answer, &self.limits).map(Asked::Here),
            Err(refusal) => Err(self.engine.explain_refusal(&current.run, &message.query, refusal).await),
        }
    }
}

impl Engine {
    /// Asks a run that is not the current one of its workflow.
    async fn ask_past_run(
        &self,
        run: &Run,
        query: &WorkflowQuery,
        limits: &Limits,
    ) -> Result<QueryWorkflowResponse, EngineError> {
        if let Some(builtin) = Builtin::named(&query.query_type) {
            let past = Past {
                run,
                is_stored: true,
                uncommitted: &[],
            };
            return self.answer_builtin(builtin, past).await.map(answered);
        }
        let mut instance = self.query_instance(run).await?;
        match ask(&mut instance, query) {
            Ok(answer) => answer_with(answer, limits),
            Err(refusal) => Err(self.explain_refusal(run, query, refusal).await),
        }
    }

    async fn query_instance(&self, run: &Run) -> Result<WorkflowInstance, EngineError> {
        self.rebuild(run, true)
            .await
            .map_err(|failure| query_failed(failure.failure.message))
    }
}

/// Why a guest has not answered.
struct Refusal {
    failure: Box<Failure>,
    /// It has stopped in the middle, so it knows the query.
    has_trapped: bool,
}

fn ask(instance: &mut WorkflowInstance, query: &WorkflowQuery) -> Result<Option<Payloads>, Refusal> {
    let answer = instance.query(&query.query_type, query.query_args.clone(), query.header.clone());
    match answer {
        Ok(query_result) => Ok(query_result),
        Err(failure) => Err(Refusal {
            failure: Box::new(worker::query_failure(failure.to_string())),
            has_trapped: instance.has_trapped(),
        }),
    }
}

fn answered(query_result: Option<Payloads>) -> QueryWorkflowResponse {
    QueryWorkflowResponse {
        query_result,
        ..Default::default()
    }
}

fn reject(run: &Run, condition: QueryRejectCondition) -> Option<QueryWorkflowResponse> {
    use wrt_model::proto::enums::WorkflowExecutionStatus::Completed;
    let rejects = match condition {
        _ if run.is_paused() => true,
        QueryRejectCondition::Unspecified | QueryRejectCondition::None => false,
        QueryRejectCondition::NotOpen => !run.is_open(),
        QueryRejectCondition::NotCompletedCleanly => !run.is_open() && run.status() != Completed,
    };
    rejects.then(|| QueryWorkflowResponse {
        query_rejected: Some(QueryRejected { status: run.status }),
        ..Default::default()
    })
}

/// A run that has closed before its code has done anything will never know an answer.
fn check_began(run: &Run) -> Result<(), EngineError> {
    match !run.is_open() && run.last_completed_started_event_id == 0 {
        true => Err(EngineError::WorkflowNotReady(
            "Workflow execution closed before WorkflowTaskStarted event".to_owned(),
        )),
        false => Ok(()),
    }
}

/// The answer to a query, unless it is larger than callers are given.
fn answer_with(query_result: Option<Payloads>, limits: &Limits) -> Result<QueryWorkflowResponse, EngineError> {
    let (bytes, limit) = (payload::size(query_result.as_ref()), limits.blob_size_error);
    if bytes as u64 > limit {
        return Err(query_failed(format!(
            "the query's result exceeds size limit: it has {bytes} bytes, blob_size_error allows {limit}"
        )));
    }
    Ok(QueryWorkflowResponse {
        query_result,
        ..Default::default()
    })
}

fn query_failed(message: String) -> EngineError {
    EngineError::QueryFailed(Box::new(worker::query_failure(message)))
}
