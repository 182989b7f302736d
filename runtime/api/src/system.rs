//! What the server is and can do.

use wrt_model::proto::workflowservice::{
    GetClusterInfoResponse, GetSystemInfoResponse, get_system_info_response::Capabilities,
};

/// The name of this cluster, which is alone.
pub(crate) const CLUSTER_NAME: &str = "active";

/// The release of Temporal's server whose calls and messages are followed, then our own version. Clients compare the
/// first part, as semantic versions do.
const SERVER_VERSION: &str = concat!("1.29.1+wrt.", env!("CARGO_PKG_VERSION"));

/// Clients that can talk to this server, with the versions that they may have.
const SUPPORTED_CLIENTS: [&str; 9] = [
    "temporal-go",
    "temporal-java",
    "temporal-typescript",
    "temporal-python",
    "temporal-dotnet",
    "temporal-ruby",
    "temporal-php",
    "temporal-rust",
    "temporal-cli",
];

/// Only what is there: clients rely on it.
pub(crate) fn system_info() -> GetSystemInfoResponse {
    GetSystemInfoResponse {
        server_version: SERVER_VERSION.to_owned(),
        capabilities: Some(Capabilities {
            signal_and_query_header: true,
            internal_error_differentiation: true,
            activity_failure_include_heartbeat: true,
            encoded_failure_attributes: true,
            supports_schedules: true,
            count_group_by_execution_status: true,
            upsert_memo: true,
            sdk_metadata: true,
            eager_workflow_start: true,
            build_id_based_versioning: true,
            ..Default::default()
        }),
    }
}

/// `store` names the database, for instance `sqlite`.
pub(crate) fn cluster_info(cluster_id: &str, store: &str) -> GetClusterInfoResponse {
    GetClusterInfoResponse {
        supported_clients: SUPPORTED_CLIENTS
            .into_iter()
            .map(|client| (client.to_owned(), "<2.0.0".to_owned()))
            .collect(),
        server_version: SERVER_VERSION.to_owned(),
        cluster_id: cluster_id.to_owned(),
        cluster_name: CLUSTER_NAME.to_owned(),
        history_shard_count: 1,
        persistence_store: store.to_owned(),
        visibility_store: store.to_owned(),
        ..Default::default()
    }
}
