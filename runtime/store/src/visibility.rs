//! Finding runs: lists and counts by Temporal's list filter language.

mod attribute;
mod filter;
mod page;
mod query;

use sqlx::{QueryBuilder, Row as _};
use wrt_model::{Run, proto::enums::WorkflowExecutionStatus};

use crate::{
    Store, StoreError, run,
    sqlite::{Backend, Row},
};

use attribute::{Attribute, Value};
use page::PageToken;
use query::{Direction, Query};

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    /// The runs, in the order of the list.
    pub runs: Vec<Run>,
    /// What asks for the page that follows; empty on the last page.
    pub next_page_token: Vec<u8>,
}

/// How many runs match a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunCount {
    /// All of them.
    pub total: i64,
    /// With `GROUP BY ExecutionStatus`: how many there are of each status that occurs.
    pub groups: Vec<(WorkflowExecutionStatus, i64)>,
}

impl Store {
    /// Runs of a namespace that match a query, for instance `WorkflowType = 'Order' AND ExecutionStatus = 'Running'`; an
    /// empty one matches all. In the order that the query names, else open ones first, then by close time, start time
    /// and run id, latest first.
    ///
    /// `page_token` is empty for the first page, then the `next_page_token` of the page before. Runs that neither change
    /// nor are created while somebody turns the pages are listed exactly once.
    ///
    /// Errors: [`StoreError::InvalidQuery`] and [`StoreError::InvalidPageToken`].
    pub async fn list(
        &self,
        namespace_id: &str,
        query: &str,
        page_size: u32,
        page_token: &[u8],
    ) -> Result<RunPage, StoreError> {
        let parsed = Query::parse(query)?;
        if parsed.group_by_status {
            return Err(StoreError::InvalidQuery(
                "GROUP BY is for counting; leave it out to list".to_owned(),
            ));
        }
        let order = parsed.order_or_default();
        let after = match page_token {
            [] => None,
            bytes => Some(PageToken::open(bytes, namespace_id, query, &order.attributes)?),
        };

        // One more than asked for shows whether there is another page.
        let limit = i64::from(page_size.max(1)) + 1;
        let mut rows = list_statement(namespace_id, &parsed, &order, after, limit)
            .build()
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.failure("list runs", error))?;

        let more = rows.len() as i64 == limit;
        if more {
            rows.pop();
        }
        let next_page_token = match rows.last().filter(|_| more) {
            Some(last) => PageToken::seal(namespace_id, query, self.order_values(last, &order.attributes)?),
            None => Vec::new(),
        };
        let runs = rows.iter().map(|row| self.listed(row)).collect::<Result<_, _>>()?;
        Ok(RunPage { runs, next_page_token })
    }

    /// How many runs of a namespace match a query, which may end with `GROUP BY ExecutionStatus`.
    ///
    /// Errors: [`StoreError::InvalidQuery`].
    pub async fn count(&self, namespace_id: &str, query: &str) -> Result<RunCount, StoreError> {
        let parsed = Query::parse(query)?;
        if parsed.order.is_some() {
            return Err(StoreError::InvalidQuery(
                "ORDER BY is for listing; leave it out to count".to_owned(),
            ));
        }
        if !parsed.group_by_status {
            let mut statement = select("count(*)", namespace_id, &parsed);
            let total = statement
                .build_query_scalar()
                .fetch_one(self.database.readers())
                .await
                .map_err(|error| self.database.failure("count runs", error))?;
            return Ok(RunCount {
                total,
                groups: Vec::new(),
            });
        }

        let mut statement = select("status, count(*)", namespace_id, &parsed);
        statement.push(" GROUP BY status ORDER BY status");
        let rows: Vec<(i32, i64)> = statement
            .build_query_as()
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.failure("count runs", error))?;
        let groups: Vec<_> = rows
            .into_iter()
            .map(|(status, count)| (WorkflowExecutionStatus::try_from(status).unwrap_or_default(), count))
            .collect();
        Ok(RunCount {
            total: groups.iter().map(|(_, count)| count).sum(),
            groups,
        })
    }

    fn listed(&self, row: &Row) -> Result<Run, StoreError> {
        run::decode(
            row.try_get(0)
                .map_err(|error| self.database.failure("read run", error))?,
        )
    }

    /// Where a row stands in the order of the list.
    fn order_values(&self, row: &Row, attributes: &[Attribute]) -> Result<Vec<Value>, StoreError> {
        (1..)
            .zip(attributes)
            .map(|(column, attribute)| {
                match attribute.is_text() {
                    true => row.try_get(column).map(Value::Text),
                    false => row.try_get(column).map(Value::Number),
                }
                .map_err(|error| self.database.failure("read run", error))
            })
            .collect()
    }
}

/// Selects the state and the columns that order the list.
fn list_statement(
    namespace_id: &str,
    query: &Query,
    order: &query::Order,
    after: Option<Vec<Value>>,
    limit: i64,
) -> QueryBuilder<Backend> {
    let columns: Vec<&str> = order.attributes.iter().map(|attribute| attribute.column()).collect();
    let columns = columns.join(", ");
    let (comparison, direction) = match order.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };

    let mut statement = select(&format!("state, {columns}"), namespace_id, query);
    if let Some(values) = after {
        // A row-value comparison along the order is one range of an index.
        statement.push(format!(" AND ({columns}) {comparison} ("));
        let mut separated = statement.separated(", ");
        for value in values {
            value.push_bind(&mut separated);
        }
        statement.push(")");
    }
    statement.push(" ORDER BY ");
    let mut separated = statement.separated(", ");
    for attribute in &order.attributes {
        separated.push(format!("{} {direction}", attribute.column()));
    }
    statement.push(" LIMIT ").push_bind(limit);
    statement
}

fn select(what: &str, namespace_id: &str, query: &Query) -> QueryBuilder<Backend> {
    let mut statement = QueryBuilder::new(format!("SELECT {what} FROM run WHERE namespace_id = "));
    statement.push_bind(namespace_id);
    if let Some(filter) = &query.filter {
        statement.push(" AND ");
        filter.push(&mut statement);
    }
    statement
}

#[cfg(test)]
mod tests;
