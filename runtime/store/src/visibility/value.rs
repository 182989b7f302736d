//! Values as the database holds them.

use rusqlite::{ToSql, types::ToSqlOutput};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _};

use crate::sqlite::{Backend, Row};

/// A value of an attribute, and a column of the row where a page ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// An integer.
    Number(i64),
    /// A floating-point number by its bits, because its digits would not say exactly which one it is.
    Real {
        /// As [`f64::to_bits`] gives them.
        bits: u64,
    },
    /// A text.
    Text(String),
}

/// The kinds of [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Number,
    Real,
    Text,
}

impl Value {
    /// A floating-point number.
    pub(crate) fn real(value: f64) -> Self {
        Value::Real { bits: value.to_bits() }
    }

    /// Its kind.
    pub(super) fn storage(&self) -> Storage {
        match self {
            Value::Number(_) => Storage::Number,
            Value::Real { .. } => Storage::Real,
            Value::Text(_) => Storage::Text,
        }
    }

    /// Reads a column.
    pub(super) fn read(row: &Row, column: usize, storage: Storage) -> Result<Self, sqlx::Error> {
        match storage {
            Storage::Number => row.try_get(column).map(Value::Number),
            Storage::Real => row.try_get(column).map(Value::real),
            Storage::Text => row.try_get(column).map(Value::Text),
        }
    }

    /// Binds the value at the end of a statement.
    pub(super) fn push(&self, statement: &mut QueryBuilder<Backend>) {
        match self {
            Value::Number(number) => statement.push_bind(*number),
            Value::Real { bits } => statement.push_bind(f64::from_bits(*bits)),
            Value::Text(text) => statement.push_bind(text.as_str()),
        };
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Number(number) => ToSqlOutput::from(*number),
            Value::Real { bits } => ToSqlOutput::from(f64::from_bits(*bits)),
            Value::Text(text) => ToSqlOutput::from(text.as_str()),
        })
    }
}
