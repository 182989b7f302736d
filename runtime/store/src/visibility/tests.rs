//! What queries become.

mod plans;

use std::sync::Arc;

use sqlx::QueryBuilder;
use wrt_model::Namespace;

use super::{filter::Filter, statement::Access, *};
use crate::{
    Condition,
    search_attribute::{Schema, Schemas},
};

/// A namespace with an attribute of each type.
fn namespace() -> Namespace {
    use IndexedValueType as T;
    let registered = [
        ("Color", T::Keyword),
        ("Amount", T::Int),
        ("Weight", T::Double),
        ("Due", T::Datetime),
        ("Paid", T::Bool),
        ("Tags", T::KeywordList),
        ("Note", T::Text),
    ];
    Namespace {
        id: "n".to_owned(),
        search_attributes: registered
            .map(|(name, value_type)| (name.to_owned(), value_type as i32))
            .into(),
        ..Default::default()
    }
}

fn schema() -> Arc<Schema> {
    let schemas = Schemas::default();
    schemas.put(&namespace());
    schemas.get("n")
}

fn parse(query: &str) -> Result<Query, StoreError> {
    Query::parse(query, &schema(), Time::from_nanos(7_200_000_000_000))
}

/// The condition that a filter becomes, with `?` for its values. Columns are those of runs; rows of values are shortened.
fn condition(query: &str) -> Result<String, StoreError> {
    let mut statement = QueryBuilder::new("");
    parse(query)?
        .filter
        .unwrap_or(Filter::All(Vec::new()))
        .push(&mut statement, Access::Runs);
    let held = "SELECT 1 FROM search_attribute AS held WHERE held.run_id = run.run_id AND held.key = ? AND ";
    Ok(statement.into_string().replace(held, "").replace("run.", ""))
}

#[test]
fn filters_become_conditions() {
    for (query, expected) in [
        ("", "1 = 1"),
        ("  ", "1 = 1"),
        ("ORDER BY StartTime", "1 = 1"),
        ("WorkflowId = 'a'", "workflow_id = ?"),
        ("`WorkflowId` = \"a\"", "workflow_id = ?"),
        ("WorkflowId != 'it''s'", "workflow_id <> ?"),
        ("ExecutionStatus = 'Running'", "(status = ? AND close_ns = ?)"),
        ("ExecutionStatus = 'running'", "(status = ? AND close_ns = ?)"),
        ("ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_TIMED_OUT'", "status = ?"),
        ("ExecutionStatus IN ('Failed', 'TimedOut')", "status IN (?, ?)"),
        ("ExecutionStatus NOT IN ('Failed')", "status NOT IN (?)"),
        ("NOT ExecutionStatus IN ('Failed')", "status NOT IN (?)"),
        ("HistoryLength >= 10", "(history_length >= ? AND close_ns < ?)"),
        ("HistoryLength < 10", "(history_length < ? AND close_ns < ?)"),
        ("HistoryLength IN (1, 2)", "(history_length IN (?, ?) AND close_ns < ?)"),
        ("HistoryLength IS NULL", "close_ns = ?"),
        ("HistorySizeBytes IS NULL", "close_ns = ?"),
        ("StateTransitionCount IS NOT NULL", "close_ns < ?"),
        ("StartTime > '2026-01-31T12:00:00.5+02:00'", "start_ns > ?"),
        ("StartTime > 1700000000000000000", "start_ns > ?"),
        (
            "StartTime BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' AND RunId = 'r'",
            "(start_ns >= ? AND start_ns <= ? AND run_id = ?)",
        ),
        (
            "StartTime NOT BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z'",
            "(start_ns < ? OR start_ns > ?)",
        ),
        ("CloseTime < '2026-01-01T00:00:00Z'", "close_ns < ?"),
        ("CloseTime > '2026-01-01T00:00:00Z'", "(close_ns > ? AND close_ns < ?)"),
        (
            "NOT CloseTime < '2026-01-01T00:00:00Z'",
            "(close_ns >= ? AND close_ns < ?)",
        ),
        ("CloseTime IS NULL", "close_ns = ?"),
        ("CloseTime IS NOT NULL", "close_ns < ?"),
        ("NOT CloseTime IS NULL", "close_ns < ?"),
        ("StartTime IS NULL", "1 = 0"),
        (
            "WorkflowId STARTS_WITH 'order-'",
            "(workflow_id >= ? AND workflow_id < ?)",
        ),
        (
            "WorkflowId NOT STARTS_WITH 'order-'",
            "(workflow_id < ? OR workflow_id >= ?)",
        ),
        (
            "NOT WorkflowId starts_with 'order-'",
            "(workflow_id < ? OR workflow_id >= ?)",
        ),
        ("WorkflowId STARTS_WITH ''", "workflow_id >= ?"),
        (
            "TaskQueue = 'a' OR TaskQueue = 'b' OR TaskQueue = 'c'",
            "(task_queue = ? OR task_queue = ? OR task_queue = ?)",
        ),
        (
            "TaskQueue = 'a' OR TaskQueue = 'b' AND WorkflowType = 'c'",
            "(task_queue = ? OR (task_queue = ? AND workflow_type = ?))",
        ),
        (
            "NOT (TaskQueue = 'a' OR NOT (TaskQueue > 'b' AND WorkflowType <= 'c'))",
            "(task_queue <> ? AND task_queue > ? AND workflow_type <= ?)",
        ),
        (
            "(TaskQueue = 'a' OR WorkflowId STARTS_WITH 'b') AND RunId = 'c'",
            "((task_queue = ? OR (workflow_id >= ? AND workflow_id < ?)) AND run_id = ?)",
        ),
    ] {
        assert_eq!(condition(query).as_deref(), Ok(expected), "{query}");
    }
}

