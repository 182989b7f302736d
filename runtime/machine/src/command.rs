//! The commands of a workflow task: checked as a whole, then carried out one by one.

mod kind;

use std::collections::{HashMap, HashSet};

use wrt_model::proto::{Command, CommandAttributes, enums::WorkflowTaskFailedCause as Cause};

use crate::{Rejection, Turn, lengths::check_lengths, limits::Asked, turn::Words, update::Messages};

impl Turn<'_> {
    /// Checks the commands of one workflow task as a whole, so that carrying them out cannot fail.
    pub(crate) fn check_commands(&self, commands: &[Command], messages: &Messages) -> Result<(), Rejection> {
        let mut ids = CommandIds::default();
        let first_event_id = self.first_command_event_id();
        for (index, command) in commands.iter().enumerate() {
            let attributes = kind::attributes(command)?;
            if is_closing(attributes) {
                if index + 1 != commands.len() {
                    return Err(Rejection::InvalidArgument(
                        "invalid command sequence: a command that closes the workflow has to be the last one".into(),
                    ));
                }
                if !self.run.buffered_events.is_empty() {
                    return Err(bad(Cause::UnhandledCommand, "UnhandledCommand".into()));
                }
            }
            check_lengths(command, messages)?;
            self.check_sizes(command, messages)?;
            self.check_command(attributes, first_event_id + index as i64, messages, &mut ids)?;
        }
        Ok(())
    }

    /// The id of the event that the first command of the started workflow task writes: the one after the task's own.
    fn first_command_event_id(&self) -> i64 {
        let is_transient = self.run.workflow_task.as_ref().is_some_and(|task| task.is_transient());
        self.run.next_event_id + if is_transient { 3 } else { 1 }
    }

    /// `event_id` is the one that the command's event will get.
    fn check_command(
        &self,
        attributes: &CommandAttributes,
        event_id: i64,
        messages: &Messages,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        use CommandAttributes as A;
        self.check_limits(attributes, &mut ids.asked)?;
        match attributes {
            A::ScheduleActivityTaskCommandAttributes(command) => self.check_schedule_activity(command, event_id, ids),
            A::RequestCancelActivityTaskCommandAttributes(command) => self.check_cancel_activity(command, ids),
            A::StartTimerCommandAttributes(command) => self.check_start_timer(command, ids),
            A::CancelTimerCommandAttributes(command) => self.check_cancel_timer(command, ids),
            A::StartChildWorkflowExecutionCommandAttributes(command) => self.check_start_child(command),
            A::SignalExternalWorkflowExecutionCommandAttributes(command) => self.check_signal_external(command),
            A::RequestCancelExternalWorkflowExecutionCommandAttributes(command) => self.check_cancel_external(command),
            A::RecordMarkerCommandAttributes(command) => self.check_marker(command),
            A::ProtocolMessageCommandAttributes(command) => self.check_message(command, messages, ids),
            A::FailWorkflowExecutionCommandAttributes(command) => match command.failure {
                Some(_) => Ok(()),
                None => Err(bad(
                    Cause::BadFailWorkflowExecutionAttributes,
                    "Failure is not set on FailWorkflowExecution".into(),
                )),
            },
            A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => self.check_continue_as_new(command),
            A::UpsertWorkflowSearchAttributesCommandAttributes(command) => self.check_upsert(command),
            A::ModifyWorkflowPropertiesCommandAttributes(_)
            | A::CompleteWorkflowExecutionCommandAttributes(_)
            | A::CancelWorkflowExecutionCommandAttributes(_) => Ok(()),
            A::ScheduleNexusOperationCommandAttributes(_) | A::RequestCancelNexusOperationCommandAttributes(_) => {
                Err(Rejection::InvalidArgument(format!(
                    "this server does not know the command {}",
                    command_name(attributes)
                )))
            }
        }
    }

    /// Carries out a command that has been checked. Each writes exactly one event, apart from those that refer to a
    /// rejection.
    pub(crate) fn carry_out(&mut self, command: Command, messages: &Messages, completed_event_id: i64, identity: &str) {
        use CommandAttributes as A;
        self.words = Words {
            user_metadata: command.user_metadata,
            event_group_markers: command.event_group_markers,
            ..Words::default()
        };
        match command
            .attributes
            .expect("commands are checked before they are carried out")
        {
            A::ScheduleActivityTaskCommandAttributes(command) => {
                self.schedule_activity(command, completed_event_id);
            }
            A::RequestCancelActivityTaskCommandAttributes(command) => {
                self.request_cancel_activity(&command, completed_event_id, identity);
            }
            A::StartTimerCommandAttributes(command) => self.start_timer(command, completed_event_id),
            A::CancelTimerCommandAttributes(command) => self.cancel_timer(command, completed_event_id, identity),
            A::StartChildWorkflowExecutionCommandAttributes(command) => {
                self.start_child(command, completed_event_id);
            }
            A::SignalExternalWorkflowExecutionCommandAttributes(command) => {
                self.signal_external(command, completed_event_id);
            }
            A::RequestCancelExternalWorkflowExecutionCommandAttributes(command) => {
                self.cancel_external(command, completed_event_id);
            }
            A::RecordMarkerCommandAttributes(command) => self.record_marker(command, completed_event_id),
            A::UpsertWorkflowSearchAttributesCommandAttributes(command) => {
                self.upsert_search_attributes(command, completed_event_id);
            }
            A::ModifyWorkflowPropertiesCommandAttributes(command) => {
                self.modify_properties(command, completed_event_id);
            }
            A::ProtocolMessageCommandAttributes(command) => self.answer_update(&command, messages),
            A::CompleteWorkflowExecutionCommandAttributes(command) => {
                self.complete_workflow(command.result, completed_event_id);
            }
            A::FailWorkflowExecutionCommandAttributes(command) => {
                self.fail_workflow(command.failure.unwrap_or_default(), completed_event_id);
            }
            A::CancelWorkflowExecutionCommandAttributes(command) => {
                self.cancel_workflow(command.details, completed_event_id);
            }
            A::ContinueAsNewWorkflowExecutionCommandAttributes(command) => {
                self.continue_as_new(command, completed_event_id);
            }
            other => unreachable!("{} passed the check of commands", command_name(&other)),
        }
        // A command that writes no event leaves its words to nobody.
        self.words = Words::default();
    }
}

