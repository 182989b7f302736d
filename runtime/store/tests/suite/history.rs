//! Reading histories.

use wrt_model::{
    RunKey, WorkflowKey,
    proto::{History, enums::WorkflowExecutionStatus::Terminated},
};
use wrt_store::{Commit, HistoryCopy, RunWrite, Store};

use crate::fixture::{batch, closed, commit, open_run, store, write, write_with_events};

/// A run with the events 1-3, 4, 5-9.
async fn stored() -> (Store, RunKey) {
    let store = store().await;
    let run = open_run("a", 1);
    for (version, (first_event_id, event_count)) in [(1, 3), (4, 1), (5, 5)].into_iter().enumerate() {
        let write = write_with_events(&run, version as i64, first_event_id, event_count);
        commit(&store, [write]).await.unwrap();
    }
    // A neighbour, whose events are not its own.
    commit(&store, [write_with_events(&open_run("b", 1), 0, 1, 2)])
        .await
        .unwrap();
    (store, run.key())
}

#[tokio::test]
async fn reading_begins_with_the_batch_that_contains_the_event() {
    let (store, key) = stored().await;
    let all = [batch(1, 3), batch(4, 1), batch(5, 5)];
    for (first_event_id, skipped) in [(0, 0), (1, 0), (3, 0), (4, 1), (5, 2), (9, 2), (10, 3), (1000, 3)] {
        let batches = store.history(&key, first_event_id, usize::MAX).await.unwrap();
        assert_eq!(batches, all[skipped..], "from event {first_event_id}");
    }
}

#[tokio::test]
async fn reading_ends_with_the_batch_that_reaches_the_size() {
    let (store, key) = stored().await;
    let (first, second) = (batch(1, 3).bytes.len(), batch(4, 1).bytes.len());
    for (max_bytes, count) in [
        (0, 1),
        (1, 1),
        (first, 1),
        (first + 1, 2),
        (first + second, 2),
        (first + second + 1, 3),
    ] {
        let batches = store.history(&key, 1, max_bytes).await.unwrap();
        assert_eq!(batches.len(), count, "{max_bytes} bytes");
    }
}

#[tokio::test]
async fn batches_joined_are_a_history() {
    let (store, key) = stored().await;
    let batches = store.history(&key, 1, usize::MAX).await.unwrap();
    let bytes: Vec<u8> = batches.into_iter().flat_map(|batch| batch.bytes).collect();
    let history: History = prost::Message::decode(bytes.as_slice()).unwrap();
    let event_ids: Vec<i64> = history.events.iter().map(|event| event.event_id).collect();
    assert_eq!(event_ids, (1..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn another_namespace_or_workflow_does_not_see_it() {
    let (store, key) = stored().await;
    for workflow in [
        WorkflowKey::new("other", "a"),
        WorkflowKey::new(key.workflow.namespace_id.clone(), "b"),
    ] {
        let key = RunKey::new(workflow, key.run_id.clone());
        assert_eq!(store.history(&key, 1, usize::MAX).await.unwrap(), [], "{key}");
    }
}

#[tokio::test]
async fn a_run_begins_with_batches_of_another_one() {
    let (store, key) = stored().await;
    let (base, next) = (closed(&open_run("a", 1), Terminated, 2), open_run("a", 2));
    let mut commit = Commit::from_iter([
        RunWrite {
            is_current: false,
            ..write(&base, 3)
        },
        write_with_events(&next, 0, 5, 2),
    ]);
    commit.copy_history(HistoryCopy {
        from_run_id: base.run_id.clone(),
        to_run_id: next.run_id.clone(),
        before_event_id: 5,
    });
    store.commit(commit).await.unwrap();
    let copied = store.history(&next.key(), 1, usize::MAX).await.unwrap();
    assert_eq!(copied, [batch(1, 3), batch(4, 1), batch(5, 2)]);
    assert_eq!(store.history(&key, 1, usize::MAX).await.unwrap().len(), 3);
}
