//! Workers outside, and what they tell about themselves.

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_model::proto::{
    enums::WorkerStatus,
    worker::WorkerHeartbeat,
    workflowservice::{
        CountWorkersRequest, DescribeWorkerRequest, ListWorkersRequest, RecordWorkerHeartbeatRequest,
        ShutdownWorkerRequest,
    },
};
use wrt_tests::{Options, with_server};

use crate::assert_refused;

const NAMESPACE: &str = "default";

fn heartbeat(key: &str, task_queue: &str) -> WorkerHeartbeat {
    WorkerHeartbeat {
        worker_instance_key: key.to_owned(),
        task_queue: task_queue.to_owned(),
        status: WorkerStatus::Running as i32,
        ..Default::default()
    }
}

fn listing(query: &str, page_size: i32, next_page_token: Vec<u8>) -> ListWorkersRequest {
    ListWorkersRequest {
        namespace: NAMESPACE.to_owned(),
        query: query.to_owned(),
        page_size,
        next_page_token,
        ..Default::default()
    }
}

#[tokio::test]
async fn workers_that_send_heartbeats_are_listed_counted_and_described() -> Result<()> {
    with_server(Options::default(), async |server| {
        let mut temporal = server.client().temporal();
        let record = RecordWorkerHeartbeatRequest {
            namespace: NAMESPACE.to_owned(),
            worker_heartbeat: vec![heartbeat("a", "pay"), heartbeat("b", "pay"), heartbeat("c", "ship")],
            ..Default::default()
        };
        temporal.record_worker_heartbeat(record).await?;

        let first = temporal
            .list_workers(listing("TaskQueue = 'pay'", 1, vec![]))
            .await?
            .into_inner();
        assert_eq!(first.workers[0].worker_instance_key, "a");
        let rest = listing("TaskQueue = 'pay'", 1, first.next_page_token);
        let rest = temporal.list_workers(rest).await?.into_inner();
        assert_eq!(rest.workers[0].worker_instance_key, "b");
        assert!(rest.next_page_token.is_empty(), "there is no third one");

        let count = CountWorkersRequest {
            namespace: NAMESPACE.to_owned(),
            query: "TaskQueue = 'ship'".to_owned(),
            ..Default::default()
        };
        assert_eq!(temporal.count_workers(count).await?.into_inner().count, 1);
        let wrong = temporal.list_workers(listing("Colour = 'red'", 1, vec![])).await;
        assert_refused(wrong, Code::InvalidArgument, "Colour is not an attribute");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_worker_says_goodbye_with_a_last_heartbeat() -> Result<()> {
    with_server(Options::default(), async |server| {
        let mut temporal = server.client().temporal();
        let describe = DescribeWorkerRequest {
            namespace: NAMESPACE.to_owned(),
            worker_instance_key: "a".to_owned(),
        };
        let unknown = temporal.describe_worker(describe.clone()).await;
        assert_refused(unknown, Code::NotFound, "Worker a not found");

        let goodbye = WorkerHeartbeat {
            status: WorkerStatus::ShuttingDown as i32,
            ..heartbeat("a", "pay")
        };
        let shutdown = ShutdownWorkerRequest {
            namespace: NAMESPACE.to_owned(),
            worker_heartbeat: Some(goodbye.clone()),
            ..Default::default()
        };
        temporal.shutdown_worker(shutdown).await?;
        let described = temporal.describe_worker(describe).await?.into_inner();
        let info = described.worker_info.context("it is described")?;
        assert_eq!(info.worker_heartbeat, Some(goodbye));
        Ok(())
    })
    .await
}
