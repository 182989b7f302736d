//! Batch operations: starting, stopping, describing, listing.

use wrt_engine::Engine;
use wrt_model::proto::{
    WorkflowExecution,
    batch::{
        batch_operation_reset_activities as reset_activities, batch_operation_unpause_activities as unpause_activities,
        batch_operation_update_activity_options as update_options,
    },
    common::{self, reset_options::Target},
    enums::{ExecutionType, ResetType},
    workflow::post_reset_operation::Variant,
    workflowservice::{
        DescribeBatchOperationRequest, DescribeBatchOperationResponse, ListBatchOperationsRequest,
        ListBatchOperationsResponse, StartBatchOperationRequest, StopBatchOperationRequest,
        start_batch_operation_request::Operation,
    },
};

use crate::{
    activity_control::{by_type, change, jitter, nothing_selected},
    error::ApiError,
    namespace,
    validate::{self, Checked},
    workflow_options,
};

/// The most runs that a request may name.
const EXECUTIONS: usize = 1000;

/// The most batch operations of one page, and the default.
const PAGE_OPERATIONS: u32 = 100;

pub(crate) async fn start(engine: &Engine, mut request: StartBatchOperationRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check_start(&mut request)?;
    Ok(engine.start_batch(&namespace, request).await?)
}

pub(crate) async fn stop(engine: &Engine, request: StopBatchOperationRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("JobId", &request.job_id)?;
    validate::required("Reason", &request.reason)?;
    validate::bounded("Identity", &request.identity)?;
    Ok(engine.stop_batch(&namespace, request).await?)
}

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeBatchOperationRequest,
) -> Result<DescribeBatchOperationResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("JobId", &request.job_id)?;
    Ok(engine.describe_batch(&namespace, request.job_id).await?)
}

pub(crate) async fn list(
    engine: &Engine,
    request: ListBatchOperationsRequest,
) -> Result<ListBatchOperationsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let page_size = validate::page_size(request.page_size, PAGE_OPERATIONS)?;
    Ok(engine
        .list_batches(&namespace, page_size, &request.next_page_token)
        .await?)
}

fn check_start(request: &mut StartBatchOperationRequest) -> Checked {
    validate::required("JobId", &request.job_id)?;
    validate::required("Reason", &request.reason)?;
    check_targets(request)?;
    let Some(operation) = &mut request.operation else {
        return validate::invalid("Operation is not set on request.");
    };
    check_operation(operation)
}

#[expect(deprecated, reason = "older clients name runs in this way")]
fn check_targets(request: &StartBatchOperationRequest) -> Checked {
    let named = request.executions.len() + request.target_executions.len();
    match (request.visibility_query.is_empty(), named) {
        (true, 0) => return validate::invalid("VisibilityQuery or Executions have to be set on request."),
        (false, 1..) => return validate::invalid("VisibilityQuery and Executions are mutually exclusive."),
        (_, named) if named > EXECUTIONS => {
            return validate::invalid(format!("Executions are more than allowed ({named}/{EXECUTIONS})."));
        }
        _ => {}
    }
    for execution in &request.executions {
        validate::execution(Some(execution.clone()))?;
    }
    for common::Execution {
        r#type,
        business_id,
        run_id,
    } in &request.target_executions
    {
        match validate::choice("ExecutionType", *r#type)? {
            ExecutionType::Unspecified | ExecutionType::Workflow => {}
            _ => validate::unsupported(true, "TargetExecutions.Type other than workflow")?,
        }
        validate::execution(Some(WorkflowExecution {
            workflow_id: business_id.clone(),
            run_id: run_id.clone(),
        }))?;
    }
    Ok(())
}

