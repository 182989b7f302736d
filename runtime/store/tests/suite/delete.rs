//! Removing runs.

use wrt_model::{Time, proto::enums::WorkflowExecutionStatus as Status};
use wrt_store::{Commit, Store};

use crate::fixture::{NAMESPACE, closed, commit, open_run, put, store, write, write_with_events};

async fn delete(store: &Store, run_id: &str) {
    let mut commit = Commit::default();
    commit.delete(run_id.to_owned());
    store.commit(commit).await.unwrap();
}

#[tokio::test]
async fn a_deleted_run_is_gone_with_its_history_and_its_neighbours_stay() {
    let store = store().await;
    let (gone, stays) = (open_run("a", 1), open_run("b", 1));
    for run in [&gone, &stays] {
        commit(&store, [write_with_events(run, 0, 1, 3)]).await.unwrap();
    }
    // What the same commit writes is removed with it.
    let end = closed(&gone, Status::Terminated, 9);
    let mut last = Commit::from_iter([write_with_events(&end, 1, 4, 1)]);
    last.delete(gone.run_id.clone());
    store.commit(last).await.unwrap();

    assert_eq!(store.run(&gone.key()).await, Ok(None));
    assert_eq!(store.history(&gone.key(), 1, usize::MAX).await.unwrap().len(), 0);
    assert!(store.run(&stays.key()).await.unwrap().is_some());
    assert_eq!(store.history(&stays.key(), 1, usize::MAX).await.unwrap().len(), 1);
    // The ids are free again, events included.
    commit(&store, [write_with_events(&gone, 0, 1, 3)]).await.unwrap();
}

#[tokio::test]
async fn no_older_run_takes_the_place_of_a_deleted_current_one() {
    let store = store().await;
    let runs: Vec<_> = (1..=3).map(|number| open_run("a", number)).collect();
    for run in &runs {
        put(&store, run, 0).await;
        put(&store, &closed(run, Status::Completed, 9), 1).await;
    }
    let current = async || store.current_run(&runs[0].workflow_key()).await.unwrap();

    delete(&store, "a/1").await;
    assert_eq!(
        current().await.unwrap().run.run_id,
        "a/3",
        "an old one answers for nothing"
    );
    delete(&store, "a/3").await;
    assert_eq!(current().await, None);
    assert!(store.run(&runs[1].key()).await.unwrap().is_some());
    put(&store, &open_run("a", 4), 0).await;
    assert_eq!(current().await.unwrap().run.run_id, "a/4");
}

#[tokio::test]
async fn a_refused_commit_deletes_nothing_and_spoils_no_other() {
    let store = store().await;
    let (first, second) = (open_run("a", 1), open_run("b", 1));
    put(&store, &first, 0).await;
    put(&store, &second, 0).await;
    let mut refused = Commit::from_iter([write(&first, 7)]);
    refused.delete(first.run_id.clone());
    let mut accepted = Commit::default();
    accepted.delete(second.run_id.clone());
    let (refused, accepted) = tokio::join!(store.commit(refused), store.commit(accepted));
    assert!(refused.is_err());
    assert_eq!(accepted, Ok(()));
    assert!(store.run(&first.key()).await.unwrap().is_some());
    assert_eq!(store.run(&second.key()).await, Ok(None));
}

#[tokio::test]
async fn the_runs_that_closed_first_come_first() {
    let store = store().await;
    for (number, close_ns) in [(1, 30), (2, 10), (3, 20)] {
        let run = open_run(&format!("w{number}"), number);
        put(&store, &run, 0).await;
        put(&store, &closed(&run, Status::Completed, close_ns), 1).await;
    }
    put(&store, &open_run("open", 1), 0).await;

    let found = store.closed_runs(NAMESPACE, 2).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|(key, closed)| (key.run_id, closed)).collect();
    let expected = [("w2/2", 10), ("w3/3", 20)].map(|(id, nanos)| (id.to_owned(), Time::from_nanos(nanos)));
    assert_eq!(found, expected);
    assert_eq!(store.closed_runs(NAMESPACE, 100).await.unwrap().len(), 3);
    assert_eq!(store.closed_runs("another", 100).await.unwrap(), []);
}
