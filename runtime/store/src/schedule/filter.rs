//! Which schedules a query matches. There are few of them, and what they are searched by lies inside of their messages, so
//! they are read and looked at. `NOT` is moved inward while a query is read, so that a comparison with an attribute that is
//! not there is false either way.

use std::cmp::Ordering;

use serde_json::Value;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value as SqlValue};
use wrt_model::Schedule;

use crate::{
    StoreError,
    visibility::query::{self, STARTS_WITH, invalid},
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

#[derive(Debug, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// The attribute, or one of its values if it has several, compares so with the value, or does not.
    Compare {
        name: String,
        comparison: Comparison,
        value: Value,
        negated: bool,
    },
    IsNull {
        name: String,
        negated: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    Greater,
    StartsWith,
}

use Comparison::*;

impl Filter {
    /// Reads a query. Values of search attributes have no fixed types here: what cannot be compared does not match.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let (filter, group_by) = query::parse_any(text)?;
        let group_by_paused = match group_by.as_slice() {
            [] => false,
            [expression] if attribute(expression)? == PAUSED => true,
            _ => return Err(invalid("GROUP BY takes TemporalSchedulePaused, and nothing else")),
        };
        Ok(Filter {
            condition: filter.as_ref().map(|filter| condition(filter, false)).transpose()?,
            group_by_paused,
        })
    }

    /// Whether the schedule is one of those that are looked for.
    pub(super) fn matches(&self, schedule: &Schedule) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.holds(schedule))
    }
}

// === Reading ===

fn condition(expression: &Expr, negated: bool) -> Result<Condition, StoreError> {
    match expression {
        Expr::Nested(inner) => condition(inner, negated),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => condition(expr, !negated),
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            right,
        } => {
            let both = vec![condition(left, negated)?, condition(right, negated)?];
            Ok(join((*op == BinaryOperator::Or) != negated, both))
        }
        Expr::BinaryOp { left, op, right } => comparison(attribute(left)?, op, value(right)?, negated),
        Expr::Between {
            expr,
            negated: not,
            low,
            high,
        } => {
            let negated = negated != *not;
            let bound = |op, bound| comparison(attribute(expr)?, &op, value(bound)?, negated);
            let bounds = vec![bound(BinaryOperator::GtEq, low)?, bound(BinaryOperator::LtEq, high)?];
            Ok(join(negated, bounds))
        }
        Expr::InList {
            expr,
            list,
            negated: not,
        } => {
            let negated = negated != *not;
            let items = list
                .iter()
                .map(|item| comparison(attribute(expr)?, &BinaryOperator::Eq, value(item)?, negated));
            Ok(join(!negated, items.collect::<Result<_, _>>()?))
        }
        Expr::IsNull(inner) => is_null(inner, negated),
        Expr::IsNotNull(inner) => is_null(inner, !negated),
        other => Err(invalid(format!(
            "{other} is not a condition; conditions are =, !=, <, <=, >, >=, IN, BETWEEN, IS NULL and STARTS_WITH on \
             ScheduleId, TemporalSchedulePaused or a search attribute, joined by AND, OR, NOT and parentheses"
        ))),
    }
}

fn join(any: bool, conditions: Vec<Condition>) -> Condition {
    if any {
        Condition::Any(conditions)
    } else {
        Condition::All(conditions)
    }
}

fn comparison(name: String, operator: &BinaryOperator, value: Value, negated: bool) -> Result<Condition, StoreError> {
    let (comparison, not) = match operator {
        BinaryOperator::Eq => (Equal, false),
        BinaryOperator::NotEq => (Equal, true),
        BinaryOperator::Lt => (Less, false),
        BinaryOperator::GtEq => (Less, true),
        BinaryOperator::Gt => (Greater, false),
        BinaryOperator::LtEq => (Greater, true),
        BinaryOperator::Custom(word) if word == STARTS_WITH => (StartsWith, false),
        other => return Err(invalid(format!("operator {other} is not supported"))),
    };
    Ok(Condition::Compare {
        name,
        comparison,
        value,
        negated: negated != not,
    })
}

fn is_null(expression: &Expr, negated: bool) -> Result<Condition, StoreError> {
    Ok(Condition::IsNull {
        name: attribute(expression)?,
        negated,
    })
}

/// The name of an attribute. Backticks around it are allowed.
fn attribute(expression: &Expr) -> Result<String, StoreError> {
    match expression {
        Expr::Identifier(name) if matches!(name.quote_style, None | Some('`')) => Ok(name.value.clone()),
        other => Err(invalid(format!(
            "{other} is not the name of an attribute; write for instance ScheduleId"
        ))),
    }
}

fn value(expression: &Expr) -> Result<Value, StoreError> {
    let value = match expression {
        Expr::Identifier(name) if name.quote_style == Some('"') => Some(Value::from(name.value.as_str())),
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) | SqlValue::DoubleQuotedString(text) => Some(Value::from(text.as_str())),
            SqlValue::Number(digits, false) => serde_json::from_str(digits).ok(),
            SqlValue::Boolean(flag) => Some(Value::from(*flag)),
            _ => None,
        },
        _ => None,
    };
    value.ok_or_else(|| {
        invalid(format!(
            "{expression} is not a value; write a text in single quotes, a number, true or false"
        ))
    })
}

// === Looking ===

impl Condition {
    fn holds(&self, schedule: &Schedule) -> bool {
        match self {
            Condition::All(conditions) => conditions.iter().all(|condition| condition.holds(schedule)),
            Condition::Any(conditions) => conditions.iter().any(|condition| condition.holds(schedule)),
            Condition::IsNull { name, negated } => attribute_of(schedule, name).is_null() != *negated,
            Condition::Compare {
                name,
                comparison,
                value,
                negated,
            } => match attribute_of(schedule, name) {
                Value::Null => false,
                Value::Array(held) => held.iter().any(|held| comparison.holds(held, value)) != *negated,
                held => comparison.holds(&held, value) != *negated,
            },
        }
    }
}

impl Comparison {
    fn holds(self, held: &Value, asked: &Value) -> bool {
        match self {
            Equal => order(held, asked) == Some(Ordering::Equal),
            Less => order(held, asked) == Some(Ordering::Less),
            Greater => order(held, asked) == Some(Ordering::Greater),
            StartsWith => match (held, asked) {
                (Value::String(held), Value::String(prefix)) => held.starts_with(prefix),
                _ => false,
            },
        }
    }
}

/// How two values compare; `None` when they do not.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        // Temporal's clients write 'true' as well.
        (Value::Bool(left), Value::String(right)) => Some(left.cmp(&right.parse().ok()?)),
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        _ => None,
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
