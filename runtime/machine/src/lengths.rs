//! How long the ids and names within commands may be: as long as those of callers, whoever sends the commands.

use wrt_model::{
    limits::ID_BYTES,
    priority::FAIRNESS_KEY_BYTES,
    proto::{
        ActivityType, Command, CommandAttributes as A, Priority, RetryPolicy, TaskQueue, WorkflowExecution,
        WorkflowType,
        command::*,
        deployment::{Deployment, WorkerDeploymentVersion},
        enums::WorkflowTaskFailedCause as Cause,
        sdk::event_group_marker::Variant,
        workflow::{VersioningOverride, versioning_override},
    },
};

use crate::{
    Rejection,
    command::{bad, command_name},
    update::{Answer, Messages},
};

/// Refuses a command with an id or a name that is too long.
pub(crate) fn check_lengths(command: &Command, messages: &Messages) -> Result<(), Rejection> {
    let mut names = Names::default();
    names.words_of_command(command);
    if let Some(attributes) = &command.attributes {
        names.attributes(attributes, messages);
    }
    let (Some(long), Some(attributes)) = (names.too_long, &command.attributes) else {
        return Ok(());
    };
    let message = format!(
        "{} on {}Command exceeds length limit. Length={} Limit={}",
        long.field,
        command_name(attributes),
        long.bytes,
        long.limit
    );
    Err(bad(cause(attributes), message))
}

/// Looks at one id or name after the other.
#[derive(Default)]
struct Names {
    too_long: Option<TooLong>,
}

struct TooLong {
    /// As Temporal writes it.
    field: &'static str,
    bytes: usize,
    limit: usize,
}

// === impl Names ===

impl Names {
    fn name(&mut self, field: &'static str, value: &str) {
        self.bounded(field, value, ID_BYTES);
    }

    fn bounded(&mut self, field: &'static str, value: &str, limit: usize) {
        if value.len() > limit {
            let bytes = value.len();
            self.too_long.get_or_insert(TooLong { field, bytes, limit });
        }
    }

    /// What any command can have beside its attributes.
    fn words_of_command(&mut self, command: &Command) {
        for marker in &command.event_group_markers {
            match &marker.variant {
                Some(Variant::Label(label)) => self.name("EventGroupMarkers.Label", &label.id),
                Some(Variant::InboundUpdate(update)) => {
                    self.name("EventGroupMarkers.UpdateId", &update.inbound_update_id)
                }
                Some(Variant::InboundEvent(_)) | None => {}
            }
        }
    }

    fn attributes(&mut self, attributes: &A, messages: &Messages) {
        match attributes {
            A::ScheduleActivityTaskCommandAttributes(command) => self.activity(command),
            A::StartTimerCommandAttributes(command) => self.name("TimerId", &command.timer_id),
            A::CancelTimerCommandAttributes(command) => self.name("TimerId", &command.timer_id),
            A::RecordMarkerCommandAttributes(command) => {
                self.name("MarkerName", &command.marker_name);
                command.details.keys().for_each(|key| self.name("Details", key));
            }
            A::StartChildWorkflowExecutionCommandAttributes(command) => self.child(command),
            A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => {
                self.workflow_type(command.workflow_type.as_ref());
                self.task_queue(command.task_queue.as_ref());
                self.name("CronSchedule", &command.cron_schedule);
                self.retry_policy(command.retry_policy.as_ref());
            }
            A::SignalExternalWorkflowExecutionCommandAttributes(command) => self.signal(command),
            A::RequestCancelExternalWorkflowExecutionCommandAttributes(command) => self.cancel(command),
            A::ProtocolMessageCommandAttributes(command) => self.message(command, messages),
            A::ScheduleNexusOperationCommandAttributes(command) => {
                self.name("Endpoint", &command.endpoint);
                self.name("Service", &command.service);
                self.name("Operation", &command.operation);
                for text in command.nexus_header.iter().flat_map(|(key, value)| [key, value]) {
                    self.name("NexusHeader", text);
                }
            }
            A::RequestCancelActivityTaskCommandAttributes(_)
            | A::CompleteWorkflowExecutionCommandAttributes(_)
            | A::FailWorkflowExecutionCommandAttributes(_)
            | A::CancelWorkflowExecutionCommandAttributes(_)
            | A::UpsertWorkflowSearchAttributesCommandAttributes(_)
            | A::ModifyWorkflowPropertiesCommandAttributes(_)
            | A::RequestCancelNexusOperationCommandAttributes(_) => {}
        }
    }