#[test]
fn spans_and_relatives_become_conditions() {
    for (query, expected) in [
        ("StartTime > '1h30m'", "start_ns > ?"),
        (
            "ExecutionDuration > '1h30m'",
            "((close_ns - execution_ns) > ? AND close_ns < ?)",
        ),
        ("ExecutionDuration < '00:00:05'", "(close_ns - execution_ns) < ?"),
        ("ExecutionDuration IS NULL", "close_ns = ?"),
        ("ParentWorkflowId = 'p'", "parent_workflow_id = ?"),
        ("ParentRunId != 'p'", "parent_run_id <> ?"),
        ("ParentWorkflowId IS NULL", "parent_workflow_id IS NULL"),
        ("NOT ParentWorkflowId IS NULL", "parent_workflow_id IS NOT NULL"),
        (
            "RootWorkflowId = 'r'",
            "(root_workflow_id = ? OR (root_workflow_id IS NULL AND workflow_id = ?))",
        ),
        (
            "RootRunId NOT IN ('r', 's')",
            "(root_run_id NOT IN (?, ?) OR (root_run_id IS NULL AND run_id NOT IN (?, ?)))",
        ),
        ("RootWorkflowId IS NULL", "1 = 0"),
        ("HistorySizeBytes > 1000", "(history_bytes > ? AND close_ns < ?)"),
        ("StateTransitionCount = 3", "(state_transitions = ? AND close_ns < ?)"),
    ] {
        assert_eq!(condition(query).as_deref(), Ok(expected), "{query}");
    }
}

