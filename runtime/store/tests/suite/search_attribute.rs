//! Search attributes that runs were given.

use wrt_model::{
    Namespace, Run, SearchAttributeValue as V, Time,
    proto::{
        Payload, SearchAttributes, WorkflowExecution,
        enums::{IndexedValueType as T, WorkflowExecutionStatus as Status},
    },
    run::Parent,
};
use wrt_store::{RunWrite, Store, StoreError};

use crate::{
    fixture::{NAMESPACE, about, closed, commit, open_run, put, store, write},
    visibility::{ids, pages},
};

const SECOND: i64 = 1_000_000_000;

fn namespace(registered: &[(&str, T)]) -> Namespace {
    Namespace {
        id: NAMESPACE.to_owned(),
        name: "shop".to_owned(),
        search_attributes: registered
            .iter()
            .map(|(name, value_type)| ((*name).to_owned(), *value_type as i32))
            .collect(),
        ..Default::default()
    }
}

const ALL: [(&str, T); 7] = [
    ("Color", T::Keyword),
    ("Amount", T::Int),
    ("Weight", T::Double),
    ("Due", T::Datetime),
    ("Paid", T::Bool),
    ("Tags", T::KeywordList),
    ("Note", T::Text),
];

fn attributes(values: &[(&str, V)]) -> Option<SearchAttributes> {
    let fields = values.iter().map(|(name, value)| ((*name).to_owned(), value.encode()));
    Some(SearchAttributes {
        indexed_fields: fields.collect(),
    })
}

fn word(text: &str) -> V {
    V::Keyword(text.to_owned())
}

/// The runs `a`, `b` and `c`, started in this order; `a` has closed. `d` has no attributes.
async fn stored() -> Store {
    let store = store().await;
    store.namespace_insert(&namespace(&ALL)).await.unwrap();
    let given = |number: i64, color: &str, tags: &[&str], note: &str| {
        attributes(&[
            ("Color", word(color)),
            ("Amount", V::Int(number * 10 - 20)),
            ("Weight", V::Double(number as f64 / 3.0)),
            ("Due", V::Datetime(Time::from_nanos(number * SECOND))),
            ("Paid", V::Bool(number == 2)),
            (
                "Tags",
                V::KeywordList(tags.iter().map(|tag| (*tag).to_owned()).collect()),
            ),
            ("Note", V::Text(note.to_owned())),
        ])
    };
    for (number, id, search_attributes) in [
        (1, "a", given(1, "red", &["new"], "Deliver to the old mill")),
        (2, "b", given(2, "green", &["new", "big", "new"], "Call before")),
        (3, "c", given(3, "red", &["big"], "Leave at the mill, call later")),
        (4, "d", None),
    ] {
        let run = Run {
            search_attributes,
            ..open_run(id, number)
        };
        put(&store, &run, 0).await;
        if id == "a" {
            put(&store, &closed(&run, Status::Completed, 50), 1).await;
        }
    }
    store
}

