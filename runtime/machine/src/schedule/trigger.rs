//! Triggers: starts that somebody asks for now.
//!
//! The workflow of a start is named after its second. Where several begin in one second, each has a number of its own, so
//! that every trigger has its run.

use wrt_model::{
    Time,
    proto::schedule::{SchedulePatch, TriggerImmediatelyRequest},
};

use super::{Occurrence, ScheduleRejection, ScheduleTurn, action::timed_workflow_id, due};

const SECOND_NS: i64 = 1_000_000_000;

impl ScheduleTurn<'_> {
    /// Refuses what would only be dropped: its caller is to hear that it has nothing.
    pub(super) fn check_room(&self, patch: &SchedulePatch) -> Result<(), ScheduleRejection> {
        let triggers = usize::from(patch.trigger_immediately.is_some());
        let is_full = self.schedule.buffered.len() + triggers > due::BUFFER
            || self.schedule.backfills.len() + patch.backfill_request.len() > due::BUFFER;
        match is_full {
            true => Err(ScheduleRejection::Full),
            false => Ok(()),
        }
    }

    /// Buffers a start. A caller who names its time names its workflow too.
    pub(super) fn trigger(&mut self, trigger: &TriggerImmediatelyRequest) {
        let named = trigger.scheduled_time.as_ref().map(Time::from);
        let time = named.unwrap_or(self.now);
        let occurrence = Occurrence {
            nominal: time,
            actual: time,
        };
        let number = if named.is_none() { self.number_in_second() } else { 0 };
        if let Some(start) = self.buffer(occurrence, trigger.overlap_policy(), true) {
            start.number_in_second = number;
        }
    }

    /// How many starts have this second before another one.
    fn number_in_second(&mut self) -> u32 {
        let second = self.now.nanos().div_euclid(SECOND_NS);
        if self.schedule.triggered_second == second {
            self.schedule.triggers_in_second += 1;
        } else {
            self.schedule.triggers_in_second = u32::from(self.has_start_in(second));
            self.schedule.triggered_second = second;
        }
        self.schedule.triggers_in_second
    }

    /// The number of a start of the spec: jitter may bring it after a trigger of its second.
    pub(super) fn number_behind_triggers(&mut self, nominal: Time) -> u32 {
        if self.schedule.triggered_second != nominal.nanos().div_euclid(SECOND_NS) {
            return 0;
        }
        self.schedule.triggers_in_second += 1;
        self.schedule.triggers_in_second
    }

    /// Whether the schedule has acted in this second by itself.
    fn has_start_in(&self, second: i64) -> bool {
        let schedule = &*self.schedule;
        let mut waiting = schedule.buffered.iter().chain(&schedule.starting);
        let Some(workflow) = schedule.workflow() else {
            return false;
        };
        let workflow_id = timed_workflow_id(&workflow.workflow_id, self.now);
        let recent = schedule.info.recent_actions.iter();
        let mut begun = recent
            .filter_map(|action| action.start_workflow_result.as_ref())
            .chain(schedule.running());
        waiting.any(|start| start.nominal_ns.div_euclid(SECOND_NS) == second)
            || begun.any(|execution| execution.workflow_id == workflow_id)
    }
}
