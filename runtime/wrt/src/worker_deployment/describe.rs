//! `wrt worker deployment describe` and `describe-version`, and the rows of `list`.

use clap::Args;
use wrt_model::proto::{
    WorkerDeploymentVersion,
    deployment::{
        RoutingConfig, VersionDrainageInfo, WorkerDeploymentInfo, WorkerDeploymentVersionInfo,
        worker_deployment_info::WorkerDeploymentVersionSummary,
    },
    enums::{TaskQueueType, WorkerDeploymentVersionStatus},
    workflowservice::{
        DescribeWorkerDeploymentRequest, DescribeWorkerDeploymentVersionRequest,
        DescribeWorkerDeploymentVersionResponse, describe_worker_deployment_version_response::VersionTaskQueue,
        list_worker_deployments_response::WorkerDeploymentSummary,
    },
};

use super::{NameArgs, VersionArgs};
use crate::{
    client::answer,
    context::Context,
    json,
    output::{card, heading, table},
    time,
    words::camel,
};

/// Show a worker deployment and its versions
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    name: NameArgs,
}

/// Show a version of a worker deployment
#[derive(Debug, Args)]
pub(crate) struct DescribeVersionCommand {
    #[command(flatten)]
    version: VersionArgs,
    /// Show what waits for its workers as well
    #[arg(long)]
    report_task_queue_stats: bool,
}

impl DescribeCommand {
    /// Prints the description.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DescribeWorkerDeploymentRequest {
            namespace: client.namespace(),
            deployment_name: self.name.name,
        };
        let outcome = client.workflows().describe_worker_deployment(request).await;
        let described = answer("describe worker deployment", outcome)?;
        let info = described.worker_deployment_info.unwrap_or_default();
        context.output.one(|| text(&info), || json::friendly(&info))?;
        Ok(())
    }
}

impl DescribeVersionCommand {
    /// Prints the description.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: client.namespace(),
            deployment_version: Some(self.version.into()),
            report_task_queue_stats: self.report_task_queue_stats,
            ..Default::default()
        };
        let outcome = client.workflows().describe_worker_deployment_version(request).await;
        let described = answer("describe the version", outcome)?;
        context
            .output
            .one(|| version_text(&described), || json::friendly(&described))?;
        Ok(())
    }
}

/// The rows of a list.
pub(super) fn summaries(found: &[WorkerDeploymentSummary]) -> String {
    let rows = found.iter().map(|summary| {
        let routing = summary.routing_config.clone().unwrap_or_default();
        vec![
            summary.name.clone(),
            time::point(summary.create_time.as_ref()),
            build_id(routing.current_deployment_version.as_ref()),
            ramp(&routing),
        ]
    });
    table(
        &["Name", "CreateTime", "CurrentVersion", "RampingVersion"],
        rows.collect(),
    )
}

fn text(info: &WorkerDeploymentInfo) -> String {
    let routing = info.routing_config.clone().unwrap_or_default();
    let about = card(&[
        ("Name", info.name.clone()),
        ("CreateTime", time::point(info.create_time.as_ref())),
        ("CurrentVersion", build_id(routing.current_deployment_version.as_ref())),
        ("RampingVersion", ramp(&routing)),
        ("LastModifier", info.last_modifier_identity.clone()),
        ("Manager", info.manager_identity.clone()),
    ]);
    let rows = info.version_summaries.iter().map(version_row).collect();
    let versions = table(&["BuildId", "Status", "CreateTime"], rows);
    format!("{about}\n{}\n{versions}", heading("Versions:"))
}

fn version_row(summary: &WorkerDeploymentVersionSummary) -> Vec<String> {
    vec![
        build_id(summary.deployment_version.as_ref()),
        status(summary.status()),
        time::point(summary.create_time.as_ref()),
    ]
}

fn version_text(described: &DescribeWorkerDeploymentVersionResponse) -> String {
    let info = described.worker_deployment_version_info.clone().unwrap_or_default();
    let queues = described.version_task_queues.iter().map(queue_row).collect();
    let queues = table(&["TaskQueue", "Type", "Backlog"], queues);
    format!("{}\n{}\n{queues}", version_card(&info), heading("Task Queues:"))
}

fn version_card(info: &WorkerDeploymentVersionInfo) -> String {
    let version = info.deployment_version.clone().unwrap_or_default();
    let drained = |drainage: &VersionDrainageInfo| camel(drainage.status().as_str_name(), "VERSION_DRAINAGE_STATUS_");
    let share = match info.ramp_percentage {
        0.0 => String::new(),
        percentage => format!("{percentage}%"),
    };
    card(&[
        ("DeploymentName", version.deployment_name),
        ("BuildId", version.build_id),
        ("Status", status(info.status())),
        ("CreateTime", time::point(info.create_time.as_ref())),
        ("CurrentSince", time::point(info.current_since_time.as_ref())),
        ("RampingSince", time::point(info.ramping_since_time.as_ref())),
        ("RampPercentage", share),
        ("Drainage", info.drainage_info.as_ref().map(drained).unwrap_or_default()),
        (
            "Metadata",
            info.metadata
                .as_ref()
                .map(|it| json::friendly(it).to_string())
                .unwrap_or_default(),
        ),
    ])
}

fn queue_row(queue: &VersionTaskQueue) -> Vec<String> {
    let backlog = queue
        .stats
        .as_ref()
        .map(|stats| stats.approximate_backlog_count.to_string());
    let kind: TaskQueueType = queue.r#type();
    vec![
        queue.name.clone(),
        camel(kind.as_str_name(), "TASK_QUEUE_TYPE_"),
        backlog.unwrap_or_default(),
    ]
}

fn build_id(version: Option<&WorkerDeploymentVersion>) -> String {
    version.map(|version| version.build_id.clone()).unwrap_or_default()
}

fn ramp(routing: &RoutingConfig) -> String {
    match (&routing.ramping_deployment_version, routing.ramping_version_percentage) {
        (None, 0.0) => String::new(),
        (None, percentage) => format!("unversioned ({percentage}%)"),
        (Some(version), percentage) => format!("{} ({percentage}%)", version.build_id),
    }
}

fn status(status: WorkerDeploymentVersionStatus) -> String {
    camel(status.as_str_name(), "WORKER_DEPLOYMENT_VERSION_STATUS_")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn version(build_id: &str) -> Option<WorkerDeploymentVersion> {
        Some(WorkerDeploymentVersion {
            deployment_name: "shop".to_owned(),
            build_id: build_id.to_owned(),
        })
    }

    #[test]
    fn a_deployment_reads_well() {
        let summary = |build_id: &str, status: WorkerDeploymentVersionStatus| WorkerDeploymentVersionSummary {
            deployment_version: version(build_id),
            status: status as i32,
            ..Default::default()
        };
        let info = WorkerDeploymentInfo {
            name: "shop".to_owned(),
            version_summaries: vec![
                summary("1", WorkerDeploymentVersionStatus::Current),
                summary("2", WorkerDeploymentVersionStatus::Ramping),
            ],
            routing_config: Some(RoutingConfig {
                current_deployment_version: version("1"),
                ramping_deployment_version: version("2"),
                ramping_version_percentage: 12.5,
                ..Default::default()
            }),
            manager_identity: "ops".to_owned(),
            ..Default::default()
        };
        assert_snapshot!(text(&info), @r"
          Name            shop
          CurrentVersion  1
          RampingVersion  2 (12.5%)
          Manager         ops
        Versions:
        BuildId  Status   CreateTime
        1        Current
        2        Ramping
        ");
    }
}
