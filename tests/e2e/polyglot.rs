//! One workflow in several languages, with the same behaviour to the last command.

use anyhow::Result;
use serde_json::Value;
use wrt_model::proto::enums::EventType;
use wrt_tests::{Options, Worker, with_server};

/// The guests, one per language.
const GUESTS: [&str; 2] = ["polyglot-javascript", "polyglot-python"];

#[tokio::test]
async fn every_language_plays_the_same_story() -> Result<()> {
    with_server(Options::default(), async |server| {
        for guest in GUESTS {
            server.deploy(guest, guest).await?;
            let client = server.client();
            let input = r#"{"name": "Ada", "nap_ms": 50}"#;
            let run = client
                .start(client.starting("PolyglotWorkflow", guest, guest, input))
                .await?;
            assert_eq!(run.query("status", "").await?, "\"greeting\"");
            let worker = Worker::new(client, guest);
            let task = worker.poll().await?;
            assert_eq!(task.activity_type.unwrap_or_default().name, "Greet");
            worker.complete(&task.task_token, "\"Hello, Ada\"").await?;
            run.wait_for(EventType::TimerFired).await?;
            assert_eq!(run.query("status", "").await?, "\"waiting-for-approval\"");
            run.signal("approve", "\"Grace\"").await?;
            let result: Value = serde_json::from_str(&run.result().await?)?;
            assert_eq!(result["greeting"], "Hello, Ada");
            assert_eq!(result["approved_by"], "Grace");
            assert!(
                result["random"].is_number() && result["started_at"].is_string(),
                "{result}"
            );
            assert_eq!(run.query("status", "").await?, "\"done\"");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_language_can_be_canceled_and_survives_a_crash() -> Result<()> {
    with_server(Options::default(), async |server| {
        for guest in GUESTS {
            server.deploy(guest, guest).await?;
            let client = server.client().clone();
            let input = r#"{"name": "Ada", "nap_ms": 3600000}"#;
            let run = client
                .start(client.starting("PolyglotWorkflow", guest, guest, input))
                .await?;
            let worker = Worker::new(&client, guest);
            worker
                .complete(&worker.poll().await?.task_token, "\"Hello, Ada\"")
                .await?;
            run.wait_for(EventType::TimerStarted).await?;
            server.kill().await?;
            server.restart().await?;
            assert_eq!(run.query("status", "").await?, "\"napping\"");
            run.cancel("too long").await?;
            assert_eq!(run.end().await?, EventType::WorkflowExecutionCanceled);
            assert_eq!(run.query("status", "").await?, "\"canceled\"");
        }
        Ok(())
    })
    .await
}
