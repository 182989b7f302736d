//! Which schedules a query matches. There are few of them, and what they are searched by lies inside of their messages, so
//! they are read and looked at.

use serde_json::Value as Json;
use wrt_model::{Schedule, SearchAttributeValue, Time};

use crate::{
    StoreError,
    condition::{Condition, attribute},
    search_attribute::{Schema, values, words},
    visibility::{
        Value,
        attribute::Attribute,
        literal::Literal,
        query::{self, invalid},
    },
};

const SCHEDULE_ID: &str = "ScheduleId";
const PAUSED: &str = "TemporalSchedulePaused";

/// A query that makes sense.
pub(super) struct Filter<'a> {
    condition: Option<Condition>,
    schema: &'a Schema,
    /// `GROUP BY TemporalSchedulePaused`.
    pub(super) group_by_paused: bool,
}

impl<'a> Filter<'a> {
    /// Reads a query about schedules that have the attributes of this schema.
    pub(super) fn parse(text: &str, schema: &'a Schema, now: Time) -> Result<Self, StoreError> {
        let (filter, group_by) = query::parse_any(text)?;
        let group_by_paused = match group_by.as_slice() {
            [] => false,
            [expression] if attribute(expression)? == PAUSED => true,
            _ => return Err(invalid("GROUP BY takes TemporalSchedulePaused, and nothing else")),
        };
        let condition = filter.as_ref().map(Condition::new).transpose()?;
        let typed = |condition: Condition| condition.with_values(&|name, asked| asked_values(name, asked, schema, now));
        Ok(Filter {
            condition: condition.map(typed).transpose()?,
            schema,
            group_by_paused,
        })
    }

    /// Whether the schedule is one of those that are looked for.
    pub(super) fn matches(&self, schedule: &Schedule) -> bool {
        let attribute = |name: &str| self.attribute_of(schedule, name);
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.holds(&attribute))
    }

    /// The values of an attribute; null when the schedule has none.
    fn attribute_of(&self, schedule: &Schedule, name: &str) -> Json {
        match name {
            SCHEDULE_ID => return Json::from(schedule.schedule_id.as_str()),
            PAUSED => return Json::from(i64::from(schedule.state.paused)),
            _ => {}
        }
        let fields = schedule.search_attributes.as_ref();
        let payload = fields.and_then(|attributes| attributes.indexed_fields.get(name));
        let value = payload
            .zip(self.schema.get(name))
            .and_then(|(payload, attribute)| SearchAttributeValue::decode(payload, attribute.value_type).ok()?);
        match value {
            Some(value) => values(value).into_iter().map(json).collect(),
            None => Json::Null,
        }
    }
}

/// The values that an attribute is compared with, one of which is meant, as rows of runs would hold them.
fn asked_values(name: &str, asked: Option<&Literal>, schema: &Schema, now: Time) -> Result<Vec<Json>, StoreError> {
    if name == SCHEDULE_ID {
        return match asked {
            Some(Literal::Text(text)) => Ok(vec![Json::from(text.as_str())]),
            Some(other) => Err(invalid(format!(
                "{name} cannot be {other}; it takes a text in single quotes"
            ))),
            None => Ok(Vec::new()),
        };
    }
    let attribute = Attribute::named(name, schema)?;
    let Some(asked) = asked else { return Ok(Vec::new()) };
    Ok(match attribute.value(asked, now)? {
        Value::Text(text) if attribute.is_text() => words(&text).into_iter().map(Json::from).collect(),
        value => vec![json(value)],
    })
}

fn json(value: Value) -> Json {
    match value {
        Value::Number(number) => Json::from(number),
        Value::Real { bits } => Json::from(f64::from_bits(bits)),
        Value::Text(text) => Json::from(text),
    }
}
