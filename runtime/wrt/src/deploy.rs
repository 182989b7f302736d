//! `wrt deploy`: give the server a component to run.

use clap::Args;
use serde_json::json;

use crate::{
    build::SourceArgs,
    client::{Client, answer},
    context::Context,
    exit::Exit,
    json,
    module::{names_of_types as names, short},
    output::{self, card, heading},
    payload::key_value,
    progress::Progress,
    proto::wrt::{
        DeployComponentRequest, DeployComponentResponse, DeployOptions, Grants, deploy_component_request::Part,
    },
};

/// Messages stay well below the 4 MiB that a server takes.
const CHUNK_BYTES: usize = 1 << 20;

/// Deploy workflows and activities
///
/// Takes a component, a core module that carries component metadata, or a file of TypeScript or JavaScript, which it builds first. Deploying to a name that exists adds a
/// version; open runs stay on theirs.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The deployment's name; the name of the file if it is left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The task queue that it serves; the deployment's name if it is left out
    #[arg(long, short, value_name = "NAME")]
    task_queue: Option<String>,
    #[command(flatten)]
    grants: GrantArgs,
    /// Do not make it the current version
    #[arg(long)]
    no_set_current: bool,
}

/// What activities may touch.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// A host, as NAME or NAME:PORT, that its activities may send HTTP requests to. Repeatable
    #[arg(long, value_name = "HOST")]
    allow_http: Vec<String>,
    /// A variable in the environment of its activities; without a value, that of this process. Repeatable
    #[arg(long = "env", value_parser = variable, value_name = "KEY[=VALUE]")]
    environment: Vec<(String, String)>,
}

impl From<GrantArgs> for Grants {
    fn from(grants: GrantArgs) -> Self {
        Grants {
            http_hosts: grants.allow_http,
            environment: grants.environment.into_iter().collect(),
        }
    }
}

/// Reads `KEY=VALUE`, or takes the value of `KEY` from the environment, so that a secret need not stand in a command line.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.contains('=') {
        true => key_value(text),
        false => match std::env::var(text) {
            Ok(value) => Ok((text.to_owned(), value)),
            Err(_) => Err(format!(
                "the variable {text} is not set here; set it, or give its value as {text}=VALUE"
            )),
        },
    }
}

impl DeployArgs {
    /// Uploads the component and prints what became of it.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let bytes = self.source.component(&context.output).await?;
        let client = context.client().await?;
        let progress = Progress::new(&context.output, format!("deploying {}", self.source.file.display()));
        let deployed = deploy(&client, self.options(&client), &bytes).await?;
        drop(progress);
        for warning in deployed.warnings.iter().filter(|_| context.output.is_text()) {
            output::warning(warning);
        }
        context.output.one(|| text(&deployed), || json(&deployed))?;
        Ok(Exit::Success)
    }

    fn options(self, client: &Client) -> DeployOptions {
        DeployOptions {
            namespace: client.namespace(),
            name: self.name.unwrap_or_else(|| self.source.name()),
            task_queue: self.task_queue.unwrap_or_default(),
            grants: Some(self.grants.into()),
            keep_current: self.no_set_current,
        }
    }
}

/// Uploads a component.
pub(crate) async fn deploy(
    client: &Client,
    options: DeployOptions,
    bytes: &[u8],
) -> anyhow::Result<DeployComponentResponse> {
    let parts = parts(options, bytes);
    let outcome = client.components().deploy_component(tokio_stream::iter(parts)).await;
    answer("deploy component", outcome)
}

fn parts(options: DeployOptions, bytes: &[u8]) -> Vec<DeployComponentRequest> {
    let chunks = bytes.chunks(CHUNK_BYTES).map(|chunk| Part::Chunk(chunk.to_vec()));
    std::iter::once(Part::Options(options))
        .chain(chunks)
        .map(|part| DeployComponentRequest { part: Some(part) })
        .collect()
}

fn text(deployed: &DeployComponentResponse) -> String {
    let deployment = deployed.deployment.clone().unwrap_or_default();
    let component = deployed.component.clone().unwrap_or_default();
    let current = match component.digest == deployment.current_digest {
        true => "yes".to_owned(),
        false => format!("no, {} is", short(&deployment.current_digest)),
    };
    let lines = card(&[
        ("Name", deployment.name.clone()),
        ("Kind", crate::module::kind_word(component.kind())),
        ("TaskQueue", deployment.task_queue.clone()),
        ("BuildId", component.digest.clone()),
        ("Current", current),
        ("Types", names(&component.types)),
        ("Activities", names(&component.activities)),
        ("AllowedHttp", deployment.http_hosts.join(", ")),
        ("Environment", deployment.environment_names.join(", ")),
    ]);
    format!("{}\n{lines}", heading("Deployed:"))
}

fn json(deployed: &DeployComponentResponse) -> serde_json::Value {
    let deployment = deployed.deployment.clone().unwrap_or_default();
    let component = deployed.component.clone().unwrap_or_default();
    json!({
        "deployment": json::named("wrt.v1.Deployment", &deployment),
        "component": json::named("wrt.v1.Component", &component),
        "warnings": deployed.warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_the_options_and_then_all_the_bytes() {
        let bytes: Vec<u8> = (0..CHUNK_BYTES + 3).map(|index| index as u8).collect();
        let mut parts = parts(DeployOptions::default(), &bytes)
            .into_iter()
            .map(|part| part.part);
        assert!(matches!(parts.next(), Some(Some(Part::Options(_)))));
        let sent: Vec<u8> = parts
            .flat_map(|part| match part {
                Some(Part::Chunk(chunk)) => chunk,
                other => panic!("not a chunk: {other:?}"),
            })
            .collect();
        assert_eq!(sent, bytes);
    }
}
