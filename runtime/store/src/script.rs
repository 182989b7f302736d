//! Several statements that go to the database as one message.
//!
//! The text of a script depends only on which statements it has and on how many rows each writes, rounded up, so that the
//! database prepares a handful of texts for batches of every size.

use futures::TryStreamExt;
use sqlx::{Executor, QueryBuilder, query_builder::Separated};

use crate::sqlite::{Backend, Connection};

/// How many rows a statement can have; the rest is filled up with rows of nulls, which change nothing.
const SIZES: [usize; 4] = [1, 4, 16, 64];

/// The most rows that one statement writes.
pub(crate) const STATEMENT_ROWS: usize = SIZES[SIZES.len() - 1];

pub(crate) type Values<'a> = Separated<'a, Backend, &'static str>;

/// Binds the columns of a row.
pub(crate) type Bind<R> = fn(&R, &mut Values<'_>);

/// Statements in their order. What follows one that fails is not run.
pub(crate) struct Script {
    sql: QueryBuilder<Backend>,
    statements: usize,
    rows: u64,
}

impl Script {
    /// No statement yet.
    pub(crate) fn new() -> Self {
        Script {
            sql: QueryBuilder::default(),
            statements: 0,
            rows: 0,
        }
    }

    /// Appends a statement without parameters.
    pub(crate) fn push(&mut self, statement: &str) {
        self.sql.push(statement).push("; ");
        self.statements += 1;
    }

    /// Inserts rows. `columns` are those that `bind` binds; the first one is never null.
    pub(crate) fn insert<R>(&mut self, table: &str, columns: &[&str], rows: &[&R], bind: Bind<R>) {
        self.count(rows.len());
        for rows in rows.chunks(STATEMENT_ROWS) {
            self.sql
                .push(format_args!("INSERT INTO {table} ({}) ", columns.join(", ")));
            if rows.len() == 1 {
                // Without a SELECT the row is not put into a table of its own first.
                self.values(columns.len(), rows, bind);
                self.push("");
            } else {
                self.sql.push("SELECT * FROM (");
                self.values(columns.len(), rows, bind);
                self.push(") WHERE column1 IS NOT NULL");
            }
        }
    }

    /// Counts rows that are written beside those that are bound.
    pub(crate) fn count(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Appends a statement of one row that `write` writes, with its parameters.
    pub(crate) fn push_built(&mut self, write: impl FnOnce(&mut QueryBuilder<Backend>)) {
        write(&mut self.sql);
        self.push("");
        self.count(1);
    }

    /// Appends a statement that has a list of keys in its middle.
    pub(crate) fn push_keyed(&mut self, before: &str, keys: &[&String], after: &str) {
        for keys in keys.chunks(STATEMENT_ROWS) {
            self.sql.push(before).push(" (");
            self.values(1, keys, |key, values| {
                values.push_bind(key.as_str());
            });
            self.push(&format!(") {after}"));
        }
    }

    fn values<R>(&mut self, columns: usize, rows: &[&R], bind: Bind<R>) {
        let size = SIZES.into_iter().find(|size| *size >= rows.len());
        let padding = size.expect("rows come in chunks of the largest size") - rows.len();
        let rows = rows.iter().map(Some).chain(std::iter::repeat_n(None, padding));
        self.sql.push_values(rows, |mut values, row| match row {
            Some(row) => bind(row, &mut values),
            None => bind_nulls(columns, &mut values),
        });
    }

    /// The text.
    #[cfg(test)]
    pub(crate) fn sql(&self) -> String {
        self.sql.sql().as_str().to_owned()
    }

    /// Runs the statements and returns how many rows they wrote.
    pub(crate) async fn run(mut self, connection: &mut Connection) -> Result<u64, sqlx::Error> {
        let is_one = self.statements == 1;
        let mut answers = connection.fetch_many(self.sql.build());
        while answers.try_next().await?.is_some() {
            // There is an answer for each statement: who waits for the end behind the last one is woken up once more.
            if is_one {
                break;
            }
        }
        Ok(self.rows)
    }
}

/// Binds so many columns that have no value.
pub(crate) fn bind_nulls(columns: usize, values: &mut Values<'_>) {
    for _ in 0..columns {
        values.push_bind(None::<i64>);
    }
}
