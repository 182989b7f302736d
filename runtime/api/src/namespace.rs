//! Namespaces: registering, describing, listing, changing.

use std::{sync::Arc, time::Duration};

use wrt_engine::Engine;
use wrt_model::{
    Limits, Namespace,
    proto::{
        enums::{ArchivalState, NamespaceState, ReplicationState},
        namespace::{BadBinaries, NamespaceConfig, NamespaceInfo, UpdateNamespaceInfo, namespace_info},
        replication::{ClusterReplicationConfig, NamespaceReplicationConfig},
        workflowservice::{
            DescribeNamespaceRequest, DescribeNamespaceResponse, ListNamespacesRequest, ListNamespacesResponse,
            RegisterNamespaceRequest, UpdateNamespaceRequest, UpdateNamespaceResponse,
        },
    },
    time::{proto_span, span, span_nanos},
};

use crate::{
    error::ApiError,
    system::CLUSTER_NAME,
    validate::{self, Checked},
};

/// The shortest time for which closed runs can be kept.
const SHORTEST_RETENTION: Duration = Duration::from_secs(60 * 60);

/// The most namespaces of one page, and the default.
const PAGE_NAMESPACES: u32 = 100;

/// The namespace that a request names.
pub(crate) async fn resolve(engine: &Engine, name: &str) -> Result<Arc<Namespace>, ApiError> {
    validate::required("Namespace", name)?;
    Ok(engine.namespace(name).await?)
}

/// What a task token says. It has to belong to the namespace that the request names, and the request has to name one: who may
/// use a namespace is asked by its name.
pub(crate) async fn task_token<T>(
    engine: &Engine,
    namespace: &str,
    token: &[u8],
    read: impl FnOnce(&[u8]) -> Option<T>,
    namespace_id: impl FnOnce(&T) -> String,
) -> Result<T, ApiError> {
    // An unknown namespace is the first that is said, and a missing one the last.
    let named = match namespace {
        "" => None,
        name => Some(resolve(engine, name).await?),
    };
    if token.is_empty() {
        return validate::invalid("Task token not set on request.");
    }
    let Some(token) = read(token) else {
        return validate::invalid("Error deserializing task token.");
    };
    match named {
        Some(namespace) if namespace.id == namespace_id(&token) => Ok(token),
        Some(_) => validate::invalid("Operation requested with a token from a different namespace."),
        None => validate::invalid("Namespace is not set on request."),
    }
}

pub(crate) async fn register(engine: &Engine, request: RegisterNamespaceRequest) -> Result<(), ApiError> {
    let namespace = registered(request)?;
    Ok(engine.namespace_register(namespace).await?)
}

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeNamespaceRequest,
) -> Result<DescribeNamespaceResponse, ApiError> {
    let namespace = if request.namespace.is_empty() && !request.id.is_empty() {
        engine.namespace_by_id(&request.id).await?
    } else {
        resolve(engine, &request.namespace).await?
    };
    Ok(described(&namespace, &engine.limits(&namespace)))
}

pub(crate) async fn list(engine: &Engine, request: ListNamespacesRequest) -> Result<ListNamespacesResponse, ApiError> {
    let page_size = validate::page_size(request.page_size, PAGE_NAMESPACES)?;
    let Ok(after) = String::from_utf8(request.next_page_token) else {
        return validate::invalid("Invalid NextPageToken.");
    };
    let after = Some(after.as_str()).filter(|after| !after.is_empty());
    // One more than the page shows whether there is another page.
    let namespaces = engine.namespaces(after, page_size + 1).await?;
    Ok(page(&namespaces, page_size, |namespace| engine.limits(namespace)))
}

pub(crate) async fn update(
    engine: &Engine,
    request: UpdateNamespaceRequest,
) -> Result<UpdateNamespaceResponse, ApiError> {
    let namespace = resolve(engine, &request.namespace).await?;
    let namespace = updated(Namespace::clone(&namespace), request)?;
    engine.namespace_update(namespace.clone()).await?;
    Ok(UpdateNamespaceResponse {
        namespace_info: Some(info(&namespace, &engine.limits(&namespace))),
        config: Some(config(&namespace)),
        replication_config: Some(replication_config()),
        ..Default::default()
    })
}

fn registered(request: RegisterNamespaceRequest) -> Checked<Namespace> {
    validate::required("Namespace", &request.namespace)?;
    validate::unsupported(request.is_global_namespace, "is_global_namespace")?;
    validate::unsupported(
        !["", CLUSTER_NAME].contains(&request.active_cluster_name.as_str()),
        "active_cluster_name",
    )?;
    no_archival("history_archival_state", request.history_archival_state)?;
    no_archival("visibility_archival_state", request.visibility_archival_state)?;
    Ok(Namespace {
        name: request.namespace,
        state: NamespaceState::Registered as i32,
        description: request.description,
        owner_email: request.owner_email,
        data: request.data,
        retention_ns: retention_ns(request.workflow_execution_retention_period.as_ref())?,
        ..Default::default()
    })
}

fn updated(mut namespace: Namespace, request: UpdateNamespaceRequest) -> Checked<Namespace> {
    if let Some(asked) = &request.replication_config {
        check_replication(asked)?;
    }
    validate::unsupported(request.promote_namespace, "promote_namespace")?;
    validate::unsupported(!request.delete_bad_binary.is_empty(), "delete_bad_binary")?;
    if let Some(info) = request.update_info {
        update_info(&mut namespace, info)?;
    }
    if let Some(config) = request.config {
        update_config(&mut namespace, &config)?;
    }
    Ok(namespace)
}

