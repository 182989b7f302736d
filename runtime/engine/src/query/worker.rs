//! Queries that workers answer, because the run's code is with them.
//!
//! One that comes while the run has a workflow task waits for it, so that its answer reflects what came before. Without one
//! it goes to a worker by itself, to the one that has the run in its cache first.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use uuid::Uuid;
use wrt_machine::{Directive, workflow_directive};
use wrt_model::{
    Limits, Run, RunKey, failure,
    proto::{
        Failure, History,
        enums::QueryResultType,
        query::{WorkflowQuery, WorkflowQueryResult},
        workflowservice::{PollWorkflowTaskQueueResponse, QueryWorkflowResponse},
    },
    task::WorkflowTaskToken,
};

use super::{QueryMessage, answer_with, check_began};
use crate::{
    Engine, EngineError, clock,
    lane::{HotRun, Step, answer},
    matching::{self, QueueKey, Rank},
    workflow_task::take::{Taker, response_of, workflow_queue},
};

/// From this attempt on, a workflow task counts as failing, and nobody is kept waiting for it.
const FAILING_ATTEMPT: i32 = 3;

/// Queries of a run that wait for its workflow task, by the ids under which they go to the worker.
#[derive(Default)]
pub(crate) struct Queries(HashMap<String, QueryMessage>);

impl Queries {
    /// One more waits.
    fn wait(&mut self, message: QueryMessage) {
        self.0.insert(Uuid::now_v7().to_string(), message);
    }

    /// What goes to the worker with its workflow task.
    pub(crate) fn attach(&mut self) -> HashMap<String, WorkflowQuery> {
        self.0.retain(|_, message| !message.reply.is_closed());
        let queries = self.0.iter().map(|(id, message)| (id.clone(), message.query.clone()));
        queries.collect()
    }

    /// Takes the worker's answers. A query that it has not answered goes on waiting.
    pub(crate) fn answer(&mut self, results: HashMap<String, WorkflowQueryResult>, limits: &Limits, step: &mut Step) {
        for (id, result) in results {
            if let Some(message) = self.0.remove(&id) {
                step.answer(message.reply, answer_of(result, limits));
            }
        }
    }

    fn take(&mut self) -> impl Iterator<Item = QueryMessage> + use<> {
        std::mem::take(&mut self.0).into_values()
    }
}

/// Queries that have gone to workers by themselves.
#[derive(Default)]
pub(crate) struct DirectQueries {
    last_id: AtomicU64,
    by_id: Mutex<HashMap<u64, DirectQuery>>,
}

struct DirectQuery {
    /// What the worker is told of the run, as it was when the query came.
    response: PollWorkflowTaskQueueResponse,
    message: QueryMessage,
    is_taken: bool,
}

impl DirectQueries {
    fn put(&self, run: &Run, message: QueryMessage) -> u64 {
        let id = self.last_id.fetch_add(1, Relaxed) + 1;
        let mut by_id = self.lock();
        by_id.retain(|_, query| !query.message.reply.is_closed());
        let query = DirectQuery {
            response: response_of(run),
            message,
            is_taken: false,
        };
        by_id.insert(id, query);
        id
    }

    /// The question, with what the worker is told of the run; `None` when another worker has it, or nobody waits for the
    /// answer.
    fn take(&self, id: u64) -> Option<PollWorkflowTaskQueueResponse> {
        let mut by_id = self.lock();
        let query = by_id.get_mut(&id)?;
        let is_open = !std::mem::replace(&mut query.is_taken, true) && !query.message.reply.is_closed();
        is_open.then(|| PollWorkflowTaskQueueResponse {
            query: Some(query.message.query.clone()),
            ..query.response.clone()
        })
    }

