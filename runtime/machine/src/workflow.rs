//! The workflow's own commands, and the end of a run.
//!
//! ```text
//! Running --CompleteWorkflowExecution--> Completed
//! Running --FailWorkflowExecution------> Failed
//! Running --CancelWorkflowExecution----> Canceled
//! Running --terminate------------------> Terminated
//! Running --run or execution timeout---> TimedOut
//! ```

use std::collections::HashSet;

use wrt_model::{
    Time, failure, ids,
    proto::{
        Command, CommandAttributes, EventAttributes, Failure, Payloads,
        enums::{RetryState, TimeoutType, WorkflowExecutionStatus, WorkflowTaskFailedCause as Cause},
        history::{
            WorkflowExecutionCanceledEventAttributes, WorkflowExecutionCompletedEventAttributes,
            WorkflowExecutionFailedEventAttributes, WorkflowExecutionTimedOutEventAttributes,
        },
    },
};

use crate::{Rejection, Turn, activity, retry, start::Continuation};

impl Turn<'_> {
    pub(crate) fn check_open(&self) -> Result<(), Rejection> {
        if self.run.is_open() {
            Ok(())
        } else {
            Err(Rejection::WorkflowClosed)
        }
    }

    // === Commands ===

    /// Checks the commands of one workflow task as a whole, so that carrying them out cannot fail.
    pub(crate) fn check_commands(&self, commands: &[Command]) -> Result<(), Rejection> {
        let mut ids = CommandIds::default();
        let first_event_id = self.first_command_event_id();
        for (index, command) in commands.iter().enumerate() {
            let attributes = command
                .attributes
                .as_ref()
                .ok_or_else(|| bad(Cause::Unspecified, format!("command {index} has no attributes")))?;
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
            self.check_command(attributes, first_event_id + index as i64, &mut ids)?;
        }
        Ok(())
    }

    /// The id of the event that the first command of the started workflow task writes: the one after the task's own.
    fn first_command_event_id(&self) -> i64 {
        let is_transient = self.run.workflow_task.as_ref().is_some_and(|task| task.attempt > 1);
        self.run.next_event_id + if is_transient { 3 } else { 1 }
    }

    /// `event_id` is the one that the command's event will get.
    fn check_command(
        &self,
        attributes: &CommandAttributes,
        event_id: i64,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        use CommandAttributes as A;
        match attributes {
            A::ScheduleActivityTaskCommandAttributes(command) => {
                let id = &command.activity_id;
                let wrong = |message| bad(Cause::BadScheduleActivityAttributes, message);
                if id.is_empty() {
                    return Err(wrong("ActivityId is not set on an activity".into()));
                }
                let taken = self.run.activities.values().any(|activity| activity.activity_id == *id);
                if taken || !ids.activities.insert(id.clone()) {
                    return Err(bad(
                        Cause::ScheduleActivityDuplicateId,
                        format!("an activity with the id {id} is open already"),
                    ));
                }
                ids.scheduled.insert(event_id);
                activity::check_schedule(command).map_err(wrong)
            }
            A::RequestCancelActivityTaskCommandAttributes(command) => {
                let id = command.scheduled_event_id;
                let is_open = self.run.activities.contains_key(&id) || ids.scheduled.contains(&id);
                if !is_open && !self.has_buffered_end(id) {
                    let message = format!("event {id} did not schedule an activity that is open");
                    return Err(bad(Cause::BadRequestCancelActivityAttributes, message));
                }
                Ok(())
            }
            A::StartTimerCommandAttributes(command) => {
                let id = &command.timer_id;
                let wrong = |message| Err(bad(Cause::BadStartTimerAttributes, message));
                if id.is_empty() {
                    return wrong("TimerId is not set on a timer".into());
                }
                if command
                    .start_to_fire_timeout
                    .as_ref()
                    .is_none_or(|wait| wait.seconds < 0 || wait.nanos < 0)
                {
                    return wrong(format!("StartToFireTimeout of timer {id} is missing or negative"));
                }
                let taken = self.open_timer(id).is_some() && !ids.canceled_timers.contains(id);
                if taken || !ids.timers.insert(id.clone()) {
                    return Err(bad(
                        Cause::StartTimerDuplicateId,
                        format!("a timer with the id {id} is open already"),
                    ));
                }
                Ok(())
            }
            A::CancelTimerCommandAttributes(command) => {
                let id = &command.timer_id;
                let known = ids.timers.remove(id) || self.open_timer(id).is_some() || self.has_buffered_firing(id);
                if !known || !ids.canceled_timers.insert(id.clone()) {
                    let message = format!("no timer with the id {id} is open");
                    return Err(bad(Cause::BadCancelTimerAttributes, message));
                }
                Ok(())
            }
            A::FailWorkflowExecutionCommandAttributes(command) => match command.failure {
                Some(_) => Ok(()),
                None => Err(bad(
                    Cause::BadFailWorkflowExecutionAttributes,
                    "Failure is not set on FailWorkflowExecution".into(),
                )),
            },
            A::CompleteWorkflowExecutionCommandAttributes(_) | A::CancelWorkflowExecutionCommandAttributes(_) => Ok(()),
            A::RequestCancelExternalWorkflowExecutionCommandAttributes(_)
            | A::RecordMarkerCommandAttributes(_)
            | A::ContinueAsNewWorkflowExecutionCommandAttributes(_)
            | A::StartChildWorkflowExecutionCommandAttributes(_)
            | A::SignalExternalWorkflowExecutionCommandAttributes(_)
            | A::UpsertWorkflowSearchAttributesCommandAttributes(_)
            | A::ProtocolMessageCommandAttributes(_)
            | A::ModifyWorkflowPropertiesCommandAttributes(_)
            | A::ScheduleNexusOperationCommandAttributes(_)
            | A::RequestCancelNexusOperationCommandAttributes(_) => Err(Rejection::InvalidArgument(format!(
                "this server does not know the command {}",
                command_name(attributes)
            ))),
        }
    }

    /// Carries out a command that has been checked. Each writes exactly one event.
    pub(crate) fn carry_out(&mut self, command: Command, completed_event_id: i64, identity: &str) {
        use CommandAttributes as A;
        let metadata = command.user_metadata;
        match command
            .attributes
            .expect("commands are checked before they are carried out")
        {
            A::ScheduleActivityTaskCommandAttributes(command) => {
                self.schedule_activity(command, completed_event_id, metadata);
            }
            A::RequestCancelActivityTaskCommandAttributes(command) => {
                self.request_cancel_activity(&command, completed_event_id);
            }
            A::StartTimerCommandAttributes(command) => self.start_timer(command, completed_event_id, metadata),
            A::CancelTimerCommandAttributes(command) => self.cancel_timer(command, completed_event_id, identity),
            A::CompleteWorkflowExecutionCommandAttributes(command) => {
                self.complete_workflow(command.result, completed_event_id);
            }
            A::FailWorkflowExecutionCommandAttributes(command) => {
                self.fail_workflow(command.failure.unwrap_or_default(), completed_event_id);
            }
            A::CancelWorkflowExecutionCommandAttributes(command) => {
                self.cancel_workflow(command.details, completed_event_id);
            }
            other => unreachable!("{} passed the check of commands", command_name(&other)),
        }
    }

    // === Ends ===

    fn complete_workflow(&mut self, result: Option<Payloads>, completed_event_id: i64) {
        self.append(EventAttributes::WorkflowExecutionCompletedEventAttributes(
            WorkflowExecutionCompletedEventAttributes {
                result,
                workflow_task_completed_event_id: completed_event_id,
                ..Default::default()
            },
        ));
        self.close(WorkflowExecutionStatus::Completed);
    }

    fn fail_workflow(&mut self, failure: Failure, completed_event_id: i64) {
        let (retry_state, new_execution_run_id) = self.retry_workflow(&failure);
        self.append(EventAttributes::WorkflowExecutionFailedEventAttributes(
            WorkflowExecutionFailedEventAttributes {
                failure: Some(failure),
                retry_state: retry_state as i32,
                workflow_task_completed_event_id: completed_event_id,
                new_execution_run_id,
            },
        ));
        self.close(WorkflowExecutionStatus::Failed);
    }

    fn cancel_workflow(&mut self, details: Option<Payloads>, completed_event_id: i64) {
        self.append(EventAttributes::WorkflowExecutionCanceledEventAttributes(
            WorkflowExecutionCanceledEventAttributes {
                workflow_task_completed_event_id: completed_event_id,
                details,
            },
        ));
        self.close(WorkflowExecutionStatus::Canceled);
    }

    /// The run, or the chain of runs that it belongs to, has run out of time. Only the run's own timeout is retried.
    pub(crate) fn time_out_workflow(&mut self) {
        let run_expires = Time::from_nanos(self.run.run_expires_ns);
        let chain_expired =
            self.run.execution_expires_ns > 0 && Time::from_nanos(self.run.execution_expires_ns) <= self.now;
        let (retry_state, new_execution_run_id) = if chain_expired || run_expires > self.now {
            (RetryState::Timeout, String::new())
        } else {
            self.retry_workflow(&failure::timeout(TimeoutType::StartToClose, None))
        };
        self.append(EventAttributes::WorkflowExecutionTimedOutEventAttributes(
            WorkflowExecutionTimedOutEventAttributes {
                retry_state: retry_state as i32,
                new_execution_run_id,
            },
        ));
        self.close(WorkflowExecutionStatus::TimedOut);
    }

    /// Asks for another run, if the retry policy grants one. Returns why not, or the id of that run.
    fn retry_workflow(&mut self, failure: &Failure) -> (RetryState, String) {
        let expires = (self.run.execution_expires_ns > 0).then(|| Time::from_nanos(self.run.execution_expires_ns));
        let delay = retry::next_delay(&retry::Attempt {
            policy: self.run.retry_policy.as_ref(),
            attempt: self.run.attempt,
            failure,
            now: self.now,
            expires,
        });
        match delay {
            Err(retry_state) => (retry_state, String::new()),
            Ok(backoff) => {
                let run_id = ids::successor_run_id(&self.run.run_id);
                self.run.new_execution_run_id.clone_from(&run_id);
                self.transition.continuation = Some(Continuation {
                    run_id: run_id.clone(),
                    attempt: self.run.attempt + 1,
                    backoff,
                    failure: failure.clone(),
                });
                (RetryState::InProgress, run_id)
            }
        }
    }

    /// Closes the run; nothing of it stays open.
    pub(crate) fn close(&mut self, status: WorkflowExecutionStatus) {
        let run = &mut *self.run;
        run.set_status(status);
        run.close_ns = self.now.nanos();
        run.workflow_task = None;
        let activities = std::mem::take(&mut run.activities).into_iter();
        let held = activities.filter(|(_, activity)| activity.is_started());
        self.transition
            .cancellations
            .extend(held.map(|(scheduled_event_id, _)| scheduled_event_id));
        run.timers.clear();
        run.buffered_events.clear();
        run.signal_request_ids.clear();
        self.transition.dispatches.clear();
    }
}

/// Ids that the commands before have taken or freed.
#[derive(Default)]
struct CommandIds {
    activities: HashSet<String>,
    /// Events that will schedule activities.
    scheduled: HashSet<i64>,
    timers: HashSet<String>,
    canceled_timers: HashSet<String>,
}

fn bad(cause: Cause, message: String) -> Rejection {
    Rejection::BadCommands { cause, message }
}

fn is_closing(attributes: &CommandAttributes) -> bool {
    matches!(
        attributes,
        CommandAttributes::CompleteWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::FailWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::CancelWorkflowExecutionCommandAttributes(_)
            | CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(_)
    )
}

/// The command's name as Temporal writes it.
fn command_name(attributes: &CommandAttributes) -> String {
    let debug = format!("{attributes:?}");
    let variant = debug.split('(').next().unwrap_or_default();
    variant.trim_end_matches("CommandAttributes").to_owned()
}