/// Takes over what is set; an empty text leaves what is there.
fn update_info(namespace: &mut Namespace, info: UpdateNamespaceInfo) -> Checked {
    let state: NamespaceState = validate::choice("NamespaceState", info.state)?;
    let changes_state = state != NamespaceState::Unspecified && info.state != namespace.state;
    validate::unsupported(changes_state, "update_info.state")?;
    if !info.description.is_empty() {
        namespace.description = info.description;
    }
    if !info.owner_email.is_empty() {
        namespace.owner_email = info.owner_email;
    }
    namespace.data.extend(info.data);
    Ok(())
}

fn update_config(namespace: &mut Namespace, config: &NamespaceConfig) -> Checked {
    no_archival("config.history_archival_state", config.history_archival_state)?;
    no_archival("config.visibility_archival_state", config.visibility_archival_state)?;
    validate::unsupported(
        config.bad_binaries.as_ref().is_some_and(|bad| !bad.binaries.is_empty()),
        "config.bad_binaries",
    )?;
    validate::unsupported(
        !config.custom_search_attribute_aliases.is_empty(),
        "config.custom_search_attribute_aliases",
    )?;
    if config.workflow_execution_retention_ttl.is_some() {
        namespace.retention_ns = retention_ns(config.workflow_execution_retention_ttl.as_ref())?;
    }
    Ok(())
}

/// Clients send back what they were told: the one cluster that there is.
fn check_replication(asked: &NamespaceReplicationConfig) -> Checked {
    let known = replication_config();
    let is_here = |cluster: &str| cluster.is_empty() || cluster == CLUSTER_NAME;
    let mut clusters = asked.clusters.iter().map(|cluster| cluster.cluster_name.as_str());
    let is_elsewhere = !is_here(&asked.active_cluster_name) || !clusters.all(is_here);
    validate::unsupported(is_elsewhere, "replication_config of other clusters")?;
    let state: ReplicationState = validate::choice("ReplicationState", asked.state)?;
    let changes_state = state != ReplicationState::Unspecified && asked.state != known.state;
    validate::unsupported(changes_state, "replication_config.state")
}

fn no_archival(field: &str, state: i32) -> Checked {
    let state: ArchivalState = validate::choice(field, state)?;
    validate::unsupported(state == ArchivalState::Enabled, field)
}

fn retention_ns(retention: Option<&prost_types::Duration>) -> Checked<i64> {
    validate::duration("WorkflowExecutionRetentionPeriod", retention)?;
    let Some(retention) = retention.map(span) else {
        return validate::invalid("A valid retention period is not set on request.");
    };
    if retention < SHORTEST_RETENTION {
        return validate::invalid("A minimal retention of one hour is required; set a longer retention period.");
    }
    Ok(span_nanos(retention))
}

fn page(namespaces: &[Namespace], page_size: u32, limits: impl Fn(&Namespace) -> Limits) -> ListNamespacesResponse {
    let page_size = usize::try_from(page_size).unwrap_or(usize::MAX);
    let shown = &namespaces[..namespaces.len().min(page_size)];
    let next_page_token = match shown.last() {
        Some(last) if shown.len() < namespaces.len() => last.name.clone().into_bytes(),
        _ => Vec::new(),
    };
    ListNamespacesResponse {
        namespaces: shown
            .iter()
            .map(|namespace| described(namespace, &limits(namespace)))
            .collect(),
        next_page_token,
    }
}

fn described(namespace: &Namespace, limits: &Limits) -> DescribeNamespaceResponse {
    DescribeNamespaceResponse {
        namespace_info: Some(info(namespace, limits)),
        config: Some(config(namespace)),
        replication_config: Some(replication_config()),
        ..Default::default()
    }
}

/// A capability that is not named is false: what it stands for is not there, and clients then do without.
fn info(namespace: &Namespace, limits: &Limits) -> NamespaceInfo {
    let shown = |limit| i64::try_from(limit).unwrap_or(i64::MAX);
    NamespaceInfo {
        name: namespace.name.clone(),
        state: namespace.state,
        description: namespace.description.clone(),
        owner_email: namespace.owner_email.clone(),
        data: namespace.data.clone(),
        id: namespace.id.clone(),
        capabilities: Some(namespace_info::Capabilities {
            eager_workflow_start: true,
            sync_update: true,
            async_update: true,
            workflow_pause: true,
            worker_poll_complete_on_shutdown: true,
            poller_autoscaling: true,
            worker_heartbeats: true,
            workflow_task_completion_pagination: true,
            reported_problems_search_attribute: true,
            ..Default::default()
        }),
        limits: Some(namespace_info::Limits {
            blob_size_limit_error: shown(limits.blob_size_error),
            memo_size_limit_error: shown(limits.memo_size_error),
            workflow_task_completion_size_limit_error: shown(limits.workflow_task_completion_size_error),
        }),
        supports_schedules: true,
    }
}

fn config(namespace: &Namespace) -> NamespaceConfig {
    let retention = Duration::from_nanos(u64::try_from(namespace.retention_ns).unwrap_or(0));
    NamespaceConfig {
        workflow_execution_retention_ttl: Some(proto_span(retention)),
        history_archival_state: ArchivalState::Disabled as i32,
        visibility_archival_state: ArchivalState::Disabled as i32,
        bad_binaries: Some(BadBinaries::default()),
        ..Default::default()
    }
}

/// There is one cluster, and each namespace is in it.
fn replication_config() -> NamespaceReplicationConfig {
    NamespaceReplicationConfig {
        active_cluster_name: CLUSTER_NAME.to_owned(),
        clusters: vec![ClusterReplicationConfig {
            cluster_name: CLUSTER_NAME.to_owned(),
            ..Default::default()
        }],
        state: ReplicationState::Normal as i32,
    }
}

#[cfg(test)]
mod tests;
