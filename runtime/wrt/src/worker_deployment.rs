//! `wrt worker deployment`: the versions of worker programs, and which of them tasks go to.

mod describe;
mod routing;
mod version;

use clap::{Args, Subcommand};
use wrt_model::proto::{
    WorkerDeploymentVersion,
    workflowservice::{
        DeleteWorkerDeploymentRequest, ListWorkerDeploymentsRequest, SetWorkerDeploymentManagerRequest,
        set_worker_deployment_manager_request::NewManagerIdentity,
    },
};

use self::{
    describe::{DescribeCommand, DescribeVersionCommand, summaries},
    routing::{SetCurrentCommand, SetRampingCommand},
    version::{DeleteVersionCommand, UpdateMetadataCommand},
};
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
    json,
};

/// What there is about workers.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerCommand {
    /// Worker deployments, whose versions poll task queues
    #[command(subcommand)]
    Deployment(WorkerDeploymentCommand),
}

/// The verbs of worker deployments.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerDeploymentCommand {
    /// List the worker deployments of a namespace
    List,
    Describe(DescribeCommand),
    DescribeVersion(DescribeVersionCommand),
    SetCurrentVersion(SetCurrentCommand),
    SetRampingVersion(SetRampingCommand),
    Delete(DeleteCommand),
    DeleteVersion(DeleteVersionCommand),
    UpdateMetadataVersion(UpdateMetadataCommand),
    /// Who alone may change a worker deployment
    #[command(subcommand)]
    ManagerIdentity(ManagerCommand),
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The worker deployment
    #[arg(long, short = 'd', value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
struct VersionArgs {
    /// The worker deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: String,
    /// The version of it
    #[arg(long, value_name = "ID")]
    build_id: String,
}

/// Remove a worker deployment that has no versions
#[derive(Debug, Args)]
pub(crate) struct DeleteCommand {
    #[command(flatten)]
    name: NameArgs,
}

/// `wrt worker deployment manager-identity`.
#[derive(Debug, Subcommand)]
pub(crate) enum ManagerCommand {
    Set(SetManagerCommand),
    Unset(UnsetManagerCommand),
}

/// Let only one client change a worker deployment
#[derive(Debug, Args)]
pub(crate) struct SetManagerCommand {
    /// The worker deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: String,
    #[command(flatten)]
    manager: ManagerArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ManagerArgs {
    /// The identity of this client
    #[arg(long, value_name = "IDENTITY")]
    manager_identity: Option<String>,
    /// This very command line
    #[arg(long = "self")]
    is_self: bool,
}

/// Let every client change a worker deployment
#[derive(Debug, Args)]
pub(crate) struct UnsetManagerCommand {
    /// The worker deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: String,
}

impl WorkerCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let WorkerCommand::Deployment(command) = self;
        match command {
            WorkerDeploymentCommand::List => list(context).await?,
            WorkerDeploymentCommand::Describe(command) => command.run(context).await?,
            WorkerDeploymentCommand::DescribeVersion(command) => command.run(context).await?,
            WorkerDeploymentCommand::SetCurrentVersion(command) => command.run(context).await?,
            WorkerDeploymentCommand::SetRampingVersion(command) => command.run(context).await?,
            WorkerDeploymentCommand::Delete(command) => command.run(context).await?,
            WorkerDeploymentCommand::DeleteVersion(command) => command.run(context).await?,
            WorkerDeploymentCommand::UpdateMetadataVersion(command) => command.run(context).await?,
            WorkerDeploymentCommand::ManagerIdentity(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

impl From<VersionArgs> for WorkerDeploymentVersion {
    fn from(args: VersionArgs) -> Self {
        WorkerDeploymentVersion {
            deployment_name: args.deployment_name,
            build_id: args.build_id,
        }
    }
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let client = context.client().await?;
    let mut found = Vec::new();
    let mut request = ListWorkerDeploymentsRequest {
        namespace: client.namespace(),
        ..Default::default()
    };
    loop {
        let outcome = client.workflows().list_worker_deployments(request.clone()).await;
        let page = answer("list worker deployments", outcome)?;
        found.extend(page.worker_deployments);
        if page.next_page_token.is_empty() {
            break;
        }
        request.next_page_token = page.next_page_token;
    }
    let json = || found.iter().map(json::friendly).collect();
    context.output.list(|| summaries(&found), json)?;
    Ok(())
}

impl DeleteCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DeleteWorkerDeploymentRequest {
            namespace: client.namespace(),
            deployment_name: self.name.name.clone(),
            identity: identity(),
        };
        let outcome = client.workflows().delete_worker_deployment(request).await;
        answer("delete worker deployment", outcome)?;
        context
            .output
            .text(&format!("Worker Deployment {} deleted", self.name.name))?;
        Ok(())
    }
}

impl ManagerCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let (deployment_name, manager) = match self {
            ManagerCommand::Set(set) => (
                set.deployment_name,
                match set.manager.manager_identity {
                    Some(identity) => NewManagerIdentity::ManagerIdentity(identity),
                    None => NewManagerIdentity::Self_(set.manager.is_self),
                },
            ),
            ManagerCommand::Unset(unset) => (
                unset.deployment_name,
                NewManagerIdentity::ManagerIdentity(String::new()),
            ),
        };
        let client = context.client().await?;
        let request = SetWorkerDeploymentManagerRequest {
            namespace: client.namespace(),
            deployment_name: deployment_name.clone(),
            identity: identity(),
            new_manager_identity: Some(manager),
            ..Default::default()
        };
        let outcome = client.workflows().set_worker_deployment_manager(request).await;
        answer("set the manager of the worker deployment", outcome)?;
        context
            .output
            .text(&format!("The manager of Worker Deployment {deployment_name} is set"))?;
        Ok(())
    }
}
