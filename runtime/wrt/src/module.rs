//! `wrt module`: what is deployed, and which version is current.

mod similar;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    client::answer,
    context::Context,
    exit::Exit,
    json,
    output::{card, heading, table},
    proto::wrt::{
        Component, ComponentKind, DeleteVersionRequest, Deployment, DescribeDeploymentRequest,
        DescribeDeploymentResponse, HandlerDefinition, ListDeploymentsRequest, SetCurrentVersionRequest,
        TypeDefinition, list_deployments_response::Entry,
    },
    time, words,
};

/// The verbs of deployed components.
#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// List what is deployed
    List,
    Describe(DescribeCommand),
    SetCurrent(SetCurrentCommand),
    DeleteVersion(DeleteVersionCommand),
}

/// Show a deployment: its versions, and what its current one defines
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    /// The deployment
    name: String,
}

/// Make a version the one that new runs start on
#[derive(Debug, Args)]
pub(crate) struct SetCurrentCommand {
    #[command(flatten)]
    version: VersionArgs,
}

/// Delete a version that no open run uses
#[derive(Debug, Args)]
pub(crate) struct DeleteVersionCommand {
    #[command(flatten)]
    version: VersionArgs,
}

#[derive(Debug, Args)]
struct VersionArgs {
    /// The deployment
    name: String,
    /// The version's build id, or its first digits
    #[arg(long, value_name = "DIGEST")]
    build_id: String,
}

impl ModuleCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            ModuleCommand::List => list(context).await?,
            ModuleCommand::Describe(command) => command.run(context).await?,
            ModuleCommand::SetCurrent(command) => command.run(context).await?,
            ModuleCommand::DeleteVersion(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let client = context.client().await?;
    let request = ListDeploymentsRequest {
        namespace: client.namespace(),
    };
    let outcome = client.components().list_deployments(request).await;
    let deployments = answer("list deployments", outcome)?.deployments;
    let headers = ["Name", "Kind", "TaskQueue", "Current", "Versions", "Types"];
    context.output.list(
        || table(&headers, deployments.iter().map(row).collect()),
        || {
            deployments
                .iter()
                .map(|entry| json::named("wrt.v1.ListDeploymentsResponse.Entry", entry))
                .collect()
        },
    )?;
    Ok(())
}

fn row(entry: &Entry) -> Vec<String> {
    let deployment = entry.deployment.clone().unwrap_or_default();
    let types = entry
        .component
        .as_ref()
        .map(|component| names_of_types(component.types.iter().chain(&component.activities)));
    vec![
        deployment.name.clone(),
        kind_word(deployment.kind()),
        deployment.task_queue.clone(),
        short(&deployment.current_digest).to_owned(),
        deployment.versions.len().to_string(),
        types.unwrap_or_default(),
    ]
}

impl DescribeCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DescribeDeploymentRequest {
            namespace: client.namespace(),
            name: self.name.clone(),
        };
        let outcome = client.components().describe_deployment(request).await;
        let described = similar::answer(&client, "describe deployment", &self.name, outcome).await?;
        context.output.one(
            || text(&described),
            || json::named("wrt.v1.DescribeDeploymentResponse", &described),
        )?;
        Ok(())
    }
}

impl SetCurrentCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = SetCurrentVersionRequest {
            namespace: client.namespace(),
            name: self.version.name.clone(),
            digest_prefix: self.version.build_id,
        };
        let outcome = client.components().set_current_version(request).await;
        let answered = similar::answer(&client, "set current version", &self.version.name, outcome).await?;
        let deployment = answered.deployment.unwrap_or_default();
        let text = || {
            format!(
                "New runs of {} start on {}",
                deployment.name,
                short(&deployment.current_digest)
            )
        };
        context
            .output
            .one(text, || json::named("wrt.v1.Deployment", &deployment))?;
        Ok(())
    }
}

impl DeleteVersionCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DeleteVersionRequest {
            namespace: client.namespace(),
            name: self.version.name.clone(),
            digest_prefix: self.version.build_id.clone(),
        };
        let outcome = client.components().delete_version(request).await;
        similar::answer(&client, "delete version", &self.version.name, outcome).await?;
        let text = || format!("Version {} deleted", self.version.build_id);
        context.output.one(text, || json!({"deleted": self.version.build_id}))?;
        Ok(())
    }
}

/// The word for the world of a component.
pub(crate) fn kind_word(kind: ComponentKind) -> String {
    words::camel(kind.as_str_name(), "COMPONENT_KIND_")
}

/// The first digits of a digest, enough for people.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn text(described: &DescribeDeploymentResponse) -> String {
    let deployment = described.deployment.clone().unwrap_or_default();
    let current = described
        .components
        .iter()
        .find(|component| component.digest == deployment.current_digest);
    let parts = [
        facts(&deployment, current),
        format!(
            "{}\n{}",
            heading("Versions:"),
            versions(&deployment, &described.components)
        ),
        format!("{}\n{}", heading("Types:"), current.map(types).unwrap_or_default()),
    ];
    parts.join("\n\n")
}

fn facts(deployment: &Deployment, current: Option<&Component>) -> String {
    let sdk = current.map(|component| format!("{} {}", component.sdk_name, component.sdk_version));
    card(&[
        ("Name", deployment.name.clone()),
        ("Kind", kind_word(deployment.kind())),
        ("TaskQueue", deployment.task_queue.clone()),
        ("Sdk", sdk.unwrap_or_default()),
        ("AllowedHttp", deployment.http_hosts.join(", ")),
        ("Environment", deployment.environment_names.join(", ")),
    ])
}

fn versions(deployment: &Deployment, components: &[Component]) -> String {
    let rows = deployment.versions.iter().map(|version| {
        let size = components
            .iter()
            .find(|component| component.digest == version.digest)
            .map(|component| format!("{} KiB", component.size_bytes.div_ceil(1024)));
        let is_current = version.digest == deployment.current_digest;
        vec![
            short(&version.digest).to_owned(),
            time::point(version.deploy_time.as_ref()),
            size.unwrap_or_default(),
            if is_current {
                "current".to_owned()
            } else {
                String::new()
            },
        ]
    });
    table(&["BuildId", "Deployed", "Size", ""], rows.collect())
}

fn types(component: &Component) -> String {
    let handlers = |handlers: &[HandlerDefinition]| joined(handlers.iter().map(|handler| handler.name.as_str()));
    let types = component.types.iter().chain(&component.activities);
    let rows = types.map(|kind: &TypeDefinition| {
        vec![
            kind.name.clone(),
            handlers(&kind.signals),
            handlers(&kind.queries),
            handlers(&kind.updates),
            kind.description.replace('\n', " "),
        ]
    });
    table(
        &["Type", "Signals", "Queries", "Updates", "Description"],
        rows.collect(),
    )
}

/// The names of types, for a cell of a table.
pub(crate) fn names_of_types<'a>(types: impl IntoIterator<Item = &'a TypeDefinition>) -> String {
    joined(types.into_iter().map(|definition| definition.name.as_str()))
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
