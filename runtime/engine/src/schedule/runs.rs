//! The workflows of schedules: how they are started and ended, and how their ends are learned.

use std::{sync::PoisonError, time::Duration};

use wrt_machine::{
    Rejection,
    schedule::{End, ScheduledRunClose, StartOutcome},
};
use wrt_model::{
    Run, RunKey, ScheduleKey, WorkflowKey, failure,
    proto::{
        EventAttributes, Failure, WorkflowExecution, enums::TimeoutType, workflowservice::StartWorkflowExecutionRequest,
    },
};

use crate::{Engine, EngineError, IDENTITY};

/// The wait before the store is read again that could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// Why a workflow is asked to cancel itself.
const CANCELED: &str = "canceled by schedule overlap policy";

/// Why a workflow is ended.
const TERMINATED: &str = "terminated by schedule overlap policy";

impl Engine {
    // === Starting ===

    /// Starts a workflow and tells its schedule how that went.
    pub(super) fn start_scheduled(&self, key: ScheduleKey, number: i64, request: StartWorkflowExecutionRequest) {
        let (engine, hold) = (self.clone(), self.hold_time());
        self.inner.tasks.spawn(async move {
            let _hold = hold;
            let workflow_id = request.workflow_id.clone();
            let outcome = match engine.try_start_scheduled(&key, request).await {
                Ok(outcome) => outcome,
                // The start is stored, and made again by the next process.
                Err(EngineError::ShuttingDown) => return,
                Err(error) => {
                    tracing::warn!(schedule = %key, workflow_id, %error, "start scheduled workflow");
                    outcome_of(&error)
                }
            };
            engine.report_to_schedule(key, move |turn| turn.started(number, outcome.clone()));
        });
    }

    async fn try_start_scheduled(
        &self,
        key: &ScheduleKey,
        mut request: StartWorkflowExecutionRequest,
    ) -> Result<StartOutcome, EngineError> {
        let namespace = self.namespace_by_id(&key.namespace_id).await?;
        request.namespace.clone_from(&namespace.name);
        let (workflow_id, request_id) = (request.workflow_id.clone(), request.request_id.clone());
        let run_id = match self.start_workflow(&namespace, request).await {
            Ok(started) => started.first_execution_run_id,
            Err(error) => match self.begun_before(key, &workflow_id, &request_id, &error).await? {
                Some(run_id) => run_id,
                None => return Err(error),
            },
        };
        Ok(StartOutcome::Started(WorkflowExecution { workflow_id, run_id }))
    }

    /// The first run of the workflow that is in the way, if this very start has begun it. The engine knows a request by the
    /// current run alone, but the chain may have gone on.
    async fn begun_before(
        &self,
        key: &ScheduleKey,
        workflow_id: &str,
        request_id: &str,
        error: &EngineError,
    ) -> Result<Option<String>, EngineError> {
        let EngineError::Rejected(Rejection::AlreadyStarted {
            first_execution_run_id, ..
        }) = error
        else {
            return Ok(None);
        };
        let workflow = WorkflowKey::new(&*key.namespace_id, workflow_id);
        let first = self.past_run(&workflow, first_execution_run_id).await?.run;
        Ok((first.start_request_id == request_id).then_some(first.run_id))
    }

    // === Ending ===

