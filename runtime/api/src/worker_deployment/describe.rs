//! Worker deployments as clients read them.

use wrt_engine::version_status;
use wrt_model::{
    Time, WorkerDeployment,
    proto::{
        WorkerDeploymentVersion,
        deployment::{
            RoutingConfig, WorkerDeploymentInfo, WorkerDeploymentVersionInfo,
            worker_deployment_info::WorkerDeploymentVersionSummary,
        },
        enums::RoutingConfigUpdateState,
        workflowservice::list_worker_deployments_response::WorkerDeploymentSummary,
    },
    worker_deployment::{DeployedVersion, older_version_text},
};

/// All about a deployment. What is set is in force at once.
pub(super) fn info(deployment: &WorkerDeployment) -> WorkerDeploymentInfo {
    let versions = deployment.versions.iter();
    WorkerDeploymentInfo {
        name: deployment.name.clone(),
        version_summaries: versions
            .map(|(build_id, version)| version_summary(deployment, build_id, version))
            .collect(),
        create_time: time(deployment.created_ns),
        routing_config: Some(routing_config(&deployment.routing_config)),
        last_modifier_identity: deployment.last_modifier_identity.clone(),
        manager_identity: deployment.manager_identity.clone(),
        routing_config_update_state: RoutingConfigUpdateState::Completed as i32,
    }
}

/// What lists show of a deployment.
pub(super) fn summary(deployment: &WorkerDeployment) -> WorkerDeploymentSummary {
    let named = |build_id: Option<&str>| {
        let (build_id, version) = deployment.versions.get_key_value(build_id?)?;
        Some(version_summary(deployment, build_id, version))
    };
    let latest = deployment.versions.iter().max_by_key(|(_, version)| version.created_ns);
    WorkerDeploymentSummary {
        name: deployment.name.clone(),
        create_time: time(deployment.created_ns),
        routing_config: Some(routing_config(&deployment.routing_config)),
        latest_version_summary: latest.map(|(build_id, version)| version_summary(deployment, build_id, version)),
        current_version_summary: named(deployment.current_build_id()),
        ramping_version_summary: named(deployment.ramping_build_id()),
    }
}

/// All about a version.
#[expect(deprecated, reason = "older clients read these")]
pub(super) fn version_info(
    deployment: &WorkerDeployment,
    name: &WorkerDeploymentVersion,
    version: &DeployedVersion,
) -> WorkerDeploymentVersionInfo {
    let percentage = deployment.routing_config.ramping_version_percentage;
    WorkerDeploymentVersionInfo {
        version: older_version_text(Some(name)),
        status: version_status(deployment, &name.build_id) as i32,
        deployment_version: Some(name.clone()),
        deployment_name: deployment.name.clone(),
        create_time: time(version.created_ns),
        routing_changed_time: time(version.routing_changed_ns),
        current_since_time: time(version.current_since_ns),
        ramping_since_time: time(version.ramping_since_ns),
        first_activation_time: time(version.first_activation_ns),
        last_current_time: time(version.last_current_ns),
        last_deactivation_time: time(version.last_deactivation_ns),
        ramp_percentage: if version.ramping_since_ns == 0 { 0.0 } else { percentage },
        task_queue_infos: version.task_queues.clone(),
        drainage_info: version.drainage_info,
        metadata: version.metadata.clone(),
        compute_config: None,
        last_modifier_identity: version.last_modifier_identity.clone(),
    }
}

#[expect(deprecated, reason = "older clients read these")]
fn version_summary(
    deployment: &WorkerDeployment,
    build_id: &str,
    version: &DeployedVersion,
) -> WorkerDeploymentVersionSummary {
    let name = deployment.version(build_id);
    let drainage = version.drainage_info.as_ref();
    WorkerDeploymentVersionSummary {
        version: older_version_text(Some(&name)),
        status: version_status(deployment, build_id) as i32,
        deployment_version: Some(name),
        create_time: time(version.created_ns),
        drainage_status: drainage.map_or(0, |drainage| drainage.status),
        drainage_info: version.drainage_info,
        current_since_time: time(version.current_since_ns),
        ramping_since_time: time(version.ramping_since_ns),
        routing_update_time: time(version.routing_changed_ns),
        first_activation_time: time(version.first_activation_ns),
        last_current_time: time(version.last_current_ns),
        last_deactivation_time: time(version.last_deactivation_ns),
        ..Default::default()
    }
}

/// The routing, in the words of older clients, too.
#[expect(deprecated, reason = "older clients read these")]
fn routing_config(routing: &RoutingConfig) -> RoutingConfig {
    let ramping = routing.ramping_deployment_version.as_ref();
    let has_ramp = ramping.is_some() || routing.ramping_version_percentage > 0.0;
    RoutingConfig {
        current_version: older_version_text(routing.current_deployment_version.as_ref()),
        ramping_version: if has_ramp {
            older_version_text(ramping)
        } else {
            String::new()
        },
        ..routing.clone()
    }
}

fn time(nanos: i64) -> Option<prost_types::Timestamp> {
    (nanos != 0).then(|| Time::from_nanos(nanos).into())
}
