//! Handing workflow tasks to workers.
//!
//! A task queue holds a hint that a run has a workflow task. Whoever takes it goes through the run's lane, where the task is
//! started, if it is still there, and committed before the worker sees it.

use std::time::Duration;

use prost::{Message as _, Name as _};
use tokio::sync::oneshot;
use uuid::Uuid;
use wrt_machine::{Directive, PollerVersion, Rejection, version_of_worker, workflow_directive};
use wrt_model::{
    Namespace, Run, RunKey, Time,
    proto::{
        History, HistoryEvent, TaskQueue, WorkerDeploymentVersion, WorkflowType,
        enums::{TaskQueueKind, TaskQueueType},
        protocol::{self, message::SequencingId},
        taskqueue::PollerInfo,
        update,
        workflowservice::{PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse, StartWorkflowExecutionRequest},
    },
    run::WorkflowTask,
    task::WorkflowTaskToken,
    update_id,
};

use crate::{
    Engine, EngineError, clock,
    lane::{HotRun, Lane, Message, Step},
    matching::{self, Poll, QueueKey, Rank},
};

/// How long a worker may be away before its own queue counts as abandoned.
const STICKY_MEMORY: Duration = Duration::from_secs(10);

/// The event with which a workflow task begins that nothing has come before: it follows the start and its own schedule.
const FIRST_STARTED_EVENT: i64 = 3;

/// A worker wants the workflow task of a run.
pub(crate) struct TakeMessage {
    run_id: String,
    taker: Taker,
    pub(crate) reply: oneshot::Sender<Result<TakenTask, EngineError>>,
}

/// Who takes a workflow task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taker {
    pub(crate) identity: String,
    /// The task comes from the worker's own queue: it knows the history up to its last task.
    pub(crate) is_sticky: bool,
    /// The version that it belongs to.
    pub(crate) version: Option<WorkerDeploymentVersion>,
    /// It has started the workflow, for itself to run, whatever version is current.
    pub(crate) is_starter: bool,
    /// The request that it takes the task with; an own one if it is left out.
    pub(crate) request_id: Option<String>,
}

impl Taker {
    /// The worker that starts a workflow and runs its first task itself.
    pub(crate) fn at_start(request: &StartWorkflowExecutionRequest) -> Self {
        Taker {
            identity: request.identity.clone(),
            is_sticky: false,
            version: version_of_worker(request.eager_worker_deployment_options.as_ref()),
            is_starter: true,
            request_id: Some(request.request_id.clone()),
        }
    }
}

impl Taker {
    /// Whether the run's workflow task may go to it.
    fn fits(&self, engine: &Engine, run: &Run) -> bool {
        match workflow_directive(run) {
            Directive::Target | Directive::Ramping | Directive::Unversioned if self.is_starter => true,
            _ => engine.workflow_version(run) == self.version,
        }
    }
}

/// A workflow task that a worker has taken, as it was then.
pub(crate) struct TakenTask {
    run: RunKey,
    started_event_id: i64,
    /// What the worker is told of it, but for its history.
    response: PollWorkflowTaskQueueResponse,
    /// The events that it comes with; `None` to read all of them from the store.
    events: Option<Vec<HistoryEvent>>,
    /// Those at its end that are not written yet.
    transient: Vec<HistoryEvent>,
}

