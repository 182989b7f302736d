//! From times to starts: what is due, what is to be done for times that have passed, and when to look again.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{enums::ScheduleOverlapPolicy, schedule::BackfillRequest},
    schedule::ScheduledStart,
    time::span,
};

use super::{Occurrence, ScheduleEffect, ScheduleTurn};

/// Times that one turn looks at. What is left is for the next turn, which follows at once.
pub(super) const TIMES_PER_TURN: usize = 10_000;

/// Starts and backfills that can wait.
pub(super) const BUFFER: usize = 1000;

/// Starts of backfills that are made together, when nothing but this holds them back.
const BACKFILL_STARTS: usize = 10;

/// The pause between these.
const BACKFILL_PACE: Duration = Duration::from_secs(1);

/// How long a schedule is kept that has nothing to do any more.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl ScheduleTurn<'_> {
    /// Buffers a start for each time of the spec that has come.
    pub(super) fn take_due_times(&mut self) {
        if !self.may_act() {
            // The times of a pause are nobody's.
            self.schedule.processed_ns = self.schedule.processed_ns.max(self.now.nanos());
            return;
        }
        let window = self.catchup_window();
        while let Some(due) = self.next_time().filter(|next| next.actual <= self.now) {
            if !self.spend() {
                return;
            }
            self.schedule.processed_ns = due.nominal.nanos();
            if due.actual.nanos() < self.schedule.updated_ns {
                continue;
            }
            if self.now.since(due.actual) > window {
                self.schedule.info.missed_catchup_window += 1;
            } else {
                self.buffer(due, ScheduleOverlapPolicy::Unspecified, false);
            }
        }
    }

    /// Buffers a start, unless the buffer is full.
    pub(super) fn buffer(
        &mut self,
        time: Occurrence,
        policy: ScheduleOverlapPolicy,
        manual: bool,
    ) -> Option<&mut ScheduledStart> {
        if self.schedule.buffered.len() >= BUFFER {
            self.schedule.info.buffer_dropped += 1;
            return None;
        }
        let number = self.schedule.next_start_number;
        self.schedule.next_start_number += 1;
        let number_in_second = if manual {
            0
        } else {
            self.number_behind_triggers(time.nominal)
        };
        self.schedule.buffered.push(ScheduledStart {
            number,
            nominal_ns: time.nominal.nanos(),
            actual_ns: time.actual.nanos(),
            overlap_policy: policy as i32,
            manual,
            number_in_second,
            ..Default::default()
        });
        self.schedule.buffered.last_mut()
    }

    /// Remembers a span of time that is to be gone through.
    pub(super) fn add_backfill(&mut self, mut backfill: BackfillRequest) {
        if self.schedule.backfills.len() >= BUFFER {
            self.schedule.info.buffer_dropped += 1;
            return;
        }
        // Its first moment counts.
        let start = backfill.start_time.as_ref().map_or(Time::EPOCH, Time::from);
        backfill.start_time = Some(start.minus(Duration::from_nanos(1)).into());
        self.schedule.backfills.push(backfill);
    }

    /// Buffers the next starts of backfills; half of the buffer is left for others. Says whether there were any.
    pub(super) fn take_backfills(&mut self) -> bool {
        if self.now.nanos() < self.schedule.backfill_ns {
            return false;
        }
        let mut room = BACKFILL_STARTS.min((BUFFER / 2).saturating_sub(self.schedule.buffered.len()));
        let mut progress = false;
        while room > 0 && !self.schedule.backfills.is_empty() && self.spend() {
            let backfill = &self.schedule.backfills[0];
            let after = backfill.start_time.as_ref().map_or(Time::EPOCH, Time::from);
            let end = backfill.end_time.as_ref().map_or(Time::EPOCH, Time::from);
            let policy = backfill.overlap_policy();
            match self.spec.next(after).filter(|next| next.actual <= end) {
                Some(next) => {
                    self.schedule.backfills[0].start_time = Some(next.nominal.into());
                    self.buffer(next, policy, true);
                    room -= 1;
                }
                None => drop(self.schedule.backfills.remove(0)),
            }
            progress = true;
        }
        if progress && self.backfills_run_beside() {
            self.schedule.backfill_ns = self.now.plus(BACKFILL_PACE).nanos();
        }
        progress
    }

    /// Whether no overlap policy holds back the next starts of backfills.
    fn backfills_run_beside(&self) -> bool {
        let next = self.schedule.backfills.first();
        next.is_some_and(|next| self.policy_or_own(next.overlap_policy()) == ScheduleOverlapPolicy::AllowAll)
    }

    /// When to look again. Deletes the schedule when it has had nothing to do for long.
    pub(super) fn wake_up(&mut self) -> Option<Time> {
        if self.budget == 0 {
            return Some(self.now);
        }
        let next = self.may_act().then(|| self.next_time()).flatten();
        let expiry = next.is_none().then(|| self.expiry()).flatten();
        if expiry.is_some_and(|expiry| expiry <= self.now) {
            self.effects.push(ScheduleEffect::Delete);
            return None;
        }
        let backfill = self
            .backfills_run_beside()
            .then_some(Time::from_nanos(self.schedule.backfill_ns));
        let retry = self
            .schedule
            .starting
            .iter()
            .map(|start| start.retry_ns)
            .filter(|&retry| retry > 0)
            .min();
        [
            next.map(|next| next.actual),
            expiry,
            backfill,
            retry.map(Time::from_nanos),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// How late an action may come.
    pub(super) fn catchup_window(&self) -> Duration {
        let window = self.schedule.policies.catchup_window.as_ref();
        window.map_or(super::CATCHUP_WINDOW, span)
    }

    fn next_time(&self) -> Option<Occurrence> {
        self.spec.next(Time::from_nanos(self.schedule.processed_ns))
    }

    /// When a schedule that is done with everything is deleted.
    fn expiry(&self) -> Option<Time> {
        let schedule = &*self.schedule;
        let is_busy = schedule.running().next().is_some()
            || !(schedule.starting.is_empty() && schedule.buffered.is_empty() && schedule.backfills.is_empty());
        if schedule.state.paused || is_busy {
            return None;
        }
        let actions = schedule
            .info
            .recent_actions
            .iter()
            .filter_map(|action| action.actual_time.as_ref());
        let last_action = actions.map(Time::from).max();
        let last_event = last_action
            .into_iter()
            .chain([schedule.created(), Time::from_nanos(schedule.updated_ns)])
            .max()?;
        Some(last_event.plus(RETENTION))
    }

    /// Whether another time may be looked at.
    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }
}
