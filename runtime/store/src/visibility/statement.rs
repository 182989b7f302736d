//! SQL for lists and counts.

use sqlx::QueryBuilder;

use super::{
    attribute::{Attribute, RunAttribute},
    filter::{Filter, Has, Test},
    query::{Direction, Order, Query},
    value::Value,
};
use crate::{search_attribute::SearchAttribute, sqlite::Backend};

/// Where a statement begins to look for runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Access<'a> {
    /// At an index of runs, each of which is then looked at.
    Runs,
    /// At the few runs that pass this condition, by its place among those of the query; a list of them is sorted afterwards.
    Few(usize),
    /// At the rows of an attribute, which come in the order of the list; at those that pass a condition, if it is known.
    Values(&'a SearchAttribute, Option<usize>),
}

/// A list: what is asked for, how it is ordered, and how it is found.
pub(super) struct List<'a> {
    pub(super) namespace_id: &'a str,
    pub(super) query: &'a Query,
    pub(super) order: &'a Order,
    pub(super) access: Access<'a>,
}

impl List<'_> {
    /// Selects the state and the columns that order the list. `after` is where the page before has ended.
    pub(super) fn statement(&self, after: Option<Vec<Value>>, limit: i64) -> QueryBuilder<Backend> {
        let columns: Vec<_> = self.order.attributes.iter().map(|it| self.column(it)).collect();
        let (comparison, direction) = match self.order.direction {
            Direction::Ascending => (">", "ASC"),
            Direction::Descending => ("<", "DESC"),
        };
        let mut statement = QueryBuilder::new(format!("SELECT run.state, {} FROM ", columns.join(", ")));
        push_source(&mut statement, self.access, self.order.given());
        push_filter(&mut statement, self.namespace_id, self.query, self.access);
        if let Some(values) = after {
            // A row-value comparison along the order is one range of an index.
            statement.push(format!(" AND ({}) {comparison} ", columns.join(", ")));
            push_values(&mut statement, &values);
        }
        let ordered: Vec<_> = columns.iter().map(|column| format!("{column} {direction}")).collect();
        statement.push(format!(" ORDER BY {} LIMIT ", ordered.join(", ")));
        statement.push_bind(limit);
        statement
    }

    fn column(&self, attribute: &Attribute) -> &'static str {
        match attribute {
            Attribute::Run(attribute) => column(*attribute, self.access),
            Attribute::Given(_) => "found.value",
        }
    }
}

/// Counts the runs that match.
pub(super) fn count(namespace_id: &str, query: &Query, access: Access<'_>) -> QueryBuilder<Backend> {
    // The rows of a single condition are the runs.
    if let [Filter::Has(has)] = query.conjuncts()
        && has.is_single()
    {
        let mut statement = QueryBuilder::new("SELECT count(*) FROM search_attribute AS found WHERE ");
        push_found(&mut statement, has);
        return statement;
    }
    let mut statement = QueryBuilder::new("SELECT count(*) FROM ");
    push_source(&mut statement, access, None);
    push_filter(&mut statement, namespace_id, query, access);
    statement
}

/// Counts the runs that match by the values of an attribute, the most frequent ones first.
pub(super) fn count_groups(
    namespace_id: &str,
    query: &Query,
    group_by: &Attribute,
    access: Access<'_>,
    limit: i64,
) -> QueryBuilder<Backend> {
    let (column, given) = match group_by {
        Attribute::Run(attribute) => (attribute.column(), None),
        Attribute::Given(attribute) => ("found.value", Some(attribute)),
    };
    let mut statement = QueryBuilder::new(format!("SELECT {column}, count(*) FROM "));
    push_source(&mut statement, access, given);
    push_filter(&mut statement, namespace_id, query, access);
    statement.push(" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ").push_bind(limit);
    statement
}

/// Counts the rows that pass a condition, and stops at the limit.
pub(super) fn count_rows(has: &Has, limit: i64) -> QueryBuilder<Backend> {
    let mut statement = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM search_attribute AS found WHERE ");
    push_found(&mut statement, has);
    statement.push(" LIMIT ").push_bind(limit).push(")");
    statement
}

// === Parts ===

/// The tables. `CROSS JOIN` makes SQLite read them in this order.
fn push_source(statement: &mut QueryBuilder<Backend>, access: Access<'_>, given: Option<&SearchAttribute>) {
    match (access, given) {
        (Access::Values(attribute, _), _) => {
            statement.push("search_attribute AS found CROSS JOIN run ON run.run_id = found.run_id AND found.key = ");
            statement.push_bind(attribute.key);
        }
        (_, Some(attribute)) => {
            statement.push("run CROSS JOIN search_attribute AS found ON found.run_id = run.run_id AND found.key = ");
            statement.push_bind(attribute.key);
        }
        (_, None) => {
            statement.push("run");
        }
    }
}

