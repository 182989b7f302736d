//! Running the workflow's own code: its component is activated in the same step in which something happened to it.

pub(crate) mod done;
pub(crate) mod pages;
pub(crate) mod take;

use std::collections::HashSet;

use wrt_host::{Completion, TaskFailure, WorkflowInstance, WorkflowModule};
use wrt_machine::{Rejection, WorkflowTaskCompletion};
use wrt_model::{
    Digest, Run, RunKey,
    proto::{enums::WorkflowTaskFailedCause, update},
    update_id,
};

use crate::{
    Engine, EngineError, IDENTITY, clock,
    lane::{HotRun, Lane, Step},
    stats::count,
};

/// Bytes of history that are read and replayed at a time.
const REPLAY_PAGE_BYTES: usize = 4 * 1024 * 1024;

impl Lane {
    /// Runs workflow tasks until the workflow waits, or has ended, or its failed task has to wait.
    pub(crate) async fn run_workflow_tasks(&mut self, step: &mut Step) {
        loop {
            self.continue_run(step).await;
            let Some(current) = &mut self.current else { return };
            current.go_to_component(&self.engine);
            if current.run.is_run_by_workers() {
                current.prepare_for_workers(&self.engine, step);
                return;
            }
            let has_updates = !current.updates.is_empty();
            let started = current.decide(clock::now(), |turn| {
                (has_updates && turn.start_speculative_workflow_task(IDENTITY))
                    || (turn.wants_workflow_task() && turn.start_workflow_task(IDENTITY, "").is_ok())
            });
            if !started {
                return;
            }
            current.run_workflow_task(&self.engine).await;
            current.answer_updates(step);
            count(&self.engine.inner.counters.workflow_tasks, 1);
        }
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

    async fn run_workflow_task(&mut self, engine: &Engine) {
        let outcome = match self.activate(engine).await {
            Ok(Completion {
                commands,
                mut messages,
                mut rejections,
                ..
            }) => {
                messages.append(&mut rejections);
                let checked = engine.check_search_attributes_of(&self.run, &commands).await;
                checked.and_then(|()| {
                    let completion = WorkflowTaskCompletion {
                        commands,
                        messages,
                        identity: IDENTITY.to_owned(),
                        ..Default::default()
                    };
                    self.decide(clock::now(), |turn| turn.complete_workflow_task(completion))
                })
            }
            Err(failure) => {
                tracing::warn!(run = %self.run.key(), failure = failure.failure.message, "workflow task failed");
                self.fail_workflow_task(failure);
                return;
            }
        };
        match outcome {
            Ok(_) => {}
            Err(Rejection::BadCommands { cause, message }) => self.fail_workflow_task(task_failure(cause, message)),
            Err(rejection) => self.fail_workflow_task(task_failure(
                WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
                rejection.to_string(),
            )),
        }
    }

    fn fail_workflow_task(&mut self, failure: TaskFailure) {
        // The instance went another way than the history will tell.
        self.instance = None;
        let failed = self.decide(clock::now(), |turn| {
            turn.fail_workflow_task(failure.cause, Some(*failure.failure), IDENTITY)
        });
        failed.expect("the task was started by the lane and nobody else can end it");
    }

    /// Runs the task that was started. A rejected update may leave nothing behind, in the instance either: the task is
    /// run again without it, on an instance that has never seen it.
    async fn activate(&mut self, engine: &Engine) -> Result<Completion, TaskFailure> {
        // Callers may have sent one update twice: it comes once, and all of them are answered.
        let mut ids = HashSet::new();
        let mut updates = self
            .admitted_updates(engine)
            .await
            .map_err(|error| not_loaded(&error))?;
        updates.extend(self.updates.iter().map(|update| update.request.clone()));
        updates.retain(|update| ids.insert(update_id(update).to_owned()));
        self.move_to_wanted_version(engine).await;
        let is_speculative = self.run.workflow_task.as_ref().is_some_and(|task| task.speculative);
        let mut rejections = Vec::new();
        loop {
            if is_speculative && updates.is_empty() {
                return Ok(Completion {
                    rejections,
                    ..Completion::default()
                });
            }
            let mut completion = self.activate_with(engine, updates.clone()).await?;
            if completion.rejections.is_empty() {
                completion.rejections = rejections;
                let instance = self.instance.as_mut().expect("it was activated just now");
                engine
                    .run_local_activities(&self.run, instance, &mut completion)
                    .await?;
                return Ok(completion);
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

    /// Hands the instance what it has not seen, and returns what it decides.
    async fn activate_with(
        &mut self,
        engine: &Engine,
        updates: Vec<update::Request>,
    ) -> Result<Completion, TaskFailure> {
        self.ensure_instance(engine).await?;
        let instance = self.instance.as_mut().expect("made just now");
        let seen = instance.last_event_id();
        let first = self.tail.partition_point(|event| event.event_id <= seen);
        let length = self.tail.len();
        let now = clock::now();
        self.tail
            .extend(wrt_machine::Turn::new(&mut self.run, now, &self.limits).transient_events());
        let completion = instance.activate(&self.tail[first..], updates);
        self.tail.truncate(length);
        completion
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