#[tokio::test]
async fn runs_are_found_by_their_values() {
    let store = stored().await;
    for (query, expected) in [
        ("Color = 'red'", "c a"),
        ("Color = \"red\" AND ExecutionStatus = 'Running'", "c"),
        ("Color = 'red' AND CloseTime IS NOT NULL", "a"),
        ("Color = 'red' AND WorkflowId = 'a'", "a"),
        ("Color = 'red' AND Tags = 'big'", "c"),
        ("Color = 'red' OR WorkflowId = 'd'", "d c a"),
        // A run without the attribute is neither red nor not red.
        ("Color != 'red'", "b"),
        ("NOT Color = 'red'", "b"),
        ("Color NOT IN ('red', 'blue')", "b"),
        ("Color IN ('green', 'red', 'red')", "c b a"),
        ("Color IS NULL", "d"),
        ("Color IS NOT NULL", "c b a"),
        ("Color > 'green'", "c a"),
        ("Color STARTS_WITH 'gr'", "b"),
        ("Color NOT STARTS_WITH 'gr'", "c a"),
        ("Amount = -10", "a"),
        ("Amount > -10", "c b"),
        ("Amount BETWEEN 0 AND 9", "b"),
        ("Amount NOT BETWEEN 0 AND 9", "c a"),
        ("Amount >= -10 AND Amount < 10 AND Color = 'red'", "a"),
        ("Weight < 0.7", "b a"),
        ("Weight = 1", "c"),
        ("Due <= '1970-01-01T00:00:02Z'", "b a"),
        ("Due > '98s'", "c"),
        ("Paid = true", "b"),
        ("Paid != TRUE", "c a"),
        ("Tags = 'new'", "b a"),
        ("Tags IN ('new', 'big')", "c b a"),
        ("Tags != 'new'", "c"),
        ("Tags NOT IN ('new', 'old')", "c"),
        ("Tags = 'new' AND Tags = 'big'", "b"),
        ("Tags STARTS_WITH 'b'", "c b"),
        ("Note = 'MILL'", "c a"),
        ("Note = 'call deliver'", "c b a"),
        ("Note != 'mill'", "b"),
        ("ORDER BY Amount", "a b c d"),
        ("ORDER BY Amount DESC", "c b a d"),
        ("ORDER BY Color DESC, StartTime DESC", "c a b d"),
        ("Amount > -10 ORDER BY Weight", "b c"),
        ("Color = 'red' ORDER BY StartTime", "a c"),
        ("Color = 'red' ORDER BY Amount", "a c"),
        ("ORDER BY Weight DESC", "c b a d"),
    ] {
        for page_size in [1, 2, 100] {
            let found = pages(&store, query, page_size).await;
            assert_eq!(ids(&found), expected, "{query}, pages of {page_size}");
        }
        if !query.contains("ORDER BY") {
            let count = store.count(&about(NAMESPACE, query)).await.unwrap();
            assert_eq!(count.total as usize, expected.split_whitespace().count(), "{query}");
        }
    }
}

#[tokio::test]
async fn counts_are_grouped_by_values() {
    let store = stored().await;
    for (query, total, groups) in [
        ("GROUP BY Color", 4, vec![(word("red"), 2), (word("green"), 1)]),
        ("GROUP BY Tags", 4, vec![(word("big"), 2), (word("new"), 2)]),
        ("GROUP BY Paid", 4, vec![(V::Bool(false), 2), (V::Bool(true), 1)]),
        (
            "Color = 'red' GROUP BY Amount",
            2,
            vec![(V::Int(-10), 1), (V::Int(10), 1)],
        ),
        ("Color = 'red' GROUP BY WorkflowType", 2, vec![(word("Order"), 2)]),
        ("GROUP BY TaskQueue", 4, vec![(word("orders"), 4)]),
    ] {
        let count = store.count(&about(NAMESPACE, query)).await.unwrap();
        assert_eq!((count.total, count.groups), (total, groups), "{query}");
    }
}

/// The workflows that a query finds, in one page.
async fn found(store: &Store, query: &str) -> String {
    let page = store.list(&about(NAMESPACE, query), 100, &[]).await.unwrap();
    ids(&page.runs)
}

#[tokio::test]
async fn values_change_with_the_run() {
    let store = stored().await;
    let changed = Run {
        search_attributes: attributes(&[("Color", word("blue"))]),
        ..store
            .current_run(&open_run("b", 2).workflow_key())
            .await
            .unwrap()
            .unwrap()
            .run
    };
    // A step that does not say so leaves the rows as they are.
    put(&store, &changed, 1).await;
    assert_eq!(found(&store, "Color = 'green'").await, "b");

    let upsert = |version| RunWrite {
        upserts_search_attributes: true,
        ..write(&changed, version)
    };
    commit(&store, [upsert(2)]).await.unwrap();
    assert_eq!(found(&store, "Color = 'blue'").await, "b");
    assert_eq!(
        found(&store, "Color = 'green' OR Tags = 'new' AND WorkflowId = 'b'").await,
        ""
    );

    let emptied = Run {
        search_attributes: attributes(&[]),
        ..changed.clone()
    };
    let upsert = RunWrite {
        upserts_search_attributes: true,
        ..write(&emptied, 3)
    };
    commit(&store, [upsert]).await.unwrap();
    assert_eq!(found(&store, "Color IS NOT NULL").await, "c a");
}

