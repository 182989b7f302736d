//! One workflow, or all that a query finds: then the verb becomes a batch operation.

use std::io::{self, BufRead};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use uuid::Uuid;
use wrt_model::proto::{
    WorkflowExecution,
    workflowservice::{
        CountWorkflowExecutionsRequest, StartBatchOperationRequest, start_batch_operation_request::Operation,
    },
};

use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    output::{card, note},
};

/// Says which workflows are meant.
#[derive(Clone, Debug, Args)]
pub(super) struct TargetArgs {
    /// The workflow's id
    #[arg(long, short, required_unless_present = "query", value_name = "ID")]
    workflow_id: Option<String>,
    /// One run of the workflow; the current one if it is left out
    #[arg(
        long,
        short,
        default_value = "",
        hide_default_value = true,
        conflicts_with = "query",
        value_name = "ID"
    )]
    run_id: String,
    /// All workflows that this query finds, in a batch operation
    #[arg(long, short, conflicts_with = "workflow_id")]
    query: Option<String>,
    /// Begin the batch operation without a question
    #[arg(long, short, conflicts_with = "workflow_id")]
    yes: bool,
    /// The most workflows in a second
    #[arg(long, conflicts_with = "workflow_id", value_name = "COUNT")]
    rps: Option<f32>,
}

/// What the verb is about.
pub(super) enum Target {
    One(WorkflowExecution),
    Query(BatchTarget),
}

/// All workflows that a query finds.
pub(super) struct BatchTarget {
    query: String,
    yes: bool,
    rps: f32,
}

impl From<TargetArgs> for Target {
    fn from(args: TargetArgs) -> Self {
        match args.query {
            Some(query) => Target::Query(BatchTarget {
                query,
                yes: args.yes,
                rps: args.rps.unwrap_or_default(),
            }),
            None => Target::One(WorkflowExecution {
                workflow_id: args.workflow_id.unwrap_or_default(),
                run_id: args.run_id,
            }),
        }
    }
}

impl BatchTarget {
    /// Begins the batch operation, once the user agrees, and prints its id.
    pub(super) async fn start(
        self,
        context: &Context,
        client: &Client,
        reason: String,
        operation: Operation,
    ) -> anyhow::Result<Exit> {
        if !self.yes {
            agree(count(client, &self.query).await?)?;
        }
        let job_id = Uuid::new_v4().to_string();
        let request = StartBatchOperationRequest {
            namespace: client.namespace(),
            visibility_query: self.query,
            job_id: job_id.clone(),
            reason,
            max_operations_per_second: self.rps,
            operation: Some(operation),
            ..Default::default()
        };
        let outcome = client.workflows().start_batch_operation(request).await;
        answer("start batch operation", outcome)?;
        context
            .output
            .one(|| card(&[("JobId", job_id.clone())]), || json!({"jobId": job_id}))?;
        Ok(Exit::Success)
    }
}

async fn count(client: &Client, query: &str) -> anyhow::Result<i64> {
    let request = CountWorkflowExecutionsRequest {
        namespace: client.namespace(),
        query: query.to_owned(),
    };
    let outcome = client.workflows().count_workflow_executions(request).await;
    Ok(answer("count workflows", outcome)?.count)
}

fn agree(count: i64) -> anyhow::Result<()> {
    note(&format!(
        "Start a batch operation on about {count} workflows? Answer with yes or no"
    ));
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("read the answer")?;
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was started; answer yes, or give --yes"),
    }
}
