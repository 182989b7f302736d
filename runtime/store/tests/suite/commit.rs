//! The gate: versions, atomicity, grouping.

use futures::future::join_all;
use wrt_model::proto::enums::WorkflowExecutionStatus as Status;
use wrt_store::{Commit, RunWrite, Store, StoreError, StoreStats};

use crate::fixture::{NAMESPACE, batch, closed, commit, open_run, put, store, write, write_with_events};

fn conflict(run_id: &str) -> Result<(), StoreError> {
    let workflow_id = run_id.split('/').next().unwrap();
    Err(StoreError::Conflict {
        run: format!("{NAMESPACE}/{workflow_id}/{run_id}"),
    })
}

#[tokio::test]
async fn each_write_replaces_one_version() {
    let store = store().await;
    let mut run = open_run("a", 1);
    put(&store, &run, 0).await;
    for version in 1..5 {
        run.next_event_id += 1;
        put(&store, &run, version).await;
        let stored = store.run(&run.key()).await.unwrap().unwrap();
        assert_eq!((stored.run, stored.version), (run.clone(), version + 1));
    }

    for stale in [1, 4, 6, 100] {
        assert_eq!(
            commit(&store, [write(&run, stale)]).await,
            conflict("a/1"),
            "version {stale}"
        );
    }
    let done = closed(&run, Status::Completed, 7);
    put(&store, &done, 5).await;
    assert_eq!(commit(&store, [write(&done, 5)]).await, conflict("a/1"));
    // A closed run can still be written: its successor becomes known, for instance.
    put(&store, &done, 6).await;
}

#[tokio::test]
async fn a_new_run_is_refused_when_it_exists_or_another_one_is_open() {
    let store = store().await;
    let first = open_run("a", 1);
    put(&store, &first, 0).await;
    assert_eq!(commit(&store, [write(&first, 0)]).await, conflict("a/1"));
    assert_eq!(commit(&store, [write(&open_run("a", 2), 0)]).await, conflict("a/2"));
    assert_eq!(
        commit(&store, [write(&open_run("missing", 1), 3)]).await,
        conflict("missing/1")
    );

    put(&store, &closed(&first, Status::Completed, 9), 1).await;
    put(&store, &open_run("a", 2), 0).await;
    // The same id in another namespace is another workflow.
    let mut elsewhere = open_run("a", 3);
    elsewhere.namespace_id = "namespace-2".to_owned();
    put(&store, &elsewhere, 0).await;
}

#[tokio::test]
async fn a_run_is_closed_and_continued_in_one_commit() {
    let store = store().await;
    let first = open_run("a", 1);
    put(&store, &first, 0).await;
    // In either order: the store sorts them.
    let second = open_run("a", 2);
    let continued = closed(&first, Status::ContinuedAsNew, 5);
    let old = RunWrite {
        is_current: false,
        ..write(&continued, 1)
    };
    commit(&store, [write(&second, 0), old]).await.unwrap();
    assert_eq!(
        store.current_run(&first.workflow_key()).await.unwrap().unwrap().run,
        second
    );

    let third = open_run("a", 3);
    commit(
        &store,
        [write(&closed(&second, Status::ContinuedAsNew, 6), 1), write(&third, 0)],
    )
    .await
    .unwrap();
    assert_eq!(
        store.current_run(&first.workflow_key()).await.unwrap().unwrap().run,
        third
    );
}

#[tokio::test]
async fn a_commit_is_stored_whole_or_not_at_all() {
    let store = store().await;
    let (good, taken) = (open_run("good", 1), open_run("taken", 1));
    put(&store, &taken, 0).await;
    let writes = [write_with_events(&good, 0, 1, 2), write(&taken, 0)];
    assert_eq!(commit(&store, writes).await, conflict("taken/1"));
    assert_eq!(store.run(&good.key()).await.unwrap(), None);

    // History that is there already refuses the run that comes with it.
    commit(&store, [write_with_events(&good, 0, 1, 2)]).await.unwrap();
    let again = commit(&store, [write_with_events(&good, 1, 1, 2)]).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    assert_eq!(store.run(&good.key()).await.unwrap().unwrap().version, 1);
}

/// Commits all of them at once: the single-threaded runtime queues every one before the gate's task runs, and
/// `unconstrained` keeps it from switching tasks in between.
async fn together(store: &Store, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
    let commits = commits.into_iter().map(|commit| store.commit(commit));
    tokio::task::unconstrained(join_all(commits)).await
}

