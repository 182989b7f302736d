//! Options of workflows that are changed while they are open.

use prost_types::FieldMask;
use wrt_engine::{Engine, WorkflowOptionsChange};
use wrt_model::proto::{
    WorkerDeploymentVersion,
    enums::VersioningBehavior,
    workflow::{
        VersioningOverride, WorkflowExecutionOptions,
        versioning_override::{Override, PinnedOverride, PinnedOverrideBehavior},
    },
    workflowservice::{UpdateWorkflowExecutionOptionsRequest, UpdateWorkflowExecutionOptionsResponse},
};
use wrt_model::worker_deployment::parse_version;

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked},
};

pub(crate) async fn update(
    engine: &Engine,
    request: UpdateWorkflowExecutionOptionsRequest,
) -> Result<UpdateWorkflowExecutionOptionsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(request.workflow_execution)?;
    validate::bounded("Identity", &request.identity)?;
    let (mut options, mut mask) = (request.workflow_execution_options, request.update_mask);
    if mask.is_none() {
        return validate::invalid("UpdateMask is required: name the options to change, for instance priority.");
    }
    check(&mut options, &mut mask)?;
    let change = WorkflowOptionsChange {
        options: options.unwrap_or_default(),
        paths: mask.unwrap_or_default().paths,
        identity: request.identity,
    };
    Ok(engine.update_workflow_options(&namespace, execution, change).await?)
}

/// Checks a change of options, and says it in the words of newer clients.
pub(crate) fn check(options: &mut Option<WorkflowExecutionOptions>, mask: &mut Option<FieldMask>) -> Checked {
    let options = options.get_or_insert_default();
    let paths = &mut mask.get_or_insert_default().paths;
    validate::start::priority(options.priority.as_ref())?;
    if let Some(versioning) = options.versioning_override.take() {
        options.versioning_override = Some(versioning_override(versioning)?);
    }
    let is_time_skipping = |path: &String| path.starts_with("time_skipping") || path.starts_with("timeSkipping");
    validate::unsupported(paths.iter().any(is_time_skipping), "TimeSkippingConfig")?;
    join_older_paths(paths)?;
    let change = WorkflowOptionsChange {
        options: options.clone(),
        paths: paths.clone(),
        ..Default::default()
    };
    change.check().or_else(validate::invalid)
}

/// Checks the override of a run that is about to begin, and says it in the words of newer clients.
pub(crate) fn settle_override(chosen: &mut Option<VersioningOverride>) -> Checked {
    let Some(versioning) = chosen.take() else { return Ok(()) };
    let versioning = versioning_override(versioning)?;
    if let Some(Override::Pinned(PinnedOverride { version: None, .. })) = &versioning.r#override {
        return validate::invalid("must provide version if override is pinned.");
    }
    *chosen = Some(versioning);
    Ok(())
}

/// Older clients name the parts of an override, which belong together.
fn join_older_paths(paths: &mut Vec<String>) -> Checked {
    let part = |path: &String| {
        let part = path
            .strip_prefix("versioning_override.")
            .or_else(|| path.strip_prefix("versioningOverride."))?;
        Some(part.to_owned())
    };
    let parts: Vec<String> = paths.iter().filter_map(part).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let has = |names: &[&str]| parts.iter().any(|part| names.contains(&part.as_str()));
    if !has(&["behavior"]) || !has(&["deployment", "pinned_version", "pinnedVersion"]) {
        return validate::invalid("versioning_override fields must be updated together");
    }
    paths.retain(|path| part(path).is_none());
    paths.push("versioning_override".to_owned());
    Ok(())
}

#[expect(deprecated, reason = "older clients choose a version in this way")]
fn versioning_override(versioning: VersioningOverride) -> Checked<VersioningOverride> {
    let behavior = validate::choice("VersioningBehavior", versioning.behavior)?;
    let chosen = match versioning.r#override {
        Some(Override::Pinned(pinned)) if pinned.behavior() == PinnedOverrideBehavior::Unspecified => {
            return validate::invalid("must specify pinned override behavior if override is pinned.");
        }
        Some(chosen) => chosen,
        None => match (
            behavior,
            parse_version(&versioning.pinned_version),
            versioning.deployment,
        ) {
            (VersioningBehavior::Pinned, Some(version), _) => pinned(&version.deployment_name, &version.build_id),
            (VersioningBehavior::Pinned, None, Some(deployment)) => {
                pinned(&deployment.series_name, &deployment.build_id)
            }
            (VersioningBehavior::Pinned, None, None) => {
                return validate::invalid(
                    "must provide deployment (deprecated) or pinned version if behavior is 'PINNED'",
                );
            }
            (VersioningBehavior::AutoUpgrade, None, None) => Override::AutoUpgrade(true),
            (VersioningBehavior::AutoUpgrade, ..) => {
                return validate::invalid(
                    "only provide pinned version or deployment if behavior is 'PINNED', and not for 'AUTO_UPGRADE'",
                );
            }
            (VersioningBehavior::Unspecified, ..) => return validate::invalid("override behavior is required"),
        },
    };
    match &chosen {
        Override::Pinned(pinned) => {
            if let Some(version) = &pinned.version {
                validate::required("BuildId", &version.build_id)?;
            }
        }
        Override::AutoUpgrade(true) => {}
        Override::AutoUpgrade(false) => return validate::invalid("override behavior is required"),
        Override::OneTime(once) => match &once.target_deployment_version {
            Some(version) => validate::required("BuildId", &version.build_id)?,
            None => return validate::invalid("must provide a target version if the override is for one task."),
        },
    }
    Ok(VersioningOverride {
        r#override: Some(chosen),
        ..Default::default()
    })
}

