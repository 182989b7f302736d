//! `wrt workflow delete`.

use clap::Args;
use wrt_model::proto::{
    batch::BatchOperationDeletion,
    workflowservice::{DeleteWorkflowExecutionRequest, start_batch_operation_request::Operation},
};

use super::{
    ReasonArgs,
    target::{Target, TargetArgs},
};
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
};

/// Remove a workflow execution and its history for good. One that is open is terminated first
#[derive(Debug, Args)]
pub(crate) struct DeleteCommand {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

impl DeleteCommand {
    /// Removes the execution.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let execution = match self.target.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation = Operation::DeletionOperation(BatchOperationDeletion { identity: identity() });
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let request = DeleteWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
        };
        let outcome = client.workflows().delete_workflow_execution(request).await;
        answer("delete workflow", outcome)?;
        context.output.text("Workflow deleted")?;
        Ok(Exit::Success)
    }
}
