//! Signals, alone and together with a start.

use anyhow::Result;
use tonic::Code;
use wrt_model::{
    payload,
    proto::{
        TaskQueue, WorkflowType,
        enums::EventType,
        workflowservice::{SignalWithStartWorkflowExecutionRequest, SignalWorkflowExecutionRequest},
    },
};
use wrt_tests::{Client, Run};

use crate::{assert_refused, with_contract};

#[tokio::test]
async fn signals_arrive_in_the_order_in_which_they_were_sent() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", "signal last => complete").await?;
        for number in 0..20 {
            run.signal("next", &number.to_string()).await?;
        }
        run.signal("last", "").await?;
        let transcript = run.result().await?;
        let heard: Vec<_> = transcript
            .lines()
            .filter(|line| line.starts_with("signal next"))
            .collect();
        let expected: Vec<_> = (0..20)
            .map(|number| format!("signal next [{number}] from wrt-tests with {{}}"))
            .collect();
        assert_eq!(heard, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_signal_that_is_sent_again_is_taken_once() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let run = client.script("w", "").await?;
        for _ in 0..2 {
            let request = SignalWorkflowExecutionRequest {
                namespace: client.namespace(),
                workflow_execution: Some(run.execution()),
                signal_name: "go".to_owned(),
                request_id: "once".to_owned(),
                ..Default::default()
            };
            client.temporal().signal_workflow_execution(request).await?;
        }
        assert_eq!(signals(&run).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_signal_to_nobody_is_refused() -> Result<()> {
    with_contract(async |server| {
        let nobody = server.client().run("nobody", "");
        assert_refused(nobody.signal("go", "").await, Code::NotFound, "nobody");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_signal_starts_the_workflow_that_is_not_running() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let script = "signal go => timer 3600\nsignal end => complete";
        let (first, started) = signal_with_start(client, "go", script).await?;
        assert!(started);
        let (again, started) = signal_with_start(client, "go", script).await?;
        assert!(!started, "it is running");
        assert_eq!(again.run_id, first.run_id);
        assert_eq!(signals(&first).await?, 2);

        first.signal("end", "").await?;
        assert!(first.result().await?.contains("started timer 2"));
        let (next, started) = signal_with_start(client, "go", script).await?;
        assert!(started, "it is over");
        assert_ne!(next.run_id, first.run_id);
        assert_eq!(next.event_types().await?[1], EventType::WorkflowExecutionSignaled);
        Ok(())
    })
    .await
}

async fn signal_with_start(client: &Client, name: &str, script: &str) -> Result<(Run, bool)> {
    let request = SignalWithStartWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_id: "w".to_owned(),
        workflow_type: Some(WorkflowType {
            name: "Scripted".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: "contract".to_owned(),
            ..Default::default()
        }),
        input: payload::payloads(vec![payload::json(script)]),
        signal_name: name.to_owned(),
        ..Default::default()
    };
    let answer = client
        .temporal()
        .signal_with_start_workflow_execution(request)
        .await?
        .into_inner();
    Ok((client.run("w", &answer.run_id), answer.started))
}

async fn signals(run: &Run) -> Result<usize> {
    let types = run.event_types().await?.into_iter();
    Ok(types
        .filter(|&event| event == EventType::WorkflowExecutionSignaled)
        .count())
}