/// Ids that the commands before have taken or freed.
#[derive(Default)]
pub(crate) struct CommandIds {
    pub(crate) activities: HashSet<String>,
    /// Activities of earlier tasks that will be canceled on the spot.
    pub(crate) freed_activities: HashSet<String>,
    /// Events that will schedule activities, with their ids.
    pub(crate) scheduled: HashMap<i64, String>,
    pub(crate) timers: HashSet<String>,
    pub(crate) canceled_timers: HashSet<String>,
    pub(crate) accepted_updates: HashSet<String>,
    pub(crate) completed_updates: HashSet<String>,
    pub(crate) asked: Asked,
}

pub(crate) fn bad(cause: Cause, message: String) -> Rejection {
    Rejection::BadCommands { cause, message }
}

/// True for the commands that nothing can follow.
pub fn is_closing(attributes: &CommandAttributes) -> bool {
    matches!(
        attributes,
        CommandAttributes::CompleteWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::FailWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::CancelWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(_)
    )
}

/// The command's name as Temporal writes it.
pub(crate) fn command_name(attributes: &CommandAttributes) -> &'static str {
    use CommandAttributes as A;
    match attributes {
        A::ScheduleActivityTaskCommandAttributes(_) => "ScheduleActivityTask",
        A::StartTimerCommandAttributes(_) => "StartTimer",
        A::CompleteWorkflowExecutionCommandAttributes(_) => "CompleteWorkflowExecution",
        A::FailWorkflowExecutionCommandAttributes(_) => "FailWorkflowExecution",
        A::RequestCancelActivityTaskCommandAttributes(_) => "RequestCancelActivityTask",
        A::CancelTimerCommandAttributes(_) => "CancelTimer",
        A::CancelWorkflowExecutionCommandAttributes(_) => "CancelWorkflowExecution",
        A::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => "RequestCancelExternalWorkflowExecution",
        A::RecordMarkerCommandAttributes(_) => "RecordMarker",
        A::ContinueAsNewWorkflowExecutionCommandAttributes(_) => "ContinueAsNewWorkflowExecution",
        A::StartChildWorkflowExecutionCommandAttributes(_) => "StartChildWorkflowExecution",
        A::SignalExternalWorkflowExecutionCommandAttributes(_) => "SignalExternalWorkflowExecution",
        A::UpsertWorkflowSearchAttributesCommandAttributes(_) => "UpsertWorkflowSearchAttributes",
        A::ProtocolMessageCommandAttributes(_) => "ProtocolMessage",
        A::ModifyWorkflowPropertiesCommandAttributes(_) => "ModifyWorkflowProperties",
        A::ScheduleNexusOperationCommandAttributes(_) => "ScheduleNexusOperation",
        A::RequestCancelNexusOperationCommandAttributes(_) => "RequestCancelNexusOperation",
    }
}
