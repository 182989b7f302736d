//! How the database answers lists.

use super::*;
use crate::{StoreOptions, sqlite::explain};

/// Lists that people look at often have to start at the right place of an index and read it in order.
#[tokio::test]
async fn lists_are_range_scans() {
    let store = Store::open(StoreOptions { path: None, readers: 1 }).await.unwrap();
    for (query, index) in [
        ("", "run_by_close (namespace_id=?)"),
        (
            "ExecutionStatus = 'Running'",
            "run_by_status (namespace_id=? AND status=? AND close_ns=?)",
        ),
        (
            "ExecutionStatus = 'Failed'",
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
        (
            "ParentWorkflowId = 'p'",
            "run_by_parent (namespace_id=? AND parent_workflow_id=?)",
        ),
        (
            "RootWorkflowId = 'r'",
            "run_by_root (namespace_id=? AND root_workflow_id=?)",
        ),
        (
            "RootWorkflowId = 'r'",
            "run_by_workflow (namespace_id=? AND workflow_id=?)",
        ),
    ] {
        let plan = plan(&store, query, Access::Runs, None).await;
        assert!(plan.contains(index), "{query}: {plan}");
        // Only what belongs to one workflow id, prefix, parent or root may be sorted afterwards.
        let is_sorted = ["WorkflowId", "Parent", "Root"]
            .iter()
            .any(|name| query.starts_with(name));
        assert_eq!(plan.contains("TEMP B-TREE"), is_sorted, "{query}: {plan}");
    }

    let after = vec![Value::Number(1), Value::Number(2), Value::Text("r".to_owned())];
    let plan = plan(&store, "", Access::Runs, Some(after)).await;
    assert!(
        plan.contains("run_by_close (namespace_id=? AND (close_ns,start_ns,run_id)<(?,?,?))"),
        "{plan}"
    );
}

/// Conditions on given values have to be read in the way that was chosen for them.
#[tokio::test]
async fn values_are_range_scans() {
    const BY_VALUE: &str = "found USING COVERING INDEX search_attribute_by_value";
    const RUN: &str = "SEARCH run USING INDEX sqlite_autoindex_run_1 (run_id=?)";
    let store = Store::open(StoreOptions { path: None, readers: 1 }).await.unwrap();
    let amount = schema()["Amount"].clone();
    let color = schema()["Color"].clone();
    let after = vec![Value::Number(1), Value::Number(2), Value::Text("r".to_owned())];
    for (query, access, after, expected, is_sorted) in [
        (
            "Color = 'red'",
            Access::Values(&color, Some(0)),
            None,
            "(key=? AND value=?)",
            false,
        ),
        (
            "Color = 'red' AND ExecutionStatus = 'Running'",
            Access::Values(&color, Some(0)),
            None,
            "(key=? AND value=? AND close_ns=?)",
            false,
        ),
        (
            "Color = 'red'",
            Access::Values(&color, Some(0)),
            Some(after),
            "(key=? AND value=? AND (close_ns,start_ns,run_id)<(?,?,?))",
            false,
        ),
        ("ORDER BY Amount", Access::Values(&amount, None), None, "(key=?)", false),
        (
            "Amount > 5 ORDER BY Amount DESC",
            Access::Values(&amount, Some(0)),
            None,
            "(key=? AND value>?)",
            false,
        ),
        ("Amount > 5", Access::Few(0), None, "(key=? AND value>?)", true),
        ("Tags IN ('a', 'b')", Access::Few(0), None, "(key=? AND value=?)", true),
        (
            "Color = 'red' ORDER BY Amount",
            Access::Few(0),
            None,
            "(key=? AND value=?)",
            true,
        ),
    ] {
        let plan = plan(&store, query, access, after).await;
        assert!(plan.contains(&format!("{BY_VALUE} {expected}")), "{query}: {plan}");
        assert!(plan.contains(RUN), "{query}: {plan}");
        assert_eq!(plan.contains("TEMP B-TREE"), is_sorted, "{query}: {plan}");
    }

    let plan = plan(&store, "Amount > 5", Access::Runs, None).await;
    assert!(plan.contains("run_by_close (namespace_id=?)"), "{plan}");
    assert!(
        plan.contains("held EXISTS USING PRIMARY KEY (run_id=? AND key=? AND value>?)"),
        "{plan}"
    );
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

async fn plan(store: &Store, query: &str, access: Access<'_>, after: Option<Vec<Value>>) -> String {
    let query = parse(query).unwrap();
    let order = query.order_or_default();
    let list = List {
        namespace_id: "n",
        query: &query,
        order: &order,
        access,
    };
    explain(&store.database, &list.statement(after, 10).into_string()).await
}
