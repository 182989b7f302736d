//! Loading runs.

use wrt_model::{Digest, Run, RunKey, proto::enums::WorkflowExecutionStatus as Status};
use wrt_store::{RunWrite, StoreError};

use crate::fixture::{NAMESPACE, about, closed, commit, open_run, put, store, write};

#[tokio::test]
async fn the_current_run_is_the_open_one_else_the_newest() {
    let store = store().await;
    // The clock went backwards between the two: order is what counts.
    let first = Run {
        start_ns: 100,
        ..open_run("a", 1)
    };
    let second = Run {
        start_ns: 50,
        ..open_run("a", 2)
    };
    let current = async || {
        store
            .current_run(&first.workflow_key())
            .await
            .unwrap()
            .map(|stored| stored.run)
    };

    assert_eq!(current().await, None);
    put(&store, &first, 0).await;
    assert_eq!(current().await, Some(first.clone()));
    let first_closed = closed(&first, Status::Completed, 200);
    put(&store, &first_closed, 1).await;
    assert_eq!(current().await, Some(first_closed.clone()));
    put(&store, &second, 0).await;
    assert_eq!(current().await, Some(second.clone()));

    let second_closed = closed(&second, Status::Failed, 60);
    put(&store, &second_closed, 1).await;
    put(&store, &first_closed, 2).await;
    assert_eq!(current().await, Some(second_closed.clone()));

    // A run that is not to be current never answers for the id.
    let past = closed(&open_run("a", 3), Status::Completed, 300);
    let aside = RunWrite {
        is_current: false,
        ..write(&past, 0)
    };
    commit(&store, [aside]).await.unwrap();
    assert_eq!(current().await, Some(second_closed));
}

#[tokio::test]
async fn a_run_is_found_by_its_whole_name_only() {
    let store = store().await;
    let run = open_run("a", 1);
    put(&store, &run, 0).await;
    assert!(store.run(&run.key()).await.unwrap().is_some());

    let named = |namespace_id: &str, workflow_id: &str, run_id: &str| {
        RunKey::new(wrt_model::WorkflowKey::new(namespace_id, workflow_id), run_id)
    };
    for key in [
        named("other", "a", "a/1"),
        named(&run.namespace_id, "b", "a/1"),
        named(&run.namespace_id, "a", "a/2"),
        named(&run.namespace_id, "a", ""),
    ] {
        assert_eq!(store.run(&key).await.unwrap(), None, "{key}");
    }
}

#[tokio::test]
async fn recovery_visits_every_open_run_once() {
    let store = store().await;
    let mut expected = Vec::new();
    for number in 0..25 {
        let run = open_run(&format!("w{number:02}"), 1);
        put(&store, &run, 0).await;
        if number % 5 == 0 {
            put(&store, &closed(&run, Status::Completed, 9), 1).await;
        } else {
            expected.push(run.run_id);
        }
    }

    for limit in [1, 3, 20, 100] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = store.open_runs(seen.last().map(String::as_str), limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit as usize);
            seen.extend(page.into_iter().map(|stored| stored.run.run_id));
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }

    let missing = StoreError::NotFound {
        what: "run nobody".to_owned(),
    };
    assert_eq!(store.open_runs(Some("nobody"), 1).await, Err(missing));

    // The cursor's run may close between two pages.
    let first = store.open_runs(None, 1).await.unwrap().remove(0);
    put(&store, &closed(&first.run, Status::Completed, 9), first.version).await;
    let next = store.open_runs(Some(&first.run.run_id), 1).await.unwrap().remove(0);
    assert_eq!(next.run.run_id, expected[1]);
}

#[tokio::test]
async fn a_component_counts_the_open_runs_that_are_pinned_to_it() {
    let store = store().await;
    let (digest, other) = (Digest::of(b"one"), Digest::of(b"two"));
    let pinned = |workflow_id: &str| Run {
        component: digest.to_string(),
        ..open_run(workflow_id, 1)
    };
    for workflow_id in ["a", "b", "c"] {
        put(&store, &pinned(workflow_id), 0).await;
    }
    assert_eq!(store.open_runs_of(&digest).await, Ok(3));
    assert_eq!(store.open_runs_of(&other).await, Ok(0));

    put(&store, &closed(&pinned("a"), Status::Completed, 9), 1).await;
    put(
        &store,
        &Run {
            component: other.to_string(),
            ..pinned("b")
        },
        1,
    )
    .await;
    assert_eq!(store.open_runs_of(&digest).await, Ok(1));
    assert_eq!(store.open_runs_of(&other).await, Ok(1));
}

#[tokio::test]
async fn a_paused_run_is_open_and_listed_as_paused() {
    let store = store().await;
    let run = open_run("a", 1);
    put(&store, &run, 0).await;
    let paused = Run {
        status: Status::Paused as i32,
        ..run.clone()
    };
    let changing = |run, version| RunWrite {
        changes_status: true,
        ..write(run, version)
    };
    let count = async |query| store.count(&about(NAMESPACE, query)).await.unwrap().total;
    commit(&store, [changing(&paused, 1)]).await.unwrap();
    put(&store, &paused, 2).await;
    assert_eq!(count("ExecutionStatus = 'Paused'").await, 1);
    assert_eq!(count("ExecutionStatus = 'Running'").await, 0);
    assert_eq!(count("CloseTime IS NULL").await, 1);
    assert_eq!(store.open_runs(None, 10).await.unwrap().len(), 1);
    let second = commit(&store, [write(&open_run("a", 2), 0)]).await;
    assert!(matches!(second, Err(StoreError::Conflict { .. })), "one run is open");

    commit(&store, [changing(&run, 3)]).await.unwrap();
    assert_eq!(count("ExecutionStatus = 'Running'").await, 1);
}
