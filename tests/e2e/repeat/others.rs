//! Calls that are about no run: namespaces, deployments, schedules, batch operations.

use anyhow::Result;
use tonic::Code;
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::proto::{
    TaskQueue, WorkflowType,
    batch::BatchOperationTermination,
    enums::ScheduleOverlapPolicy,
    schedule::{
        Schedule, ScheduleAction, SchedulePatch, ScheduleSpec, TriggerImmediatelyRequest, schedule_action::Action,
    },
    workflow::NewWorkflowExecutionInfo,
    workflowservice::{
        CreateScheduleRequest, CreateWorkerDeploymentRequest, DeleteScheduleRequest, DescribeScheduleRequest,
        PatchScheduleRequest, StartBatchOperationRequest, StopBatchOperationRequest, UpdateScheduleRequest,
        start_batch_operation_request::Operation,
    },
};
use wrt_tests::{Client, Options, guest, with_server};

use crate::{assert_refused, with_contract};

#[tokio::test]
async fn namespaces() -> Result<()> {
    with_server(Options::default(), async |server| {
        let shop = server.client().of_namespace("shop");
        shop.register().await?;
        assert_refused(shop.register().await, Code::AlreadyExists, "shop already exists");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn components() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let bytes = guest("contract-guest")?;
        let deploy = async || {
            let options = DeployOptions {
                name: "contract-guest".to_owned(),
                task_queue: "contract".to_owned(),
                ..Default::default()
            };
            client.deploy(options, &bytes).await
        };
        let (first, again) = (deploy().await?, deploy().await?);
        assert_eq!(first, again);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn worker_deployments() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let create = async |request_id: &str| {
            let request = CreateWorkerDeploymentRequest {
                namespace: client.namespace(),
                deployment_name: "shop".to_owned(),
                request_id: request_id.to_owned(),
                ..Default::default()
            };
            client.temporal().create_worker_deployment(request).await
        };
        let first = create("one").await?.into_inner();
        assert_eq!(create("one").await?.into_inner(), first);
        assert_refused(create("two").await, Code::AlreadyExists, "shop");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn batch_operations() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let start = async || {
            let request = StartBatchOperationRequest {
                namespace: client.namespace(),
                job_id: "job".to_owned(),
                reason: "cleaning up".to_owned(),
                visibility_query: "WorkflowType = 'Order'".to_owned(),
                operation: Some(Operation::TerminationOperation(BatchOperationTermination::default())),
                ..Default::default()
            };
            client.temporal().start_batch_operation(request).await
        };
        start().await?;
        assert_refused(start().await, Code::AlreadyExists, "job");
        let stop = async |job_id: &str| {
            let request = StopBatchOperationRequest {
                namespace: client.namespace(),
                job_id: job_id.to_owned(),
                reason: "enough".to_owned(),
                ..Default::default()
            };
            client.temporal().stop_batch_operation(request).await
        };
        assert_refused(stop("nobody").await, Code::NotFound, "nobody");
        // It may have ended by itself; the second time it has, by now.
        drop(stop("job").await);
        assert_refused(stop("job").await, Code::NotFound, "already completed");
        Ok(())
    })
    .await
}

// === Schedules ===

/// A schedule that acts only when it is told to.
fn schedule() -> Schedule {
    Schedule {
        spec: Some(ScheduleSpec::default()),
        action: Some(ScheduleAction {
            action: Some(Action::StartWorkflow(NewWorkflowExecutionInfo {
                workflow_id: "w".to_owned(),
                workflow_type: Some(WorkflowType {
                    name: "Order".to_owned(),
                }),
                task_queue: Some(TaskQueue {
                    name: "outside".to_owned(),
                    ..Default::default()
                }),
                ..Default::default()
            })),
        }),
        ..Default::default()
    }
}

async fn trigger(client: &Client, request_id: &str) -> Result<(), tonic::Status> {
    let request = PatchScheduleRequest {
        namespace: client.namespace(),
        schedule_id: "s".to_owned(),
        patch: Some(SchedulePatch {
            trigger_immediately: Some(TriggerImmediatelyRequest {
                overlap_policy: ScheduleOverlapPolicy::AllowAll as i32,
                ..Default::default()
            }),
            ..Default::default()
        }),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    client.temporal().patch_schedule(request).await.map(drop)
}

/// The conflict token and the number of actions.
async fn state(client: &Client) -> Result<(Vec<u8>, i64)> {
    let request = DescribeScheduleRequest {
        namespace: client.namespace(),
        schedule_id: "s".to_owned(),
    };
    let described = client.temporal().describe_schedule(request).await?.into_inner();
    Ok((
        described.conflict_token,
        described.info.unwrap_or_default().action_count,
    ))
}

async fn create(client: &Client, request_id: &str) -> Result<Vec<u8>, tonic::Status> {
    let request = CreateScheduleRequest {
        namespace: client.namespace(),
        schedule_id: "s".to_owned(),
        schedule: Some(schedule()),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    let created = client.temporal().create_schedule(request).await?;
    Ok(created.into_inner().conflict_token)
}

#[tokio::test]
async fn schedules() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let token = create(client, "one").await?;
        assert_eq!(create(client, "one").await?, token);
        assert_refused(
            create(client, "two").await,
            Code::AlreadyExists,
            "\"s\" is already registered",
        );
        let update = async |request_id: &str| {
            let request = UpdateScheduleRequest {
                namespace: client.namespace(),
                schedule_id: "s".to_owned(),
                schedule: Some(schedule()),
                conflict_token: token.clone(),
                request_id: request_id.to_owned(),
                ..Default::default()
            };
            client.temporal().update_schedule(request).await
        };
        update("update").await?;
        let (updated, _) = state(client).await?;
        update("update").await?;
        assert_eq!(state(client).await?.0, updated);
        assert_refused(update("another").await, Code::FailedPrecondition, "conflict token");

        let delete = async || {
            let request = DeleteScheduleRequest {
                namespace: client.namespace(),
                schedule_id: "s".to_owned(),
                ..Default::default()
            };
            client.temporal().delete_schedule(request).await
        };
        delete().await?;
        assert_refused(delete().await, Code::NotFound, "temporal-sys-scheduler:s");
        assert_refused(
            trigger(client, "late").await,
            Code::NotFound,
            "temporal-sys-scheduler:s",
        );
        assert_refused(update("update").await, Code::NotFound, "temporal-sys-scheduler:s");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn each_trigger_of_a_second_has_its_run() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        create(client, "one").await?;
        let triggers = (0..8).map(async |number| trigger(client, &format!("trigger {}", number / 2)).await);
        futures::future::try_join_all(triggers).await?;
        // Each request came twice.
        let mut actions = 0;
        while actions < 4 {
            actions = state(client).await?.1;
        }
        let mut ids: Vec<_> = client.list("").await?.into_iter().map(|run| run.workflow_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((actions, ids.len()), (4, 4), "{ids:?}");
        Ok(())
    })
    .await
}
