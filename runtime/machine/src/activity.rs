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

use std::time::Duration;

use wrt_model::{
    Run, Time, failure,
    proto::{
        EventAttributes, Failure, Payloads, RetryPolicy, UserMetadata,
        command::{RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes},
        enums::{RetryState, TimeoutType},
        history::{
            ActivityTaskCancelRequestedEventAttributes, ActivityTaskCanceledEventAttributes,
            ActivityTaskCompletedEventAttributes, ActivityTaskFailedEventAttributes,
            ActivityTaskScheduledEventAttributes, ActivityTaskStartedEventAttributes,
            ActivityTaskTimedOutEventAttributes,
        },
    },
    run::{Activity, ActivityState},
    time::{proto_span, span_nanos, span_set},
};

use crate::{Rejection, Turn, retry, turn::event};

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

    /// Carries out the command to schedule an activity, which has been checked.
    pub(crate) fn schedule_activity(
        &mut self,
        command: ScheduleActivityTaskCommandAttributes,
        completed_event_id: i64,
        metadata: Option<UserMetadata>,
    ) {
        let timeouts = Timeouts::of(&command, self.run.run_timeout_ns);
        let retry_policy = retry::with_defaults(command.retry_policy.unwrap_or_default());
        let mut task_queue = command.task_queue.unwrap_or_default();
        if task_queue.name.is_empty() {
            task_queue.name.clone_from(&self.run.task_queue);
        }
        let activity = Activity {
            activity_id: command.activity_id.clone(),
            activity_type: command
                .activity_type
                .as_ref()
                .map(|kind| kind.name.clone())
                .unwrap_or_default(),
            task_queue: task_queue.name.clone(),
            state: ActivityState::Scheduled as i32,
            attempt: 1,
            scheduled_ns: self.now.nanos(),
            attempt_scheduled_ns: self.now.nanos(),
            schedule_to_close_ns: span_nanos(timeouts.schedule_to_close),
            schedule_to_start_ns: span_nanos(timeouts.schedule_to_start),
            start_to_close_ns: span_nanos(timeouts.start_to_close),
            heartbeat_timeout_ns: span_nanos(timeouts.heartbeat),
            retry_policy: Some(retry_policy.clone()),
            priority: command.priority.clone(),
            ..Default::default()
        };
        let scheduled_event_id = self.append_with(
            EventAttributes::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
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
                priority: command.priority,
                ..Default::default()
            }),
            metadata,
        );
        self.run.activities.insert(scheduled_event_id, activity);
        self.transition.dispatches.push(scheduled_event_id);
    }

    /// Carries out the command to cancel an activity. One that no worker holds is canceled on the spot; a worker hears
    /// of it with its next heartbeat.
    pub(crate) fn request_cancel_activity(
        &mut self,
        command: &RequestCancelActivityTaskCommandAttributes,
        completed_event_id: i64,
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
            self.run.buffered_events.push(event(
                self.now,
                EventAttributes::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
                    latest_cancel_requested_event_id: requested_event_id,
                    scheduled_event_id,
                    ..Default::default()
                }),
                None,
            ));
        }
    }

    // === Workers ===

    /// A worker takes an attempt. The same poll may ask again.
    pub fn start_activity(&mut self, start: ActivityStart) -> Result<(), Rejection> {
        let now_ns = self.now.nanos();
        let activity = self.open_activity(start.scheduled_event_id, start.attempt)?;
        if activity.is_started() {
            let same = activity.started_request_id == start.request_id && !start.request_id.is_empty();
            return if same {
                Ok(())
            } else {
                Err(not_found("another worker holds the activity task"))
            };
        }
        if activity.backing_off {
            return Err(not_found("the next attempt of the activity is not due yet"));
        }
        activity.set_state(ActivityState::Started);
        activity.started_ns = now_ns;
        activity.heartbeat_ns = 0;
        activity.identity = start.identity;
        activity.started_request_id = start.request_id;
        activity.in_process = start.in_process;
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
        let activity = self.open_activity(scheduled_event_id, attempt)?;
        if !activity.is_started() || activity.started_request_id != request_id {
            return Err(not_found("another worker holds the activity task"));
        }
        activity.set_state(ActivityState::Scheduled);
        activity.started_ns = 0;
        activity.identity.clear();
        activity.started_request_id.clear();
        activity.in_process = false;
        self.transition.dispatches.push(scheduled_event_id);
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

    /// A worker says that its attempt is alive. Returns whether the attempt is asked to stop.
    pub fn heartbeat_activity(
        &mut self,
        scheduled_event_id: i64,
        attempt: i32,
        details: Option<Payloads>,
    ) -> Result<bool, Rejection> {
        self.check_open()?;
        let now_ns = self.now.nanos();
        let activity = self.open_activity(scheduled_event_id, attempt)?;
        if !activity.is_started() {
            return Err(not_found("no worker holds the activity task"));
        }
        activity.heartbeat_ns = now_ns;
        activity.heartbeat_details = details;
        let cancel_requested = activity.cancel_requested_event_id != 0;
        self.transition.durable = true;
        Ok(cancel_requested)
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
            }
        }
    }

    // === Time ===

    /// Lets everything happen to activities whose time has come.
    pub(crate) fn run_activity_deadlines(&mut self) {
        let due: Vec<(i64, Deadline)> = self
            .run
            .activities
            .iter()
            .filter_map(|(&id, activity)| {
                let (time, what) = first_deadline(activity)?;
                (time <= self.now).then_some((id, what))
            })
            .collect();
        for (scheduled_event_id, what) in due {
            match what {
                Deadline::NextAttempt => {
                    let activity = self.run.activities.get_mut(&scheduled_event_id).expect("found above");
                    activity.backing_off = false;
                    self.transition.dispatches.push(scheduled_event_id);
                }
                Deadline::Timeout(timeout) => self.fail_attempt_by_timeout(scheduled_event_id, timeout),
            }
        }
    }

    /// When the next thing happens to an activity by itself.
    pub(crate) fn activity_deadline(run: &Run) -> Option<Time> {
        run.activities
            .values()
            .filter_map(|activity| Some(first_deadline(activity)?.0))
            .min()
    }

    // === Ends ===

    fn complete_activity(&mut self, scheduled_event_id: i64, identity: &str, result: Option<Payloads>) {
        let started_event_id = self.end_activity(scheduled_event_id, identity);
        self.append_activity_end(EventAttributes::ActivityTaskCompletedEventAttributes(
            ActivityTaskCompletedEventAttributes {
                result,
                scheduled_event_id,
                started_event_id,
                identity: identity.to_owned(),
                ..Default::default()
            },
        ));
    }

    fn cancel_activity(&mut self, scheduled_event_id: i64, identity: &str, details: Option<Payloads>) {
        let requested_event_id = self.run.activities[&scheduled_event_id].cancel_requested_event_id;
        let started_event_id = self.end_activity(scheduled_event_id, identity);
        self.append_activity_end(EventAttributes::ActivityTaskCanceledEventAttributes(
            ActivityTaskCanceledEventAttributes {
                details,
                latest_cancel_requested_event_id: requested_event_id,
                scheduled_event_id,
                started_event_id,
                identity: identity.to_owned(),
                ..Default::default()
            },
        ));
    }

    fn fail_activity(&mut self, scheduled_event_id: i64, identity: &str, failure: Failure) {
        let Err(retry_state) = self.retry_activity(scheduled_event_id, &failure) else {
            return;
        };
        let started_event_id = self.end_activity(scheduled_event_id, identity);
        self.append_activity_end(EventAttributes::ActivityTaskFailedEventAttributes(
            ActivityTaskFailedEventAttributes {
                failure: Some(failure),
                scheduled_event_id,
                started_event_id,
                identity: identity.to_owned(),
                retry_state: retry_state as i32,
                ..Default::default()
            },
        ));
    }

    /// A timeout ends the attempt. When a retry is out of question only because time has run out, the workflow sees the
    /// timeout that says so, with the last real failure as its cause.
    fn fail_attempt_by_timeout(&mut self, scheduled_event_id: i64, timeout: TimeoutType) {
        let activity = &self.run.activities[&scheduled_event_id];
        let details = activity.heartbeat_details.clone();
        let previous = activity.last_failure.clone();
        let was_started = activity.is_started();
        let failure = failure::timeout(timeout, details.clone());
        let Err(retry_state) = self.retry_activity(scheduled_event_id, &failure) else {
            return;
        };
        let out_of_time = retry_state == RetryState::Timeout && timeout != TimeoutType::ScheduleToClose;
        let mut reported = if out_of_time {
            Failure {
                cause: Some(Box::new(failure)),
                ..failure::timeout(TimeoutType::ScheduleToClose, details)
            }
        } else {
            failure
        };
        if reported.cause.is_none() {
            reported.cause = previous.map(Box::new);
        }
        let identity = self.run.activities[&scheduled_event_id].identity.clone();
        let started_event_id = if was_started {
            self.end_activity(scheduled_event_id, &identity)
        } else {
            self.drop_activity(scheduled_event_id)
        };
        self.append_activity_end(EventAttributes::ActivityTaskTimedOutEventAttributes(
            ActivityTaskTimedOutEventAttributes {
                failure: Some(reported),
                scheduled_event_id,
                started_event_id,
                retry_state: retry_state as i32,
            },
        ));
    }

    /// Prepares the next attempt, or says why there is none.
    fn retry_activity(&mut self, scheduled_event_id: i64, failure: &Failure) -> Result<(), RetryState> {
        let now = self.now;
        let activity = self
            .run
            .activities
            .get_mut(&scheduled_event_id)
            .expect("an open activity");
        if activity.cancel_requested_event_id != 0 {
            return Err(RetryState::CancelRequested);
        }
        let delay = retry::next_delay(&retry::Attempt {
            policy: activity.retry_policy.as_ref(),
            attempt: activity.attempt,
            failure,
            now,
            expires: Turn::deadline(activity.scheduled_ns, activity.schedule_to_close_ns),
        })?;
        activity.set_state(ActivityState::Scheduled);
        activity.attempt += 1;
        activity.attempt_scheduled_ns = now.plus(delay).nanos();
        activity.backing_off = true;
        activity.started_ns = 0;
        activity.heartbeat_ns = 0;
        activity.in_process = false;
        activity.started_request_id.clear();
        activity.last_identity = std::mem::take(&mut activity.identity);
        activity.last_failure = Some(failure.clone());
        self.transition.durable = true;
        Ok(())
    }

    /// Takes the activity out of the run and writes the start of its last attempt. Returns that event's id; 0 while it is
    /// buffered.
    fn end_activity(&mut self, scheduled_event_id: i64, identity: &str) -> i64 {
        let activity = self
            .run
            .activities
            .remove(&scheduled_event_id)
            .expect("an open activity");
        let started_ns = if activity.started_ns == 0 {
            self.now.nanos()
        } else {
            activity.started_ns
        };
        let started = event(
            Time::from_nanos(started_ns),
            EventAttributes::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
                scheduled_event_id,
                identity: if activity.identity.is_empty() {
                    identity.to_owned()
                } else {
                    activity.identity
                },
                request_id: activity.started_request_id,
                attempt: activity.attempt,
                last_failure: activity.last_failure,
                ..Default::default()
            }),
            None,
        );
        if self.workflow_task_is_started() {
            self.run.buffered_events.push(started);
            0
        } else {
            self.append_event(started)
        }
    }

    /// Takes an activity that no worker holds out of the run. Returns the id of its `started` event: there is none.
    fn drop_activity(&mut self, scheduled_event_id: i64) -> i64 {
        self.run.activities.remove(&scheduled_event_id);
        0
    }

    fn append_activity_end(&mut self, attributes: EventAttributes) {
        self.append_outside(attributes);
        self.ensure_workflow_task();
    }

    fn open_activity(&mut self, scheduled_event_id: i64, attempt: i32) -> Result<&mut Activity, Rejection> {
        let activity = self.run.activities.get_mut(&scheduled_event_id);
        activity
            .filter(|activity| attempt == 0 || activity.attempt == attempt)
            .ok_or_else(|| not_found("the activity has ended, or this attempt of it is over"))
    }
}

