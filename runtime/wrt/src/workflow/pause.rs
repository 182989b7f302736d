//! `wrt workflow pause` and `wrt workflow unpause`.

use clap::Args;
use uuid::Uuid;
use wrt_model::proto::workflowservice::{PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest};

use super::{ExecutionArgs, ReasonArgs};
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
};

/// Hand out nothing of a workflow, until it is unpaused; what happens to it meanwhile is recorded
#[derive(Debug, Args)]
pub(crate) struct PauseCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

/// Let a paused workflow go on
#[derive(Debug, Args)]
pub(crate) struct UnpauseCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

impl PauseCommand {
    /// Pauses the workflow.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = PauseWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: self.execution.workflow_id,
            run_id: self.execution.run_id,
            identity: identity(),
            reason: self.reason.reason,
            request_id: Uuid::new_v4().to_string(),
        };
        let outcome = client.workflows().pause_workflow_execution(request).await;
        answer("pause workflow", outcome)?;
        context.output.text("Workflow paused")?;
        Ok(Exit::Success)
    }
}

impl UnpauseCommand {
    /// Lets the workflow go on.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = UnpauseWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: self.execution.workflow_id,
            run_id: self.execution.run_id,
            identity: identity(),
            reason: self.reason.reason,
            request_id: Uuid::new_v4().to_string(),
        };
        let outcome = client.workflows().unpause_workflow_execution(request).await;
        answer("unpause workflow", outcome)?;
        context.output.text("Workflow unpaused")?;
        Ok(Exit::Success)
    }
}
