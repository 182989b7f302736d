//! Records golden histories: plays the stories on a server, and keeps those that are new.

use anyhow::Result;
use serde_json::Value;
use wrt_model::proto::enums::EventType;
use wrt_tests::{Golden, Options, Orders, Run, Server, Worker, guest, with_server};

/// Stories of the scripted workflow: the name, the script, and what is done to the run: signals by their name, or
/// `cancel`. Each word of the contract comes up in one of them.
const SCRIPTS: [(&str, &str, &[&str]); 8] = [
    ("result", "start => complete 5", &[]),
    ("failure", "start => fail no luck", &[]),
    (
        "timers",
        "start => timer 1; timer 3600\nfired 1 => cancel-timer 2; timer 1\nfired 3 => complete",
        &[],
    ),
    (
        "signals",
        "signal a => timer 3600\nsignal b => random; now; elapsed\nsignal c => complete",
        &["a", "b", "c"],
    ),
    ("cancel", "cancel => timer 1\nfired 1 => canceled", &["cancel"]),
    (
        "activities",
        "start => schedule echo one; schedule fail two; schedule echo three\nresolved 3 => timer 1\nfired 4 => complete",
        &[],
    ),
    (
        "activity-canceled",
        "start => schedule-with a1 nobody Pay; timer 3600\nsignal stop => cancel-activity 1\nresolved 1 => complete",
        &["stop"],
    ),
    ("log", "start => log a line; print another; random; complete", &[]),
];

#[tokio::main]
async fn main() -> Result<()> {
    with_server(Options::default(), async |server| {
        scripts(server).await?;
        orders(server).await?;
        for language in ["polyglot-javascript", "polyglot-python"] {
            polyglot(server, language).await?;
        }
        Ok(())
    })
    .await
}

async fn keep(component: &str, story: &str, run: &Run) -> Result<()> {
    run.closed().await?;
    Golden::keep(component, story, run.history().await?)
}

async fn scripts(server: &mut Server) -> Result<()> {
    server.deploy("contract-guest", "contract").await?;
    let options = wrt_api::proto::wrt::v1::DeployOptions {
        name: "worker-guest".to_owned(),
        task_queue: "contract".to_owned(),
        ..Default::default()
    };
    server.client().deploy(options, &guest("worker-guest")?).await?;
    for (story, script, acts) in SCRIPTS {
        let run = server.client().script(story, script).await?;
        for act in acts {
            match *act {
                "cancel" => run.cancel("no longer needed").await?,
                signal => run.signal(signal, "\"with an argument\"").await?,
            }
        }
        keep("contract-guest", story, &run).await?;
    }
    Ok(())
}

async fn orders(server: &mut Server) -> Result<()> {
    let _orders = Orders::deploy(server).await?;
    let stories = [
        ("completed", "items", "cable", false),
        ("canceled", "items", "cable", true),
        ("out-of-stock", "items", "out-of-stock", false),
    ];
    for (story, key, item, is_canceled) in stories {
        let mut input: Value = Orders::input(if is_canceled { 3_600_000 } else { 10 });
        input[key] = Value::from(vec![item]);
        let client = server.client();
        let run = client
            .start(client.starting("OrderWorkflow", "orders", story, &input.to_string()))
            .await?;
        if is_canceled {
            run.wait_for(EventType::TimerStarted).await?;
            run.signal("cancel-order", "\"changed my mind\"").await?;
        }
        keep("order-saga-workflow", story, &run).await?;
    }
    Ok(())
}

async fn polyglot(server: &mut Server, language: &str) -> Result<()> {
    server.deploy(language, language).await?;
    let client = server.client();
    let input = r#"{"name": "Ada", "nap_ms": 10}"#;
    let run = client
        .start(client.starting("PolyglotWorkflow", language, language, input))
        .await?;
    let worker = Worker::new(client, language);
    worker
        .complete(&worker.poll().await?.task_token, "\"Hello, Ada\"")
        .await?;
    run.wait_for(EventType::TimerFired).await?;
    run.signal("approve", "\"Grace\"").await?;
    keep(language, "approved", &run).await
}