fn not_found(why: &str) -> Rejection {
    Rejection::ActivityNotFound(format!("activity task not found: {why}"))
}

// === impl Timeouts ===

/// The four timeouts after Temporal's rules for what was left out.
struct Timeouts {
    schedule_to_close: Duration,
    schedule_to_start: Duration,
    start_to_close: Duration,
    heartbeat: Duration,
}

impl Timeouts {
    /// With only start-to-close given, the others follow the run's timeout; with schedule-to-close given, they follow it.
    /// None outlasts the run. Zero stands for "unlimited".
    fn of(command: &ScheduleActivityTaskCommandAttributes, run_timeout_ns: i64) -> Self {
        let run = Duration::from_nanos(run_timeout_ns.unsigned_abs());
        let schedule_to_close = span_set(command.schedule_to_close_timeout.as_ref());
        let limit = match schedule_to_close {
            Some(limit) if run.is_zero() => limit,
            Some(limit) => limit.min(run),
            None => run,
        };
        let within = |timeout: Option<Duration>| match timeout {
            Some(timeout) if limit.is_zero() => timeout,
            Some(timeout) => timeout.min(limit),
            None => limit,
        };
        let start_to_close = within(span_set(command.start_to_close_timeout.as_ref()));
        let heartbeat = span_set(command.heartbeat_timeout.as_ref()).unwrap_or_default();
        Timeouts {
            schedule_to_close: limit,
            schedule_to_start: within(span_set(command.schedule_to_start_timeout.as_ref())),
            start_to_close,
            heartbeat: if start_to_close.is_zero() {
                heartbeat
            } else {
                heartbeat.min(start_to_close)
            },
        }
    }
}