#[tokio::test]
async fn a_run_without_attributes_has_no_rows() {
    let store = store().await;
    let before = store.stats().row_writes;
    let run = open_run("w", 1);
    put(&store, &run, 0).await;
    put(&store, &run, 1).await;
    put(&store, &closed(&run, Status::Failed, 9), 2).await;
    assert_eq!(store.stats().row_writes - before, 3);
}

/// In one batch as well as apart, which is how the second of two that do not go together is written.
#[tokio::test]
async fn values_are_stored_with_their_run_or_not_at_all() {
    let store = stored().await;
    let other = |id: &str, number| Run {
        search_attributes: attributes(&[("Color", word("black"))]),
        ..open_run(id, number)
    };
    let (good, bad) = (other("e", 5), other("c", 6));
    let outcomes = tokio::join!(commit(&store, [write(&good, 0)]), commit(&store, [write(&bad, 0)]));
    assert_eq!(outcomes.0, Ok(()));
    assert!(matches!(outcomes.1, Err(StoreError::Conflict { .. })), "{outcomes:?}");
    assert_eq!(found(&store, "Color = 'black'").await, "e");
}

#[tokio::test]
async fn an_attribute_that_is_registered_anew_has_no_old_values_of_another_type() {
    let store = stored().await;
    store.namespace_update(&namespace(&[])).await.unwrap();
    let unknown = store.count(&about(NAMESPACE, "Color = 'red'")).await;
    assert!(matches!(unknown, Err(StoreError::InvalidQuery(_))), "{unknown:?}");

    store.namespace_update(&namespace(&[("Color", T::Int)])).await.unwrap();
    assert_eq!(found(&store, "Color IS NOT NULL").await, "");
    store.namespace_update(&namespace(&ALL)).await.unwrap();
    assert_eq!(found(&store, "Color = 'red'").await, "c a");

    let namespace = Namespace {
        id: "namespace-2".to_owned(),
        name: "other".to_owned(),
        ..namespace(&ALL)
    };
    store.namespace_insert(&namespace).await.unwrap();
    let elsewhere = store.count(&about("namespace-2", "Color = 'red'")).await.unwrap();
    assert_eq!(elsewhere.total, 0);
}

#[tokio::test]
async fn values_that_are_not_of_the_type_are_not_found() {
    let store = store().await;
    store.namespace_insert(&namespace(&ALL)).await.unwrap();
    let odd: [(&str, Payload); 3] = [
        ("Amount", word("many").encode()),
        ("Unknown", word("x").encode()),
        ("Color", word("red").encode()),
    ];
    let run = Run {
        search_attributes: Some(SearchAttributes {
            indexed_fields: odd.map(|(name, value)| (name.to_owned(), value)).into(),
        }),
        ..open_run("w", 1)
    };
    put(&store, &run, 0).await;
    assert_eq!(found(&store, "Color = 'red' AND Amount IS NULL").await, "w");
}

#[tokio::test]
async fn runs_are_found_by_their_parents_and_roots() {
    let store = store().await;
    let execution = |id: &str| {
        Some(WorkflowExecution {
            workflow_id: id.to_owned(),
            run_id: format!("{id}/1"),
        })
    };
    for (number, id, parent) in [(1, "a", None), (2, "b", Some("a")), (3, "c", Some("b")), (4, "d", None)] {
        let run = Run {
            parent: parent.map(|parent| Parent {
                execution: execution(parent),
                ..Default::default()
            }),
            root: execution(if id == "d" { "d" } else { "a" }),
            ..open_run(id, number)
        };
        put(&store, &run, 0).await;
    }
    for (query, expected) in [
        ("ParentWorkflowId = 'a'", "b"),
        ("ParentRunId = 'b/1'", "c"),
        ("ParentWorkflowId IS NULL", "d a"),
        ("ParentWorkflowId != 'a'", "c"),
        ("ParentWorkflowId IN ('a', 'b')", "c b"),
        ("RootWorkflowId = 'a'", "c b a"),
        ("RootWorkflowId != 'a'", "d"),
        ("NOT RootWorkflowId = 'd' AND ParentWorkflowId IS NOT NULL", "c b"),
        ("RootRunId STARTS_WITH 'd'", "d"),
        ("RootWorkflowId = 'a' AND ExecutionStatus = 'Running'", "c b a"),
    ] {
        assert_eq!(found(&store, query).await, expected, "{query}");
    }
}
