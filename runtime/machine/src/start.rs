//! The beginning of a run, and whether it may begin.

use std::time::Duration;

use wrt_model::{
    Run, Time,
    proto::{
        EventAttributes, Failure, UserMetadata, WorkflowExecution,
        enums::{
            ContinueAsNewInitiator, WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy as Conflict,
            WorkflowIdReusePolicy as Reuse,
        },
        history::WorkflowExecutionStartedEventAttributes,
        workflowservice::StartWorkflowExecutionRequest,
    },
    time::{proto_span, span_nanos, span_set},
};

use crate::{Rejection, Signal, Turn, retry};

/// The longest workflow task, unless the start says otherwise.
const WORKFLOW_TASK_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest value that a start may ask for.
const WORKFLOW_TASK_TIMEOUT_MAXIMUM: Duration = Duration::from_secs(120);

/// What a run is begun with.
#[derive(Clone, Debug, PartialEq)]
pub struct StartRun {
    /// The namespace's id.
    pub namespace_id: String,
    /// The id of the new run.
    pub run_id: String,
    /// The digest of the component that runs it.
    pub component: String,
    /// What the client asked for.
    pub request: StartWorkflowExecutionRequest,
}

/// The run that follows a failed one, as the retry policy decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation {
    /// The id of the new run.
    pub run_id: String,
    /// Its attempt.
    pub attempt: i32,
    /// The wait before its first workflow task.
    pub backoff: Duration,
    /// How the run before ended.
    pub failure: Failure,
}

/// What a start does, given the workflow id's current run.
#[derive(Clone, Debug, PartialEq)]
pub enum ReuseDecision {
    /// It begins a run.
    Start,
    /// It begins a run once the open one has been terminated.
    TerminateThenStart,
    /// It finds the run that is there; `started` is true when this very request began it.
    UseExisting {
        /// Whether the same request began it.
        started: bool,
    },
}

/// Applies the reuse and conflict policies. The deprecated `TERMINATE_IF_RUNNING` still comes from older clients.
#[expect(deprecated, reason = "clients may still send it")]
pub fn decide_reuse(
    current: Option<&Run>,
    request_id: &str,
    reuse: Reuse,
    conflict: Conflict,
) -> Result<ReuseDecision, Rejection> {
    let Some(run) = current else {
        return Ok(ReuseDecision::Start);
    };
    if !request_id.is_empty() && run.start_request_id == request_id {
        return Ok(ReuseDecision::UseExisting { started: true });
    }
    let already_started = |message: String| Rejection::AlreadyStarted {
        message,
        start_request_id: run.start_request_id.clone(),
        run_id: run.run_id.clone(),
        first_execution_run_id: run.first_execution_run_id.clone(),
    };
    if run.is_open() {
        return match (conflict, reuse) {
            (Conflict::TerminateExisting, _) | (_, Reuse::TerminateIfRunning) => Ok(ReuseDecision::TerminateThenStart),
            (Conflict::UseExisting, _) => Ok(ReuseDecision::UseExisting { started: false }),
            (Conflict::Fail | Conflict::Unspecified, _) => Err(already_started(format!(
                "Workflow execution is already running. WorkflowId: {}, RunId: {}.",
                run.workflow_id, run.run_id
            ))),
        };
    }
    let finished = |rule: &str| {
        Err(already_started(format!(
            "Workflow execution already finished{rule}. WorkflowId: {}, RunId: {}. Workflow Id reuse policy: {}.",
            run.workflow_id,
            run.run_id,
            reuse.as_str_name()
        )))
    };
    match reuse {
        Reuse::Unspecified | Reuse::AllowDuplicate | Reuse::TerminateIfRunning => Ok(ReuseDecision::Start),
        Reuse::AllowDuplicateFailedOnly => match run.status() {
            Status::Failed | Status::Canceled | Status::Terminated | Status::TimedOut => Ok(ReuseDecision::Start),
            Status::Unspecified | Status::Running | Status::Completed | Status::ContinuedAsNew | Status::Paused => {
                finished(" successfully")
            }
        },
        Reuse::RejectDuplicate => finished(""),
    }
}