    fn activity(&mut self, command: &ScheduleActivityTaskCommandAttributes) {
        self.name("ActivityId", &command.activity_id);
        let activity_type: Option<&ActivityType> = command.activity_type.as_ref();
        self.name("ActivityType", activity_type.map_or("", |activity| &activity.name));
        self.task_queue(command.task_queue.as_ref());
        self.retry_policy(command.retry_policy.as_ref());
        self.priority(command.priority.as_ref());
    }

    #[expect(deprecated, reason = "clients may still send namespaces")]
    fn child(&mut self, command: &StartChildWorkflowExecutionCommandAttributes) {
        self.name("Namespace", &command.namespace);
        self.name("WorkflowId", &command.workflow_id);
        self.workflow_type(command.workflow_type.as_ref());
        self.task_queue(command.task_queue.as_ref());
        self.name("Control", &command.control);
        self.name("CronSchedule", &command.cron_schedule);
        self.retry_policy(command.retry_policy.as_ref());
        self.priority(command.priority.as_ref());
        self.versioning(command.versioning_override.as_ref());
    }

    #[expect(deprecated, reason = "clients may still send namespaces and controls")]
    fn signal(&mut self, command: &SignalExternalWorkflowExecutionCommandAttributes) {
        self.name("Namespace", &command.namespace);
        if let Some(WorkflowExecution { workflow_id, run_id }) = &command.execution {
            self.name("WorkflowId", workflow_id);
            self.name("RunId", run_id);
        }
        self.name("SignalName", &command.signal_name);
        self.name("Control", &command.control);
    }

    #[expect(deprecated, reason = "clients may still send namespaces and controls")]
    fn cancel(&mut self, command: &RequestCancelExternalWorkflowExecutionCommandAttributes) {
        self.name("Namespace", &command.namespace);
        self.name("WorkflowId", &command.workflow_id);
        self.name("RunId", &command.run_id);
        self.name("Control", &command.control);
        self.name("Reason", &command.reason);
    }

    /// The answer to an update, which repeats what was asked.
    fn message(&mut self, command: &ProtocolMessageCommandAttributes, messages: &Messages) {
        self.name("MessageId", &command.message_id);
        let Some(message) = messages.find(&command.message_id) else {
            return;
        };
        self.name("UpdateId", &message.protocol_instance_id);
        if messages.body_bytes(&command.message_id) <= ID_BYTES {
            // Nothing within can be longer.
            return;
        }
        let request = match Answer::of(message) {
            Ok(Answer::Accept(acceptance)) => {
                self.name("AcceptedRequestMessageId", &acceptance.accepted_request_message_id);
                acceptance.accepted_request
            }
            Ok(Answer::Respond(_) | Answer::Reject(_)) | Err(_) => return,
        };
        let request = request.unwrap_or_default();
        let (meta, input) = (request.meta.unwrap_or_default(), request.input.unwrap_or_default());
        self.name("UpdateId", &meta.update_id);
        self.name("Identity", &meta.identity);
        self.name("UpdateName", &input.name);
    }

    fn workflow_type(&mut self, workflow_type: Option<&WorkflowType>) {
        self.name("WorkflowType", workflow_type.map_or("", |workflow| &workflow.name));
    }

