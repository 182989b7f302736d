//! What the guest is told at once when it cancels something.

use wrt_model::{
    failure as failures,
    proto::{
        ActivityType, Failure, WorkflowExecution, WorkflowType,
        coresdk::{
            activity_result::{ActivityResolution, Cancellation, activity_resolution},
            child_workflow::{self, ChildWorkflowCancellationType, ChildWorkflowResult, child_workflow_result},
            workflow_activation::{
                ResolveActivity, ResolveChildWorkflowExecution, ResolveChildWorkflowExecutionStart,
                ResolveChildWorkflowExecutionStartCancelled, ResolveRequestCancelExternalWorkflow,
                ResolveSignalExternalWorkflow, WorkflowActivationJob,
                resolve_child_workflow_execution_start::Status as StartStatus, workflow_activation_job::Variant,
            },
            workflow_commands::ActivityCancellationType,
        },
        enums::RetryState,
        failure::{ActivityFailureInfo, ChildWorkflowExecutionFailureInfo},
    },
};

use super::waiting::{Noun, Waiting};

/// When the guest hears that what it cancels is canceled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OnCancel {
    /// At once, and nobody else is told.
    Abandon,
    /// At once.
    #[default]
    Try,
    /// When it has ended.
    Wait,
}

impl From<ActivityCancellationType> for OnCancel {
    fn from(cancellation: ActivityCancellationType) -> Self {
        match cancellation {
            ActivityCancellationType::TryCancel => OnCancel::Try,
            ActivityCancellationType::WaitCancellationCompleted => OnCancel::Wait,
            ActivityCancellationType::Abandon => OnCancel::Abandon,
        }
    }
}

impl From<ChildWorkflowCancellationType> for OnCancel {
    fn from(cancellation: ChildWorkflowCancellationType) -> Self {
        match cancellation {
            ChildWorkflowCancellationType::Abandon => OnCancel::Abandon,
            ChildWorkflowCancellationType::TryCancel => OnCancel::Try,
            ChildWorkflowCancellationType::WaitCancellationCompleted
            | ChildWorkflowCancellationType::WaitCancellationRequested => OnCancel::Wait,
        }
    }
}

/// The job that says that something is canceled.
pub(super) fn resolution(noun: Noun, seq: u32, waiting: &Waiting) -> WorkflowActivationJob {
    let variant = match noun {
        Noun::Timer => unreachable!("a guest cancels its timers by itself"),
        Noun::Activity | Noun::LocalActivity => Variant::ResolveActivity(ResolveActivity {
            seq,
            result: Some(ActivityResolution {
                status: Some(activity_resolution::Status::Cancelled(Cancellation {
                    failure: Some(canceled_activity(waiting)),
                })),
            }),
            is_local: noun == Noun::LocalActivity,
        }),
        Noun::ChildWorkflow if waiting.is_started => {
            Variant::ResolveChildWorkflowExecution(ResolveChildWorkflowExecution {
                seq,
                result: Some(ChildWorkflowResult {
                    status: Some(child_workflow_result::Status::Cancelled(child_workflow::Cancellation {
                        failure: Some(canceled_child(waiting)),
                    })),
                }),
            })
        }
        Noun::ChildWorkflow => Variant::ResolveChildWorkflowExecutionStart(ResolveChildWorkflowExecutionStart {
            seq,
            status: Some(StartStatus::Cancelled(ResolveChildWorkflowExecutionStartCancelled {
                failure: Some(canceled_child(waiting)),
            })),
        }),
        Noun::Signal => Variant::ResolveSignalExternalWorkflow(ResolveSignalExternalWorkflow {
            seq,
            failure: Some(failures::canceled(None)),
            cause: 0,
        }),
        Noun::Cancel => Variant::ResolveRequestCancelExternalWorkflow(ResolveRequestCancelExternalWorkflow {
            seq,
            failure: Some(failures::canceled(None)),
            cause: 0,
        }),
    };
    variant.into()
}

fn canceled_activity(activity: &Waiting) -> Failure {
    let info = ActivityFailureInfo {
        activity_id: activity.id.clone(),
        activity_type: Some(ActivityType {
            name: activity.kind.clone(),
        }),
        ..Default::default()
    };
    failures::activity(info, RetryState::CancelRequested, failures::canceled(None))
}

fn canceled_child(child: &Waiting) -> Failure {
    let info = ChildWorkflowExecutionFailureInfo {
        workflow_execution: Some(WorkflowExecution {
            workflow_id: child.id.clone(),
            run_id: String::new(),
        }),
        workflow_type: Some(WorkflowType {
            name: child.kind.clone(),
        }),
        ..Default::default()
    };
    failures::child_workflow(info, RetryState::NonRetryableFailure, failures::canceled(None))
}
