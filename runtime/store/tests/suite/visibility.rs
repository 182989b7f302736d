//! Lists and counts.

use wrt_model::{Run, SearchAttributeValue, proto::enums::WorkflowExecutionStatus as Status};
use wrt_store::{RunCount, Store, StoreError};

use crate::fixture::{NAMESPACE, about, closed, open_run, put, store};

const SECOND: i64 = 1_000_000_000;

/// Six orders and two payments: `o1`…`o6` started at 1…6 seconds after the epoch, `p1` and `p2` at 10 and 20. The even
/// orders are closed, in the order in which they started.
async fn stored() -> Store {
    let store = store().await;
    let statuses = [Status::Completed, Status::Failed, Status::TimedOut];
    for number in 1..=6_u32 {
        let run = Run {
            start_ns: i64::from(number) * SECOND,
            ..open_run(&format!("o{number}"), number)
        };
        put(&store, &run, 0).await;
        if number.is_multiple_of(2) {
            let status = statuses[(number / 2 - 1) as usize];
            put(&store, &closed(&run, status, i64::from(100 + number) * SECOND), 1).await;
        }
    }
    for number in 1..=2 {
        let workflow_id = format!("p{number}");
        let run = Run {
            workflow_type: "Payment".to_owned(),
            task_queue: "payments".to_owned(),
            start_ns: i64::from(number) * 10 * SECOND,
            next_event_id: 1 + i64::from(number) * 100,
            history_bytes: i64::from(number) * 1_500,
            ..open_run(&workflow_id, number)
        };
        put(&store, &run, 0).await;
    }
    let elsewhere = Run {
        namespace_id: "namespace-2".to_owned(),
        ..open_run("x", 1)
    };
    put(&store, &elsewhere, 0).await;
    store
}

