//! `wrt workflow replay`: a component is tried on histories before it is deployed.

use std::process::Output;

use anyhow::Result;
use serde_json::{Value, json};
use wrt_tests::{
    Server,
    patterns::{start, with_patterns},
};

async fn wrt(server: &Server, arguments: &[&str]) -> Result<Output> {
    let mut command = tokio::process::Command::new(wrt_tests::program("wrt")?);
    command
        .args(["workflow", "--address", server.address()])
        .args(arguments);
    Ok(command.output().await?)
}

#[tokio::test]
async fn a_component_is_tried_on_runs_and_on_files() -> Result<()> {
    with_patterns(async |server| {
        let client = server.client();
        let pricing = start(client, "Pricing", "p", &[json!([[100, "EUR"], [200, "JPY"]])]).await?;
        assert_eq!(pricing.result().await?, "10404");
        start(client, "Reminder", "r", &[json!(3_600)]).await?;

        let component = |name: &str| wrt_tests::guests().join(format!("{name}.wasm")).display().to_string();
        let (right, wrong) = (component("patterns-workflows"), component("contract-guest"));
        let all = wrt(server, &["replay", &right, "--query", "", "-o", "json"]).await?;
        assert!(all.status.success(), "{}", String::from_utf8_lossy(&all.stderr));
        let replayed: Vec<Value> = serde_json::from_slice(&all.stdout)?;
        assert_eq!(replayed.len(), 2);
        assert!(replayed.iter().all(|run| run["replays"] == true), "{replayed:?}");

        let other = wrt(server, &["replay", &wrong, "--workflow-id", "p"]).await?;
        let said = String::from_utf8(other.stdout)?;
        assert_eq!(other.status.code(), Some(1), "{said}");
        assert!(said.contains("p") && !said.contains("yes"), "{said}");

        let shown = wrt(server, &["show", "--workflow-id", "p", "-o", "json"]).await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("history.json").display().to_string();
        std::fs::write(&file, shown.stdout)?;
        let from_file = wrt(server, &["replay", &right, "--history", &file]).await?;
        assert!(
            from_file.status.success(),
            "{}",
            String::from_utf8_lossy(&from_file.stdout)
        );

        let none = wrt(server, &["replay", &right]).await?;
        assert_eq!(none.status.code(), Some(2));
        Ok(())
    })
    .await
}
