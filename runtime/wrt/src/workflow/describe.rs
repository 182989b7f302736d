//! `wrt workflow describe`.

use clap::Args;
use serde_json::Value;
use wrt_model::proto::{
    HistoryEvent, WorkflowExecution,
    workflow::{PendingActivityInfo, WorkflowExecutionInfo},
    workflowservice::{DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse},
};

use super::{
    ExecutionArgs, close, diagnosis,
    history::HistoryReader,
    status_word,
    update_options::{version, versioning},
};
use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    failure, json,
    output::{card, heading, table},
    proto::wrt::DescribeRunResponse,
    time,
    words::camel,
};

/// Show what is known about a workflow
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
}

impl DescribeCommand {
    /// Prints the description; of a closed run also its result.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = DescribeWorkflowExecutionRequest {
            namespace: client.namespace(),
            execution: Some(self.execution.into()),
        };
        let outcome = client.workflows().describe_workflow_execution(request).await;
        let described = answer("describe workflow", outcome)?;
        let info = described.workflow_execution_info.clone().unwrap_or_default();
        let closed = closing_event(&client, &info).await?;
        let diagnosis = diagnosis::ask(&client, &info.execution.clone().unwrap_or_default()).await;
        context.output.one(
            || {
                text(
                    &client.namespace(),
                    &info,
                    &described,
                    diagnosis.as_ref(),
                    closed.as_ref(),
                )
            },
            || json(&described, diagnosis.as_ref(), closed.as_ref()),
        )?;
        Ok(Exit::Success)
    }
}

/// The last event of a run that is closed.
async fn closing_event(client: &Client, info: &WorkflowExecutionInfo) -> anyhow::Result<Option<HistoryEvent>> {
    if info.close_time.is_none() {
        return Ok(None);
    }
    let execution: WorkflowExecution = info.execution.clone().unwrap_or_default();
    let events = HistoryReader::closing(client, execution).collect().await?;
    Ok(events.into_iter().next_back())
}

fn json(
    described: &DescribeWorkflowExecutionResponse,
    diagnosis: Option<&DescribeRunResponse>,
    closed: Option<&HistoryEvent>,
) -> Value {
    let mut described = json::friendly(described);
    if let Value::Object(fields) = &mut described {
        let mut more = closed.map(close::json).unwrap_or_default();
        more.remove("status");
        fields.extend(more);
        fields.extend(diagnosis.map(diagnosis::fields).unwrap_or_default());
    }
    described
}

fn text(
    namespace: &str,
    info: &WorkflowExecutionInfo,
    described: &DescribeWorkflowExecutionResponse,
    diagnosis: Option<&DescribeRunResponse>,
    closed: Option<&HistoryEvent>,
) -> String {
    let mut parts = vec![format!(
        "{}\n{}",
        heading("Execution Info:"),
        facts(namespace, info, described)
    )];
    match closed {
        Some(event) => parts.push(close::text(
            event,
            time::between(info.start_time.as_ref(), info.close_time.as_ref()),
        )),
        None => {
            let task = described.pending_workflow_task.as_ref();
            let problem = diagnosis.and_then(|diagnosis| diagnosis.workflow_task_problem.as_ref());
            parts.extend(diagnosis::workflow_task(task, problem));
            parts.push(pending(&described.pending_activities));
            let hints = diagnosis::hints(diagnosis);
            parts.extend(
                (!hints.is_empty()).then(|| format!("{}\n  {}", heading("Waits In Vain:"), hints.join("\n  "))),
            );
        }
    }
    parts.join("\n\n")
}

fn facts(namespace: &str, info: &WorkflowExecutionInfo, described: &DescribeWorkflowExecutionResponse) -> String {
    let execution = info.execution.clone().unwrap_or_default();
    let config = described.execution_config.as_ref();
    let extended = described.workflow_extended_info.as_ref();
    let versions = info.versioning_info.as_ref();
    let cancel_requested = extended.is_some_and(|extended| extended.cancel_requested);
    card(&[
        ("WorkflowId", execution.workflow_id),
        ("RunId", execution.run_id),
        (
            "Type",
            info.r#type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default(),
        ),
        ("Namespace", namespace.to_owned()),
        ("TaskQueue", info.task_queue.clone()),
        ("Status", status_word(info.status())),
        (
            "CancelRequested",
            if cancel_requested {
                "true".to_owned()
            } else {
                String::new()
            },
        ),
        (
            "PauseReason",
            extended
                .and_then(|extended| extended.pause_info.as_ref())
                .map(|pause| pause.reason.clone())
                .unwrap_or_default(),
        ),
        (
            "Version",
            version(versions.and_then(|versions| versions.deployment_version.as_ref())),
        ),
        (
            "VersioningBehavior",
            versions
                .filter(|versions| versions.behavior != 0)
                .map(|versions| camel(versions.behavior().as_str_name(), "VERSIONING_BEHAVIOR_"))
                .unwrap_or_default(),
        ),
        (
            "VersioningOverride",
            versioning(versions.and_then(|versions| versions.versioning_override.as_ref())),
        ),
        ("StartTime", time::point(info.start_time.as_ref())),
        ("ExecutionTime", time::point(info.execution_time.as_ref())),
        ("CloseTime", time::point(info.close_time.as_ref())),
        (
            "ExecutionTimeout",
            time::span(config.and_then(|config| config.workflow_execution_timeout.as_ref())),
        ),
        (
            "RunTimeout",
            time::span(config.and_then(|config| config.workflow_run_timeout.as_ref())),
        ),
        ("Memo", fields(info.memo.as_ref().map(json::friendly), "fields")),
        (
            "SearchAttributes",
            fields(info.search_attributes.as_ref().map(json::friendly), "indexedFields"),
        ),
        ("StateTransitionCount", info.state_transition_count.to_string()),
        ("HistoryLength", info.history_length.to_string()),
        ("HistorySize", info.history_size_bytes.to_string()),
    ])
}

fn fields(message: Option<Value>, name: &str) -> String {
    message
        .and_then(|message| message.get(name).map(Value::to_string))
        .unwrap_or_default()
}

fn pending(activities: &[PendingActivityInfo]) -> String {
    let heading = heading(&format!("Pending Activities: {}", activities.len()));
    if activities.is_empty() {
        return heading;
    }
    let rows = activities.iter().map(pending_row).collect();
    let headers = [
        "ActivityId",
        "Type",
        "State",
        "Attempt",
        "Scheduled",
        "LastStarted",
        "LastFailure",
    ];
    format!("{heading}\n{}", table(&headers, rows))
}

fn pending_row(activity: &PendingActivityInfo) -> Vec<String> {
    let attempts = match activity.maximum_attempts {
        0 => activity.attempt.to_string(),
        most => format!("{} of {most}", activity.attempt),
    };
    vec![
        activity.activity_id.clone(),
        activity
            .activity_type
            .as_ref()
            .map(|kind| kind.name.clone())
            .unwrap_or_default(),
        camel(activity.state().as_str_name(), "PENDING_ACTIVITY_STATE_"),
        attempts,
        time::point(activity.scheduled_time.as_ref()),
        time::point(activity.last_started_time.as_ref()),
        activity.last_failure.as_ref().map(failure::line).unwrap_or_default(),
    ]
}