impl Turn<'_> {
    /// Begins the run. `self` holds an empty one.
    pub fn start(&mut self, start: StartRun) -> Result<(), Rejection> {
        self.begin_as_requested(start)?;
        self.ensure_workflow_task();
        Ok(())
    }

    /// Begins the run with a signal, which its first workflow task brings. Unlike a signal that comes later, it does not
    /// end the delay of the start, as Temporal's API documents for `SignalWithStartWorkflowExecution`.
    pub fn start_with_signal(&mut self, start: StartRun, signal: Signal) -> Result<(), Rejection> {
        self.begin_as_requested(start)?;
        self.append_signal(signal);
        self.ensure_workflow_task();
        Ok(())
    }

    fn begin_as_requested(&mut self, start: StartRun) -> Result<(), Rejection> {
        if let Some(policy) = &start.request.retry_policy {
            retry::check(policy).map_err(Rejection::InvalidArgument)?;
        }
        let started = started_attributes(&start, self.now);
        let StartWorkflowExecutionRequest {
            request_id,
            user_metadata,
            ..
        } = start.request;
        self.begin(
            start.namespace_id,
            start.run_id,
            start.component,
            started,
            user_metadata,
        );
        self.run.start_request_id = request_id;
        Ok(())
    }

    /// Begins the run that follows `previous`, whose first event had these attributes and words for people. `self` holds
    /// an empty one.
    pub fn continue_from(
        &mut self,
        previous: &Run,
        started: WorkflowExecutionStartedEventAttributes,
        user_metadata: Option<UserMetadata>,
        continuation: Continuation,
    ) {
        let started = WorkflowExecutionStartedEventAttributes {
            continued_execution_run_id: previous.run_id.clone(),
            original_execution_run_id: continuation.run_id.clone(),
            initiator: ContinueAsNewInitiator::Retry as i32,
            continued_failure: Some(continuation.failure),
            attempt: continuation.attempt,
            first_workflow_task_backoff: Some(proto_span(continuation.backoff)),
            ..started
        };
        self.begin(
            previous.namespace_id.clone(),
            continuation.run_id,
            previous.component.clone(),
            started,
            user_metadata,
        );
        self.ensure_workflow_task();
    }

    fn begin(
        &mut self,
        namespace_id: String,
        run_id: String,
        component: String,
        started: WorkflowExecutionStartedEventAttributes,
        user_metadata: Option<UserMetadata>,
    ) {
        let now = self.now;
        let nanos = |timeout: &Option<_>| span_nanos(span_set(timeout.as_ref()).unwrap_or_default());
        let first_task = now.plus(span_set(started.first_workflow_task_backoff.as_ref()).unwrap_or_default());
        let run_timeout_ns = nanos(&started.workflow_run_timeout);
        *self.run = Run {
            namespace_id,
            workflow_id: started.workflow_id.clone(),
            run_id,
            workflow_type: started
                .workflow_type
                .as_ref()
                .map(|kind| kind.name.clone())
                .unwrap_or_default(),
            task_queue: started
                .task_queue
                .as_ref()
                .map(|queue| queue.name.clone())
                .unwrap_or_default(),
            status: Status::Running as i32,
            next_event_id: 1,
            start_ns: now.nanos(),
            execution_ns: first_task.nanos(),
            run_expires_ns: Turn::deadline(first_task.nanos(), run_timeout_ns).map_or(0, Time::nanos),
            execution_expires_ns: started
                .workflow_execution_expiration_time
                .as_ref()
                .map_or(0, |time| Time::from(time).nanos()),
            run_timeout_ns,
            execution_timeout_ns: nanos(&started.workflow_execution_timeout),
            workflow_task_timeout_ns: nanos(&started.workflow_task_timeout),
            attempt: started.attempt,
            retry_policy: started.retry_policy.clone(),
            memo: started.memo.clone(),
            search_attributes: started.search_attributes.clone(),
            first_execution_run_id: started.first_execution_run_id.clone(),
            original_execution_run_id: started.original_execution_run_id.clone(),
            component,
            ..Default::default()
        };
        self.append_with(
            EventAttributes::WorkflowExecutionStartedEventAttributes(started),
            user_metadata,
        );
    }
}

fn started_attributes(start: &StartRun, now: Time) -> WorkflowExecutionStartedEventAttributes {
    let request = start.request.clone();
    let execution_timeout = span_set(request.workflow_execution_timeout.as_ref());
    let run_timeout = match (span_set(request.workflow_run_timeout.as_ref()), execution_timeout) {
        (Some(run), Some(execution)) => run.min(execution),
        (run, execution) => run.or(execution).unwrap_or_default(),
    };
    let task_timeout = span_set(request.workflow_task_timeout.as_ref()).unwrap_or(WORKFLOW_TASK_TIMEOUT);
    let start_delay = span_set(request.workflow_start_delay.as_ref());
    WorkflowExecutionStartedEventAttributes {
        workflow_type: request.workflow_type,
        task_queue: request.task_queue,
        input: request.input,
        workflow_execution_timeout: Some(proto_span(execution_timeout.unwrap_or_default())),
        workflow_run_timeout: Some(proto_span(run_timeout)),
        workflow_task_timeout: Some(proto_span(task_timeout.min(WORKFLOW_TASK_TIMEOUT_MAXIMUM))),
        original_execution_run_id: start.run_id.clone(),
        first_execution_run_id: start.run_id.clone(),
        root_workflow_execution: Some(WorkflowExecution {
            workflow_id: request.workflow_id.clone(),
            run_id: start.run_id.clone(),
        }),
        identity: request.identity,
        retry_policy: request.retry_policy.map(retry::with_defaults),
        attempt: 1,
        workflow_execution_expiration_time: execution_timeout
            .map(|span| now.plus(start_delay.unwrap_or_default()).plus(span).into()),
        continued_failure: request.continued_failure,
        last_completion_result: request.last_completion_result,
        first_workflow_task_backoff: start_delay.map(proto_span),
        memo: request.memo,
        search_attributes: request.search_attributes,
        header: request.header,
        workflow_id: request.workflow_id,
        completion_callbacks: request.completion_callbacks,
        versioning_override: request.versioning_override,
        priority: request.priority,
        ..Default::default()
    }
}
