//! Task queues: priority, fairness, rate limits, and what they tell about themselves.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tonic::{Code, Request, Status};
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::proto::{
    Priority, TaskQueue,
    enums::{EventType, RateLimitSource, TaskQueueType},
    taskqueue::{RateLimit, TaskQueueConfig, TaskQueueMetadata},
    workflowservice::{
        DescribeTaskQueueRequest, DescribeTaskQueueResponse, UpdateTaskQueueConfigRequest,
        update_task_queue_config_request::RateLimitUpdate,
    },
};
use wrt_tests::{Client, Run, Server, Worker, polling};

use crate::{assert_refused, with_contract};

/// The task queue of the scripted workflow, and of the activities that it schedules without saying where.
const QUEUE: &str = "contract";

/// Schedules one activity for a worker on that queue, and waits for it.
const PAY: &str = "start => schedule Pay\nresolved 1 => complete";

/// How long a poll lasts that is expected to get nothing: twice the time that the server leaves for its answer.
const SHORT_POLL: Duration = Duration::from_secs(2);

fn priority(priority_key: i32, fairness_key: &str, fairness_weight: f32) -> Priority {
    Priority {
        priority_key,
        fairness_key: fairness_key.to_owned(),
        fairness_weight,
    }
}

/// Starts a workflow of this priority. Its activity waits in the queue when this returns.
async fn start(client: &Client, id: &str, script: &str, priority: Priority) -> Result<Run, Status> {
    let mut request = client.starting("Scripted", "contract", id, script);
    request.priority = Some(priority);
    client.start(request).await
}

/// The workflow ids of the next tasks.
async fn order(worker: &Worker, count: usize) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let task = worker.poll().await?;
        worker.complete(&task.task_token, "paid").await?;
        ids.push(task.workflow_execution.unwrap_or_default().workflow_id);
    }
    Ok(ids)
}

/// Whether a poll of this worker ends without a task.
async fn gets_nothing(client: &Client, worker: &Worker) -> Result<bool> {
    let mut request = Request::new(worker.polling());
    request.set_timeout(SHORT_POLL);
    let answer = client.temporal().poll_activity_task_queue(request).await?;
    Ok(answer.into_inner().task_token.is_empty())
}

async fn describe(client: &Client, kind: TaskQueueType) -> Result<DescribeTaskQueueResponse, Status> {
    let request = DescribeTaskQueueRequest {
        namespace: client.namespace(),
        task_queue: Some(TaskQueue {
            name: QUEUE.to_owned(),
            ..Default::default()
        }),
        task_queue_type: kind as i32,
        report_stats: true,
        report_config: true,
        ..Default::default()
    };
    Ok(client.temporal().describe_task_queue(request).await?.into_inner())
}

/// A change of what is set for the queue's activities.
fn change(client: &Client) -> UpdateTaskQueueConfigRequest {
    UpdateTaskQueueConfigRequest {
        namespace: client.namespace(),
        identity: "operator".to_owned(),
        task_queue: QUEUE.to_owned(),
        task_queue_type: TaskQueueType::Activity as i32,
        ..Default::default()
    }
}

async fn configure(client: &Client, request: UpdateTaskQueueConfigRequest) -> Result<TaskQueueConfig> {
    let updated = client.temporal().update_task_queue_config(request).await?;
    updated.into_inner().config.context("the configuration is told")
}

/// Sets the rate limit of the queue, or takes it away.
async fn limit(client: &Client, requests_per_second: Option<f32>) -> Result<TaskQueueConfig> {
    let update = RateLimitUpdate {
        rate_limit: requests_per_second.map(|requests_per_second| RateLimit { requests_per_second }),
        reason: "a test".to_owned(),
    };
    let request = UpdateTaskQueueConfigRequest {
        update_queue_rate_limit: Some(update),
        ..change(client)
    };
    configure(client, request).await
}

// === Priority and fairness ===

