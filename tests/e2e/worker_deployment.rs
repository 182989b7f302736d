//! Worker deployments: tasks go to the version that they belong to, whoever else polls.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::{Code, Status};
use wrt_model::proto::{
    ActivityType, Command, CommandAttributes, Payloads, TaskQueue, WorkerDeploymentVersion, WorkflowExecution,
    WorkflowType,
    command::{
        CompleteWorkflowExecutionCommandAttributes, ContinueAsNewWorkflowExecutionCommandAttributes,
        ScheduleActivityTaskCommandAttributes, StartChildWorkflowExecutionCommandAttributes,
    },
    deployment::WorkerDeploymentOptions,
    enums::{
        CommandType, ContinueAsNewVersioningBehavior, ParentClosePolicy, VersioningBehavior as Behavior,
        WorkerDeploymentVersionStatus as Version, WorkerVersioningMode,
    },
    workflow::{
        VersioningOverride, WorkflowExecutionVersioningInfo,
        versioning_override::{OneTimeOverride, Override, PinnedOverride, PinnedOverrideBehavior},
    },
    workflowservice::{
        DeleteWorkerDeploymentVersionRequest, DescribeWorkerDeploymentRequest, DescribeWorkerDeploymentResponse,
        DescribeWorkflowExecutionRequest, PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest,
        PollWorkflowTaskQueueResponse, RespondActivityTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
        SetWorkerDeploymentCurrentVersionRequest, SetWorkerDeploymentRampingVersionRequest,
        SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest,
    },
};
use wrt_tests::{Client, Options, Run, polling, with_server};

use crate::assert_refused;

const DEPLOYMENT: &str = "shop";
const QUEUE: &str = "orders";

/// The longest wait for a task that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

fn version(build_id: &str) -> WorkerDeploymentVersion {
    WorkerDeploymentVersion {
        deployment_name: DEPLOYMENT.to_owned(),
        build_id: build_id.to_owned(),
    }
}

fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue {
        name: name.to_owned(),
        ..Default::default()
    })
}

/// A worker of one version, call by call.
struct Versioned {
    client: Client,
    options: WorkerDeploymentOptions,
}

impl Versioned {
    /// A worker that the server knows of: it has polled once, in vain.
    async fn new(client: &Client, build_id: &str) -> Result<Self> {
        let worker = Versioned {
            client: client.clone(),
            options: WorkerDeploymentOptions {
                deployment_name: DEPLOYMENT.to_owned(),
                build_id: build_id.to_owned(),
                worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
            },
        };
        let mut polling = Box::pin(worker.poll());
        loop {
            // The poll is under way until the server knows of it.
            if timeout(Duration::from_millis(1), &mut polling).await.is_ok() {
                anyhow::bail!("there was no task to get");
            }
            let known = describe(client).await.is_ok_and(|described| {
                let info = described.worker_deployment_info.unwrap_or_default();
                let mut known = info.version_summaries.into_iter();
                known.any(|summary| summary.deployment_version == Some(version(build_id)))
            });
            if known {
                break;
            }
        }
        drop(polling);
        Ok(worker)
    }

    async fn poll(&self) -> Result<PollWorkflowTaskQueueResponse> {
        let waiting = async {
            loop {
                let request = PollWorkflowTaskQueueRequest {
                    namespace: self.client.namespace(),
                    task_queue: queue(QUEUE),
                    identity: format!("worker-{}", self.options.build_id),
                    deployment_options: Some(self.options.clone()),
                    ..Default::default()
                };
                let task = self
                    .client
                    .temporal()
                    .poll_workflow_task_queue(polling(request))
                    .await?
                    .into_inner();
                if !task.task_token.is_empty() {
                    return Ok::<_, Status>(task);
                }
            }
        };
        let task = timeout(PATIENCE, waiting).await;
        Ok(task.with_context(|| format!("wait for a task of version {}", self.options.build_id))??)
    }

    /// Takes the next workflow task, and answers with these commands. Returns the workflow's id.
    async fn work(&self, behavior: Behavior, commands: Vec<Command>) -> Result<String> {
        let task = self.poll().await?;
        self.respond(task.task_token, behavior, commands).await?;
        Ok(task.workflow_execution.unwrap_or_default().workflow_id)
    }

    async fn respond(&self, task_token: Vec<u8>, behavior: Behavior, commands: Vec<Command>) -> Result<()> {
        let request = RespondWorkflowTaskCompletedRequest {
            namespace: self.client.namespace(),
            task_token,
            commands,
            versioning_behavior: behavior as i32,
            deployment_options: Some(self.options.clone()),
            ..Default::default()
        };
        self.client.temporal().respond_workflow_task_completed(request).await?;
        Ok(())
    }

