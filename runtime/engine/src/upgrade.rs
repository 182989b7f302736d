//! Runs that move to another version of their component.
//!
//! A run stays on the component that it started on, as long as that one can go on. When its task fails, a version that was
//! deployed since may be the one that mends it; and an operator can choose another one for it. The run moves there if its
//! history replays on it, and stays otherwise.

use wrt_machine::Turn;
use wrt_model::{ComponentKind, Deployment, Run, proto::workflow::versioning_override::Override};

use crate::{Engine, EngineError, adoption::waits_for, lane::HotRun, matching::QueueKey};

impl HotRun {
    /// Moves the run to the version that it should be on, if its history replays there.
    pub(crate) async fn move_to_wanted_version(&mut self, engine: &Engine) {
        let Some(component) = self.wanted_component(engine) else {
            return;
        };
        let previous = std::mem::replace(&mut self.run.component, component);
        let (run, component) = (self.run.key(), &self.run.component);
        match engine.rebuild(&self.run, self.version > 0).await {
            Ok(instance) => {
                tracing::info!(%run, component, "moved to another version");
                self.run.component_changed = true;
                self.instance = Some(instance);
            }
            Err(failure) => {
                let failure = failure.failure.message;
                tracing::warn!(
                    %run,
                    component,
                    failure,
                    "the run stays on its version, because the other one does not replay its history",
                );
                self.refused_component = std::mem::replace(&mut self.run.component, previous);
            }
        }
    }

    /// The other component that should run it: the one that an operator has chosen, or the current one when its task has
    /// failed before. One that does not replay its history is not tried again as long as the run gets on without it.
    fn wanted_component(&self, engine: &Engine) -> Option<String> {
        let run = &self.run;
        let has_failed = run.workflow_task.as_ref().is_some_and(|task| task.attempt > 1);
        let current = || engine.current_component(run, &run.task_queue, &run.workflow_type);
        let info = run.versioning_info.as_ref();
        let chosen = info.and_then(|info| info.versioning_override.as_ref());
        let wanted = match chosen.and_then(|chosen| chosen.r#override.as_ref()) {
            Some(Override::Pinned(pinned)) => pinned.version.as_ref().map(|version| version.build_id.clone()),
            Some(Override::AutoUpgrade(true)) => current(),
            _ if has_failed => current(),
            _ => None,
        };
        wanted.filter(|wanted| *wanted != run.component && (has_failed || *wanted != self.refused_component))
    }
}

impl Engine {
    /// The digest of the component that is current for a workflow type on a task queue of the run's namespace.
    pub(crate) fn current_component(&self, run: &Run, task_queue: &str, workflow_type: &str) -> Option<String> {
        let queue = QueueKey::new(&run.namespace_id, task_queue);
        let route = self
            .inner
            .routing
            .find(&queue, ComponentKind::Workflow, workflow_type)?;
        Some(route.deployment.current.as_str().to_owned())
    }

    /// Lets the runs of a deployment whose task fails try again now, and not only when their time comes, and those begin that
    /// have waited for it.
    pub(crate) fn wake_waiting_runs(&self, deployment: Deployment) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let retried = engine.inner.stopping.run_until_cancelled(engine.wake_all(&deployment));
            if let Some(Err(error)) = retried.await {
                tracing::warn!(%error, deployment = deployment.name, "look for runs that wait for a deployment");
            }
        });
    }

    async fn wake_all(&self, deployment: &Deployment) -> Result<(), EngineError> {
        let mut waiting = Vec::new();
        self.each_open_run(|run| waiting.extend(waits(run, deployment).then(|| run.key())))
            .await?;
        for run in waiting {
            let hasten = |turn: &mut Turn<'_>| {
                turn.hasten_workflow_task();
                Ok(())
            };
            if let Err(error) = self.decide(&run.workflow, &run.run_id, hasten).await {
                tracing::debug!(%error, %run, "a workflow task was not tried again");
            }
        }
        Ok(())
    }
}

/// A step of the run's lane finds that the deployment is there.
fn waits(run: &Run, deployment: &Deployment) -> bool {
    fails(run, deployment) || waits_for(run, deployment)
}

fn fails(run: &Run, deployment: &Deployment) -> bool {
    run.namespace_id == deployment.namespace_id
        && run.task_queue == deployment.task_queue
        && run.component != deployment.current.as_str()
        && run.workflow_task.as_ref().is_some_and(|task| task.attempt > 1)
}
