//! `wrt activity`: end an activity from outside of its worker, by its id, or control how it goes on.

mod control;

use clap::{Args, Subcommand};
use wrt_model::{
    payload::payloads,
    proto::{
        Failure, FailureInfo, Payload,
        failure::ApplicationFailureInfo,
        workflowservice::{RespondActivityTaskCompletedByIdRequest, RespondActivityTaskFailedByIdRequest},
    },
};

use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
    payload,
};

/// The verbs of activities.
#[derive(Debug, Subcommand)]
pub(crate) enum ActivityCommand {
    Complete(CompleteCommand),
    Fail(FailCommand),
    Pause(control::PauseCommand),
    Unpause(control::UnpauseCommand),
    Reset(control::ResetCommand),
    UpdateOptions(Box<control::UpdateOptionsCommand>),
}

/// Complete an activity with a result
#[derive(Debug, Args)]
pub(crate) struct CompleteCommand {
    #[command(flatten)]
    activity: ActivityArgs,
    /// The result, as JSON
    #[arg(long, value_name = "JSON")]
    result: String,
}

/// Fail an activity; its retry policy decides about another attempt
#[derive(Debug, Args)]
pub(crate) struct FailCommand {
    #[command(flatten)]
    activity: ActivityArgs,
    /// What went wrong
    #[arg(long, default_value = "Failed from the command line", value_name = "TEXT")]
    reason: String,
    /// More about it, as JSON
    #[arg(long, value_name = "JSON")]
    detail: Option<String>,
    /// Do not try again
    #[arg(long)]
    non_retryable: bool,
}

#[derive(Debug, Args)]
struct ActivityArgs {
    /// The activity's id
    #[arg(long, short, value_name = "ID")]
    activity_id: String,
    /// The id of its workflow
    #[arg(long, short, value_name = "ID")]
    workflow_id: String,
    /// One run of the workflow; the current one if it is left out
    #[arg(long, short, default_value = "", hide_default_value = true, value_name = "ID")]
    run_id: String,
    /// Who completes or fails it; the history keeps it
    #[arg(long, default_value_t = identity(), hide_default_value = true, value_name = "TEXT")]
    identity: String,
}

impl ActivityCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            ActivityCommand::Complete(command) => return command.run(context).await,
            ActivityCommand::Fail(command) => return command.run(context).await,
            ActivityCommand::Pause(command) => command.run(context).await?,
            ActivityCommand::Unpause(command) => command.run(context).await?,
            ActivityCommand::Reset(command) => command.run(context).await?,
            ActivityCommand::UpdateOptions(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

impl CompleteCommand {
    async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let result = payload::from_json("--result", &self.result)?;
        let client = context.client().await?;
        let request = RespondActivityTaskCompletedByIdRequest {
            namespace: client.namespace(),
            workflow_id: self.activity.workflow_id,
            run_id: self.activity.run_id,
            activity_id: self.activity.activity_id,
            result: payloads(vec![result]),
            identity: self.activity.identity,
            ..Default::default()
        };
        let outcome = client.workflows().respond_activity_task_completed_by_id(request).await;
        answer("complete activity", outcome)?;
        context.output.text("Activity completed")?;
        Ok(Exit::Success)
    }
}

impl FailCommand {
    async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let details = self
            .detail
            .map(|text| payload::from_json("--detail", &text))
            .transpose()?;
        let client = context.client().await?;
        let request = RespondActivityTaskFailedByIdRequest {
            namespace: client.namespace(),
            workflow_id: self.activity.workflow_id,
            run_id: self.activity.run_id,
            activity_id: self.activity.activity_id,
            failure: Some(manual_failure(self.reason, self.non_retryable, details)),
            identity: self.activity.identity,
            ..Default::default()
        };
        let outcome = client.workflows().respond_activity_task_failed_by_id(request).await;
        answer("fail activity", outcome)?;
        context.output.text("Activity failed")?;
        Ok(Exit::Success)
    }
}

/// A failure as a worker would have raised it.
fn manual_failure(message: String, non_retryable: bool, detail: Option<Payload>) -> Failure {
    Failure {
        message,
        source: "wrt-cli".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            non_retryable,
            details: payloads(detail.into_iter().collect()),
            ..Default::default()
        })),
        ..Default::default()
    }
}