    /// Completes a workflow and its child, whichever comes first. The parent's task comes again when the child ends while
    /// it is under way.
    async fn complete_both(&self, behavior: Behavior, ids: [&str; 2]) -> Result<()> {
        let mut completed = Vec::new();
        while completed.len() < ids.len() {
            match self.work(behavior, vec![complete()]).await {
                Ok(id) => completed.push(id),
                Err(error) if is_unhandled_command(&error) => {}
                Err(error) => return Err(error),
            }
        }
        completed.sort();
        assert_eq!(completed, ids);
        Ok(())
    }

    /// Takes the next activity of a queue and completes it. Returns the activity's id.
    async fn work_on_activity(&self, task_queue: &str) -> Result<String> {
        let request = PollActivityTaskQueueRequest {
            namespace: self.client.namespace(),
            task_queue: queue(task_queue),
            deployment_options: Some(self.options.clone()),
            ..Default::default()
        };
        let mut temporal = self.client.temporal();
        let polled = timeout(PATIENCE, temporal.poll_activity_task_queue(polling(request))).await;
        let task = polled.context("wait for an activity")??.into_inner();
        let request = RespondActivityTaskCompletedRequest {
            namespace: self.client.namespace(),
            task_token: task.task_token,
            ..Default::default()
        };
        self.client.temporal().respond_activity_task_completed(request).await?;
        Ok(task.activity_id)
    }
}

fn is_unhandled_command(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Status>()
        .is_some_and(|status| status.message() == "UnhandledCommand")
}

// === Commands ===

fn complete() -> Command {
    Command {
        command_type: CommandType::CompleteWorkflowExecution as i32,
        attributes: Some(CommandAttributes::CompleteWorkflowExecutionCommandAttributes(
            CompleteWorkflowExecutionCommandAttributes {
                result: Some(Payloads::default()),
            },
        )),
        ..Default::default()
    }
}