#[test]
fn conditions_on_values_look_for_rows() {
    for (query, expected) in [
        ("Color = 'red'", "EXISTS (held.value = ?)"),
        ("Color != 'red'", "EXISTS (held.value <> ?)"),
        ("NOT Color = 'red'", "EXISTS (held.value <> ?)"),
        ("Color IN ('red', 'blue')", "EXISTS (held.value IN (?, ?))"),
        (
            "Color NOT IN ('red', 'blue')",
            "(EXISTS (1 = 1) AND NOT EXISTS (held.value IN (?, ?)))",
        ),
        (
            "Color STARTS_WITH 're'",
            "EXISTS ((held.value >= ? AND held.value < ?))",
        ),
        ("Color IS NULL", "NOT EXISTS (1 = 1)"),
        ("Color IS NOT NULL", "EXISTS (1 = 1)"),
        (
            "Amount BETWEEN 1 AND -2",
            "EXISTS ((held.value >= ? AND held.value <= ?))",
        ),
        (
            "Amount > 1 AND Amount < 5",
            "EXISTS ((held.value > ? AND held.value < ?))",
        ),
        (
            "Amount > 1 OR Amount < 5",
            "(EXISTS (held.value > ?) OR EXISTS (held.value < ?))",
        ),
        (
            "NOT (Amount < 1 OR Amount > 5)",
            "EXISTS ((held.value >= ? AND held.value <= ?))",
        ),
        ("Weight >= 1.5", "EXISTS (held.value >= ?)"),
        ("Due < '2026-01-01T00:00:00Z'", "EXISTS (held.value < ?)"),
        ("Paid = true", "EXISTS (held.value = ?)"),
        ("Paid = 'true'", "EXISTS (held.value = ?)"),
        ("Tags = 'a'", "EXISTS (held.value = ?)"),
        (
            "Tags = 'a' AND Tags = 'b'",
            "(EXISTS (held.value = ?) AND EXISTS (held.value = ?))",
        ),
        ("Tags != 'a'", "(EXISTS (1 = 1) AND NOT EXISTS (held.value = ?))"),
        ("Note = 'Hello, hello world'", "EXISTS (held.value IN (?, ?))"),
        ("Note != 'Hello'", "(EXISTS (1 = 1) AND NOT EXISTS (held.value = ?))"),
        ("TemporalScheduledById = 's'", "EXISTS (held.value = ?)"),
    ] {
        assert_eq!(condition(query).as_deref(), Ok(expected), "{query}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    for (query, reason) in [
        (
            "Colour = 'red'",
            "unknown search attribute Colour; known are WorkflowId, RunId,",
        ),
        ("workflowid = 'a'", "unknown search attribute workflowid"),
        (
            "ExecutionStatus = 'Done'",
            "ExecutionStatus cannot be 'Done'; it takes one of 'Running', 'Completed',",
        ),
        ("ExecutionStatus > 'Running'", "ExecutionStatus has no order"),
        ("ExecutionStatus = 99", "ExecutionStatus cannot be 99"),
        (
            "StartTime > 'yesterday'",
            "StartTime cannot be 'yesterday'; it takes a time like",
        ),
        (
            "HistoryLength = '7'",
            "HistoryLength cannot be '7'; it takes a whole number",
        ),
        (
            "HistoryLength = 99999999999999999999",
            "HistoryLength cannot be 99999999999999999999",
        ),
        ("WorkflowId = 7", "WorkflowId cannot be 7"),
        ("WorkflowId = NULL", "NULL is not a value"),
        ("WorkflowId = RunId", "RunId is not a value"),
        ("'a' = WorkflowId", "'a' is not the name of a search attribute"),
        ("WorkflowId LIKE 'a%'", "WorkflowId LIKE 'a%' is not a condition"),
        (
            "HistoryLength + 1 = 2",
            "HistoryLength + 1 is not the name of a search attribute",
        ),
        ("WorkflowId", "WorkflowId is not a condition"),
        ("HistoryLength STARTS_WITH '1'", "STARTS_WITH is for words"),
        ("WorkflowId STARTS_WITH 1", "STARTS_WITH takes a text"),
        ("WorkflowId IN (SELECT workflow_id FROM run)", "is not a condition"),
        ("WorkflowId = 'a' LIMIT 3", "unexpected LIMIT"),
        ("WorkflowId = 'a'; DROP TABLE run", "unexpected ;"),
        ("WorkflowId = 'a' UNION SELECT 1", "unexpected UNION"),
        ("WorkflowId = 'a", "Unterminated string literal"),
        ("WorkflowId =", "found: EOF"),
        (
            "StartTime < '2026-01-01T00:00:00Z' ORDER BY Colour",
            "unknown search attribute Colour",
        ),
        ("ORDER BY StartTime ASC, CloseTime DESC", "cannot mix ASC and DESC"),
        (
            "ORDER BY CloseTime NULLS FIRST",
            "NULLS FIRST and NULLS LAST are not supported",
        ),
        (
            "GROUP BY StartTime",
            "GROUP BY does not take StartTime; it takes ExecutionStatus,",
        ),
        ("GROUP BY Weight", "GROUP BY does not take Weight"),
        ("GROUP BY Color, Paid", "GROUP BY takes one search attribute"),
        (
            "ORDER BY Tags",
            "ORDER BY does not take Tags, of which a run has several words",
        ),
        (
            "ORDER BY StartTime, Amount",
            "ORDER BY takes Amount only as its first attribute",
        ),
        (
            "ORDER BY ParentRunId",
            "ORDER BY does not take ParentRunId, which not every run has",
        ),
        ("Amount = 'many'", "Amount cannot be 'many'; it takes a whole number"),
        ("Amount = 1.5", "Amount cannot be 1.5; it takes a whole number"),
        ("Weight = 'much'", "Weight cannot be 'much'; it takes a number"),
        ("Paid = 1", "Paid cannot be 1; it takes true or false"),
        ("Due > 'soon'", "Due cannot be 'soon'; it takes a time like"),
        ("Color = 1", "Color cannot be 1; it takes a text in single quotes"),
        ("Color = -'a'", "is not a value"),
        ("Tags > 'a'", "Tags has no order"),
        ("Note < 'a'", "Note has no order"),
        ("Note STARTS_WITH 'a'", "STARTS_WITH is for words; Note holds none"),
        (
            "Note = ' '",
            "Note cannot be ' '; it takes a text in single quotes that is not blank",
        ),
        ("Note != ''", "Note cannot be ''; it takes a text"),
        (
            "Note IN ('a', '\\t')",
            "it takes a text in single quotes that is not blank",
        ),
        (
            "ExecutionDuration > 'long'",
            "ExecutionDuration cannot be 'long'; it takes a span",
        ),
    ] {
        match condition(query) {
            Err(StoreError::InvalidQuery(message)) => assert!(message.contains(reason), "{query}: {message}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn size_is_limited() {
    let chain = |count: usize| vec!["RunId = ''"; count].join(" OR ");
    assert!(condition(&chain(256)).is_ok());
    for (query, reason) in [
        (chain(257), "it has 257 conditions, 256 are allowed"),
        (chain(2_000), "it has 27996 bytes, 16384 are allowed"),
        (
            format!("{}RunId = ''{}", "(".repeat(500), ")".repeat(500)),
            "nested too deeply",
        ),
    ] {
        match condition(&query) {
            Err(StoreError::InvalidQuery(message)) => assert!(message.contains(reason), "{message}"),
            other => panic!("{other:?}"),
        }
    }
}

/// How a text is written in a query, and what it is.
const TEXTS: [(&str, &str); 12] = [
    ("'it''s'", "it's"),
    (r"'it\'s'", "it's"),
    (r#"'a "b" \"c\"'"#, "a \"b\" \"c\""),
    (r#""it's \"so\"""#, "it's \"so\""),
    (r#""a ""b""""#, "a \"b\""),
    (r"'C:\\temp'", r"C:\temp"),
    (r"'a\nb\tc\rd'", "a\nb\tc\rd"),
    (r"'a\0b\bc\Zd'", "a\0b\u{8}c\u{1a}d"),
    // What is no escape stands for itself.
    (r"'\a\f\x\%\_'", "afx%_"),
    (r"'\\a\\\f'", r"\a\f"),
    ("'line\nbreak'", "line\nbreak"),
    ("'ärger 文字'", "ärger 文字"),
];

#[test]
fn texts_are_read_alike_by_both_filters() {
    for (written, text) in TEXTS {
        let query = format!("WorkflowId = {written}");
        let expected = Filter::Compare(
            super::attribute::RunAttribute::WorkflowId,
            super::filter::Comparison::Equal,
            Value::Text(text.to_owned()),
        );
        assert_eq!(parse(&query).map(|query| query.filter), Ok(Some(expected)), "{written}");
        let condition = Condition::parse(&query, &["WorkflowId"]).unwrap();
        assert!(condition.holds(&|_: &str| serde_json::Value::from(text)), "{written}");
        assert!(
            !condition.holds(&|_: &str| serde_json::Value::from("other")),
            "{written}"
        );
    }
    for unfinished in [r"'a\'", r"'a\", "'a", "\"a'"] {
        let query = format!("WorkflowId = {unfinished}");
        let reasons = [parse(&query).err(), Condition::parse(&query, &["WorkflowId"]).err()];
        for reason in reasons {
            let message = format!("{reason:?}");
            assert!(
                message.contains("Unterminated string literal"),
                "{unfinished}: {message}"
            );
        }
    }
}
