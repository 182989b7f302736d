//! Runs that do not get on say why: to callers, to lists, and on the command line.

use std::{process::Output, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::time::timeout;
use wrt_api::proto::wrt::v1::{
    DescribeRunRequest, DescribeRunResponse, GetStatisticsRequest, SetCurrentVersionRequest, WorkflowTaskProblem,
    statistics_service_client::StatisticsServiceClient,
};
use wrt_model::proto::{EventAttributes, TaskQueue, enums::EventType, workflowservice::PollWorkflowTaskQueueRequest};
use wrt_tests::{Client, Options, Run, Server, with_server};

use crate::{deployment::deploy_idle, with_contract};

/// The longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(90);

async fn wrt(server: &Server, arguments: &[&str]) -> Result<Output> {
    let mut command = tokio::process::Command::new(wrt_tests::program("wrt")?);
    command
        .args(["workflow", "--address", server.address()])
        .args(arguments);
    Ok(command.output().await?)
}

async fn diagnosis(client: &Client, run: &Run) -> Result<DescribeRunResponse> {
    let request = DescribeRunRequest {
        namespace: client.namespace(),
        workflow_id: run.workflow_id.clone(),
        run_id: run.run_id.clone(),
    };
    Ok(client.runs().describe_run(request).await?.into_inner())
}

/// What the server says once it passes the test.
async fn diagnosed(
    client: &Client,
    run: &Run,
    test: impl Fn(&DescribeRunResponse) -> bool,
) -> Result<DescribeRunResponse> {
    let asking = async {
        loop {
            let said = diagnosis(client, run).await?;
            if test(&said) {
                return Ok(said);
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .context("wait for what the server says")?
}

/// Why its workflow task fails.
pub(crate) async fn problem(client: &Client, run: &Run) -> Result<WorkflowTaskProblem> {
    let said = diagnosed(client, run, |said| attempt(said) > 0).await?;
    said.workflow_task_problem.context("it fails")
}

fn attempt(said: &DescribeRunResponse) -> i32 {
    said.workflow_task_problem.as_ref().map_or(0, |problem| problem.attempt)
}

#[tokio::test]
async fn a_failing_workflow_task_is_shown_and_found() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let run = client
            .script("w", "start => timer 3600\nsignal boom => panic no such order")
            .await?;
        run.signal("boom", "").await?;
        run.wait_for(EventType::WorkflowTaskFailed).await?;

        let said = diagnosed(&client, &run, |said| attempt(said) > 0).await?;
        let problem = said.workflow_task_problem.clone().context("it fails")?;
        assert_eq!(problem.cause, "WorkflowWorkerUnhandledFailure");
        assert!(problem.message.contains("no such order"), "{problem:?}");
        assert!(problem.stack_trace.contains("contract"), "{problem:?}");
        assert_eq!(said.component.len(), 64);

        // A version that does not replay the run lets it try again, without its wait.
        let digest = deploy_idle(server).await?;
        for tried in 2..=6 {
            diagnosed(&client, &run, |said| attempt(said) >= tried).await?;
            let request = SetCurrentVersionRequest {
                namespace: client.namespace(),
                name: "contract-guest".to_owned(),
                digest_prefix: digest.clone(),
            };
            client.components().set_current_version(request).await?;
        }
        diagnosed(&client, &run, |said| attempt(said) > 5).await?;
        for query in [
            "TemporalReportedProblems = 'category=WorkflowTaskFailed'",
            "TemporalReportedProblems IN ('cause=WorkflowTaskFailedCauseWorkflowWorkerUnhandledFailure')",
        ] {
            assert_eq!(client.count(query).await?, 1, "{query}");
        }

        let text = wrt(server, &["describe", "-w", "w"]).await?;
        let text = String::from_utf8(text.stdout)?;
        for part in [
            "Pending Workflow Task:",
            "WorkflowWorkerUnhandledFailure",
            "no such order",
            "NextAttempt",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let json = wrt(server, &["describe", "-w", "w", "-o", "json"]).await?;
        let json: Value = serde_json::from_slice(&json.stdout)?;
        assert_eq!(json["workflowTaskProblem"]["cause"], "WorkflowWorkerUnhandledFailure");
        assert!(
            json["pendingWorkflowTask"]["attempt"]
                .as_i64()
                .is_some_and(|attempt| attempt > 5),
            "{json}"
        );
        run.terminate("").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_whose_code_panics_does_not_replay() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "start => panic no such order").await?;
        run.wait_for(EventType::WorkflowTaskFailed).await?;
        let component = wrt_tests::guests().join("contract-guest.wasm").display().to_string();

        let replayed = wrt(server, &["replay", &component, "-w", "w", "-o", "json"]).await?;
        assert_eq!(replayed.status.code(), Some(1));
        let replayed: Value = serde_json::from_slice(&replayed.stdout)?;
        assert_eq!(replayed[0]["replays"], false);
        let failure = replayed[0]["failure"].as_str().unwrap_or_default();
        assert!(failure.contains("no such order"), "{failure}");

        let waiting = client.script("waiting", "start => timer 3600").await?;
        waiting.wait_for(EventType::TimerStarted).await?;
        let replayed = wrt(server, &["replay", &component, "-w", "waiting"]).await?;
        assert!(
            replayed.status.success(),
            "{}",
            String::from_utf8_lossy(&replayed.stdout)
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_that_nobody_can_run_says_so_and_waits_for_a_component() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client().clone();
        let start = [
            "start",
            "--type",
            "Scripted",
            "-t",
            "contract",
            "-i",
            "\"start => complete 1\"",
        ];
        let told = wrt(server, &[&start[..], &["-w", "told"]].concat()).await?;
        assert!(told.status.success());
        let warning = String::from_utf8(told.stderr)?;
        assert!(
            warning.contains("nobody serves the workflow type Scripted on the task queue contract"),
            "{warning}"
        );
        let json = wrt(server, &[&start[..], &["-w", "json", "-o", "json"]].concat()).await?;
        assert_eq!(String::from_utf8(json.stderr)?, "");
        let json: Value = serde_json::from_slice(&json.stdout)?;
        assert!(
            json["hints"][0]
                .as_str()
                .is_some_and(|hint| hint.contains("nobody serves")),
            "{json}"
        );

        let run = client.script("w", "start => complete 2").await?;
        let said = diagnosis(&client, &run).await?;
        assert_eq!((said.unserved.len(), said.component.as_str()), (1, ""));
        assert_eq!(said.unserved[0].r#type, "Scripted");
        let text = wrt(server, &["describe", "-w", "w"]).await?;
        assert!(String::from_utf8(text.stdout)?.contains("nobody serves"));
        let mut statistics = StatisticsServiceClient::connect(format!("http://{}", server.address())).await?;
        let counted = statistics.get_statistics(GetStatisticsRequest {}).await?.into_inner();
        assert_eq!(counted.unserved_starts, 3);

        server.kill().await?;
        server.restart().await?;
        server.deploy("contract-guest", "contract").await?;
        assert_eq!(run.result().await?, "2");
        let said = diagnosis(&client, &run).await?;
        assert_eq!((said.unserved.len(), said.component.len()), (0, 64));
        client
            .run("told", "")
            .wait_for(EventType::WorkflowTaskCompleted)
            .await?;
        let completed = run.wait_for(EventType::WorkflowTaskCompleted).await?;
        let Some(EventAttributes::WorkflowTaskCompletedEventAttributes(completed)) = completed.attributes else {
            anyhow::bail!("it is the completion of a workflow task");
        };
        assert_eq!(
            completed.deployment_version.map(|version| version.build_id),
            Some(said.component)
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_a_worker_has_begun_stays_with_workers() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client().clone();
        let mine = client.script("mine", "start => complete 1").await?;
        let request = PollWorkflowTaskQueueRequest {
            namespace: client.namespace(),
            task_queue: Some(TaskQueue {
                name: "contract".to_owned(),
                ..Default::default()
            }),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = client.temporal().poll_workflow_task_queue(request).await?.into_inner();
        assert_eq!(task.workflow_execution, Some(mine.execution()));

        let deployed = server.deploy("contract-guest", "contract").await?;
        assert!(
            deployed.warnings[0].starts_with("workers poll the task queue contract too"),
            "{:?}",
            deployed.warnings
        );
        let new = client.script("new", "start => complete 2").await?;
        assert_eq!(new.result().await?, "2");
        let said = diagnosis(&client, &mine).await?;
        assert_eq!(said.component, "");
        mine.terminate("").await?;
        Ok(())
    })
    .await
}
