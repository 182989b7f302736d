//! A query as a whole: `[filter] [ORDER BY …]` to list, `[filter] [GROUP BY …]` to count.

use std::slice;

use sqlparser::{
    ast::{BinaryOperator, Expr, OrderByExpr, OrderBySort, UnaryOperator},
    dialect::{Dialect, Precedence},
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::Token,
};
use wrt_model::{Time, proto::enums::IndexedValueType};

use super::{
    attribute::{Attribute, RunAttribute},
    filter::Filter,
    value::Value,
};
use crate::{
    StoreError,
    search_attribute::{Schema, SearchAttribute},
};

/// Longer ones are not written by people, and would make the parser's tree deep.
const QUERY_BYTES: usize = 16 * 1024;

/// A query that makes sense.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    /// `None` matches every run.
    pub(super) filter: Option<Filter>,
    /// The order that is asked for.
    pub(super) order: Option<Order>,
    /// What the count is grouped by.
    pub(super) group_by: Option<Attribute>,
}

/// The order of a list: by these attributes, all in one direction, so that a page begins where a single comparison of
/// them says. The run id comes last and makes it total. One that runs can be given stands at the beginning only, and
/// orders only the runs that have it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) attributes: Vec<Attribute>,
    pub(super) direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Query {
    /// Reads a query about runs that have the attributes of this schema.
    pub(super) fn parse(text: &str, schema: &Schema, now: Time) -> Result<Self, StoreError> {
        let mut parser = parser(text)?;
        let filter = match parse_filter(&mut parser)? {
            Some(expression) => Some(Filter::new(&expression, schema, now)?),
            None => None,
        };
        let group_by = match parse_group_by(&mut parser)?.as_slice() {
            [] => None,
            expressions => Some(group_by(expressions, schema)?),
        };
        let order = match parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
            true => Some(Order::new(
                &parser
                    .parse_comma_separated(Parser::parse_order_by_expr)
                    .map_err(syntax)?,
                schema,
            )?),
            false => None,
        };
        match parser.next_token().token {
            Token::EOF => Ok(Query {
                filter,
                order,
                group_by,
            }),
            token => Err(invalid(format!(
                "unexpected {token}; a filter may be followed by ORDER BY to list, or GROUP BY to count"
            ))),
        }
    }

    /// The conditions that all have to hold.
    pub(super) fn conjuncts(&self) -> &[Filter] {
        match &self.filter {
            None => &[],
            Some(Filter::All(filters)) => filters,
            Some(filter) => slice::from_ref(filter),
        }
    }

    /// The order that is asked for, else open runs first, then the latest.
    pub(super) fn order_or_default(&self) -> Order {
        self.order.clone().unwrap_or_default()
    }

    /// Lists the runs that an order by an attribute leaves out because they have none.
    pub(super) fn without_attribute(&self, attribute: &SearchAttribute) -> Query {
        let mut conjuncts = self.conjuncts().to_vec();
        conjuncts.push(Filter::lacks(attribute));
        Query {
            filter: Some(Filter::All(conjuncts)),
            order: None,
            group_by: None,
        }
    }
}

impl Default for Order {
    fn default() -> Self {
        Order {
            attributes: LATEST.map(Attribute::Run).into(),
            direction: Direction::Descending,
        }
    }
}

/// What tells runs apart that are otherwise alike.
const LATEST: [RunAttribute; 3] = [RunAttribute::CloseTime, RunAttribute::StartTime, RunAttribute::RunId];

impl Order {
    fn new(expressions: &[OrderByExpr], schema: &Schema) -> Result<Self, StoreError> {
        let (mut attributes, mut directions) = (Vec::new(), Vec::new());
        for expression in expressions {
            if expression.options.nulls_first.is_some() {
                return Err(invalid(
                    "NULLS FIRST and NULLS LAST are not supported; open runs sort as the last to close",
                ));
            }
            let attribute = Attribute::named(attribute_name(&expression.expr)?, schema)?;
            orderable(&attribute, attributes.is_empty())?;
            attributes.push(attribute);
            directions.push(match &expression.options.sort {
                None | Some(OrderBySort::Asc) => Direction::Ascending,
                Some(OrderBySort::Desc) => Direction::Descending,
                Some(OrderBySort::Using(_)) => return Err(invalid("ORDER BY takes ASC or DESC")),
            });
        }
        let direction = directions[0];
        if directions.iter().any(|other| *other != direction) {
            return Err(invalid(
                "ORDER BY cannot mix ASC and DESC; give all attributes the same direction",
            ));
        }
        // The index of given values goes on like this.
        let rest = match attributes.as_slice() {
            [Attribute::Given(_)] => &LATEST[..],
            attributes if attributes.contains(&Attribute::Run(RunAttribute::RunId)) => &[],
            _ => &[RunAttribute::RunId],
        };
        attributes.extend(rest.iter().copied().map(Attribute::Run));
        Ok(Order { attributes, direction })
    }

    /// True when these can be the values of a run's attributes.
    pub(super) fn has_place(&self, values: &[Value]) -> bool {
        let stored = self.attributes.iter().map(Attribute::storage);
        stored.eq(values.iter().map(Value::storage))
    }

    /// The attribute that it begins with, if runs can be without it.
    pub(super) fn given(&self) -> Option<&SearchAttribute> {
        match self.attributes.first() {
            Some(Attribute::Given(attribute)) => Some(attribute),
            _ => None,
        }
    }
}