#[tokio::test]
async fn urgent_tasks_go_first() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for key in [5, 1, 0, 4, 2] {
            start(client, &format!("w{key}"), PAY, priority(key, "", 0.0)).await?;
        }
        let worker = Worker::new(client, QUEUE);
        assert_eq!(order(&worker, 5).await?, ["w1", "w2", "w0", "w4", "w5"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_a_workflow_asks_for_has_its_priority() -> Result<()> {
    const WITH_CHILD: &str = "start => schedule-with a1 outside Pay; schedule Pay; child c Scripted\n\
                              signal stop => complete";
    with_contract(async |server| {
        let client = server.client();
        let of_parent = priority(1, "vip", 3.0);
        let run = start(client, "w", WITH_CHILD, of_parent.clone()).await?;
        // The first one has a priority of its own, with every field set.
        let own = Worker::new(client, "outside").poll().await?;
        assert_eq!(own.priority, Some(priority(2, "tenant", 1.5)));
        let inherited = Worker::new(client, QUEUE).poll().await?;
        assert_eq!(inherited.priority, Some(of_parent.clone()));
        let described = run.describe().await?;
        let shown: Vec<_> = described.pending_activities.into_iter().map(|it| it.priority).collect();
        assert_eq!(shown, [own.priority, inherited.priority]);
        assert_eq!(
            described.workflow_execution_info.unwrap_or_default().priority,
            Some(of_parent.clone())
        );
        run.wait_for(EventType::ChildWorkflowExecutionStarted).await?;
        let child = client.run("c", "").describe().await?;
        let child = child.workflow_execution_info.unwrap_or_default();
        assert_eq!(child.priority, Some(of_parent));
        run.signal("stop", "").await?;
        run.result().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn fairness_keys_share_a_queue_by_their_weights() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, QUEUE);
        let fill = async |round: &str| -> Result<()> {
            for key in ["a", "b"] {
                for number in 0..8 {
                    start(client, &format!("{key}-{round}-{number}"), PAY, priority(0, key, 0.0)).await?;
                }
            }
            Ok(())
        };
        let of_a = |ids: &[String]| ids.iter().filter(|id| id.starts_with('a')).count();

        fill("equal").await?;
        assert_eq!(of_a(&order(&worker, 8).await?), 4);
        order(&worker, 8).await?;

        let request = UpdateTaskQueueConfigRequest {
            set_fairness_weight_overrides: [("b".to_owned(), 3.0)].into(),
            ..change(client)
        };
        assert_eq!(configure(client, request).await?.fairness_weight_overrides["b"], 3.0);
        fill("weighted").await?;
        assert_eq!(of_a(&order(&worker, 8).await?), 2);
        Ok(())
    })
    .await
}

// === Rate limits ===

#[tokio::test]
async fn a_limit_of_the_queue_survives_a_restart_and_can_be_lifted() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let limited = limit(&client, Some(0.0)).await?.queue_rate_limit.context("it is set")?;
        let metadata = limited.metadata.context("it says who has set it")?;
        assert_eq!(
            (metadata.update_identity.as_str(), metadata.reason.as_str()),
            ("operator", "a test")
        );

        let run = client.script("w", PAY).await?;
        let worker = Worker::new(&client, QUEUE);
        assert!(gets_nothing(&client, &worker).await?);
        server.kill().await?;
        server.restart().await?;
        assert!(gets_nothing(&client, &worker).await?);
        let told = describe(&client, TaskQueueType::Activity).await?;
        let effective = told.effective_rate_limit.context("there is a limit")?;
        assert_eq!(effective.requests_per_second, 0.0);
        assert_eq!(effective.rate_limit_source(), RateLimitSource::Api);
        assert!(told.stats.context("there are figures")?.rate_limiting_active);

        let (task, lifted) = tokio::join!(worker.poll(), limit(&client, None));
        assert_eq!(
            lifted?.queue_rate_limit.context("it is kept who lifted it")?.rate_limit,
            None
        );
        worker.complete(&task?.task_token, "paid").await?;
        run.result().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_limit_of_a_worker_holds_for_the_queue() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, QUEUE);
        let mut first = worker.polling();
        first.task_queue_metadata = Some(TaskQueueMetadata {
            max_tasks_per_second: Some(0.5),
        });
        for id in ["w1", "w2"] {
            client.script(id, PAY).await?;
        }
        let first = client
            .temporal()
            .poll_activity_task_queue(polling(first))
            .await?
            .into_inner();
        assert_eq!(first.workflow_execution.unwrap_or_default().workflow_id, "w1");
        // The next one may go after two seconds; this poll lasts one.
        assert!(gets_nothing(client, &worker).await?);
        let told = describe(client, TaskQueueType::Activity).await?;
        let effective = told.effective_rate_limit.context("there is a limit")?;
        assert_eq!(effective.requests_per_second, 0.5);
        assert_eq!(effective.rate_limit_source(), RateLimitSource::Worker);
        assert_eq!(order(&worker, 1).await?, ["w2"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn activities_of_components_are_limited_too() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = DeployOptions {
            name: "worker".to_owned(),
            task_queue: QUEUE.to_owned(),
            ..Default::default()
        };
        client.deploy(worker, &wrt_tests::guest("worker-guest")?).await?;
        // The component serves the queue before it has had a task.
        let told = describe(client, TaskQueueType::Activity).await?;
        assert_eq!(told.pollers.len(), 1);
        assert_eq!(told.pollers[0].identity, "wrt-server");
        assert!((told.pollers[0].rate_per_second - 100_000.0).abs() < 1.0);
        limit(client, Some(0.0)).await?;
        let run = client
            .script("w", "start => schedule echo hello\nresolved 1 => complete")
            .await?;
        let told = describe(client, TaskQueueType::Activity).await?;
        assert_eq!(told.stats.unwrap_or_default().approximate_backlog_count, 1);
        limit(client, None).await?;
        assert!(run.result().await?.contains("activity 1 gave [hello]"));
        let told = describe(client, TaskQueueType::Activity).await?;
        assert_eq!(told.pollers[0].identity, "wrt-server");
        assert_eq!(told.stats.unwrap_or_default().approximate_backlog_count, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn changes_that_make_no_sense_are_refused() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let of_workflows = UpdateTaskQueueConfigRequest {
            task_queue_type: TaskQueueType::Workflow as i32,
            update_queue_rate_limit: Some(RateLimitUpdate::default()),
            ..change(client)
        };
        let without_kind = UpdateTaskQueueConfigRequest {
            task_queue_type: 0,
            ..change(client)
        };
        for (request, words) in [
            (of_workflows, "rate limit on workflow task queues"),
            (without_kind, "TaskQueueType is not set"),
        ] {
            let answer = client.temporal().update_task_queue_config(request).await;
            assert_refused(answer, Code::InvalidArgument, words);
        }
        Ok(())
    })
    .await
}

