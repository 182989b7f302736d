//! `wrt workflow query`, and the two questions that every workflow answers: `stack` and `metadata`.

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use wrt_model::proto::{
    Payloads, enums::QueryRejectCondition, query::WorkflowQuery, workflowservice::QueryWorkflowRequest,
};

use super::{ExecutionArgs, status_word};
use crate::{
    client::answer,
    context::Context,
    exit::Exit,
    output::{card, heading, table},
    payload::{self, InputArgs},
};

/// Ask a workflow about its state, also after its end
#[derive(Debug, Args)]
pub(crate) struct QueryCommand {
    #[command(flatten)]
    question: QuestionArgs,
    /// The query's name
    #[arg(long, alias = "type", value_name = "NAME")]
    name: String,
    #[command(flatten)]
    input: InputArgs,
}

/// Show where a workflow waits: what is open of it, and the calls that have asked for that
///
/// A component shows lines of its source if it carries debug information. `--detailed` asks for every frame, as tools read
/// them.
#[derive(Debug, Args)]
pub(crate) struct StackCommand {
    #[command(flatten)]
    question: QuestionArgs,
    /// Show every frame, with its place in the source
    #[arg(long)]
    detailed: bool,
}

/// Show what a workflow takes, signals, queries and updates, and what it says of itself
#[derive(Debug, Args)]
pub(crate) struct MetadataCommand {
    #[command(flatten)]
    question: QuestionArgs,
}

#[derive(Debug, Args)]
struct QuestionArgs {
    #[command(flatten)]
    execution: ExecutionArgs,
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
        let answered = self.question.ask(context, self.name, self.input.payloads()?).await?;
        let value = payload::value(answered.as_ref()).unwrap_or(Value::Null);
        let text = || {
            let lines = card(&[("QueryResult", format!("{value:#}"))]);
            format!("{}\n{lines}", heading("Query result:"))
        };
        context.output.one(text, || json!({"queryResult": value}))?;
        Ok(Exit::Success)
    }
}

impl StackCommand {
    /// Asks, and prints the stacks.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let name = match self.detailed {
            true => "__enhanced_stack_trace",
            false => "__stack_trace",
        };
        let answered = self.question.ask(context, name.to_owned(), None).await?;
        let value = json_of(answered.as_ref());
        let text = || match value.as_str() {
            Some(text) => text.to_owned(),
            None => format!("{value:#}"),
        };
        context.output.one(text, || json!({"queryResult": value}))?;
        Ok(Exit::Success)
    }
}

impl MetadataCommand {
    /// Asks, and prints what the workflow takes.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let name = "__temporal_workflow_metadata".to_owned();
        let answered = self.question.ask(context, name, None).await?;
        let value = json_of(answered.as_ref());
        context
            .output
            .one(|| metadata(&value), || json!({"queryResult": value}))?;
        Ok(Exit::Success)
    }
}

impl QuestionArgs {
    async fn ask(self, context: &Context, name: String, input: Option<Payloads>) -> anyhow::Result<Option<Payloads>> {
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
                query_type: name,
                query_args: input,
                ..Default::default()
            }),
            query_reject_condition: condition as i32,
        };
        let answered = answer("query workflow", client.workflows().query_workflow(request).await)?;
        if let Some(rejected) = answered.query_rejected {
            bail!("query rejected: the workflow is {}", status_word(rejected.status()));
        }
        Ok(answered.query_result)
    }
}

/// The JSON of the first payload, whichever of its forms it has: SDKs write messages in another one than values.
fn json_of(payloads: Option<&Payloads>) -> Value {
    let first = payloads.and_then(|payloads| payloads.payloads.first());
    first
        .and_then(|payload| serde_json::from_slice(&payload.data).ok())
        .unwrap_or(Value::Null)
}

fn metadata(value: &Value) -> String {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let facts = card(&[
        ("Type", text("/definition/type").to_owned()),
        ("CurrentDetails", text("/currentDetails").to_owned()),
    ]);
    let sections = [
        ("Queries:", "/definition/queryDefinitions"),
        ("Signals:", "/definition/signalDefinitions"),
        ("Updates:", "/definition/updateDefinitions"),
    ];
    let mut parts = vec![format!("{}\n{facts}", heading("Metadata:"))];
    for (title, pointer) in sections {
        let definitions = value.pointer(pointer).and_then(Value::as_array);
        let rows: Vec<Vec<String>> = definitions.into_iter().flatten().map(row).collect();
        if !rows.is_empty() {
            parts.push(format!("{}\n{}", heading(title), table(&["Name", "Description"], rows)));
        }
    }
    parts.join("\n\n")
}

fn row(definition: &Value) -> Vec<String> {
    ["name", "description"]
        .map(|field| definition[field].as_str().unwrap_or_default().to_owned())
        .into()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn metadata_is_shown_by_kind() {
        let value = json!({"definition": {
            "type": "Order",
            "queryDefinitions": [{"name": "state", "description": "Where it stands"}, {"name": "items"}],
            "signalDefinitions": [],
        }});
        assert_snapshot!(metadata(&value), @r"
        Metadata:
          Type  Order

        Queries:
        Name   Description
        state  Where it stands
        items
        ");
    }
}
