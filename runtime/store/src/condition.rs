//! Conditions on things that no column describes: they are few, so each is looked at. `NOT` is moved inward while a query is
//! read, so that a comparison with an attribute that is not there is false either way.

use std::cmp::Ordering;

use serde_json::Value;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::{
    StoreError,
    visibility::{
        literal::Literal,
        query::{self, STARTS_WITH, invalid},
    },
};

/// A condition on something that has attributes.
#[derive(Debug, PartialEq)]
pub struct Condition(Node);

#[derive(Debug, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    /// The attribute, or one of its values if it has several, compares so with the value, or does not.
    Compare {
        name: String,
        comparison: Comparison,
        /// As it is written.
        literal: Literal,
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

impl Condition {
    /// Reads a filter of Temporal's list filter language, about things with attributes of these names. An empty one always
    /// holds.
    ///
    /// Errors: [`StoreError::InvalidQuery`].
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, StoreError> {
        let (filter, group_by) = query::parse_any(text)?;
        if !group_by.is_empty() {
            return Err(invalid("GROUP BY is not supported here"));
        }
        let condition = match filter {
            Some(filter) => Self::new(&filter)?,
            None => Condition(Node::All(Vec::new())),
        };
        match condition.0.unknown(names) {
            None => Ok(condition),
            Some(name) => Err(invalid(format!(
                "{name} is not an attribute; there are {}",
                names.join(", ")
            ))),
        }
    }

    /// The condition that an expression states. Values of attributes have no fixed types: what cannot be compared does not
    /// match.
    pub(crate) fn new(expression: &Expr) -> Result<Self, StoreError> {
        node(expression, false).map(Condition)
    }

    /// The condition with other values in the place of those that are written: each comparison is one with any of what
    /// `values` makes of the attribute's name and the literal, of which `IS NULL` has none.
    pub(crate) fn with_values(
        self,
        values: &impl Fn(&str, Option<&Literal>) -> Result<Vec<Value>, StoreError>,
    ) -> Result<Self, StoreError> {
        self.0.with_values(values).map(Condition)
    }

    /// Whether it holds for the thing whose attributes are these; one that it does not have is null.
    pub fn holds(&self, attribute: &impl Fn(&str) -> Value) -> bool {
        self.0.holds(attribute)
    }
}

// === Reading ===

fn node(expression: &Expr, negated: bool) -> Result<Node, StoreError> {
    match expression {
        Expr::Nested(inner) => node(inner, negated),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => node(expr, !negated),
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            right,
        } => {
            let both = vec![node(left, negated)?, node(right, negated)?];
            Ok(join((*op == BinaryOperator::Or) != negated, both))
        }
        Expr::BinaryOp { left, op, right } => comparison(attribute(left)?, op, Literal::new(right)?, negated),
        Expr::Between {
            expr,
            negated: not,
            low,
            high,
        } => {
            let negated = negated != *not;
            let bound = |op, bound| comparison(attribute(expr)?, &op, Literal::new(bound)?, negated);
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
                .map(|item| comparison(attribute(expr)?, &BinaryOperator::Eq, Literal::new(item)?, negated));
            Ok(join(!negated, items.collect::<Result<_, _>>()?))
        }
        Expr::IsNull(inner) => is_null(inner, negated),
        Expr::IsNotNull(inner) => is_null(inner, !negated),
        other => Err(invalid(format!(
            "{other} is not a condition; conditions are =, !=, <, <=, >, >=, IN, BETWEEN, IS NULL and STARTS_WITH on \
             attributes, joined by AND, OR, NOT and parentheses"
        ))),
    }
}

fn join(any: bool, nodes: Vec<Node>) -> Node {
    if any { Node::Any(nodes) } else { Node::All(nodes) }
}

fn comparison(name: String, operator: &BinaryOperator, literal: Literal, negated: bool) -> Result<Node, StoreError> {
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
    Ok(Node::Compare {
        name,
        comparison,
        value: json(&literal)?,
        literal,
        negated: negated != not,
    })
}

fn is_null(expression: &Expr, negated: bool) -> Result<Node, StoreError> {
    Ok(Node::IsNull {
        name: attribute(expression)?,
        negated,
    })
}

/// The name of an attribute. Backticks around it are allowed.
pub(crate) fn attribute(expression: &Expr) -> Result<String, StoreError> {
    match expression {
        Expr::Identifier(name) if matches!(name.quote_style, None | Some('`')) => Ok(name.value.clone()),
        other => Err(invalid(format!(
            "{other} is not the name of an attribute; write for instance ScheduleId"
        ))),
    }
}

/// A literal as JSON has it.
fn json(literal: &Literal) -> Result<Value, StoreError> {
    match literal {
        Literal::Text(text) => Ok(Value::from(text.as_str())),
        Literal::Bool(flag) => Ok(Value::from(*flag)),
        Literal::Number(digits) => {
            let whole = digits.parse::<i64>().map(Value::from);
            whole
                .or_else(|_| digits.parse::<f64>().map(Value::from))
                .map_err(|_| invalid(format!("{digits} is not a number")))
        }
    }
}

// === Looking ===

impl Node {
    fn with_values(
        self,
        values: &impl Fn(&str, Option<&Literal>) -> Result<Vec<Value>, StoreError>,
    ) -> Result<Self, StoreError> {
        let each = |nodes: Vec<Node>| {
            let nodes = nodes.into_iter().map(|node| node.with_values(values));
            nodes.collect::<Result<Vec<_>, StoreError>>()
        };
        Ok(match self {
            Node::All(nodes) => Node::All(each(nodes)?),
            Node::Any(nodes) => Node::Any(each(nodes)?),
            Node::IsNull { ref name, .. } => values(name, None).map(|_| self)?,
            Node::Compare {
                name,
                comparison,
                literal,
                negated,
                ..
            } => {
                let compare = |value| Node::Compare {
                    name: name.clone(),
                    comparison,
                    literal: literal.clone(),
                    value,
                    negated,
                };
                let values = values(&name, Some(&literal))?;
                join(!negated, values.into_iter().map(compare).collect())
            }
        })
    }

    fn holds(&self, attribute: &impl Fn(&str) -> Value) -> bool {
        match self {
            Node::All(nodes) => nodes.iter().all(|node| node.holds(attribute)),
            Node::Any(nodes) => nodes.iter().any(|node| node.holds(attribute)),
            Node::IsNull { name, negated } => attribute(name).is_null() != *negated,
            Node::Compare {
                name,
                comparison,
                value,
                negated,
                ..
            } => match attribute(name) {
                Value::Null => false,
                Value::Array(held) => held.iter().any(|held| comparison.holds(held, value)) != *negated,
                held => comparison.holds(&held, value) != *negated,
            },
        }
    }

    /// An attribute that is named and is none of these.
    fn unknown(&self, names: &[&str]) -> Option<&str> {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().find_map(|node| node.unknown(names)),
            Node::Compare { name, .. } | Node::IsNull { name, .. } => {
                Some(name.as_str()).filter(|name| !names.contains(name))
            }
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
