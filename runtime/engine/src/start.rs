//! Starting workflows.

use tokio::sync::oneshot;
use uuid::Uuid;
use wrt_machine::{
    Continuation, ContinuationKind, Inheritance, ReuseDecision, Signal, StartRun, StartedBy, decide_reuse,
};
use wrt_model::{
    ComponentKind, Namespace, Run, WorkflowKey, payload,
    proto::{
        EventAttributes,
        enums::{WorkflowExecutionStatus, WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
        workflowservice::{
            SignalWithStartWorkflowExecutionRequest, SignalWithStartWorkflowExecutionResponse,
            StartWorkflowExecutionRequest, StartWorkflowExecutionResponse,
        },
    },
};

use crate::{
    Engine, EngineError, IDENTITY, clock,
    lane::{HotRun, Lane, Step},
    link,
    matching::QueueKey,
    search_attribute::{check_search_attributes, set_types},
    stats::count,
    update::UpdateMessage,
    workflow_task::take::{TakenTask, Taker},
};

/// A caller wants a run to begin.
pub(crate) struct StartMessage {
    start: StartRun,
    reuse: WorkflowIdReusePolicy,
    conflict: WorkflowIdConflictPolicy,
    /// Goes to the new run, or to the one that is found.
    with: With,
    pub(crate) reply: oneshot::Sender<Result<Started, EngineError>>,
}

/// What comes with a start.
pub(crate) enum With {
    /// Nothing.
    Nothing,
    /// A signal.
    Signal(Signal),
    /// An update.
    Update(Box<UpdateMessage>),
    /// The caller is a worker, and takes the first workflow task with the answer.
    Worker(Taker, oneshot::Sender<TakenTask>),
}

/// What a start has led to.
#[derive(Clone, Debug)]
pub struct Started {
    /// The run that answers for the id now.
    pub run_id: String,
    /// The first run of its chain.
    pub first_execution_run_id: String,
    /// This request has begun it.
    pub started: bool,
    /// Where it stands.
    pub status: WorkflowExecutionStatus,
}

impl Started {
    pub(crate) fn of(run: &Run, started: bool) -> Self {
        Started {
            run_id: run.run_id.clone(),
            first_execution_run_id: run.first_execution_run_id.clone(),
            started,
            status: run.status(),
        }
    }

    /// What the caller is told.
    pub fn response(self, namespace: &Namespace, workflow_id: String) -> StartWorkflowExecutionResponse {
        StartWorkflowExecutionResponse {
            link: Some(link::to_start(namespace, workflow_id, self.run_id.clone())),
            run_id: self.run_id,
            started: self.started,
            status: self.status as i32,
            first_execution_run_id: self.first_execution_run_id,
            ..Default::default()
        }
    }
}

impl Engine {
    /// Starts a workflow on the current version of the component that serves its task queue.
    pub async fn start_workflow(
        &self,
        namespace: &Namespace,
        request: StartWorkflowExecutionRequest,
    ) -> Result<StartWorkflowExecutionResponse, EngineError> {
        let conflict = request.workflow_id_conflict_policy();
        let workflow_id = request.workflow_id.clone();
        let (hand_over, mut taken) = oneshot::channel();
        let with = if request.request_eager_execution {
            With::Worker(Taker::at_start(&request), hand_over)
        } else {
            With::Nothing
        };
        let started = self.begin(namespace, request, conflict, None, with).await?;
        let eager_workflow_task = match taken.try_recv() {
            Ok(taken) => Some(self.workflow_task_response(taken).await?),
            Err(_) => None,
        };
        Ok(StartWorkflowExecutionResponse {
            eager_workflow_task,
            ..started.response(namespace, workflow_id)
        })
    }

    /// Signals a workflow, and starts it first when it is not running.
    pub async fn signal_with_start_workflow(
        &self,
        namespace: &Namespace,
        request: SignalWithStartWorkflowExecutionRequest,
    ) -> Result<SignalWithStartWorkflowExecutionResponse, EngineError> {
        let conflict = match request.workflow_id_conflict_policy() {
            WorkflowIdConflictPolicy::Unspecified => WorkflowIdConflictPolicy::UseExisting,
            given => given,
        };
        let (request, signal) = split(request);
        let (workflow_id, request_id) = (request.workflow_id.clone(), signal.request_id.clone());
        let started = self
            .begin(namespace, request, conflict, None, With::Signal(signal))
            .await?;
        Ok(SignalWithStartWorkflowExecutionResponse {
            signal_link: Some(link::to_signal(
                namespace,
                workflow_id,
                started.run_id.clone(),
                request_id,
            )),
            run_id: started.run_id,
            started: started.started,
            first_execution_run_id: started.first_execution_run_id,
        })
    }

    /// Begins a run, or finds the one that is there.
    pub(crate) async fn begin(
        &self,
        namespace: &Namespace,
        mut request: StartWorkflowExecutionRequest,
        conflict: WorkflowIdConflictPolicy,
        started_by: Option<StartedBy>,
        with: With,
    ) -> Result<Started, EngineError> {
        check_search_attributes(namespace, request.search_attributes.as_ref())?;
        if let Some(attributes) = &mut request.search_attributes {
            set_types(namespace, attributes);
        }
        let component = self.component_for(namespace, &request)?;
        let task_queue = request.task_queue.as_ref().map_or("", |queue| &queue.name);
        let chosen = request.versioning_override.as_ref();
        self.check_override(&namespace.id, &component, task_queue, chosen)
            .await?;
        if component.is_empty() && !self.has_workers(&namespace.id, task_queue) {
            count(&self.inner.counters.unserved_starts, 1);
        }
        let started_by = started_by.map(|by| StartedBy {
            inherited: match component.is_empty() {
                true => by
                    .inherited
                    .within(|version| self.version_polls(&namespace.id, task_queue, version)),
                // A component is a version by itself.
                false => Inheritance::default(),
            },
            ..by
        });
        let key = WorkflowKey::new(namespace.id.clone(), request.workflow_id.clone());
        let (reply, answer) = oneshot::channel();
        let message = StartMessage {
            reuse: request.workflow_id_reuse_policy(),
            conflict,
            start: StartRun {
                namespace_id: namespace.id.clone(),
                run_id: Uuid::now_v7().to_string(),
                component,
                started_by,
                request,
            },
            with,
            reply,
        };
        self.send(&key, crate::lane::Message::Start(Box::new(message)));
        answer.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    /// The digest of the component that runs a continuation: a retry stays, a workflow that continues as new goes on in
    /// the current version, if there is one.
    fn successor_component(&self, run: &Run, continuation: &Continuation) -> String {
        let ContinuationKind::ContinueAsNew(command) = &continuation.kind else {
            return run.component.clone();
        };
        let task_queue = command.task_queue.as_ref().map_or("", |queue| &queue.name);
        let workflow_type = command.workflow_type.as_ref().map_or("", |kind| &kind.name);
        let current = self.current_component(run, task_queue, workflow_type);
        current.unwrap_or_else(|| run.component.clone())
    }

    /// The digest of the component that a new run gets; empty when it is for workers to run.
    ///
    /// A task queue without a component is the workers' own, whether one polls it already or not. Where a component of this type
    /// is known elsewhere, or the queue's component does not know the type, and no worker is there: that is a mistake.
    fn component_for(
        &self,
        namespace: &Namespace,
        request: &StartWorkflowExecutionRequest,
    ) -> Result<String, EngineError> {
        let workflow_type = request.workflow_type.as_ref().map_or("", |kind| &kind.name);
        let task_queue = request.task_queue.as_ref().map_or("", |queue| &queue.name);
        let queue = QueueKey::new(&namespace.id, task_queue);
        let routing = &self.inner.routing;
        if let Some(route) = routing.find(&queue, ComponentKind::Workflow, workflow_type) {
            return Ok(route.deployment.current.as_str().to_owned());
        }
        let elsewhere = routing.queues_of(&namespace.id, workflow_type);
        let is_components = !elsewhere.is_empty() || routing.has(&queue, ComponentKind::Workflow);
        if !is_components || self.has_workers(&namespace.id, task_queue) {
            return Ok(String::new());
        }
        let hint = match elsewhere.as_slice() {
            [] => "deploy a component that defines it, or start a worker".to_owned(),
            queues => format!("it is served on {}", queues.join(", ")),
        };
        Err(EngineError::FailedPrecondition(format!(
            "no component or worker serves the workflow type {workflow_type} on the task queue {task_queue} of namespace {}: \
             {hint}",
            namespace.name
        )))
    }
}

impl HotRun {
    /// Attaches a start to the run that it has found, if it wants that, once.
    fn attach(&mut self, request: StartWorkflowExecutionRequest) -> Result<(), EngineError> {
        let attaches = request
            .on_conflict_options
            .is_some_and(|options| options.attach_request_id);
        if attaches && !self.run.attached_request_ids.contains(&request.request_id) {
            self.decide(clock::now(), |turn| {
                turn.with_links(request.links)
                    .attach_request(request.request_id, request.identity)
            })?;
        }
        Ok(())
    }
}

impl Lane {
    /// Begins a run, or finds the one that is there.
    pub(crate) async fn receive_start(&mut self, message: StartMessage, step: &mut Step) {
        let StartMessage {
            start,
            reuse,
            conflict,
            with,
            reply,
        } = message;
        let (signal, with) = match with {
            With::Signal(signal) => (Some(signal), With::Nothing),
            with => (None, with),
        };
        let (with, reply) = match with {
            With::Update(update) => match self.join_update(&start, conflict, update, reply, step).await {
                Some((update, reply)) => (With::Update(update), reply),
                None => return,
            },
            with => (with, reply),
        };
        let begun = self.begin(start, reuse, conflict, signal, step);
        match (&begun, with) {
            (Ok(started), With::Update(mut update)) => {
                update.run_id.clone_from(&started.run_id);
                self.receive_update(*update, step).await;
            }
            (Ok(Started { started: true, .. }), With::Worker(taker, hand_over)) => {
                let taken = self.current.as_mut().and_then(|run| match run.version {
                    0 => run.take_workflow_task(&self.engine, &taker),
                    // The answer to the same start was lost, and with it the task.
                    _ => run.first_workflow_task(&taker),
                });
                if let Some(taken) = taken {
                    // The answer to the start follows the commit, and with it the task.
                    drop(hand_over.send(taken));
                }
            }
            // It ends with the start that it came with.
            (Err(_), _) | (Ok(_), _) => {}
        }
        step.answer(reply, begun);
    }

    fn begin(
        &mut self,
        start: StartRun,
        reuse: WorkflowIdReusePolicy,
        conflict: WorkflowIdConflictPolicy,
        signal: Option<Signal>,
        step: &mut Step,
    ) -> Result<Started, EngineError> {
        let now = clock::now();
        let current = self.current.as_mut();
        if let Some(child) = current.as_deref().filter(|current| is_child_of(&current.run, &start)) {
            // The chain has gone on since the same parent began it.
            return Ok(Started {
                run_id: child.run.first_execution_run_id.clone(),
                ..Started::of(&child.run, true)
            });
        }
        let decision = decide_reuse(
            current.as_deref().map(|run| &run.run),
            &start.request.request_id,
            reuse,
            conflict,
        )?;
        match (decision, current) {
            (ReuseDecision::UseExisting { started }, Some(existing)) => {
                let Some(signal) = signal else {
                    if !started {
                        existing.attach(start.request)?;
                    }
                    return Ok(Started::of(&existing.run, started));
                };
                // The request that began a run which has closed has brought its signal.
                if existing.run.is_open() || !started {
                    existing.decide(now, |turn| turn.signal_instead_of_start(signal))?;
                }
                return Ok(Started::of(&existing.run, false));
            }
            (ReuseDecision::TerminateThenStart, Some(existing)) => {
                let details = format!("\"terminated by new runID: {}\"", start.run_id);
                let details = payload::payloads(vec![payload::json(details)]);
                let reason = "TerminateIfRunning WorkflowIdReusePolicy".to_owned();
                existing.decide(now, |turn| turn.terminate(reason, details, IDENTITY.to_owned()))?;
                existing.answer_updates(step);
            }
            (ReuseDecision::Start, _) | (_, None) => {}
        }
        let mut run = HotRun::new(Run::default(), 0, self.limits);
        run.decide(now, |turn| match signal {
            Some(signal) => turn.start_with_signal(start, signal),
            None => turn.start(start),
        })?;
        let started = Started::of(&run.run, true);
        self.supersede(run, step);
        Ok(started)
    }

    /// Begins the run that the current one has asked for at its end.
    pub(crate) async fn continue_run(&mut self, step: &mut Step) {
        let Some(current) = &mut self.current else { return };
        let Some(continuation) = current.pending.continuation.take() else {
            return;
        };
        let (in_memory, key) = (current.event(1), current.run.key());
        let first_event = match in_memory {
            Some(event) => Ok(event),
            None => self.engine.stored_event(&key, 1).await,
        };
        let first_event = match first_event {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(run = %key, %error, "read the first event for the run that follows");
                return;
            }
        };
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = first_event.attributes else {
            unreachable!("a history begins with WorkflowExecutionStarted");
        };
        let component = self.engine.successor_component(&current.run, &continuation);
        let mut next = HotRun::new(Run::default(), 0, self.limits);
        let (engine, namespace_id) = (&self.engine, &self.key.namespace_id);
        next.decide(clock::now(), |turn| {
            turn.continue_from(
                &current.run,
                component,
                started,
                (first_event.user_metadata, first_event.links),
                continuation,
                |version, task_queue| engine.version_polls(namespace_id, task_queue, version),
            );
        });
        next.updates = std::mem::take(&mut current.updates);
        self.supersede(next, step);
    }

    /// Puts a new run in the place of the current one.
    pub(crate) fn supersede(&mut self, run: Box<HotRun>, step: &mut Step) {
        let engine = &self.engine;
        step.superseded.extend(self.current.replace(run).map(|mut run| {
            // A run that does not answer for the workflow id any more gives its place to others at once.
            run.instance = None;
            run.release_queries(engine);
            *run
        }));
    }
}

/// The run belongs to the chain that this very child's start has begun.
fn is_child_of(run: &Run, start: &StartRun) -> bool {
    let parent = start.started_by.as_ref().map(|by| &by.parent);
    parent.is_some() && run.parent.as_ref() == parent
}

fn split(request: SignalWithStartWorkflowExecutionRequest) -> (StartWorkflowExecutionRequest, Signal) {
    let signal = Signal {
        name: request.signal_name,
        input: request.signal_input,
        identity: request.identity.clone(),
        header: request.header.clone(),
        request_id: request.request_id.clone(),
    };
    let start = StartWorkflowExecutionRequest {
        namespace: request.namespace,
        workflow_id: request.workflow_id,
        workflow_type: request.workflow_type,
        task_queue: request.task_queue,
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: request.workflow_run_timeout,
        workflow_task_timeout: request.workflow_task_timeout,
        identity: request.identity,
        request_id: request.request_id,
        workflow_id_reuse_policy: request.workflow_id_reuse_policy,
        retry_policy: request.retry_policy,
        cron_schedule: request.cron_schedule,
        memo: request.memo,
        search_attributes: request.search_attributes,
        header: request.header,
        workflow_start_delay: request.workflow_start_delay,
        user_metadata: request.user_metadata,
        links: request.links,
        versioning_override: request.versioning_override,
        priority: request.priority,
        ..Default::default()
    };
    (start, signal)
}
