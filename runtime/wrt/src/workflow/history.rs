//! Reading histories: page by page, waiting for what comes next, across restarts of the server.

use std::time::Duration;

use tonic::{Request, metadata::MetadataValue};
use wrt_model::proto::{
    HistoryEvent, WorkflowExecution,
    enums::HistoryEventFilterType,
    workflowservice::{GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse},
};

use crate::client::{Client, answer, is_gone};

/// How long to wait between two attempts to reach a server that is gone.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How often to try before giving up: for a minute.
const ATTEMPTS: u32 = 120;

/// Reads one run's history, a page at a time.
#[derive(Debug)]
pub(super) struct HistoryReader {
    client: Client,
    request: GetWorkflowExecutionHistoryRequest,
    is_done: bool,
}

impl HistoryReader {
    /// Reads the events that are there.
    pub(super) fn new(client: &Client, execution: WorkflowExecution) -> Self {
        Self::with_filter(client, execution, HistoryEventFilterType::AllEvent, false)
    }

    /// Reads the events that are there and those that come, up to the end of the run.
    pub(super) fn following(client: &Client, execution: WorkflowExecution) -> Self {
        Self::with_filter(client, execution, HistoryEventFilterType::AllEvent, true)
    }

    /// Reads the last event of the run alone, waiting for it.
    pub(super) fn closing(client: &Client, execution: WorkflowExecution) -> Self {
        Self::with_filter(client, execution, HistoryEventFilterType::CloseEvent, true)
    }

    fn with_filter(
        client: &Client,
        execution: WorkflowExecution,
        filter: HistoryEventFilterType,
        wait_new_event: bool,
    ) -> Self {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            history_event_filter_type: filter as i32,
            wait_new_event,
            skip_archival: true,
            ..Default::default()
        };
        HistoryReader {
            client: client.clone(),
            request,
            is_done: false,
        }
    }

    /// The rest of the events, waiting where the reader waits.
    pub(super) async fn collect(mut self) -> anyhow::Result<Vec<HistoryEvent>> {
        let mut events = Vec::new();
        while let Some(mut page) = self.next(|| ()).await? {
            events.append(&mut page);
        }
        Ok(events)
    }

    /// The next page, perhaps an empty one, or `None` at the end. A reader that waits outlives a restart of the server:
    /// it says when it is held up, and tries again for a minute.
    pub(super) async fn next(&mut self, held_up: impl Fn()) -> anyhow::Result<Option<Vec<HistoryEvent>>> {
        if self.is_done {
            return Ok(None);
        }
        for _ in 0..ATTEMPTS {
            if let Some(events) = self.attempt().await? {
                return Ok(Some(events));
            }
            held_up();
            tokio::time::sleep(RETRY_AFTER).await;
        }
        anyhow::bail!(
            "read history: the server has been gone for a minute; the workflow goes on when it is back, see \
             `wrt workflow result`"
        )
    }

    /// The next page, or `None` when the server is gone. The token moves only with an answer, so that no event is lost
    /// or comes twice.
    async fn attempt(&mut self) -> anyhow::Result<Option<Vec<HistoryEvent>>> {
        let mut request = Request::new(self.request.clone());
        // So that a run which is retried shows what has become of it.
        request
            .metadata_mut()
            .insert("supported-features", MetadataValue::from_static("follows-next-run-id"));
        let outcome = self.client.workflows().get_workflow_execution_history(request).await;
        if self.request.wait_new_event && outcome.as_ref().is_err_and(is_gone) {
            return Ok(None);
        }
        Ok(Some(self.turn(answer("read history", outcome)?)))
    }

    fn turn(&mut self, page: GetWorkflowExecutionHistoryResponse) -> Vec<HistoryEvent> {
        self.is_done = page.next_page_token.is_empty();
        self.request.next_page_token = page.next_page_token;
        page.history.map(|history| history.events).unwrap_or_default()
    }
}
