//! Schedules.

use prost::Message as _;
use wrt_model::{
    Namespace, Schedule, ScheduleKey, Time,
    payload::json,
    proto::{
        Failure, Memo, Payloads, SearchAttributes, WorkflowExecution,
        enums::{IndexedValueType as T, ScheduleOverlapPolicy},
        schedule::{
            BackfillRequest, IntervalSpec, ScheduleAction, ScheduleInfo, SchedulePolicies, ScheduleSpec, ScheduleState,
            schedule_action::Action,
        },
        workflow::NewWorkflowExecutionInfo,
    },
    schedule::ScheduledStart,
};
use wrt_store::{Store, StoreError};

use crate::fixture::{NAMESPACE, store};

fn schedule(id: &str, created_ns: i64) -> Schedule {
    Schedule {
        namespace_id: NAMESPACE.to_owned(),
        schedule_id: id.to_owned(),
        created_ns,
        ..Default::default()
    }
}

fn key(id: &str) -> ScheduleKey {
    ScheduleKey::new(NAMESPACE, id)
}

#[tokio::test]
async fn a_schedule_is_added_replaced_and_removed() {
    let store = store().await;
    let mut nightly = schedule("nightly", 1);
    let missing = StoreError::NotFound {
        what: "schedule nightly".to_owned(),
    };
    assert_eq!(store.schedule_update(&nightly).await, Err(missing));
    store.schedule_insert(&nightly).await.unwrap();
    let taken = StoreError::AlreadyExists {
        what: "schedule nightly".to_owned(),
    };
    assert_eq!(store.schedule_insert(&schedule("nightly", 2)).await, Err(taken));

    nightly.conflict_token = 7;
    store.schedule_update(&nightly).await.unwrap();
    assert_eq!(store.schedule(&key("nightly")).await, Ok(Some(nightly)));
    assert_eq!(store.schedule(&ScheduleKey::new("other", "nightly")).await, Ok(None));

    assert_eq!(store.schedule_delete(&key("nightly")).await, Ok(true));
    assert_eq!(store.schedule_delete(&key("nightly")).await, Ok(false));
    assert_eq!(store.schedule(&key("nightly")).await, Ok(None));
}

#[tokio::test]
async fn the_schedules_of_all_namespaces_are_read_in_pieces() {
    let store = store().await;
    for (namespace, id) in [("b", "1"), ("a", "2"), ("a", "1"), ("c", "0")] {
        let schedule = Schedule {
            namespace_id: namespace.to_owned(),
            ..schedule(id, 1)
        };
        store.schedule_insert(&schedule).await.unwrap();
    }
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let read = store.schedules(after.as_ref(), 3).await.unwrap();
        let Some(last) = read.last() else { break };
        after = Some(last.key());
        names.extend(read.iter().map(|schedule| schedule.key().to_string()));
    }
    assert_eq!(names, ["a/1", "a/2", "b/1", "c/0"]);
}

