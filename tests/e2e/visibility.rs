//! Listing and counting.

use anyhow::Result;
use tonic::{Code, Status};
use wrt_model::{
    SearchAttributeValue as V,
    proto::{
        EventAttributes, Payload, Payloads, SearchAttributes,
        common::payload::ExternalPayloadDetails,
        enums::{EventType, IndexedValueType as T, WorkflowExecutionStatus, WorkflowTaskFailedCause},
        filter::{StatusFilter, WorkflowTypeFilter},
        operatorservice::{ListSearchAttributesRequest, RemoveSearchAttributesRequest},
        workflow::WorkflowExecutionInfo,
        workflowservice::{
            CountWorkflowExecutionsRequest, GetSearchAttributesRequest, ListClosedWorkflowExecutionsRequest,
            ListOpenWorkflowExecutionsRequest, ListWorkflowExecutionsRequest, ScanWorkflowExecutionsRequest,
            SignalWorkflowExecutionRequest, list_closed_workflow_executions_request,
            list_open_workflow_executions_request,
        },
    },
};
use wrt_tests::{Client, Run};

use crate::{assert_refused, with_contract};

/// One open run and three closed ones.
async fn four_runs(client: &Client) -> Result<()> {
    client.script("open", "").await?;
    for (id, script) in [
        ("done-1", "start => complete 1"),
        ("done-2", "start => complete 2"),
        ("failed", "start => fail no"),
    ] {
        client.script(id, script).await?.closed().await?;
    }
    Ok(())
}

