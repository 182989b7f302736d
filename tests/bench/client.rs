//! A client of the server under measurement.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tonic::transport::{Channel, Endpoint};
use wrt_api::proto::{
    workflow_service_client::WorkflowServiceClient,
    wrt::v1::{GetStatisticsRequest, GetStatisticsResponse, statistics_service_client::StatisticsServiceClient},
};
use wrt_model::{
    payload,
    proto::{
        HistoryEvent, TaskQueue, WorkflowExecution, WorkflowType,
        enums::{EventType, HistoryEventFilterType},
        query::WorkflowQuery,
        workflowservice::{
            CountWorkflowExecutionsRequest, GetSystemInfoRequest, GetWorkflowExecutionHistoryRequest,
            QueryWorkflowRequest, ResetWorkflowExecutionRequest, SignalWorkflowExecutionRequest,
            StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        },
    },
};

use crate::server::Server;

const NAMESPACE: &str = "default";
const TASK_QUEUE: &str = "bench";
const CONNECTIONS: usize = 4;

/// Calls the server over a few connections, as several clients would.
pub(crate) struct Client {
    address: String,
    channels: Vec<Channel>,
    next: AtomicU64,
}

impl Client {
    /// Connects, as soon as the server listens.
    pub(crate) async fn connect(server: &Server) -> Result<Client> {
        let address = server.address();
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let give_up = Instant::now() + Duration::from_secs(30);
        let first = loop {
            match endpoint.connect().await {
                Ok(channel) => break channel,
                Err(error) if Instant::now() > give_up => return Err(error).context("connect to the server"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let mut channels = vec![first];
        for _ in 1..CONNECTIONS {
            channels.push(endpoint.connect().await.context("connect to the server")?);
        }
        Ok(Client {
            address,
            channels,
            next: AtomicU64::new(0),
        })
    }

    /// Deploys the guests of the benchmark, as a user would.
    pub(crate) fn deploy(&self, wrt: &Path, guests: &Path) -> Result<()> {
        for guest in ["bench-workflow.wasm", "bench-activity.wasm"] {
            let deployed = Command::new(wrt)
                .args(["deploy", "--address", &self.address, "--task-queue", TASK_QUEUE])
                .arg(guests.join(guest))
                .output()
                .context("run wrt deploy")?;
            ensure!(
                deployed.status.success(),
                "deploy {guest}: {}",
                String::from_utf8_lossy(&deployed.stderr)
            );
        }
        Ok(())
    }

    /// What the server has counted.
    pub(crate) async fn statistics(&self) -> Result<GetStatisticsResponse> {
        let mut client = StatisticsServiceClient::new(self.channels[0].clone());
        Ok(client.get_statistics(GetStatisticsRequest {}).await?.into_inner())
    }

    /// Asks for what costs the server nothing.
    pub(crate) async fn system_info(&self) -> Result<()> {
        self.workflows().get_system_info(GetSystemInfoRequest {}).await?;
        Ok(())
    }

    /// A workflow id that nobody has used.
    pub(crate) fn fresh_id(&self) -> String {
        format!("bench-{}", self.next.fetch_add(1, Relaxed))
    }

    /// Starts a workflow with one argument, given as JSON.
    pub(crate) async fn start(&self, id: &str, workflow_type: &str, input: &str) -> Result<()> {
        let request = StartWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_id: id.into(),
            workflow_type: Some(WorkflowType {
                name: workflow_type.into(),
            }),
            task_queue: Some(TaskQueue {
                name: TASK_QUEUE.into(),
                ..Default::default()
            }),
            input: payload::payloads(vec![payload::json(input)]),
            request_id: id.into(),
            ..Default::default()
        };
        self.workflows().start_workflow_execution(request).await?;
        Ok(())
    }

    /// Sends the signal that `wait` waits for.
    pub(crate) async fn signal(&self, id: &str) -> Result<()> {
        let request = SignalWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_execution: execution(id),
            signal_name: "go".into(),
            input: payload::payloads(vec![payload::json("1")]),
            ..Default::default()
        };
        self.workflows().signal_workflow_execution(request).await?;
        Ok(())
    }

    /// Ends a workflow.
    pub(crate) async fn terminate(&self, id: &str) -> Result<()> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_execution: execution(id),
            ..Default::default()
        };
        self.workflows().terminate_workflow_execution(request).await?;
        Ok(())
    }

    /// Asks a workflow, and returns the text of its answer.
    pub(crate) async fn query(&self, id: &str, query_type: &str) -> Result<String> {
        let request = QueryWorkflowRequest {
            namespace: NAMESPACE.into(),
            execution: execution(id),
            query: Some(WorkflowQuery {
                query_type: query_type.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = self.workflows().query_workflow(request).await?.into_inner();
        let payload = answer
            .query_result
            .unwrap_or_default()
            .payloads
            .pop()
            .unwrap_or_default();
        Ok(String::from_utf8_lossy(&payload.data).into_owned())
    }

    /// Lets a workflow go on in a new run, from this end of a workflow task.
    pub(crate) async fn reset(&self, id: &str, event_id: i64) -> Result<()> {
        let request = ResetWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_execution: execution(id),
            workflow_task_finish_event_id: event_id,
            request_id: format!("reset {id}"),
            ..Default::default()
        };
        self.workflows().reset_workflow_execution(request).await?;
        Ok(())
    }

    /// How many runs a query finds.
    pub(crate) async fn count(&self, query: &str) -> Result<i64> {
        let request = CountWorkflowExecutionsRequest {
            namespace: NAMESPACE.into(),
            query: query.into(),
        };
        Ok(self
            .workflows()
            .count_workflow_executions(request)
            .await?
            .into_inner()
            .count)
    }

    /// Waits until the workflow has completed, as every SDK does.
    pub(crate) async fn result(&self, id: &str) -> Result<()> {
        let mut request = GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.into(),
            execution: execution(id),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
            ..Default::default()
        };
        loop {
            let page = self
                .workflows()
                .get_workflow_execution_history(request.clone())
                .await?
                .into_inner();
            match page
                .history
                .unwrap_or_default()
                .events
                .last()
                .map(HistoryEvent::event_type)
            {
                Some(EventType::WorkflowExecutionCompleted) => return Ok(()),
                Some(other) => bail!("{id} ended with {other:?}"),
                None => request.next_page_token = page.next_page_token,
            }
        }
    }

    /// The whole history of a workflow.
    pub(crate) async fn history(&self, id: &str) -> Result<Vec<HistoryEvent>> {
        let mut request = GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.into(),
            execution: execution(id),
            ..Default::default()
        };
        let mut events = Vec::new();
        loop {
            let page = self
                .workflows()
                .get_workflow_execution_history(request.clone())
                .await?
                .into_inner();
            events.extend(page.history.unwrap_or_default().events);
            if page.next_page_token.is_empty() {
                return Ok(events);
            }
            request.next_page_token = page.next_page_token;
        }
    }

    fn workflows(&self) -> WorkflowServiceClient<Channel> {
        let index = self.next.load(Relaxed) as usize % self.channels.len();
        WorkflowServiceClient::new(self.channels[index].clone()).max_decoding_message_size(64 << 20)
    }
}

fn execution(id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: id.into(),
        run_id: String::new(),
    })
}
