//! `wrt worker deployment delete-version` and `update-metadata-version`.

use clap::Args;
use wrt_model::{
    payload,
    proto::workflowservice::{DeleteWorkerDeploymentVersionRequest, UpdateWorkerDeploymentVersionMetadataRequest},
};

use super::VersionArgs;
use crate::{
    client::{answer, identity},
    context::Context,
    json,
    payload::key_value,
};

/// Remove a version that nobody uses any more
#[derive(Debug, Args)]
pub(crate) struct DeleteVersionCommand {
    #[command(flatten)]
    version: VersionArgs,
    /// Also if workflows are left that are pinned to it; they wait for somebody to move them
    #[arg(long)]
    skip_drainage: bool,
}

/// Attach words to a version, or take them away
#[derive(Debug, Args)]
pub(crate) struct UpdateMetadataCommand {
    #[command(flatten)]
    version: VersionArgs,
    #[command(flatten)]
    metadata: MetadataArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct MetadataArgs {
    /// An entry, with JSON as its value; repeatable
    #[arg(long, value_parser = key_value, value_name = "KEY=VALUE")]
    metadata: Vec<(String, String)>,
    /// An entry to take away; repeatable
    #[arg(long, value_name = "KEY")]
    remove_entries: Vec<String>,
}

impl DeleteVersionCommand {
    /// Removes it.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let build_id = self.version.build_id.clone();
        let request = DeleteWorkerDeploymentVersionRequest {
            namespace: client.namespace(),
            deployment_version: Some(self.version.into()),
            skip_drainage: self.skip_drainage,
            identity: identity(),
            ..Default::default()
        };
        let outcome = client.workflows().delete_worker_deployment_version(request).await;
        answer("delete the version", outcome)?;
        context.output.text(&format!("Version {build_id} deleted"))?;
        Ok(())
    }
}

impl UpdateMetadataCommand {
    /// Changes the metadata, and prints what it is then.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let entries = self.metadata.metadata.into_iter();
        let request = UpdateWorkerDeploymentVersionMetadataRequest {
            namespace: client.namespace(),
            deployment_version: Some(self.version.into()),
            upsert_entries: entries.map(|(key, value)| (key, payload::json(value))).collect(),
            remove_entries: self.metadata.remove_entries,
            identity: identity(),
            ..Default::default()
        };
        let outcome = client
            .workflows()
            .update_worker_deployment_version_metadata(request)
            .await;
        let metadata = answer("update the metadata of the version", outcome)?
            .metadata
            .unwrap_or_default();
        let text = || {
            let mut keys: Vec<_> = metadata.entries.keys().cloned().collect();
            keys.sort();
            format!("The version has {}", keys.join(", "))
        };
        context.output.one(text, || json::friendly(&metadata))?;
        Ok(())
    }
}
