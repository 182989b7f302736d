//! `wrt run`: runs one workflow of a file to its end, on a server that exists for that alone.

use anyhow::bail;
use clap::Args;
use uuid::Uuid;
use wrt_model::proto::{
    WorkflowExecution, common::WorkflowType, taskqueue::TaskQueue, workflowservice::StartWorkflowExecutionRequest,
};

use crate::{
    build::SourceArgs,
    client::{Client, answer},
    context::Context,
    deploy::{GrantArgs, deploy},
    exit::Exit,
    payload::InputArgs,
    proto::wrt::{Component, ComponentKind, DeployOptions},
    server::PrivateServer,
    workflow,
};

/// Run one workflow of a file to its end
///
/// Starts a server of its own with its data in memory, deploys the file, starts the workflow, shows its steps on stderr and its
/// result on stdout, and leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The workflow type; needed only when the file has several
    #[arg(long = "type", value_name = "NAME")]
    workflow_type: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    grants: GrantArgs,
}

impl RunArgs {
    /// Builds, starts, deploys, runs, and stops.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        // What can be wrong here is found before anything is started.
        let input = self.input.payloads()?;
        let component = self.source.component(&context.output).await?;
        let server = PrivateServer::start().await?;
        let client = Client::connect(&server.address(), "default", None).await?;
        let options = DeployOptions {
            namespace: client.namespace(),
            name: self.source.name(),
            grants: Some(self.grants.into()),
            ..Default::default()
        };
        let deployed = deploy(&client, options, &component).await?;
        let deployment = deployed.deployment.unwrap_or_default();
        let workflow_type = workflow_type(self.workflow_type, &deployed.component.unwrap_or_default())?;
        let request = StartWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: Uuid::new_v4().to_string(),
            request_id: Uuid::new_v4().to_string(),
            workflow_type: Some(WorkflowType { name: workflow_type }),
            task_queue: Some(TaskQueue {
                name: deployment.task_queue,
                ..Default::default()
            }),
            input,
            ..Default::default()
        };
        let execution = start(&client, request).await?;
        let exit = workflow::execute::watch(context, &client, execution).await;
        server.stop().await;
        exit
    }
}

async fn start(client: &Client, request: StartWorkflowExecutionRequest) -> anyhow::Result<WorkflowExecution> {
    let workflow_id = request.workflow_id.clone();
    let started = answer(
        "start workflow",
        client.workflows().start_workflow_execution(request).await,
    )?;
    Ok(WorkflowExecution {
        workflow_id,
        run_id: started.run_id,
    })
}

/// The type that is asked for, or the only one.
fn workflow_type(asked: Option<String>, component: &Component) -> anyhow::Result<String> {
    let types: &[_] = match component.kind() {
        ComponentKind::Activity => &[],
        _ => &component.types,
    };
    let names: Vec<&str> = types.iter().map(|definition| definition.name.as_str()).collect();
    match (asked, names.as_slice()) {
        (Some(asked), names) if names.contains(&asked.as_str()) => Ok(asked),
        (Some(asked), names) => bail!("the file defines no workflow type `{asked}`, only {}", names.join(", ")),
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => bail!("the file defines no workflow, only activities; export an async function"),
        (None, names) => bail!(
            "the file defines the workflow types {}; say which with --type",
            names.join(", ")
        ),
    }
}
