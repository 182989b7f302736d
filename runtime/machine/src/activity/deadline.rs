//! What happens to activities by itself, because time passes.

use wrt_model::{
    Run, Time,
    proto::enums::TimeoutType,
    run::{Activity, ActivityState},
};

use crate::Turn;

impl Turn<'_> {
    /// Lets everything happen to activities whose time has come.
    pub(crate) fn run_activity_deadlines(&mut self) {
        let due: Vec<(i64, Deadline)> = self
            .run
            .activities
            .iter()
            .filter_map(|(&id, activity)| {
                let (time, what) = first_deadline(activity, self.run.holds(activity))?;
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
            .filter_map(|activity| Some(first_deadline(activity, run.holds(activity))?.0))
            .min()
    }
}

#[derive(Clone, Copy)]
enum Deadline {
    NextAttempt,
    Timeout(TimeoutType),
}

/// The first thing that happens to the activity by itself. No attempt of one that is held begins, nor is one missed.
fn first_deadline(activity: &Activity, is_held: bool) -> Option<(Time, Deadline)> {
    let timeout = |start_ns, nanos, kind| Turn::deadline(start_ns, nanos).map(|time| (time, Deadline::Timeout(kind)));
    let to_close = timeout(
        activity.scheduled_ns,
        activity.schedule_to_close_ns,
        TimeoutType::ScheduleToClose,
    );
    let own = match activity.state() {
        ActivityState::Scheduled if is_held => [None, None],
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
