//! Pausing, resetting and changing pending activities, in the words of older and of newer clients.

use prost_types::{Duration, FieldMask};
use uuid::Uuid;
use wrt_engine::{ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityUnpause, Engine, Jitter};
use wrt_model::{
    proto::{
        WorkflowExecution,
        activity::ActivityOptions,
        workflowservice::{
            PauseActivityExecutionRequest, PauseActivityRequest, ResetActivityExecutionRequest, ResetActivityRequest,
            UnpauseActivityExecutionRequest, UnpauseActivityRequest, UpdateActivityExecutionOptionsRequest,
            UpdateActivityOptionsRequest, pause_activity_request, reset_activity_request, unpause_activity_request,
            update_activity_options_request,
        },
    },
    run::Pause,
    time::span_set,
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
};

pub(crate) async fn pause(engine: &Engine, request: PauseActivityRequest) -> Result<(), ApiError> {
    use pause_activity_request::Activity;
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("Reason", &request.reason)?;
    let which = match request.activity {
        Some(Activity::Id(id)) => by_id(id)?,
        Some(Activity::Type(kind)) => by_type(kind)?,
        None => return nothing_selected(),
    };
    let pause = Pause {
        identity: request.identity,
        reason: request.reason,
        request_id: request.request_id,
        ..Pause::default()
    };
    Ok(engine.pause_activities(&namespace, execution, which, pause).await?)
}

pub(crate) async fn unpause(engine: &Engine, request: UnpauseActivityRequest) -> Result<(), ApiError> {
    use unpause_activity_request::Activity;
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    let which = match request.activity {
        Some(Activity::Id(id)) => by_id(id)?,
        Some(Activity::Type(kind)) => by_type(kind)?,
        Some(Activity::UnpauseAll(true)) => ActivitySelector::All,
        Some(Activity::UnpauseAll(false)) | None => return nothing_selected(),
    };
    let unpause = ActivityUnpause {
        reset_attempts: request.reset_attempts,
        reset_heartbeat: request.reset_heartbeat,
        jitter: jitter(request.jitter.as_ref())?,
    };
    Ok(engine.unpause_activities(&namespace, execution, which, unpause).await?)
}

pub(crate) async fn reset(engine: &Engine, request: ResetActivityRequest) -> Result<(), ApiError> {
    use reset_activity_request::Activity;
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    let which = match request.activity {
        Some(Activity::Id(id)) => by_id(id)?,
        Some(Activity::Type(kind)) => by_type(kind)?,
        Some(Activity::MatchAll(true)) => ActivitySelector::All,
        Some(Activity::MatchAll(false)) | None => return nothing_selected(),
    };
    let reset = ActivityReset {
        reset_heartbeat: request.reset_heartbeat,
        keep_paused: request.keep_paused,
        restore_original_options: request.restore_original_options,
        jitter: jitter(request.jitter.as_ref())?,
    };
    Ok(engine.reset_activities(&namespace, execution, which, reset).await?)
}

/// Returns the options of the first activity that was changed.
pub(crate) async fn update_options(
    engine: &Engine,
    request: UpdateActivityOptionsRequest,
) -> Result<ActivityOptions, ApiError> {
    use update_activity_options_request::Activity;
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.execution)?;
    let which = match request.activity {
        Some(Activity::Id(id)) => by_id(id)?,
        Some(Activity::Type(kind)) => by_type(kind)?,
        Some(Activity::MatchAll(true)) => ActivitySelector::All,
        Some(Activity::MatchAll(false)) | None => return nothing_selected(),
    };
    let change = change(request.activity_options, request.update_mask, request.restore_original)?;
    let options = engine.update_activity_options(&namespace, execution, which, change);
    Ok(options.await?)
}

/// What the parts of a request ask for.
pub(crate) fn change(
    options: Option<ActivityOptions>,
    mask: Option<FieldMask>,
    restore_original: bool,
) -> Checked<ActivityOptionsChange> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    if restore_original {
        // Clients send a message of options in any case.
        return match paths.is_empty() {
            true => Ok(ActivityOptionsChange::Restore),
            false => validate::invalid("Both UpdateMask and RestoreOriginal are provided."),
        };
    }
    let Some(options) = options else {
        return validate::invalid("ActivityOptions are not provided.");
    };
    if paths.is_empty() {
        return validate::invalid("UpdateMask is not provided.");
    }
    if paths
        .iter()
        .any(|path| path.starts_with("task_queue") || path.starts_with("taskQueue"))
    {
        validate::task_queue(options.task_queue.as_ref())?;
    }
    let options = Box::new(options);
    Ok(ActivityOptionsChange::Merge { options, paths })
}