// === Telling ===

#[tokio::test]
async fn a_queue_tells_what_waits_and_who_polls() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for (id, key) in [("w1", 1), ("w2", 1), ("w3", 5)] {
            start(client, id, PAY, priority(key, "", 0.0)).await?;
        }
        let told = describe(client, TaskQueueType::Activity).await?;
        assert!(told.pollers.is_empty());
        let stats = told.stats.unwrap_or_default();
        assert_eq!(stats.approximate_backlog_count, 3);
        assert!(stats.tasks_add_rate > 0.0 && stats.tasks_dispatch_rate == 0.0);
        let by_key = |key| told.stats_by_priority_key[&key].approximate_backlog_count;
        assert_eq!((by_key(1), by_key(5), told.stats_by_priority_key.len()), (2, 1, 2));

        order(&Worker::new(client, QUEUE), 3).await?;
        let told = describe(client, TaskQueueType::Activity).await?;
        assert_eq!(told.pollers.len(), 1);
        assert_eq!(told.pollers[0].identity, "wrt-tests");
        let stats = told.stats.unwrap_or_default();
        assert_eq!(stats.approximate_backlog_count, 0);
        assert!(stats.tasks_dispatch_rate > 0.0);

        let told = describe(client, TaskQueueType::Workflow).await?;
        assert_eq!(told.pollers[0].identity, "wrt-server");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pollers_are_told_to_become_more_or_fewer() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let worker = Worker::new(client, QUEUE);
        for number in 0..3 {
            client.script(&format!("w{number}"), PAY).await?;
        }
        // Three tasks have come, and this is the first one to go.
        let first = worker.poll().await?;
        let more = first.poller_scaling_decision.context("more polls are asked for")?;
        assert_eq!(more.poll_request_delta_suggestion, 1);
        order(&worker, 2).await?;

        // Whoever waits for longer than a second could have waited with fewer polls.
        let waiting = tokio::spawn(async move { worker.poll().await });
        patience(server).await?;
        server.client().script("late", PAY).await?;
        let fewer = waiting.await??.poller_scaling_decision.context("fewer are asked for")?;
        assert_eq!(fewer.poll_request_delta_suggestion, -1);
        Ok(())
    })
    .await
}

/// Lasts more than a second: a timer of the server.
async fn patience(server: &Server) -> Result<()> {
    let run = server
        .client()
        .script("patience", "start => timer 2\nfired 1 => complete")
        .await?;
    run.result().await?;
    Ok(())
}

// === The command line ===

#[tokio::test]
async fn the_command_line_shows_and_sets_what_is_set() -> Result<()> {
    with_contract(async |server| {
        let wrt = async |arguments: &str| -> Result<String> {
            let output = tokio::process::Command::new(wrt_tests::program("wrt")?)
                .args(["task-queue", "--address", server.address()])
                .args(arguments.split(' '))
                .output()
                .await?;
            let said = String::from_utf8(output.stdout)?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Ok(said)
        };
        let set =
            "config set -t contract --queue-rps-limit 2.5 --queue-rps-limit-reason calm --fairness-key-weight a=3";
        assert!(wrt(set).await?.contains("2.5 a second"));
        let config = wrt("config get -t contract -o json").await?;
        let config: serde_json::Value = serde_json::from_str(&config)?;
        assert_eq!(config["queueRateLimit"]["metadata"]["reason"], "calm");
        assert_eq!(config["fairnessWeightOverrides"]["a"], 3.0);
        wrt("config set -t contract --queue-rps-limit default --fairness-key-weight-clear-all").await?;
        assert!(!wrt("config get -t contract").await?.contains("a=3"));

        server.client().script("w", PAY).await?;
        let told = wrt("describe -t contract").await?;
        assert!(told.contains("Activity") && told.contains("wrt-server"), "{told}");
        Ok(())
    })
    .await
}
