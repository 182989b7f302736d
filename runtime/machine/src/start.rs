//! The beginning of a run, and whether it may begin.

use std::time::Duration;

use wrt_model::{
    Run, Time,
    proto::{
        EventAttributes, TaskQueue, UserMetadata, WorkflowExecution,
        common::Link,
        enums::{
            ContinueAsNewInitiator, TaskQueueKind, WorkflowExecutionStatus as Status,
            WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse,
        },
        history::WorkflowExecutionStartedEventAttributes,
        workflowservice::StartWorkflowExecutionRequest,
    },
    run::Parent,
    time::{proto_span, span_nanos, span_set},
};

use crate::{
    Inheritance, Rejection, Signal, Turn,
    cron::next_cron_time,
    retry,
    worker_deployment::{inheritance::versioning_at_start, search_attribute::set_versioning_attributes},
};

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
    /// The workflow whose child it is.
    pub started_by: Option<StartedBy>,
    /// What the client asked for.
    pub request: StartWorkflowExecutionRequest,
}

/// The workflow that starts another one as its child.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedBy {
    /// What the child keeps of it.
    pub parent: Parent,
    /// The name of its namespace.
    pub namespace: String,
    /// The first ancestor.
    pub root: WorkflowExecution,
    /// What the child begins with because of its parent.
    pub inherited: Inheritance,
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
    if run.attached_request_ids.iter().any(|attached| attached == request_id) {
        return Ok(ReuseDecision::UseExisting { started: false });
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
        let mut started = started_attributes(&start, self.now);
        if !started.cron_schedule.is_empty() {
            let first = next_cron_time(&started.cron_schedule, self.now).map_err(Rejection::InvalidArgument)?;
            let first = first.ok_or_else(|| {
                Rejection::InvalidArgument(format!("cron schedule {:?} never comes true", started.cron_schedule))
            })?;
            started.set_initiator(ContinueAsNewInitiator::CronSchedule);
            if span_set(started.first_workflow_task_backoff.as_ref()).is_none() {
                started.first_workflow_task_backoff = Some(proto_span(first.since(self.now)));
            }
        }
        let StartWorkflowExecutionRequest {
            request_id,
            user_metadata,
            links,
            ..
        } = start.request;
        self.begin(Beginning {
            namespace_id: start.namespace_id,
            run_id: start.run_id,
            component: start.component,
            parent: start.started_by.map(|by| by.parent),
            started,
            user_metadata,
            links,
        });
        self.run.start_request_id = request_id;
        Ok(())
    }

    /// Begins a run with its first event. `self` holds an empty one.
    pub(crate) fn begin(&mut self, beginning: Beginning) {
        let Beginning {
            namespace_id,
            run_id,
            component,
            parent,
            started,
            user_metadata,
            links,
        } = beginning;
        *self.run = Run {
            parent,
            ..begun_run(namespace_id, run_id, component, &started, self.now)
        };
        self.words.user_metadata = user_metadata;
        self.words.links = links;
        self.append(EventAttributes::WorkflowExecutionStartedEventAttributes(started));
    }
}

/// What a run begins with.
pub(crate) struct Beginning {
    pub(crate) namespace_id: String,
    pub(crate) run_id: String,
    pub(crate) component: String,
    pub(crate) parent: Option<Parent>,
    pub(crate) started: WorkflowExecutionStartedEventAttributes,
    pub(crate) user_metadata: Option<UserMetadata>,
    pub(crate) links: Vec<Link>,
}

/// The run that an event begins, apart from its parent.
pub(crate) fn begun_run(
    namespace_id: String,
    run_id: String,
    component: String,
    started: &WorkflowExecutionStartedEventAttributes,
    now: Time,
) -> Run {
    let nanos = |timeout: &Option<_>| span_nanos(span_set(timeout.as_ref()).unwrap_or_default());
    let first_task = now.plus(span_set(started.first_workflow_task_backoff.as_ref()).unwrap_or_default());
    let run_timeout_ns = nanos(&started.workflow_run_timeout);
    let run_expires_ns = Turn::deadline(first_task.nanos(), run_timeout_ns).map_or(0, Time::nanos);
    let execution_expires = started.workflow_execution_expiration_time.as_ref();
    let execution_expires_ns = execution_expires.map_or(0, |time| Time::from(time).nanos());
    let own = WorkflowExecution {
        workflow_id: started.workflow_id.clone(),
        run_id: run_id.clone(),
    };
    let mut run = Run {
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
        run_expires_ns: match execution_expires_ns {
            0 => run_expires_ns,
            // No run outlives its chain.
            chain => run_expires_ns.min(chain),
        },
        execution_expires_ns,
        run_timeout_ns,
        execution_timeout_ns: nanos(&started.workflow_execution_timeout),
        workflow_task_timeout_ns: nanos(&started.workflow_task_timeout),
        attempt: started.attempt,
        retry_policy: started.retry_policy.clone(),
        cron_schedule: started.cron_schedule.clone(),
        memo: started.memo.clone(),
        search_attributes: started.search_attributes.clone(),
        first_execution_run_id: started.first_execution_run_id.clone(),
        original_execution_run_id: started.original_execution_run_id.clone(),
        component,
        root: started.root_workflow_execution.clone().or(Some(own)),
        priority: started.priority.clone(),
        versioning_info: versioning_at_start(started),
        declined_target_version: started.declined_target_version_upgrade.clone(),
        ..Default::default()
    };
    if run.versioning_info.is_some() {
        let mut attributes = run.search_attributes.take().unwrap_or_default();
        set_versioning_attributes(&run, &mut attributes);
        run.search_attributes = (!attributes.indexed_fields.is_empty()).then_some(attributes);
    }
    run
}

