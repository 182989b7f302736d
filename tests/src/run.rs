//! One run, as its caller sees it.

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::time::timeout;
use tonic::{Request, Status, metadata::MetadataValue};
use wrt_model::{
    payload,
    proto::{
        EventAttributes, Failure, HistoryEvent, Payloads, WorkflowExecution,
        enums::{EventType, HistoryEventFilterType},
        query::WorkflowQuery,
        workflowservice::{
            DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, GetWorkflowExecutionHistoryRequest,
            GetWorkflowExecutionHistoryResponse, QueryWorkflowRequest, RequestCancelWorkflowExecutionRequest,
            SignalWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        },
    },
};

use crate::{Client, client::IDENTITY};

/// The longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(90);

/// A run that may be open or closed.
#[derive(Clone, Debug)]
pub struct Run {
    client: Client,
    /// The workflow's id.
    pub workflow_id: String,
    /// The run's id; empty for the workflow's current run.
    pub run_id: String,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workflow_id, self.run_id)
    }
}

impl Run {
    pub(crate) fn new(client: Client, workflow_id: &str, run_id: &str) -> Self {
        Run {
            client,
            workflow_id: workflow_id.to_owned(),
            run_id: run_id.to_owned(),
        }
    }

    /// Its name in requests.
    pub fn execution(&self) -> WorkflowExecution {
        WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
        }
    }

    // === The history ===

    /// The request for its history, for callers who want to change it.
    pub fn reading(&self) -> GetWorkflowExecutionHistoryRequest {
        GetWorkflowExecutionHistoryRequest {
            namespace: self.client.namespace(),
            execution: Some(self.execution()),
            ..Default::default()
        }
    }

    /// The answer to one such request.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn page(
        &self,
        request: GetWorkflowExecutionHistoryRequest,
    ) -> Result<GetWorkflowExecutionHistoryResponse, Status> {
        let mut request = Request::new(request);
        request
            .metadata_mut()
            .insert("supported-features", MetadataValue::from_static("follows-next-run-id"));
        let mut temporal = self.client.temporal();
        Ok(temporal.get_workflow_execution_history(request).await?.into_inner())
    }

    /// All events so far.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn history(&self) -> Result<Vec<HistoryEvent>, Status> {
        let mut request = self.reading();
        let mut events = Vec::new();
        loop {
            let page = self.page(request.clone()).await?;
            events.extend(page.history.unwrap_or_default().events);
            if page.next_page_token.is_empty() {
                return Ok(events);
            }
            request.next_page_token = page.next_page_token;
        }
    }

    /// The types of all events so far.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn event_types(&self) -> Result<Vec<EventType>, Status> {
        let history = self.history().await?;
        Ok(history.iter().map(HistoryEvent::event_type).collect())
    }

    /// The first event of this type, as soon as there is one.
    ///
    /// # Errors
    /// The run closes without one, or it takes too long.
    pub async fn wait_for(&self, event_type: EventType) -> Result<HistoryEvent> {
        let name = event_type.as_str_name();
        self.wait_until(name, |event| event.event_type() == event_type).await
    }

    /// The first event that passes the test, as soon as there is one.
    ///
    /// # Errors
    /// The run closes without one, or it takes too long.
    pub async fn wait_until(&self, what: &str, test: impl Fn(&HistoryEvent) -> bool) -> Result<HistoryEvent> {
        timeout(PATIENCE, self.follow(test))
            .await
            .with_context(|| format!("wait for {what} in the history of {self}"))?
            .with_context(|| format!("find {what} in the history of {self}"))
    }

    async fn follow(&self, test: impl Fn(&HistoryEvent) -> bool) -> Result<HistoryEvent> {
        let mut request = self.reading();
        request.wait_new_event = true;
        loop {
            let page = self.page(request.clone()).await?;
            let found = page.history.unwrap_or_default().events.into_iter().find(&test);
            if let Some(event) = found {
                return Ok(event);
            }
            if page.next_page_token.is_empty() {
                bail!(
                    "the run has closed, and its history is: {:?}",
                    self.event_types().await?
                );
            }
            request.next_page_token = page.next_page_token;
        }
    }

    // === The end ===

    /// The last event, as soon as the run has closed.
    ///
    /// # Errors
    /// It takes too long, or the server refuses.
    pub async fn closed(&self) -> Result<HistoryEvent> {
        let mut request = self.reading();
        request.wait_new_event = true;
        request.history_event_filter_type = HistoryEventFilterType::CloseEvent as i32;
        let waiting = async {
            loop {
                let page = self.page(request.clone()).await?;
                if let Some(event) = page.history.unwrap_or_default().events.pop() {
                    return Ok::<_, Status>(event);
                }
                request.next_page_token = page.next_page_token;
            }
        };
        let closed = timeout(PATIENCE, waiting).await;
        Ok(closed.with_context(|| format!("wait for the end of {self}"))??)
    }

    /// How the run closed, as the type of its last event.
    ///
    /// # Errors
    /// As of [`Run::closed`].
    pub async fn end(&self) -> Result<EventType> {
        Ok(self.closed().await?.event_type())
    }

    /// The text of the result.
    ///
    /// # Errors
    /// The run does not complete; the message says how it closed.
    pub async fn result(&self) -> Result<String> {
        match self.closed().await?.attributes {
            Some(EventAttributes::WorkflowExecutionCompletedEventAttributes(completed)) => {
                Ok(text(completed.result.as_ref()))
            }
            other => bail!("{self} did not complete: {other:?}"),
        }
    }

    /// The failure that the run ends with.
    ///
    /// # Errors
    /// The run does not fail; the message says how it closed.
    pub async fn failure(&self) -> Result<Failure> {
        match self.closed().await?.attributes {
            Some(EventAttributes::WorkflowExecutionFailedEventAttributes(failed)) => {
                failed.failure.with_context(|| format!("find the failure of {self}"))
            }
            other => bail!("{self} did not fail: {other:?}"),
        }
    }

    // === Calls ===

    /// Sends a signal with one argument, or with none when the text is empty.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn signal(&self, name: &str, input: &str) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            workflow_execution: Some(self.execution()),
            signal_name: name.to_owned(),
            input: argument(input),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        self.client
            .temporal()
            .signal_workflow_execution(request)
            .await
            .map(drop)
    }

    /// The request for a query with one argument, or with none when the text is empty.
    pub fn asking(&self, name: &str, input: &str) -> QueryWorkflowRequest {
        QueryWorkflowRequest {
            namespace: self.client.namespace(),
            execution: Some(self.execution()),
            query: Some(WorkflowQuery {
                query_type: name.to_owned(),
                query_args: argument(input),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// Asks, and returns the text of the answer.
    ///
    /// # Errors
    /// The server's refusal, or the workflow's.
    pub async fn query(&self, name: &str, input: &str) -> Result<String, Status> {
        let answer = self.client.temporal().query_workflow(self.asking(name, input)).await?;
        Ok(text(answer.into_inner().query_result.as_ref()))
    }

    /// Everything about it but its history.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn describe(&self) -> Result<DescribeWorkflowExecutionResponse, Status> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            execution: Some(self.execution()),
        };
        let described = self.client.temporal().describe_workflow_execution(request).await?;
        Ok(described.into_inner())
    }

    /// Asks it to cancel itself.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn cancel(&self, reason: &str) -> Result<(), Status> {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            workflow_execution: Some(self.execution()),
            identity: IDENTITY.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        let mut temporal = self.client.temporal();
        temporal.request_cancel_workflow_execution(request).await.map(drop)
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn terminate(&self, reason: &str) -> Result<(), Status> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            workflow_execution: Some(self.execution()),
            reason: reason.to_owned(),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        self.client
            .temporal()
            .terminate_workflow_execution(request)
            .await
            .map(drop)
    }
}

/// One argument; none for the empty text, which is no JSON.
pub(crate) fn argument(text: &str) -> Option<Payloads> {
    payload::payloads((!text.is_empty()).then(|| payload::json(text)).into_iter().collect())
}

/// The text of the first payload.
pub(crate) fn text(payloads: Option<&Payloads>) -> String {
    let first = payloads.and_then(|payloads| payloads.payloads.first());
    first.map_or_else(String::new, |payload| {
        String::from_utf8_lossy(&payload.data).into_owned()
    })
}
