//! The filter of a query. `NOT` is moved inward while it is read, so that what is left are comparisons joined by `AND` and
//! `OR`, and a comparison with a close time that is not there is simply false.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value as SqlValue};
use sqlx::QueryBuilder;

use super::{
    attribute::{Attribute, Literal, Value},
    query::{STARTS_WITH, attribute, invalid},
};
use crate::{StoreError, run::OPEN, sqlite::Backend};

/// The database refuses expressions that are much deeper.
const CONDITIONS: usize = 256;

/// A condition on runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    /// All of them hold; with none, it holds.
    All(Vec<Filter>),
    /// One of them holds; with none, it does not.
    Any(Vec<Filter>),
    /// The attribute compares with the value.
    Compare(Attribute, Comparison, Value),
    /// The attribute is one of the values, or none of them.
    In {
        attribute: Attribute,
        values: Vec<Value>,
        negated: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

use Comparison::*;

impl Filter {
    /// Reads a filter.
    pub(super) fn new(expression: &Expr) -> Result<Self, StoreError> {
        let filter = read(expression, false)?;
        match filter.conditions() {
            0..=CONDITIONS => Ok(filter),
            count => Err(invalid(format!(
                "it has {count} conditions, {CONDITIONS} are allowed; use IN for many values"
            ))),
        }
    }

    fn conditions(&self) -> usize {
        match self {
            Filter::All(filters) | Filter::Any(filters) => filters.iter().map(Filter::conditions).sum(),
            Filter::Compare(..) | Filter::In { .. } => 1,
        }
    }
}

// === Reading ===

fn read(expression: &Expr, negated: bool) -> Result<Filter, StoreError> {
    match expression {
        Expr::Nested(inner) => read(inner, negated),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => read(expr, !negated),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => Ok(join(negated, [read(left, negated)?, read(right, negated)?])),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Or,
            right,
        } => Ok(join(!negated, [read(left, negated)?, read(right, negated)?])),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Custom(name),
            right,
        } if name == STARTS_WITH => starts_with(attribute(left)?, &literal(right)?, negated),
        Expr::BinaryOp { left, op, right } => {
            let comparison = comparison(op)?;
            compare(
                attribute(left)?,
                if negated { comparison.negated() } else { comparison },
                &literal(right)?,
            )
        }
        Expr::Between {
            expr,
            negated: not,
            low,
            high,
        } => {
            let (attribute, low, high) = (attribute(expr)?, literal(low)?, literal(high)?);
            between(attribute, &low, &high, negated != *not)
        }
        Expr::InList {
            expr,
            list,
            negated: not,
        } => is_in(attribute(expr)?, list, negated != *not),
        Expr::IsNull(inner) => Ok(is_null(attribute(inner)?, negated)),
        Expr::IsNotNull(inner) => Ok(is_null(attribute(inner)?, !negated)),
        other => Err(invalid(format!(
            "{other} is not a condition; conditions are =, !=, <, <=, >, >=, IN, BETWEEN, IS NULL and STARTS_WITH on a \
             search attribute, joined by AND, OR, NOT and parentheses"
        ))),
    }
}

/// Chains of the same operator become one list: a long one would nest deeper than the database allows.
fn join(any: bool, parts: [Filter; 2]) -> Filter {
    let mut joined = Vec::new();
    for part in parts {
        match part {
            Filter::Any(filters) if any => joined.extend(filters),
            Filter::All(filters) if !any => joined.extend(filters),
            other => joined.push(other),
        }
    }
    if any { Filter::Any(joined) } else { Filter::All(joined) }
}

fn comparison(operator: &BinaryOperator) -> Result<Comparison, StoreError> {
    match operator {
        BinaryOperator::Eq => Ok(Equal),
        BinaryOperator::NotEq => Ok(NotEqual),
        BinaryOperator::Lt => Ok(Less),
        BinaryOperator::LtEq => Ok(LessOrEqual),
        BinaryOperator::Gt => Ok(Greater),
        BinaryOperator::GtEq => Ok(GreaterOrEqual),
        other => Err(invalid(format!(
            "operator {other} is not supported; use =, !=, <, <=, >, >=, IN, BETWEEN, IS NULL or STARTS_WITH"
        ))),
    }
}

fn compare(attribute: Attribute, comparison: Comparison, literal: &Literal) -> Result<Filter, StoreError> {
    let value = attribute.value(literal)?;
    let ordered = matches!(comparison, Less | LessOrEqual | Greater | GreaterOrEqual);
    if attribute == Attribute::ExecutionStatus && ordered {
        return Err(invalid("ExecutionStatus has no order; use =, !=, IN or NOT IN"));
    }
    let filter = Filter::Compare(attribute, comparison, value);
    // Open runs are stored as the last to close: without this they would be greater than every time.
    let excludes_open = matches!(comparison, Equal | Less | LessOrEqual);
    Ok(if excludes_open {
        filter
    } else {
        closed(attribute, filter)
    })
}

