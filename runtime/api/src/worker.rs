//! Workers outside: what they tell about themselves.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wrt_engine::Engine;
use wrt_model::proto::{
    worker::{WorkerHeartbeat, WorkerInfo, WorkerListInfo},
    workflowservice::{
        CountWorkersRequest, CountWorkersResponse, DescribeWorkerRequest, DescribeWorkerResponse, ListWorkersRequest,
        ListWorkersResponse, PollNexusTaskQueueRequest, PollNexusTaskQueueResponse, RecordWorkerHeartbeatRequest,
        ShutdownWorkerRequest,
    },
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked, invalid},
};

/// The most workers of one page, and the default.
const PAGE_WORKERS: u32 = 1000;

pub(crate) async fn record_heartbeat(engine: &Engine, request: RecordWorkerHeartbeatRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    for heartbeat in &request.worker_heartbeat {
        check(heartbeat)?;
    }
    engine.record_worker_heartbeats(&namespace, request.worker_heartbeat);
    Ok(())
}

#[expect(deprecated, reason = "older clients read the full information")]
pub(crate) async fn list(engine: &Engine, request: ListWorkersRequest) -> Result<ListWorkersResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let page_size = validate::page_size(request.page_size, PAGE_WORKERS)?;
    // A page ends with a worker's key, behind which the next one begins.
    let Ok(after) = String::from_utf8(request.next_page_token) else {
        return invalid("Invalid NextPageToken.");
    };
    let (heartbeats, more) = engine.list_workers(&namespace, &request.query, page_size as usize, &after)?;
    let last = heartbeats.last().filter(|_| more);
    Ok(ListWorkersResponse {
        next_page_token: last
            .map(|last| last.worker_instance_key.clone().into_bytes())
            .unwrap_or_default(),
        workers: heartbeats.iter().map(list_info).collect(),
        workers_info: heartbeats.into_iter().map(info).collect(),
    })
}

pub(crate) async fn count(engine: &Engine, request: CountWorkersRequest) -> Result<CountWorkersResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let count = engine.count_workers(&namespace, &request.query)?;
    Ok(CountWorkersResponse { count: count as i64 })
}

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeWorkerRequest,
) -> Result<DescribeWorkerResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("WorkerInstanceKey", &request.worker_instance_key)?;
    let heartbeat = engine.describe_worker(&namespace, &request.worker_instance_key)?;
    Ok(DescribeWorkerResponse {
        worker_info: Some(info(heartbeat)),
    })
}

/// Waits like any poll, and answers that there is nothing to do: Nexus is not served, but a worker with handlers polls.
pub(crate) async fn poll_nexus(
    engine: &Engine,
    request: PollNexusTaskQueueRequest,
    wait: Duration,
    shutdown: &CancellationToken,
) -> Result<PollNexusTaskQueueResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::task_queue(request.task_queue.as_ref())?;
    validate::bounded("Identity", &request.identity)?;
    let polling = engine.poll_nexus_task(&namespace, request, wait);
    // Shutting down ends it, too.
    let _ = shutdown.run_until_cancelled(polling).await;
    Ok(PollNexusTaskQueueResponse::default())
}

/// A worker says goodbye, with a last heartbeat if it sends any. Its polls end.
pub(crate) async fn shutdown(engine: &Engine, request: ShutdownWorkerRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    if let Some(heartbeat) = request.worker_heartbeat {
        check(&heartbeat)?;
        engine.record_worker_heartbeats(&namespace, vec![heartbeat]);
    }
    engine.shutdown_worker(&namespace, &request.sticky_task_queue, &request.worker_instance_key);
    Ok(())
}

fn check(heartbeat: &WorkerHeartbeat) -> Checked {
    validate::required("WorkerInstanceKey", &heartbeat.worker_instance_key)?;
    validate::bounded("WorkerInstanceKey", &heartbeat.worker_instance_key)
}

fn info(heartbeat: WorkerHeartbeat) -> WorkerInfo {
    WorkerInfo {
        worker_heartbeat: Some(heartbeat),
    }
}

fn list_info(heartbeat: &WorkerHeartbeat) -> WorkerListInfo {
    let host = heartbeat.host_info.clone().unwrap_or_default();
    WorkerListInfo {
        worker_instance_key: heartbeat.worker_instance_key.clone(),
        worker_identity: heartbeat.worker_identity.clone(),
        task_queue: heartbeat.task_queue.clone(),
        deployment_version: heartbeat.deployment_version.clone(),
        sdk_name: heartbeat.sdk_name.clone(),
        sdk_version: heartbeat.sdk_version.clone(),
        status: heartbeat.status,
        start_time: heartbeat.start_time,
        host_name: host.host_name,
        worker_grouping_key: host.worker_grouping_key,
        process_id: host.process_id,
        plugins: heartbeat.plugins.clone(),
        drivers: heartbeat.drivers.clone(),
    }
}
