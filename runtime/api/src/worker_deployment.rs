//! Worker deployments: what workers say of their version, and what operators ask.

mod describe;

use wrt_engine::{Engine, Modifier, VersionTarget, deployment_conflict_token, version_not_found};
use wrt_model::{
    proto::{
        WorkerDeploymentVersion,
        common::WorkerVersionCapabilities,
        deployment::WorkerDeploymentOptions,
        enums::WorkerVersioningMode,
        workflowservice::{
            CreateWorkerDeploymentRequest, CreateWorkerDeploymentResponse, CreateWorkerDeploymentVersionRequest,
            DeleteWorkerDeploymentRequest, DeleteWorkerDeploymentVersionRequest, DescribeWorkerDeploymentRequest,
            DescribeWorkerDeploymentResponse, DescribeWorkerDeploymentVersionRequest,
            DescribeWorkerDeploymentVersionResponse, ListWorkerDeploymentsRequest, ListWorkerDeploymentsResponse,
            SetWorkerDeploymentCurrentVersionRequest, SetWorkerDeploymentCurrentVersionResponse,
            SetWorkerDeploymentManagerRequest, SetWorkerDeploymentManagerResponse,
            SetWorkerDeploymentRampingVersionRequest, SetWorkerDeploymentRampingVersionResponse,
            UpdateWorkerDeploymentVersionMetadataRequest, UpdateWorkerDeploymentVersionMetadataResponse,
            describe_worker_deployment_version_response::VersionTaskQueue,
            set_worker_deployment_manager_request::NewManagerIdentity,
        },
    },
    worker_deployment::{UNVERSIONED, is_deployment_name, older_version_text, parse_version},
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked, invalid},
};

/// The most deployments of one page, and the default.
const PAGE_DEPLOYMENTS: u32 = 1000;

/// The longest name of a deployment, and the longest build id, in bytes.
const NAME_BYTES: usize = 480;

// === Workers ===

/// Checks what a worker says of its version, and says it in the words of newer workers.
pub(crate) fn settle_options(
    options: &mut Option<WorkerDeploymentOptions>,
    capabilities: Option<WorkerVersionCapabilities>,
) -> Checked {
    let capabilities = capabilities.filter(|capabilities| capabilities.use_versioning);
    if let (None, Some(capabilities)) = (&options, capabilities) {
        let has_no_deployment = capabilities.deployment_series_name.is_empty();
        validate::unsupported(has_no_deployment, "worker_version_capabilities.use_versioning")?;
        *options = Some(WorkerDeploymentOptions {
            deployment_name: capabilities.deployment_series_name,
            build_id: capabilities.build_id,
            worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
        });
    }
    let Some(options) = options else { return Ok(()) };
    match validate::choice("WorkerVersioningMode", options.worker_versioning_mode)? {
        WorkerVersioningMode::Versioned => {
            deployment_name(&options.deployment_name)?;
            build_id(&options.build_id)
        }
        WorkerVersioningMode::Unversioned | WorkerVersioningMode::Unspecified => Ok(()),
    }
}

// === Reading ===

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeWorkerDeploymentRequest,
) -> Result<DescribeWorkerDeploymentResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    deployment_name(&request.deployment_name)?;
    let deployment = engine.worker_deployment(&namespace, &request.deployment_name).await?;
    Ok(DescribeWorkerDeploymentResponse {
        conflict_token: deployment_conflict_token(&deployment),
        worker_deployment_info: Some(describe::info(&deployment)),
    })
}

