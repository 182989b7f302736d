//! `wrt workflow list` and `wrt workflow count`.

use clap::{Args, ValueEnum};
use wrt_model::proto::{
    workflow::WorkflowExecutionInfo,
    workflowservice::{CountWorkflowExecutionsRequest, ListWorkflowExecutionsRequest},
};

use super::status_word;
use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    json, output, time,
};

/// List workflows, the youngest first
#[derive(Debug, Args)]
pub(crate) struct ListCommand {
    #[command(flatten)]
    filter: FilterArgs,
    /// The most that are listed; 0 for all
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: usize,
    /// Columns of the table
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "status,workflow-id,type,start-time",
        value_name = "FIELDS"
    )]
    fields: Vec<Field>,
}

/// Count workflows
#[derive(Debug, Args)]
pub(crate) struct CountCommand {
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Debug, Args)]
struct FilterArgs {
    /// Which workflows, such as "WorkflowType = 'Order' AND ExecutionStatus = 'Running'"
    #[arg(long, short, default_value = "", hide_default_value = true)]
    query: String,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Field {
    Status,
    WorkflowId,
    RunId,
    Type,
    TaskQueue,
    StartTime,
    CloseTime,
    RunTime,
    HistoryLength,
}

impl ListCommand {
    /// Lists the workflows.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let found = find(&client, &self.filter.query, limit).await?;
        let text = || {
            let headers: Vec<&str> = self.fields.iter().map(|field| field.header()).collect();
            let row = |info| self.fields.iter().map(|field| field.of(info)).collect();
            output::table(&headers, found.iter().map(row).collect())
        };
        context
            .output
            .list(text, || found.iter().map(json::friendly).collect())?;
        if found.len() == limit {
            output::note(&format!(
                "There may be more than the {limit} that are listed; see --limit."
            ));
        }
        Ok(Exit::Success)
    }
}

/// The first workflows that the query finds.
pub(super) async fn find(client: &Client, query: &str, limit: usize) -> anyhow::Result<Vec<WorkflowExecutionInfo>> {
    let mut found = Vec::new();
    let mut request = ListWorkflowExecutionsRequest {
        namespace: client.namespace(),
        query: query.to_owned(),
        ..Default::default()
    };
    loop {
        request.page_size = i32::try_from(limit - found.len()).unwrap_or(i32::MAX).min(1000);
        let outcome = client.workflows().list_workflow_executions(request.clone()).await;
        let page = answer("list workflows", outcome)?;
        found.extend(page.executions);
        if page.next_page_token.is_empty() || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
        request.next_page_token = page.next_page_token;
    }
}

impl CountCommand {
    /// Counts the workflows.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = CountWorkflowExecutionsRequest {
            namespace: client.namespace(),
            query: self.filter.query,
        };
        let outcome = client.workflows().count_workflow_executions(request).await;
        let counted = answer("count workflows", outcome)?;
        let text = || {
            let groups = counted.groups.iter().map(|group| {
                let values: Vec<String> = group
                    .group_values
                    .iter()
                    .map(|value| json::friendly(value).to_string())
                    .collect();
                format!("\nGroup total: {}, values: {}", group.count, values.join(", "))
            });
            format!("Total: {}{}", counted.count, groups.collect::<String>())
        };
        context.output.one(text, || json::friendly(&counted))?;
        Ok(Exit::Success)
    }
}

impl Field {
    fn header(self) -> &'static str {
        match self {
            Field::Status => "Status",
            Field::WorkflowId => "WorkflowId",
            Field::RunId => "RunId",
            Field::Type => "Type",
            Field::TaskQueue => "TaskQueue",
            Field::StartTime => "StartTime",
            Field::CloseTime => "CloseTime",
            Field::RunTime => "RunTime",
            Field::HistoryLength => "HistoryLength",
        }
    }

    fn of(self, info: &WorkflowExecutionInfo) -> String {
        let execution = info.execution.as_ref();
        match self {
            Field::Status => status_word(info.status()),
            Field::WorkflowId => execution.map(|it| it.workflow_id.clone()).unwrap_or_default(),
            Field::RunId => execution.map(|it| it.run_id.clone()).unwrap_or_default(),
            Field::Type => info.r#type.as_ref().map(|it| it.name.clone()).unwrap_or_default(),
            Field::TaskQueue => info.task_queue.clone(),
            Field::StartTime => time::point(info.start_time.as_ref()),
            Field::CloseTime => time::point(info.close_time.as_ref()),
            Field::RunTime => time::between(info.start_time.as_ref(), info.close_time.as_ref()),
            Field::HistoryLength => info.history_length.to_string(),
        }
    }
}