    /// Ends a workflow for another one, in whatever run its chain has come to.
    pub(super) fn end_scheduled(&self, key: ScheduleKey, execution: WorkflowExecution, end: End) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let workflow = WorkflowKey::new(&*key.namespace_id, execution.workflow_id);
            let request_id = format!("{}/{}", key.schedule_id, execution.run_id);
            let ended = engine.decide(&workflow, "", move |turn| {
                if turn.run().first_execution_run_id != execution.run_id {
                    return Ok(());
                }
                match end {
                    End::Cancel => {
                        turn.request_cancel(CANCELED.to_owned(), IDENTITY.to_owned(), request_id);
                        Ok(())
                    }
                    End::Terminate => turn.terminate(TERMINATED.to_owned(), None, IDENTITY.to_owned()),
                }
            });
            match ended.await {
                // It has closed, or was asked before.
                Ok(()) | Err(EngineError::Rejected(_) | EngineError::WorkflowNotFound { .. }) => {}
                Err(error) => tracing::warn!(schedule = %key, %error, "end the workflow that another one overlaps"),
            }
        });
    }

    // === Watching ===

    /// Tells the schedule when a workflow that it has started has closed. Once is enough for each.
    pub(super) fn watch_scheduled(&self, key: &ScheduleKey, execution: WorkflowExecution) {
        let watched = &self.inner.schedules.watched;
        let watch = (key.clone(), execution.run_id.clone());
        if !watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(watch.clone())
        {
            return;
        }
        let (engine, key) = (self.clone(), key.clone());
        self.inner.tasks.spawn(async move {
            let Some(close) = engine.scheduled_close(&key, execution).await else {
                return;
            };
            let watched = &engine.inner.schedules.watched;
            watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&watch);
            engine.report_to_schedule(key, move |turn| turn.closed(close.clone()));
        });
    }

    /// Waits for the end of a workflow: of the last run of the chain that begins with the given one. `None` when the
    /// server stops before.
    async fn scheduled_close(&self, key: &ScheduleKey, execution: WorkflowExecution) -> Option<ScheduledRunClose> {
        let workflow = WorkflowKey::new(&*key.namespace_id, &*execution.workflow_id);
        let mut run_id = execution.run_id.clone();
        while !self.is_stopping() {
            let closed = async {
                self.wait_closed(&workflow, &run_id).await?;
                let run = self.past_run(&workflow, &run_id).await?.run;
                let ended = !run.is_open() && run.new_execution_run_id.is_empty();
                let close = if ended {
                    Some(self.close_of_run(&run).await?)
                } else {
                    None
                };
                Ok::<_, EngineError>((run, close))
            };
            match closed.await {
                Ok((_, Some(close))) => return Some(ScheduledRunClose { execution, ..close }),
                Ok((run, None)) if run.is_open() => {}
                Ok((run, None)) => run_id = run.new_execution_run_id,
                // It was deleted: nobody knows how it closed, but it has.
                Err(EngineError::WorkflowNotFound { .. }) => {
                    return Some(ScheduledRunClose {
                        execution,
                        ..Default::default()
                    });
                }
                Err(error) => {
                    tracing::error!(schedule = %key, workflow_id = execution.workflow_id, %error, "watch scheduled workflow");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        None
    }

    async fn wait_closed(&self, workflow: &WorkflowKey, run_id: &str) -> Result<(), EngineError> {
        let namespace = self.namespace_by_id(&workflow.namespace_id).await?;
        let execution = WorkflowExecution {
            workflow_id: workflow.workflow_id.clone(),
            run_id: run_id.to_owned(),
        };
        self.history_end(&namespace, execution, Duration::MAX).await.map(drop)
    }

    /// How a closed run has closed. Which workflow it was is left out.
    async fn close_of_run(&self, run: &Run) -> Result<ScheduledRunClose, EngineError> {
        let key = RunKey::new(run.workflow_key(), run.run_id.clone());
        let last_event = self.stored_event(&key, run.history_length()).await?;
        let (result, failure) = match last_event.attributes {
            Some(EventAttributes::WorkflowExecutionCompletedEventAttributes(completed)) => (completed.result, None),
            Some(EventAttributes::WorkflowExecutionFailedEventAttributes(failed)) => (None, failed.failure),
            Some(EventAttributes::WorkflowExecutionTimedOutEventAttributes(_)) => (
                None,
                Some(Failure {
                    message: "workflow timeout".to_owned(),
                    ..failure::timeout(TimeoutType::StartToClose, None)
                }),
            ),
            _ => (None, None),
        };
        Ok(ScheduledRunClose {
            execution: WorkflowExecution::default(),
            status: run.status(),
            result,
            failure,
        })
    }
}

/// What a start that went wrong means for the next attempt.
fn outcome_of(error: &EngineError) -> StartOutcome {
    match error {
        EngineError::Rejected(_) | EngineError::InvalidArgument(_) | EngineError::NamespaceNotFound(_) => {
            StartOutcome::Refused
        }
        // A component may be deployed yet, a disk may get space.
        _ => StartOutcome::Failed,
    }
}
