//! What is said in each field of each event.

use wrt_model::proto::HistoryEvent;

use super::histories::{
    activities, canceled_before_its_start, child_of_a_pinned_parent, children, closes, commands, continued, eager,
    external, failed_task, options, pauses, requests, reset_run, run_of_a_child, started, tasks, timed_out_task,
    timers, updates,
};

/// What is said in fields of an event.
pub(super) enum Row {
    /// They are set in an event of this history.
    Set(fn() -> Vec<HistoryEvent>, &'static str),
    /// They are never set, for this reason.
    LeftOut(&'static str, &'static str),
    /// The event is never written, for this reason.
    Never(&'static str),
}

use Row::{LeftOut, Never, Set};

impl Row {
    pub(super) fn fields(&self) -> &'static str {
        match self {
            Set(_, fields) | LeftOut(_, fields) => fields,
            Never(_) => "",
        }
    }
}

const BUILDS: &str = "builds without a deployment are not told apart";
const CLUSTERS: &str = "there is one cluster";
const NEXUS: &str = "Nexus is not served";
const SKIPPING: &str = "time is skipped for a whole server, not for a workflow";
const TASKS_END: &str = "Temporal's server leaves it empty: what is answered belongs to no workflow task";

/// Every event, and the rows for its fields.
pub(super) const EVENTS: &[(&str, &[Row])] = &[
    (
        "HistoryEvent",
        &[
            Set(started, "event_id event_time event_type user_metadata links"),
            Set(commands, "event_group_markers"),
            Set(options, "worker_may_ignore"),
            LeftOut(CLUSTERS, "version task_id"),
            LeftOut("who calls is what the caller says, which is the identity", "principal"),
        ],
    ),
    (
        "WorkflowExecutionStartedEventAttributes",
        &[
            Set(
                started,
                "workflow_type task_queue input workflow_execution_timeout workflow_run_timeout workflow_task_timeout initiator \
                 continued_failure last_completion_result original_execution_run_id identity first_execution_run_id \
                 retry_policy attempt workflow_execution_expiration_time cron_schedule first_workflow_task_backoff memo \
                 search_attributes header workflow_id completion_callbacks versioning_override priority",
            ),
            Set(
                run_of_a_child,
                "parent_workflow_namespace parent_workflow_namespace_id parent_workflow_execution parent_initiated_event_id \
                 root_workflow_execution inherited_auto_upgrade_info",
            ),
            Set(child_of_a_pinned_parent, "inherited_pinned_version"),
            Set(eager, "eager_execution_accepted"),
            Set(continued, "continued_execution_run_id declined_target_version_upgrade"),
            LeftOut(CLUSTERS, "parent_initiated_event_version"),
            LeftOut(
                "a reset finds its points in the histories themselves",
                "prev_auto_reset_points",
            ),
            LeftOut(
                BUILDS,
                "source_version_stamp inherited_build_id parent_pinned_worker_deployment_version",
            ),
            LeftOut(SKIPPING, "time_skipping_config time_skipping_state_propagation"),
        ],
    ),
    (
        "WorkflowExecutionCompletedEventAttributes",
        &[Set(
            closes,
            "result workflow_task_completed_event_id new_execution_run_id",
        )],
    ),
    (
        "WorkflowExecutionFailedEventAttributes",
        &[Set(
            closes,
            "failure retry_state workflow_task_completed_event_id new_execution_run_id",
        )],
    ),
    (
        "WorkflowExecutionTimedOutEventAttributes",
        &[Set(closes, "retry_state new_execution_run_id")],
    ),
    (
        "WorkflowExecutionCanceledEventAttributes",
        &[Set(commands, "workflow_task_completed_event_id details")],
    ),
    (
        "WorkflowExecutionTerminatedEventAttributes",
        &[Set(closes, "reason details identity")],
    ),
    (
        "WorkflowExecutionContinuedAsNewEventAttributes",
        &[
            Set(
                commands,
                "new_execution_run_id workflow_type task_queue input workflow_run_timeout workflow_task_timeout \
                 workflow_task_completed_event_id backoff_start_interval initiator failure last_completion_result header memo \
                 search_attributes initial_versioning_behavior",
            ),
            LeftOut(BUILDS, "inherit_build_id"),
        ],
    ),
    (
        "WorkflowTaskScheduledEventAttributes",
        &[Set(tasks, "task_queue start_to_close_timeout attempt")],
    ),
    (
        "WorkflowTaskStartedEventAttributes",
        &[
            Set(
                tasks,
                "scheduled_event_id identity request_id suggest_continue_as_new suggest_continue_as_new_reasons \
                 target_worker_deployment_version_changed history_size_bytes",
            ),
            LeftOut(BUILDS, "worker_version build_id_redirect_counter"),
        ],
    ),
    (
        "WorkflowTaskCompletedEventAttributes",
        &[
            Set(
                tasks,
                "scheduled_event_id started_event_id identity worker_version sdk_metadata metering_metadata \
                 versioning_behavior worker_deployment_version worker_deployment_name deployment_version",
            ),
            LeftOut("newer fields say the same", "binary_checksum deployment"),
        ],
    ),
    (
        "WorkflowTaskTimedOutEventAttributes",
        &[Set(timed_out_task, "scheduled_event_id started_event_id timeout_type")],
    ),
    (
        "WorkflowTaskFailedEventAttributes",
        &[
            Set(
                failed_task,
                "scheduled_event_id started_event_id cause failure identity",
            ),
            Set(reset_run, "base_run_id new_run_id"),
            LeftOut(CLUSTERS, "fork_event_version"),
            LeftOut(BUILDS, "binary_checksum worker_version"),
        ],
    ),
    (
        "ActivityTaskScheduledEventAttributes",
        &[Set(
            commands,
            "activity_id activity_type task_queue header input schedule_to_close_timeout schedule_to_start_timeout \
             start_to_close_timeout heartbeat_timeout workflow_task_completed_event_id retry_policy use_workflow_build_id \
             priority",
        )],
    ),
    (
        "ActivityTaskStartedEventAttributes",
        &[
            Set(
                activities,
                "scheduled_event_id identity request_id attempt last_failure",
            ),
            LeftOut(BUILDS, "worker_version build_id_redirect_counter"),
        ],
    ),
    (
        "ActivityTaskCompletedEventAttributes",
        &[
            Set(activities, "result scheduled_event_id started_event_id identity"),
            LeftOut(BUILDS, "worker_version"),
        ],
    ),
    (
        "ActivityTaskFailedEventAttributes",
        &[
            Set(
                activities,
                "failure scheduled_event_id started_event_id identity retry_state",
            ),
            LeftOut(BUILDS, "worker_version"),
            LeftOut(
                "Temporal's server sets it for activities without a workflow alone",
                "cause",
            ),
        ],
    ),
    (
        "ActivityTaskTimedOutEventAttributes",
        &[Set(
            activities,
            "failure scheduled_event_id started_event_id retry_state",
        )],
    ),
    (
        "ActivityTaskCancelRequestedEventAttributes",
        &[Set(commands, "scheduled_event_id workflow_task_completed_event_id")],
    ),
    (
        "ActivityTaskCanceledEventAttributes",
        &[
            Set(
                activities,
                "latest_cancel_requested_event_id scheduled_event_id started_event_id",
            ),
            Set(canceled_before_its_start, "details identity"),
            LeftOut(BUILDS, "worker_version"),
        ],
    ),
    (
        "TimerStartedEventAttributes",
        &[Set(
            timers,
            "timer_id start_to_fire_timeout workflow_task_completed_event_id",
        )],
    ),
    ("TimerFiredEventAttributes", &[Set(timers, "timer_id started_event_id")]),
    (
        "TimerCanceledEventAttributes",
        &[Set(
            timers,
            "timer_id started_event_id workflow_task_completed_event_id identity",
        )],
    ),
    (
        "MarkerRecordedEventAttributes",
        &[Set(
            commands,
            "marker_name details workflow_task_completed_event_id header failure",
        )],
    ),
    (
        "WorkflowExecutionSignaledEventAttributes",
        &[
            Set(
                requests,
                "signal_name input identity header external_workflow_execution request_id",
            ),
            LeftOut("each signal has a workflow task", "skip_generate_workflow_task"),
        ],
    ),
    (
        "WorkflowExecutionCancelRequestedEventAttributes",
        &[Set(
            requests,
            "cause external_initiated_event_id external_workflow_execution identity",
        )],
    ),
    (
        "RequestCancelExternalWorkflowExecutionInitiatedEventAttributes",
        &[Set(
            commands,
            "workflow_task_completed_event_id namespace namespace_id workflow_execution control child_workflow_only reason",
        )],
    ),
    (
        "RequestCancelExternalWorkflowExecutionFailedEventAttributes",
        &[
            Set(
                external,
                "cause namespace namespace_id workflow_execution initiated_event_id",
            ),
            LeftOut(TASKS_END, "workflow_task_completed_event_id"),
            LeftOut("Temporal's server leaves it empty", "control"),
        ],
    ),
    (
        "ExternalWorkflowExecutionCancelRequestedEventAttributes",
        &[Set(
            external,
            "initiated_event_id namespace namespace_id workflow_execution",
        )],
    ),
    (
        "SignalExternalWorkflowExecutionInitiatedEventAttributes",
        &[Set(
            commands,
            "workflow_task_completed_event_id namespace namespace_id workflow_execution signal_name input control \
             child_workflow_only header",
        )],
    ),
    (
        "SignalExternalWorkflowExecutionFailedEventAttributes",
        &[
            Set(
                external,
                "cause namespace namespace_id workflow_execution initiated_event_id control",
            ),
            LeftOut(TASKS_END, "workflow_task_completed_event_id"),
        ],
    ),
    (
        "ExternalWorkflowExecutionSignaledEventAttributes",
        &[Set(
            external,
            "initiated_event_id namespace namespace_id workflow_execution control",
        )],
    ),
    (
        "UpsertWorkflowSearchAttributesEventAttributes",
        &[Set(commands, "workflow_task_completed_event_id search_attributes")],
    ),
    (
        "WorkflowPropertiesModifiedEventAttributes",
        &[Set(commands, "workflow_task_completed_event_id upserted_memo")],
    ),
    (
        "StartChildWorkflowExecutionInitiatedEventAttributes",
        &[
            Set(
                commands,
                "namespace namespace_id workflow_id workflow_type task_queue input workflow_execution_timeout \
                 workflow_run_timeout workflow_task_timeout parent_close_policy control workflow_task_completed_event_id \
                 workflow_id_reuse_policy retry_policy cron_schedule header memo search_attributes priority \
                 versioning_override",
            ),
            LeftOut(BUILDS, "inherit_build_id"),
            LeftOut(SKIPPING, "time_skipping_config time_skipping_state_propagation"),
        ],
    ),
    (
        "StartChildWorkflowExecutionFailedEventAttributes",
        &[
            Set(
                children,
                "namespace namespace_id workflow_id workflow_type cause control initiated_event_id",
            ),
            LeftOut(TASKS_END, "workflow_task_completed_event_id"),
        ],
    ),
    (
        "ChildWorkflowExecutionStartedEventAttributes",
        &[Set(
            children,
            "namespace namespace_id initiated_event_id workflow_execution workflow_type header",
        )],
    ),
    (
        "ChildWorkflowExecutionCompletedEventAttributes",
        &[Set(
            children,
            "result namespace namespace_id workflow_execution workflow_type initiated_event_id started_event_id",
        )],
    ),
    (
        "ChildWorkflowExecutionFailedEventAttributes",
        &[Set(
            children,
            "failure namespace namespace_id workflow_execution workflow_type initiated_event_id started_event_id retry_state",
        )],
    ),
    (
        "ChildWorkflowExecutionCanceledEventAttributes",
        &[Set(
            children,
            "details namespace namespace_id workflow_execution workflow_type initiated_event_id started_event_id",
        )],
    ),
    (
        "ChildWorkflowExecutionTimedOutEventAttributes",
        &[Set(
            children,
            "namespace namespace_id workflow_execution workflow_type initiated_event_id started_event_id retry_state",
        )],
    ),
    (
        "ChildWorkflowExecutionTerminatedEventAttributes",
        &[Set(
            children,
            "namespace namespace_id workflow_execution workflow_type initiated_event_id started_event_id",
        )],
    ),
    (
        "WorkflowExecutionOptionsUpdatedEventAttributes",
        &[
            Set(
                options,
                "versioning_override unset_versioning_override identity priority attached_request_id",
            ),
            LeftOut(
                "completion callbacks are refused",
                "attached_completion_callbacks workflow_update_options",
            ),
            LeftOut(SKIPPING, "time_skipping_config time_skipping_config_updated"),
        ],
    ),
    (
        "WorkflowExecutionUpdateAdmittedEventAttributes",
        &[Set(reset_run, "request origin")],
    ),
    (
        "WorkflowExecutionUpdateAcceptedEventAttributes",
        &[Set(
            updates,
            "protocol_instance_id accepted_request_message_id accepted_request_sequencing_event_id accepted_request",
        )],
    ),
    (
        "WorkflowExecutionUpdateCompletedEventAttributes",
        &[Set(updates, "meta accepted_event_id outcome")],
    ),
    (
        "WorkflowExecutionPausedEventAttributes",
        &[Set(pauses, "identity reason request_id")],
    ),
    (
        "WorkflowExecutionUnpausedEventAttributes",
        &[Set(pauses, "identity reason request_id")],
    ),
    (
        "WorkflowExecutionUpdateRejectedEventAttributes",
        &[Never("what a workflow turns away leaves no event, as in Temporal")],
    ),
    (
        "WorkflowPropertiesModifiedExternallyEventAttributes",
        &[Never("Temporal's server does not write it")],
    ),
    (
        "ActivityPropertiesModifiedExternallyEventAttributes",
        &[Never("Temporal's server does not write it")],
    ),
    (
        "WorkflowExecutionTimeSkippingTransitionedEventAttributes",
        &[Never(SKIPPING)],
    ),
    ("NexusOperationScheduledEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationStartedEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationCompletedEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationFailedEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationCanceledEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationTimedOutEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationCancelRequestedEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationCancelRequestCompletedEventAttributes", &[Never(NEXUS)]),
    ("NexusOperationCancelRequestFailedEventAttributes", &[Never(NEXUS)]),
];