// === Deadlines ===

#[derive(Clone, Copy)]
enum Deadline {
    NextAttempt,
    Timeout(TimeoutType),
}

/// The first thing that happens to the activity by itself.
fn first_deadline(activity: &Activity) -> Option<(Time, Deadline)> {
    let timeout = |start_ns, nanos, kind| Turn::deadline(start_ns, nanos).map(|time| (time, Deadline::Timeout(kind)));
    let to_close = timeout(
        activity.scheduled_ns,
        activity.schedule_to_close_ns,
        TimeoutType::ScheduleToClose,
    );
    let own = match activity.state() {
        ActivityState::Scheduled if activity.backing_off => [
            Some((Time::from_nanos(activity.attempt_scheduled_ns), Deadline::NextAttempt)),
            None,
        ],
        ActivityState::Scheduled => [
            timeout(
                activity.attempt_scheduled_ns,
                activity.schedule_to_start_ns,
                TimeoutType::ScheduleToStart,
            ),
            None,
        ],
        ActivityState::Started => [
            timeout(
                activity.started_ns,
                activity.start_to_close_ns,
                TimeoutType::StartToClose,
            ),
            timeout(
                activity.heartbeat_ns.max(activity.started_ns),
                activity.heartbeat_timeout_ns,
                TimeoutType::Heartbeat,
            ),
        ],
    };
    own.into_iter().flatten().chain(to_close).min_by_key(|(time, _)| *time)
}

