//! Which schedules a query matches. There are few of them, and what they are searched by lies inside of their messages, so
//! they are read and looked at.

use serde_json::Value;
use wrt_model::Schedule;

use crate::{
    StoreError,
    condition::{Condition, attribute},
    visibility::query::{self, invalid},
};

const SCHEDULE_ID: &str = "ScheduleId";
const PAUSED: &str = "TemporalSchedulePaused";

/// A query that makes sense.
#[derive(Debug, PartialEq)]
pub(super) struct Filter {
    condition: Option<Condition>,
    /// `GROUP BY TemporalSchedulePaused`.
    pub(super) group_by_paused: bool,
}

impl Filter {
    /// Reads a query.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let (filter, group_by) = query::parse_any(text)?;
        let group_by_paused = match group_by.as_slice() {
            [] => false,
            [expression] if attribute(expression)? == PAUSED => true,
            _ => return Err(invalid("GROUP BY takes TemporalSchedulePaused, and nothing else")),
        };
        Ok(Filter {
            condition: filter.as_ref().map(Condition::new).transpose()?,
            group_by_paused,
        })
    }

    /// Whether the schedule is one of those that are looked for.
    pub(super) fn matches(&self, schedule: &Schedule) -> bool {
        let attribute = |name: &str| attribute_of(schedule, name);
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.holds(&attribute))
    }
}

/// The value of an attribute; null when the schedule has none.
fn attribute_of(schedule: &Schedule, name: &str) -> Value {
    match name {
        SCHEDULE_ID => Value::from(schedule.schedule_id.as_str()),
        PAUSED => Value::from(schedule.state.paused),
        name => schedule
            .search_attributes
            .as_ref()
            .and_then(|attributes| attributes.indexed_fields.get(name))
            .and_then(|payload| serde_json::from_slice(&payload.data).ok())
            .unwrap_or(Value::Null),
    }
}