fn check_operation(operation: &mut Operation) -> Checked {
    match operation {
        Operation::TerminationOperation(termination) => validate::bounded("Identity", &termination.identity),
        Operation::CancellationOperation(cancellation) => validate::bounded("Identity", &cancellation.identity),
        Operation::DeletionOperation(deletion) => validate::bounded("Identity", &deletion.identity),
        Operation::SignalOperation(signal) => validate::required("SignalName", &signal.signal),
        Operation::ResetOperation(reset) => check_reset(reset),
        Operation::UnpauseActivitiesOperation(unpause) => {
            jitter(unpause.jitter.as_ref())?;
            match &unpause.activity {
                Some(unpause_activities::Activity::Type(kind)) => by_type(kind.clone()).map(drop),
                Some(unpause_activities::Activity::MatchAll(true)) => Ok(()),
                _ => nothing_selected(),
            }
        }
        Operation::ResetActivitiesOperation(reset) => {
            jitter(reset.jitter.as_ref())?;
            match &reset.activity {
                Some(reset_activities::Activity::Type(kind)) => by_type(kind.clone()).map(drop),
                Some(reset_activities::Activity::MatchAll(true)) => Ok(()),
                _ => nothing_selected(),
            }
        }
        Operation::UpdateActivityOptionsOperation(update) => {
            let options = update.activity_options.clone();
            change(options, update.update_mask.clone(), update.restore_original)?;
            match &update.activity {
                Some(update_options::Activity::Type(kind)) => by_type(kind.clone()).map(drop),
                Some(update_options::Activity::MatchAll(true)) => Ok(()),
                _ => nothing_selected(),
            }
        }
        Operation::UpdateWorkflowOptionsOperation(update) => {
            workflow_options::check(&mut update.workflow_execution_options, &mut update.update_mask)
        }
        Operation::CancelActivitiesOperation(_) => validate::unsupported(true, "CancelActivitiesOperation"),
        Operation::TerminateActivitiesOperation(_) => validate::unsupported(true, "TerminateActivitiesOperation"),
        Operation::DeleteActivitiesOperation(_) => validate::unsupported(true, "DeleteActivitiesOperation"),
    }
}

#[expect(deprecated, reason = "older clients say what to reset to in this way")]
fn check_reset(reset: &mut wrt_model::proto::batch::BatchOperationReset) -> Checked {
    let target = reset.options.as_ref().and_then(|options| options.target.as_ref());
    match target {
        Some(Target::BuildId(build_id)) => validate::required("BuildId", build_id)?,
        Some(_) => {}
        None if validate::choice::<ResetType>("ResetType", reset.reset_type)? == ResetType::Unspecified => {
            return validate::invalid("ResetOptions.Target is not set on request.");
        }
        None => {}
    }
    for operation in &mut reset.post_reset_operations {
        match &mut operation.variant {
            Some(Variant::SignalWorkflow(signal)) => validate::required("SignalName", &signal.signal_name)?,
            Some(Variant::UpdateWorkflowOptions(update)) => {
                workflow_options::check(&mut update.workflow_execution_options, &mut update.update_mask)?;
            }
            None => return validate::invalid("PostResetOperation is not set on request."),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_model::proto::batch::{
        BatchOperationDeletion, BatchOperationReset, BatchOperationSignal, BatchOperationUnpauseActivities,
    };

    #[track_caller]
    fn check(change: impl FnOnce(&mut StartBatchOperationRequest), expected: &str) {
        let mut request = StartBatchOperationRequest {
            job_id: "job".to_owned(),
            reason: "why".to_owned(),
            visibility_query: "WorkflowType = 'Order'".to_owned(),
            operation: Some(Operation::DeletionOperation(BatchOperationDeletion::default())),
            ..Default::default()
        };
        change(&mut request);
        let said = check_start(&mut request).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(said, expected);
    }

    #[test]
    fn starts() {
        check(|_| (), "ok");
        check(|r| r.job_id = String::new(), "JobId is not set on request.");
        check(|r| r.reason = String::new(), "Reason is not set on request.");
        check(|r| r.operation = None, "Operation is not set on request.");
        check(
            |r| r.visibility_query = String::new(),
            "VisibilityQuery or Executions have to be set on request.",
        );
        let execution = |id: &str| common::Execution {
            business_id: id.to_owned(),
            ..Default::default()
        };
        check(
            |r| r.target_executions = vec![execution("a")],
            "VisibilityQuery and Executions are mutually exclusive.",
        );
        let named = |executions| {
            move |r: &mut StartBatchOperationRequest| {
                r.visibility_query = String::new();
                r.target_executions = executions;
            }
        };
        check(named(vec![execution("a")]), "ok");
        check(named(vec![execution("")]), "WorkflowId is not set on request.");
        check(
            named(vec![execution("a"); 1001]),
            "Executions are more than allowed (1001/1000).",
        );
    }

    #[test]
    fn operations() {
        let with = |operation| move |r: &mut StartBatchOperationRequest| r.operation = Some(operation);
        check(
            with(Operation::SignalOperation(BatchOperationSignal::default())),
            "SignalName is not set on request.",
        );
        check(
            with(Operation::ResetOperation(BatchOperationReset::default())),
            "ResetOptions.Target is not set on request.",
        );
        check(
            with(Operation::UnpauseActivitiesOperation(
                BatchOperationUnpauseActivities::default(),
            )),
            "Either activity id, activity type or all activities must be provided.",
        );
        check(
            with(Operation::CancelActivitiesOperation(Default::default())),
            "CancelActivitiesOperation is not supported by this server; leave it unset",
        );
    }
}
