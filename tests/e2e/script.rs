//! Files of TypeScript, built and run by the program alone; and the mistakes that such files have.

use std::process::{Output, Stdio};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::proto::enums::EventType;
use wrt_tests::{Options, Run, Server, with_server};

use crate::diagnosis::problem;

/// A queue, and the name of what serves it.
const CARELESS: &str = "careless";

async fn with_careless(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_server(Options::default(), async |server| {
        let options = DeployOptions {
            name: CARELESS.to_owned(),
            ..Default::default()
        };
        let component = wrt_tests::script("tests/guests/careless/careless.ts")?;
        server.deploy_bytes(options, component).await?;
        test(server).await
    })
    .await
}

async fn start(server: &Server, workflow_type: &str) -> Result<Run> {
    let request = server.client().starting(workflow_type, CARELESS, workflow_type, "");
    Ok(server.client().start(request).await?)
}

#[tokio::test]
async fn a_mistake_of_the_code_fails_the_task_and_says_where() -> Result<()> {
    let cases = [
        ("endlessLoop", "the time limit of 5s for one activation is reached"),
        ("hoard", "out of memory"),
        ("throwNumber", "thrown: 7"),
        ("throwNothing", "thrown: undefined"),
        (
            "bug",
            "TypeError: cannot read property 'push' of undefined\n    at careless.ts:57:3",
        ),
        (
            "loseRejection",
            "unhandled rejection of a promise: Error: nobody listens\n    at careless.ts:61:27",
        ),
        (
            "request",
            "fetch() was called in a workflow, which has no network: call an activity that does",
        ),
        ("returnBigInt", "a value cannot be written as JSON"),
        ("returnCycle", "a value cannot be written as JSON: circular reference"),
    ];
    with_careless(async |server| {
        for (workflow_type, expected) in cases {
            let run = start(server, workflow_type).await?;
            run.wait_for(EventType::WorkflowTaskFailed).await?;
            let problem = problem(server.client(), &run).await?;
            let said = format!("{}\n{}", problem.message, problem.stack_trace);
            assert!(said.contains(expected), "{workflow_type}: {said}");
            run.terminate("").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_mistake_of_an_activity_fails_its_attempt() -> Result<()> {
    let cases = [
        (
            "waitForEver",
            "the activity waits for a promise that nothing can settle any more",
        ),
        ("failWithText", "only text"),
        ("failTooDeep", "Maximum call stack size exceeded"),
        (
            "failForbidden",
            "outgoing HTTP to `not-granted.test` is not granted to this activity",
        ),
    ];
    with_careless(async |server| {
        for (workflow_type, expected) in cases {
            let failure = start(server, workflow_type).await?.failure().await?;
            let cause = failure.cause.context("an activity fails for a reason")?;
            assert!(cause.message.contains(expected), "{workflow_type}: {}", cause.message);
        }
        Ok(())
    })
    .await
}

/// The end of the test replays both runs.
#[tokio::test]
async fn recursion_ends_in_an_error_and_chance_belongs_to_the_run() -> Result<()> {
    with_careless(async |server| {
        let caught = start(server, "endlessRecursion").await?.result().await?;
        assert_eq!(caught, r#""RangeError: Maximum call stack size exceeded""#);
        let drawn: Value = serde_json::from_str(&start(server, "draw").await?.result().await?)?;
        assert_eq!(drawn["order"], json!(["b", "a", "c", "z", "y"]));
        let numbers = &drawn["before"]["numbers"];
        assert_ne!(numbers[0], numbers[1]);
        assert_ne!(numbers[0], drawn["after"]["number"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_function_may_import_when_it_runs() -> Result<()> {
    with_careless(async |server| {
        let imported = start(server, "importLate").await?.result().await?;
        assert!(imported.contains("cart"), "{imported}");
        Ok(())
    })
    .await
}

async fn wrt(arguments: &[&str]) -> Result<Output> {
    let mut command = tokio::process::Command::new(wrt_tests::program("wrt")?);
    command
        .args(arguments)
        .current_dir(wrt_tests::root().join("tests/guests/careless"))
        .stdin(Stdio::null());
    Ok(command.output().await?)
}

#[tokio::test]
async fn one_command_runs_a_workflow_to_its_end() -> Result<()> {
    let run = wrt(&[
        "run",
        "cart.ts",
        "--input",
        r#"["pen", "book"]"#,
        "--env",
        "CURRENCY=EUR",
    ])
    .await?;
    let (shown, result) = (String::from_utf8(run.stderr)?, String::from_utf8(run.stdout)?);
    assert_eq!(run.status.code(), Some(0), "{shown}");
    assert!(result.contains(r#""total": "700 EUR""#), "{result}");
    for step in [
        "WorkflowExecutionStarted",
        "ActivityTaskCompleted",
        "asked for all prices",
    ] {
        assert!(shown.contains(step), "{step} in {shown}");
    }

    let run = wrt(&["run", "careless.ts"]).await?;
    let said = String::from_utf8(run.stderr)?;
    assert!(said.contains("the file defines the workflow types bug, draw"), "{said}");
    let run = wrt(&["run", "careless.ts", "--type", "bug"]).await?;
    let said = String::from_utf8(run.stderr)?;
    assert!(
        said.contains("the workflow's code fails: TypeError: cannot read property 'push' of undefined"),
        "{said}"
    );
    assert_eq!(run.status.code(), Some(1));
    Ok(())
}