#[expect(deprecated, reason = "older clients name a version in this way")]
pub(crate) async fn describe_version(
    engine: &Engine,
    request: DescribeWorkerDeploymentVersionRequest,
) -> Result<DescribeWorkerDeploymentVersionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let version = version(request.deployment_version, &request.version)?;
    let deployment = engine.worker_deployment(&namespace, &version.deployment_name).await?;
    let Some(known) = deployment.versions.get(&version.build_id) else {
        return Err(not_found(version_not_found(&deployment, &version.build_id)));
    };
    let queues = known.task_queues.iter().map(|queue| {
        let mut described = VersionTaskQueue {
            name: queue.name.clone(),
            r#type: queue.r#type,
            ..Default::default()
        };
        if request.report_task_queue_stats {
            let (stats, by_priority_key) = engine.version_backlog(&namespace, &version, queue);
            described.stats = Some(stats);
            described.stats_by_priority_key = by_priority_key;
        }
        described
    });
    Ok(DescribeWorkerDeploymentVersionResponse {
        version_task_queues: queues.collect(),
        worker_deployment_version_info: Some(describe::version_info(&deployment, &version, known)),
    })
}

pub(crate) async fn list(
    engine: &Engine,
    request: ListWorkerDeploymentsRequest,
) -> Result<ListWorkerDeploymentsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let page_size = validate::page_size(request.page_size, PAGE_DEPLOYMENTS)? as usize;
    // A page ends with a deployment's name, behind which the next one begins.
    let Ok(after) = String::from_utf8(request.next_page_token) else {
        return invalid("Invalid NextPageToken.");
    };
    let mut page = engine.worker_deployments(&namespace, &after, page_size + 1).await?;
    let has_more = page.len() > page_size;
    page.truncate(page_size);
    let last = page.last().filter(|_| has_more);
    Ok(ListWorkerDeploymentsResponse {
        next_page_token: last.map(|last| last.name.clone().into_bytes()).unwrap_or_default(),
        worker_deployments: page.iter().map(|deployment| describe::summary(deployment)).collect(),
    })
}

// === Creating and removing ===

pub(crate) async fn create(
    engine: &Engine,
    request: CreateWorkerDeploymentRequest,
) -> Result<CreateWorkerDeploymentResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    deployment_name(&request.deployment_name)?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("RequestId", &request.request_id)?;
    let created = engine
        .create_worker_deployment(
            &namespace,
            &request.deployment_name,
            &request.identity,
            &request.request_id,
        )
        .await?;
    Ok(CreateWorkerDeploymentResponse {
        conflict_token: deployment_conflict_token(&created),
    })
}

pub(crate) async fn create_version(
    engine: &Engine,
    request: CreateWorkerDeploymentVersionRequest,
) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::unsupported(request.compute_config.is_some(), "compute_config")?;
    let version = version(request.deployment_version, "")?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("RequestId", &request.request_id)?;
    Ok(engine
        .create_worker_deployment_version(&namespace, &version, &request.identity, &request.request_id)
        .await?)
}

#[expect(deprecated, reason = "older clients name a version in this way")]
pub(crate) async fn delete_version(
    engine: &Engine,
    request: DeleteWorkerDeploymentVersionRequest,
) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let version = version(request.deployment_version, &request.version)?;
    let by = modifier(request.identity, Vec::new())?;
    Ok(engine
        .delete_worker_deployment_version(&namespace, &version, request.skip_drainage, &by)
        .await?)
}

pub(crate) async fn delete(engine: &Engine, request: DeleteWorkerDeploymentRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    deployment_name(&request.deployment_name)?;
    let by = modifier(request.identity, Vec::new())?;
    Ok(engine
        .delete_worker_deployment(&namespace, &request.deployment_name, &by)
        .await?)
}

// === Changing ===

#[expect(
    deprecated,
    reason = "older clients name a version in this way, and read the one before"
)]
pub(crate) async fn set_current(
    engine: &Engine,
    request: SetWorkerDeploymentCurrentVersionRequest,
) -> Result<SetWorkerDeploymentCurrentVersionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let target = VersionTarget {
        build_id: target_build_id(&request.deployment_name, request.build_id, &request.version)?,
        deployment_name: request.deployment_name,
        ignore_missing_task_queues: request.ignore_missing_task_queues,
        allow_no_pollers: request.allow_no_pollers,
        by: modifier(request.identity, request.conflict_token)?,
    };
    let changed = engine.set_worker_deployment_current_version(&namespace, target).await?;
    let previous = changed.before.routing_config.current_deployment_version.clone();
    Ok(SetWorkerDeploymentCurrentVersionResponse {
        conflict_token: deployment_conflict_token(&changed.after),
        previous_version: older_version_text(previous.as_ref()),
        previous_deployment_version: previous,
    })
}

