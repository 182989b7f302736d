//! What a command is said to be, and what it carries: the two have to agree.

use wrt_model::{
    command::command_type,
    proto::{
        Command, CommandAttributes,
        enums::{CommandType as Type, WorkflowTaskFailedCause as Cause},
    },
};

use super::bad;
use crate::Rejection;

/// The attributes of a command, if they are those of its type.
pub(super) fn attributes(command: &Command) -> Result<&CommandAttributes, Rejection> {
    let kind = command.command_type();
    match &command.attributes {
        Some(attributes) if command_type(attributes) == kind => Ok(attributes),
        _ => Err(match cause(kind) {
            Some(cause) => bad(
                cause,
                format!("{kind:?}CommandAttributes is not set on {kind:?}Command."),
            ),
            None => Rejection::InvalidArgument(format!("Unknown command type: {}", command.command_type)),
        }),
    }
}

/// What a workflow task fails with whose command of this type is wrong.
fn cause(kind: Type) -> Option<Cause> {
    Some(match kind {
        Type::Unspecified => return None,
        Type::ScheduleActivityTask => Cause::BadScheduleActivityAttributes,
        Type::RequestCancelActivityTask => Cause::BadRequestCancelActivityAttributes,
        Type::StartTimer => Cause::BadStartTimerAttributes,
        Type::CancelTimer => Cause::BadCancelTimerAttributes,
        Type::CompleteWorkflowExecution => Cause::BadCompleteWorkflowExecutionAttributes,
        Type::FailWorkflowExecution => Cause::BadFailWorkflowExecutionAttributes,
        Type::CancelWorkflowExecution => Cause::BadCancelWorkflowExecutionAttributes,
        Type::RequestCancelExternalWorkflowExecution => Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
        Type::SignalExternalWorkflowExecution => Cause::BadSignalWorkflowExecutionAttributes,
        Type::RecordMarker => Cause::BadRecordMarkerAttributes,
        Type::ContinueAsNewWorkflowExecution => Cause::BadContinueAsNewAttributes,
        Type::StartChildWorkflowExecution => Cause::BadStartChildExecutionAttributes,
        Type::UpsertWorkflowSearchAttributes => Cause::BadSearchAttributes,
        Type::ModifyWorkflowProperties => Cause::BadModifyWorkflowPropertiesAttributes,
        Type::ProtocolMessage => Cause::BadUpdateWorkflowExecutionMessage,
        Type::ScheduleNexusOperation => Cause::BadScheduleNexusOperationAttributes,
        Type::RequestCancelNexusOperation => Cause::BadRequestCancelNexusOperationAttributes,
    })
}