/// Where in the span each activity starts is left to chance.
pub(crate) fn jitter(span: Option<&Duration>) -> Checked<Jitter> {
    validate::duration("Jitter", span)?;
    Ok(Jitter {
        span: span_set(span).unwrap_or_default(),
        seed: Uuid::new_v4().as_u64_pair().0,
    })
}

pub(crate) fn by_type(kind: String) -> Checked<ActivitySelector> {
    validate::required("ActivityType", &kind)?;
    Ok(ActivitySelector::Type(kind))
}

fn by_id(id: String) -> Checked<ActivitySelector> {
    validate::required("ActivityId", &id)?;
    Ok(ActivitySelector::Id(id))
}

pub(crate) fn nothing_selected<T>() -> Checked<T> {
    validate::invalid("Either activity id, activity type or all activities must be provided.")
}

// === The words of newer clients ===

pub(crate) fn older_pause(request: PauseActivityExecutionRequest) -> Checked<PauseActivityRequest> {
    Ok(PauseActivityRequest {
        namespace: request.namespace,
        execution: Some(of_workflow(request.workflow_id, request.run_id)?),
        identity: request.identity,
        reason: request.reason,
        request_id: request.request_id,
        activity: Some(pause_activity_request::Activity::Id(request.activity_id)),
    })
}

pub(crate) fn older_unpause(request: UnpauseActivityExecutionRequest) -> Checked<UnpauseActivityRequest> {
    Ok(UnpauseActivityRequest {
        namespace: request.namespace,
        execution: Some(of_workflow(request.workflow_id, request.run_id)?),
        identity: request.identity,
        jitter: request.jitter,
        activity: Some(unpause_activity_request::Activity::Id(request.activity_id)),
        ..Default::default()
    })
}

pub(crate) fn older_reset(request: ResetActivityExecutionRequest) -> Checked<ResetActivityRequest> {
    Ok(ResetActivityRequest {
        namespace: request.namespace,
        execution: Some(of_workflow(request.workflow_id, request.run_id)?),
        identity: request.identity,
        reset_heartbeat: request.reset_heartbeat,
        keep_paused: request.keep_paused,
        jitter: request.jitter,
        restore_original_options: request.restore_original_options,
        activity: Some(reset_activity_request::Activity::Id(request.activity_id)),
    })
}

pub(crate) fn older_update(request: UpdateActivityExecutionOptionsRequest) -> Checked<UpdateActivityOptionsRequest> {
    Ok(UpdateActivityOptionsRequest {
        namespace: request.namespace,
        execution: Some(of_workflow(request.workflow_id, request.run_id)?),
        identity: request.identity,
        activity_options: request.activity_options,
        update_mask: request.update_mask,
        restore_original: request.restore_original,
        activity: Some(update_activity_options_request::Activity::Id(request.activity_id)),
    })
}

/// Activities without a workflow are not served.
fn of_workflow(workflow_id: String, run_id: String) -> Checked<WorkflowExecution> {
    validate::required("WorkflowId", &workflow_id)?;
    Ok(WorkflowExecution { workflow_id, run_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: Option<ActivityOptions>, paths: &[&str], restore: bool, expected: &str) {
        let mask = (!paths.is_empty()).then(|| FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        });
        let said = change(options, mask, restore).map_or_else(|error| error.to_string(), |_| "ok".to_owned());
        assert_eq!(said, expected);
    }

    #[test]
    fn a_change_says_what_or_restores() {
        let options = ActivityOptions::default;
        check(Some(options()), &["heartbeat_timeout"], false, "ok");
        check(None, &[], true, "ok");
        check(Some(options()), &[], true, "ok");
        check(
            Some(options()),
            &["heartbeat_timeout"],
            true,
            "Both UpdateMask and RestoreOriginal are provided.",
        );
        check(None, &["heartbeat_timeout"], false, "ActivityOptions are not provided.");
        check(Some(options()), &[], false, "UpdateMask is not provided.");
        check(
            Some(options()),
            &["taskQueue.name"],
            false,
            "TaskQueue is not set on request.",
        );
    }
}
