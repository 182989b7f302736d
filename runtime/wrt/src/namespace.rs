//! `wrt namespace`, and the same under `wrt operator namespace`.

mod limits;

use std::time::Duration;

use clap::{Args, Subcommand};
use wrt_model::proto::{
    namespace::{NamespaceConfig, UpdateNamespaceInfo},
    workflowservice::{
        DescribeNamespaceRequest, DescribeNamespaceResponse, ListNamespacesRequest, RegisterNamespaceRequest,
        UpdateNamespaceRequest,
    },
};

use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    json,
    output::{card, table},
    payload::key_value,
    proto::wrt::LimitChange,
    time,
    words::camel,
};

/// The verbs of namespaces.
#[derive(Debug, Subcommand)]
pub(crate) enum NamespaceCommand {
    Create(CreateCommand),
    Describe(DescribeCommand),
    /// List all namespaces
    List,
    Update(UpdateCommand),
}

/// Create a namespace
#[derive(Debug, Args)]
pub(crate) struct CreateCommand {
    #[command(flatten)]
    name: NameArgs,
    /// How long closed workflows are kept, such as `72h` or `30d`
    #[arg(long, default_value = "72h", value_parser = humantime::parse_duration, value_name = "TIME")]
    retention: Duration,
    #[command(flatten)]
    about: AboutArgs,
}

/// Show what is known about a namespace
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    name: NameArgs,
}

/// Change a namespace; what is not given stays as it is
#[derive(Debug, Args)]
pub(crate) struct UpdateCommand {
    #[command(flatten)]
    name: NameArgs,
    /// How long closed workflows are kept, such as `72h` or `30d`
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    retention: Option<Duration>,
    /// A limit, such as `history_count_error=300000`; 0 for none, `default` for the server's. Repeatable
    #[arg(long, value_parser = limits::change, value_name = "NAME=VALUE")]
    limit: Vec<LimitChange>,
    #[command(flatten)]
    about: AboutArgs,
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The namespace; `--namespace` names it as well
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

#[derive(Debug, Args)]
struct AboutArgs {
    /// Words for people
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The address of whoever answers for it
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A note; repeatable
    #[arg(long, value_parser = key_value, value_name = "KEY=VALUE")]
    data: Vec<(String, String)>,
}

impl NamespaceCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            NamespaceCommand::Create(command) => command.run(context).await?,
            NamespaceCommand::Describe(command) => command.run(context).await?,
            NamespaceCommand::List => list(context).await?,
            NamespaceCommand::Update(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

impl NameArgs {
    fn or_global(self, context: &Context) -> anyhow::Result<String> {
        match self.name {
            Some(name) => Ok(name),
            None => Ok(context.namespace()?.to_owned()),
        }
    }
}

impl CreateCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let name = self.name.or_global(context)?;
        let client = context.client().await?;
        let request = RegisterNamespaceRequest {
            namespace: name.clone(),
            description: self.about.description.unwrap_or_default(),
            owner_email: self.about.email.unwrap_or_default(),
            workflow_execution_retention_period: Some(time::proto(self.retention)?),
            data: self.about.data.into_iter().collect(),
            ..Default::default()
        };
        answer("create namespace", client.workflows().register_namespace(request).await)?;
        context.output.text(&format!("Namespace {name} created"))?;
        Ok(())
    }
}

impl DescribeCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let name = self.name.or_global(context)?;
        let client = context.client().await?;
        let described = describe(&client, name.clone()).await?;
        let limits = limits::describe(&client, name).await?;
        let text = || format!("{}\n\n{}", text(&described), limits::text(&limits));
        let json = || {
            let mut json = json::friendly(&described);
            json["limits"] = limits::json(&limits);
            json
        };
        context.output.one(text, json)?;
        Ok(())
    }
}

impl UpdateCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let name = self.name.or_global(context)?;
        let client = context.client().await?;
        // An update replaces these fields together, so those that stay have to be known.
        let info = describe(&client, name.clone())
            .await?
            .namespace_info
            .unwrap_or_default();
        let retention = self.retention.map(time::proto).transpose()?;
        let request = UpdateNamespaceRequest {
            namespace: name.clone(),
            update_info: Some(UpdateNamespaceInfo {
                description: self.about.description.unwrap_or(info.description),
                owner_email: self.about.email.unwrap_or(info.owner_email),
                data: info.data.into_iter().chain(self.about.data).collect(),
                ..Default::default()
            }),
            config: retention.map(|retention| NamespaceConfig {
                workflow_execution_retention_ttl: Some(retention),
                ..Default::default()
            }),
            ..Default::default()
        };
        answer("update namespace", client.workflows().update_namespace(request).await)?;
        limits::update(&client, name.clone(), self.limit).await?;
        context.output.text(&format!("Namespace {name} updated"))?;
        Ok(())
    }
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let client = context.client().await?;
    let mut found = Vec::new();
    let mut request = ListNamespacesRequest {
        page_size: 100,
        ..Default::default()
    };
    loop {
        let outcome = client.workflows().list_namespaces(request.clone()).await;
        let page = answer("list namespaces", outcome)?;
        found.extend(page.namespaces);
        if page.next_page_token.is_empty() {
            break;
        }
        request.next_page_token = page.next_page_token;
    }
    let text = || {
        table(
            &["Name", "State", "Retention", "Description"],
            found.iter().map(row).collect(),
        )
    };
    context
        .output
        .list(text, || found.iter().map(json::friendly).collect())?;
    Ok(())
}

async fn describe(client: &Client, name: String) -> anyhow::Result<DescribeNamespaceResponse> {
    let request = DescribeNamespaceRequest {
        namespace: name,
        ..Default::default()
    };
    answer(
        "describe namespace",
        client.workflows().describe_namespace(request).await,
    )
}

fn row(described: &DescribeNamespaceResponse) -> Vec<String> {
    let info = described.namespace_info.clone().unwrap_or_default();
    let state = state(described);
    vec![info.name, state, retention(described), info.description]
}

fn text(described: &DescribeNamespaceResponse) -> String {
    let info = described.namespace_info.clone().unwrap_or_default();
    let data: Vec<String> = info.data.iter().map(|(key, value)| format!("{key}={value}")).collect();
    card(&[
        ("Name", info.name),
        ("Id", info.id),
        ("State", state(described)),
        ("Description", info.description),
        ("OwnerEmail", info.owner_email),
        ("Retention", retention(described)),
        ("Data", data.join("\n")),
    ])
}

fn state(described: &DescribeNamespaceResponse) -> String {
    let info = described.namespace_info.as_ref();
    let state = info.map(|info| info.state()).unwrap_or_default();
    camel(state.as_str_name(), "NAMESPACE_STATE_")
}

fn retention(described: &DescribeNamespaceResponse) -> String {
    let config = described.config.as_ref();
    time::span(config.and_then(|config| config.workflow_execution_retention_ttl.as_ref()))
}