/// Checks a command to schedule an activity, apart from its id.
pub(crate) fn check_schedule(command: &ScheduleActivityTaskCommandAttributes) -> Result<(), String> {
    let id = &command.activity_id;
    if command.activity_type.as_ref().is_none_or(|kind| kind.name.is_empty()) {
        return Err(format!("ActivityType is not set on activity {id}"));
    }
    for (name, timeout) in [
        ("ScheduleToCloseTimeout", &command.schedule_to_close_timeout),
        ("ScheduleToStartTimeout", &command.schedule_to_start_timeout),
        ("StartToCloseTimeout", &command.start_to_close_timeout),
        ("HeartbeatTimeout", &command.heartbeat_timeout),
    ] {
        if timeout
            .as_ref()
            .is_some_and(|timeout| timeout.seconds < 0 || timeout.nanos < 0)
        {
            return Err(format!("{name} of activity {id} cannot be negative"));
        }
    }
    let unset = |timeout| span_set(timeout).is_none();
    if unset(command.start_to_close_timeout.as_ref()) && unset(command.schedule_to_close_timeout.as_ref()) {
        return Err(format!(
            "activity {id} has no timeout: set its StartToCloseTimeout or its ScheduleToCloseTimeout"
        ));
    }
    command.retry_policy.as_ref().map_or(Ok(()), |policy: &RetryPolicy| {
        retry::check(policy).map_err(|message| format!("{message} of activity {id}"))
    })
}
