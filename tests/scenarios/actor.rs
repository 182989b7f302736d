//! What clients do while a scenario runs.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};
use wrt_model::{
    proto::{
        TaskQueue, WorkflowType,
        enums::{EventType, UpdateWorkflowExecutionLifecycleStage as Stage},
        testservice::SleepRequest,
        update::WaitPolicy,
        workflowservice::SignalWithStartWorkflowExecutionRequest,
    },
    time::proto_span,
};
use wrt_tests::{
    Client, Run,
    patterns::{arguments, outcome, updating},
};

use crate::{end, history::equal, language::QUEUE, scenario::Scenario};

/// A client of one run.
pub(crate) struct Actor<'a> {
    client: &'a Client,
    run: Run,
}

impl<'a> Actor<'a> {
    /// Starts the run; together with a signal, if the first act says so.
    pub(crate) async fn start(client: &'a Client, scenario: &Scenario) -> Result<Self> {
        let input = scenario.argument();
        let run = match scenario.client.first() {
            Some(act) if act.contains_key("with_start") => signal_with_start(client, scenario, act).await?,
            _ => {
                let request = client.starting("Scenario", QUEUE, &scenario.name, &input.to_string());
                client.start(request).await?
            }
        };
        Ok(Actor { client, run })
    }

    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// Does everything, in order.
    pub(crate) async fn act(&self, scenario: &Scenario) -> Result<()> {
        for (index, act) in scenario.client.iter().enumerate() {
            if !act.contains_key("with_start") {
                let done = self.act_once(index, act).await;
                done.with_context(|| format!("{}", Value::from(act.clone())))?;
            }
        }
        Ok(())
    }

    async fn act_once(&self, index: usize, act: &Map<String, Value>) -> Result<()> {
        let input = values(act);
        for (verb, of) in act {
            let name = of.as_str().unwrap_or_default();
            match verb.as_str() {
                "signal" => {
                    let input = input.first().map(Value::to_string).unwrap_or_default();
                    return Ok(self.run.signal(name, &input).await?);
                }
                "query" => return check(act, self.query(name, &input).await),
                "update" => return check(act, self.update(index, name, &input, Stage::Completed).await),
                "start_update" => {
                    return self
                        .update(index, name, &input, Stage::Accepted)
                        .await
                        .map(drop)
                        .map_err(anyhow::Error::msg);
                }
                "cancel" => return Ok(self.run.cancel("by the client").await?),
                "terminate" => return Ok(self.run.terminate("by the client").await?),
                "wait_for" => return self.wait_for(name, act.get("count")).await,
                "skip_ms" => return self.skip(of.as_u64().context("how long")?).await,
                _ => {}
            }
        }
        bail!("there is no such act")
    }

    async fn query(&self, name: &str, input: &[Value]) -> Result<Value, String> {
        let mut asking = self.run.asking(name, "");
        asking.query.get_or_insert_default().query_args = arguments(input);
        let answer = self.client.temporal().query_workflow(asking).await;
        let answer = answer.map_err(|status| status.message().to_owned())?.into_inner();
        end::value(answer.query_result.as_ref()).map_err(|error| error.to_string())
    }

    /// The error is the handler's, the validator's, or the server's refusal.
    async fn update(&self, index: usize, name: &str, input: &[Value], stage: Stage) -> Result<Value, String> {
        let mut request = updating(self.client, &self.run, &format!("update-{index}"), name, input);
        request.wait_policy = Some(WaitPolicy {
            lifecycle_stage: stage as i32,
        });
        let answer = self.client.temporal().update_workflow_execution(request).await;
        let answer = answer.map_err(|status| status.message().to_owned())?.into_inner();
        match stage {
            Stage::Completed => outcome(&answer),
            _ => Ok(Value::Null),
        }
    }

    async fn wait_for(&self, name: &str, count: Option<&Value>) -> Result<()> {
        let wanted = EventType::from_str_name(&screaming(name)).with_context(|| format!("there is no event {name}"))?;
        let count = count.and_then(Value::as_u64).unwrap_or(1);
        let seen = std::cell::Cell::new(0);
        let is_last = |event_type: EventType| {
            seen.set(seen.get() + u64::from(event_type == wanted));
            seen.get() == count
        };
        self.run.wait_until(name, |event| is_last(event.event_type())).await?;
        Ok(())
    }

    async fn skip(&self, milliseconds: u64) -> Result<()> {
        let request = SleepRequest {
            duration: Some(proto_span(Duration::from_millis(milliseconds))),
        };
        self.client.clock().unlock_time_skipping_with_sleep(request).await?;
        Ok(())
    }
}

async fn signal_with_start(client: &Client, scenario: &Scenario, act: &Map<String, Value>) -> Result<Run> {
    let request = SignalWithStartWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_id: scenario.name.clone(),
        workflow_type: Some(WorkflowType {
            name: "Scenario".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: QUEUE.to_owned(),
            ..Default::default()
        }),
        input: arguments(&[scenario.argument()]),
        signal_name: act["signal"].as_str().unwrap_or_default().to_owned(),
        signal_input: arguments(&values(act)),
        ..Default::default()
    };
    let started = client.temporal().signal_with_start_workflow_execution(request).await?;
    Ok(client.run(&scenario.name, &started.into_inner().run_id))
}

fn values(act: &Map<String, Value>) -> Vec<Value> {
    act.get("input").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Compares an answer, or an error, with the one that is expected.
fn check(act: &Map<String, Value>, answer: Result<Value, String>) -> Result<()> {
    match (act.get("error").and_then(Value::as_str), answer) {
        (Some(expected), Err(error)) => ensure!(error.contains(expected), "the error is {error:?}"),
        (Some(_), Ok(answer)) => bail!("the answer is {answer}, and no error"),
        (None, Ok(answer)) => ensure!(equal(&answer, &act["answer"]), "the answer is {answer}"),
        (None, Err(error)) => bail!("the answer is an error: {error}"),
    }
    Ok(())
}

/// `TimerStarted` as `EVENT_TYPE_TIMER_STARTED`.
fn screaming(name: &str) -> String {
    let mut screaming = "EVENT_TYPE".to_owned();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            screaming.push('_');
        }
        screaming.push(letter.to_ascii_uppercase());
    }
    screaming
}
