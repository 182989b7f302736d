//! Activity tasks: handed to workers, and answered by them.

use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;
use wrt_machine::{ActivityClose, ActivityStart, HeartbeatAnswer, Rejection, Turn};
use wrt_model::{
    Namespace, Run, RunKey, Time, WorkflowKey,
    proto::{
        ActivityType, EventAttributes, Failure, HistoryEvent, Payloads, WorkerDeploymentVersion, WorkflowExecution,
        WorkflowType,
        enums::TaskQueueType,
        taskqueue::PollerInfo,
        workflowservice::{PollActivityTaskQueueRequest, PollActivityTaskQueueResponse},
    },
    run::Activity,
    task::ActivityToken,
    time::proto_span,
};

use crate::{
    Engine, EngineError, IDENTITY, clock,
    matching::{ActivityTask, Poll, QueueKey},
    worker_deployment::Fit,
};

/// Names an activity: by the token of the attempt that a worker holds, or by the ids that its workflow knows.
#[derive(Clone, Debug)]
pub enum ActivityRef {
    /// One attempt.
    Token(ActivityToken),
    /// Whichever attempt is current.
    Id {
        /// The namespace's id.
        namespace_id: String,
        /// The run; an empty run id stands for the current one.
        workflow: WorkflowExecution,
        /// The activity's id.
        activity_id: String,
    },
}

/// Who takes an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Starter {
    pub(crate) identity: String,
    /// It is the server itself.
    pub(crate) in_process: bool,
    /// The version that it belongs to.
    pub(crate) version: Option<WorkerDeploymentVersion>,
}

impl Starter {
    /// The server, which runs what components define.
    pub(crate) fn server() -> Self {
        Starter {
            identity: IDENTITY.to_owned(),
            in_process: true,
            version: None,
        }
    }
}