impl Engine {
    /// The next workflow task, or query, of a queue; `None` when there is none until the deadline. The task has started,
    /// durably, when this returns one.
    pub async fn poll_workflow_task(
        &self,
        namespace: &Namespace,
        request: PollWorkflowTaskQueueRequest,
        deadline: Duration,
    ) -> Result<Option<PollWorkflowTaskQueueResponse>, EngineError> {
        let task_queue = request.task_queue.unwrap_or_default();
        let is_sticky = task_queue.kind() == TaskQueueKind::Sticky;
        let options = request.deployment_options.as_ref();
        let version = match is_sticky {
            true => version_of_worker(options),
            false => {
                self.register_poller(namespace, &task_queue.name, TaskQueueType::Workflow, options)
                    .await?
            }
        };
        let taker = Taker {
            is_sticky,
            identity: request.identity.clone(),
            version: version.clone(),
            ..Taker::default()
        };
        let queue = QueueKey::new(&namespace.id, task_queue.name);
        let poll = Poll {
            info: PollerInfo {
                identity: request.identity,
                deployment_options: request.deployment_options,
                ..Default::default()
            },
            worker_instance_key: request.worker_instance_key,
            // A worker's own queue holds nothing for others.
            version: version.filter(|_| !is_sticky),
            ..Poll::default()
        };
        let deadline = clock::instant() + deadline;
        let matching = &self.inner.workflow_matching;
        while let Some(lease) = self.next_task(matching, &queue, poll.clone(), deadline).await {
            let poller_scaling_decision = lease.scaling_decision();
            let response = match lease.task().query_id {
                Some(query_id) => self.take_query(lease.take().run, query_id, &taker).await,
                None => self.take_workflow_task(lease.take(), &taker).await,
            };
            match response {
                Ok(Some(response)) => {
                    return Ok(Some(PollWorkflowTaskQueueResponse {
                        poller_scaling_decision,
                        ..response
                    }));
                }
                // It was taken, answered or closed while its hint waited here.
                Ok(None) | Err(EngineError::Rejected(_) | EngineError::WorkflowNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// If the worker goes away meanwhile, the task times out.
    async fn take_workflow_task(
        &self,
        hint: matching::WorkflowTask,
        taker: &Taker,
    ) -> Result<Option<PollWorkflowTaskQueueResponse>, EngineError> {
        let (reply, answer) = oneshot::channel();
        let message = TakeMessage {
            run_id: hint.run.run_id,
            taker: taker.clone(),
            reply,
        };
        self.send(&hint.run.workflow, Message::TakeWorkflowTask(Box::new(message)));
        let taken = answer.await.unwrap_or(Err(EngineError::ShuttingDown))?;
        self.workflow_task_response(taken).await.map(Some)
    }

    /// What a worker is told of its workflow task.
    pub(crate) async fn workflow_task_response(
        &self,
        taken: TakenTask,
    ) -> Result<PollWorkflowTaskQueueResponse, EngineError> {
        let mut events = match taken.events {
            Some(events) => events,
            None => self.whole_history(&taken.run, taken.started_event_id).await?,
        };
        events.extend(taken.transient);
        Ok(PollWorkflowTaskQueueResponse {
            history: Some(History { events }),
            ..taken.response
        })
    }

    /// The history of a run, up to an event.
    pub(crate) async fn whole_history(
        &self,
        run: &RunKey,
        last_event_id: i64,
    ) -> Result<Vec<HistoryEvent>, EngineError> {
        let mut events = self.read_events(run, 1, usize::MAX).await?;
        events.retain(|event| event.event_id <= last_event_id);
        Ok(events)
    }

    /// Lets workers know that a run has a workflow task.
    pub(crate) fn offer_workflow_task(&self, run: &Run) {
        // A component may have taken the run since the task was to be offered.
        let waiting = run.workflow_task.as_ref().filter(|task| !task.is_started());
        let Some(task) = waiting.filter(|_| run.is_run_by_workers()) else {
            return;
        };
        let sticky = task.sticky.as_ref().map(|sticky| sticky.task_queue.as_str());
        let directive = match sticky {
            Some(_) => Directive::Unversioned,
            None => workflow_directive(run),
        };
        let hint = matching::WorkflowTask {
            directive,
            run: run.key(),
            query_id: None,
            rank: Rank::of(run.priority.as_ref()),
            since: clock::instant_of(Time::from_nanos(task.not_before_ns)),
        };
        let queue = workflow_queue(run, sticky);
        self.inner.workflow_matching.add(&queue, hint);
    }

    /// Whether the worker that has the run in its cache still asks for tasks, and is of the version that gets them.
    pub(crate) fn has_sticky_worker(&self, run: &Run) -> bool {
        let kept = run.sticky.as_ref().filter(|_| !self.is_to_move(run));
        kept.is_some_and(|sticky| {
            let queue = workflow_queue(run, Some(&sticky.task_queue));
            self.inner.workflow_matching.is_polled(&queue, STICKY_MEMORY)
        })
    }

    /// A worker has gone for good: its polls end, and nothing waits for it on its own queue.
    pub fn shutdown_worker(&self, namespace: &Namespace, sticky_task_queue: &str, worker_instance_key: &str) {
        if !worker_instance_key.is_empty() {
            self.inner.matching.dismiss(worker_instance_key);
            self.inner.workflow_matching.dismiss(worker_instance_key);
            self.inner.nexus_matching.dismiss(worker_instance_key);
        }
        if !sticky_task_queue.is_empty() {
            let queue = QueueKey::new(&namespace.id, sticky_task_queue);
            self.inner.workflow_matching.forget_pollers(&queue);
        }
    }
}

/// What a worker is told of a run, whatever it is to do.
pub(crate) fn response_of(run: &Run) -> PollWorkflowTaskQueueResponse {
    PollWorkflowTaskQueueResponse {
        workflow_execution: Some(run.execution()),
        workflow_type: Some(WorkflowType {
            name: run.workflow_type.clone(),
        }),
        workflow_execution_task_queue: Some(TaskQueue {
            name: run.task_queue.clone(),
            kind: TaskQueueKind::Normal as i32,
            ..Default::default()
        }),
        previous_started_event_id: run.last_completed_started_event_id,
        ..Default::default()
    }
}

fn response_of_task(run: &Run, task: &WorkflowTask) -> PollWorkflowTaskQueueResponse {
    let time = |nanos| Some(Time::from_nanos(nanos).into());
    PollWorkflowTaskQueueResponse {
        task_token: WorkflowTaskToken::of(run, task).to_bytes(),
        started_event_id: task.started_event_id,
        attempt: task.attempt,
        scheduled_time: time(task.scheduled_ns),
        started_time: time(task.started_ns),
        ..response_of(run)
    }
}

/// The queue for the workflow tasks of a run: the worker's own one, or that of the run.
pub(crate) fn workflow_queue(run: &Run, sticky: Option<&str>) -> QueueKey {
    QueueKey::new(&run.namespace_id, sticky.unwrap_or(&run.task_queue))
}

impl Lane {
    /// A worker takes the workflow task of the run.
    pub(crate) fn receive_take(&mut self, message: TakeMessage, step: &mut Step) {
        let TakeMessage { run_id, taker, reply } = message;
        let current = self.current.as_mut().filter(|run| run.run.run_id == run_id);
        let taken = current.and_then(|run| run.take_workflow_task(&self.engine, &taker));
        step.answer(reply, taken.ok_or(Rejection::WorkflowTaskNotFound.into()));
    }
}

impl HotRun {
    /// Starts the workflow task for a worker; `None` when there is none to be had.
    pub(crate) fn take_workflow_task(&mut self, engine: &Engine, taker: &Taker) -> Option<TakenTask> {
        if !self.run.is_run_by_workers() {
            return None;
        }
        let now = clock::now();
        if !taker.fits(engine, &self.run) {
            self.decide(now, |turn| turn.offer_workflow_task_elsewhere());
            return None;
        }
        let request_id = match &taker.request_id {
            Some(request_id) => request_id.clone(),
            None => Uuid::now_v7().to_string(),
        };
        let poller = match taker.is_starter {
            // The run belongs to no version before the worker says so.
            true => PollerVersion::default(),
            false => engine.poller_version(&self.run, taker.version.as_ref()),
        };
        let started = self.decide(now, |turn| {
            let starts = turn.wants_workflow_task()
                && turn
                    .start_workflow_task_on(&taker.identity, &request_id, &poller)
                    .is_ok();
            starts.then(|| turn.transient_events())
        });
        let (Some(transient), Some(task)) = (started, self.run.workflow_task.clone()) else {
            return None;
        };
        Some(TakenTask {
            run: self.run.key(),
            started_event_id: task.started_event_id,
            response: PollWorkflowTaskQueueResponse {
                messages: self.send_updates(&task),
                queries: self.queries.attach(),
                ..response_of_task(&self.run, &task)
            },
            events: taker.is_sticky.then(|| self.unseen_events()).flatten(),
            transient,
        })
    }

    /// The first workflow task, if this worker has taken it with the start, and it is still under way.
    pub(crate) fn first_workflow_task(&self, taker: &Taker) -> Option<TakenTask> {
        let task = self.run.workflow_task.as_ref().filter(|task| task.is_started())?;
        let is_first = task.started_event_id == FIRST_STARTED_EVENT && task.attempt == 1;
        let is_takers = self.run.is_run_by_workers() && task.identity == taker.identity;
        (is_first && is_takers).then(|| TakenTask {
            run: self.run.key(),
            started_event_id: task.started_event_id,
            response: response_of_task(&self.run, task),
            events: None,
            transient: Vec::new(),
        })
    }

    /// The events behind those of the last workflow task that was completed, if they are in memory.
    fn unseen_events(&self) -> Option<Vec<HistoryEvent>> {
        let first = self.run.last_completed_started_event_id + 1;
        let begin = self.tail.binary_search_by_key(&first, |event| event.event_id).ok()?;
        Some(self.tail[begin..].to_vec())
    }

    /// The updates that go to the worker with its workflow task. Those that a reset has brought stand in the history, where
    /// workers look for them.
    fn send_updates(&mut self, task: &WorkflowTask) -> Vec<protocol::Message> {
        self.updates.iter_mut().for_each(|update| update.is_sent = true);
        let requests = self.unanswered_updates();
        requests
            .map(|request| update_message(request, task.started_event_id))
            .collect()
    }
}

fn update_message(request: &update::Request, started_event_id: i64) -> protocol::Message {
    let id = update_id(request);
    protocol::Message {
        id: format!("{id}/request"),
        protocol_instance_id: id.to_owned(),
        sequencing_id: Some(SequencingId::EventId(started_event_id - 1)),
        body: Some(prost_types::Any {
            type_url: format!("type.googleapis.com/{}", update::Request::full_name()),
            value: request.encode_to_vec(),
        }),
    }
}
