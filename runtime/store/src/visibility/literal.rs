//! The values that are written in queries.

use sqlparser::ast::{Expr, UnaryOperator, Value as SqlValue};

use super::query::invalid;
use crate::StoreError;

/// A literal as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Bool(bool),
    Number(String),
    Text(String),
}

impl Literal {
    /// Reads a literal.
    pub(crate) fn new(expression: &Expr) -> Result<Self, StoreError> {
        let read = match expression {
            Expr::Value(value) => match &value.value {
                SqlValue::SingleQuotedString(text) | SqlValue::DoubleQuotedString(text) => {
                    Some(Literal::Text(text.clone()))
                }
                SqlValue::Number(digits, false) => Some(Literal::Number(digits.clone())),
                SqlValue::Boolean(flag) => Some(Literal::Bool(*flag)),
                _ => None,
            },
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => match Literal::new(expr)? {
                Literal::Number(digits) => Some(Literal::Number(format!("-{digits}"))),
                _ => None,
            },
            _ => None,
        };
        read.ok_or_else(|| {
            invalid(format!(
                "{expression} is not a value; write a text in single quotes, a number, true or false"
            ))
        })
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Literal::Bool(flag) => write!(f, "{flag}"),
            Literal::Number(digits) => f.write_str(digits),
            Literal::Text(text) => write!(f, "'{text}'"),
        }
    }
}

/// Nanoseconds of the units in which spans are written, the longer names first where one begins like another.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
];

/// Nanoseconds of a span: `1h30m`, `1.5s`, `2d`, or hours, minutes and seconds as `01:30:00`.
pub(super) fn span_ns(text: &str) -> Option<i64> {
    let nanos = if text.contains(':') {
        clock_ns(text)
    } else {
        units_ns(text)
    }?;
    // Beyond three hundred years a span is longer than all others.
    (nanos < i64::MAX as f64).then_some(nanos as i64)
}

fn units_ns(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    loop {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, nanos) = UNITS.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        total += number.parse::<f64>().ok()? * nanos;
        rest = &after[unit.len()..];
        if rest.is_empty() {
            return Some(total);
        }
    }
}

fn clock_ns(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text
        .split(':')
        .map(|part| part.parse::<u32>().ok().map(f64::from))
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours, minutes, seconds] if *minutes < 60.0 && *seconds < 60.0 => {
            Some((hours * 3_600.0 + minutes * 60.0 + seconds) * 1e9)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::span_ns;

    #[test]
    fn spans_have_units() {
        const SECOND: i64 = 1_000_000_000;
        for (text, expected) in [
            ("1h30m", Some(5_400 * SECOND)),
            ("1.5s", Some(3 * SECOND / 2)),
            ("2d", Some(2 * 86_400 * SECOND)),
            ("10ms5us3ns", Some(10_005_003)),
            ("7µs", Some(7_000)),
            ("01:30:05", Some(5_405 * SECOND)),
            ("100:00:00", Some(360_000 * SECOND)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("h", None),
            ("1w", None),
            ("-1h", None),
            ("1:90:00", None),
            ("99999999d", None),
            ("1h ", None),
        ] {
            assert_eq!(span_ns(text), expected, "{text}");
        }
    }
}
