//! Running the workflow's own code: its component is activated in the same step in which something happened to it.

pub(crate) mod done;
pub(crate) mod pages;
pub(crate) mod take;

use std::sync::Arc;

use wrt_host::{Completion, TaskFailure, WorkflowInstance, WorkflowModule};
use wrt_machine::{Rejection, WorkflowTaskCompletion};
use wrt_model::{
    Digest, Run, RunKey,
    proto::{enums::WorkflowTaskFailedCause, update},
    update_id,
};

use crate::{
    Engine, EngineError, IDENTITY,
    attending::{Lent, TaskAttempt},
    clock,
    lane::{HotRun, Lane, Step},
    stats::count,
};

/// Bytes of history that are read and replayed at a time.
const REPLAY_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Workflow tasks that one step runs at most: what was decided is stored, and messages are heard, before there are more.
const TASKS_PER_STEP: usize = 4;

impl Lane {
    /// Runs workflow tasks until the workflow waits, or has ended, or its failed task has to wait, or there were enough of
    /// them for one step.
    pub(crate) async fn run_workflow_tasks(&mut self, step: &mut Step) {
        for _ in 0..TASKS_PER_STEP {
            self.continue_run(step).await;
            let Some(current) = &mut self.current else { return };
            current.go_to_component(&self.engine);
            if current.run.is_run_by_workers() {
                current.prepare_for_workers(&self.engine, step);
                return;
            }
            // It was stored while its code ran for long, and the process that did that is gone.
            let is_lost = TaskAttempt::of(current).is_some();
            let has_updates = !current.updates.is_empty();
            let started = is_lost
                || current.decide(clock::now(), |turn| {
                    (has_updates && turn.start_speculative_workflow_task(IDENTITY))
                        || (turn.wants_workflow_task() && turn.start_workflow_task(IDENTITY, "").is_ok())
                });
            if !started {
                return;
            }
            self.run_workflow_task(step).await;
            if let Some(current) = &mut self.current {
                current.answer_updates(step);
            }
            count(&self.engine.inner.counters.workflow_tasks, 1);
        }
        // The end of a run and the begin of the one that follows are one commit.
        self.continue_run(step).await;
        step.goes_on = true;
    }

    async fn run_workflow_task(&mut self, step: &mut Step) {
        let current = self.current.as_ref().expect("it has started a task");
        let task = TaskAttempt::of(current).expect("the lane has started it");
        let outcome = match self.activate(&task, step).await {
            Ok(Some(completion)) => self.complete(completion).await,
            // The run has gone another way meanwhile.
            Ok(None) => return,
            Err(_) if !self.holds(&task) => return,
            Err(failure) => {
                tracing::warn!(
                    run = task.run_id(),
                    failure = failure.failure.message,
                    "workflow task failed"
                );
                Err(failure)
            }
        };
        if let Err(failure) = outcome {
            let current = self.current.as_mut().expect("it holds the task");
            current.fail_workflow_task(failure);
        }
    }

    /// Lets the machine carry out what the code has decided.
    async fn complete(&mut self, completion: Completion) -> Result<(), TaskFailure> {
        let Completion {
            mut commands,
            mut messages,
            mut rejections,
            ..
        } = completion;
        messages.append(&mut rejections);
        let current = self.current.as_mut().expect("it holds the task");
        let checked = self.engine.settle_commands(&current.run, &mut commands).await;
        let completed = checked.and_then(|()| {
            let completion = WorkflowTaskCompletion {
                commands,
                messages,
                identity: IDENTITY.to_owned(),
                ..Default::default()
            };
            current.decide(clock::now(), |turn| turn.complete_workflow_task(completion))
        });
        match completed {
            Ok(_) => Ok(()),
            Err(Rejection::BadCommands { cause, message }) => Err(task_failure(cause, message)),
            Err(rejection) => Err(task_failure(
                WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
                rejection.to_string(),
            )),
        }
    }

    /// Runs the task that was started; `None` when it was lost meanwhile. A rejected update may leave nothing behind, in the
    /// instance either: the task is run again without it, on an instance that has never seen it.
    async fn activate(&mut self, task: &TaskAttempt, step: &mut Step) -> Result<Option<Completion>, TaskFailure> {
        let current = self.current.as_mut().expect("it has started a task");
        let mut updates = current
            .updates_to_bring(&self.engine)
            .await
            .map_err(|error| not_loaded(&error))?;
        current.move_to_wanted_version(&self.engine).await;
        let is_speculative = current.run.workflow_task.as_ref().is_some_and(|task| task.speculative);
        let mut rejections = Vec::new();
        loop {
            if is_speculative && updates.is_empty() {
                return Ok(Some(Completion {
                    rejections,
                    ..Completion::default()
                }));
            }
            let Some(mut completion) = self.activate_with(task, updates.clone(), step).await? else {
                return Ok(None);
            };
            if completion.rejections.is_empty() {
                completion.rejections = rejections;
                let is_held = self.run_local_activities(task, &mut completion, step).await?;
                return Ok(is_held.then_some(completion));
            }
            let rejected = |id: &str| {
                completion
                    .rejections
                    .iter()
                    .any(|message| message.protocol_instance_id == id)
            };
            updates.retain(|update| !rejected(update_id(update)));
            rejections.append(&mut completion.rejections);
        }
    }

