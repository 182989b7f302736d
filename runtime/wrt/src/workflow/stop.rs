//! `wrt workflow cancel` and `wrt workflow terminate`.

use clap::Args;
use uuid::Uuid;
use wrt_model::proto::{
    batch::{BatchOperationCancellation, BatchOperationTermination},
    workflowservice::{
        RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        start_batch_operation_request::Operation,
    },
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

/// Ask a workflow to cancel itself
#[derive(Debug, Args)]
pub(crate) struct CancelCommand {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

/// End a workflow at once, without asking it
#[derive(Debug, Args)]
pub(crate) struct TerminateCommand {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

impl CancelCommand {
    /// Asks for the cancellation.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let execution = match self.target.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation = Operation::CancellationOperation(BatchOperationCancellation { identity: identity() });
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
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
        let execution = match self.target.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation = Operation::TerminationOperation(BatchOperationTermination {
                    identity: identity(),
                    ..Default::default()
                });
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let request = TerminateWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
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
