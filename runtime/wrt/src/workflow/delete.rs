//! `wrt workflow delete`.

use clap::Args;
use wrt_model::proto::workflowservice::DeleteWorkflowExecutionRequest;

use super::ExecutionArgs;
use crate::{client::answer, context::Context, exit::Exit};

/// Remove a workflow execution and its history for good. One that is open is terminated first
#[derive(Debug, Args)]
pub(crate) struct DeleteCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
}

impl DeleteCommand {
    /// Removes the execution.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = DeleteWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(self.execution.into()),
        };
        let outcome = client.workflows().delete_workflow_execution(request).await;
        answer("delete workflow", outcome)?;
        context.output.text("Workflow deleted")?;
        Ok(Exit::Success)
    }
}