fn orderable(attribute: &Attribute, is_first: bool) -> Result<(), StoreError> {
    match attribute {
        Attribute::Given(given) if given.has_many() => Err(invalid(format!(
            "ORDER BY does not take {}, of which a run has several words",
            given.name
        ))),
        Attribute::Given(given) if !is_first => Err(invalid(format!(
            "ORDER BY takes {} only as its first attribute",
            given.name
        ))),
        Attribute::Run(run) if run.needs_parent() => Err(invalid(format!(
            "ORDER BY does not take {}, which not every run has",
            attribute.name()
        ))),
        _ => Ok(()),
    }
}

/// The filter and the attributes behind `GROUP BY` of a query about something else than runs.
pub(crate) fn parse_any(text: &str) -> Result<(Option<Expr>, Vec<Expr>), StoreError> {
    let mut parser = parser(text)?;
    let parsed = (parse_filter(&mut parser)?, parse_group_by(&mut parser)?);
    match parser.next_token().token {
        Token::EOF => Ok(parsed),
        token => Err(invalid(format!(
            "unexpected {token}; a filter may be followed by GROUP BY to count, and by nothing else"
        ))),
    }
}

fn parser(text: &str) -> Result<Parser<'static>, StoreError> {
    if text.len() > QUERY_BYTES {
        return Err(invalid(format!(
            "it has {} bytes, {QUERY_BYTES} are allowed",
            text.len()
        )));
    }
    Parser::new(&ListFilterDialect)
        .try_with_sql(&without_foreign_escapes(text))
        .map_err(syntax)
}

/// Takes the backslash from escapes that the parser knows and Temporal does not: for Temporal, they are the letters.
fn without_foreign_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        match (letter, rest.clone().next()) {
            ('\\', Some('a' | 'f')) => {}
            ('\\', Some(escaped)) => {
                kept.extend([letter, escaped]);
                rest.next();
            }
            _ => kept.push(letter),
        }
    }
    kept
}

fn parse_filter(parser: &mut Parser<'_>) -> Result<Option<Expr>, StoreError> {
    match &parser.peek_token_ref().token {
        Token::EOF => Ok(None),
        Token::Word(word) if matches!(word.keyword, Keyword::ORDER | Keyword::GROUP) => Ok(None),
        _ => parser.parse_expr().map(Some).map_err(syntax),
    }
}

fn parse_group_by(parser: &mut Parser<'_>) -> Result<Vec<Expr>, StoreError> {
    match parser.parse_keywords(&[Keyword::GROUP, Keyword::BY]) {
        true => parser.parse_comma_separated(Parser::parse_expr).map_err(syntax),
        false => Ok(Vec::new()),
    }
}

fn group_by(expressions: &[Expr], schema: &Schema) -> Result<Attribute, StoreError> {
    use IndexedValueType as T;
    let [expression] = expressions else {
        return Err(invalid("GROUP BY takes one search attribute"));
    };
    let attribute = Attribute::named(attribute_name(expression)?, schema)?;
    let groups = match &attribute {
        Attribute::Run(run) => matches!(
            run,
            RunAttribute::ExecutionStatus | RunAttribute::WorkflowType | RunAttribute::TaskQueue
        ),
        Attribute::Given(given) => matches!(given.value_type, T::Keyword | T::KeywordList | T::Bool | T::Int),
    };
    match groups {
        true => Ok(attribute),
        false => Err(invalid(format!(
            "GROUP BY does not take {}; it takes ExecutionStatus, WorkflowType, TaskQueue and attributes of the types \
             Keyword, KeywordList, Bool and Int",
            attribute.name()
        ))),
    }
}

/// The name of an attribute. Backticks around it are allowed.
pub(super) fn attribute_name(expression: &Expr) -> Result<&str, StoreError> {
    match expression {
        Expr::Identifier(name) if matches!(name.quote_style, None | Some('`')) => Ok(&name.value),
        other => Err(invalid(format!(
            "{other} is not the name of a search attribute; write for instance StartTime"
        ))),
    }
}

/// An error about a query.
pub(crate) fn invalid(message: impl Into<String>) -> StoreError {
    StoreError::InvalidQuery(message.into())
}

fn syntax(error: ParserError) -> StoreError {
    match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => invalid(message),
        ParserError::RecursionLimitExceeded => invalid("it is nested too deeply; use fewer parentheses"),
    }
}

/// SQL's expressions with the operators `STARTS_WITH` and `NOT STARTS_WITH`. Texts stand in quotes of either kind, with
/// backslashes before what is meant literally.
#[derive(Debug)]
struct ListFilterDialect;

/// The operator that SQL does not know.
pub(crate) const STARTS_WITH: &str = "STARTS_WITH";

impl Dialect for ListFilterDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        starts_with_tokens(parser).map(|_| Ok(self.prec_value(Precedence::Like)))
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        let tokens = starts_with_tokens(parser)?;
        for _ in 0..tokens {
            parser.advance_token();
        }
        let parsed = parser.parse_subexpr(precedence).map(|right| {
            let op = BinaryOperator::Custom(STARTS_WITH.to_owned());
            let positive = Expr::BinaryOp {
                left: Box::new(left.clone()),
                op,
                right: Box::new(right),
            };
            match tokens {
                1 => positive,
                _ => Expr::UnaryOp {
                    op: UnaryOperator::Not,
                    expr: Box::new(positive),
                },
            }
        });
        Some(parsed)
    }
}

/// How many tokens the operator has that comes next, if it is `STARTS_WITH` or `NOT STARTS_WITH`.
fn starts_with_tokens(parser: &Parser) -> Option<usize> {
    let is_starts_with = |token: &Token| matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(STARTS_WITH));
    let [first, second] = parser.peek_tokens_ref().map(|token| &token.token);
    match first {
        Token::Word(word) if word.keyword == Keyword::NOT => is_starts_with(second).then_some(2),
        token => is_starts_with(token).then_some(1),
    }
}
