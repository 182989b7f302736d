//! The choice of where to begin. SQLite cannot make it, because it does not know how many runs have which value: here
//! the rows are counted first, as far as it matters.

use super::{
    attribute::RunAttribute,
    filter::{Comparison, Filter, Has},
    query::{Order, Query},
    statement::{Access, count_rows},
};
use crate::{Store, StoreError};

/// So many rows are read and sorted in some milliseconds. More of them are so frequent that a page of them is found in
/// about the same time by looking at the runs in the order of the list.
const FEW_ROWS: i64 = 10_000;

/// The most conditions that are counted.
const CANDIDATES: usize = 8;

impl Store {
    /// Where to begin a list.
    pub(super) async fn list_access<'a>(&self, query: &'a Query, order: &'a Order) -> Result<Access<'a>, StoreError> {
        let candidates: Vec<_> = candidates(query).collect();
        let is_default_order = *order == Order::default();
        if let [(index, has)] = candidates.as_slice()
            && is_default_order
            && has.is_equality()
        {
            return Ok(Access::Values(&has.attribute, Some(*index)));
        }
        if let Some((index, rows)) = self.fewest(&candidates).await?
            && rows <= FEW_ROWS
        {
            return Ok(Access::Few(index));
        }
        Ok(match order.given() {
            Some(given) => {
                let bounds = candidates.iter().find(|(_, has)| has.attribute == *given);
                Access::Values(given, bounds.map(|(index, _)| *index))
            }
            None => candidates
                .into_iter()
                .find(|(_, has)| is_default_order && has.is_equality())
                .map_or(Access::Runs, |(index, has)| Access::Values(&has.attribute, Some(index))),
        })
    }

    /// Where to begin to count. All that match are visited anyway, so the most selective condition is always best.
    pub(super) async fn count_access<'a>(&self, query: &'a Query) -> Result<Access<'a>, StoreError> {
        let candidates: Vec<_> = candidates(query).collect();
        let fewest = match candidates.as_slice() {
            [(index, _)] => Some(*index),
            several => self.fewest(several).await?.map(|(index, _)| index),
        };
        Ok(fewest.map_or(Access::Runs, Access::Few))
    }

    /// The condition that the fewest rows pass, with their number, which may be one more than [`FEW_ROWS`] instead.
    async fn fewest(&self, candidates: &[(usize, &Has)]) -> Result<Option<(usize, i64)>, StoreError> {
        let mut fewest = None;
        for (index, has) in candidates {
            let rows: i64 = count_rows(has, FEW_ROWS + 1)
                .build_query_scalar()
                .fetch_one(&mut *self.database.reader().await?)
                .await
                .map_err(|error| self.database.failure("count values", error))?;
            if fewest.is_none_or(|(_, least)| rows < least) {
                fewest = Some((*index, rows));
            }
        }
        Ok(fewest)
    }
}

/// The conditions on given attributes, by their places. None when the query names workflows: those are found directly.
fn candidates(query: &Query) -> impl Iterator<Item = (usize, &Has)> {
    let conjuncts = query.conjuncts();
    let names_workflows = conjuncts.iter().any(names_workflows);
    let candidates = conjuncts.iter().enumerate().filter_map(|(index, filter)| match filter {
        Filter::Has(has) if !has.negated => Some((index, has)),
        _ => None,
    });
    candidates.take(if names_workflows { 0 } else { CANDIDATES })
}

fn names_workflows(filter: &Filter) -> bool {
    use RunAttribute::{ParentWorkflowId, RootWorkflowId, RunId, WorkflowId};
    match filter {
        Filter::Compare(WorkflowId | RunId | ParentWorkflowId | RootWorkflowId, Comparison::Equal, _) => true,
        Filter::In {
            attribute: WorkflowId | RunId | ParentWorkflowId | RootWorkflowId,
            negated,
            ..
        } => !negated,
        Filter::All(filters) => filters.iter().any(names_workflows),
        // The two ways to have a root.
        Filter::Any(filters) => !filters.is_empty() && filters.iter().all(names_workflows),
        _ => false,
    }
}