    fn task_queue(&mut self, queue: Option<&TaskQueue>) {
        let Some(queue) = queue else { return };
        self.name("TaskQueue", &queue.name);
        self.name("TaskQueue.NormalName", &queue.normal_name);
    }

    fn retry_policy(&mut self, policy: Option<&RetryPolicy>) {
        let types = policy.map_or(&[][..], |policy| &policy.non_retryable_error_types);
        types
            .iter()
            .for_each(|name| self.name("RetryPolicy.NonRetryableErrorTypes", name));
    }

    fn priority(&mut self, priority: Option<&Priority>) {
        let key = priority.map_or("", |priority| &priority.fairness_key);
        self.bounded("Priority.FairnessKey", key, FAIRNESS_KEY_BYTES);
    }

    #[expect(deprecated, reason = "clients may still send the older forms")]
    fn versioning(&mut self, given: Option<&VersioningOverride>) {
        let Some(given) = given else { return };
        self.name("VersioningOverride.PinnedVersion", &given.pinned_version);
        if let Some(Deployment { series_name, build_id }) = &given.deployment {
            self.name("VersioningOverride.Deployment", series_name);
            self.name("VersioningOverride.BuildId", build_id);
        }
        use versioning_override::Override;
        let version = match &given.r#override {
            Some(Override::Pinned(pinned)) => pinned.version.as_ref(),
            Some(Override::OneTime(once)) => once.target_deployment_version.as_ref(),
            Some(Override::AutoUpgrade(_)) | None => None,
        };
        if let Some(WorkerDeploymentVersion {
            deployment_name,
            build_id,
        }) = version
        {
            self.name("VersioningOverride.DeploymentName", deployment_name);
            self.name("VersioningOverride.BuildId", build_id);
        }
    }
}

/// The cause with which a workflow task fails whose command is wrong in itself.
fn cause(attributes: &A) -> Cause {
    match attributes {
        A::ScheduleActivityTaskCommandAttributes(_) => Cause::BadScheduleActivityAttributes,
        A::RequestCancelActivityTaskCommandAttributes(_) => Cause::BadRequestCancelActivityAttributes,
        A::StartTimerCommandAttributes(_) => Cause::BadStartTimerAttributes,
        A::CancelTimerCommandAttributes(_) => Cause::BadCancelTimerAttributes,
        A::RecordMarkerCommandAttributes(_) => Cause::BadRecordMarkerAttributes,
        A::CompleteWorkflowExecutionCommandAttributes(_) => Cause::BadCompleteWorkflowExecutionAttributes,
        A::FailWorkflowExecutionCommandAttributes(_) => Cause::BadFailWorkflowExecutionAttributes,
        A::CancelWorkflowExecutionCommandAttributes(_) => Cause::BadCancelWorkflowExecutionAttributes,
        A::ContinueAsNewWorkflowExecutionCommandAttributes(_) => Cause::BadContinueAsNewAttributes,
        A::StartChildWorkflowExecutionCommandAttributes(_) => Cause::BadStartChildExecutionAttributes,
        A::SignalExternalWorkflowExecutionCommandAttributes(_) => Cause::BadSignalWorkflowExecutionAttributes,
        A::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => {
            Cause::BadRequestCancelExternalWorkflowExecutionAttributes
        }
        A::UpsertWorkflowSearchAttributesCommandAttributes(_) => Cause::BadSearchAttributes,
        A::ModifyWorkflowPropertiesCommandAttributes(_) => Cause::BadModifyWorkflowPropertiesAttributes,
        A::ProtocolMessageCommandAttributes(_) => Cause::BadUpdateWorkflowExecutionMessage,
        A::ScheduleNexusOperationCommandAttributes(_) => Cause::BadScheduleNexusOperationAttributes,
        A::RequestCancelNexusOperationCommandAttributes(_) => Cause::BadRequestCancelNexusOperationAttributes,
    }
}
