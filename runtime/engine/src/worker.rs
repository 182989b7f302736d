//! The server as a worker: activities of components run in its own process.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, watch};
use wrt_host::{ActivityControl, ActivityModule};
use wrt_machine::{ActivityClose, ActivityStart, HeartbeatAnswer};
use wrt_model::{
    Component, ComponentKind, failure,
    proto::{
        Failure, Payloads, enums::TimeoutType, taskqueue::PollerInfo, workflowservice::PollActivityTaskQueueResponse,
    },
    task::ActivityToken,
    time::span_set,
};

use crate::{
    ActivityRef, Engine, EngineError, IDENTITY,
    activity::{Starter, poll_response},
    clock,
    lane::{Lane, Message, Step},
    matching::{ActivityTask, Lease, Poll, QueueKey, Rank},
    routing::{Route, queue_of},
};

/// How an attempt inside the server has ended.
pub(crate) struct ExecutionEnd {
    run_id: String,
    scheduled_event_id: i64,
    attempt: i32,
    close: ActivityClose,
}

/// An attempt that runs inside the server. It holds its place among the attempts that may run at the same time.
pub(crate) struct Execution {
    token: ActivityToken,
    task: PollActivityTaskQueueResponse,
    route: Route,
    _slot: OwnedSemaphorePermit,
}

impl Lane {
    /// Starts the attempts that the server itself can run right away: their start is part of this step's commit. The rest
    /// goes to the task queues.
    pub(crate) async fn start_activities(&mut self, step: &mut Step) {
        let Some(current) = &mut self.current else { return };
        for scheduled_event_id in std::mem::take(&mut current.pending.dispatches) {
            match self.start_here(scheduled_event_id).await {
                Some(execution) => step.executions.push(execution),
                None => {
                    let current = self.current.as_mut().expect("there is one, see above");
                    current.pending.dispatches.push(scheduled_event_id);
                }
            }
        }
    }

    async fn start_here(&mut self, scheduled_event_id: i64) -> Option<Execution> {
        let engine = &self.engine;
        let current = self.current.as_mut()?;
        let activity = current
            .run
            .activities
            .get(&scheduled_event_id)
            .filter(|activity| current.run.offers(activity))?;
        let queue = QueueKey::new(&self.key.namespace_id, &activity.task_queue);
        let route = engine
            .inner
            .routing
            .find(&queue, ComponentKind::Activity, &activity.activity_type)?;
        let slot = engine.inner.activity_slots.clone().try_acquire_owned().ok()?;
        let namespace = engine.namespace_by_id(&self.key.namespace_id).await.ok()?;
        let attempt = activity.attempt;
        let rank = Rank::of(current.run.priority_of(activity).as_ref());
        let (in_memory, key) = (current.event(scheduled_event_id), current.run.key());
        let scheduled = match in_memory {
            Some(event) => event,
            None => engine.stored_event(&key, scheduled_event_id).await.ok()?,
        };
        let start = ActivityStart {
            scheduled_event_id,
            attempt,
            identity: IDENTITY.to_owned(),
            request_id: String::new(),
            in_process: true,
            version: None,
        };
        if !engine.inner.matching.admit(&queue, &route.current, &rank) {
            return None;
        }
        current.decide(clock::now(), |turn| turn.start_activity(start)).ok()?;
        let token = ActivityToken::of(&current.run, scheduled_event_id, attempt);
        let activity = &current.run.activities[&scheduled_event_id];
        let task = poll_response(&namespace.name, &token, &current.run, activity, scheduled);
        Some(Execution {
            token,
            task,
            route,
            _slot: slot,
        })
    }

    /// Closes the activity. A run that is not in memory has closed; so the end of its attempts changes nothing.
    pub(crate) fn receive_execution_end(&mut self, end: ExecutionEnd, step: &mut Step) {
        let ExecutionEnd {
            run_id,
            scheduled_event_id,
            attempt,
            close,
        } = end;
        let mut runs = self.current.as_deref_mut().into_iter().chain(&mut step.superseded);
        let Some(run) = runs.find(|run| run.run.run_id == run_id) else {
            return;
        };
        let closed = run.decide(clock::now(), |turn| {
            turn.close_activity(scheduled_event_id, attempt, IDENTITY, close)
        });
        if let Err(error) = closed {
            tracing::debug!(run = %run.run.key(), %error, scheduled_event_id, "the end of an attempt was not taken");
        }
    }
}