#[tokio::test]
async fn runs_are_found_by_what_they_are() -> Result<()> {
    let cases: [(&str, &[&str]); 9] = [
        ("", &["done-1", "done-2", "failed", "open"]),
        ("WorkflowId = 'done-1'", &["done-1"]),
        ("WorkflowId STARTS_WITH 'done'", &["done-1", "done-2"]),
        ("ExecutionStatus = 'Running'", &["open"]),
        ("ExecutionStatus IN ('Failed', 'Running')", &["failed", "open"]),
        (
            "WorkflowType = 'Scripted' AND ExecutionStatus != 'Completed'",
            &["failed", "open"],
        ),
        ("WorkflowType = 'Nobody'", &[]),
        ("CloseTime > '2020-01-01T00:00:00Z'", &["done-1", "done-2", "failed"]),
        ("StartTime < '2020-01-01T00:00:00Z'", &[]),
    ];
    with_contract(async |server| {
        let client = server.client();
        four_runs(client).await?;
        for (query, expected) in cases {
            let mut found: Vec<_> = client
                .list(query)
                .await?
                .into_iter()
                .map(|run| run.workflow_id)
                .collect();
            found.sort();
            assert_eq!(found, expected, "{query}");
            assert_eq!(usize::try_from(client.count(query).await?)?, expected.len(), "{query}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_are_found_by_the_payloads_that_are_kept_elsewhere() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let external = Payload {
            external_payloads: vec![ExternalPayloadDetails { size_bytes: 5_000_000 }],
            ..Default::default()
        };
        let run = client
            .script("w", "start => timer 3600\nsignal go => complete 1")
            .await?;
        client
            .temporal()
            .signal_workflow_execution(SignalWorkflowExecutionRequest {
                namespace: client.namespace(),
                workflow_execution: Some(run.execution()),
                signal_name: "go".into(),
                input: Some(Payloads {
                    payloads: vec![external],
                }),
                ..Default::default()
            })
            .await?;
        run.closed().await?;
        let described = run.describe().await?;
        let info = described.workflow_execution_info.unwrap_or_default();
        assert_eq!(
            (info.external_payload_count, info.external_payload_size_bytes),
            (1, 5_000_000)
        );
        for query in [
            "TemporalExternalPayloadCount = 1",
            "TemporalExternalPayloadSizeBytes > 1000000",
        ] {
            assert_eq!(client.count(query).await?, 1, "{query}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for number in 0..5 {
            client
                .script(&format!("w{number}"), "start => complete 1")
                .await?
                .closed()
                .await?;
        }
        let mut ids = Vec::new();
        let mut request = ListWorkflowExecutionsRequest {
            namespace: client.namespace(),
            page_size: 2,
            ..Default::default()
        };
        loop {
            let page = client
                .temporal()
                .list_workflow_executions(request.clone())
                .await?
                .into_inner();
            let executions = page.executions.into_iter().filter_map(|info| info.execution);
            ids.push(executions.map(|execution| execution.workflow_id).collect::<Vec<_>>());
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(ids, [vec!["w4", "w3"], vec!["w2", "w1"], vec!["w0"]]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_are_counted_by_status() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        four_runs(client).await?;
        let request = CountWorkflowExecutionsRequest {
            namespace: client.namespace(),
            query: "WorkflowType = 'Scripted' GROUP BY ExecutionStatus".to_owned(),
        };
        let counted = client.temporal().count_workflow_executions(request).await?.into_inner();
        assert_eq!(counted.count, 4);
        let mut groups: Vec<_> = counted
            .groups
            .into_iter()
            .map(|group| {
                (
                    String::from_utf8_lossy(&group.group_values[0].data).into_owned(),
                    group.count,
                )
            })
            .collect();
        groups.sort();
        let expected = [("\"Completed\"", 2), ("\"Failed\"", 1), ("\"Running\"", 1)];
        assert_eq!(groups, expected.map(|(status, count)| (status.to_owned(), count)));
        Ok(())
    })
    .await
}

/// Starts the scripted workflow with search attributes.
async fn start_with(client: &Client, id: &str, script: &str, values: &[(&str, V)]) -> Result<Run, Status> {
    let mut request = client.starting("Scripted", "contract", id, script);
    let fields = values.iter().map(|(name, value)| ((*name).to_owned(), value.encode()));
    request.search_attributes = Some(SearchAttributes {
        indexed_fields: fields.collect(),
    });
    client.start(request).await
}

async fn found(client: &Client, query: &str) -> Result<String, Status> {
    let mut ids: Vec<_> = client
        .list(query)
        .await?
        .into_iter()
        .map(|run| run.workflow_id)
        .collect();
    ids.sort();
    Ok(ids.join(" "))
}

fn word(text: &str) -> V {
    V::Keyword(text.to_owned())
}

#[tokio::test]
async fn runs_are_found_by_search_attributes() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        client
            .add_search_attributes(&[
                ("Color", T::Keyword),
                ("Amount", T::Int),
                ("Tags", T::KeywordList),
                ("Note", T::Text),
            ])
            .await?;
        let tags = V::KeywordList(vec!["new".to_owned(), "big".to_owned()]);
        let note = V::Text("Leave it at the old mill".to_owned());
        start_with(
            &client,
            "a",
            "",
            &[("Color", word("red")), ("Amount", V::Int(7)), ("Tags", tags)],
        )
        .await?;
        start_with(
            &client,
            "b",
            "start => complete 1",
            &[("Color", word("red")), ("Note", note)],
        )
        .await?
        .closed()
        .await?;
        // The values that a workflow sets itself come without types.
        let changed = start_with(
            &client,
            "c",
            "start => attribute Color \"green\"; attribute Amount 70\nsignal go => attribute Amount null; complete 1",
            &[("Color", word("red"))],
        )
        .await?;
        changed.wait_for(EventType::UpsertWorkflowSearchAttributes).await?;
        client.script("d", "").await?;

        // What is known about attributes is not lost with the process.
        server.kill().await?;
        server.restart().await?;
        for (query, expected) in [
            ("Color = 'red'", "a b"),
            ("Color = 'green'", "c"),
            ("Color = 'red' AND ExecutionStatus = 'Completed'", "b"),
            ("Amount > 7", "c"),
            ("Amount BETWEEN 1 AND 100", "a c"),
            ("Tags = 'big'", "a"),
            ("Note = 'MILL'", "b"),
            ("Color IS NULL", "d"),
            ("ORDER BY Amount", "a b c d"),
            ("ExecutionDuration < '1h'", "b"),
            ("StartTime > '1h'", "a b c d"),
        ] {
            assert_eq!(found(&client, query).await?, expected, "{query}");
        }
        changed.signal("go", "").await?;
        changed.closed().await?;
        assert_eq!(found(&client, "Amount IS NOT NULL").await?, "a");

        let info = changed.describe().await?.workflow_execution_info.unwrap_or_default();
        let fields = info.search_attributes.unwrap_or_default().indexed_fields;
        assert_eq!(fields.len(), 1);
        assert_eq!(fields["Color"], word("green").encode());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_are_counted_by_search_attributes() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        client.add_search_attributes(&[("Color", T::Keyword)]).await?;
        for (id, color) in [("a", "red"), ("b", "green"), ("c", "red")] {
            start_with(client, id, "", &[("Color", word(color))]).await?;
        }
        for (query, expected) in [
            ("GROUP BY Color", vec![("\"red\"", 2), ("\"green\"", 1)]),
            ("GROUP BY WorkflowType", vec![("\"Scripted\"", 3)]),
        ] {
            let request = CountWorkflowExecutionsRequest {
                namespace: client.namespace(),
                query: query.to_owned(),
            };
            let counted = client.temporal().count_workflow_executions(request).await?.into_inner();
            assert_eq!(counted.count, 3);
            let groups: Vec<_> = counted
                .groups
                .iter()
                .map(|group| (String::from_utf8_lossy(&group.group_values[0].data), group.count))
                .collect();
            let groups: Vec<_> = groups.iter().map(|(value, count)| (value.as_ref(), *count)).collect();
            assert_eq!(groups, expected, "{query}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_with_wrong_search_attributes_is_refused() -> Result<()> {
    let cases = [
        (
            ("Foo", V::Int(1)),
            "Namespace default has no mapping defined for search attribute Foo",
        ),
        (
            ("Amount", word("much")),
            "invalid value for search attribute Amount of type Int",
        ),
        (("RunId", word("r")), "RunId attribute can't be set in SearchAttributes"),
    ];
    with_contract(async |server| {
        let client = server.client();
        client.add_search_attributes(&[("Amount", T::Int)]).await?;
        for (value, words) in cases {
            let started = start_with(client, "w", "", &[value]).await;
            assert_refused(started, Code::InvalidArgument, words);
        }
        Ok(())
    })
    .await
}

/// The task is tried again, so it is enough to register the attribute.
#[tokio::test]
async fn a_wrong_upsert_fails_the_workflow_task_until_it_is_right() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => attribute Foo 1; complete 2").await?;
        let failed = run.wait_for(EventType::WorkflowTaskFailed).await?;
        let Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) = failed.attributes else {
            panic!("{failed:?}");
        };
        assert_eq!(failed.cause(), WorkflowTaskFailedCause::BadSearchAttributes);
        let message = failed.failure.unwrap_or_default().message;
        assert!(
            message.contains("has no mapping defined for search attribute Foo"),
            "{message}"
        );

        client.add_search_attributes(&[("Foo", T::Int)]).await?;
        assert_eq!(run.result().await?, "2");
        assert_eq!(found(client, "Foo = 1").await?, "w");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn search_attributes_are_registered_and_removed() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        // The same again changes nothing.
        for _ in 0..2 {
            client.add_search_attributes(&[("Color", T::Keyword)]).await?;
        }
        let other_type = client.add_search_attributes(&[("Color", T::Text)]).await;
        assert_refused(
            other_type,
            Code::AlreadyExists,
            "Color already exists with another type",
        );
        for (name, code, words) in [
            (
                "WorkflowId",
                Code::InvalidArgument,
                "Search attribute WorkflowId is reserved by system.",
            ),
            ("TemporalThing", Code::InvalidArgument, "is reserved by system."),
        ] {
            // What goes with it is not registered either.
            let added = client
                .add_search_attributes(&[("Amount", T::Int), (name, T::Keyword)])
                .await;
            assert_refused(added, code, words);
        }
        let asked = ListSearchAttributesRequest {
            namespace: client.namespace(),
        };
        let listed = client.operator().list_search_attributes(asked).await?.into_inner();
        assert_eq!(
            listed.custom_attributes,
            [("Color".to_owned(), T::Keyword as i32)].into()
        );
        assert_eq!(listed.system_attributes["CloseTime"], T::Datetime as i32);
        let known = client
            .temporal()
            .get_search_attributes(GetSearchAttributesRequest {})
            .await?;
        assert_eq!(known.into_inner().keys["Color"], T::Keyword as i32);

        let remove = async |name: &str| {
            let request = RemoveSearchAttributesRequest {
                namespace: client.namespace(),
                search_attributes: vec![name.to_owned()],
            };
            client.operator().remove_search_attributes(request).await
        };
        remove("Color").await?;
        remove("Color").await?;
        assert_refused(
            remove("RunId").await,
            Code::InvalidArgument,
            "Unable to remove non-custom",
        );
        assert_refused(
            client.list("Color = 'red'").await,
            Code::InvalidArgument,
            "unknown search attribute Color",
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() -> Result<()> {
    let cases = [
        ("Weather = 'fine'", "unknown search attribute Weather"),
        ("ExecutionStatus = 'Happy'", "ExecutionStatus cannot be"),
        ("WorkflowId =", "an expression"),
        ("WorkflowId = 'a'; DROP TABLE run", ""),
    ];
    with_contract(async |server| {
        for (query, words) in cases {
            assert_refused(server.client().list(query).await, Code::InvalidArgument, words);
            assert_refused(server.client().count(query).await, Code::InvalidArgument, words);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn runs_are_found_by_the_filters_of_older_clients() -> Result<()> {
    let scripted = WorkflowTypeFilter {
        name: "Scripted".to_owned(),
    };
    let failed = StatusFilter {
        status: WorkflowExecutionStatus::Failed as i32,
    };
    with_contract(async |server| {
        let client = server.client();
        four_runs(client).await?;
        let mut temporal = client.temporal();
        let open = ListOpenWorkflowExecutionsRequest {
            namespace: client.namespace(),
            filters: Some(list_open_workflow_executions_request::Filters::TypeFilter(scripted)),
            ..Default::default()
        };
        let open = temporal.list_open_workflow_executions(open).await?.into_inner();
        assert_eq!(ids(open.executions), ["open"]);
        let closed = ListClosedWorkflowExecutionsRequest {
            namespace: client.namespace(),
            filters: Some(list_closed_workflow_executions_request::Filters::StatusFilter(failed)),
            ..Default::default()
        };
        let closed = temporal.list_closed_workflow_executions(closed).await?.into_inner();
        assert_eq!(ids(closed.executions), ["failed"]);
        let scan = ScanWorkflowExecutionsRequest {
            namespace: client.namespace(),
            query: "WorkflowId STARTS_WITH 'done'".to_owned(),
            ..Default::default()
        };
        let scanned = temporal.scan_workflow_executions(scan).await?.into_inner();
        assert_eq!(ids(scanned.executions), ["done-1", "done-2"]);
        Ok(())
    })
    .await
}

/// The workflow ids, sorted.
fn ids(executions: Vec<WorkflowExecutionInfo>) -> Vec<String> {
    let executions = executions.into_iter().map(|info| info.execution.unwrap_or_default());
    let mut ids: Vec<_> = executions.map(|execution| execution.workflow_id).collect();
    ids.sort();
    ids
}
