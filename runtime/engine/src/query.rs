//! Queries: questions to the workflow's own code, which change nothing.

use tokio::sync::oneshot;
use wrt_host::WorkflowInstance;
use wrt_model::{
    Namespace, Run,
    proto::{
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

impl Engine {
    /// Asks a run, open or closed.
    pub async fn query_workflow(
        &self,
        namespace: &Namespace,
        request: QueryWorkflowRequest,
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
        answer.await.unwrap_or(Err(EngineError::ShuttingDown))
    }
}

impl Lane {
    /// Asks a run. The answer waits for the commit of the step like every other: it may show what the step decides.
    pub(crate) async fn receive_query(&mut self, message: QueryMessage, step: &mut Step) {
        // What came before the question is decided first, so that its answer reflects it.
        self.run_workflow_tasks(step).await;
        let answer = self.query(&message).await;
        step.answer(message.reply, answer);
    }

    async fn query(&mut self, message: &QueryMessage) -> Result<QueryWorkflowResponse, EngineError> {
        let run_id = &message.run_id;
        let current = self
            .current
            .as_mut()
            .filter(|run| run_id.is_empty() || run.run.run_id == *run_id);
        let Some(current) = current else {
            let run = self.engine.past_run(&self.key, run_id).await?.run;
            if let Some(rejected) = reject(&run, message.reject_condition) {
                return Ok(rejected);
            }
            let mut instance = self.engine.query_instance(&run).await?;
            return ask(&mut instance, &message.query).await;
        };
        if let Some(rejected) = reject(&current.run, message.reject_condition) {
            return Ok(rejected);
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
        let answer = ask(&mut instance, &message.query).await;
        // One that has trapped cannot answer again.
        current.instance = answer.is_ok().then_some(instance);
        answer
    }
}

impl Engine {
    async fn query_instance(&self, run: &Run) -> Result<WorkflowInstance, EngineError> {
        self.rebuild(run, true)
            .await
            .map_err(|failure| EngineError::QueryFailed(failure.failure.message))
    }
}

async fn ask(instance: &mut WorkflowInstance, query: &WorkflowQuery) -> Result<QueryWorkflowResponse, EngineError> {
    let answer = instance
        .query(&query.query_type, query.query_args.clone(), query.header.clone())
        .await;
    match answer {
        Ok(query_result) => Ok(QueryWorkflowResponse {
            query_result,
            ..Default::default()
        }),
        Err(failure) => Err(EngineError::QueryFailed(failure.to_string())),
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
