//! Local activities: the server runs them itself, within the workflow task that asked for them.
//!
//! The lane [attends](crate::attending) to what comes in meanwhile. What the task decides is not committed before it completes:
//! if the server dies, the task is run again, and its local activities with it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use prost::Message;
use tokio::sync::watch;
use wrt_host::{ActivityControl, Completion, LocalActivity, LocalActivityEnd, TaskFailure};
use wrt_machine::retry;
use wrt_model::{
    ComponentKind, Run, failure,
    proto::{
        ActivityType, Failure, Payloads, WorkflowType,
        enums::{RetryState, TimeoutType, WorkflowTaskFailedCause as Cause},
        workflowservice::PollActivityTaskQueueResponse,
    },
    task::ActivityToken,
    time::{proto_span, span_set},
};

use crate::{
    Engine,
    attending::{PATIENCE, TaskAttempt},
    clock,
    lane::{HotRun, Lane, Step},
    matching::QueueKey,
    worker,
    workflow_task::task_failure,
};

impl Lane {
    /// Runs the local activities that a task has asked for, hands their ends to the workflow, and adds what it decides
    /// because of them; returns when none is open, or when the run is over. False when the task was lost meanwhile.
    pub(crate) async fn run_local_activities(
        &mut self,
        task: &TaskAttempt,
        completion: &mut Completion,
        step: &mut Step,
    ) -> Result<bool, TaskFailure> {
        if completion.local_activities.is_empty() {
            return Ok(true);
        }
        let scope = Arc::new(Scope::of(
            &self.engine,
            self.current.as_ref().expect("it holds the task"),
        ));
        let mut running = FuturesUnordered::new();
        let mut cancels = HashMap::new();
        loop {
            for activity in std::mem::take(&mut completion.local_activities) {
                check(&activity).map_err(|message| task_failure(Cause::BadScheduleActivityAttributes, message))?;
                let (cancel, canceled) = watch::channel(false);
                cancels.insert(activity.seq, cancel);
                running.push(scope.clone().run(activity, canceled));
            }
            for seq in std::mem::take(&mut completion.canceled_local_activities) {
                if let Some(cancel) = cancels.get(&seq) {
                    cancel.send_replace(true);
                }
            }
            let last = completion
                .commands
                .last()
                .and_then(|command| command.attributes.as_ref());
            if last.is_some_and(wrt_machine::is_closing) || running.is_empty() {
                return Ok(true);
            }
            let Some(end) = self.next_end(task, &mut running, step).await else {
                return Ok(false);
            };
            cancels.remove(&end.seq);
            let more = self.call_code(task, step, None, |instance| instance.end_local_activity(end));
            let Some(mut more) = more.transpose()? else {
                return Ok(false);
            };
            completion.commands.append(&mut more.commands);
            completion.messages.append(&mut more.messages);
            completion.local_activities = more.local_activities;
            completion.canceled_local_activities = more.canceled_local_activities;
        }
    }

    /// Waits for the end of a local activity, and attends to what comes in meanwhile. `None` when the task was lost.
    async fn next_end(
        &mut self,
        task: &TaskAttempt,
        running: &mut FuturesUnordered<impl Future<Output = LocalActivityEnd>>,
        step: &mut Step,
    ) -> Option<LocalActivityEnd> {
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        let mut is_patient = true;
        loop {
            let message = tokio::select! {
                biased;
                Some(end) = running.next() => return Some(end),
                () = &mut patience, if is_patient => {
                    is_patient = false;
                    step.turn = None;
                    None
                }
                message = self.next_message() => Some(message),
            };
            self.attend(message.into_iter().collect(), step).await;
            if !self.holds(task) {
                return None;
            }
        }
    }
}

/// What the local activities of a task have to know about its run.
struct Scope {
    engine: Engine,
    /// In outline.
    run: Run,
}

impl Scope {
    fn of(engine: &Engine, run: &HotRun) -> Self {
        Scope {
            engine: engine.clone(),
            run: run.run.outline(),
        }
    }

