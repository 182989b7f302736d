//! What is shown of a schedule.

use prost::Message as _;
use prost_types::Timestamp;
use wrt_model::{
    Schedule, Time,
    proto::{
        schedule::{Schedule as Definition, ScheduleInfo, ScheduleListEntry, ScheduleListInfo, ScheduleSpec},
        workflowservice::DescribeScheduleResponse,
    },
};

use super::compiled;

/// Future action times of a description.
const FUTURE_TIMES: usize = 10;

/// Action times of one query.
const MATCHING_TIMES: usize = 1000;

/// Recent actions and future action times of a list's entry.
const LISTED: usize = 5;

/// Calendars, intervals and exclusions of a list's entry.
const LISTED_SPECS: usize = 10;

/// Everything about a schedule.
pub fn describe(schedule: &Schedule, now: Time) -> DescribeScheduleResponse {
    DescribeScheduleResponse {
        schedule: Some(Definition {
            spec: Some(schedule.spec.clone()),
            action: schedule.action.clone(),
            policies: Some(schedule.policies),
            state: Some(schedule.state.clone()),
        }),
        info: Some(ScheduleInfo {
            buffer_size: i64::try_from(schedule.buffered.len()).unwrap_or(i64::MAX),
            running_workflows: schedule.running().cloned().collect(),
            future_action_times: future_times(schedule, now, FUTURE_TIMES),
            state_size_bytes: state_size(schedule),
            ..schedule.info.clone()
        }),
        memo: schedule.memo.clone(),
        search_attributes: schedule.search_attributes.clone(),
        conflict_token: schedule.conflict_token.to_be_bytes().to_vec(),
    }
}

/// What lists show.
pub fn list_entry(schedule: &Schedule, now: Time) -> ScheduleListEntry {
    let mut spec = ScheduleSpec {
        timezone_data: Vec::new(),
        ..schedule.spec.clone()
    };
    spec.structured_calendar.truncate(LISTED_SPECS);
    spec.interval.truncate(LISTED_SPECS);
    spec.exclude_structured_calendar.truncate(LISTED_SPECS);
    let recent = &schedule.info.recent_actions;
    ScheduleListEntry {
        schedule_id: schedule.schedule_id.clone(),
        memo: schedule.memo.clone(),
        search_attributes: schedule.search_attributes.clone(),
        info: Some(ScheduleListInfo {
            spec: Some(spec),
            workflow_type: schedule.workflow().and_then(|workflow| workflow.workflow_type.clone()),
            notes: schedule.state.notes.clone(),
            paused: schedule.state.paused,
            recent_actions: recent[recent.len().saturating_sub(LISTED)..].to_vec(),
            future_action_times: future_times(schedule, now, LISTED),
            state_size_bytes: state_size(schedule),
        }),
    }
}

/// The conflict token that a client sends back; `None` when it is none of ours, 0 when it is empty.
pub fn conflict_token(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [] => Some(0),
        bytes => bytes.try_into().ok().map(i64::from_be_bytes),
    }
}

/// The action times after `start` until `end`, at most a thousand.
pub fn matching_times(schedule: &Schedule, start: Time, end: Time) -> Vec<Timestamp> {
    let times = compiled(schedule).times(start).take_while(|time| time.actual <= end);
    times.take(MATCHING_TIMES).map(|time| time.actual.into()).collect()
}

/// The next action times, whether or not the schedule is paused, and not more than it may act.
fn future_times(schedule: &Schedule, now: Time, most: usize) -> Vec<Timestamp> {
    let remaining = usize::try_from(schedule.state.remaining_actions).unwrap_or(0);
    let most = if schedule.state.limited_actions {
        most.min(remaining)
    } else {
        most
    };
    let spec = compiled(schedule);
    // A time whose jitter has not passed yet may lie behind us.
    let after = spec.before_pending(now).max(Time::from_nanos(schedule.processed_ns));
    let times = spec.times(after).filter(|time| time.actual > now);
    times.take(most).map(|time| time.actual.into()).collect()
}

fn state_size(schedule: &Schedule) -> i64 {
    i64::try_from(schedule.encoded_len()).unwrap_or(i64::MAX)
}