    /// Hands the instance what it has not seen, and returns what it decides; `None` when the task was lost meanwhile.
    async fn activate_with(
        &mut self,
        task: &TaskAttempt,
        updates: Vec<update::Request>,
        step: &mut Step,
    ) -> Result<Option<Completion>, TaskFailure> {
        let current = self.current.as_mut().expect("it has started a task");
        current.ensure_instance(&self.engine).await?;
        let seen = current.instance.as_ref().expect("made just now").last_event_id();
        let lent = current.lend_events();
        let first = lent.events.partition_point(|event| event.event_id <= seen);
        let shown = lent.events.clone();
        let outcome = self.call_code(task, step, Some(lent), move |instance| {
            instance.activate(&shown[first..], updates)
        });
        outcome.transpose()
    }
}

impl HotRun {
    /// Sees to it that what waits for the workflow's code gets to a worker, and that nothing waits for a closed run.
    fn prepare_for_workers(&mut self, engine: &Engine, step: &mut Step) {
        if !self.run.is_open() {
            self.answer_updates(step);
        } else if !self.updates.is_empty() {
            self.decide(clock::now(), |turn| turn.schedule_speculative_workflow_task());
        }
        self.release_queries(engine);
    }

    fn fail_workflow_task(&mut self, failure: TaskFailure) {
        // The instance went another way than the history will tell.
        self.instance = None;
        let failed = self.decide(clock::now(), |turn| {
            turn.fail_workflow_task(failure.cause, Some(*failure.failure), IDENTITY)
        });
        failed.expect("the task was started by the lane and nobody else can end it");
    }

    /// The updates that wait for the task.
    async fn updates_to_bring(&mut self, engine: &Engine) -> Result<Vec<update::Request>, EngineError> {
        let mut updates = self.admitted_updates(engine).await?;
        updates.extend(self.unanswered_updates().cloned());
        Ok(updates)
    }

    /// Moves the events in memory to where the code is shown them, and those of a transient task with them.
    fn lend_events(&mut self) -> Lent {
        let mut events = std::mem::take(&mut self.tail);
        let own = events.len();
        let turn = wrt_machine::Turn::new(&mut self.run, clock::now(), &self.limits);
        events.extend(turn.transient_events());
        Lent {
            events: Arc::new(events),
            own,
        }
    }

    /// Makes sure that there is an instance which may run the workflow: one that has answered a query may not.
    async fn ensure_instance(&mut self, engine: &Engine) -> Result<(), TaskFailure> {
        if self.instance.as_ref().is_none_or(WorkflowInstance::is_tainted) {
            // The old one gives its memory back before the new one takes some.
            self.instance = None;
            self.instance = Some(engine.rebuild(&self.run, self.version > 0).await?);
        }
        Ok(())
    }
}

impl Engine {
    /// An instance of the run's component that has replayed what the store holds of its history.
    pub(crate) async fn rebuild(&self, run: &Run, has_history: bool) -> Result<WorkflowInstance, TaskFailure> {
        let mut instance = self.empty_instance(run).await?;
        if has_history {
            self.replay(&mut instance, &run.key()).await?;
        }
        Ok(instance)
    }

    /// The same, for one that keeps the stacks of what is open.
    pub(crate) async fn rebuild_traced(&self, run: &Run, has_history: bool) -> Result<WorkflowInstance, TaskFailure> {
        let mut instance = self.empty_instance(run).await?;
        instance.trace();
        if has_history {
            self.replay(&mut instance, &run.key()).await?;
        }
        Ok(instance)
    }

    async fn empty_instance(&self, run: &Run) -> Result<WorkflowInstance, TaskFailure> {
        let module = self
            .workflow_module(&run.component)
            .await
            .map_err(|error| not_loaded(&error))?;
        let namespace = self
            .namespace_by_id(&run.namespace_id)
            .await
            .map_err(|error| not_loaded(&error))?;
        let identity = wrt_host::RunIdentity {
            namespace: namespace.name.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id: run.run_id.clone(),
            original_execution_run_id: run.original_execution_run_id.clone(),
            start_time: run.original_started(),
        };
        match module.instantiate(identity.clone()) {
            Ok(instance) => Ok(instance),
            // Every place in the pool may be taken by parked runs.
            Err(_) if self.inner.parking.clear() => {
                module.instantiate(identity).map_err(|error| not_loaded(&error.into()))
            }
            Err(error) => Err(not_loaded(&error.into())),
        }
    }

    async fn replay(&self, instance: &mut WorkflowInstance, key: &RunKey) -> Result<(), TaskFailure> {
        let mut next_event_id = 1;
        loop {
            let events = self
                .read_events(key, next_event_id, REPLAY_PAGE_BYTES)
                .await
                .map_err(|error| not_loaded(&error))?;
            let Some(last) = events.last() else { break };
            next_event_id = last.event_id + 1;
            instance.replay(&events)?;
            count(&self.inner.counters.replayed_events, events.len());
        }
        count(&self.inner.counters.replays, 1);
        Ok(())
    }

    /// The compiled component of a run.
    async fn workflow_module(&self, digest: &str) -> Result<WorkflowModule, EngineError> {
        let digest = Digest::parse(digest)
            .ok_or_else(|| EngineError::FailedPrecondition(format!("{digest:?} is not the digest of a component")))?;
        Ok(self
            .inner
            .host
            .workflow(&digest, || self.component_bytes(digest.clone()))
            .await?)
    }
}

/// The workflow task fails because the server could not get at the code or the history: it is tried again later.
fn not_loaded(error: &EngineError) -> TaskFailure {
    task_failure(
        WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
        format!("rebuild the run: {error}"),
    )
}

pub(crate) fn task_failure(cause: WorkflowTaskFailedCause, message: String) -> TaskFailure {
    TaskFailure {
        cause,
        failure: Box::new(wrt_model::failure::server(message, false)),
    }
}