#[tokio::test]
async fn commits_share_a_transaction() {
    let store = store().await;
    let runs: Vec<_> = (0..100).map(|number| open_run(&format!("w{number}"), 1)).collect();
    let outcomes = together(
        &store,
        runs.iter()
            .map(|run| Commit::from_iter([write_with_events(run, 0, 1, 3)]))
            .collect(),
    )
    .await;
    assert_eq!(outcomes, vec![Ok(()); 100]);
    assert_eq!(
        store.stats(),
        StoreStats {
            transactions: 1,
            commits: 100,
            row_writes: 200
        }
    );

    let steps = runs
        .iter()
        .map(|run| Commit::from_iter([write_with_events(run, 1, 4, 1)]))
        .collect();
    assert_eq!(together(&store, steps).await, vec![Ok(()); 100]);
    assert_eq!(
        store.stats(),
        StoreStats {
            transactions: 2,
            commits: 200,
            row_writes: 400
        }
    );
    for run in &runs {
        let batches = store.history(&run.key(), 1, usize::MAX).await.unwrap();
        assert_eq!(batches, [batch(1, 3), batch(4, 1)]);
    }
}

#[tokio::test]
async fn a_conflict_does_not_touch_the_others_of_its_transaction() {
    let store = store().await;
    let runs: Vec<_> = (0..20).map(|number| open_run(&format!("w{number}"), 1)).collect();
    let writes = |version| {
        let write = move |run| Commit::from_iter([write_with_events(run, version, 1 + version, 1)]);
        runs.iter().map(write).collect::<Vec<_>>()
    };
    together(&store, writes(0)).await;

    let mut second = writes(1);
    second[7] = Commit::from_iter([write_with_events(&runs[7], 5, 2, 1)]);
    second.insert(3, Commit::from_iter([write(&runs[11], 0)]));
    let outcomes = together(&store, second).await;
    for (index, outcome) in outcomes.into_iter().enumerate() {
        let expected = match index {
            3 => conflict("w11/1"),
            8 => conflict("w7/1"),
            _ => Ok(()),
        };
        assert_eq!(outcome, expected, "commit {index}");
    }
    assert_eq!(
        store.stats(),
        StoreStats {
            transactions: 2,
            commits: 39,
            row_writes: 78
        }
    );
    for (index, run) in runs.iter().enumerate() {
        let version = if index == 7 { 1 } else { 2 };
        assert_eq!(store.run(&run.key()).await.unwrap().unwrap().version, version);
        assert_eq!(
            store.history(&run.key(), 1, usize::MAX).await.unwrap().len(),
            version as usize
        );
    }
}

#[tokio::test]
async fn commits_of_the_same_run_in_one_transaction_keep_their_order() {
    let store = store().await;
    let run = open_run("a", 1);
    let mut writes: Vec<_> = (0..10)
        .map(|version| Commit::from_iter([write_with_events(&run, version, 1 + version, 1)]))
        .collect();
    writes.push(Commit::from_iter([write(&closed(&run, Status::Failed, 3), 10)]));
    writes.push(Commit::from_iter([write(&open_run("a", 2), 0)]));
    writes.push(Commit::from_iter([write(&open_run("a", 3), 0)]));

    let outcomes = together(&store, writes).await;
    assert_eq!(outcomes[..12], vec![Ok(()); 12]);
    assert_eq!(outcomes[12], conflict("a/3"));
    assert_eq!(store.stats().transactions, 1);
}

/// With threads to spare some of these commits are written by their callers, and some by the gate's task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_of_many_threads_are_all_stored_and_told_apart() {
    let store = store().await;
    let runs: Vec<_> = (0..8).map(|number| open_run(&format!("w{number}"), 1)).collect();
    let tasks = runs.clone().into_iter().map(|run| {
        let store = store.clone();
        tokio::spawn(async move {
            for version in 0..25 {
                let next = Commit::from_iter([write(&run, version)]);
                store.commit_alone(next).await.unwrap();
                assert_eq!(commit(&store, [write(&run, version)]).await, conflict(&run.run_id));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for run in &runs {
        assert_eq!(store.run(&run.key()).await.unwrap().unwrap().version, 25);
    }
    assert_eq!(store.stats().commits, 200);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_its_commit() {
    let store = store().await;
    let run = open_run("a", 1);
    let commit = store.commit(Commit::from_iter([write(&run, 0)]));
    // Polled once, which queues it, and dropped.
    assert!(futures::poll!(Box::pin(commit)).is_pending());
    // What is committed after it comes after it.
    put(&store, &open_run("b", 1), 0).await;
    assert!(store.run(&run.key()).await.unwrap().is_some());
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_refuses_the_rest() {
    let store = store().await;
    let writes = (0..10)
        .map(|number| Commit::from_iter([write(&open_run(&format!("w{number}"), 1), 0)]))
        .collect();
    let (outcomes, ()) = futures::join!(together(&store, writes), store.close());
    assert_eq!(outcomes, vec![Ok(()); 10]);
    assert_eq!(store.stats().commits, 10);

    assert_eq!(
        commit(&store, [write(&open_run("late", 1), 0)]).await,
        Err(StoreError::Closed)
    );
    assert_eq!(store.run(&open_run("w1", 1).key()).await, Err(StoreError::Closed));
    assert_eq!(store.deployment_delete(NAMESPACE, "d").await, Err(StoreError::Closed));
    store.close().await;
}

#[tokio::test]
async fn an_empty_commit_is_fine() {
    let store = store().await;
    assert_eq!(commit(&store, []).await, Ok(()));
}