/// Three schedules; the youngest is paused, and the oldest has no color.
async fn three() -> Store {
    let store = store().await;
    let types = [
        ("Color", T::Keyword),
        ("Size", T::Double),
        ("Tags", T::KeywordList),
        ("Urgent", T::Bool),
        ("Note", T::Text),
        ("Due", T::Datetime),
    ];
    let namespace = Namespace {
        id: NAMESPACE.to_owned(),
        name: NAMESPACE.to_owned(),
        search_attributes: types
            .map(|(name, value_type)| (name.to_owned(), value_type as i32))
            .into(),
        ..Default::default()
    };
    store.namespace_insert(&namespace).await.unwrap();
    for (id, created_ns, paused, attributes) in [
        (
            "daily-1",
            1,
            false,
            r#"{"Note": "Hello, world", "Due": "2026-01-01T00:00:00Z"}"#,
        ),
        (
            "daily-2",
            2,
            false,
            r#"{"Color": "red", "Size": 7, "Tags": ["a", "b"]}"#,
        ),
        ("weekly", 3, true, r#"{"Color": "blue", "Size": 9.5, "Urgent": true}"#),
    ] {
        let attributes: Option<serde_json::Map<_, serde_json::Value>> = serde_json::from_str(attributes).ok();
        let schedule = Schedule {
            state: ScheduleState {
                paused,
                ..Default::default()
            },
            search_attributes: attributes.map(|attributes| SearchAttributes {
                indexed_fields: attributes
                    .into_iter()
                    .map(|(name, value)| (name, json(value.to_string())))
                    .collect(),
            }),
            ..schedule(id, created_ns)
        };
        store.schedule_insert(&schedule).await.unwrap();
    }
    store
}

fn ids(schedules: &[Schedule]) -> String {
    let ids: Vec<&str> = schedules.iter().map(|schedule| schedule.schedule_id.as_str()).collect();
    ids.join(" ")
}

#[tokio::test]
async fn schedules_are_found_by_what_they_are() {
    let store = three().await;
    for (query, expected) in [
        ("", "weekly daily-2 daily-1"),
        ("ScheduleId = 'weekly'", "weekly"),
        ("ScheduleId STARTS_WITH 'daily'", "daily-2 daily-1"),
        ("ScheduleId NOT STARTS_WITH 'daily'", "weekly"),
        ("ScheduleId IN ('daily-1', 'weekly')", "weekly daily-1"),
        ("ScheduleId NOT IN ('daily-1', 'weekly')", "daily-2"),
        ("TemporalSchedulePaused = true", "weekly"),
        ("TemporalSchedulePaused = 'false'", "daily-2 daily-1"),
        ("TemporalSchedulePaused = false AND Color = 'red'", "daily-2"),
        ("Color = \"red\" OR `Color` = 'blue'", "weekly daily-2"),
        ("Color != 'red'", "weekly"),
        ("NOT (Color = 'red')", "weekly"),
        ("NOT (Color = 'red' OR Size > 9)", ""),
        ("Color IS NULL", "daily-1"),
        ("Color IS NOT NULL", "weekly daily-2"),
        ("Size > 7", "weekly"),
        ("Size >= 7", "weekly daily-2"),
        ("Size BETWEEN 1 AND 8", "daily-2"),
        ("Size NOT BETWEEN 1 AND 8", "weekly"),
        ("Tags = 'b'", "daily-2"),
        ("Urgent = true", "weekly"),
        ("Note = 'HELLO there'", "daily-1"),
        ("Due > '2026-01-01T00:00:00+01:00'", "daily-1"),
        ("Color = 'r\\ed'", "daily-2"),
    ] {
        let page = store
            .schedule_page(NAMESPACE, query, 10, b"", Time::EPOCH)
            .await
            .unwrap();
        assert_eq!(ids(&page.schedules), expected, "{query}");
        assert_eq!(page.next_page_token, b"");
        let count = store.schedule_count(NAMESPACE, query, Time::EPOCH).await.unwrap();
        assert_eq!(count.total as usize, expected.split_whitespace().count(), "{query}");
    }
    assert_eq!(store.schedule_count("other", "", Time::EPOCH).await.unwrap().total, 0);
}

#[tokio::test]
async fn schedules_are_counted_by_whether_they_are_paused() {
    let store = three().await;
    let count = store
        .schedule_count(NAMESPACE, "GROUP BY TemporalSchedulePaused", Time::EPOCH)
        .await
        .unwrap();
    assert_eq!((count.total, count.groups), (3, vec![(false, 2), (true, 1)]));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let store = store().await;
    for number in 0..1203 {
        // Many are as old as others.
        store
            .schedule_insert(&schedule(&format!("s{number:04}"), number / 100))
            .await
            .unwrap();
    }
    let mut pages = Vec::new();
    let mut token = Vec::new();
    loop {
        let page = store
            .schedule_page(NAMESPACE, "", 400, &token, Time::EPOCH)
            .await
            .unwrap();
        pages.push(page.schedules);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [400, 400, 400, 3]);
    let all: Vec<_> = pages
        .concat()
        .into_iter()
        .map(|schedule| schedule.schedule_id)
        .collect();
    let expected: Vec<_> = (0..1203).rev().map(|number| format!("s{number:04}")).collect();
    assert_eq!(all, expected);

    let last = store
        .schedule_page(NAMESPACE, "ScheduleId = 's0000'", 1, b"", Time::EPOCH)
        .await
        .unwrap();
    assert_eq!(
        (ids(&last.schedules).as_str(), last.next_page_token),
        ("s0000", Vec::new())
    );
    for token in [
        b"nonsense".to_vec(),
        store
            .schedule_page(NAMESPACE, "", 1, b"", Time::EPOCH)
            .await
            .unwrap()
            .next_page_token,
    ] {
        let refused = store
            .schedule_page(NAMESPACE, "ScheduleId != 'a'", 1, &token, Time::EPOCH)
            .await;
        assert_eq!(refused, Err(StoreError::InvalidPageToken));
    }
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let store = three().await;
    for query in [
        "ScheduleId",
        "ScheduleId =",
        "ScheduleId LIKE 'a'",
        "'a' = ScheduleId",
        "ScheduleId = other",
        "ScheduleId = 'a' ORDER BY ScheduleId",
        "ScheduleId = 'a' GROUP BY ScheduleId",
        "ScheduleId = 7",
        "Colour = 'red'",
        "Colour IS NULL",
        "Size = 'seven'",
        "Urgent = 1",
        "Note = ' '",
    ] {
        let listed = store.schedule_page(NAMESPACE, query, 10, b"", Time::EPOCH).await;
        assert!(
            matches!(listed, Err(StoreError::InvalidQuery(_))),
            "{query}: {listed:?}"
        );
        let counted = store.schedule_count(NAMESPACE, query, Time::EPOCH).await;
        assert!(
            matches!(counted, Err(StoreError::InvalidQuery(_))),
            "{query}: {counted:?}"
        );
    }
    let grouped = store
        .schedule_page(NAMESPACE, "GROUP BY TemporalSchedulePaused", 10, b"", Time::EPOCH)
        .await;
    assert!(matches!(grouped, Err(StoreError::InvalidQuery(_))));
}

// === Golden ===

/// Written by version 1, and to be decoded for ever. Never write it anew; add a file when the format grows.
const GOLDEN: &[u8] = include_bytes!("../golden/schedule-1.bin");

#[test]
fn a_schedule_of_version_1_decodes() {
    assert_eq!(Schedule::decode(GOLDEN).unwrap(), golden());
}

/// A schedule in which every field is set.
fn golden() -> Schedule {
    Schedule {
        namespace_id: "9c5e3b9e-6d3c-4a43-8f0a-0e8d1c1b7d55".to_owned(),
        schedule_id: "nightly".to_owned(),
        spec: ScheduleSpec {
            interval: vec![IntervalSpec::default()],
            timezone_name: "Europe/Berlin".to_owned(),
            ..Default::default()
        },
        action: Some(ScheduleAction {
            action: Some(Action::StartWorkflow(NewWorkflowExecutionInfo {
                workflow_id: "order".to_owned(),
                ..Default::default()
            })),
        }),
        policies: SchedulePolicies {
            overlap_policy: ScheduleOverlapPolicy::BufferAll as i32,
            pause_on_failure: true,
            ..Default::default()
        },
        state: ScheduleState {
            notes: "holidays".to_owned(),
            paused: true,
            limited_actions: true,
            remaining_actions: 3,
        },
        info: ScheduleInfo {
            action_count: 4,
            running_workflows: vec![execution("a")],
            ..Default::default()
        },
        memo: Some(Memo {
            fields: [("note".to_owned(), json("1"))].into(),
        }),
        search_attributes: Some(SearchAttributes {
            indexed_fields: [("Color".to_owned(), json("\"red\""))].into(),
        }),
        created_ns: 5,
        updated_ns: 6,
        create_request_id: "create".to_owned(),
        request_ids: vec!["request-1".to_owned(), "request-2".to_owned()],
        conflict_token: 7,
        processed_ns: 8,
        next_start_number: 9,
        buffered: vec![start(10)],
        starting: vec![start(11)],
        overlapping: vec![execution("b")],
        backfills: vec![BackfillRequest {
            overlap_policy: ScheduleOverlapPolicy::AllowAll as i32,
            ..Default::default()
        }],
        backfill_ns: 12,
        last_completion_result: Some(Payloads {
            payloads: vec![json("2")],
        }),
        continued_failure: Some(Failure {
            message: "no stock".to_owned(),
            ..Default::default()
        }),
        triggered_second: 0,
        triggers_in_second: 0,
    }
}

fn execution(workflow_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: "0199f0a0-0000-7000-8000-000000000001".to_owned(),
    }
}

fn start(number: i64) -> ScheduledStart {
    ScheduledStart {
        number,
        nominal_ns: 1,
        actual_ns: 2,
        overlap_policy: ScheduleOverlapPolicy::Skip as i32,
        manual: true,
        overlapping: true,
        failed_attempts: 3,
        retry_ns: 4,
        deadline_ns: 5,
        number_in_second: 0,
    }
}