/// Polls the queue of an activity deployment for the attempts that could not start when they were scheduled: no place was
/// free, others came first, or the queue's rate limit was used up.
pub(crate) struct ServerWorker {
    engine: Engine,
    queue: QueueKey,
    component: Arc<Component>,
}

impl ServerWorker {
    /// Serves the route until another one takes its place.
    pub(crate) fn spawn(engine: &Engine, route: Route) {
        let worker = ServerWorker {
            engine: engine.clone(),
            queue: queue_of(&route.deployment),
            component: route.current.clone(),
        };
        engine.inner.tasks.spawn(async move {
            tokio::select! {
                () = worker.run(&route) => {}
                () = worker.engine.inner.stopping.cancelled() => {}
            }
        });
    }

    async fn run(&self, route: &Route) {
        loop {
            let poll = Poll {
                component: Some(self.component.clone()),
                info: PollerInfo {
                    identity: IDENTITY.to_owned(),
                    ..Default::default()
                },
                ..Poll::default()
            };
            let Some(lease) = self.engine.inner.matching.poll(&self.queue, poll).await else {
                continue;
            };
            if !self.engine.inner.routing.serves(&self.queue, route) {
                // Dropping the lease gives the task to the route that serves now.
                return;
            }
            let slots = self.engine.inner.activity_slots.clone();
            let slot = slots.acquire_owned().await.expect("the semaphore is never closed");
            let Some(lease) = lease.renew(&self.component) else {
                continue;
            };
            if let Err(error) = self.take(lease, route.clone(), slot).await {
                tracing::debug!(%error, "an activity task was not taken");
            }
        }
    }

    async fn take(
        &self,
        lease: Lease<ActivityTask>,
        route: Route,
        slot: OwnedSemaphorePermit,
    ) -> Result<(), EngineError> {
        let (run, activity) = match self.engine.start_activity(lease.task(), Starter::server()).await {
            Ok(Some(started)) => started,
            Ok(None) => {
                drop(lease.take());
                return Ok(());
            }
            Err(error) => {
                drop(lease.take());
                return Err(error);
            }
        };
        let ActivityTask { token, .. } = lease.take();
        let namespace = self.engine.namespace_by_id(&token.namespace_id).await?;
        let scheduled = self.engine.stored_event(&run.key(), token.scheduled_event_id).await?;
        let task = poll_response(&namespace.name, &token, &run, &activity, scheduled);
        let execution = Execution {
            token,
            task,
            route,
            _slot: slot,
        };
        self.engine.spawn_executions([execution]);
        Ok(())
    }
}

impl Engine {
    /// Goes on with the only attempt of a step that nobody else has heard of. Most attempts are over before another task could
    /// have begun them; then its end is what the lane finds next.
    pub(crate) async fn go_on(&self, mut executions: Vec<Execution>) {
        if executions.len() == 1
            && let Some(execution) = executions.pop()
        {
            // A workflow that never waits is not alone in the world.
            tokio::task::consume_budget().await;
            let mut attempt = Box::pin(self.clone().execute(execution));
            if futures::poll!(attempt.as_mut()).is_pending() {
                self.inner.tasks.spawn(attempt);
            }
        }
        self.spawn_executions(executions);
    }

    /// Begins attempts, each on a task of its own.
    pub(crate) fn spawn_executions(&self, executions: impl IntoIterator<Item = Execution>) {
        for execution in executions {
            // Boxed, as a task is moved several times.
            self.inner.tasks.spawn(Box::pin(self.clone().execute(execution)));
        }
    }

