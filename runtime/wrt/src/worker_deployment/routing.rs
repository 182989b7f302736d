//! `wrt worker deployment set-current-version` and `set-ramping-version`.

use clap::Args;
use wrt_model::proto::workflowservice::{
    DescribeWorkerDeploymentRequest, SetWorkerDeploymentCurrentVersionRequest, SetWorkerDeploymentRampingVersionRequest,
};

use crate::{
    client::{Client, answer, identity},
    context::Context,
};

/// Have tasks go to another version
#[derive(Debug, Args)]
pub(crate) struct SetCurrentCommand {
    /// The worker deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: String,
    #[command(flatten)]
    version: TargetArgs,
    #[command(flatten)]
    checks: CheckArgs,
}

/// Have a share of the tasks go to another version
#[derive(Debug, Args)]
pub(crate) struct SetRampingCommand {
    /// The worker deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: String,
    #[command(flatten)]
    version: RampArgs,
    /// The share, from 0 to 100
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    percentage: f32,
    #[command(flatten)]
    checks: CheckArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct TargetArgs {
    /// The version
    #[arg(long, value_name = "ID")]
    build_id: Option<String>,
    /// Workers without a version
    #[arg(long)]
    unversioned: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct RampArgs {
    /// The version
    #[arg(long, value_name = "ID")]
    build_id: Option<String>,
    /// Workers without a version
    #[arg(long)]
    unversioned: bool,
    /// None: all tasks go to the current version again
    #[arg(long, conflicts_with = "percentage")]
    delete: bool,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Also if the version does not poll all task queues of the current one
    #[arg(long)]
    ignore_missing_task_queues: bool,
    /// Also if no worker of the version has polled yet
    #[arg(long)]
    allow_no_pollers: bool,
}

impl SetCurrentCommand {
    /// Sets it, unless somebody changes the deployment meanwhile.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = SetWorkerDeploymentCurrentVersionRequest {
            namespace: client.namespace(),
            conflict_token: conflict_token(&client, &self.deployment_name, &self.checks).await?,
            deployment_name: self.deployment_name,
            build_id: self.version.build_id.unwrap_or_default(),
            identity: identity(),
            ignore_missing_task_queues: self.checks.ignore_missing_task_queues,
            allow_no_pollers: self.checks.allow_no_pollers,
            ..Default::default()
        };
        let outcome = client.workflows().set_worker_deployment_current_version(request).await;
        answer("set the current version", outcome)?;
        context.output.text("The current version is set")?;
        Ok(())
    }
}

impl SetRampingCommand {
    /// Sets it, unless somebody changes the deployment meanwhile.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = SetWorkerDeploymentRampingVersionRequest {
            namespace: client.namespace(),
            conflict_token: conflict_token(&client, &self.deployment_name, &self.checks).await?,
            deployment_name: self.deployment_name,
            build_id: self.version.build_id.unwrap_or_default(),
            percentage: if self.version.delete { 0.0 } else { self.percentage },
            identity: identity(),
            ignore_missing_task_queues: self.checks.ignore_missing_task_queues,
            allow_no_pollers: self.checks.allow_no_pollers,
            ..Default::default()
        };
        let outcome = client.workflows().set_worker_deployment_ramping_version(request).await;
        answer("set the ramping version", outcome)?;
        context.output.text("The ramping version is set")?;
        Ok(())
    }
}

/// What the deployment is like right now; nothing of one that may have to be created.
async fn conflict_token(client: &Client, deployment_name: &str, checks: &CheckArgs) -> anyhow::Result<Vec<u8>> {
    if checks.allow_no_pollers {
        return Ok(Vec::new());
    }
    let request = DescribeWorkerDeploymentRequest {
        namespace: client.namespace(),
        deployment_name: deployment_name.to_owned(),
    };
    let outcome = client.workflows().describe_worker_deployment(request).await;
    Ok(answer("describe worker deployment", outcome)?.conflict_token)
}