/// The workflow ids of runs.
pub(crate) fn ids(runs: &[Run]) -> String {
    runs.iter()
        .map(|run| run.workflow_id.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn keyword(text: &str) -> SearchAttributeValue {
    SearchAttributeValue::Keyword(text.to_owned())
}

/// Turns all pages.
pub(crate) async fn pages(store: &Store, query: &str, page_size: u32) -> Vec<Run> {
    let (mut runs, mut token) = (Vec::new(), Vec::new());
    loop {
        let page = store.list(&about(NAMESPACE, query), page_size, &token).await.unwrap();
        assert!(page.runs.len() <= page_size as usize);
        runs.extend(page.runs);
        token = page.next_page_token;
        if token.is_empty() {
            return runs;
        }
    }
}

#[tokio::test]
async fn lists_and_counts_answer_the_query() {
    let store = stored().await;
    for (query, expected) in [
        // Open ones first, the latest start first; then closed ones, the latest close first.
        ("", "p2 p1 o5 o3 o1 o6 o4 o2"),
        ("ExecutionStatus = 'Running'", "p2 p1 o5 o3 o1"),
        ("ExecutionStatus != 'Running'", "o6 o4 o2"),
        ("ExecutionStatus IN ('Completed', 'Failed')", "o4 o2"),
        ("ExecutionStatus NOT IN ('Completed', 'Failed', 'Running')", "o6"),
        ("WorkflowType = 'Payment'", "p2 p1"),
        ("WorkflowType = 'Order' AND ExecutionStatus = 'Running'", "o5 o3 o1"),
        ("WorkflowId = 'o3'", "o3"),
        ("WorkflowId = 'it''s'", ""),
        ("RunId = 'o4/4'", "o4"),
        ("WorkflowId STARTS_WITH 'p'", "p2 p1"),
        ("NOT WorkflowId STARTS_WITH 'p' AND CloseTime IS NULL", "o5 o3 o1"),
        ("WorkflowId BETWEEN 'o3' AND 'o5'", "o5 o3 o4"),
        ("TaskQueue = 'payments' OR WorkflowId = 'o1'", "p2 p1 o1"),
        // What grows is told of closed runs alone.
        ("HistoryLength IS NULL", "p2 p1 o5 o3 o1"),
        ("HistoryLength >= 0", "o6 o4 o2"),
        ("HistoryLength = 100", ""),
        ("StartTime > '1970-01-01T00:00:05Z'", "p2 p1 o6"),
        ("StartTime <= '1970-01-01T01:00:02+01:00'", "o1 o2"),
        ("ExecutionTime = 4", "o4"),
        // A close time that is not there compares with nothing.
        ("CloseTime > '1970-01-01T00:00:00Z'", "o6 o4 o2"),
        ("CloseTime != '1970-01-01T00:01:42Z'", "o6 o4"),
        ("NOT CloseTime = '1970-01-01T00:01:42Z'", "o6 o4"),
        ("NOT CloseTime < '1970-01-01T00:01:44Z'", "o6 o4"),
        ("CloseTime NOT IN (102000000000)", "o6 o4"),
        (
            "CloseTime NOT BETWEEN '1970-01-01T00:01:43Z' AND '1970-01-01T00:01:45Z'",
            "o6 o2",
        ),
        ("CloseTime IS NOT NULL", "o6 o4 o2"),
        ("WorkflowId IS NULL", ""),
        ("WorkflowId IS NOT NULL AND TaskQueue = 'payments'", "p2 p1"),
        ("ORDER BY StartTime", "o1 o2 o3 o4 o5 o6 p1 p2"),
        ("WorkflowType = 'Order' ORDER BY StartTime DESC", "o6 o5 o4 o3 o2 o1"),
        ("ORDER BY WorkflowType DESC, WorkflowId DESC", "p2 p1 o6 o5 o4 o3 o2 o1"),
        ("ORDER BY CloseTime", "o2 o4 o6 o1 o3 o5 p1 p2"),
        // The tests are at 100 seconds after the epoch.
        ("StartTime > '97s'", "p2 p1 o5 o6 o4"),
        ("ExecutionDuration >= '00:01:44'", "o6"),
        ("ExecutionDuration < 102000000000", "o2"),
        ("ExecutionDuration IS NULL", "p2 p1 o5 o3 o1"),
        ("StateTransitionCount = 7 OR HistorySizeBytes > 2000", ""),
    ] {
        for page_size in [1, 3, 100] {
            assert_eq!(
                ids(&pages(&store, query, page_size).await),
                expected,
                "{query}, pages of {page_size}"
            );
        }
        if !query.contains("ORDER BY") {
            let count = store.count(&about(NAMESPACE, query)).await.unwrap();
            assert_eq!(count.total as usize, expected.split_whitespace().count(), "{query}");
        }
    }
}

#[tokio::test]
async fn counts_are_grouped_by_status() {
    let store = stored().await;
    let count = store
        .count(&about(NAMESPACE, "WorkflowType = 'Order' GROUP BY ExecutionStatus"))
        .await
        .unwrap();
    let groups = [("Running", 3), ("Completed", 1), ("Failed", 1), ("TimedOut", 1)];
    let groups = groups.map(|(status, count)| (keyword(status), count)).into();
    assert_eq!(count, RunCount { total: 6, groups });
    let nothing = store
        .count(&about("nowhere", "GROUP BY ExecutionStatus"))
        .await
        .unwrap();
    assert_eq!(nothing, RunCount::default());
}

#[tokio::test]
async fn a_list_carries_the_whole_run() {
    let store = stored().await;
    let listed = store
        .list(&about(NAMESPACE, "WorkflowId = 'p1'"), 10, &[])
        .await
        .unwrap()
        .runs
        .remove(0);
    assert_eq!(store.run(&listed.key()).await.unwrap().unwrap().run, listed);
}

#[tokio::test]
async fn pages_hold_still_while_runs_are_created() {
    let store = stored().await;
    for query in ["", "ORDER BY StartTime", "ORDER BY WorkflowId DESC"] {
        let before: Vec<Run> = pages(&store, query, 100).await;
        let (mut seen, mut token, mut number) = (Vec::new(), Vec::new(), 1000);
        loop {
            let page = store.list(&about(NAMESPACE, query), 2, &token).await.unwrap();
            seen.extend(page.runs);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
            // Before, between and after what has been listed.
            for (workflow_id, start_ns) in [("a", 0), ("o", 3 * SECOND + 1), ("z", i64::from(number) * SECOND)] {
                number += 1;
                let workflow_id = format!("{workflow_id}-{number}-{}", query.len());
                put(
                    &store,
                    &Run {
                        start_ns,
                        ..open_run(&workflow_id, number)
                    },
                    0,
                )
                .await;
                // Open for ever they would make the list endless.
                let run = Run {
                    start_ns,
                    ..open_run(&workflow_id, number)
                };
                put(&store, &closed(&run, Status::Completed, start_ns), 1).await;
            }
            assert!(number < 2000, "the pages never end");
        }
        let mut times_seen = before
            .iter()
            .map(|run| seen.iter().filter(|other| *other == run).count());
        assert!(times_seen.all(|times| times == 1), "{query}: {}", ids(&seen));
        let unique: std::collections::BTreeSet<_> = seen.iter().map(|run| &run.run_id).collect();
        assert_eq!(unique.len(), seen.len(), "{query}: {}", ids(&seen));
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_its_list() {
    let store = stored().await;
    let query = "WorkflowType = 'Order'";
    let token = store
        .list(&about(NAMESPACE, query), 2, &[])
        .await
        .unwrap()
        .next_page_token;
    assert!(store.list(&about(NAMESPACE, query), 2, &token).await.is_ok());
    // The size of the page may change.
    assert!(store.list(&about(NAMESPACE, query), 5, &token).await.is_ok());

    let refused = Err(StoreError::InvalidPageToken);
    assert_eq!(store.list(&about("namespace-2", query), 2, &token).await, refused);
    assert_eq!(
        store
            .list(&about(NAMESPACE, "WorkflowType = 'Payment'"), 2, &token)
            .await,
        refused
    );
    assert_eq!(
        store
            .list(
                &about(NAMESPACE, "WorkflowType = 'Order' ORDER BY StartTime"),
                2,
                &token
            )
            .await,
        refused
    );
    for index in 0..token.len() {
        let mut damaged = token.clone();
        damaged[index] ^= 1;
        assert_eq!(
            store.list(&about(NAMESPACE, query), 2, &damaged).await,
            refused,
            "byte {index}"
        );
        assert_eq!(
            store.list(&about(NAMESPACE, query), 2, &token[..index.max(1)]).await,
            refused,
            "{index} bytes"
        );
    }
}

#[tokio::test]
async fn each_call_has_its_own_clause() {
    let store = store().await;
    let listed = store.list(&about(NAMESPACE, "GROUP BY ExecutionStatus"), 2, &[]).await;
    assert!(matches!(listed, Err(StoreError::InvalidQuery(_))), "{listed:?}");
    let counted = store.count(&about(NAMESPACE, "ORDER BY StartTime")).await;
    assert!(matches!(counted, Err(StoreError::InvalidQuery(_))), "{counted:?}");
}