fn push_filter(statement: &mut QueryBuilder<Backend>, namespace_id: &str, query: &Query, access: Access<'_>) {
    statement.push(" WHERE run.namespace_id = ").push_bind(namespace_id);
    for (index, conjunct) in query.conjuncts().iter().enumerate() {
        statement.push(" AND ");
        match (conjunct, access) {
            (Filter::Has(has), Access::Few(few)) if few == index => push_in(statement, has),
            (Filter::Has(has), Access::Values(_, Some(found))) if found == index => {
                push_test(statement, "found.value", &has.test);
            }
            (filter, _) => filter.push(statement, access),
        }
    }
}

/// The column of an attribute of the run. The rows of values repeat those that order lists, so that an index has them all.
fn column(attribute: RunAttribute, access: Access<'_>) -> &'static str {
    match (attribute, access) {
        (RunAttribute::CloseTime, Access::Values(..)) => "found.close_ns",
        (RunAttribute::StartTime, Access::Values(..)) => "found.start_ns",
        (RunAttribute::RunId, Access::Values(..)) => "found.run_id",
        _ => attribute.column(),
    }
}

fn push_found(statement: &mut QueryBuilder<Backend>, has: &Has) {
    statement
        .push("found.key = ")
        .push_bind(has.attribute.key)
        .push(" AND ");
    push_test(statement, "found.value", &has.test);
}

fn push_in(statement: &mut QueryBuilder<Backend>, has: &Has) {
    statement.push("run.run_id IN (SELECT found.run_id FROM search_attribute AS found WHERE ");
    push_found(statement, has);
    statement.push(")");
}

fn push_exists(statement: &mut QueryBuilder<Backend>, has: &Has) {
    let not = if has.negated { "NOT " } else { "" };
    statement.push(format!(
        "{not}EXISTS (SELECT 1 FROM search_attribute AS held WHERE held.run_id = run.run_id AND held.key = "
    ));
    statement.push_bind(has.attribute.key).push(" AND ");
    push_test(statement, "held.value", &has.test);
    statement.push(")");
}

fn push_test(statement: &mut QueryBuilder<Backend>, column: &str, test: &Test) {
    match test {
        Test::Compare(bounds) => {
            let compare = |statement: &mut QueryBuilder<Backend>, (comparison, value): &(_, Value)| {
                let comparison: &super::filter::Comparison = comparison;
                statement.push(format!("{column} {} ", comparison.sql()));
                value.push(statement);
            };
            push_list(statement, bounds, " AND ", "1 = 1", compare);
        }
        Test::In(values) => {
            statement.push(format!("{column} IN "));
            push_values(statement, values);
        }
    }
}

impl Filter {
    /// Appends the condition as SQL, its values as parameters.
    pub(super) fn push(&self, statement: &mut QueryBuilder<Backend>, access: Access<'_>) {
        let push = |statement: &mut QueryBuilder<Backend>, filter: &Filter| filter.push(statement, access);
        match self {
            Filter::All(filters) => push_list(statement, filters, " AND ", "1 = 1", push),
            Filter::Any(filters) => push_list(statement, filters, " OR ", "1 = 0", push),
            Filter::Compare(attribute, comparison, value) => {
                statement.push(format!("{} {} ", column(*attribute, access), comparison.sql()));
                value.push(statement);
            }
            Filter::In {
                attribute,
                values,
                negated,
            } => {
                let not = if *negated { "NOT " } else { "" };
                statement.push(format!("{} {not}IN ", column(*attribute, access)));
                push_values(statement, values);
            }
            Filter::Null { attribute, negated } => {
                let not = if *negated { "NOT " } else { "" };
                statement.push(format!("{} IS {not}NULL", column(*attribute, access)));
            }
            Filter::Has(has) => push_exists(statement, has),
        }
    }
}

fn push_values(statement: &mut QueryBuilder<Backend>, values: &[Value]) {
    statement.push("(");
    for (index, value) in values.iter().enumerate() {
        statement.push(if index == 0 { "" } else { ", " });
        value.push(statement);
    }
    statement.push(")");
}

/// Conditions that are joined by an operator. One needs no parentheses.
fn push_list<T>(
    statement: &mut QueryBuilder<Backend>,
    items: &[T],
    operator: &str,
    of_none: &str,
    push: impl Fn(&mut QueryBuilder<Backend>, &T),
) {
    match items {
        [] => {
            statement.push(of_none);
        }
        [item] => push(statement, item),
        items => {
            statement.push("(");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    statement.push(operator);
                }
                push(statement, item);
            }
            statement.push(")");
        }
    }
}