    fn waits(&self, id: u64) -> bool {
        self.lock().get(&id).is_some_and(|query| !query.is_taken)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, DirectQuery>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HotRun {
    /// Has a worker answer: with the workflow task that there is, or by itself.
    pub(super) fn ask_worker(&mut self, engine: &Engine, message: QueryMessage) {
        let refusal = match &self.run.workflow_task {
            _ if self.run.is_open()
                && self.run.last_completed_started_event_id == 0
                && self.run.workflow_task.is_none() =>
            {
                "the workflow cannot be queried before its first workflow task is scheduled"
            }
            None => return engine.ask_worker(&self.run, message),
            Some(task) if task.attempt < FAILING_ATTEMPT => return self.queries.wait(message),
            Some(_) => "Unable to query workflow due to Workflow Task in failed state.",
        };
        answer(message.reply, Err(EngineError::WorkflowNotReady(refusal.into())));
    }

    /// Asks again what waits for a workflow task that is over, or that fails again and again.
    pub(crate) fn release_queries(&mut self, engine: &Engine) {
        let task = self.run.workflow_task.as_ref();
        if task.is_none_or(|task| task.attempt >= FAILING_ATTEMPT) {
            for message in self.queries.take() {
                match check_began(&self.run) {
                    Ok(()) => self.ask_worker(engine, message),
                    Err(error) => answer(message.reply, Err(error)),
                }
            }
        }
    }
}

impl Engine {
    /// Puts a query by itself before the workers of the run.
    pub(super) fn ask_worker(&self, run: &Run, message: QueryMessage) {
        let rank = Rank::of(run.priority.as_ref());
        let sticky = run.sticky.clone().filter(|_| self.has_sticky_worker(run));
        let own = workflow_queue(run, None);
        let hint = matching::WorkflowTask {
            run: run.key(),
            query_id: Some(self.inner.direct_queries.put(run, message)),
            rank,
            since: clock::instant(),
            directive: workflow_directive(run),
        };
        let Some(sticky) = sticky else {
            return self.inner.workflow_matching.add(&own, hint);
        };
        let first = workflow_queue(run, Some(&sticky.task_queue));
        self.inner.workflow_matching.add(
            &first,
            matching::WorkflowTask {
                directive: Directive::Unversioned,
                ..hint.clone()
            },
        );
        let patience = Duration::from_nanos(sticky.schedule_to_start_ns.unsigned_abs());
        self.ask_others_later(own, hint, patience);
    }

    fn ask_others_later(&self, queue: QueueKey, hint: matching::WorkflowTask, patience: Duration) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(patience) => {}
                () = engine.inner.stopping.cancelled() => return,
            }
            if hint.query_id.is_some_and(|id| engine.inner.direct_queries.waits(id)) {
                engine.inner.workflow_matching.add(&queue, hint);
            }
        });
    }

    /// A worker takes a query. On its own queue it has the history already.
    pub(crate) async fn take_query(
        &self,
        key: RunKey,
        query_id: u64,
        taker: &Taker,
    ) -> Result<Option<PollWorkflowTaskQueueResponse>, EngineError> {
        let Some(response) = self.inner.direct_queries.take(query_id) else {
            return Ok(None);
        };
        let events = match taker.is_sticky {
            true => Vec::new(),
            false => self.whole_history(&key, i64::MAX).await?,
        };
        Ok(Some(PollWorkflowTaskQueueResponse {
            task_token: WorkflowTaskToken::of_query(key, query_id).to_bytes(),
            attempt: 1,
            history: Some(History { events }),
            ..response
        }))
    }

    /// A worker answers a query that it was asked by itself.
    pub async fn query_answered(
        &self,
        token: &WorkflowTaskToken,
        result: WorkflowQueryResult,
    ) -> Result<(), EngineError> {
        let limits = self.limits_of(&token.namespace_id).await?;
        let asked = self.inner.direct_queries.lock().remove(&token.query_id);
        let asked = asked.ok_or(wrt_machine::Rejection::WorkflowTaskNotFound)?;
        answer(asked.message.reply, answer_of(result, &limits));
        Ok(())
    }
}

fn answer_of(result: WorkflowQueryResult, limits: &Limits) -> Result<QueryWorkflowResponse, EngineError> {
    if result.result_type() == QueryResultType::Answered {
        return answer_with(result.answer, limits);
    }
    let failure = result
        .failure
        .unwrap_or_else(|| query_failure(result.error_message.clone()));
    Err(EngineError::QueryFailed(Box::new(Failure {
        message: if failure.message.is_empty() {
            result.error_message
        } else {
            failure.message
        },
        ..failure
    })))
}

/// The failure of a query that the workflow's code has not described itself.
pub(super) fn query_failure(message: String) -> Failure {
    failure::application(message, "QueryFailed", true)
}
