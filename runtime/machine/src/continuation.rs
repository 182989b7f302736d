//! Runs that follow each other: retries, cron schedules, continue-as-new.

use std::time::Duration;

use wrt_model::{
    Run, ids,
    proto::{
        EventAttributes, Failure, Payloads, UserMetadata, WorkerDeploymentVersion,
        command::ContinueAsNewWorkflowExecutionCommandAttributes,
        common::Link,
        enums::{ContinueAsNewInitiator, RetryState, WorkflowExecutionStatus, WorkflowTaskFailedCause as Cause},
        history::{WorkflowExecutionContinuedAsNewEventAttributes, WorkflowExecutionStartedEventAttributes},
    },
    time::{is_negative, proto_span, span, span_set},
};

use crate::{
    Inheritance, Rejection, Turn,
    command::bad,
    cron::next_cron_time,
    retry,
    start::{Beginning, normal_queue, run_timeout, task_timeout},
    worker_deployment::{inheritance::declined_by, search_attribute::without_own},
};

/// The run that follows one that has closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation {
    /// The id of the new run.
    pub run_id: String,
    /// The wait before its first workflow task.
    pub backoff: Duration,
    /// Why there is another run.
    pub kind: ContinuationKind,
}

/// Why another run follows, and what it is told of the one before.
#[derive(Clone, Debug, PartialEq)]
pub enum ContinuationKind {
    /// The retry policy grants another attempt.
    Retry {
        /// The number of that attempt.
        attempt: i32,
        /// How the run before ended.
        failure: Failure,
    },
    /// The cron schedule names another time.
    Cron {
        /// The result of the run before, unless it failed.
        result: Option<Payloads>,
        /// How it failed.
        failure: Option<Failure>,
    },
    /// The workflow asked for it.
    ContinueAsNew(Box<ContinueAsNewWorkflowExecutionCommandAttributes>),
}

