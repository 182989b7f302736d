//! The filter of a query. `NOT` is moved inward while it is read, so that what is left are comparisons joined by `AND` and
//! `OR`, and a comparison with something that a run does not have is simply false.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};
use wrt_model::{Time, proto::enums::WorkflowExecutionStatus};

use super::{
    attribute::{Attribute, RunAttribute},
    literal::Literal,
    query::{STARTS_WITH, attribute_name, invalid},
    value::{Storage, Value},
};
use crate::{
    StoreError,
    run::OPEN,
    search_attribute::{Schema, SearchAttribute, words},
};

/// The database refuses expressions that are much deeper.
const CONDITIONS: usize = 256;

/// A condition on runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    /// All of them hold; with none, it holds.
    All(Vec<Filter>),
    /// One of them holds; with none, it does not.
    Any(Vec<Filter>),
    /// The column of the run compares with the value.
    Compare(RunAttribute, Comparison, Value),
    /// The column of the run is one of the values, or none of them.
    In {
        attribute: RunAttribute,
        values: Vec<Value>,
        negated: bool,
    },
    /// The column of the run is null, or is not.
    Null { attribute: RunAttribute, negated: bool },
    /// The run has a value of the attribute that passes the test, or has none.
    Has(Has),
}

/// A condition on the values that a run was given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Has {
    pub(super) attribute: SearchAttribute,
    pub(super) test: Test,
    pub(super) negated: bool,
}

/// What a value is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// It compares so with each of these; without any, every value passes.
    Compare(Vec<(Comparison, Value)>),
    /// It is one of these.
    In(Vec<Value>),
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
    /// Reads a filter about runs that have the attributes of this schema.
    pub(super) fn new(expression: &Expr, schema: &Schema, now: Time) -> Result<Self, StoreError> {
        let filter = Reader { schema, now }.read(expression, false)?;
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
            Filter::Compare(..) | Filter::In { .. } | Filter::Null { .. } | Filter::Has(_) => 1,
        }
    }

    fn has(attribute: &SearchAttribute, test: Test) -> Self {
        Filter::Has(Has {
            attribute: attribute.clone(),
            test,
            negated: false,
        })
    }

    /// The run has no value of the attribute.
    pub(super) fn lacks(attribute: &SearchAttribute) -> Self {
        Filter::Has(Has {
            attribute: attribute.clone(),
            test: Test::Compare(Vec::new()),
            negated: true,
        })
    }

    /// Runs without the attribute fail it either way.
    fn has_not(attribute: &SearchAttribute, test: Test) -> Self {
        Filter::All(vec![
            Filter::has(attribute, Test::Compare(Vec::new())),
            Filter::Has(Has {
                attribute: attribute.clone(),
                test,
                negated: true,
            }),
        ])
    }

    /// Chains of the same operator become one list: a long one would nest deeper than the database allows.
    fn join(any: bool, parts: [Filter; 2]) -> Self {
        let mut joined = Vec::new();
        for part in parts {
            match part {
                Filter::Any(filters) if any => joined.extend(filters),
                Filter::All(filters) if !any => filters.into_iter().for_each(|filter| narrow(&mut joined, filter)),
                other if any => joined.push(other),
                other => narrow(&mut joined, other),
            }
        }
        if any { Filter::Any(joined) } else { Filter::All(joined) }
    }
}

/// Adds a condition that has to hold too. Two bounds of one value become one range, which an index can find.
fn narrow(joined: &mut Vec<Filter>, filter: Filter) {
    if let Filter::Has(added) = &filter
        && let Test::Compare(bounds) = &added.test
        && !added.negated
        && !added.attribute.has_many()
    {
        for known in joined.iter_mut() {
            if let Filter::Has(known) = known
                && let Test::Compare(known_bounds) = &mut known.test
                && !known.negated
                && known.attribute == added.attribute
            {
                known_bounds.extend(bounds.iter().cloned());
                return;
            }
        }
    }
    joined.push(filter);
}

impl Has {
    /// True when at most one row of a run passes.
    pub(super) fn is_single(&self) -> bool {
        !self.negated && (!self.attribute.has_many() || self.is_equality())
    }

    /// True when all rows that pass have the same value.
    pub(super) fn is_equality(&self) -> bool {
        !self.negated && matches!(&self.test, Test::Compare(bounds) if matches!(bounds.as_slice(), [(Equal, _)]))
    }
}