fn started_attributes(start: &StartRun, now: Time) -> WorkflowExecutionStartedEventAttributes {
    let request = start.request.clone();
    let by = start.started_by.as_ref();
    let parent = by.map(|by| &by.parent);
    let inherited = by.map(|by| by.inherited.clone()).unwrap_or_default();
    let execution_timeout = span_set(request.workflow_execution_timeout.as_ref());
    let run_timeout = run_timeout(request.workflow_run_timeout.as_ref(), execution_timeout);
    let task_timeout = task_timeout(request.workflow_task_timeout.as_ref(), run_timeout);
    let start_delay = span_set(request.workflow_start_delay.as_ref());
    let has_cron = !request.cron_schedule.is_empty();
    WorkflowExecutionStartedEventAttributes {
        workflow_type: request.workflow_type,
        task_queue: request.task_queue.map(|queue| normal_queue(Some(queue), "")),
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: run_timeout.map(proto_span).or(request.workflow_run_timeout),
        workflow_task_timeout: Some(proto_span(task_timeout)),
        original_execution_run_id: start.run_id.clone(),
        first_execution_run_id: start.run_id.clone(),
        // One without a parent is its own root, and does not say so.
        root_workflow_execution: by.map(|by| by.root.clone()),
        parent_workflow_namespace: by.map(|by| by.namespace.clone()).unwrap_or_default(),
        parent_workflow_namespace_id: parent.map(|parent| parent.namespace_id.clone()).unwrap_or_default(),
        parent_workflow_execution: parent.and_then(|parent| parent.execution.clone()),
        parent_initiated_event_id: parent.map_or(0, |parent| parent.initiated_event_id),
        identity: request.identity,
        retry_policy: request.retry_policy.map(retry::with_defaults),
        attempt: 1,
        // A delay is part of it.
        workflow_execution_expiration_time: execution_timeout.map(|span| now.plus(span).into()),
        continued_failure: request.continued_failure,
        last_completion_result: request.last_completion_result,
        first_workflow_task_backoff: Some(proto_span(start_delay.unwrap_or_default())),
        memo: request.memo,
        search_attributes: request.search_attributes,
        header: request.header,
        cron_schedule: request.cron_schedule,
        workflow_id: request.workflow_id,
        completion_callbacks: request.completion_callbacks,
        versioning_override: request.versioning_override.or(inherited.versioning_override),
        inherited_pinned_version: inherited.pinned_version,
        inherited_auto_upgrade_info: inherited.auto_upgrade,
        priority: request.priority,
        // A worker takes the first task along with the answer, unless that has to wait.
        eager_execution_accepted: request.request_eager_execution
            && start.component.is_empty()
            && start_delay.is_none()
            && !has_cron,
        ..Default::default()
    }
}

/// The queue that a request or a command names, else the one that is used without one.
pub(crate) fn normal_queue(asked: Option<TaskQueue>, without: &str) -> TaskQueue {
    let mut queue = asked.unwrap_or_default();
    if queue.name.is_empty() {
        without.clone_into(&mut queue.name);
    }
    if queue.kind() == TaskQueueKind::Unspecified {
        queue.set_kind(TaskQueueKind::Normal);
    }
    queue
}

/// How long a run may take: no longer than its chain. `None` stands for "unlimited".
pub(crate) fn run_timeout(
    asked: Option<&prost_types::Duration>,
    execution_timeout: Option<Duration>,
) -> Option<Duration> {
    match (span_set(asked), execution_timeout) {
        (Some(run), Some(execution)) => Some(run.min(execution)),
        (run, execution) => run.or(execution),
    }
}

/// How long a workflow task may take: no longer than its run.
pub(crate) fn task_timeout(asked: Option<&prost_types::Duration>, run_timeout: Option<Duration>) -> Duration {
    let asked = span_set(asked).unwrap_or(WORKFLOW_TASK_TIMEOUT);
    let longest = run_timeout.unwrap_or(WORKFLOW_TASK_TIMEOUT_MAXIMUM);
    asked.min(longest).min(WORKFLOW_TASK_TIMEOUT_MAXIMUM)
}