impl Turn<'_> {
    pub(crate) fn check_continue_as_new(
        &self,
        command: &ContinueAsNewWorkflowExecutionCommandAttributes,
    ) -> Result<(), Rejection> {
        let wrong = |message| Err(bad(Cause::BadContinueAsNewAttributes, message));
        for (name, timeout) in [
            ("WorkflowRunTimeout", &command.workflow_run_timeout),
            ("WorkflowTaskTimeout", &command.workflow_task_timeout),
            ("BackoffStartInterval", &command.backoff_start_interval),
        ] {
            if timeout.as_ref().is_some_and(is_negative) {
                return wrong(format!("{name} of ContinueAsNewWorkflowExecution cannot be negative"));
            }
        }
        if !command.cron_schedule.is_empty() {
            next_cron_time(&command.cron_schedule, self.now)
                .map(drop)
                .or_else(wrong)?;
        }
        match &command.retry_policy {
            Some(policy) => retry::check(policy).or_else(wrong),
            None => Ok(()),
        }
    }

    /// Carries out the command to go on in a new run, which has been checked. What it leaves open stays as it was.
    pub(crate) fn continue_as_new(
        &mut self,
        mut command: ContinueAsNewWorkflowExecutionCommandAttributes,
        completed_event_id: i64,
    ) {
        let run = &*self.run;
        let kind = command.workflow_type.get_or_insert_default();
        if kind.name.is_empty() {
            kind.name.clone_from(&run.workflow_type);
        }
        command.task_queue = Some(normal_queue(command.task_queue.take(), &run.task_queue));
        let span_of = |nanos: i64| (nanos > 0).then(|| Duration::from_nanos(nanos.unsigned_abs()));
        let or_own = |timeout: Option<_>, own_ns| span_set(timeout.as_ref()).or(span_of(own_ns)).map(proto_span);
        let asked = or_own(command.workflow_run_timeout, run.run_timeout_ns);
        let run_timeout = run_timeout(asked.as_ref(), span_of(run.execution_timeout_ns));
        command.workflow_run_timeout = Some(proto_span(run_timeout.unwrap_or_default()));
        let asked = or_own(command.workflow_task_timeout, run.workflow_task_timeout_ns);
        command.workflow_task_timeout = Some(proto_span(task_timeout(asked.as_ref(), run_timeout)));
        command.retry_policy = command.retry_policy.map(retry::with_defaults);
        // The SDK of a worker says what is carried over; the code of a component need not.
        if !run.is_run_by_workers() {
            command.retry_policy = command.retry_policy.or_else(|| run.retry_policy.clone());
            command.memo = command.memo.or_else(|| run.memo.clone());
            command.search_attributes = command
                .search_attributes
                .or_else(|| without_own(run.search_attributes.clone()));
        }

        let run_id = ids::successor_run_id(&run.run_id);
        self.append(continued_as_new(&command, run_id.clone(), completed_event_id));
        let backoff = command.backoff_start_interval.as_ref().map(span).unwrap_or_default();
        let kind = ContinuationKind::ContinueAsNew(Box::new(command));
        self.follow(Continuation { run_id, backoff, kind });
        self.close(WorkflowExecutionStatus::ContinuedAsNew);
    }

    /// Asks for another run after a failure: by the retry policy, else by the cron schedule. Returns why it is not retried,
    /// and the id of the next run if there is one.
    pub(crate) fn retry_or_repeat_workflow(&mut self, failure: &Failure) -> (RetryState, String) {
        match self.retry_workflow(failure) {
            (RetryState::InProgress, run_id) => (RetryState::InProgress, run_id),
            (retry_state, _) => (retry_state, self.repeat_workflow(None, Some(failure.clone()))),
        }
    }

    /// Asks for another run, if the retry policy grants one. Returns why not, or the id of that run.
    fn retry_workflow(&mut self, failure: &Failure) -> (RetryState, String) {
        let expires_ns = self.run.execution_expires_ns;
        let delay = retry::next_delay(&retry::Attempt {
            policy: self.run.retry_policy.as_ref(),
            attempt: self.run.attempt,
            failure,
            now: self.now,
            expires: (expires_ns > 0).then(|| wrt_model::Time::from_nanos(expires_ns)),
        });
        match delay {
            Err(retry_state) => (retry_state, String::new()),
            Ok(backoff) => {
                let run_id = ids::successor_run_id(&self.run.run_id);
                let kind = ContinuationKind::Retry {
                    attempt: self.run.attempt + 1,
                    failure: failure.clone(),
                };
                self.follow(Continuation {
                    run_id: run_id.clone(),
                    backoff,
                    kind,
                });
                (RetryState::InProgress, run_id)
            }
        }
    }

    /// Asks for the next run of a cron schedule, if there is one. Returns its id, or nothing.
    pub(crate) fn repeat_workflow(&mut self, result: Option<Payloads>, failure: Option<Failure>) -> String {
        if self.run.cron_schedule.is_empty() {
            return String::new();
        }
        // It was checked when the run began.
        let Ok(Some(next)) = next_cron_time(&self.run.cron_schedule, self.now) else {
            return String::new();
        };
        let expires_ns = self.run.execution_expires_ns;
        if expires_ns > 0 && next.nanos() > expires_ns {
            return String::new();
        }
        let run_id = ids::successor_run_id(&self.run.run_id);
        self.follow(Continuation {
            run_id: run_id.clone(),
            backoff: next.since(self.now),
            kind: ContinuationKind::Cron { result, failure },
        });
        run_id
    }

    fn follow(&mut self, continuation: Continuation) {
        self.run.new_execution_run_id.clone_from(&continuation.run_id);
        self.transition.continuation = Some(continuation);
    }

    /// Begins the run that follows `previous`, whose first event had these attributes, words for people and links. `self`
    /// holds an empty one. `polls` says whether workers of a version poll a task queue.
    pub fn continue_from(
        &mut self,
        previous: &Run,
        component: String,
        started: WorkflowExecutionStartedEventAttributes,
        (user_metadata, links): (Option<UserMetadata>, Vec<Link>),
        continuation: Continuation,
        polls: impl Fn(&WorkerDeploymentVersion, &str) -> bool,
    ) {
        let run_id = continuation.run_id.clone();
        let task_queue = match &continuation.kind {
            ContinuationKind::ContinueAsNew(command) => command.task_queue.as_ref(),
            ContinuationKind::Retry { .. } | ContinuationKind::Cron { .. } => started.task_queue.as_ref(),
        };
        let task_queue = task_queue.map_or("", |queue| queue.name.as_str());
        let inherited = Inheritance::of_successor(previous, &started, &continuation.kind);
        let inherited = match component.is_empty() {
            true => inherited.within(|version| polls(version, task_queue)),
            false => inherited.override_alone(),
        };
        let started = WorkflowExecutionStartedEventAttributes {
            continued_execution_run_id: previous.run_id.clone(),
            original_execution_run_id: run_id.clone(),
            first_workflow_task_backoff: (!continuation.backoff.is_zero()).then(|| proto_span(continuation.backoff)),
            root_workflow_execution: previous.parent.as_ref().and(previous.root.clone()),
            // Nobody has asked for this run in a call.
            identity: String::new(),
            eager_execution_accepted: false,
            versioning_override: inherited.versioning_override,
            inherited_pinned_version: inherited.pinned_version,
            inherited_auto_upgrade_info: inherited.auto_upgrade,
            declined_target_version_upgrade: declined_by(previous, &continuation.kind),
            priority: previous.priority.clone(),
            ..started
        };
        self.begin(Beginning {
            namespace_id: previous.namespace_id.clone(),
            run_id,
            component,
            parent: previous.parent.clone(),
            started: started_by(started, previous, continuation.kind),
            user_metadata,
            links,
        });
        self.ensure_workflow_task();
    }
}

