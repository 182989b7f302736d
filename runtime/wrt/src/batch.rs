//! `wrt batch`: watch and stop batch operations. They are started by the verbs of workflows, with `--query`.

use clap::{Args, Subcommand};
use wrt_model::proto::{
    batch::BatchOperationInfo,
    enums::{BatchOperationState, BatchOperationType},
    workflowservice::{
        DescribeBatchOperationRequest, DescribeBatchOperationResponse, ListBatchOperationsRequest,
        StopBatchOperationRequest,
    },
};

use crate::{
    client::{Client, answer, identity},
    context::Context,
    exit::Exit,
    json,
    output::{card, table},
    time,
    words::camel,
};

/// The verbs of batch operations.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    Describe(DescribeCommand),
    List(ListCommand),
    Terminate(TerminateCommand),
}

/// Show how far a batch operation has come
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    job: JobArgs,
}

/// List batch operations, the youngest first
#[derive(Debug, Args)]
pub(crate) struct ListCommand {
    /// The most that are listed; 0 for all
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: usize,
}

/// Stop a batch operation; what it has done stays
#[derive(Debug, Args)]
pub(crate) struct TerminateCommand {
    #[command(flatten)]
    job: JobArgs,
    /// Why
    #[arg(long, default_value = "Requested from the command line", value_name = "TEXT")]
    reason: String,
}

/// Says which batch operation is meant.
#[derive(Debug, Args)]
struct JobArgs {
    /// The operation's id
    #[arg(long, value_name = "ID")]
    job_id: String,
}

impl BatchCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            BatchCommand::Describe(command) => command.run(context).await?,
            BatchCommand::List(command) => command.run(context).await?,
            BatchCommand::Terminate(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

impl DescribeCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DescribeBatchOperationRequest {
            namespace: client.namespace(),
            job_id: self.job.job_id,
        };
        let outcome = client.workflows().describe_batch_operation(request).await;
        let described = answer("describe batch operation", outcome)?;
        context.output.one(|| text(&described), || json::friendly(&described))?;
        Ok(())
    }
}

impl ListCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let found = find(&client, limit).await?;
        let text = || {
            let headers = ["JobId", "State", "Type", "StartTime", "CloseTime"];
            table(&headers, found.iter().map(row).collect())
        };
        context
            .output
            .list(text, || found.iter().map(json::friendly).collect())?;
        Ok(())
    }
}

impl TerminateCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = StopBatchOperationRequest {
            namespace: client.namespace(),
            job_id: self.job.job_id,
            reason: self.reason,
            identity: identity(),
        };
        let outcome = client.workflows().stop_batch_operation(request).await;
        answer("stop batch operation", outcome)?;
        context.output.text("Batch operation stopped")?;
        Ok(())
    }
}

async fn find(client: &Client, limit: usize) -> anyhow::Result<Vec<BatchOperationInfo>> {
    let mut found = Vec::new();
    let mut request = ListBatchOperationsRequest {
        namespace: client.namespace(),
        ..Default::default()
    };
    loop {
        let outcome = client.workflows().list_batch_operations(request.clone()).await;
        let page = answer("list batch operations", outcome)?;
        found.extend(page.operation_info);
        if page.next_page_token.is_empty() || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
        request.next_page_token = page.next_page_token;
    }
}

fn row(info: &BatchOperationInfo) -> Vec<String> {
    vec![
        info.job_id.clone(),
        state_word(info.state()),
        type_word(info.operation_type()),
        time::point(info.start_time.as_ref()),
        time::point(info.close_time.as_ref()),
    ]
}

fn text(described: &DescribeBatchOperationResponse) -> String {
    card(&[
        ("JobId", described.job_id.clone()),
        ("State", state_word(described.state())),
        ("Type", type_word(described.operation_type())),
        ("Query", described.query.clone()),
        ("Reason", described.reason.clone()),
        ("Identity", described.identity.clone()),
        ("StartTime", time::point(described.start_time.as_ref())),
        ("CloseTime", time::point(described.close_time.as_ref())),
        ("Total", described.total_operation_count.to_string()),
        ("Completed", described.complete_operation_count.to_string()),
        ("Failed", described.failure_operation_count.to_string()),
    ])
}

fn state_word(state: BatchOperationState) -> String {
    camel(state.as_str_name(), "BATCH_OPERATION_STATE_")
}

fn type_word(operation_type: BatchOperationType) -> String {
    camel(operation_type.as_str_name(), "BATCH_OPERATION_TYPE_")
}
