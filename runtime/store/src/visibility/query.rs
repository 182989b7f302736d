//! A query as a whole: `[filter] [ORDER BY …]` to list, `[filter] [GROUP BY ExecutionStatus]` to count.

use sqlparser::{
    ast::{BinaryOperator, Expr, OrderByExpr, OrderBySort, UnaryOperator},
    dialect::{Dialect, Precedence},
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::Token,
};

use super::{attribute::Attribute, filter::Filter};
use crate::StoreError;

/// Longer ones are not written by people, and would make the parser's tree deep.
const QUERY_BYTES: usize = 16 * 1024;

/// A query that makes sense.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    /// `None` matches every run.
    pub(super) filter: Option<Filter>,
    /// The order that is asked for.
    pub(super) order: Option<Order>,
    /// `GROUP BY ExecutionStatus`.
    pub(super) group_by_status: bool,
}

/// The order of a list: by these attributes, all in one direction, so that a page begins where a single comparison of
/// them says. The run id comes last and makes it total.
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
    /// Reads a query.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        if text.len() > QUERY_BYTES {
            return Err(invalid(format!(
                "it has {} bytes, {QUERY_BYTES} are allowed",
                text.len()
            )));
        }
        let mut parser = Parser::new(&ListFilterDialect).try_with_sql(text).map_err(syntax)?;
        let filter = match &parser.peek_token_ref().token {
            Token::EOF => None,
            Token::Word(word) if matches!(word.keyword, Keyword::ORDER | Keyword::GROUP) => None,
            _ => Some(Filter::new(&parser.parse_expr().map_err(syntax)?)?),
        };
        let group_by_status = match parser.parse_keywords(&[Keyword::GROUP, Keyword::BY]) {
            true => group_by(&parser.parse_comma_separated(Parser::parse_expr).map_err(syntax)?)?,
            false => false,
        };
        let order = match parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
            true => Some(Order::new(
                &parser
                    .parse_comma_separated(Parser::parse_order_by_expr)
                    .map_err(syntax)?,
            )?),
            false => None,
        };
        match parser.next_token().token {
            Token::EOF => Ok(Query {
                filter,
                order,
                group_by_status,
            }),
            token => Err(invalid(format!(
                "unexpected {token}; a filter may be followed by ORDER BY to list, or GROUP BY ExecutionStatus to count"
            ))),
        }
    }

    /// The order that is asked for, else open runs first, then the latest.
    pub(super) fn order_or_default(&self) -> Order {
        self.order.clone().unwrap_or_else(|| Order {
            attributes: vec![Attribute::CloseTime, Attribute::StartTime, Attribute::RunId],
            direction: Direction::Descending,
        })
    }
}

impl Order {
    fn new(expressions: &[OrderByExpr]) -> Result<Self, StoreError> {
        let (mut attributes, mut directions) = (Vec::new(), Vec::new());
        for expression in expressions {
            if expression.options.nulls_first.is_some() {
                return Err(invalid(
                    "NULLS FIRST and NULLS LAST are not supported; open runs sort as the last to close",
                ));
            }
            attributes.push(attribute(&expression.expr)?);
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
        if !attributes.contains(&Attribute::RunId) {
            attributes.push(Attribute::RunId);
        }
        Ok(Order { attributes, direction })
    }
}

fn group_by(expressions: &[Expr]) -> Result<bool, StoreError> {
    match expressions {
        [expression] if attribute(expression)? == Attribute::ExecutionStatus => Ok(true),
        _ => Err(invalid("GROUP BY takes ExecutionStatus, and nothing else")),
    }
}

/// The attribute that an expression names. Backticks around a name are allowed.
pub(super) fn attribute(expression: &Expr) -> Result<Attribute, StoreError> {
    match expression {
        Expr::Identifier(name) if matches!(name.quote_style, None | Some('`')) => Attribute::named(&name.value),
        other => Err(invalid(format!(
            "{other} is not the name of a search attribute; write for instance StartTime"
        ))),
    }
}

/// An error about a query.
pub(super) fn invalid(message: impl Into<String>) -> StoreError {
    StoreError::InvalidQuery(message.into())
}

fn syntax(error: ParserError) -> StoreError {
    match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => invalid(message),
        ParserError::RecursionLimitExceeded => invalid("it is nested too deeply; use fewer parentheses"),
    }
}

/// SQL's expressions with the operators `STARTS_WITH` and `NOT STARTS_WITH`.
#[derive(Debug)]
struct ListFilterDialect;

/// The operator that SQL does not know.
pub(super) const STARTS_WITH: &str = "STARTS_WITH";

impl Dialect for ListFilterDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
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