impl Engine {
    /// The next activity task of a queue; `None` when there is none until the deadline. The attempt has started, durably,
    /// when this returns one.
    pub async fn poll_activity_task(
        &self,
        namespace: &Namespace,
        request: PollActivityTaskQueueRequest,
        deadline: Duration,
    ) -> Result<Option<PollActivityTaskQueueResponse>, EngineError> {
        let queue = QueueKey::new(&namespace.id, request.task_queue.unwrap_or_default().name);
        let options = request.deployment_options.as_ref();
        let starter = Starter {
            identity: request.identity.clone(),
            in_process: false,
            version: self
                .register_poller(namespace, &queue.name, TaskQueueType::Activity, options)
                .await?,
        };
        let poll = Poll {
            version: starter.version.clone(),
            component: None,
            max_per_second: request.task_queue_metadata.and_then(|it| it.max_tasks_per_second),
            info: PollerInfo {
                identity: request.identity.clone(),
                rate_per_second: request
                    .task_queue_metadata
                    .and_then(|it| it.max_tasks_per_second)
                    .unwrap_or_default(),
                deployment_options: request.deployment_options,
                ..Default::default()
            },
            worker_instance_key: request.worker_instance_key,
        };
        let deadline = clock::instant() + deadline;
        let matching = &self.inner.matching;
        while let Some(lease) = self.next_task(matching, &queue, poll.clone(), deadline).await {
            let poller_scaling_decision = lease.scaling_decision();
            match self.deliver(lease.take(), starter.clone()).await {
                Ok(Some((task, run, activity))) => {
                    let scheduled = self.stored_event(&run.key(), task.token.scheduled_event_id).await?;
                    let response = poll_response(&namespace.name, &task.token, &run, &activity, scheduled);
                    return Ok(Some(PollActivityTaskQueueResponse {
                        poller_scaling_decision,
                        ..response
                    }));
                }
                // The activity ended while its task waited here, or workers of another version are to run it.
                Ok(None) | Err(EngineError::Rejected(_) | EngineError::WorkflowNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Starts an attempt for a worker. If the worker goes away meanwhile, the attempt goes back to its queue.
    async fn deliver(
        &self,
        task: ActivityTask,
        starter: Starter,
    ) -> Result<Option<(ActivityTask, Run, Activity)>, EngineError> {
        let (delivery, delivered) = oneshot::channel();
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let started = engine.start_activity(&task, starter).await;
            let started = started.map(|started| started.map(|(run, activity)| (task, run, activity)));
            if let Err(Ok(Some((task, run, activity)))) = delivery.send(started) {
                engine.return_activity(&task, &run, activity).await;
            }
        });
        delivered.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    async fn return_activity(&self, task: &ActivityTask, run: &Run, activity: Activity) {
        let ActivityToken {
            scheduled_event_id,
            attempt,
            ..
        } = task.token;
        let returned = self
            .decide(&run.workflow_key(), &run.run_id, move |turn| {
                turn.return_activity(scheduled_event_id, attempt, &activity.started_request_id)
            })
            .await;
        if let Err(error) = returned {
            tracing::debug!(%error, run = %run.key(), "an activity task was not given back");
        }
    }

    /// A worker's activity has a result.
    pub async fn activity_completed(
        &self,
        which: ActivityRef,
        result: Option<Payloads>,
        identity: String,
    ) -> Result<(), EngineError> {
        self.close_activity(which, identity, ActivityClose::Completed(result))
            .await
    }

    /// A worker's activity has failed.
    pub async fn activity_failed(
        &self,
        which: ActivityRef,
        failure: Failure,
        last_heartbeat_details: Option<Payloads>,
        identity: String,
    ) -> Result<(), EngineError> {
        let failure = Box::new(failure);
        self.close_activity(
            which,
            identity,
            ActivityClose::Failed {
                failure,
                last_heartbeat_details,
            },
        )
        .await
    }

    /// A worker's activity has stopped because it was asked to.
    pub async fn activity_canceled(
        &self,
        which: ActivityRef,
        details: Option<Payloads>,
        identity: String,
    ) -> Result<(), EngineError> {
        self.close_activity(which, identity, ActivityClose::Canceled(details))
            .await
    }

    /// A worker's activity is alive.
    pub async fn activity_heartbeat(
        &self,
        which: ActivityRef,
        details: Option<Payloads>,
    ) -> Result<HeartbeatAnswer, EngineError> {
        let Target { key, run_id, pick } = target(which);
        self.decide(&key, &run_id, move |turn| {
            let (scheduled_event_id, attempt) = pick.of(turn)?;
            turn.heartbeat_activity(scheduled_event_id, attempt, details)
        })
        .await
    }

    async fn close_activity(
        &self,
        which: ActivityRef,
        identity: String,
        close: ActivityClose,
    ) -> Result<(), EngineError> {
        let Target { key, run_id, pick } = target(which);
        self.decide(&key, &run_id, move |turn| {
            let (scheduled_event_id, attempt) = pick.of(turn)?;
            turn.close_activity(scheduled_event_id, attempt, &identity, close)
        })
        .await
    }

    /// Has a worker take an attempt. Returns the run in outline and the activity as they are then; `None` when workers of another
    /// version are to run it.
    pub(crate) async fn start_activity(
        &self,
        task: &ActivityTask,
        starter: Starter,
    ) -> Result<Option<(Run, Activity)>, EngineError> {
        let key = task.token.run_key();
        let start = ActivityStart {
            scheduled_event_id: task.token.scheduled_event_id,
            attempt: task.token.attempt,
            identity: starter.identity,
            request_id: Uuid::now_v7().to_string(),
            in_process: starter.in_process,
            version: starter.version,
        };
        let engine = self.clone();
        self.decide(&key.workflow, &key.run_id, move |turn| {
            let scheduled_event_id = start.scheduled_event_id;
            if !engine.fits(turn, &start) {
                return Ok(None);
            }
            turn.start_activity(start)?;
            let run = turn.run();
            let activity = run.activities[&scheduled_event_id].clone();
            Ok(Some((run.outline(), activity)))
        })
        .await
    }

    /// Whether the worker is of the version that is to run the attempt; else the attempt is sent there.
    fn fits(&self, turn: &mut Turn<'_>, start: &ActivityStart) -> bool {
        let run = turn.run();
        let activity = run.activities.get(&start.scheduled_event_id);
        let activity =
            activity.filter(|activity| run.is_open() && !start.in_process && activity.attempt == start.attempt);
        // What else may be wrong, the rules say.
        let fit = activity.map_or(Fit::Fits, |activity| self.fit(run, activity, start.version.as_ref()));
        match fit {
            Fit::Fits => return true,
            Fit::Elsewhere => turn.offer_activity(start.scheduled_event_id),
            Fit::RunMovesFirst(version) => turn.move_to_version(version.as_ref()),
        }
        false
    }
}

/// What a worker is told of its attempt.
pub(crate) fn poll_response(
    namespace: &str,
    token: &ActivityToken,
    run: &Run,
    activity: &Activity,
    scheduled: HistoryEvent,
) -> PollActivityTaskQueueResponse {
    let scheduled_time = scheduled.event_time;
    let Some(EventAttributes::ActivityTaskScheduledEventAttributes(scheduled)) = scheduled.attributes else {
        unreachable!("a token names the event that scheduled its activity");
    };
    let time = |nanos| Some(Time::from_nanos(nanos).into());
    let span = |nanos: i64| Some(proto_span(Duration::from_nanos(nanos.unsigned_abs())));
    PollActivityTaskQueueResponse {
        task_token: token.to_bytes(),
        workflow_namespace: namespace.to_owned(),
        workflow_type: Some(WorkflowType {
            name: run.workflow_type.clone(),
        }),
        workflow_execution: Some(run.execution()),
        activity_type: Some(ActivityType {
            name: activity.activity_type.clone(),
        }),
        activity_id: activity.activity_id.clone(),
        header: scheduled.header,
        input: scheduled.input,
        heartbeat_details: activity.heartbeat_details.clone(),
        scheduled_time,
        current_attempt_scheduled_time: time(activity.attempt_scheduled_ns),
        started_time: time(activity.started_ns),
        attempt: activity.attempt_number(),
        schedule_to_close_timeout: span(activity.schedule_to_close_ns),
        start_to_close_timeout: span(activity.start_to_close_ns),
        heartbeat_timeout: span(activity.heartbeat_timeout_ns),
        retry_policy: activity.retry_policy.clone(),
        priority: run.priority_of(activity),
        ..Default::default()
    }
}

// === Naming activities ===

struct Target {
    key: WorkflowKey,
    run_id: String,
    pick: Pick,
}

/// An activity within its run.
enum Pick {
    Attempt { scheduled_event_id: i64, attempt: i32 },
    Id(String),
}

impl Pick {
    /// The event that scheduled the activity and the attempt that is meant, 0 for whichever is current.
    fn of(&self, turn: &Turn<'_>) -> Result<(i64, i32), Rejection> {
        match self {
            Pick::Attempt {
                scheduled_event_id,
                attempt,
            } => Ok((*scheduled_event_id, *attempt)),
            Pick::Id(activity_id) => {
                let mut activities = turn.run().activities.iter();
                let found = activities.find(|(_, activity)| activity.activity_id == *activity_id);
                let message = || {
                    format!(
                        "cannot find pending activity with ActivityID {activity_id}, check workflow execution history for \
                         more details"
                    )
                };
                found
                    .map(|(&id, _)| (id, 0))
                    .ok_or_else(|| Rejection::ActivityNotFound(message()))
            }
        }
    }
}

fn target(which: ActivityRef) -> Target {
    match which {
        ActivityRef::Token(token) => {
            let RunKey { workflow: key, run_id } = token.run_key();
            let pick = Pick::Attempt {
                scheduled_event_id: token.scheduled_event_id,
                attempt: token.attempt,
            };
            Target { key, run_id, pick }
        }
        ActivityRef::Id {
            namespace_id,
            workflow,
            activity_id,
        } => Target {
            key: WorkflowKey::new(namespace_id, workflow.workflow_id),
            run_id: workflow.run_id,
            pick: Pick::Id(activity_id),
        },
    }
}
