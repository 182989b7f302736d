//! Guests that misbehave: each gets a clear error, and others are not disturbed.

use anyhow::{Context as _, Result};
use tonic::{Code, Status};
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::{
    Digest, WorkflowKey,
    proto::{
        EventAttributes,
        enums::{EventType, WorkflowTaskFailedCause},
        workflowservice::DescribeNamespaceRequest,
    },
};
use wrt_store::{Commit, RunWrite, Store, StoreOptions};
use wrt_tests::{Client, Options, Run, Server, guest, with_server};

use crate::{assert_refused, deployment::idle};

/// A server whose guests may not compute for long.
async fn with_guests(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    let options = Options {
        limits: "activation_time = \"2s\"",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("contract-guest", "contract").await?;
        test(server).await
    })
    .await
}

/// The cause and the message of the workflow task that fails.
pub(crate) async fn failed_task(run: &Run) -> Result<(WorkflowTaskFailedCause, String)> {
    match run.wait_for(EventType::WorkflowTaskFailed).await?.attributes {
        Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed)) => {
            Ok((failed.cause(), failed.failure.unwrap_or_default().message))
        }
        other => anyhow::bail!("{other:?} is no failure of a task"),
    }
}

#[tokio::test]
async fn a_guest_that_breaks_a_limit_fails_its_task_and_nobody_elses() -> Result<()> {
    let cases = [
        ("loop", "the time limit of 2s for one activation is reached"),
        ("bomb", "the memory limit of 128 MiB is reached"),
        ("recurse", "the stack limit is reached"),
        ("flood", ""),
        ("panic oh dear", "oh dear"),
        ("exit", "instead of returning"),
        ("sleep", "a workflow must not block its thread"),
        ("error out of cheese", "out of cheese"),
        ("schedule", ""),
        ("fail-empty", ""),
    ];
    with_guests(async |server| {
        let client = server.client();
        for (action, words) in cases {
            let hostile = client.script(action, &format!("start => {action}")).await?;
            let other = client
                .script(&format!("beside {action}"), "start => timer 1\nfired 1 => complete 1")
                .await?;
            let (_, message) = failed_task(&hostile).await?;
            assert!(message.contains(words), "{action}: {message}");
            assert_eq!(other.result().await?, "1", "beside {action}");
            hostile.terminate("it never ends by itself").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_name_that_no_caller_could_give_fails_the_task() -> Result<()> {
    with_guests(async |server| {
        let script = format!("start => schedule {} nothing", "x".repeat(1_001));
        let run = server.client().script("w", &script).await?;
        let (cause, message) = failed_task(&run).await?;
        assert_eq!(cause, WorkflowTaskFailedCause::BadScheduleActivityAttributes);
        assert_eq!(
            message,
            "ActivityType on ScheduleActivityTaskCommand exceeds length limit. Length=1001 Limit=1000"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_task_that_failed_is_tried_again_and_the_run_goes_on() -> Result<()> {
    with_guests(async |server| {
        let run = server
            .client()
            .script("w", "signal bad => panic oh dear\nsignal end => complete 1")
            .await?;
        run.signal("bad", "").await?;
        failed_task(&run).await?;
        let pending = run.describe().await?.pending_workflow_task;
        assert!(pending.context("the task waits for its next attempt")?.attempt >= 2);
        assert!(
            run.query("transcript", "").await.is_ok(),
            "it answers from where it was"
        );
        run.terminate("").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_query_that_traps_changes_nothing() -> Result<()> {
    let cases = [
        ("panic oh dear", "oh dear"),
        ("loop", "time limit"),
        ("bomb", "memory limit"),
        ("recurse", "stack limit"),
        ("timer 1", "query"),
        ("complete", "query"),
    ];
    with_guests(async |server| {
        let run = server
            .client()
            .script("w", "start => random\nsignal end => complete")
            .await?;
        let before = run.query("transcript", "").await?;
        for (action, words) in cases {
            assert_refused(run.query("act", action).await, Code::InvalidArgument, words);
            assert_eq!(run.query("transcript", "").await?, before, "after {action}");
        }
        run.signal("end", "").await?;
        assert!(run.result().await?.starts_with(&before));
        Ok(())
    })
    .await
}

// === What is deployed ===

#[tokio::test]
async fn what_is_no_component_of_ours_is_refused() -> Result<()> {
    let stranger = r#"(component
        (import "acme:db/query@1.0.0" (instance))
        (instance $guest)
        (export "wrt:workflow/guest@0.1.0" (instance $guest)))"#;
    let cases: [(Vec<u8>, &str); 5] = [
        (b"#!/bin/sh".to_vec(), "the file is not WebAssembly"),
        (Vec::new(), "the file is not WebAssembly"),
        (b"\0asm\x0d\0\x01\0 and no more".to_vec(), "read the component"),
        (
            wat::parse_str("(module)")?,
            "exports neither `wrt:workflow/guest@0.1.0`",
        ),
        (wat::parse_str(stranger)?, "imports `acme:db/query@1.0.0`"),
    ];
    with_guests(async |server| {
        for (bytes, words) in cases {
            let options = DeployOptions {
                name: "bad".to_owned(),
                ..Default::default()
            };
            assert_refused(
                server.client().deploy(options, &bytes).await,
                Code::InvalidArgument,
                words,
            );
        }
        let large = vec![0; 65 << 20];
        let refused = server.client().deploy(DeployOptions::default(), &large).await;
        assert_refused(refused, Code::ResourceExhausted, "larger than 67108864 bytes");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn half_a_component_is_refused() -> Result<()> {
    with_guests(async |server| {
        let whole = guest("contract-guest")?;
        let half = &whole[..whole.len() / 2];
        let refused = server.client().deploy(DeployOptions::default(), half).await;
        assert_refused(refused, Code::InvalidArgument, "");
        Ok(())
    })
    .await
}

// === What is sent ===

#[tokio::test]
async fn a_hundred_megabytes_are_refused_and_the_server_lives() -> Result<()> {
    with_guests(async |server| {
        let client = server.client();
        let huge = "x".repeat(100 << 20);
        assert_refused(
            client.script("huge", &huge).await,
            Code::ResourceExhausted,
            "grpc: received message larger than max",
        );
        let run = client.script("w", "").await?;
        let refused: Result<(), Status> = run.signal("go", &huge).await;
        assert_refused(
            refused,
            Code::ResourceExhausted,
            "grpc: received message larger than max",
        );
        assert_eq!(
            client.script("small", "start => complete 1").await?.result().await?,
            "1"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn input_of_the_wrong_type_fails_the_workflow_with_its_place() -> Result<()> {
    let cases = [
        ("5", "invalid type: integer"),
        ("{\"user_id\": 7}", "invalid type: integer `7`, expected a string"),
        ("not json", "expected"),
        ("[\"a\", \"b\"]", "invalid"),
        ("{}", "missing field `user_id`"),
    ];
    with_guests(async |server| {
        server.deploy("order-saga-workflow", "orders").await?;
        for (input, words) in cases {
            let client = server.client();
            let request = client.starting("OrderWorkflow", "orders", input, input);
            let failure = client.start(request).await?.failure().await?;
            let is_explained = failure.message.starts_with("decode ") && failure.message.contains(words);
            assert!(is_explained, "{input}: {}", failure.message);
        }
        Ok(())
    })
    .await
}

// === Another version ===

/// Nothing in the API moves a run to another version without a check, so the test writes it into the database.
#[tokio::test]
async fn a_run_on_a_version_that_diverges_is_told_where() -> Result<()> {
    with_guests(async |server| {
        let run = server
            .client()
            .script("w", "start => timer 3600\nsignal end => complete")
            .await?;
        let other = server.client().script("other", "signal end => complete 1").await?;
        let options = DeployOptions {
            name: "contract-guest".to_owned(),
            ..Default::default()
        };
        let deployed = server
            .deploy_bytes(options, idle()?)
            .await?
            .component
            .context("a component")?;
        let namespace_id = namespace_id(server.client()).await?;
        server.kill().await?;
        move_run(server, WorkflowKey::new(namespace_id, "w"), &deployed.digest).await?;
        server.restart().await?;

        run.signal("end", "").await?;
        let (cause, message) = failed_task(&run).await?;
        assert_eq!(cause, WorkflowTaskFailedCause::NonDeterministicError);
        assert!(message.contains("the workflow diverges from its history"), "{message}");
        assert!(message.contains("TimerStarted") && message.contains('5'), "{message}");
        other.signal("end", "").await?;
        assert_eq!(other.result().await?, "1");
        Ok(())
    })
    .await
}

async fn namespace_id(client: &Client) -> Result<String> {
    let request = DescribeNamespaceRequest {
        namespace: client.namespace(),
        ..Default::default()
    };
    let described = client.temporal().describe_namespace(request).await?.into_inner();
    Ok(described.namespace_info.context("it is described")?.id)
}

async fn move_run(server: &Server, key: WorkflowKey, digest: &str) -> Result<()> {
    let store = Store::open(StoreOptions {
        path: Some(server.database()),
        readers: 1,
    })
    .await?;
    let mut stored = store.current_run(&key).await?.context("the run is stored")?;
    stored.run.component = Digest::parse(digest).context("it is a digest")?.to_string();
    let write = RunWrite {
        written: stored.run.clone().write(),
        run: &stored.run,
        version: stored.version,
        history: None,
        is_current: true,
        upserts_search_attributes: false,
        changes_status: false,
    };
    store.commit(Commit::from_iter([write])).await?;
    store.close().await;
    Ok(())
}
