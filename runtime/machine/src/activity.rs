//! Activities: work outside of the workflow.
//!
//! ```text
//! (none)    --ScheduleActivityTask-------> Scheduled, attempt 1
//! Scheduled --a worker takes it----------> Started
//! Scheduled --cancel is requested--------> (canceled)
//! Scheduled --schedule-to-start or -close runs out--> (timed out)
//! Started   --completes, reports a cancel--> (completed, canceled)
//! Started   --fails, start-to-close or heartbeat runs out--> Scheduled, attempt n + 1, after a wait
//!                                                            or (failed, timed out)
//! ```
//!
//! While an activity can be retried its attempts leave no event: `ActivityTaskStarted` is written with the last attempt,
//! right before the end of the activity.

use wrt_model::{
    failure,
    payload::{self, size},
    proto::{
        EventAttributes, Failure, Payloads, WorkerDeploymentVersion,
        command::{RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes},
        enums::{TimeoutType, WorkflowTaskFailedCause as Cause},
        history::{
            ActivityTaskCancelRequestedEventAttributes, ActivityTaskCanceledEventAttributes,
            ActivityTaskScheduledEventAttributes,
        },
    },
    run::{Activity, ActivityState},
    time::proto_span,
};

pub(crate) use self::options::scheduled_activity;
use self::{
    control::apply_reset,
    options::{Timeouts, check_schedule},
};
pub use self::{
    control::{ActivityReset, ActivitySelector, ActivityUnpause, HeartbeatAnswer, Jitter},
    update_options::{ActivityOptionsChange, activity_options},
};
use crate::{
    Rejection, Turn,
    command::{CommandIds, bad},
    limits::heartbeat_too_large,
    retry,
    start::normal_queue,
    turn::event,
};

mod control;
mod deadline;
mod end;
mod options;
mod update_options;

/// What is said of an activity that is canceled before a worker takes it, in Temporal's words.
const NOT_STARTED: &str = "\"ACTIVITY_ID_NOT_STARTED\"";

/// A worker takes an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityStart {
    /// The event that scheduled the activity.
    pub scheduled_event_id: i64,
    /// The attempt that was handed out.
    pub attempt: i32,
    /// The worker.
    pub identity: String,
    /// The poll that took it.
    pub request_id: String,
    /// True when the attempt runs inside the server.
    pub in_process: bool,
    /// The version of the worker, if it has one.
    pub version: Option<WorkerDeploymentVersion>,
}

/// How an attempt ended, as its worker says.
#[derive(Clone, Debug, PartialEq)]
pub enum ActivityClose {
    /// With a result.
    Completed(Option<Payloads>),
    /// With a failure, and the details of a heartbeat that was not sent.
    Failed {
        /// What went wrong.
        failure: Box<Failure>,
        /// Replaces the details of the last heartbeat, when given.
        last_heartbeat_details: Option<Payloads>,
    },
    /// It stopped because it was asked to.
    Canceled(Option<Payloads>),
}

