//! The API, as clients speak it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};
use wrt_api::proto::{
    operator_service_client::OperatorServiceClient,
    test_service_client::TestServiceClient,
    workflow_service_client::WorkflowServiceClient,
    wrt::v1::{
        DeployComponentRequest, DeployComponentResponse, DeployOptions, LimitChange, UpdateLimitsRequest,
        component_service_client::ComponentServiceClient, deploy_component_request::Part,
        namespace_service_client::NamespaceServiceClient, run_service_client::RunServiceClient,
    },
};
use wrt_model::proto::{
    TaskQueue, WorkflowType,
    enums::IndexedValueType,
    operatorservice::AddSearchAttributesRequest,
    workflowservice::{
        CountWorkflowExecutionsRequest, ListWorkflowExecutionsRequest, RegisterNamespaceRequest,
        StartWorkflowExecutionRequest,
    },
};

use crate::{Run, run::argument};

/// Who the tests say that they are.
pub(crate) const IDENTITY: &str = "wrt-tests";

/// A message of an upload: below the 4 MiB that the server takes.
const CHUNK_BYTES: usize = 1 << 20;

/// A client of one namespace. It connects when it is first used, and again when the server was restarted.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    namespace: String,
}

impl Client {
    /// A client of the namespace `default` of the server at `host:port`.
    ///
    /// # Errors
    /// This is no address.
    pub fn connect(address: &str) -> Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .with_context(|| format!("understand the address {address}"))?
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(10));
        Ok(Client {
            channel: endpoint.connect_lazy(),
            namespace: "default".to_owned(),
        })
    }

    /// The same connection, another namespace.
    pub fn of_namespace(&self, namespace: &str) -> Self {
        Client {
            channel: self.channel.clone(),
            namespace: namespace.to_owned(),
        }
    }

    /// The namespace's name, as requests carry it.
    pub fn namespace(&self) -> String {
        self.namespace.clone()
    }

    /// Temporal's service.
    pub fn temporal(&self) -> WorkflowServiceClient<Channel> {
        WorkflowServiceClient::new(self.channel.clone()).max_encoding_message_size(usize::MAX)
    }

    /// Temporal's service for operators.
    pub fn operator(&self) -> OperatorServiceClient<Channel> {
        OperatorServiceClient::new(self.channel.clone())
    }

    /// Temporal's service for tests, which moves the clock.
    pub fn clock(&self) -> TestServiceClient<Channel> {
        TestServiceClient::new(self.channel.clone())
    }

    /// The service of deployed components.
    pub fn components(&self) -> ComponentServiceClient<Channel> {
        ComponentServiceClient::new(self.channel.clone())
    }

    /// The service of what is known of runs beside Temporal's words.
    pub fn runs(&self) -> RunServiceClient<Channel> {
        RunServiceClient::new(self.channel.clone())
    }

    /// The service of limits.
    pub fn namespaces(&self) -> NamespaceServiceClient<Channel> {
        NamespaceServiceClient::new(self.channel.clone())
    }

    /// Registers this client's namespace.
    ///
    /// # Errors
    /// It exists already.
    pub async fn register(&self) -> Result<(), Status> {
        let request = RegisterNamespaceRequest {
            namespace: self.namespace(),
            workflow_execution_retention_period: Some(seconds(3 * 24 * 3600)),
            ..Default::default()
        };
        self.temporal().register_namespace(request).await.map(drop)
    }

    /// Sets limits of this client's namespace; 0 for none.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn set_limits(&self, limits: &[(&str, u64)]) -> Result<(), Status> {
        let changes = limits.iter().map(|(name, value)| LimitChange {
            name: (*name).to_owned(),
            value: Some(*value),
        });
        let request = UpdateLimitsRequest {
            namespace: self.namespace(),
            changes: changes.collect(),
        };
        self.namespaces().update_limits(request).await.map(drop)
    }

    /// Registers search attributes in this client's namespace.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn add_search_attributes(&self, attributes: &[(&str, IndexedValueType)]) -> Result<(), Status> {
        let attributes = attributes.iter().map(|(name, kind)| ((*name).to_owned(), *kind as i32));
        let request = AddSearchAttributesRequest {
            namespace: self.namespace(),
            search_attributes: attributes.collect(),
        };
        self.operator().add_search_attributes(request).await.map(drop)
    }

    /// Deploys a component in this client's namespace.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn deploy(&self, options: DeployOptions, bytes: &[u8]) -> Result<DeployComponentResponse, Status> {
        let options = Part::Options(DeployOptions {
            namespace: self.namespace(),
            ..options
        });
        let chunks = bytes.chunks(CHUNK_BYTES).map(|chunk| Part::Chunk(chunk.to_vec()));
        let parts: Vec<_> = std::iter::once(options)
            .chain(chunks)
            .map(|part| DeployComponentRequest { part: Some(part) })
            .collect();
        let deployed = self.components().deploy_component(tokio_stream::iter(parts)).await?;
        Ok(deployed.into_inner())
    }

    /// The request to start a workflow with one argument, or with none when the text is empty.
    pub fn starting(
        &self,
        workflow_type: &str,
        task_queue: &str,
        workflow_id: &str,
        input: &str,
    ) -> StartWorkflowExecutionRequest {
        StartWorkflowExecutionRequest {
            namespace: self.namespace(),
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(WorkflowType {
                name: workflow_type.to_owned(),
            }),
            task_queue: Some(queue(task_queue)),
            input: argument(input),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        }
    }

    /// Starts a workflow.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn start(&self, request: StartWorkflowExecutionRequest) -> Result<Run, Status> {
        let workflow_id = request.workflow_id.clone();
        let started = self.temporal().start_workflow_execution(request).await?.into_inner();
        Ok(self.run(&workflow_id, &started.run_id))
    }

    /// Starts the scripted workflow of the guest `contract` on the task queue `contract`.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn script(&self, workflow_id: &str, script: &str) -> Result<Run, Status> {
        self.start(self.starting("Scripted", "contract", workflow_id, script))
            .await
    }

    /// A run that is known by its ids. An empty run id stands for the workflow's current run.
    pub fn run(&self, workflow_id: &str, run_id: &str) -> Run {
        Run::new(self.clone(), workflow_id, run_id)
    }

    /// The runs that a query finds, over all pages.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn list(&self, query: &str) -> Result<Vec<Run>, Status> {
        let mut runs = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = ListWorkflowExecutionsRequest {
                namespace: self.namespace(),
                query: query.to_owned(),
                next_page_token,
                ..Default::default()
            };
            let page = self.temporal().list_workflow_executions(request).await?.into_inner();
            let executions = page.executions.into_iter().filter_map(|info| info.execution);
            runs.extend(executions.map(|execution| self.run(&execution.workflow_id, &execution.run_id)));
            next_page_token = page.next_page_token;
            if next_page_token.is_empty() {
                return Ok(runs);
            }
        }
    }

    /// How many runs a query finds.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn count(&self, query: &str) -> Result<i64, Status> {
        let request = CountWorkflowExecutionsRequest {
            namespace: self.namespace(),
            query: query.to_owned(),
        };
        let counted = self.temporal().count_workflow_executions(request).await?;
        Ok(counted.into_inner().count)
    }
}

/// A poll of a worker, with the time limit that it needs.
pub fn polling<R>(request: R) -> tonic::Request<R> {
    let mut request = tonic::Request::new(request);
    request.set_timeout(Duration::from_secs(70));
    request
}

/// A task queue by its name.
pub(crate) fn queue(name: &str) -> TaskQueue {
    TaskQueue {
        name: name.to_owned(),
        ..Default::default()
    }
}

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}
