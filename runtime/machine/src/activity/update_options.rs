//! Other options for activities that have not ended. They leave no event: the one that scheduled the activity keeps those
//! that the workflow gave.

use std::time::Duration;

use wrt_model::{
    Time,
    priority::merge_field,
    proto::{
        ActivityType, RetryPolicy, TaskQueue, activity::ActivityOptions, command::ScheduleActivityTaskCommandAttributes,
    },
    run::Activity,
    time::{proto_span, span, span_nanos},
};

use super::{
    ActivitySelector,
    options::{Timeouts, check_schedule},
};
use crate::{Rejection, Turn, field_mask::snake, retry};

/// What becomes of the options of activities.
#[derive(Clone, Debug, PartialEq)]
pub enum ActivityOptionsChange {
    /// They are again those that the workflow gave.
    Restore,
    /// Some take the place of what was there.
    Merge {
        /// The new values.
        options: Box<ActivityOptions>,
        /// Which of them count, for instance `retry_policy.maximum_attempts`.
        paths: Vec<String>,
    },
}

impl Turn<'_> {
    /// Changes the options of activities, and returns those of the first one. What is with a worker keeps its timeouts
    /// from its start; what waits in a queue is called back, and may go to another queue.
    pub fn update_activity_options(
        &mut self,
        which: &ActivitySelector,
        change: &ActivityOptionsChange,
    ) -> Result<ActivityOptions, Rejection> {
        let selected = self.select_activities(which)?;
        let changed = selected.iter().map(|id| self.changed(&self.run.activities[id], change));
        let changed: Vec<ActivityOptions> = changed.collect::<Result<_, _>>()?;
        for (&scheduled_event_id, options) in selected.iter().zip(&changed) {
            let activity = self.activity(scheduled_event_id);
            match change {
                ActivityOptionsChange::Restore => restore(activity),
                ActivityOptionsChange::Merge { .. } => {
                    let original = activity_options(activity);
                    activity.original_options.get_or_insert(original);
                    put(activity, options);
                }
            }
            if !activity.is_started() {
                reschedule(activity);
                activity.recall();
                self.offer_activity(scheduled_event_id);
            }
            self.transition.durable = true;
        }
        Ok(changed.into_iter().next().expect("at least one is selected"))
    }

    /// The options after the change, checked and completed like those of a command.
    fn changed(&self, activity: &Activity, change: &ActivityOptionsChange) -> Result<ActivityOptions, Rejection> {
        let mut options = activity_options(activity);
        match change {
            ActivityOptionsChange::Restore => return Ok(activity.original_options.clone().unwrap_or(options)),
            ActivityOptionsChange::Merge { options: from, paths } => {
                for path in paths {
                    merge(&mut options, from, path).map_err(Rejection::InvalidArgument)?;
                }
            }
        }
        let command = ScheduleActivityTaskCommandAttributes {
            activity_id: activity.activity_id.clone(),
            activity_type: Some(ActivityType {
                name: activity.activity_type.clone(),
            }),
            schedule_to_close_timeout: options.schedule_to_close_timeout,
            schedule_to_start_timeout: options.schedule_to_start_timeout,
            start_to_close_timeout: options.start_to_close_timeout,
            heartbeat_timeout: options.heartbeat_timeout,
            retry_policy: options.retry_policy.clone(),
            ..Default::default()
        };
        check_schedule(&command).map_err(Rejection::InvalidArgument)?;
        let timeouts = Timeouts::of(&command, self.run.run_timeout_ns);
        Ok(ActivityOptions {
            schedule_to_close_timeout: Some(proto_span(timeouts.schedule_to_close)),
            schedule_to_start_timeout: Some(proto_span(timeouts.schedule_to_start)),
            start_to_close_timeout: Some(proto_span(timeouts.start_to_close)),
            heartbeat_timeout: Some(proto_span(timeouts.heartbeat)),
            retry_policy: options.retry_policy.map(retry::with_defaults),
            ..options
        })
    }
}

