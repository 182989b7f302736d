//! Finding runs: lists and counts by Temporal's list filter language.

mod access;
pub(crate) mod attribute;
mod filter;
pub(crate) mod literal;
mod page;
pub(crate) mod query;
mod statement;
mod value;

use sqlx::Row as _;
use wrt_model::{Run, SearchAttributeValue, Time, proto::enums::IndexedValueType};

use crate::{Store, StoreError, run, sqlite::Row};

use attribute::{Attribute, RunAttribute, status_name};
use page::PageToken;
use query::{Order, Query};
use statement::{List, count, count_groups};

pub(crate) use value::Value;

/// The most groups that a count tells of.
const GROUPS: i64 = 1000;

/// Which runs are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunQuery<'a> {
    /// The namespace's id.
    pub namespace_id: &'a str,
    /// In Temporal's list filter language, for instance `WorkflowType = 'Order' AND ExecutionStatus = 'Running'`; an
    /// empty text matches all.
    pub text: &'a str,
    /// Where spans such as `StartTime > '2h'` are counted back from.
    pub now: Time,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    /// The runs, in the order of the list.
    pub runs: Vec<Run>,
    /// What asks for the page that follows; empty on the last page.
    pub next_page_token: Vec<u8>,
}

/// How many runs match a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCount {
    /// All of them.
    pub total: i64,
    /// With `GROUP BY`: how many have each value that occurs, the most frequent ones first, at most a thousand. Runs
    /// without a value are in no group, and those with several words are in several.
    pub groups: Vec<(SearchAttributeValue, i64)>,
}

impl Store {
    /// The runs that match. In the order that the query names, else open ones first, then by close time, start time
    /// and run id, latest first. Runs without the attribute that a query orders by come last.
    ///
    /// `page_token` is empty for the first page, then the `next_page_token` of the page before. Runs that neither change
    /// nor are created while somebody turns the pages are listed exactly once.
    ///
    /// Errors: [`StoreError::InvalidQuery`] and [`StoreError::InvalidPageToken`].
    pub async fn list(&self, query: &RunQuery<'_>, page_size: u32, page_token: &[u8]) -> Result<RunPage, StoreError> {
        let parts = self.parts(query)?;
        let (first_part, mut after) = match page_token {
            [] => (0, None),
            bytes => {
                let token = PageToken::open(bytes, query.namespace_id, query.text)?;
                let order = parts.get(token.part).map(|(_, order)| order);
                if !order.is_some_and(|order| order.has_place(&token.after)) {
                    return Err(StoreError::InvalidPageToken);
                }
                (token.part, Some(token.after))
            }
        };
        let page_size = page_size.max(1) as usize;
        let mut page = RunPage::default();
        let mut last = None;
        for (part, (parsed, order)) in parts.iter().enumerate().skip(first_part) {
            // One more than asked for shows whether there is another page.
            let limit = (page_size + 1 - page.runs.len()) as i64;
            let rows = self
                .list_part(query.namespace_id, parsed, order, after.take(), limit)
                .await?;
            for row in &rows {
                if page.runs.len() == page_size {
                    let (part, after) = last.take().expect("a full page has a last run");
                    page.next_page_token = PageToken::seal(query.namespace_id, query.text, part, after);
                    return Ok(page);
                }
                page.runs.push(self.listed(row)?);
                last = Some((part, self.order_values(row, &order.attributes)?));
            }
        }
        Ok(page)
    }

    /// What a list is made of, one after the other: the runs that its order orders, and those that it does not.
    fn parts(&self, query: &RunQuery<'_>) -> Result<Vec<(Query, Order)>, StoreError> {
        let parsed = self.parse(query)?;
        if parsed.group_by.is_some() {
            return Err(StoreError::InvalidQuery(
                "GROUP BY is for counting; leave it out to list".to_owned(),
            ));
        }
        let order = parsed.order_or_default();
        let rest = order
            .given()
            .map(|given| (parsed.without_attribute(given), Order::default()));
        Ok([(parsed, order)].into_iter().chain(rest).collect())
    }

    async fn list_part(
        &self,
        namespace_id: &str,
        query: &Query,
        order: &Order,
        after: Option<Vec<Value>>,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let list = List {
            namespace_id,
            query,
            order,
            access: self.list_access(query, order).await?,
        };
        let mut statement = list.statement(after, limit);
        let rows = statement.build().fetch_all(&mut *self.database.reader().await?).await;
        rows.map_err(|error| self.database.failure("list runs", error))
    }

    /// How many runs match, in groups when the query ends with `GROUP BY` and an attribute.
    ///
    /// Errors: [`StoreError::InvalidQuery`].
    pub async fn count(&self, query: &RunQuery<'_>) -> Result<RunCount, StoreError> {
        let parsed = self.parse(query)?;
        if parsed.order.is_some() {
            return Err(StoreError::InvalidQuery(
                "ORDER BY is for listing; leave it out to count".to_owned(),
            ));
        }
        let failed = |error| self.database.failure("count runs", error);
        let access = self.count_access(&parsed).await?;
        let total = count(query.namespace_id, &parsed, access)
            .build_query_scalar()
            .fetch_one(&mut *self.database.reader().await?)
            .await
            .map_err(failed)?;
        let Some(group_by) = &parsed.group_by else {
            let groups = Vec::new();
            return Ok(RunCount { total, groups });
        };
        let rows = count_groups(query.namespace_id, &parsed, group_by, access, GROUPS)
            .build()
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(failed)?;
        let groups = rows
            .iter()
            .map(|row| Ok((group_value(row, group_by)?, row.try_get(1)?)));
        Ok(RunCount {
            total,
            groups: groups.collect::<Result<_, _>>().map_err(failed)?,
        })
    }

    fn parse(&self, query: &RunQuery<'_>) -> Result<Query, StoreError> {
        Query::parse(query.text, &self.schemas.get(query.namespace_id), query.now)
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
            .map(|(column, attribute)| Value::read(row, column, attribute.storage()))
            .collect::<Result<_, _>>()
            .map_err(|error| self.database.failure("read run", error))
    }
}

/// What the runs of a group have in common.
fn group_value(row: &Row, group_by: &Attribute) -> Result<SearchAttributeValue, sqlx::Error> {
    Ok(match (Value::read(row, 0, group_by.storage())?, group_by) {
        (Value::Number(status), Attribute::Run(RunAttribute::ExecutionStatus)) => {
            SearchAttributeValue::Keyword(status_name(status).to_owned())
        }
        (Value::Number(flag), Attribute::Given(given)) if given.value_type == IndexedValueType::Bool => {
            SearchAttributeValue::Bool(flag != 0)
        }
        (Value::Number(number), _) => SearchAttributeValue::Int(number),
        (Value::Real { bits }, _) => SearchAttributeValue::Double(f64::from_bits(bits)),
        (Value::Text(text), _) => SearchAttributeValue::Keyword(text),
    })
}

#[cfg(test)]
mod tests;
