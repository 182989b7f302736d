//! Namespaces.

use wrt_model::Namespace;
use wrt_store::StoreError;

use crate::fixture::store;

fn namespace(id: &str, name: &str) -> Namespace {
    Namespace {
        id: id.to_owned(),
        name: name.to_owned(),
        retention_ns: 7,
        ..Default::default()
    }
}

#[tokio::test]
async fn ids_and_names_are_unique() {
    let store = store().await;
    let first = namespace("1", "orders");
    store.namespace_insert(&first).await.unwrap();
    for taken in [namespace("1", "other"), namespace("2", "orders")] {
        let what = format!("namespace {}", taken.name);
        assert_eq!(
            store.namespace_insert(&taken).await,
            Err(StoreError::AlreadyExists { what })
        );
    }
    assert_eq!(store.namespace_by_id("1").await, Ok(Some(first.clone())));
    assert_eq!(store.namespace_by_name("orders").await, Ok(Some(first)));
    assert_eq!(store.namespace_by_id("2").await, Ok(None));
    assert_eq!(store.namespace_by_name("other").await, Ok(None));
}

#[tokio::test]
async fn an_update_replaces_what_exists() {
    let store = store().await;
    let mut changed = namespace("1", "orders");
    let missing = StoreError::NotFound {
        what: "namespace orders".to_owned(),
    };
    assert_eq!(store.namespace_update(&changed).await, Err(missing));

    store.namespace_insert(&changed).await.unwrap();
    changed.description = "all orders".to_owned();
    changed.data.insert("team".to_owned(), "blue".to_owned());
    store.namespace_update(&changed).await.unwrap();
    assert_eq!(store.namespace_by_id("1").await, Ok(Some(changed)));
}

#[tokio::test]
async fn namespaces_are_listed_by_name() {
    let store = store().await;
    for (id, name) in [("1", "c"), ("2", "a"), ("3", "b")] {
        store.namespace_insert(&namespace(id, name)).await.unwrap();
    }
    for (after, limit, expected) in [
        (None, 10, "a b c"),
        (None, 2, "a b"),
        (Some("b"), 10, "c"),
        (Some("aa"), 1, "b"),
        (Some("c"), 10, ""),
    ] {
        let listed = store.namespaces(after, limit).await.unwrap();
        let names: Vec<_> = listed.into_iter().map(|namespace| namespace.name).collect();
        assert_eq!(names.join(" "), expected, "{limit} after {after:?}");
    }
}
