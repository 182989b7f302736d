//! What a command asks of an activity: checked, and completed by Temporal's rules.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{
        RetryPolicy, command::ScheduleActivityTaskCommandAttributes, history::ActivityTaskScheduledEventAttributes,
    },
    run::{Activity, ActivityState},
    time::{is_negative, span, span_nanos, span_set},
};

use crate::retry;

/// The four timeouts after Temporal's rules for what was left out.
pub(super) struct Timeouts {
    pub(super) schedule_to_close: Duration,
    pub(super) schedule_to_start: Duration,
    pub(super) start_to_close: Duration,
    pub(super) heartbeat: Duration,
}

impl Timeouts {
    /// With only start-to-close given, the others follow the run's timeout; with schedule-to-close given, they follow it.
    /// None outlasts the run. Zero stands for "unlimited".
    pub(super) fn of(command: &ScheduleActivityTaskCommandAttributes, run_timeout_ns: i64) -> Self {
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

/// The activity that an event schedules, before anything has happened to it.
pub(crate) fn scheduled_activity(event: &ActivityTaskScheduledEventAttributes, now: Time) -> Activity {
    let nanos = |timeout: &Option<_>| timeout.as_ref().map_or(0, |timeout| span_nanos(span(timeout)));
    Activity {
        activity_id: event.activity_id.clone(),
        activity_type: event
            .activity_type
            .as_ref()
            .map(|kind| kind.name.clone())
            .unwrap_or_default(),
        task_queue: event
            .task_queue
            .as_ref()
            .map(|queue| queue.name.clone())
            .unwrap_or_default(),
        state: ActivityState::Scheduled as i32,
        attempt: 1,
        scheduled_ns: now.nanos(),
        attempt_scheduled_ns: now.nanos(),
        schedule_to_close_ns: nanos(&event.schedule_to_close_timeout),
        schedule_to_start_ns: nanos(&event.schedule_to_start_timeout),
        start_to_close_ns: nanos(&event.start_to_close_timeout),
        heartbeat_timeout_ns: nanos(&event.heartbeat_timeout),
        retry_policy: event.retry_policy.clone(),
        priority: event.priority.clone(),
        ..Default::default()
    }
}

/// Checks a command to schedule an activity, apart from its id.
pub(super) fn check_schedule(command: &ScheduleActivityTaskCommandAttributes) -> Result<(), String> {
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
        if timeout.as_ref().is_some_and(is_negative) {
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
