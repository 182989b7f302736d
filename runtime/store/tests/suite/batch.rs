//! Batch operations and their targets.

use wrt_model::{
    BatchKey, BatchOperation, Time,
    proto::{WorkflowExecution, workflowservice::StartBatchOperationRequest},
};
use wrt_store::StoreError;

use crate::fixture::{NAMESPACE, store};

fn operation(job_id: &str, start_ns: i64) -> BatchOperation {
    BatchOperation {
        namespace_id: NAMESPACE.to_owned(),
        request: StartBatchOperationRequest {
            job_id: job_id.to_owned(),
            ..Default::default()
        },
        start_ns,
        ..Default::default()
    }
}

fn closed(operation: &BatchOperation, close_ns: i64) -> BatchOperation {
    BatchOperation {
        close_ns,
        ..operation.clone()
    }
}

fn ids(operations: &[BatchOperation]) -> String {
    operations
        .iter()
        .map(|operation| operation.request.job_id.as_str())
        .collect()
}

#[tokio::test]
async fn an_operation_is_added_once_and_replaced() {
    let store = store().await;
    let one = operation("a", 1);
    let missing = StoreError::NotFound {
        what: "batch operation a".to_owned(),
    };
    assert_eq!(store.batch_update(&one).await, Err(missing));
    store.batch_insert(&one).await.unwrap();
    let taken = StoreError::AlreadyExists {
        what: "batch operation a".to_owned(),
    };
    assert_eq!(store.batch_insert(&operation("a", 2)).await, Err(taken));
    assert_eq!(store.open_batches().await, Ok(vec![one.clone()]));

    store.batch_update(&closed(&one, 5)).await.unwrap();
    assert_eq!(store.batch(&one.key()).await, Ok(Some(closed(&one, 5))));
    assert_eq!(store.open_batches().await, Ok(vec![]));
    assert_eq!(store.batch(&BatchKey::new("other", "a")).await, Ok(None));
}

#[tokio::test]
async fn lists_come_in_pages_the_youngest_first() {
    let store = store().await;
    for (job_id, start_ns) in [("a", 1), ("b", 3), ("c", 3), ("d", 2)] {
        store.batch_insert(&operation(job_id, start_ns)).await.unwrap();
    }
    let first = store.batch_page(NAMESPACE, 3, b"").await.unwrap();
    assert_eq!(ids(&first.operations), "cbd");
    let second = store.batch_page(NAMESPACE, 3, &first.next_page_token).await.unwrap();
    assert_eq!(
        (ids(&second.operations).as_str(), second.next_page_token.len()),
        ("a", 0)
    );
    assert_eq!(
        store.batch_page(NAMESPACE, 3, b"\xff").await,
        Err(StoreError::InvalidPageToken)
    );
}

#[tokio::test]
async fn targets_are_read_from_any_of_them_on() {
    let store = store().await;
    let targets: Vec<_> = (0..1203)
        .map(|number| WorkflowExecution {
            workflow_id: format!("w{number}"),
            run_id: number.to_string(),
        })
        .collect();
    let key = operation("a", 1).key();
    store.batch_targets_put(&key, &targets[..7]).await.unwrap();
    store.batch_targets_put(&key, &targets).await.unwrap();
    for (from, expected) in [(0, 500), (499, 1), (500, 500), (1202, 1), (1203, 0)] {
        let some = store.batch_targets(&key, from).await.unwrap();
        assert_eq!(some, targets[from as usize..from as usize + expected], "from {from}");
    }
    store.batch_targets_remove(&key).await.unwrap();
    assert_eq!(store.batch_targets(&key, 0).await, Ok(vec![]));
}

#[tokio::test]
async fn operations_that_ended_long_ago_are_removed() {
    let store = store().await;
    for (job_id, close_ns) in [("a", 5), ("b", 10), ("c", 0)] {
        store
            .batch_insert(&closed(&operation(job_id, 1), close_ns))
            .await
            .unwrap();
    }
    store.remove_batches(NAMESPACE, Time::from_nanos(10)).await.unwrap();
    let left = store.batch_page(NAMESPACE, 10, b"").await.unwrap();
    assert_eq!(ids(&left.operations), "cb");
}
