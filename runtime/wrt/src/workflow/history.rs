//! Reading histories: page by page, waiting for what comes next, across restarts of the server.

use std::time::Duration;

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

/// What a reader comes back with.
#[derive(Debug)]
pub(super) enum Page {
    /// The next events, perhaps none; there may be more.
    Events(Vec<HistoryEvent>),
    /// The server cannot be reached; the next read tries again.
    Unreachable,
    /// There are no more.
    End,
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

    /// The next page.
    ///
    /// Does not lose or repeat an event when it is called again after [`Page::Unreachable`].
    pub(super) async fn next(&mut self) -> anyhow::Result<Page> {
        if self.is_done {
            return Ok(Page::End);
        }
        let request = self.request.clone();
        let outcome = self.client.workflows().get_workflow_execution_history(request).await;
        if self.request.wait_new_event && outcome.as_ref().is_err_and(is_gone) {
            return Ok(Page::Unreachable);
        }
        Ok(Page::Events(self.turn(answer("read history", outcome)?)))
    }

    /// The rest of the events, waiting where the reader waits.
    pub(super) async fn collect(mut self) -> anyhow::Result<Vec<HistoryEvent>> {
        let mut events = Vec::new();
        while let Some(mut page) = self.next_patiently(|| ()).await? {
            events.append(&mut page);
        }
        Ok(events)
    }

    /// The next page, or `None` at the end. When the server is gone it says so and tries again, for a minute.
    pub(super) async fn next_patiently(&mut self, held_up: impl Fn()) -> anyhow::Result<Option<Vec<HistoryEvent>>> {
        for _ in 0..ATTEMPTS {
            match self.next().await? {
                Page::Events(events) => return Ok(Some(events)),
                Page::End => return Ok(None),
                Page::Unreachable => held_up(),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        anyhow::bail!(
            "read history: the server has been gone for a minute; the workflow goes on when it is back, see \
             `wrt workflow result`"
        )
    }

    fn turn(&mut self, page: GetWorkflowExecutionHistoryResponse) -> Vec<HistoryEvent> {
        self.is_done = page.next_page_token.is_empty();
        self.request.next_page_token = page.next_page_token;
        page.history.map(|history| history.events).unwrap_or_default()
    }
}
