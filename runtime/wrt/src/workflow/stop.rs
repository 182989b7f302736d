//! `wrt workflow cancel` and `wrt workflow terminate`.

use clap::Args;
use uuid::Uuid;
use wrt_model::proto::workflowservice::{RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest};

use super::ExecutionArgs;
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
};

/// Ask a workflow to cancel itself
#[derive(Debug, Args)]
pub(crate) struct CancelCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

/// End a workflow at once, without asking it
#[derive(Debug, Args)]
pub(crate) struct TerminateCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

#[derive(Debug, Args)]
struct ReasonArgs {
    /// Why; the history keeps it
    #[arg(long, default_value = "Requested from the command line", value_name = "TEXT")]
    reason: String,
}

impl CancelCommand {
    /// Asks for the cancellation.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(self.execution.into()),
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
            reason: self.reason.reason,
            ..Default::default()
        };
        let outcome = client.workflows().request_cancel_workflow_execution(request).await;
        answer("cancel workflow", outcome)?;
        context.output.text("Cancellation requested")?;
        Ok(Exit::Success)
    }
}

impl TerminateCommand {
    /// Ends the workflow.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = TerminateWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(self.execution.into()),
            reason: self.reason.reason,
            identity: identity(),
            ..Default::default()
        };
        let outcome = client.workflows().terminate_workflow_execution(request).await;
        answer("terminate workflow", outcome)?;
        context.output.text("Workflow terminated")?;
        Ok(Exit::Success)
    }
}
