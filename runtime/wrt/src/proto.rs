//! Short names for the services that the command line calls.

pub(crate) use wrt_api::proto::{
    DESCRIPTORS,
    operator_service_client::OperatorServiceClient,
    workflow_service_client::WorkflowServiceClient,
    wrt::v1::{
        self as wrt, component_service_client::ComponentServiceClient,
        namespace_service_client::NamespaceServiceClient, run_service_client::RunServiceClient,
    },
};