fn schedule(activity_id: &str, task_queue: &str) -> Command {
    Command {
        command_type: CommandType::ScheduleActivityTask as i32,
        attributes: Some(CommandAttributes::ScheduleActivityTaskCommandAttributes(
            ScheduleActivityTaskCommandAttributes {
                activity_id: activity_id.to_owned(),
                activity_type: Some(ActivityType { name: "Pay".to_owned() }),
                task_queue: queue(task_queue),
                start_to_close_timeout: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}

fn start_child(workflow_id: &str) -> Command {
    Command {
        command_type: CommandType::StartChildWorkflowExecution as i32,
        attributes: Some(CommandAttributes::StartChildWorkflowExecutionCommandAttributes(
            StartChildWorkflowExecutionCommandAttributes {
                workflow_id: workflow_id.to_owned(),
                workflow_type: Some(WorkflowType {
                    name: "Order".to_owned(),
                }),
                // Either of the two may end first.
                parent_close_policy: ParentClosePolicy::Abandon as i32,
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}

fn continue_as_new(first: ContinueAsNewVersioningBehavior) -> Command {
    Command {
        command_type: CommandType::ContinueAsNewWorkflowExecution as i32,
        attributes: Some(CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(
            ContinueAsNewWorkflowExecutionCommandAttributes {
                initial_versioning_behavior: first as i32,
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}

// === Calls ===

async fn start(client: &Client, id: &str) -> Result<Run, Status> {
    start_with(client, id, |_| ()).await
}

async fn start_with(
    client: &Client,
    id: &str,
    change: impl FnOnce(&mut StartWorkflowExecutionRequest),
) -> Result<Run, Status> {
    let mut request = client.starting("Order", QUEUE, id, "");
    change(&mut request);
    client.start(request).await
}

async fn signal(client: &Client, id: &str) -> Result<()> {
    let request = SignalWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(execution(id)),
        signal_name: "go".to_owned(),
        ..Default::default()
    };
    client.temporal().signal_workflow_execution(request).await?;
    Ok(())
}

fn execution(id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: id.to_owned(),
        ..Default::default()
    }
}

async fn describe(client: &Client) -> Result<DescribeWorkerDeploymentResponse, Status> {
    let request = DescribeWorkerDeploymentRequest {
        namespace: client.namespace(),
        deployment_name: DEPLOYMENT.to_owned(),
    };
    Ok(client
        .temporal()
        .describe_worker_deployment(request)
        .await?
        .into_inner())
}

async fn status(client: &Client, build_id: &str) -> Result<Version> {
    let info = describe(client).await?.worker_deployment_info.unwrap_or_default();
    let mut summaries = info.version_summaries.into_iter();
    let summary = summaries.find(|summary| summary.deployment_version == Some(version(build_id)));
    Ok(summary.context("the version is known")?.status())
}

async fn set_current(client: &Client, build_id: &str) -> Result<()> {
    let request = SetWorkerDeploymentCurrentVersionRequest {
        namespace: client.namespace(),
        deployment_name: DEPLOYMENT.to_owned(),
        build_id: build_id.to_owned(),
        conflict_token: describe(client).await?.conflict_token,
        // Workers of activities come later in these tests.
        ignore_missing_task_queues: true,
        ..Default::default()
    };
    client.temporal().set_worker_deployment_current_version(request).await?;
    Ok(())
}

async fn set_ramping(client: &Client, build_id: &str, percentage: f32) -> Result<()> {
    let request = SetWorkerDeploymentRampingVersionRequest {
        namespace: client.namespace(),
        deployment_name: DEPLOYMENT.to_owned(),
        build_id: build_id.to_owned(),
        percentage,
        ..Default::default()
    };
    client.temporal().set_worker_deployment_ramping_version(request).await?;
    Ok(())
}

async fn versioning(client: &Client, id: &str) -> Result<WorkflowExecutionVersioningInfo> {
    let request = DescribeWorkflowExecutionRequest {
        namespace: client.namespace(),
        execution: Some(execution(id)),
    };
    let described = client
        .temporal()
        .describe_workflow_execution(request)
        .await?
        .into_inner();
    let info = described.workflow_execution_info.unwrap_or_default();
    Ok(info.versioning_info.unwrap_or_default())
}

fn pinned(build_id: &str) -> Option<VersioningOverride> {
    Some(VersioningOverride {
        r#override: Some(Override::Pinned(PinnedOverride {
            behavior: PinnedOverrideBehavior::Pinned as i32,
            version: Some(version(build_id)),
        })),
        ..Default::default()
    })
}

// === Tests ===

#[tokio::test]
async fn tasks_wait_for_the_current_version_and_go_to_no_other() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        let run = start(client, "w").await?;
        assert_eq!(status(client, "1").await?, Version::Inactive);
        set_current(client, "2").await?;
        assert_eq!(second.work(Behavior::Pinned, vec![]).await?, "w");
        let info = versioning(client, "w").await?;
        assert_eq!(info.behavior(), Behavior::Pinned);
        assert_eq!(info.deployment_version, Some(version("2")));

        // A pinned run stays; a new one goes to the version that is current now.
        set_current(client, "1").await?;
        start(client, "x").await?;
        signal(client, "w").await?;
        assert_eq!(first.work(Behavior::AutoUpgrade, vec![]).await?, "x");
        assert_eq!(second.work(Behavior::Pinned, vec![complete()]).await?, "w");
        run.closed().await?;

        // One that upgrades goes along.
        set_current(client, "2").await?;
        signal(client, "x").await?;
        assert_eq!(second.work(Behavior::AutoUpgrade, vec![complete()]).await?, "x");
        let found = client.list("TemporalWorkerDeploymentVersion = 'shop:2'").await?;
        assert_eq!(found.len(), 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_waits_follows_the_routing() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        set_current(client, "1").await?;
        start(client, "w").await?;
        set_ramping(client, "2", 100.0).await?;
        assert_eq!(status(client, "2").await?, Version::Ramping);
        assert_eq!(second.work(Behavior::AutoUpgrade, vec![]).await?, "w");
        set_ramping(client, "", 0.0).await?;
        signal(client, "w").await?;
        assert_eq!(first.work(Behavior::AutoUpgrade, vec![complete()]).await?, "w");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_override_decides_and_has_to_name_a_version_that_polls() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        set_current(client, "1").await?;
        let unknown = start_with(client, "w", |request| request.versioning_override = pinned("9")).await;
        assert_refused(
            unknown,
            Code::FailedPrecondition,
            "'shop:9' is not present in task queue 'orders'",
        );
        start_with(client, "w", |request| request.versioning_override = pinned("2")).await?;
        assert_eq!(
            second.work(Behavior::AutoUpgrade, vec![start_child("child")]).await?,
            "w"
        );
        second.complete_both(Behavior::AutoUpgrade, ["child", "w"]).await?;

        let once = Override::OneTime(OneTimeOverride {
            target_deployment_version: Some(version("2")),
        });
        let once = Some(VersioningOverride {
            r#override: Some(once),
            ..Default::default()
        });
        start_with(client, "x", |request| request.versioning_override = once).await?;
        assert_eq!(second.work(Behavior::AutoUpgrade, vec![]).await?, "x");
        assert_eq!(versioning(client, "x").await?.versioning_override, None);
        signal(client, "x").await?;
        assert_eq!(first.work(Behavior::AutoUpgrade, vec![complete()]).await?, "x");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn children_and_successors_inherit_the_version() -> Result<()> {
    use ContinueAsNewVersioningBehavior as First;
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        set_current(client, "1").await?;
        for id in ["parent", "w"] {
            start(client, id).await?;
            assert_eq!(first.work(Behavior::Pinned, vec![]).await?, id);
        }
        set_current(client, "2").await?;
        signal(client, "parent").await?;
        assert_eq!(
            first.work(Behavior::Pinned, vec![start_child("child")]).await?,
            "parent"
        );
        first.complete_both(Behavior::Pinned, ["child", "parent"]).await?;
        signal(client, "w").await?;
        let stays = continue_as_new(First::Unspecified);
        assert_eq!(first.work(Behavior::Pinned, vec![stays]).await?, "w");
        let upgrades = continue_as_new(First::AutoUpgrade);
        assert_eq!(first.work(Behavior::Pinned, vec![upgrades]).await?, "w");
        assert_eq!(second.work(Behavior::Pinned, vec![complete()]).await?, "w");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn activities_go_with_their_run() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        set_current(client, "1").await?;
        start(client, "w").await?;
        let both = vec![schedule("here", QUEUE), schedule("there", "elsewhere")];
        // Both versions poll for activities of the queue, and nobody for those of the other one.
        let (worked, here) = tokio::join!(first.work(Behavior::Pinned, both), first.work_on_activity(QUEUE));
        assert_eq!((worked?.as_str(), here?.as_str()), ("w", "here"));
        set_current(client, "2").await?;
        assert_eq!(first.work(Behavior::Pinned, vec![schedule("again", QUEUE)]).await?, "w");
        start(client, "x").await?;
        second.work(Behavior::Pinned, vec![schedule("other", QUEUE)]).await?;
        assert_eq!(second.work_on_activity(QUEUE).await?, "other");
        assert_eq!(first.work_on_activity(QUEUE).await?, "again");
        // A queue that the run's version does not poll goes by its own routing.
        assert_eq!(second.work_on_activity("elsewhere").await?, "there");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_upgrades_moves_before_its_activities_do() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let (first, second) = (Versioned::new(client, "1").await?, Versioned::new(client, "2").await?);
        set_current(client, "1").await?;
        start(client, "w").await?;
        let before = vec![schedule("before", QUEUE)];
        let (worked, done) = tokio::join!(first.work(Behavior::AutoUpgrade, before), first.work_on_activity(QUEUE));
        assert_eq!((worked?.as_str(), done?.as_str()), ("w", "before"));
        first
            .work(Behavior::AutoUpgrade, vec![schedule("waits", QUEUE)])
            .await?;
        set_current(client, "2").await?;
        let (moved, done) = tokio::join!(
            second.work(Behavior::AutoUpgrade, vec![]),
            second.work_on_activity(QUEUE)
        );
        assert_eq!((moved?.as_str(), done?.as_str()), ("w", "waits"));
        assert_eq!(versioning(client, "w").await?.deployment_version, Some(version("2")));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn versions_drain_and_survive_a_crash() -> Result<()> {
    with_server(Options::default(), async |server| {
        let first = Versioned::new(server.client(), "1").await?;
        Versioned::new(server.client(), "2").await?;
        set_current(server.client(), "1").await?;
        start(server.client(), "w").await?;
        assert_eq!(first.work(Behavior::Pinned, vec![]).await?, "w");
        set_current(server.client(), "2").await?;

        server.kill().await?;
        server.restart().await?;
        let client = server.client();
        assert_eq!(status(client, "1").await?, Version::Draining);
        assert_eq!(status(client, "2").await?, Version::Current);
        let delete = |skip_drainage| DeleteWorkerDeploymentVersionRequest {
            namespace: client.namespace(),
            deployment_version: Some(version("1")),
            skip_drainage,
            ..Default::default()
        };
        let refused = client.temporal().delete_worker_deployment_version(delete(false)).await;
        assert_refused(refused, Code::FailedPrecondition, "is draining");

        let first = Versioned {
            client: client.clone(),
            ..first
        };
        signal(client, "w").await?;
        assert_eq!(first.work(Behavior::Pinned, vec![complete()]).await?, "w");
        assert_eq!(status(client, "1").await?, Version::Drained);

        // A worker of it still holds the first task of a run.
        set_current(client, "1").await?;
        start(client, "late").await?;
        let task = first.poll().await?;
        set_current(client, "2").await?;
        assert_eq!(
            status(client, "1").await?,
            Version::Drained,
            "nobody knows yet that the run stays"
        );
        first.respond(task.task_token, Behavior::Pinned, vec![]).await?;
        assert_eq!(status(client, "1").await?, Version::Draining);
        signal(client, "late").await?;
        assert_eq!(first.work(Behavior::Pinned, vec![complete()]).await?, "late");
        assert_eq!(status(client, "1").await?, Version::Drained);

        let refused = client.temporal().delete_worker_deployment_version(delete(true)).await;
        assert_refused(refused, Code::FailedPrecondition, "has active pollers");
        Ok(())
    })
    .await
}