    /// Runs an attempt and reports how it ended. Nobody waits for the commit: to wake somebody up would take longer than what
    /// is left to do.
    async fn execute(self, execution: Execution) {
        let close = tokio::select! {
            biased;
            close = self.run_execution(&execution) => close,
            // The attempt is lost; it runs again after the next start.
            () = self.inner.stopping.cancelled() => return,
        };
        let end = ExecutionEnd {
            run_id: execution.token.run_id.clone(),
            scheduled_event_id: execution.token.scheduled_event_id,
            attempt: execution.token.attempt,
            close,
        };
        self.send(
            &execution.token.run_key().workflow,
            Message::ExecutionEnded(Box::new(end)),
        );
    }

    async fn run_execution(&self, execution: &Execution) -> ActivityClose {
        let canceled = self.inner.executions.enter(&execution.token);
        let (outcome, unsent) = self.run_activity(execution, canceled).await;
        self.inner.executions.leave(&execution.token);
        match outcome {
            Ok(result) => ActivityClose::Completed(result),
            Err(failure) if is_canceled(&failure) => ActivityClose::Canceled(canceled_details(failure)),
            Err(failure) => ActivityClose::Failed {
                failure: Box::new(failure),
                last_heartbeat_details: unsent,
            },
        }
    }

    /// Runs an attempt to its end. Returns the details of a heartbeat, too, that was not recorded any more.
    async fn run_activity(
        &self,
        execution: &Execution,
        canceled: watch::Receiver<bool>,
    ) -> (Result<Option<Payloads>, Failure>, Option<Payloads>) {
        let module = match self.activity_module(&execution.route).await {
            Ok(module) => module,
            Err(error) => {
                return (
                    Err(failure::server(format!("load the activity component: {error}"), false)),
                    None,
                );
            }
        };
        let (heartbeat, mut beats) = watch::channel(None);
        let control = ActivityControl {
            heartbeat,
            cancel: canceled,
        };
        let grants = &execution.route.deployment.grants;
        let limit = span_set(execution.task.start_to_close_timeout.as_ref()).unwrap_or(Duration::MAX);
        let outcome = tokio::select! {
            biased;
            outcome = module.execute(&execution.task, &execution.route.deployment.task_queue, grants, control) => outcome,
            () = self.record_heartbeats(&execution.token, &mut beats) => unreachable!("it has no end"),
            () = sleep(limit) => Err(failure::timeout(TimeoutType::StartToClose, None)),
        };
        (outcome, unsent(&mut beats))
    }

    /// Records the heartbeats of an attempt, of those that come during a commit the last one.
    async fn record_heartbeats(&self, token: &ActivityToken, beats: &mut watch::Receiver<Option<Payloads>>) {
        while beats.changed().await.is_ok() {
            let details = beats.borrow_and_update().clone();
            let recorded = self
                .activity_heartbeat(ActivityRef::Token(token.clone()), details)
                .await;
            if recorded.map_or(true, HeartbeatAnswer::asks_to_stop) {
                // It is asked to stop, or the attempt is over for the run.
                self.inner.executions.cancel(&token.run_id, token.scheduled_event_id);
            }
        }
        std::future::pending::<()>().await;
    }

    pub(crate) async fn activity_module(&self, route: &Route) -> Result<ActivityModule, EngineError> {
        let digest = &route.deployment.current;
        Ok(self
            .inner
            .host
            .activity(digest, || self.component_bytes(digest.clone()))
            .await?)
    }
}

/// The details of a heartbeat that waits.
fn unsent(beats: &mut watch::Receiver<Option<Payloads>>) -> Option<Payloads> {
    let last = beats.borrow_and_update();
    if last.has_changed() { last.clone() } else { None }
}

/// Sleeps; spans that the timer cannot hold count as for ever.
pub(crate) async fn sleep(span: Duration) {
    if span > Duration::from_secs(10 * 365 * 24 * 3600) {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(span).await;
}

fn is_canceled(failure: &Failure) -> bool {
    matches!(
        failure.failure_info,
        Some(wrt_model::proto::FailureInfo::CanceledFailureInfo(_))
    )
}

fn canceled_details(failure: Failure) -> Option<Payloads> {
    match failure.failure_info {
        Some(wrt_model::proto::FailureInfo::CanceledFailureInfo(info)) => info.details,
        _ => None,
    }
}
