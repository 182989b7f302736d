//! `wrt workflow query`.

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use wrt_model::proto::{enums::QueryRejectCondition, query::WorkflowQuery, workflowservice::QueryWorkflowRequest};

use super::{ExecutionArgs, status_word};
use crate::{
    client::answer,
    context::Context,
    exit::Exit,
    output::{card, heading},
    payload::{self, InputArgs},
};

/// Ask a workflow about its state, also after its end
#[derive(Debug, Args)]
pub(crate) struct QueryCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    /// The query's name
    #[arg(long, alias = "type", value_name = "NAME")]
    name: String,
    #[command(flatten)]
    input: InputArgs,
    /// When not to ask
    #[arg(long, value_enum, value_name = "CONDITION")]
    reject_condition: Option<RejectCondition>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum RejectCondition {
    NotOpen,
    NotCompletedCleanly,
}

impl QueryCommand {
    /// Asks, and prints the answer.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let input = self.input.payloads()?;
        let client = context.client().await?;
        let condition = match self.reject_condition {
            None => QueryRejectCondition::None,
            Some(RejectCondition::NotOpen) => QueryRejectCondition::NotOpen,
            Some(RejectCondition::NotCompletedCleanly) => QueryRejectCondition::NotCompletedCleanly,
        };
        let request = QueryWorkflowRequest {
            namespace: client.namespace(),
            execution: Some(self.execution.into()),
            query: Some(WorkflowQuery {
                query_type: self.name,
                query_args: input,
                ..Default::default()
            }),
            query_reject_condition: condition as i32,
        };
        let answered = answer("query workflow", client.workflows().query_workflow(request).await)?;
        if let Some(rejected) = answered.query_rejected {
            bail!("query rejected: the workflow is {}", status_word(rejected.status()));
        }
        let value = payload::value(answered.query_result.as_ref()).unwrap_or(Value::Null);
        let text = || {
            let lines = card(&[("QueryResult", format!("{value:#}"))]);
            format!("{}\n{lines}", heading("Query result:"))
        };
        context.output.one(text, || json!({"queryResult": value}))?;
        Ok(Exit::Success)
    }
}