fn pinned(deployment_name: &str, build_id: &str) -> Override {
    Override::Pinned(PinnedOverride {
        behavior: PinnedOverrideBehavior::Pinned as i32,
        version: Some(WorkerDeploymentVersion {
            deployment_name: deployment_name.to_owned(),
            build_id: build_id.to_owned(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(versioning: Option<VersioningOverride>, paths: &[&str], expected: Result<Option<Override>, &str>) {
        let mut options = Some(WorkflowExecutionOptions {
            versioning_override: versioning,
            ..Default::default()
        });
        let mut mask = Some(FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        });
        let said = super::check(&mut options, &mut mask).map_err(|error| error.to_string());
        let said = said.map(|()| options.unwrap().versioning_override.and_then(|it| it.r#override));
        assert_eq!(said, expected.map_err(str::to_owned));
    }

    fn by(r#override: Override) -> Option<VersioningOverride> {
        Some(VersioningOverride {
            r#override: Some(r#override),
            ..Default::default()
        })
    }

    #[test]
    fn paths_name_options() {
        check(None, &[], Ok(None));
        check(
            None,
            &["versioningOverride", "priority", "priority.fairnessKey"],
            Ok(None),
        );
        check(
            None,
            &["task_queue"],
            Err("the update mask has the path task_queue, which is no option of workflows"),
        );
        check(
            None,
            &["priority.colour"],
            Err("the update mask has the path priority.colour, which is no option of workflows"),
        );
        check(
            None,
            &["versioning_override.behavior"],
            Err("versioning_override fields must be updated together"),
        );
        check(
            None,
            &["time_skipping_config"],
            Err("TimeSkippingConfig is not supported by this server; leave it unset"),
        );
    }

    #[test]
    fn an_override_pins_or_upgrades() {
        check(
            by(pinned("shop", "1")),
            &["versioning_override"],
            Ok(Some(pinned("shop", "1"))),
        );
        check(by(pinned("shop", "")), &[], Err("BuildId is not set on request."));
        check(
            by(Override::AutoUpgrade(true)),
            &[],
            Ok(Some(Override::AutoUpgrade(true))),
        );
        check(
            by(Override::AutoUpgrade(false)),
            &[],
            Err("override behavior is required"),
        );
        check(
            by(Override::Pinned(PinnedOverride::default())),
            &[],
            Err("must specify pinned override behavior if override is pinned."),
        );
        check(
            by(Override::OneTime(Default::default())),
            &[],
            Err("must provide a target version if the override is for one task."),
        );
    }

    #[test]
    #[expect(deprecated, reason = "older clients choose a version in this way")]
    fn the_words_of_older_clients_mean_the_same() {
        let older = |behavior: VersioningBehavior, pinned_version: &str| {
            Some(VersioningOverride {
                behavior: behavior as i32,
                pinned_version: pinned_version.to_owned(),
                ..Default::default()
            })
        };
        let paths = ["versioning_override.behavior", "versioning_override.pinned_version"];
        check(
            older(VersioningBehavior::Pinned, "shop.1"),
            &paths,
            Ok(Some(pinned("shop", "1"))),
        );
        check(
            older(VersioningBehavior::AutoUpgrade, ""),
            &paths,
            Ok(Some(Override::AutoUpgrade(true))),
        );
        check(
            older(VersioningBehavior::Pinned, ""),
            &paths,
            Err("must provide deployment (deprecated) or pinned version if behavior is 'PINNED'"),
        );
        check(
            older(VersioningBehavior::AutoUpgrade, "shop.1"),
            &paths,
            Err("only provide pinned version or deployment if behavior is 'PINNED', and not for 'AUTO_UPGRADE'"),
        );
        check(
            older(VersioningBehavior::Unspecified, ""),
            &paths,
            Err("override behavior is required"),
        );
    }
}