/// The options that an activity has.
pub fn activity_options(activity: &Activity) -> ActivityOptions {
    let span = |nanos: i64| Some(proto_span(Duration::from_nanos(nanos.unsigned_abs())));
    ActivityOptions {
        task_queue: Some(TaskQueue {
            name: activity.task_queue.clone(),
            kind: 1,
            ..Default::default()
        }),
        schedule_to_close_timeout: span(activity.schedule_to_close_ns),
        schedule_to_start_timeout: span(activity.schedule_to_start_ns),
        start_to_close_timeout: span(activity.start_to_close_ns),
        heartbeat_timeout: span(activity.heartbeat_timeout_ns),
        retry_policy: activity.retry_policy.clone(),
        priority: activity.priority.clone(),
        ..Default::default()
    }
}

/// Gives an activity back the options that the workflow gave.
pub(super) fn restore(activity: &mut Activity) {
    if let Some(original) = activity.original_options.take() {
        put(activity, &original);
    }
}

fn put(activity: &mut Activity, options: &ActivityOptions) {
    let nanos = |timeout: &Option<_>| timeout.as_ref().map_or(0, |timeout| span_nanos(span(timeout)));
    if let Some(queue) = &options.task_queue {
        activity.task_queue.clone_from(&queue.name);
    }
    activity.schedule_to_close_ns = nanos(&options.schedule_to_close_timeout);
    activity.schedule_to_start_ns = nanos(&options.schedule_to_start_timeout);
    activity.start_to_close_ns = nanos(&options.start_to_close_timeout);
    activity.heartbeat_timeout_ns = nanos(&options.heartbeat_timeout);
    activity.retry_policy.clone_from(&options.retry_policy);
    activity.priority.clone_from(&options.priority);
}

/// Lets the wait before the next attempt follow the policy of now.
fn reschedule(activity: &mut Activity) {
    let (Some(policy), Some(failure)) = (&activity.retry_policy, &activity.last_failure) else {
        return;
    };
    if activity.backing_off && activity.last_attempt_complete_ns > 0 && activity.attempt_number() > 1 {
        let wait = retry::delay(policy, activity.attempt_number() - 1, failure);
        let ended = Time::from_nanos(activity.last_attempt_complete_ns);
        activity.attempt_scheduled_ns = ended.plus(wait).nanos();
    }
}

/// Takes one value over. Paths are written in the words of protobuf, or of its JSON.
fn merge(into: &mut ActivityOptions, from: &ActivityOptions, path: &str) -> Result<(), String> {
    let missing = |what: &str| format!("{what} is not provided, and the update mask has {path}");
    let policy = |from: &ActivityOptions| from.retry_policy.clone().ok_or_else(|| missing("RetryPolicy"));
    let priority = |from: &ActivityOptions| from.priority.clone().ok_or_else(|| missing("Priority"));
    let own_policy = into.retry_policy.get_or_insert_default();
    match snake(path).as_str() {
        "task_queue" | "task_queue.name" => {
            let queue = from.task_queue.as_ref().filter(|queue| !queue.name.is_empty());
            into.task_queue = Some(queue.cloned().ok_or_else(|| missing("TaskQueue"))?);
        }
        "schedule_to_close_timeout" => into.schedule_to_close_timeout = from.schedule_to_close_timeout,
        "schedule_to_start_timeout" => into.schedule_to_start_timeout = from.schedule_to_start_timeout,
        "start_to_close_timeout" => into.start_to_close_timeout = from.start_to_close_timeout,
        "heartbeat_timeout" => into.heartbeat_timeout = from.heartbeat_timeout,
        "retry_policy" => {
            *own_policy = RetryPolicy {
                // Which errors are final is not among what can be changed.
                non_retryable_error_types: std::mem::take(&mut own_policy.non_retryable_error_types),
                ..policy(from)?
            }
        }
        "retry_policy.initial_interval" => own_policy.initial_interval = policy(from)?.initial_interval,
        "retry_policy.backoff_coefficient" => own_policy.backoff_coefficient = policy(from)?.backoff_coefficient,
        "retry_policy.maximum_interval" => own_policy.maximum_interval = policy(from)?.maximum_interval,
        "retry_policy.maximum_attempts" => own_policy.maximum_attempts = policy(from)?.maximum_attempts,
        "priority" => into.priority.clone_from(&from.priority),
        other => {
            let unknown = || format!("the update mask has the path {path}, which is no option of activities");
            let field = other.strip_prefix("priority.").ok_or_else(unknown)?;
            let known = merge_field(into.priority.get_or_insert_default(), &priority(from)?, field);
            return known.then_some(()).ok_or_else(unknown);
        }
    }
    Ok(())
}
