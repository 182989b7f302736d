//! The ends of attempts and of activities.

use wrt_model::{
    Time, failure,
    proto::{
        EventAttributes, Failure, Payloads,
        enums::{RetryState, TimeoutType},
        history::{
            ActivityTaskCanceledEventAttributes, ActivityTaskCompletedEventAttributes,
            ActivityTaskFailedEventAttributes, ActivityTaskStartedEventAttributes, ActivityTaskTimedOutEventAttributes,
        },
    },
    run::ActivityState,
};

use super::control::apply_reset;
use crate::{Turn, retry, turn::event};

impl Turn<'_> {
    pub(super) fn complete_activity(&mut self, scheduled_event_id: i64, identity: &str, result: Option<Payloads>) {
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

    pub(super) fn cancel_activity(&mut self, scheduled_event_id: i64, identity: &str, details: Option<Payloads>) {
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

    pub(super) fn fail_activity(&mut self, scheduled_event_id: i64, identity: &str, failure: Failure) {
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

    /// A timeout ends the attempt. When it is not retried, the workflow sees it with the failure of the attempt before as its
    /// cause. One that could be retried if there was time for it is reported as the end of that time.
    pub(super) fn fail_attempt_by_timeout(&mut self, scheduled_event_id: i64, timeout: TimeoutType) {
        let Err(retry_state) = self.retry_activity(scheduled_event_id, &failure::timeout(timeout, None)) else {
            return;
        };
        let activity = &self.run.activities[&scheduled_event_id];
        let details = activity.heartbeat_details.clone();
        let reported = match (retry_state, timeout) {
            (RetryState::Timeout, TimeoutType::StartToClose | TimeoutType::Heartbeat) => failure::no_time_left(details),
            _ => failure::timeout(timeout, details),
        };
        let cause = activity.last_failure.clone().map(Box::new);
        let identity = activity.identity.clone();
        let started_event_id = if activity.is_started() {
            self.end_activity(scheduled_event_id, &identity)
        } else {
            self.drop_activity(scheduled_event_id)
        };
        self.append_activity_end(EventAttributes::ActivityTaskTimedOutEventAttributes(
            ActivityTaskTimedOutEventAttributes {
                failure: Some(Failure { cause, ..reported }),
                scheduled_event_id,
                started_event_id,
                retry_state: retry_state as i32,
            },
        ));
    }

    /// Prepares the next attempt, or says why there is none.
    pub(super) fn retry_activity(&mut self, scheduled_event_id: i64, failure: &Failure) -> Result<(), RetryState> {
        let now = self.now;
        let activity = self
            .run
            .activities
            .get_mut(&scheduled_event_id)
            .expect("an open activity");
        if activity.cancel_requested_event_id != 0 {
            return Err(RetryState::CancelRequested);
        }
        if retry::is_end_of_time(failure) {
            return Err(RetryState::Timeout);
        }
        let delay = retry::next_delay(&retry::Attempt {
            policy: activity.retry_policy.as_ref(),
            attempt: activity.attempt_number(),
            failure,
            now,
            expires: Turn::deadline(activity.scheduled_ns, activity.schedule_to_close_ns),
        })?;
        activity.set_state(ActivityState::Scheduled);
        activity.attempt += 1;
        activity.attempt_scheduled_ns = now.plus(delay).nanos();
        activity.last_attempt_complete_ns = now.nanos();
        activity.backing_off = true;
        activity.started_ns = 0;
        activity.heartbeat_ns = 0;
        activity.in_process = false;
        activity.started_request_id.clear();
        activity.last_identity = std::mem::take(&mut activity.identity);
        activity.last_failure = Some(failure.clone());
        apply_reset(activity);
        self.transition.durable = true;
        Ok(())
    }

    /// Takes the activity out of the run and writes the start of its last attempt. Returns that event's id; 0 while it is
    /// buffered.
    pub(super) fn end_activity(&mut self, scheduled_event_id: i64, identity: &str) -> i64 {
        let activity = self
            .run
            .activities
            .remove(&scheduled_event_id)
            .expect("an open activity");
        let attempt = activity.attempt_number();
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
                attempt,
                last_failure: activity.last_failure.filter(|_| attempt > 1),
                ..Default::default()
            }),
        );
        if self.workflow_task_is_started() {
            self.run.buffer(started);
            0
        } else {
            self.append_event(started)
        }
    }

    /// Takes an activity that no worker holds out of the run. Returns the id of its `started` event: there is none.
    pub(super) fn drop_activity(&mut self, scheduled_event_id: i64) -> i64 {
        self.run.activities.remove(&scheduled_event_id);
        0
    }

    pub(super) fn append_activity_end(&mut self, attributes: EventAttributes) {
        self.append_outside(attributes);
        self.tell_pauses_that_are_over();
        self.ensure_workflow_task();
    }
}