impl Test {
    fn equal_one_of(mut values: Vec<Value>) -> Self {
        match values.len() {
            1 => Test::Compare(vec![(Equal, values.remove(0))]),
            _ => Test::In(values),
        }
    }
}

// === Reading ===

struct Reader<'a> {
    schema: &'a Schema,
    now: Time,
}

impl Reader<'_> {
    fn read(&self, expression: &Expr, negated: bool) -> Result<Filter, StoreError> {
        match expression {
            Expr::Nested(inner) => self.read(inner, negated),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => self.read(expr, !negated),
            Expr::BinaryOp {
                left,
                op: op @ (BinaryOperator::And | BinaryOperator::Or),
                right,
            } => {
                let any = (*op == BinaryOperator::Or) != negated;
                Ok(Filter::join(
                    any,
                    [self.read(left, negated)?, self.read(right, negated)?],
                ))
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Custom(name),
                right,
            } if name == STARTS_WITH => self.starts_with(&self.attribute(left)?, &Literal::new(right)?, negated),
            Expr::BinaryOp { left, op, right } => {
                let (attribute, comparison) = (self.attribute(left)?, comparison(op)?);
                self.compare(&attribute, comparison, &Literal::new(right)?, negated)
            }
            Expr::Between {
                expr,
                negated: not,
                low,
                high,
            } => {
                let (attribute, negated) = (self.attribute(expr)?, negated != *not);
                let low = self.compare(&attribute, GreaterOrEqual, &Literal::new(low)?, negated)?;
                let high = self.compare(&attribute, LessOrEqual, &Literal::new(high)?, negated)?;
                Ok(Filter::join(negated, [low, high]))
            }
            Expr::InList {
                expr,
                list,
                negated: not,
            } => self.is_in(&self.attribute(expr)?, list, negated != *not),
            Expr::IsNull(inner) => Ok(is_null(&self.attribute(inner)?, negated)),
            Expr::IsNotNull(inner) => Ok(is_null(&self.attribute(inner)?, !negated)),
            other => Err(invalid(format!(
                "{other} is not a condition; conditions are =, !=, <, <=, >, >=, IN, BETWEEN, IS NULL and STARTS_WITH on \
                 a search attribute, joined by AND, OR, NOT and parentheses"
            ))),
        }
    }

    fn attribute(&self, expression: &Expr) -> Result<Attribute, StoreError> {
        Attribute::named(attribute_name(expression)?, self.schema)
    }

    fn compare(
        &self,
        attribute: &Attribute,
        comparison: Comparison,
        literal: &Literal,
        negated: bool,
    ) -> Result<Filter, StoreError> {
        let value = attribute.value(literal, self.now)?;
        let is_ordered = !matches!(comparison, Equal | NotEqual);
        let holds = if negated { comparison.negated() } else { comparison };
        match attribute {
            Attribute::Run(RunAttribute::ExecutionStatus) if is_ordered => {
                Err(invalid("ExecutionStatus has no order; use =, !=, IN or NOT IN"))
            }
            Attribute::Run(attribute) => Ok(or_without_parent(*attribute, |it| {
                compare_run(it, holds, value.clone())
            })),
            Attribute::Given(attribute) if attribute.has_many() && is_ordered => Err(invalid(format!(
                "{} has no order; use =, !=, IN, NOT IN or IS NULL",
                attribute.name
            ))),
            Attribute::Given(attribute) if attribute.has_many() => {
                let test = Test::equal_one_of(each_word(attribute, value));
                Ok(match holds {
                    Equal => Filter::has(attribute, test),
                    _ => Filter::has_not(attribute, test),
                })
            }
            Attribute::Given(attribute) => Ok(Filter::has(attribute, Test::Compare(vec![(holds, value)]))),
        }
    }

    fn is_in(&self, attribute: &Attribute, list: &[Expr], negated: bool) -> Result<Filter, StoreError> {
        let values = list
            .iter()
            .map(|item| attribute.value(&Literal::new(item)?, self.now))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(match attribute {
            Attribute::Run(attribute) => or_without_parent(*attribute, |attribute| {
                let values = values.clone();
                let filter = Filter::In {
                    attribute,
                    values,
                    negated,
                };
                match attribute.is_last_while_open() && !negated {
                    true => filter,
                    false => closed(attribute, filter),
                }
            }),
            Attribute::Given(attribute) => {
                let values = values.into_iter().flat_map(|value| each_word(attribute, value));
                let test = Test::equal_one_of(values.collect());
                if negated {
                    Filter::has_not(attribute, test)
                } else {
                    Filter::has(attribute, test)
                }
            }
        })
    }

    /// Texts that start alike are a range, which an index can find.
    fn starts_with(&self, attribute: &Attribute, prefix: &Literal, negated: bool) -> Result<Filter, StoreError> {
        let Literal::Text(prefix) = prefix else {
            return Err(invalid(format!(
                "STARTS_WITH takes a text in single quotes, not {prefix}"
            )));
        };
        if attribute.storage() != Storage::Text || attribute.is_text() {
            return Err(invalid(format!(
                "STARTS_WITH is for words; {} holds none",
                attribute.name()
            )));
        }
        let mut bounds = vec![(GreaterOrEqual, Value::Text(prefix.clone()))];
        bounds.extend(text_after(prefix).map(|end| (Less, Value::Text(end))));
        Ok(match attribute {
            Attribute::Run(attribute) => or_without_parent(*attribute, |attribute| {
                let of = |(comparison, value): (Comparison, Value)| {
                    let holds = if negated { comparison.negated() } else { comparison };
                    Filter::Compare(attribute, holds, value)
                };
                let parts = bounds.iter().cloned().map(of).collect();
                if negated {
                    Filter::Any(parts)
                } else {
                    Filter::All(parts)
                }
            }),
            Attribute::Given(attribute) if negated => Filter::has_not(attribute, Test::Compare(bounds)),
            Attribute::Given(attribute) => Filter::has(attribute, Test::Compare(bounds)),
        })
    }
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

