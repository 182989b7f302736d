//! `wrt workflow signal` and `wrt workflow signal-with-start`.

use clap::Args;
use uuid::Uuid;
use wrt_model::proto::{
    batch::BatchOperationSignal,
    workflowservice::{
        SignalWithStartWorkflowExecutionRequest, SignalWorkflowExecutionRequest,
        start_batch_operation_request::Operation,
    },
};

use super::{
    ReasonArgs,
    start::{StartArgs, Started},
    target::{Target, TargetArgs},
};
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
    payload::{self, InputArgs},
};

/// Send a signal to a workflow
#[derive(Debug, Args)]
pub(crate) struct SignalCommand {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    reason: ReasonArgs,
    /// The signal's name
    #[arg(long, value_name = "NAME")]
    name: String,
    #[command(flatten)]
    input: InputArgs,
}

/// Send a signal to a workflow, which is started if it does not run
#[derive(Debug, Args)]
pub(crate) struct SignalWithStartCommand {
    /// The signal's name
    #[arg(long, value_name = "NAME")]
    signal_name: String,
    /// An argument of the signal, as JSON; repeat it for several arguments
    #[arg(long, value_name = "JSON")]
    signal_input: Vec<String>,
    #[command(flatten)]
    start: StartArgs,
}

impl SignalCommand {
    /// Sends the signal.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let input = self.input.payloads()?;
        let client = context.client().await?;
        let execution = match self.target.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation = Operation::SignalOperation(BatchOperationSignal {
                    signal: self.name,
                    input,
                    identity: identity(),
                    ..Default::default()
                });
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let request = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
            signal_name: self.name,
            input,
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        };
        let outcome = client.workflows().signal_workflow_execution(request).await;
        answer("signal workflow", outcome)?;
        context.output.text("Signal workflow succeeded")?;
        Ok(Exit::Success)
    }
}

impl SignalWithStartCommand {
    /// Sends the signal and prints the ids of the run that has it.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let signal_input = self
            .signal_input
            .iter()
            .map(|text| payload::from_json("--signal-input", text))
            .collect::<anyhow::Result<_>>()?;
        let client = context.client().await?;
        let start = self.start.request(&client).await?;
        let mut started = Started::from_request(&start);
        let request = SignalWithStartWorkflowExecutionRequest {
            namespace: start.namespace,
            workflow_id: start.workflow_id,
            workflow_type: start.workflow_type,
            task_queue: start.task_queue,
            input: start.input,
            workflow_execution_timeout: start.workflow_execution_timeout,
            workflow_run_timeout: start.workflow_run_timeout,
            workflow_task_timeout: start.workflow_task_timeout,
            identity: start.identity,
            request_id: start.request_id,
            workflow_id_reuse_policy: start.workflow_id_reuse_policy,
            workflow_id_conflict_policy: start.workflow_id_conflict_policy,
            signal_name: self.signal_name,
            signal_input: wrt_model::payload::payloads(signal_input),
            memo: start.memo,
            search_attributes: start.search_attributes,
            workflow_start_delay: start.workflow_start_delay,
            ..Default::default()
        };
        let outcome = client.workflows().signal_with_start_workflow_execution(request).await;
        started.run_id = answer("signal with start", outcome)?.run_id;
        started.print(context, &client).await?;
        Ok(Exit::Success)
    }
}
