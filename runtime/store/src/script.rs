//! Several statements that go to the database as one message.
//!
//! The text of a script depends only on which statements it has and on how many rows each writes, rounded up, so that the
//! database prepares a handful of texts for batches of every size.

use sqlx::{QueryBuilder, query_builder::Separated};

use crate::sqlite::{Backend, Connection};

/// How many rows a statement can have; the rest is filled up with rows of nulls, which change nothing.
const SIZES: [usize; 4] = [1, 4, 16, 64];

/// The most rows that one statement writes.
const STATEMENT_ROWS: usize = SIZES[SIZES.len() - 1];

/// The table of [`Script::expect_changes`]; each connection that writes has its own, always empty.
pub(crate) const STALE: &str = "CREATE TEMP TABLE stale (run TEXT NOT NULL)";

pub(crate) type Values<'a> = Separated<'a, Backend, &'static str>;

/// Binds the columns of a row.
pub(crate) type Bind<R> = fn(&R, &mut Values<'_>);

/// Statements in their order. What follows one that fails is not run.
pub(crate) struct Script {
    sql: QueryBuilder<Backend>,
    rows: u64,
}

impl Script {
    /// No statement yet.
    pub(crate) fn new() -> Self {
        Script {
            sql: QueryBuilder::default(),
            rows: 0,
        }
    }

    /// Appends a statement without parameters.
    pub(crate) fn push(&mut self, statement: &str) {
        self.sql.push(statement).push("; ");
    }

    /// Inserts rows. `columns` are those that `bind` binds; the first one is never null.
    pub(crate) fn insert<R>(&mut self, table: &str, columns: &[&str], rows: &[&R], bind: Bind<R>) {
        for rows in rows.chunks(STATEMENT_ROWS) {
            self.sql.push(format_args!(
                "INSERT INTO {table} ({}) SELECT * FROM (",
                columns.join(", ")
            ));
            self.values(columns.len(), rows, bind);
            self.push(") WHERE column1 IS NOT NULL");
            self.rows += rows.len() as u64;
        }
    }

    /// Updates the rows of `table` that have the first one of `columns`, the key, and the version before the one bound.
    /// Fails as if a value were missing when there is no such row.
    pub(crate) fn update<R>(&mut self, table: &str, columns: &[&str], rows: &[&R], bind: Bind<R>) {
        let key = columns[0];
        let assignments: Vec<String> = columns[1..]
            .iter()
            .map(|column| format!("{column} = new.{column}"))
            .collect();
        for rows in rows.chunks(STATEMENT_ROWS) {
            self.sql.push(format_args!("WITH new ({}) AS (", columns.join(", ")));
            self.values(columns.len(), rows, bind);
            self.push(&format!(
                ") UPDATE {table} SET {} FROM new WHERE {table}.{key} = new.{key} AND {table}.version = new.version - 1",
                assignments.join(", "),
            ));
            self.expect_changes(rows.len());
            self.rows += rows.len() as u64;
        }
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
            None => {
                for _ in 0..columns {
                    values.push_bind(None::<i64>);
                }
            }
        });
    }

    /// Fails unless the last statement changed so many rows: SQL itself has to stop the script, because nobody reads the
    /// counts before it has come to its end.
    fn expect_changes(&mut self, rows: usize) {
        self.sql
            .push("INSERT INTO stale SELECT NULL WHERE changes() <> ")
            .push_bind(i64::try_from(rows).expect("a chunk is small"));
        self.sql.push("; ");
    }

    /// The text.
    #[cfg(test)]
    pub(crate) fn sql(&self) -> String {
        self.sql.sql().as_str().to_owned()
    }

    /// Runs the statements and returns how many rows they wrote.
    pub(crate) async fn run(mut self, connection: &mut Connection) -> Result<u64, sqlx::Error> {
        self.sql.build().execute(connection).await?;
        Ok(self.rows)
    }
}