/// The words of a text; anything else as it is.
fn each_word(attribute: &SearchAttribute, value: Value) -> Vec<Value> {
    match value {
        Value::Text(text) if attribute.is_text() => words(&text).into_iter().map(Value::Text).collect(),
        other => vec![other],
    }
}

fn compare_run(attribute: RunAttribute, comparison: Comparison, value: Value) -> Filter {
    let open = [WorkflowExecutionStatus::Running, WorkflowExecutionStatus::Paused];
    let means_open = open.iter().any(|&status| value == Value::Number(status as i64));
    let filter = Filter::Compare(attribute, comparison, value);
    match (attribute, comparison) {
        // Says where in the order of a list they stand: at its beginning.
        (RunAttribute::ExecutionStatus, Equal) if means_open => Filter::All(vec![filter, is_open()]),
        // Open runs are stored as the last to close: no other comparison finds them.
        (attribute, Equal | Less | LessOrEqual) if attribute.is_last_while_open() => filter,
        _ => closed(attribute, filter),
    }
}

/// A condition on the root is one on the run itself where it has no parent.
fn or_without_parent(attribute: RunAttribute, condition: impl Fn(RunAttribute) -> Filter) -> Filter {
    let Some(own) = attribute.without_parent() else {
        return condition(attribute);
    };
    let is_root = Filter::Null {
        attribute,
        negated: false,
    };
    Filter::Any(vec![condition(attribute), Filter::All(vec![is_root, condition(own)])])
}

fn is_null(attribute: &Attribute, negated: bool) -> Filter {
    match attribute {
        Attribute::Given(attribute) if negated => Filter::has(attribute, Test::Compare(Vec::new())),
        Attribute::Given(attribute) => Filter::lacks(attribute),
        Attribute::Run(attribute) if attribute.needs_close() && negated => is_closed(),
        Attribute::Run(attribute) if attribute.needs_close() => is_open(),
        Attribute::Run(attribute) if attribute.needs_parent() && attribute.without_parent().is_none() => Filter::Null {
            attribute: *attribute,
            negated,
        },
        Attribute::Run(_) if negated => Filter::All(Vec::new()),
        Attribute::Run(_) => Filter::Any(Vec::new()),
    }
}

fn closed(attribute: RunAttribute, filter: Filter) -> Filter {
    match attribute.needs_close() {
        true => Filter::All(vec![filter, is_closed()]),
        false => filter,
    }
}

fn is_open() -> Filter {
    Filter::Compare(RunAttribute::CloseTime, Equal, Value::Number(OPEN))
}

fn is_closed() -> Filter {
    Filter::Compare(RunAttribute::CloseTime, Less, Value::Number(OPEN))
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

    /// As SQL writes it.
    pub(super) fn sql(self) -> &'static str {
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
