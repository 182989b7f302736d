//! Queries: questions to the workflow's own code, which change nothing.

pub(crate) mod worker;

use std::time::Duration;

use tokio::sync::oneshot;
use wrt_host::WorkflowInstance;
use wrt_model::{
    Limits, Namespace, Run, payload,
    proto::{
        Payloads,
        enums::QueryRejectCondition,
        query::{QueryRejected, WorkflowQuery},
        workflowservice::{QueryWorkflowRequest, QueryWorkflowResponse},
    },
};

use crate::{
    Engine, EngineError,
    lane::{Lane, Message, Step},
    signal::key_of,
};

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
            run_id,
            query,
            reject_condition,
            reply,
        };
        self.send(&key, Message::Query(Box::new(message)));
        match tokio::time::timeout(deadline, answer).await {
            Ok(answer) => answer.unwrap_or(Err(EngineError::ShuttingDown)),
            Err(_) => Err(EngineError::QueryTimedOut(deadline)),
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
            let mut instance = self.engine.query_instance(&run).await?;
            return ask(&mut instance, &message.query, &self.limits).map(Asked::Here);
        };
        if let Some(rejected) = reject(&current.run, message.reject_condition) {
            return Ok(Asked::Here(rejected));
        }
        check_began(&current.run)?;
        if current.run.is_run_by_workers() {
            return Ok(Asked::WorkersOf(None));
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
        let answer = ask(&mut instance, &message.query, &self.limits);
        // One that has trapped cannot answer again.
        current.instance = answer.is_ok().then_some(instance);
        answer.map(Asked::Here)
    }
}

impl Engine {
    async fn query_instance(&self, run: &Run) -> Result<WorkflowInstance, EngineError> {
        self.rebuild(run, true)
            .await
            .map_err(|failure| query_failed(failure.failure.message))
    }
}

fn ask(
    instance: &mut WorkflowInstance,
    query: &WorkflowQuery,
    limits: &Limits,
) -> Result<QueryWorkflowResponse, EngineError> {
    let answer = instance.query(&query.query_type, query.query_args.clone(), query.header.clone());
    match answer {
        Ok(query_result) => answer_with(query_result, limits),
        Err(failure) => Err(query_failed(failure.to_string())),
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
