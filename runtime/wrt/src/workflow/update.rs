//! `wrt workflow update`: ask a workflow for a change and wait for its answer.

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;
use wrt_model::proto::{
    WorkflowExecution,
    enums::UpdateWorkflowExecutionLifecycleStage as Stage,
    update::{Input, Meta, Outcome, Request, UpdateRef, WaitPolicy, outcome},
    workflowservice::{
        PollWorkflowExecutionUpdateRequest, UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse,
    },
};

use super::ExecutionArgs;
use crate::{
    client::{Client, answer, identity},
    context::Context,
    exit::Exit,
    output::{card, heading},
    payload::{self, InputArgs},
};

/// The verbs of updates.
#[derive(Debug, Subcommand)]
pub(crate) enum UpdateCommand {
    Execute(ExecuteArgs),
    Start(StartArgs),
    Result(ResultArgs),
}

/// Send an update and wait for its outcome
#[derive(Debug, Args)]
pub(crate) struct ExecuteArgs {
    #[command(flatten)]
    update: UpdateArgs,
}

/// Send an update and wait until the workflow has accepted or rejected it
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    update: UpdateArgs,
    /// The stage to wait for
    #[arg(long, value_enum, value_name = "STAGE")]
    wait_for_stage: WaitForStage,
}

/// Wait for the outcome of an update that was accepted
#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    #[command(flatten)]
    execution: ExecutionArgs,
    /// The update's id
    #[arg(long, value_name = "ID")]
    update_id: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WaitForStage {
    Accepted,
}

#[derive(Debug, Args)]
struct UpdateArgs {
    #[command(flatten)]
    execution: ExecutionArgs,
    /// The update's name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// An id by which the update is known; the same id again gives the same outcome
    #[arg(long, value_name = "ID")]
    update_id: Option<String>,
    /// Refuse if the workflow's chain of runs did not begin with this one
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    first_execution_run_id: String,
    #[command(flatten)]
    input: InputArgs,
}

impl UpdateCommand {
    /// Does what the verb says.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        match self {
            UpdateCommand::Execute(ExecuteArgs { update }) => {
                let (id, sent) = update.send(&client, Stage::Completed).await?;
                let execution = sent.update_ref.and_then(|update| update.workflow_execution);
                let outcome = match sent.outcome {
                    Some(outcome) => outcome,
                    None => wait(&client, execution.unwrap_or_default(), &id).await?,
                };
                show(context, &id, outcome)
            }
            UpdateCommand::Start(StartArgs {
                update,
                wait_for_stage: WaitForStage::Accepted,
            }) => {
                let (id, sent) = update.send(&client, Stage::Accepted).await?;
                if let Some(outcome) = sent.outcome {
                    return show(context, &id, outcome);
                }
                let text = || format!("{}\n{}", heading("Update:"), card(&[("UpdateId", id.clone())]));
                context.output.one(text, || json!({"updateId": id}))?;
                Ok(Exit::Success)
            }
            UpdateCommand::Result(ResultArgs { execution, update_id }) => {
                let outcome = wait(&client, execution.into(), &update_id).await?;
                show(context, &update_id, outcome)
            }
        }
    }
}

impl UpdateArgs {
    /// Sends the update, and sends it again until the workflow has answered. Returns its id.
    async fn send(self, client: &Client, stage: Stage) -> anyhow::Result<(String, UpdateWorkflowExecutionResponse)> {
        let id = self.update_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let request = UpdateWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(self.execution.into()),
            first_execution_run_id: self.first_execution_run_id,
            wait_policy: Some(WaitPolicy {
                lifecycle_stage: stage as i32,
            }),
            request: Some(Request {
                meta: Some(Meta {
                    update_id: id.clone(),
                    identity: identity(),
                }),
                input: Some(Input {
                    name: self.name,
                    args: self.input.payloads()?,
                    ..Default::default()
                }),
                ..Default::default()
            }),
        };
        loop {
            let sent = client.workflows().update_workflow_execution(request.clone()).await;
            let sent = answer("update workflow", sent)?;
            if sent.stage() != Stage::Admitted {
                return Ok((id, sent));
            }
        }
    }
}

/// Waits for the outcome of an update that was accepted.
async fn wait(client: &Client, execution: WorkflowExecution, id: &str) -> anyhow::Result<Outcome> {
    let request = PollWorkflowExecutionUpdateRequest {
        namespace: client.namespace(),
        update_ref: Some(UpdateRef {
            workflow_execution: Some(execution),
            update_id: id.to_owned(),
        }),
        identity: identity(),
        wait_policy: Some(WaitPolicy {
            lifecycle_stage: Stage::Completed as i32,
        }),
    };
    loop {
        let polled = client.workflows().poll_workflow_execution_update(request.clone()).await;
        if let Some(outcome) = answer("wait for update", polled)?.outcome {
            return Ok(outcome);
        }
    }
}

fn show(context: &Context, id: &str, outcome: Outcome) -> anyhow::Result<Exit> {
    let value = match outcome.value {
        Some(outcome::Value::Failure(failure)) => bail!("update {id} failed: {}", failure.message),
        Some(outcome::Value::Success(payloads)) => payload::value(Some(&payloads)).unwrap_or(Value::Null),
        None => Value::Null,
    };
    let text = || {
        let lines = card(&[("UpdateId", id.to_owned()), ("Result", format!("{value:#}"))]);
        format!("{}\n{lines}", heading("Update:"))
    };
    context.output.one(text, || json!({"updateId": id, "result": value}))?;
    Ok(Exit::Success)
}
