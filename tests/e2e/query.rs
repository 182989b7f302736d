//! Queries: on runs that wait in memory, that were dropped from it, and that are over.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tonic::Code;
use wrt_model::{
    proto::enums::{QueryRejectCondition, WorkflowExecutionStatus},
    time::proto_span,
};
use wrt_tests::{Options, with_server};

use crate::{assert_refused, with_contract};

/// Its randomness is noted at the start, so that an answer shows whether the state is the one that was.
const SCRIPT: &str = "start => random; now; timer 3600\nsignal go => random\nsignal end => complete";

#[tokio::test]
async fn a_waiting_run_answers_and_goes_on_undisturbed() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", SCRIPT).await?;
        let answer = run.query("transcript", "").await?;
        assert!(answer.starts_with("Scripted of default/w/"), "{answer}");
        assert_eq!(run.query("transcript", "").await?, answer);
        assert_eq!(run.query("echo", "[1,2]").await?, "[1,2]");
        run.signal("go", "").await?;
        let later = run.query("transcript", "").await?;
        assert!(later.starts_with(&answer) && later.len() > answer.len(), "{later}");
        run.signal("end", "").await?;
        let result = run.result().await?;
        assert_eq!(run.query("transcript", "").await?, result, "a closed run answers too");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_was_dropped_from_memory_is_rebuilt_to_answer() -> Result<()> {
    let options = Options {
        limits: "parked_memory_mib = 0",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("contract-guest", "contract").await?;
        let run = server.client().script("w", SCRIPT).await?;
        let answer = run.query("transcript", "").await?;
        assert_eq!(run.query("transcript", "").await?, answer);
        server.kill().await?;
        server.restart().await?;
        assert_eq!(run.query("transcript", "").await?, answer, "as it was before the crash");
        run.signal("end", "").await?;
        assert!(run.result().await?.starts_with(&answer));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_query_can_be_rejected_by_the_status_of_the_run() -> Result<()> {
    use QueryRejectCondition as R;
    let cases = [
        ("start => complete 1", R::None, None),
        (
            "start => complete 1",
            R::NotOpen,
            Some(WorkflowExecutionStatus::Completed),
        ),
        ("start => complete 1", R::NotCompletedCleanly, None),
        (
            "start => fail no",
            R::NotCompletedCleanly,
            Some(WorkflowExecutionStatus::Failed),
        ),
        ("", R::NotOpen, None),
    ];
    with_contract(async |server| {
        let client = server.client();
        for (index, (script, condition, expected)) in cases.into_iter().enumerate() {
            let run = client.script(&format!("w{index}"), script).await?;
            if !script.is_empty() {
                run.closed().await?;
            }
            let mut request = run.asking("transcript", "");
            request.query_reject_condition = condition as i32;
            let answer = client.temporal().query_workflow(request).await?.into_inner();
            let rejected = answer.query_rejected.map(|rejected| rejected.status());
            assert_eq!(rejected, expected, "{script:?} {condition:?}");
            assert_eq!(answer.query_result.is_none(), expected.is_some());
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_component_answers_what_tools_ask() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let script = "start => now; timer 3600; schedule bake\nsignal go => timer 7200\nsignal end => complete";
        let run = client.script("w", script).await?;
        run.signal("go", "").await?;

        let metadata: Value = serde_json::from_str(&run.query("__temporal_workflow_metadata", "").await?)?;
        assert_eq!(metadata["definition"]["type"], "Scripted");
        let queries = metadata["definition"]["queryDefinitions"]
            .as_array()
            .context("queries")?;
        assert!(queries.iter().any(|query| query["name"] == "transcript"), "{metadata}");

        let stack: String = serde_json::from_str(&run.query("__stack_trace", "").await?)?;
        let waits: Vec<&str> = stack.split("\n\n").collect();
        assert_eq!(waits.len(), 3, "{stack}");
        assert!(waits[0].starts_with("waits for timer 1, due at 20"), "{stack}");
        assert!(waits[1].starts_with("waits for activity bake"), "{stack}");
        assert!(waits[2].starts_with("waits for timer 3, due at 20"), "{stack}");
        for wait in waits {
            assert!(wait.contains("contract_guest::actions::act"), "{stack}");
        }

        let trace: Value = serde_json::from_str(&run.query("__enhanced_stack_trace", "").await?)?;
        assert_eq!(trace["sdk"]["name"], "contract-guest");
        let stacks = trace["stacks"].as_array().context("stacks")?;
        assert_eq!(stacks.len(), 3, "{trace}");
        assert!(
            stacks[0]["locations"].as_array().is_some_and(|frames| frames.len() > 2),
            "{trace}"
        );

        run.signal("end", "").await?;
        run.closed().await?;
        let over: String = serde_json::from_str(&run.query("__stack_trace", "").await?)?;
        assert_eq!(over, "the workflow is over and waits for nothing");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", SCRIPT).await?;
        assert_refused(
            run.query("nonsense", "").await,
            Code::InvalidArgument,
            "unknown queryType nonsense. KnownQueryTypes=[__enhanced_stack_trace __stack_trace \
             __temporal_workflow_metadata transcript]",
        );
        assert_refused(
            client.run("nobody", "").query("transcript", "").await,
            Code::NotFound,
            "nobody",
        );

        let mut request = client.starting("Scripted", "contract", "late", "start => complete");
        request.workflow_start_delay = Some(proto_span(Duration::from_secs(3600)));
        let late = client.start(request).await?;
        assert_refused(
            late.query("transcript", "").await,
            Code::FailedPrecondition,
            "before its first workflow task",
        );
        late.terminate("").await?;
        let described = late
            .describe()
            .await?
            .workflow_execution_info
            .context("it is described")?;
        assert_eq!(described.status(), WorkflowExecutionStatus::Terminated);
        Ok(())
    })
    .await
}
