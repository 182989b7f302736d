//! What becomes of each field of each command.

/// What becomes of fields of a command.
#[expect(dead_code, reason = "the reasons are for whoever reads the table")]
pub(super) enum Fate {
    /// Fields of the same names of this event have the same values.
    PassedOn(&'static str, &'static str),
    /// A field of this event, at a path, has the value of this field.
    Becomes(&'static str, &'static str, &'static str),
    /// The rules act upon them, as these words say.
    Used(&'static str, &'static str),
    /// They have no effect, for this reason.
    LeftOut(&'static str, &'static str),
}

use Fate::{Becomes, LeftOut, PassedOn, Used};

impl Fate {
    pub(super) fn fields(&self) -> &'static str {
        match self {
            PassedOn(_, fields) | Becomes(_, fields, _) | Used(_, fields) | LeftOut(_, fields) => fields,
        }
    }
}

/// Every command, and the rows for its fields.
pub(super) const COMMANDS: &[(&str, &[Fate])] = &[
    (
        "ScheduleActivityTaskCommandAttributes",
        &[
            PassedOn(
                "ActivityTaskScheduledEventAttributes",
                "activity_id activity_type task_queue header input schedule_to_close_timeout schedule_to_start_timeout \
                 start_to_close_timeout heartbeat_timeout retry_policy use_workflow_build_id priority",
            ),
            Used(
                "the worker gets the task along with the answer",
                "request_eager_execution",
            ),
        ],
    ),
    (
        "RequestCancelActivityTaskCommandAttributes",
        &[PassedOn(
            "ActivityTaskCancelRequestedEventAttributes",
            "scheduled_event_id",
        )],
    ),
    (
        "StartTimerCommandAttributes",
        &[PassedOn(
            "TimerStartedEventAttributes",
            "timer_id start_to_fire_timeout",
        )],
    ),
    (
        "CancelTimerCommandAttributes",
        &[PassedOn("TimerCanceledEventAttributes", "timer_id")],
    ),
    (
        "CompleteWorkflowExecutionCommandAttributes",
        &[PassedOn("WorkflowExecutionCompletedEventAttributes", "result")],
    ),
    (
        "FailWorkflowExecutionCommandAttributes",
        &[PassedOn("WorkflowExecutionFailedEventAttributes", "failure")],
    ),
    (
        "CancelWorkflowExecutionCommandAttributes",
        &[PassedOn("WorkflowExecutionCanceledEventAttributes", "details")],
    ),
    (
        "RequestCancelExternalWorkflowExecutionCommandAttributes",
        &[
            PassedOn(
                "RequestCancelExternalWorkflowExecutionInitiatedEventAttributes",
                "namespace control child_workflow_only reason",
            ),
            Becomes(
                "RequestCancelExternalWorkflowExecutionInitiatedEventAttributes",
                "workflow_id",
                "workflow_execution.workflow_id",
            ),
            Becomes(
                "RequestCancelExternalWorkflowExecutionInitiatedEventAttributes",
                "run_id",
                "workflow_execution.run_id",
            ),
        ],
    ),
    (
        "SignalExternalWorkflowExecutionCommandAttributes",
        &[
            PassedOn(
                "SignalExternalWorkflowExecutionInitiatedEventAttributes",
                "namespace signal_name input control child_workflow_only header",
            ),
            Becomes(
                "SignalExternalWorkflowExecutionInitiatedEventAttributes",
                "execution",
                "workflow_execution",
            ),
        ],
    ),
    (
        "UpsertWorkflowSearchAttributesCommandAttributes",
        &[PassedOn(
            "UpsertWorkflowSearchAttributesEventAttributes",
            "search_attributes",
        )],
    ),
    (
        "ModifyWorkflowPropertiesCommandAttributes",
        &[PassedOn("WorkflowPropertiesModifiedEventAttributes", "upserted_memo")],
    ),
    (
        "RecordMarkerCommandAttributes",
        &[PassedOn(
            "MarkerRecordedEventAttributes",
            "marker_name details header failure",
        )],
    ),
    (
        "ContinueAsNewWorkflowExecutionCommandAttributes",
        &[
            PassedOn(
                "WorkflowExecutionContinuedAsNewEventAttributes",
                "workflow_type task_queue input workflow_run_timeout workflow_task_timeout backoff_start_interval initiator \
                 failure last_completion_result header memo search_attributes initial_versioning_behavior",
            ),
            PassedOn("WorkflowExecutionStartedEventAttributes", "retry_policy cron_schedule"),
            LeftOut("builds without a deployment are not told apart", "inherit_build_id"),
        ],
    ),
    (
        "StartChildWorkflowExecutionCommandAttributes",
        &[
            PassedOn(
                "StartChildWorkflowExecutionInitiatedEventAttributes",
                "namespace workflow_id workflow_type task_queue input workflow_execution_timeout workflow_run_timeout \
                 workflow_task_timeout parent_close_policy control workflow_id_reuse_policy retry_policy cron_schedule header \
                 memo search_attributes priority versioning_override",
            ),
            LeftOut("builds without a deployment are not told apart", "inherit_build_id"),
        ],
    ),
    (
        "ProtocolMessageCommandAttributes",
        &[Used(
            "the message that it names is carried out in its place",
            "message_id",
        )],
    ),
    (
        "ScheduleNexusOperationCommandAttributes",
        &[LeftOut(
            "Nexus is not served: the command is refused",
            "endpoint service operation input schedule_to_close_timeout nexus_header schedule_to_start_timeout \
             start_to_close_timeout",
        )],
    ),
    (
        "RequestCancelNexusOperationCommandAttributes",
        &[LeftOut(
            "Nexus is not served: the command is refused",
            "scheduled_event_id",
        )],
    ),
];
