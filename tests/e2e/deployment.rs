//! Versions of a component: new runs start on the current one, open runs stay on theirs.

use anyhow::{Context as _, Result};
use prost_types::FieldMask;
use tonic::{Code, Status};
use wrt_api::proto::wrt::v1::{
    DeleteVersionRequest, DeployOptions, DescribeDeploymentRequest, SetCurrentVersionRequest,
};
use wrt_model::proto::{
    EventAttributes, HistoryEvent, WorkerDeploymentVersion,
    enums::EventType,
    workflow::{
        VersioningOverride, WorkflowExecutionOptions,
        versioning_override::{Override, PinnedOverride, PinnedOverrideBehavior},
    },
    workflowservice::UpdateWorkflowExecutionOptionsRequest,
};
use wrt_tests::{Client, Run, Server};

use crate::{assert_refused, with_contract};

/// A component that defines `Scripted` as the guest `contract` does, and then does nothing.
pub(crate) fn idle() -> Result<Vec<u8>> {
    let mut module = wat::parse_str(include_str!("idle.wat"))?;
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(wrt_tests::root().join("wit"))?;
    let world = resolve.select_world(&[package], Some("workflow"))?;
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding)?;
    Ok(module)
}

/// Deploys a second version of the guest `contract`, and returns its digest.
pub(crate) async fn deploy_idle(server: &mut Server) -> Result<String> {
    let options = DeployOptions {
        name: "contract-guest".to_owned(),
        ..Default::default()
    };
    let deployed = server.deploy_bytes(options, idle()?).await?;
    Ok(deployed.component.context("there is a component")?.digest)
}

/// The component that a completed task names, because it is another one than before.
pub(crate) fn build_id(event: &HistoryEvent) -> Option<String> {
    match &event.attributes {
        Some(EventAttributes::WorkflowTaskCompletedEventAttributes(completed)) => {
            Some(completed.deployment_version.as_ref()?.build_id.clone())
        }
        _ => None,
    }
}

async fn set_current(client: &Client, digest: &str) -> Result<(), tonic::Status> {
    let request = SetCurrentVersionRequest {
        namespace: client.namespace(),
        name: "contract-guest".to_owned(),
        digest_prefix: digest[..12].to_owned(),
    };
    client.components().set_current_version(request).await.map(drop)
}

async fn delete(client: &Client, digest: &str) -> Result<(), tonic::Status> {
    let request = DeleteVersionRequest {
        namespace: client.namespace(),
        name: "contract-guest".to_owned(),
        digest_prefix: digest.to_owned(),
    };
    client.components().delete_version(request).await.map(drop)
}

/// The digests of the versions, oldest first, and the current one.
async fn versions(client: &Client) -> Result<(Vec<String>, String)> {
    let request = DescribeDeploymentRequest {
        namespace: client.namespace(),
        name: "contract-guest".to_owned(),
    };
    let described = client.components().describe_deployment(request).await?.into_inner();
    let deployment = described.deployment.context("it is described")?;
    let versions = deployment.versions.into_iter().map(|version| version.digest);
    Ok((versions.collect(), deployment.current_digest))
}

