//! What operators do with activities that have not ended: pausing them, letting them go on, resetting them.
//!
//! None of it leaves an event. An attempt that a worker holds goes on, and its worker hears of it with the next heartbeat;
//! one that waits is called back, so that whoever finds it in a queue does not get it.

use std::time::Duration;

use wrt_model::{
    run::{Activity, Pause},
    time::span_nanos,
};

use crate::{Rejection, Turn};

/// Which open activities of a run are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum ActivitySelector {
    /// The one with this id.
    Id(String),
    /// Those of this type.
    Type(String),
    /// All of them.
    All,
}

/// Spreads the starts of activities over a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jitter {
    /// The longest wait.
    pub span: Duration,
    /// Where in the span they start follows from this.
    pub seed: u64,
}

/// How activities go on after a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActivityUnpause {
    /// The current attempt counts as the first.
    pub reset_attempts: bool,
    /// What heartbeats have said is forgotten.
    pub reset_heartbeat: bool,
    /// When they start.
    pub jitter: Jitter,
}

/// How activities begin anew.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActivityReset {
    /// What heartbeats have said is forgotten.
    pub reset_heartbeat: bool,
    /// Those that are paused stay so.
    pub keep_paused: bool,
    /// The options are again those that the workflow gave.
    pub restore_original_options: bool,
    /// When they start.
    pub jitter: Jitter,
}

/// What a worker hears upon a heartbeat. Each of them asks the attempt to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatAnswer {
    /// The workflow wants the activity canceled.
    pub cancel_requested: bool,
    /// No attempt follows this one before somebody lets the activity go on.
    pub activity_paused: bool,
    /// It has been reset: this attempt counts as the first.
    pub activity_reset: bool,
}

impl HeartbeatAnswer {
    /// True when the attempt is asked to stop, for whatever reason.
    pub fn asks_to_stop(self) -> bool {
        self.cancel_requested || self.activity_paused || self.activity_reset
    }
}