#[expect(
    deprecated,
    reason = "older clients name a version in this way, and read the one before"
)]
pub(crate) async fn set_ramping(
    engine: &Engine,
    request: SetWorkerDeploymentRampingVersionRequest,
) -> Result<SetWorkerDeploymentRampingVersionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let percentage = request.percentage;
    if !(0.0..=100.0).contains(&percentage) {
        return invalid(format!("Percentage has to lie between 0 and 100: {percentage}"));
    }
    let target = VersionTarget {
        build_id: target_build_id(&request.deployment_name, request.build_id, &request.version)?,
        deployment_name: request.deployment_name,
        ignore_missing_task_queues: request.ignore_missing_task_queues,
        allow_no_pollers: request.allow_no_pollers,
        by: modifier(request.identity, request.conflict_token)?,
    };
    let changed = engine
        .set_worker_deployment_ramping_version(&namespace, target, percentage)
        .await?;
    let before = &changed.before.routing_config;
    let previous = before.ramping_deployment_version.clone();
    Ok(SetWorkerDeploymentRampingVersionResponse {
        conflict_token: deployment_conflict_token(&changed.after),
        previous_version: previous
            .as_ref()
            .map(|previous| older_version_text(Some(previous)))
            .unwrap_or_default(),
        previous_deployment_version: previous,
        previous_percentage: before.ramping_version_percentage,
    })
}

#[expect(deprecated, reason = "older clients read the manager before")]
pub(crate) async fn set_manager(
    engine: &Engine,
    request: SetWorkerDeploymentManagerRequest,
) -> Result<SetWorkerDeploymentManagerResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    deployment_name(&request.deployment_name)?;
    validate::required("Identity", &request.identity)?;
    let manager = match request.new_manager_identity {
        Some(NewManagerIdentity::ManagerIdentity(identity)) => identity,
        Some(NewManagerIdentity::Self_(true)) => request.identity.clone(),
        Some(NewManagerIdentity::Self_(false)) | None => {
            return invalid("NewManagerIdentity is not set on request.");
        }
    };
    validate::bounded("ManagerIdentity", &manager)?;
    let by = modifier(request.identity, request.conflict_token)?;
    let changed = engine
        .set_worker_deployment_manager(&namespace, &request.deployment_name, &manager, &by)
        .await?;
    Ok(SetWorkerDeploymentManagerResponse {
        conflict_token: deployment_conflict_token(&changed.after),
        previous_manager_identity: changed.before.manager_identity.clone(),
    })
}

#[expect(deprecated, reason = "older clients name a version in this way")]
pub(crate) async fn update_metadata(
    engine: &Engine,
    request: UpdateWorkerDeploymentVersionMetadataRequest,
) -> Result<UpdateWorkerDeploymentVersionMetadataResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let version = version(request.deployment_version, &request.version)?;
    validate::bounded("Identity", &request.identity)?;
    let metadata = engine.update_worker_deployment_version_metadata(
        &namespace,
        &version,
        &request.identity,
        request.upsert_entries,
        &request.remove_entries,
    );
    Ok(UpdateWorkerDeploymentVersionMetadataResponse {
        metadata: Some(metadata.await?),
    })
}

// === Checks ===

fn deployment_name(name: &str) -> Checked {
    validate::required("DeploymentName", name)?;
    match name.len() <= NAME_BYTES && is_deployment_name(name) {
        true => Ok(()),
        false => invalid(format!(
            "a deployment name has at most {NAME_BYTES} bytes, neither '.' nor ':', and no '__' at its beginning: {name:?}"
        )),
    }
}

fn build_id(build_id: &str) -> Checked {
    validate::required("BuildId", build_id)?;
    match build_id.len() <= NAME_BYTES && !build_id.starts_with("__") {
        true => Ok(()),
        false => invalid(format!(
            "a build ID has at most {NAME_BYTES} bytes, and no '__' at its beginning: {build_id:?}"
        )),
    }
}

