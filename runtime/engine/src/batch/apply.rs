//! What a batch operation does to one of its targets.

use wrt_machine::{
    ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityUnpause, Jitter, Rejection, ResetPoint,
    WorkflowOptionsChange, reset_point,
};
use wrt_model::{
    BatchOperation, Namespace, RunKey, WorkflowKey,
    proto::{
        WorkflowExecution,
        batch::{
            BatchOperationReset, BatchOperationResetActivities, BatchOperationSignal, BatchOperationTermination,
            BatchOperationUnpauseActivities, BatchOperationUpdateActivityOptions,
            batch_operation_reset_activities as reset_activities,
            batch_operation_unpause_activities as unpause_activities,
            batch_operation_update_activity_options as update_options,
        },
        common::reset_options::Target,
        enums::ResetType,
        workflowservice::{
            DeleteWorkflowExecutionRequest, RequestCancelWorkflowExecutionRequest, ResetWorkflowExecutionRequest,
            SignalWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
            start_batch_operation_request::Operation,
        },
    },
    time::span_set,
};

use crate::{Engine, EngineError};

impl Engine {
    /// Does it to one run. False when it could not be done. A run that is gone or has ended, and one without such
    /// activities, has nothing left to be done to. Errors are those that pass: the target's turn comes again.
    pub(super) async fn apply_batch(
        &self,
        namespace: &Namespace,
        batch: &BatchOperation,
        target: WorkflowExecution,
    ) -> Result<bool, EngineError> {
        let workflow_id = target.workflow_id.clone();
        match self.try_apply_batch(namespace, batch, target).await {
            Err(EngineError::WorkflowNotFound { .. })
            | Err(EngineError::Rejected(Rejection::WorkflowClosed | Rejection::ActivityNotFound(_))) => Ok(true),
            Err(error @ (EngineError::ShuttingDown | EngineError::Store(_))) => Err(error),
            Err(error) => {
                tracing::warn!(batch = %batch.key(), workflow_id, %error, "a batch operation was refused");
                Ok(false)
            }
            Ok(()) => Ok(true),
        }
    }

    async fn try_apply_batch(
        &self,
        namespace: &Namespace,
        batch: &BatchOperation,
        target: WorkflowExecution,
    ) -> Result<(), EngineError> {
        let reason = batch.request.reason.clone();
        let request_id = format!("{}/{}/{}", batch.request.job_id, target.workflow_id, target.run_id);
        let Some(operation) = batch.request.operation.clone() else {
            return Err(EngineError::InvalidArgument("the operation is not set".to_owned()));
        };
        match operation {
            Operation::TerminationOperation(BatchOperationTermination { details, identity }) => {
                let request = TerminateWorkflowExecutionRequest {
                    workflow_execution: Some(target),
                    reason,
                    details,
                    identity,
                    ..Default::default()
                };
                self.terminate_workflow(namespace, request).await
            }
            Operation::SignalOperation(signal) => {
                let request = signal_request(signal, target, request_id);
                self.signal_workflow(namespace, request).await.map(drop)
            }
            Operation::CancellationOperation(cancellation) => {
                let request = RequestCancelWorkflowExecutionRequest {
                    workflow_execution: Some(target),
                    identity: cancellation.identity,
                    request_id,
                    reason,
                    ..Default::default()
                };
                self.request_cancel_workflow(namespace, request).await
            }
            Operation::DeletionOperation(_) => {
                let request = DeleteWorkflowExecutionRequest {
                    workflow_execution: Some(target),
                    ..Default::default()
                };
                self.delete_workflow(namespace, request).await
            }
            Operation::ResetOperation(reset) => self.reset_target(namespace, reset, target, reason, request_id).await,
            Operation::UnpauseActivitiesOperation(unpause) => {
                let (which, unpause) = unpausing(&unpause)?;
                self.unpause_activities(namespace, target, which, unpause).await
            }
            Operation::ResetActivitiesOperation(reset) => {
                let (which, reset) = resetting(&reset)?;
                self.reset_activities(namespace, target, which, reset).await
            }
            Operation::UpdateActivityOptionsOperation(update) => {
                let (which, change) = updating(update)?;
                let updated = self.update_activity_options(namespace, target, which, change).await;
                updated.map(drop)
            }
            Operation::UpdateWorkflowOptionsOperation(update) => {
                let change = WorkflowOptionsChange {
                    options: update.workflow_execution_options.unwrap_or_default(),
                    paths: update.update_mask.unwrap_or_default().paths,
                    identity: update.identity,
                };
                self.update_workflow_options(namespace, target, change).await.map(drop)
            }
            Operation::CancelActivitiesOperation(_)
            | Operation::TerminateActivitiesOperation(_)
            | Operation::DeleteActivitiesOperation(_) => Err(EngineError::InvalidArgument(
                "the operation is not supported by this server".to_owned(),
            )),
        }
    }