impl Turn<'_> {
    // === Commands ===

    /// `event_id` is the one that the command's event will get.
    pub(crate) fn check_schedule_activity(
        &self,
        command: &ScheduleActivityTaskCommandAttributes,
        event_id: i64,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        let id = &command.activity_id;
        let wrong = |message| bad(Cause::BadScheduleActivityAttributes, message);
        if id.is_empty() {
            return Err(wrong("ActivityId is not set on an activity".into()));
        }
        let is_open = || self.run.activities.values().any(|activity| activity.activity_id == *id);
        if !ids.activities.insert(id.clone()) || !ids.freed_activities.contains(id) && is_open() {
            return Err(bad(
                Cause::ScheduleActivityDuplicateId,
                format!("an activity with the id {id} is open already"),
            ));
        }
        ids.scheduled.insert(event_id, id.clone());
        check_schedule(command).map_err(wrong)
    }

    pub(crate) fn check_cancel_activity(
        &self,
        command: &RequestCancelActivityTaskCommandAttributes,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        let id = command.scheduled_event_id;
        if let Some(activity_id) = ids.scheduled.get(&id) {
            ids.activities.remove(activity_id);
            return Ok(());
        }
        match self.run.activities.get(&id) {
            // Canceled on the spot, it leaves its id to another one.
            Some(activity) if !activity.is_started() => drop(ids.freed_activities.insert(activity.activity_id.clone())),
            Some(_) => {}
            None if self.has_buffered_end(id) => {}
            None => {
                let message = format!("event {id} did not schedule an activity that is open");
                return Err(bad(Cause::BadRequestCancelActivityAttributes, message));
            }
        }
        Ok(())
    }

    /// Carries out the command to schedule an activity, which has been checked.
    #[expect(deprecated, reason = "SDKs still say how the activity follows their build")]
    pub(crate) fn schedule_activity(
        &mut self,
        command: ScheduleActivityTaskCommandAttributes,
        completed_event_id: i64,
    ) {
        let timeouts = Timeouts::of(&command, self.run.run_timeout_ns);
        let retry_policy = retry::with_defaults(command.retry_policy.unwrap_or_default());
        let task_queue = normal_queue(command.task_queue, &self.run.task_queue);
        let scheduled = ActivityTaskScheduledEventAttributes {
            activity_id: command.activity_id,
            activity_type: command.activity_type,
            task_queue: Some(task_queue),
            header: command.header,
            input: command.input,
            schedule_to_close_timeout: Some(proto_span(timeouts.schedule_to_close)),
            schedule_to_start_timeout: Some(proto_span(timeouts.schedule_to_start)),
            start_to_close_timeout: Some(proto_span(timeouts.start_to_close)),
            heartbeat_timeout: Some(proto_span(timeouts.heartbeat)),
            workflow_task_completed_event_id: completed_event_id,
            retry_policy: Some(retry_policy),
            use_workflow_build_id: command.use_workflow_build_id,
            priority: command.priority,
        };
        let activity = scheduled_activity(&scheduled, self.now);
        let scheduled_event_id = self.append(EventAttributes::ActivityTaskScheduledEventAttributes(scheduled));
        self.run.activities.insert(scheduled_event_id, activity);
        self.offer_activity(scheduled_event_id);
    }

    /// Carries out the command to cancel an activity. One that no worker holds is canceled on the spot; a worker hears
    /// of it with its next heartbeat.
    pub(crate) fn request_cancel_activity(
        &mut self,
        command: &RequestCancelActivityTaskCommandAttributes,
        completed_event_id: i64,
        identity: &str,
    ) {
        let scheduled_event_id = command.scheduled_event_id;
        let requested_event_id = self.append(EventAttributes::ActivityTaskCancelRequestedEventAttributes(
            ActivityTaskCancelRequestedEventAttributes {
                scheduled_event_id,
                workflow_task_completed_event_id: completed_event_id,
            },
        ));
        let Some(activity) = self.run.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.cancel_requested_event_id = requested_event_id;
        if activity.is_started() {
            self.transition.cancellations.push(scheduled_event_id);
        } else {
            self.run.activities.remove(&scheduled_event_id);
            self.transition
                .dispatches
                .retain(|&dispatch| dispatch != scheduled_event_id);
            // Behind the events of the commands that follow, which keep their one-to-one order.
            self.run.buffer(event(
                self.now,
                EventAttributes::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
                    details: payload::payloads(vec![payload::json(NOT_STARTED)]),
                    identity: identity.to_owned(),
                    latest_cancel_requested_event_id: requested_event_id,
                    scheduled_event_id,
                    ..Default::default()
                }),
            ));
        }
    }

    // === Workers ===

    /// A worker takes an attempt. The same poll may ask again.
    pub fn start_activity(&mut self, start: ActivityStart) -> Result<(), Rejection> {
        self.check_open()?;
        let now_ns = self.now.nanos();
        let (run_is_paused, run_is_moving) = (self.run.is_paused(), self.run.is_moving());
        let activity = self.open_activity(start.scheduled_event_id, start.attempt)?;
        if activity.is_started() {
            let same = activity.started_request_id == start.request_id && !start.request_id.is_empty();
            return if same { Ok(()) } else { Err(task_not_found()) };
        }
        if activity.backing_off {
            return Err(task_not_found());
        }
        if run_is_paused || activity.pause.is_some() {
            return Err(task_not_found());
        }
        if run_is_moving {
            return Err(task_not_found());
        }
        activity.set_state(ActivityState::Started);
        activity.started_ns = now_ns;
        activity.heartbeat_ns = 0;
        activity.identity = start.identity;
        activity.started_request_id = start.request_id;
        activity.in_process = start.in_process;
        activity.last_deployment_version = start.version;
        self.transition.durable = true;
        Ok(())
    }

    /// The worker that took an attempt went away before it heard of it: the attempt waits for another one.
    pub fn return_activity(
        &mut self,
        scheduled_event_id: i64,
        attempt: i32,
        request_id: &str,
    ) -> Result<(), Rejection> {
        self.check_open()?;
        let activity = self.open_activity(scheduled_event_id, attempt)?;
        if !activity.is_started() || activity.started_request_id != request_id {
            return Err(task_not_found());
        }
        activity.set_state(ActivityState::Scheduled);
        activity.started_ns = 0;
        activity.identity.clear();
        activity.started_request_id.clear();
        activity.in_process = false;
        apply_reset(activity);
        self.offer_activity(scheduled_event_id);
        self.transition.durable = true;
        Ok(())
    }

    /// A worker says how its attempt ended. `attempt` 0 stands for whichever is current.
    pub fn close_activity(
        &mut self,
        scheduled_event_id: i64,
        attempt: i32,
        identity: &str,
        close: ActivityClose,
    ) -> Result<(), Rejection> {
        self.check_open()?;
        let close = self.within_limits(close);
        let activity = self.open_activity(scheduled_event_id, attempt)?;
        match close {
            ActivityClose::Completed(result) => self.complete_activity(scheduled_event_id, identity, result),
            ActivityClose::Failed {
                failure,
                last_heartbeat_details,
            } => {
                if last_heartbeat_details.is_some() {
                    activity.heartbeat_details = last_heartbeat_details;
                }
                self.fail_activity(scheduled_event_id, identity, *failure);
            }
            ActivityClose::Canceled(_) if activity.cancel_requested_event_id == 0 && activity.in_process => {
                // Attempts inside the server hear of a pause and of a reset as of a cancellation.
                let failure =
                    failure::application("the attempt stopped for a pause or a reset", "ActivityPause", false);
                self.fail_activity(scheduled_event_id, identity, failure);
            }
            ActivityClose::Canceled(details) => {
                if activity.cancel_requested_event_id == 0 {
                    return Err(Rejection::InvalidArgument(format!(
                        "activity {} cannot be canceled: its cancellation was not requested",
                        activity.activity_id
                    )));
                }
                self.cancel_activity(scheduled_event_id, identity, details);
            }
        }
        Ok(())
    }

    /// A worker says that its attempt is alive, and hears whether it is asked to stop. Details that are larger than the
    /// namespace allows fail it.
    pub fn heartbeat_activity(
        &mut self,
        scheduled_event_id: i64,
        attempt: i32,
        details: Option<Payloads>,
    ) -> Result<HeartbeatAnswer, Rejection> {
        self.check_open()?;
        let now_ns = self.now.nanos();
        let run_is_paused = self.run.is_paused();
        let is_too_large = self.is_too_large(size(details.as_ref()));
        let activity = self.open_activity(scheduled_event_id, attempt)?;
        if !activity.is_started() {
            return Err(task_not_found());
        }
        if is_too_large {
            let (identity, failure) = (activity.identity.clone(), heartbeat_too_large());
            self.fail_activity(scheduled_event_id, &identity, failure);
            return Ok(HeartbeatAnswer {
                cancel_requested: true,
                ..HeartbeatAnswer::default()
            });
        }
        activity.heartbeat_ns = now_ns;
        activity.heartbeat_details = details;
        let answer = HeartbeatAnswer {
            cancel_requested: activity.cancel_requested_event_id != 0,
            activity_paused: run_is_paused || activity.pause.is_some(),
            activity_reset: activity.reset_requested,
        };
        self.transition.durable = true;
        Ok(answer)
    }

    /// The server's process, which ran these attempts, is gone. They run again as the same attempt, unless the policy
    /// promises that there is only one: then the lost one counts as timed out.
    pub(crate) fn lose_in_process_activities(&mut self) {
        let lost: Vec<i64> = self
            .run
            .activities
            .iter()
            .filter_map(|(&id, activity)| (activity.is_started() && activity.in_process).then_some(id))
            .collect();
        for scheduled_event_id in lost {
            let activity = self.run.activities.get_mut(&scheduled_event_id).expect("found above");
            let only_attempt = activity
                .retry_policy
                .as_ref()
                .is_some_and(|policy| policy.maximum_attempts == 1);
            if only_attempt {
                self.fail_attempt_by_timeout(scheduled_event_id, TimeoutType::StartToClose);
            } else {
                activity.set_state(ActivityState::Scheduled);
                activity.in_process = false;
                activity.attempt_scheduled_ns = self.now.nanos();
                apply_reset(activity);
            }
        }
    }

    fn open_activity(&mut self, scheduled_event_id: i64, attempt: i32) -> Result<&mut Activity, Rejection> {
        let activity = self.run.activities.get_mut(&scheduled_event_id);
        activity
            .filter(|activity| attempt == 0 || activity.attempt == attempt)
            .ok_or_else(task_not_found)
    }
}

/// The activity has ended, or this attempt of it is over, or is not for whoever wants it. Temporal's words, which SDKs and
/// tools read.
fn task_not_found() -> Rejection {
    Rejection::ActivityNotFound(
        "invalid activityID or activity already timed out or invoking workflow is completed".to_owned(),
    )
}