impl Turn<'_> {
    /// Lets no further attempt begin, from now on. The request that has paused an activity may come again.
    pub fn pause_activities(&mut self, which: &ActivitySelector, pause: &Pause) -> Result<(), Rejection> {
        let time_ns = self.now.nanos();
        let selected = self.select_activities(which)?;
        let is_paused_by_another = |scheduled_event_id: &i64| {
            let paused = self.run.activities[scheduled_event_id].pause.as_ref();
            paused.is_some_and(|paused| paused.request_id != pause.request_id)
        };
        if selected.iter().any(is_paused_by_another) {
            return Err(Rejection::FailedPrecondition("activity is already paused".into()));
        }
        for scheduled_event_id in selected {
            let activity = self.activity(scheduled_event_id);
            if activity.pause.is_none() {
                activity.pause = Some(Pause {
                    time_ns,
                    ..pause.clone()
                });
                self.hold_activity(scheduled_event_id);
            }
        }
        self.tell_pauses();
        Ok(())
    }

    /// Lets activities go on, at once or within the jitter. Those that are not paused stay as they are.
    pub fn unpause_activities(&mut self, which: &ActivitySelector, unpause: ActivityUnpause) -> Result<(), Rejection> {
        for scheduled_event_id in self.select_activities(which)? {
            let activity = self.activity(scheduled_event_id);
            if activity.pause.take().is_none() {
                continue;
            }
            if unpause.reset_attempts {
                activity.restart_attempts();
            }
            if unpause.reset_heartbeat {
                forget_heartbeats(activity);
            }
            self.resume_activity(scheduled_event_id, unpause.jitter.wait(scheduled_event_id));
        }
        self.tell_pauses();
        Ok(())
    }

    /// Lets activities begin anew: their timeouts and attempts count from now. An attempt that is with a worker is the first
    /// of them, and what heartbeats have said is forgotten when it ends.
    pub fn reset_activities(&mut self, which: &ActivitySelector, reset: ActivityReset) -> Result<(), Rejection> {
        let now_ns = self.now.nanos();
        for scheduled_event_id in self.select_activities(which)? {
            let activity = self.activity(scheduled_event_id);
            if reset.restore_original_options {
                super::update_options::restore(activity);
            }
            if !reset.keep_paused {
                activity.pause = None;
            }
            activity.scheduled_ns = now_ns;
            activity.restart_attempts();
            activity.reset_requested = activity.is_started();
            activity.resets_heartbeat = reset.reset_heartbeat;
            if activity.is_started() {
                self.transition.cancellations.push(scheduled_event_id);
                self.transition.durable = true;
                continue;
            }
            apply_reset(activity);
            activity.recall();
            self.resume_activity(scheduled_event_id, reset.jitter.wait(scheduled_event_id));
        }
        self.tell_pauses();
        Ok(())
    }

    /// Calls the waiting attempt of an activity back, or tells the worker that holds it.
    pub(crate) fn hold_activity(&mut self, scheduled_event_id: i64) {
        let activity = self.activity(scheduled_event_id);
        if activity.is_started() {
            self.transition.cancellations.push(scheduled_event_id);
        } else {
            activity.recall();
        }
        self.transition.durable = true;
    }

    /// Lets an attempt that waits begin after `wait`, unless something else holds it.
    pub(crate) fn resume_activity(&mut self, scheduled_event_id: i64, wait: Duration) {
        let now_ns = self.now.nanos();
        let activity = self.activity(scheduled_event_id);
        if !activity.is_started() {
            activity.attempt_scheduled_ns = now_ns.saturating_add(span_nanos(wait));
            activity.backing_off = !wait.is_zero();
            self.offer_activity(scheduled_event_id);
        }
        self.transition.durable = true;
    }

    /// Hands the attempt out, if that can be done now. That may have been done before: only one worker gets it.
    pub fn offer_activity(&mut self, scheduled_event_id: i64) {
        if self.run.offers(&self.run.activities[&scheduled_event_id]) {
            self.transition.dispatches.push(scheduled_event_id);
        }
    }

    pub(super) fn select_activities(&self, which: &ActivitySelector) -> Result<Vec<i64>, Rejection> {
        self.check_open()?;
        let activities = self.run.activities.iter();
        let selected: Vec<i64> = activities
            .filter(|(_, activity)| match which {
                ActivitySelector::Id(id) => activity.activity_id == *id,
                ActivitySelector::Type(kind) => activity.activity_type == *kind,
                ActivitySelector::All => true,
            })
            .map(|(&scheduled_event_id, _)| scheduled_event_id)
            .collect();
        if selected.is_empty() {
            return Err(Rejection::ActivityNotFound(
                "Can't find pending activity with such ID. Invalid activityID or activity already completed".to_owned(),
            ));
        }
        Ok(selected)
    }

    pub(super) fn activity(&mut self, scheduled_event_id: i64) -> &mut Activity {
        let activity = self.run.activities.get_mut(&scheduled_event_id);
        activity.expect("the activity was found in this turn")
    }
}

impl Jitter {
    /// The wait of one activity: below the span, and even over many of them.
    fn wait(&self, scheduled_event_id: i64) -> Duration {
        // The finish of the generator SplitMix64 (Steele, Lea and Flood, 2014).
        let mut bits = self.seed ^ scheduled_event_id.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let nanos = (u128::from(bits) * self.span.as_nanos()) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Ends a reset, now that no worker holds the activity.
pub(super) fn apply_reset(activity: &mut Activity) {
    activity.reset_requested = false;
    if std::mem::take(&mut activity.resets_heartbeat) {
        forget_heartbeats(activity);
    }
}

fn forget_heartbeats(activity: &mut Activity) {
    activity.heartbeat_details = None;
    activity.heartbeat_ns = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_spreads_evenly_and_is_the_same_each_time() {
        let jitter = Jitter {
            span: Duration::from_secs(100),
            seed: 7,
        };
        let mut tenths = [0; 10];
        for id in 1..=10_000 {
            let wait = jitter.wait(id);
            assert_eq!(wait, jitter.wait(id));
            tenths[usize::try_from(wait.as_secs() / 10).expect("small")] += 1;
        }
        assert!(tenths.iter().all(|count| (900..1100).contains(count)), "{tenths:?}");
        assert_eq!(Jitter::default().wait(5), Duration::ZERO);
    }
}