fn started_by(
    started: WorkflowExecutionStartedEventAttributes,
    previous: &Run,
    kind: ContinuationKind,
) -> WorkflowExecutionStartedEventAttributes {
    match kind {
        ContinuationKind::Retry { attempt, failure } => WorkflowExecutionStartedEventAttributes {
            initiator: ContinueAsNewInitiator::Retry as i32,
            continued_failure: Some(failure),
            attempt,
            ..started
        },
        ContinuationKind::Cron { result, failure } => WorkflowExecutionStartedEventAttributes {
            initiator: ContinueAsNewInitiator::CronSchedule as i32,
            continued_failure: failure,
            last_completion_result: result.or(started.last_completion_result),
            attempt: 1,
            ..started
        },
        ContinuationKind::ContinueAsNew(command) => WorkflowExecutionStartedEventAttributes {
            attempt: match command.initiator() {
                ContinueAsNewInitiator::Retry => previous.attempt + 1,
                _ => 1,
            },
            initiator: match command.initiator() {
                ContinueAsNewInitiator::Unspecified => ContinueAsNewInitiator::Workflow as i32,
                given => given as i32,
            },
            continued_failure: command.failure,
            last_completion_result: command.last_completion_result.or(started.last_completion_result),
            cron_schedule: match command.cron_schedule.is_empty() {
                true => started.cron_schedule,
                false => command.cron_schedule,
            },
            workflow_type: command.workflow_type,
            task_queue: command.task_queue,
            input: command.input,
            header: command.header,
            workflow_run_timeout: command.workflow_run_timeout,
            workflow_task_timeout: command.workflow_task_timeout,
            retry_policy: command.retry_policy,
            memo: command.memo,
            search_attributes: command.search_attributes,
            ..started
        },
    }
}

#[expect(deprecated, reason = "SDKs may still say why the run has to go on in another one")]
fn continued_as_new(
    command: &ContinueAsNewWorkflowExecutionCommandAttributes,
    new_execution_run_id: String,
    completed_event_id: i64,
) -> EventAttributes {
    EventAttributes::WorkflowExecutionContinuedAsNewEventAttributes(WorkflowExecutionContinuedAsNewEventAttributes {
        new_execution_run_id,
        workflow_type: command.workflow_type.clone(),
        task_queue: command.task_queue.clone(),
        input: command.input.clone(),
        workflow_run_timeout: command.workflow_run_timeout,
        workflow_task_timeout: command.workflow_task_timeout,
        workflow_task_completed_event_id: completed_event_id,
        backoff_start_interval: command.backoff_start_interval,
        initiator: command.initiator,
        failure: command.failure.clone(),
        last_completion_result: command.last_completion_result.clone(),
        header: command.header.clone(),
        memo: command.memo.clone(),
        search_attributes: command.search_attributes.clone(),
        initial_versioning_behavior: command.initial_versioning_behavior,
        ..Default::default()
    })
}