/// The version that a request names, in one field or in the text of older clients.
fn version(version: Option<WorkerDeploymentVersion>, older: &str) -> Checked<WorkerDeploymentVersion> {
    let Some(version) = version.or_else(|| parse_version(older)) else {
        return invalid("DeploymentVersion is not set on request.");
    };
    deployment_name(&version.deployment_name)?;
    build_id(&version.build_id)?;
    Ok(version)
}

/// The build id of the version that is to become current or ramping; empty for workers without a version.
fn target_build_id(deployment: &str, build_id: String, older: &str) -> Checked<String> {
    deployment_name(deployment)?;
    if !build_id.is_empty() || older.is_empty() || older == UNVERSIONED {
        if !build_id.is_empty() {
            self::build_id(&build_id)?;
        }
        return Ok(build_id);
    }
    match parse_version(older) {
        Some(version) if version.deployment_name == deployment => Ok(version.build_id),
        Some(_) => invalid(format!("the version {older} is none of deployment {deployment}")),
        None => invalid(format!(
            "invalid version {older:?}; it has the form <deployment name>.<build ID>"
        )),
    }
}

fn modifier(identity: String, conflict_token: Vec<u8>) -> Checked<Modifier> {
    validate::bounded("Identity", &identity)?;
    Ok(Modifier {
        identity,
        conflict_token,
    })
}

fn not_found(message: String) -> ApiError {
    let rejection = wrt_engine::WorkerDeploymentRejection::VersionNotFound(message);
    ApiError::Engine(rejection.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(name: &str, build_id: &str, mode: WorkerVersioningMode) -> WorkerDeploymentOptions {
        WorkerDeploymentOptions {
            deployment_name: name.to_owned(),
            build_id: build_id.to_owned(),
            worker_versioning_mode: mode as i32,
        }
    }

    #[track_caller]
    fn check(options: WorkerDeploymentOptions, expected: &str) {
        let said =
            settle_options(&mut Some(options), None).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
    }

    #[test]
    fn workers_with_a_version_name_it() {
        use WorkerVersioningMode::{Unspecified, Unversioned, Versioned};
        check(options("shop", "1", Versioned), "ok");
        check(options("", "1", Unversioned), "ok");
        check(options("", "", Unspecified), "ok");
        check(options("", "1", Versioned), "DeploymentName is not set on request.");
        check(options("shop", "", Versioned), "BuildId is not set on request.");
        check(options("shop.eu", "1", Versioned), "a deployment name has");
        check(options("shop", "__1", Versioned), "a build ID has");
    }

    #[test]
    fn older_workers_say_the_same_in_other_words() {
        let capabilities = |series: &str| WorkerVersionCapabilities {
            build_id: "1".to_owned(),
            use_versioning: true,
            deployment_series_name: series.to_owned(),
        };
        let mut settled = None;
        settle_options(&mut settled, Some(capabilities("shop"))).unwrap();
        assert_eq!(settled, Some(options("shop", "1", WorkerVersioningMode::Versioned)));
        let said = settle_options(&mut None, Some(capabilities(""))).unwrap_err();
        assert_eq!(
            said.to_string(),
            "worker_version_capabilities.use_versioning is not supported by this server; leave it unset"
        );
    }

    #[test]
    fn a_target_is_a_build_id_or_an_older_version() {
        let target = |build_id: &str, older: &str| {
            target_build_id("shop", build_id.to_owned(), older).map_err(|error| error.to_string())
        };
        assert_eq!(target("1", ""), Ok("1".to_owned()));
        assert_eq!(target("", "shop.1"), Ok("1".to_owned()));
        assert_eq!(target("", UNVERSIONED), Ok(String::new()));
        assert_eq!(target("", ""), Ok(String::new()));
        assert_eq!(
            target("", "other.1"),
            Err("the version other.1 is none of deployment shop".to_owned())
        );
        assert!(target("", "1").is_err());
    }
}