fn between(attribute: Attribute, low: &Literal, high: &Literal, negated: bool) -> Result<Filter, StoreError> {
    Ok(if negated {
        Filter::Any(vec![compare(attribute, Less, low)?, compare(attribute, Greater, high)?])
    } else {
        Filter::All(vec![
            compare(attribute, GreaterOrEqual, low)?,
            compare(attribute, LessOrEqual, high)?,
        ])
    })
}

fn is_in(attribute: Attribute, list: &[Expr], negated: bool) -> Result<Filter, StoreError> {
    let values = list
        .iter()
        .map(|item| attribute.value(&literal(item)?))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let filter = Filter::In {
        attribute,
        values,
        negated,
    };
    Ok(if negated { closed(attribute, filter) } else { filter })
}

/// Only the close time can be missing.
fn is_null(attribute: Attribute, negated: bool) -> Filter {
    match (attribute, negated) {
        (Attribute::CloseTime, false) => Filter::Compare(attribute, Equal, Value::Number(OPEN)),
        (Attribute::CloseTime, true) => Filter::Compare(attribute, Less, Value::Number(OPEN)),
        (_, false) => Filter::Any(Vec::new()),
        (_, true) => Filter::All(Vec::new()),
    }
}

/// Texts that start alike are a range, which an index can find.
fn starts_with(attribute: Attribute, prefix: &Literal, negated: bool) -> Result<Filter, StoreError> {
    let Literal::Text(prefix) = prefix else {
        return Err(invalid(format!(
            "STARTS_WITH takes a text in single quotes, not {prefix}"
        )));
    };
    if !attribute.is_text() {
        return Err(invalid(format!(
            "STARTS_WITH is for texts; {} is not one",
            attribute.name()
        )));
    }
    let compare = |comparison, text: String| Filter::Compare(attribute, comparison, Value::Text(text));
    let first = prefix.clone();
    Ok(match (text_after(prefix), negated) {
        (Some(end), false) => Filter::All(vec![compare(GreaterOrEqual, first), compare(Less, end)]),
        (Some(end), true) => Filter::Any(vec![compare(Less, first), compare(GreaterOrEqual, end)]),
        (None, false) => compare(GreaterOrEqual, first),
        (None, true) => compare(Less, first),
    })
}

/// The first text that follows all that start with `prefix`; `None` when nothing follows them.
fn text_after(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Steps over the code points that are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

fn closed(attribute: Attribute, filter: Filter) -> Filter {
    match attribute {
        Attribute::CloseTime => Filter::All(vec![filter, is_null(attribute, true)]),
        _ => filter,
    }
}

fn literal(expression: &Expr) -> Result<Literal, StoreError> {
    match expression {
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) | SqlValue::DoubleQuotedString(text) => Ok(Literal::Text(text.clone())),
            SqlValue::Number(digits, false) => Ok(Literal::Number(digits.clone())),
            other => Err(invalid(format!(
                "{other} is not a value; write a text in single quotes or a number"
            ))),
        },
        // Temporal's clients quote texts either way.
        Expr::Identifier(name) if name.quote_style == Some('"') => Ok(Literal::Text(name.value.clone())),
        other => Err(invalid(format!(
            "{other} is not a value; write a text in single quotes or a number"
        ))),
    }
}

impl Comparison {
    fn negated(self) -> Self {
        match self {
            Equal => NotEqual,
            NotEqual => Equal,
            Less => GreaterOrEqual,
            LessOrEqual => Greater,
            Greater => LessOrEqual,
            GreaterOrEqual => Less,
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Equal => "=",
            NotEqual => "<>",
            Less => "<",
            LessOrEqual => "<=",
            Greater => ">",
            GreaterOrEqual => ">=",
        }
    }
}

// === Writing SQL ===

impl Filter {
    /// Appends the condition as SQL, its values as parameters.
    pub(super) fn push(&self, statement: &mut QueryBuilder<Backend>) {
        match self {
            Filter::All(filters) => push_list(statement, filters, " AND ", "1 = 1"),
            Filter::Any(filters) => push_list(statement, filters, " OR ", "1 = 0"),
            Filter::Compare(attribute, comparison, value) => {
                statement.push(format!("{} {} ", attribute.column(), comparison.sql()));
                value.push(statement);
            }
            Filter::In {
                attribute,
                values,
                negated,
            } => {
                let not = if *negated { "NOT " } else { "" };
                statement.push(format!("{} {not}IN (", attribute.column()));
                let mut list = statement.separated(", ");
                for value in values {
                    value.clone().push_bind(&mut list);
                }
                statement.push(")");
            }
        }
    }
}

fn push_list(statement: &mut QueryBuilder<Backend>, filters: &[Filter], operator: &str, of_none: &str) {
    if filters.is_empty() {
        statement.push(of_none);
        return;
    }
    statement.push("(");
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            statement.push(operator);
        }
        filter.push(statement);
    }
    statement.push(")");
}
