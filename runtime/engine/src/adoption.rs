//! Runs that nobody can run: for no worker asks for their tasks, and no component serves their type.
//!
//! They wait. A worker that comes to poll their task queue gets their tasks like any others, and a component that is deployed
//! for it takes those that nobody has begun.

use std::time::Duration;

use wrt_model::{Component, ComponentKind, Deployment, Namespace, Run, proto::WorkflowExecution};

use crate::{Engine, EngineError, IDENTITY, clock, lane::HotRun, matching::QueueKey, signal::key_of};

/// How long a worker that has polled a task queue counts as one that serves it.
pub(crate) const WORKER_MEMORY: Duration = Duration::from_secs(5 * 60);

/// What is known of a run beside Temporal's description.
#[derive(Clone, Debug)]
pub struct RunDescription {
    /// The run, as it is stored.
    pub run: Run,
    /// What of it nobody can do.
    pub unserved: Vec<Unserved>,
}

/// Something that waits, and that nobody can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Whether it is a workflow task or an attempt of an activity.
    pub kind: ComponentKind,
    /// The type that nobody serves.
    pub type_name: String,
    /// Where it waits.
    pub task_queue: String,
}

impl std::fmt::Display for Unserved {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Unserved {
            kind,
            type_name,
            task_queue,
        } = self;
        let kind = kind.as_str();
        write!(
            out,
            "nobody serves the {kind} type {type_name} on the task queue {task_queue}: no component defines it there, and no \
             worker polls; it waits until one of them comes"
        )
    }
}

impl HotRun {
    /// Lets a component have the run, if nobody has begun it and no worker asks for it.
    pub(crate) fn go_to_component(&mut self, engine: &Engine) {
        let run = &self.run;
        if !run.is_run_by_workers() || !run.is_untouched() || engine.has_workers(&run.namespace_id, &run.task_queue) {
            return;
        }
        let component = engine.current_component(run, &run.task_queue, &run.workflow_type);
        if let Some(component) = component
            && self.decide(clock::now(), |turn| turn.adopt(&component))
        {
            tracing::info!(run = %self.run.key(), component, "a run that nobody has begun goes to a component");
        }
    }
}

impl Engine {
    /// Who runs a run and what it waits for, as far as it is stored. Waits for nothing that the run is doing.
    pub async fn describe_run(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
    ) -> Result<RunDescription, EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        let current = match run_id.as_str() {
            "" => self.inner.store.current_run(&key).await?,
            _ => None,
        };
        let run = match current {
            Some(current) => current.run,
            None => self.past_run(&key, &run_id).await?.run,
        };
        Ok(RunDescription {
            unserved: self.unserved(&run),
            run,
        })
    }

    /// Whether workers ask for the workflow tasks of this queue, or have lately.
    pub(crate) fn has_workers(&self, namespace_id: &str, task_queue: &str) -> bool {
        let queue = QueueKey::new(namespace_id, task_queue);
        self.inner.workflow_matching.is_polled(&queue, WORKER_MEMORY)
    }

    /// Whether others than the server's own components poll for the activities of this queue, or have lately.
    fn has_activity_workers(&self, queue: &QueueKey) -> bool {
        let pollers = self.inner.matching.describe(queue).pollers;
        pollers.iter().any(|poller| poller.identity != IDENTITY)
    }

    /// What whoever deploys a component should know: that workers poll for the same.
    pub fn deployment_warnings(&self, deployment: &Deployment, component: &Component) -> Vec<String> {
        let Deployment {
            namespace_id,
            task_queue,
            ..
        } = deployment;
        let types = |kind: ComponentKind| {
            let types: Vec<&str> = component.types_of(kind).iter().map(|kind| kind.name.as_str()).collect();
            types.join(", ")
        };
        let mut warnings = Vec::new();
        if component.kind.has(ComponentKind::Workflow) && self.has_workers(namespace_id, task_queue) {
            warnings.push(format!(
                "workers poll the task queue {task_queue} too: new runs of {} go to the component from now on, whether \
                 the workers know these types or not; runs that workers have begun stay with them",
                types(ComponentKind::Workflow)
            ));
        }
        if component.kind.has(ComponentKind::Activity)
            && self.has_activity_workers(&QueueKey::new(namespace_id, task_queue))
        {
            warnings.push(format!(
                "workers poll the task queue {task_queue} for activities too: attempts of {} go to the component or to \
                 a worker, whichever takes them first",
                types(ComponentKind::Activity)
            ));
        }
        warnings
    }

    /// What of a run waits, and nobody can do.
    pub(crate) fn unserved(&self, run: &Run) -> Vec<Unserved> {
        if !run.is_open() || run.is_paused() {
            return Vec::new();
        }
        self.unserved_run(run)
            .into_iter()
            .chain(self.unserved_activities(run))
            .collect()
    }

    fn unserved_run(&self, run: &Run) -> Option<Unserved> {
        let task = run.workflow_task.as_ref();
        let waits = task.map_or(run.last_completed_started_event_id == 0, |task| !task.is_started());
        let served = !run.is_run_by_workers()
            || self.has_workers(&run.namespace_id, &run.task_queue)
            || (run.is_untouched()
                && self
                    .current_component(run, &run.task_queue, &run.workflow_type)
                    .is_some());
        (waits && !served).then(|| Unserved {
            kind: ComponentKind::Workflow,
            type_name: run.workflow_type.clone(),
            task_queue: run.task_queue.clone(),
        })
    }

    fn unserved_activities(&self, run: &Run) -> Vec<Unserved> {
        let mut unserved: Vec<Unserved> = Vec::new();
        for activity in run.activities.values().filter(|activity| run.offers(activity)) {
            let found = Unserved {
                kind: ComponentKind::Activity,
                type_name: activity.activity_type.clone(),
                task_queue: activity.task_queue.clone(),
            };
            let queue = QueueKey::new(&run.namespace_id, &activity.task_queue);
            let routing = &self.inner.routing;
            let served = unserved.contains(&found)
                || routing
                    .find(&queue, ComponentKind::Activity, &activity.activity_type)
                    .is_some()
                || self.has_activity_workers(&queue);
            if !served {
                unserved.push(found);
            }
        }
        unserved
    }
}

/// Nobody has begun the run, and the deployment may be what it waits for.
pub(crate) fn waits_for(run: &Run, deployment: &Deployment) -> bool {
    run.namespace_id == deployment.namespace_id
        && run.task_queue == deployment.task_queue
        && run.is_run_by_workers()
        && run.is_untouched()
}