    #[expect(deprecated, reason = "older clients say what to reset to in this way")]
    async fn reset_target(
        &self,
        namespace: &Namespace,
        reset: BatchOperationReset,
        target: WorkflowExecution,
        reason: String,
        request_id: String,
    ) -> Result<(), EngineError> {
        let reset_type = reset.reset_type();
        let older_reapply_type = reset.reset_reapply_type;
        let options = reset.options.unwrap_or_default();
        let point = match options.target {
            Some(Target::WorkflowTaskId(event_id)) => Err(event_id),
            Some(Target::BuildId(build_id)) => Ok(ResetPoint::BuildId(build_id)),
            Some(Target::FirstWorkflowTask(())) => Ok(ResetPoint::FirstWorkflowTask),
            None if reset_type == ResetType::FirstWorkflowTask => Ok(ResetPoint::FirstWorkflowTask),
            Some(Target::LastWorkflowTask(())) | None => Ok(ResetPoint::LastWorkflowTask),
        };
        let event_id = match point {
            Ok(point) => self.batch_reset_point(namespace, &target, &point).await?,
            Err(event_id) => event_id,
        };
        let request = ResetWorkflowExecutionRequest {
            workflow_execution: Some(target),
            reason,
            workflow_task_finish_event_id: event_id,
            request_id,
            reset_reapply_type: match options.reset_reapply_type {
                0 => older_reapply_type,
                given => given,
            },
            reset_reapply_exclude_types: options.reset_reapply_exclude_types,
            post_reset_operations: reset.post_reset_operations,
            identity: reset.identity,
            ..Default::default()
        };
        self.reset_workflow(namespace, request).await.map(drop)
    }

    async fn batch_reset_point(
        &self,
        namespace: &Namespace,
        target: &WorkflowExecution,
        point: &ResetPoint,
    ) -> Result<i64, EngineError> {
        let key = WorkflowKey::new(&*namespace.id, &*target.workflow_id);
        let run_id = self
            .decide(&key, &target.run_id, |turn| Ok(turn.run().run_id.clone()))
            .await?;
        let events = self.read_events(&RunKey::new(key, run_id), 1, usize::MAX).await?;
        reset_point(&events, point).ok_or_else(|| {
            let missing = match point {
                ResetPoint::BuildId(build_id) => format!("workflow task that build {build_id} has completed"),
                _ => "workflow task yet".to_owned(),
            };
            EngineError::FailedPrecondition(format!(
                "workflow {} has had no {missing}; there is nothing to reset",
                target.workflow_id
            ))
        })
    }
}

fn signal_request(
    signal: BatchOperationSignal,
    target: WorkflowExecution,
    request_id: String,
) -> SignalWorkflowExecutionRequest {
    SignalWorkflowExecutionRequest {
        workflow_execution: Some(target),
        signal_name: signal.signal,
        input: signal.input,
        header: signal.header,
        identity: signal.identity,
        request_id,
        ..Default::default()
    }
}

fn unpausing(operation: &BatchOperationUnpauseActivities) -> Result<(ActivitySelector, ActivityUnpause), EngineError> {
    use unpause_activities::Activity;
    let which = match &operation.activity {
        Some(Activity::Type(kind)) => ActivitySelector::Type(kind.clone()),
        Some(Activity::MatchAll(true)) => ActivitySelector::All,
        _ => return nothing_selected(),
    };
    let unpause = ActivityUnpause {
        reset_attempts: operation.reset_attempts,
        reset_heartbeat: operation.reset_heartbeat,
        jitter: jitter(operation.jitter.as_ref()),
    };
    Ok((which, unpause))
}

fn resetting(operation: &BatchOperationResetActivities) -> Result<(ActivitySelector, ActivityReset), EngineError> {
    use reset_activities::Activity;
    let which = match &operation.activity {
        Some(Activity::Type(kind)) => ActivitySelector::Type(kind.clone()),
        Some(Activity::MatchAll(true)) => ActivitySelector::All,
        _ => return nothing_selected(),
    };
    let reset = ActivityReset {
        reset_heartbeat: operation.reset_heartbeat,
        keep_paused: operation.keep_paused,
        restore_original_options: operation.restore_original_options,
        jitter: jitter(operation.jitter.as_ref()),
    };
    Ok((which, reset))
}

fn updating(
    operation: BatchOperationUpdateActivityOptions,
) -> Result<(ActivitySelector, ActivityOptionsChange), EngineError> {
    use update_options::Activity;
    let which = match operation.activity {
        Some(Activity::Type(kind)) => ActivitySelector::Type(kind),
        Some(Activity::MatchAll(true)) => ActivitySelector::All,
        _ => return nothing_selected(),
    };
    let change = match operation.restore_original {
        true => ActivityOptionsChange::Restore,
        false => ActivityOptionsChange::Merge {
            options: Box::new(operation.activity_options.unwrap_or_default()),
            paths: operation.update_mask.map(|mask| mask.paths).unwrap_or_default(),
        },
    };
    Ok((which, change))
}

/// Requests are checked at the door.
fn nothing_selected<T>() -> Result<T, EngineError> {
    Err(EngineError::InvalidArgument("no activity is selected".to_owned()))
}

fn jitter(span: Option<&prost_types::Duration>) -> Jitter {
    Jitter {
        span: span_set(span).unwrap_or_default(),
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
    }
}
