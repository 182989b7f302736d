//! A history that grows long, where the namespace allows it: it is read in pages, rebuilt, asked and reset like any other.

use anyhow::{Context as _, Result, ensure};
use wrt_model::proto::{
    HistoryEvent,
    enums::EventType,
    workflowservice::{GetWorkflowExecutionHistoryRequest, ResetWorkflowExecutionRequest},
};
use wrt_tests::{Run, check_gapless, with_server};

/// Each has six events.
const STEPS: usize = 3_400;

/// The most events of one page.
const PAGE_EVENTS: i32 = 500;

#[tokio::test]
async fn a_history_of_twenty_thousand_events_comes_back_in_every_way() -> Result<()> {
    with_server(Default::default(), async |server| {
        server.deploy("bench-activity", "bench").await?;
        server.deploy("bench-workflow", "bench").await?;
        let client = server.client().clone();
        client.set_limits(&[("history_count_error", 1_000_000)]).await?;
        let run = client
            .start(client.starting("Steps", "bench", "long", &STEPS.to_string()))
            .await?;
        let result = STEPS.to_string();
        assert_eq!(run.result().await?, result);
        let history = pages(&run).await?;
        ensure!(history.len() > 20_000, "{} events", history.len());

        // Whatever was in memory is gone: the answer comes from a replay.
        server.kill().await?;
        server.restart().await?;
        assert_eq!(run.query("value", "").await?, result);

        let point = task_before(&history, 15_000)?;
        let request = ResetWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(run.execution()),
            request_id: "again".to_owned(),
            workflow_task_finish_event_id: point,
            ..Default::default()
        };
        let reset = client.temporal().reset_workflow_execution(request).await?.into_inner();
        let again = client.run("long", &reset.run_id);
        assert_eq!(again.result().await?, result);
        let copied = pages(&again).await?;
        ensure!(copied.len() > 20_000, "{} events", copied.len());
        let same = usize::try_from(point)? - 1;
        assert_eq!(copied[..same], history[..same]);
        assert_eq!(copied[same].event_type(), EventType::WorkflowTaskFailed);

        server.kill().await?;
        server.restart().await?;
        assert_eq!(again.query("value", "").await?, result);
        Ok(())
    })
    .await
}

/// The history in pages, none of which is longer than asked for.
async fn pages(run: &Run) -> Result<Vec<HistoryEvent>> {
    let mut request = GetWorkflowExecutionHistoryRequest {
        maximum_page_size: PAGE_EVENTS,
        ..run.reading()
    };
    let mut history = Vec::new();
    loop {
        let page = run.page(request.clone()).await?;
        let events = page.history.unwrap_or_default().events;
        ensure!(
            events.len() <= PAGE_EVENTS as usize,
            "a page of {} events",
            events.len()
        );
        history.extend(events);
        if page.next_page_token.is_empty() {
            break;
        }
        request.next_page_token = page.next_page_token;
    }
    check_gapless(&history)?;
    Ok(history)
}

/// The last completed workflow task before this event.
fn task_before(history: &[HistoryEvent], event_id: usize) -> Result<i64> {
    let mut before = history[..event_id].iter().rev();
    let completed = before.find(|event| event.event_type() == EventType::WorkflowTaskCompleted);
    Ok(completed.context("find a workflow task")?.event_id)
}