#[tokio::test]
async fn open_runs_stay_on_their_version_and_new_ones_start_on_the_current_one() -> Result<()> {
    with_contract(async |server| {
        let old = server.client().script("old", "signal end => complete 1").await?;
        let (before, _) = versions(server.client()).await?;
        let digest = deploy_idle(server).await?;
        let (after, current) = versions(server.client()).await?;
        assert_eq!((after, current), (vec![before[0].clone(), digest.clone()], digest));

        let new = server.client().script("new", "signal end => complete 2").await?;
        server.kill().await?;
        server.restart().await?;
        new.signal("end", "").await?;
        old.signal("end", "").await?;
        assert_eq!(old.result().await?, "1");
        assert_eq!(
            new.event_types().await?.last(),
            Some(&EventType::WorkflowTaskCompleted),
            "the new version does nothing"
        );

        set_current(server.client(), &before[0]).await?;
        let back = server.client().script("back", "start => complete 3").await?;
        assert_eq!(back.result().await?, "3");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_whose_task_fails_goes_on_with_the_version_that_mends_it() -> Result<()> {
    with_contract(async |server| {
        let mended = server.client().script("mended", "signal boom => panic oh").await?;
        let other = server
            .client()
            .script("other", "start => timer 3600\nsignal boom => panic oh")
            .await?;
        for run in [&mended, &other] {
            run.signal("boom", "").await?;
            run.wait_for(EventType::WorkflowTaskFailed).await?;
        }
        // It does nothing, which is what the first run has done so far, and not what the other one has.
        let digest = deploy_idle(server).await?;
        let moved = |event: &HistoryEvent| build_id(event).as_deref() == Some(&digest);
        mended.wait_until("a task of the new version", moved).await?;
        mended.signal("boom", "").await?;
        mended
            .wait_until("the next task", |event| {
                event.event_type() == EventType::WorkflowTaskCompleted && !moved(event) && event.event_id > 8
            })
            .await?;

        // The old version answers queries, the new one traps.
        let transcript = other.query("transcript", "").await?;
        assert!(transcript.contains("started timer 1"), "{transcript}");
        server.kill().await?;
        server.restart().await?;
        let transcript = other.query("transcript", "").await?;
        assert!(transcript.contains("started timer 1"), "{transcript}");
        other.terminate("it cannot be mended").await?;
        Ok(())
    })
    .await
}

/// Chooses the version of a run; without one, whoever chose before is forgotten.
async fn choose(client: &Client, run: &Run, chosen: Option<Override>) -> Result<(), Status> {
    let request = UpdateWorkflowExecutionOptionsRequest {
        namespace: client.namespace(),
        workflow_execution: Some(run.execution()),
        workflow_execution_options: Some(WorkflowExecutionOptions {
            versioning_override: chosen.map(|chosen| VersioningOverride {
                r#override: Some(chosen),
                ..Default::default()
            }),
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["versioning_override".to_owned()],
        }),
        ..Default::default()
    };
    client.temporal().update_workflow_execution_options(request).await?;
    Ok(())
}

fn pinned(digest: &str) -> Option<Override> {
    Some(Override::Pinned(PinnedOverride {
        behavior: PinnedOverrideBehavior::Pinned as i32,
        version: Some(WorkerDeploymentVersion {
            build_id: digest.to_owned(),
            ..Default::default()
        }),
    }))
}

#[tokio::test]
async fn an_operator_chooses_the_version_of_a_run() -> Result<()> {
    with_contract(async |server| {
        let client = server.client().clone();
        let run = client.script("w", "signal end => complete 1").await?;
        let other = client
            .script("other", "start => timer 3600\nsignal end => complete 2")
            .await?;
        other.wait_for(EventType::TimerStarted).await?;
        run.signal("note", "").await?;
        let old = versions(&client).await?.1;
        let new = deploy_idle(server).await?;

        let unknown = choose(&client, &run, pinned(&"0".repeat(64))).await;
        assert_refused(unknown, Code::FailedPrecondition, "has been deployed; deploy it");
        let nonsense = choose(&client, &run, pinned("1.0")).await;
        assert_refused(nonsense, Code::InvalidArgument, "is no digest of one");

        choose(&client, &run, pinned(&new)).await?;
        choose(&client, &other, Some(Override::AutoUpgrade(true))).await?;
        let info = run.describe().await?.workflow_execution_info.unwrap_or_default();
        let versioning = info.versioning_info.context("it has been chosen")?;
        assert_eq!(
            versioning.versioning_override.and_then(|it| it.r#override),
            pinned(&new)
        );
        for run in [&run, &other] {
            run.signal("note", "").await?;
        }
        run.wait_until("a task of the new version", |event| {
            build_id(event).as_deref() == Some(&new)
        })
        .await?;

        // It comes back, too. The other one never went: the new version starts no timer.
        choose(&client, &run, pinned(&old)).await?;
        server.kill().await?;
        server.restart().await?;
        for (run, result) in [(&run, "1"), (&other, "2")] {
            run.signal("end", "").await?;
            assert_eq!(run.result().await?, result);
        }
        assert_refused(choose(&client, &run, None).await, Code::NotFound, "already completed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_version_in_use_is_not_deleted() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", "signal end => complete 1").await?;
        let (before, _) = versions(server.client()).await?;
        let old = before[0].clone();
        assert_refused(
            delete(server.client(), &old).await,
            Code::FailedPrecondition,
            "1 open runs use version",
        );
        let new = deploy_idle(server).await?;
        assert_refused(
            delete(server.client(), &old).await,
            Code::FailedPrecondition,
            "1 open runs use version",
        );
        assert_refused(
            delete(server.client(), &new).await,
            Code::FailedPrecondition,
            "is the current one",
        );
        run.signal("end", "").await?;
        run.closed().await?;
        delete(server.client(), &old).await?;
        assert_eq!(versions(server.client()).await?.0, [new]);
        assert!(
            run.query("transcript", "").await?.contains("signal end"),
            "a closed run still answers"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_same_bytes_again_are_the_same_version() -> Result<()> {
    with_contract(async |server| {
        server.deploy("contract-guest", "contract").await?;
        assert_eq!(versions(server.client()).await?.0.len(), 1);
        let options = DeployOptions {
            name: "rival".to_owned(),
            task_queue: "contract".to_owned(),
            ..Default::default()
        };
        assert_refused(
            server.client().deploy(options, &idle()?).await,
            Code::FailedPrecondition,
            "deployment contract-guest serves the type Scripted",
        );
        Ok(())
    })
    .await
}
