//! Listing and counting.

use anyhow::Result;
use tonic::Code;
use wrt_model::proto::workflowservice::{CountWorkflowExecutionsRequest, ListWorkflowExecutionsRequest};
use wrt_tests::Client;

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