    /// Runs the attempts of a local activity.
    async fn run(self: Arc<Self>, activity: LocalActivity, canceled: watch::Receiver<bool>) -> LocalActivityEnd {
        let policy = retry::with_defaults(activity.retry_policy.clone().unwrap_or_default());
        let expires = clock::now().plus(longest(&self.run, &activity));
        let mut attempt = 1;
        loop {
            let left = expires.since(clock::now());
            let outcome = self.attempt(&activity, attempt, left, canceled.clone()).await;
            let cause = match outcome {
                Ok(result) => return end(&activity, attempt, Ok(result)),
                Err(cause) => cause,
            };
            let next = retry::next_delay(&retry::Attempt {
                policy: Some(&policy),
                attempt,
                failure: &cause,
                now: clock::now(),
                expires: Some(expires),
            });
            match next {
                _ if *canceled.borrow() => return end(&activity, attempt, Err((cause, RetryState::CancelRequested))),
                Err(_) if retry::is_end_of_time(&cause) => {
                    return end(&activity, attempt, Err((cause, RetryState::Timeout)));
                }
                Err(retry_state) => return end(&activity, attempt, Err((cause, retry_state))),
                Ok(delay) => tokio::time::sleep(delay).await,
            }
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        activity: &LocalActivity,
        attempt: i32,
        left: Duration,
        cancel: watch::Receiver<bool>,
    ) -> Result<Option<Payloads>, Failure> {
        let Scope { engine, run } = self;
        let queue = QueueKey::new(&run.namespace_id, &run.task_queue);
        let routing = &engine.inner.routing;
        let Some(route) = routing.find(&queue, ComponentKind::Activity, &activity.activity_type) else {
            let message = format!(
                "no component serves local activity {} on task queue {}: deploy one that has it",
                activity.activity_type, run.task_queue
            );
            return Err(failure::application(message, "NotFound", true));
        };
        let broken = |error: crate::EngineError| failure::server(format!("run a local activity: {error}"), false);
        let module = engine.activity_module(&route).await.map_err(broken)?;
        let namespace = engine.namespace_by_id(&run.namespace_id).await.map_err(broken)?;
        let task = task(&namespace.name, run, activity, attempt);
        // Heartbeats are for those who look after an activity from outside.
        let (heartbeat, _) = watch::channel(None);
        let control = ActivityControl { heartbeat, cancel };
        let limit = span_set(activity.start_to_close_timeout.as_ref()).unwrap_or(Duration::MAX);
        tokio::select! {
            outcome = module.execute(&task, &run.task_queue, &route.deployment.grants, control) => outcome,
            () = worker::sleep(left) => Err(failure::timeout(TimeoutType::ScheduleToClose, None)),
            () = worker::sleep(limit) => Err(failure::timeout(TimeoutType::StartToClose, None)),
        }
    }
}

/// What Temporal's rules say about the options.
fn check(activity: &LocalActivity) -> Result<(), String> {
    let checked = activity.retry_policy.as_ref().map_or(Ok(()), retry::check);
    checked.map_err(|message| format!("local activity {}: {message}", activity.activity_id))
}

/// A workflow task is not there to wait: all attempts together end with its timeout.
fn longest(run: &Run, activity: &LocalActivity) -> Duration {
    let task = Duration::from_nanos(run.workflow_task_timeout_ns.unsigned_abs());
    span_set(activity.schedule_to_close_timeout.as_ref()).map_or(task, |limit| limit.min(task))
}

fn end(
    activity: &LocalActivity,
    attempt: i32,
    outcome: Result<Option<Payloads>, (Failure, RetryState)>,
) -> LocalActivityEnd {
    LocalActivityEnd {
        seq: activity.seq,
        attempt,
        outcome,
    }
}

fn task(namespace: &str, run: &Run, activity: &LocalActivity, attempt: i32) -> PollActivityTaskQueueResponse {
    let now = Some(clock::now().into());
    PollActivityTaskQueueResponse {
        task_token: ActivityToken::of_local(run, activity.seq, attempt).encode_to_vec(),
        workflow_namespace: namespace.to_owned(),
        workflow_type: Some(WorkflowType {
            name: run.workflow_type.clone(),
        }),
        workflow_execution: Some(run.execution()),
        activity_type: Some(ActivityType {
            name: activity.activity_type.clone(),
        }),
        activity_id: activity.activity_id.clone(),
        input: activity.input.clone(),
        scheduled_time: now,
        started_time: now,
        attempt,
        schedule_to_close_timeout: Some(proto_span(longest(run, activity))),
        start_to_close_timeout: activity.start_to_close_timeout,
        retry_policy: activity.retry_policy.clone(),
        ..Default::default()
    }
}
