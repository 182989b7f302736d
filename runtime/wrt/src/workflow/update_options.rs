//! `wrt workflow update-options`.

use clap::{Args, ValueEnum};
use prost_types::FieldMask;
use wrt_model::proto::{
    Priority, WorkerDeploymentVersion,
    batch::BatchOperationUpdateWorkflowExecutionOptions,
    workflow::{
        VersioningOverride, WorkflowExecutionOptions,
        versioning_override::{Override, PinnedOverride, PinnedOverrideBehavior},
    },
    workflowservice::{UpdateWorkflowExecutionOptionsRequest, start_batch_operation_request::Operation},
};
use wrt_model::worker_deployment::version_text;

use super::{
    ReasonArgs,
    target::{Target, TargetArgs},
};
use crate::{
    client::{answer, identity},
    context::Context,
    exit::Exit,
    json,
    output::card,
};

/// Change the version that a workflow is to run on, or its priority, while it is open
#[derive(Debug, Args)]
pub(crate) struct UpdateOptionsCommand {
    #[command(flatten)]
    to_change: TargetArgs,
    #[command(flatten)]
    options: OptionsArgs,
    #[command(flatten)]
    reason: ReasonArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct OptionsArgs {
    /// How its version is chosen from now on
    #[arg(long, value_enum, ignore_case = true, value_name = "BEHAVIOR")]
    versioning_override_behavior: Option<Behavior>,
    /// The version to pin it to, for a component its digest; the one that it is on if it is left out
    #[arg(long, requires = "versioning_override_behavior", value_name = "ID")]
    versioning_override_build_id: Option<String>,
    /// The deployment that this version belongs to
    #[arg(long, requires = "versioning_override_build_id", value_name = "NAME")]
    versioning_override_deployment_name: Option<String>,
    /// Its importance in its task queues, from 1, the highest, to 5
    #[arg(long, value_name = "NUMBER")]
    priority_key: Option<i32>,
    /// The group that it shares its task queues as
    #[arg(long, value_name = "KEY")]
    fairness_key: Option<String>,
    /// The share of this group
    #[arg(long, value_name = "NUMBER")]
    fairness_weight: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Behavior {
    /// It stays on one version
    Pinned,
    /// It moves to the current version
    AutoUpgrade,
    /// As if nobody had chosen
    Unspecified,
}

impl UpdateOptionsCommand {
    /// Changes the options, and prints what they are then.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let update_mask = Some(self.options.mask());
        let workflow_execution_options = Some(self.options.into());
        let execution = match self.to_change.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation =
                    Operation::UpdateWorkflowOptionsOperation(BatchOperationUpdateWorkflowExecutionOptions {
                        identity: identity(),
                        workflow_execution_options,
                        update_mask,
                    });
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let request = UpdateWorkflowExecutionOptionsRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
            workflow_execution_options,
            update_mask,
            identity: identity(),
        };
        let outcome = client.workflows().update_workflow_execution_options(request).await;
        let updated = answer("update the options of the workflow", outcome)?;
        let options = updated.workflow_execution_options.unwrap_or_default();
        context.output.one(|| text(&options), || json::friendly(&options))?;
        Ok(Exit::Success)
    }
}

impl OptionsArgs {
    fn mask(&self) -> FieldMask {
        let named = [
            ("versioning_override", self.versioning_override_behavior.is_some()),
            ("priority.priority_key", self.priority_key.is_some()),
            ("priority.fairness_key", self.fairness_key.is_some()),
            ("priority.fairness_weight", self.fairness_weight.is_some()),
        ];
        let paths = named.into_iter().filter(|(_, is_named)| *is_named);
        FieldMask {
            paths: paths.map(|(path, _)| path.to_owned()).collect(),
        }
    }
}

impl From<OptionsArgs> for WorkflowExecutionOptions {
    fn from(args: OptionsArgs) -> Self {
        let deployment_name = args.versioning_override_deployment_name.unwrap_or_default();
        let version = args
            .versioning_override_build_id
            .map(|build_id| WorkerDeploymentVersion {
                deployment_name,
                build_id,
            });
        let chosen = match args.versioning_override_behavior {
            Some(Behavior::Pinned) => Some(Override::Pinned(PinnedOverride {
                behavior: PinnedOverrideBehavior::Pinned as i32,
                version,
            })),
            Some(Behavior::AutoUpgrade) => Some(Override::AutoUpgrade(true)),
            Some(Behavior::Unspecified) | None => None,
        };
        WorkflowExecutionOptions {
            versioning_override: chosen.map(|chosen| VersioningOverride {
                r#override: Some(chosen),
                ..Default::default()
            }),
            priority: Some(Priority {
                priority_key: args.priority_key.unwrap_or_default(),
                fairness_key: args.fairness_key.unwrap_or_default(),
                fairness_weight: args.fairness_weight.unwrap_or_default(),
            }),
            ..Default::default()
        }
    }
}

fn text(options: &WorkflowExecutionOptions) -> String {
    let priority = options.priority.clone().unwrap_or_default();
    let set = |is_set: bool, value: String| if is_set { value } else { String::new() };
    card(&[
        ("VersioningOverride", versioning(options.versioning_override.as_ref())),
        (
            "PriorityKey",
            set(priority.priority_key != 0, priority.priority_key.to_string()),
        ),
        ("FairnessKey", priority.fairness_key),
        (
            "FairnessWeight",
            set(priority.fairness_weight != 0.0, priority.fairness_weight.to_string()),
        ),
    ])
}

/// How the version of a workflow is chosen, if somebody has chosen.
pub(super) fn versioning(chosen: Option<&VersioningOverride>) -> String {
    match chosen.and_then(|chosen| chosen.r#override.as_ref()) {
        Some(Override::Pinned(pinned)) => {
            format!("Pinned to {}", version(pinned.version.as_ref()))
        }
        Some(Override::OneTime(once)) => {
            format!("Once to {}", version(once.target_deployment_version.as_ref()))
        }
        Some(Override::AutoUpgrade(true)) => "AutoUpgrade".to_owned(),
        _ => String::new(),
    }
}

/// A version as people write it: a component has no deployment name.
pub(super) fn version(version: Option<&WorkerDeploymentVersion>) -> String {
    match version {
        Some(version) if version.deployment_name.is_empty() => version.build_id.clone(),
        Some(version) => version_text(version),
        None => String::new(),
    }
}
