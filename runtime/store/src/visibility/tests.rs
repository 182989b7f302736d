use super::{filter::Filter, *};
use crate::{StoreOptions, sqlite::explain};

/// The condition that a filter becomes, with `?` for its values.
fn condition(query: &str) -> Result<String, StoreError> {
    let mut statement = QueryBuilder::new("");
    Query::parse(query)?
        .filter
        .unwrap_or(Filter::All(Vec::new()))
        .push(&mut statement);
    Ok(statement.into_string())
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
        ("ExecutionStatus = 'Running'", "status = ?"),
        ("ExecutionStatus = 'running'", "status = ?"),
        ("ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_TIMED_OUT'", "status = ?"),
        ("ExecutionStatus IN ('Failed', 'TimedOut')", "status IN (?, ?)"),
        ("ExecutionStatus NOT IN ('Failed')", "status NOT IN (?)"),
        ("NOT ExecutionStatus IN ('Failed')", "status NOT IN (?)"),
        ("HistoryLength >= 10", "history_length >= ?"),
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
fn what_makes_no_sense_is_refused_with_a_reason() {
    for (query, reason) in [
        (
            "Color = 'red'",
            "unknown search attribute Color; known are WorkflowId, RunId,",
        ),
        ("workflowid = 'a'", "unknown search attribute workflowid"),
        (
            "ExecutionStatus = 'Done'",
            "ExecutionStatus cannot be 'Done'; it takes one of 'Running', 'Completed',",
        ),
        ("ExecutionStatus > 'Running'", "ExecutionStatus has no order"),
        ("ExecutionStatus = 1", "ExecutionStatus cannot be 1"),
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
        ("HistoryLength STARTS_WITH '1'", "STARTS_WITH is for texts"),
        ("WorkflowId STARTS_WITH 1", "STARTS_WITH takes a text"),
        ("WorkflowId IN (SELECT workflow_id FROM run)", "is not a condition"),
        ("WorkflowId = 'a' LIMIT 3", "unexpected LIMIT"),
        ("WorkflowId = 'a'; DROP TABLE run", "unexpected ;"),
        ("WorkflowId = 'a' UNION SELECT 1", "unexpected UNION"),
        ("WorkflowId = 'a", "Unterminated string literal"),
        ("WorkflowId =", "found: EOF"),
        (
            "StartTime < '2026-01-01T00:00:00Z' ORDER BY Color",
            "unknown search attribute Color",
        ),
        ("ORDER BY StartTime ASC, CloseTime DESC", "cannot mix ASC and DESC"),
        (
            "ORDER BY CloseTime NULLS FIRST",
            "NULLS FIRST and NULLS LAST are not supported",
        ),
        ("GROUP BY WorkflowType", "GROUP BY takes ExecutionStatus"),
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

/// Lists that people look at often have to start at the right place of an index and read it in order.
#[tokio::test]
async fn lists_are_range_scans() {
    let store = Store::open(StoreOptions { path: None, readers: 1 }).await.unwrap();
    for (query, index) in [
        ("", "run_by_close (namespace_id=?)"),
        (
            "ExecutionStatus = 'Running'",
            "run_by_status (namespace_id=? AND status=?)",
        ),
        (
            "WorkflowType = 'Order'",
            "run_by_type (namespace_id=? AND workflow_type=?)",
        ),
        (
            "WorkflowType = 'Order' AND ExecutionStatus = 'Running'",
            "namespace_id=? AND ",
        ),
        (
            "WorkflowId = 'order-7'",
            "run_by_workflow (namespace_id=? AND workflow_id=?)",
        ),
        (
            "WorkflowId STARTS_WITH 'order-'",
            "run_by_workflow (namespace_id=? AND workflow_id>? AND workflow_id<?)",
        ),
        (
            "CloseTime > '2026-01-01T00:00:00Z'",
            "run_by_close (namespace_id=? AND close_ns>? AND close_ns<?)",
        ),
        ("ORDER BY StartTime DESC", "run_by_start (namespace_id=?)"),
        (
            "StartTime > '2026-01-01T00:00:00Z' ORDER BY StartTime",
            "run_by_start (namespace_id=? AND start_ns>?)",
        ),
    ] {
        let parsed = Query::parse(query).unwrap();
        let order = parsed.order_or_default();
        let plan = plan(&store, list_statement("n", &parsed, &order, None, 10)).await;
        assert!(plan.contains(index), "{query}: {plan}");
        // Only what belongs to one workflow id or one prefix may be sorted afterwards.
        assert_eq!(
            plan.contains("TEMP B-TREE"),
            query.starts_with("WorkflowId"),
            "{query}: {plan}"
        );
    }

    let query = Query::parse("").unwrap();
    let order = query.order_or_default();
    let after = vec![Value::Number(1), Value::Number(2), Value::Text("r".to_owned())];
    let plan = plan(&store, list_statement("n", &query, &order, Some(after), 10)).await;
    assert!(
        plan.contains("run_by_close (namespace_id=? AND (close_ns,start_ns,run_id)<(?,?,?))"),
        "{plan}"
    );
}

async fn plan(store: &Store, statement: QueryBuilder<Backend>) -> String {
    explain(&store.database, &statement.into_string()).await
}
