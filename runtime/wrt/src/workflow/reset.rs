//! `wrt workflow reset`.

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::json;
use uuid::Uuid;
use wrt_engine::{ResetPoint, reset_point};
use wrt_model::proto::{
    EventAttributes, HistoryEvent, WorkflowExecution,
    batch::BatchOperationReset,
    common::{ResetOptions, reset_options},
    enums::ResetReapplyExcludeType,
    workflowservice::{ResetWorkflowExecutionRequest, start_batch_operation_request::Operation},
};

use super::{
    ReasonArgs,
    history::HistoryReader,
    target::{Target, TargetArgs},
};
use crate::{
    client::{Client, answer, identity},
    context::Context,
    exit::Exit,
    output::card,
};

/// Let a workflow go on from a point of its past, in a new run; the current run is terminated
#[derive(Debug, Args)]
pub(crate) struct ResetCommand {
    #[command(flatten)]
    to_reset: TargetArgs,
    /// The end of a workflow task: what came before stays
    #[arg(long, short, required_unless_present = "target", value_name = "NUMBER")]
    event_id: Option<i64>,
    /// The event to reset to, found in the history
    #[arg(
        long = "type",
        short = 't',
        value_enum,
        ignore_case = true,
        conflicts_with = "event_id",
        value_name = "TYPE"
    )]
    target: Option<Point>,
    /// The digest of the component for the type BuildId
    #[arg(long, required_if_eq("target", "BuildId"), value_name = "DIGEST")]
    build_id: Option<String>,
    #[command(flatten)]
    reason: ReasonArgs,
    /// What came later and is not to come again; repeatable
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',', value_name = "KIND")]
    reapply_exclude: Vec<Exclude>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum Point {
    /// The first workflow task of the run
    FirstWorkflowTask,
    /// The last workflow task of the run
    LastWorkflowTask,
    /// The last workflow task of the run that this one continues
    LastContinuedAsNew,
    /// The first workflow task that a component has run
    BuildId,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum Exclude {
    All,
    Signal,
    Update,
}

impl ResetCommand {
    /// Resets the workflow, and prints the id of the run that goes on.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let execution = match self.to_reset.into() {
            Target::One(execution) => execution,
            Target::Query(batch) => {
                let operation = batch_operation(self.event_id, self.target, self.build_id, &self.reapply_exclude)?;
                return batch.start(context, &client, self.reason.reason, operation).await;
            }
        };
        let (execution, event_id) = match (self.event_id, self.target) {
            (Some(event_id), _) => (execution, event_id),
            (None, Some(target)) => find(&client, execution, target, self.build_id.as_deref()).await?,
            (None, None) => bail!("neither --event-id nor --type says where to reset to; give one of them"),
        };
        let request = ResetWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
            reason: self.reason.reason,
            workflow_task_finish_event_id: event_id,
            request_id: Uuid::new_v4().to_string(),
            reset_reapply_exclude_types: excluded(&self.reapply_exclude),
            identity: identity(),
            ..Default::default()
        };
        let outcome = client.workflows().reset_workflow_execution(request).await;
        let run_id = answer("reset workflow", outcome)?.run_id;
        context
            .output
            .one(|| card(&[("RunId", run_id.clone())]), || json!({"runId": run_id}))?;
        Ok(Exit::Success)
    }
}

fn batch_operation(
    event_id: Option<i64>,
    point: Option<Point>,
    build_id: Option<String>,
    exclude: &[Exclude],
) -> anyhow::Result<Operation> {
    let target = match (event_id, point) {
        (Some(event_id), _) => reset_options::Target::WorkflowTaskId(event_id),
        (None, Some(Point::FirstWorkflowTask)) => reset_options::Target::FirstWorkflowTask(()),
        (None, Some(Point::LastWorkflowTask)) => reset_options::Target::LastWorkflowTask(()),
        (None, Some(Point::BuildId)) => reset_options::Target::BuildId(build_id.unwrap_or_default()),
        (None, _) => {
            bail!("--query goes with --event-id, or with the type FirstWorkflowTask, LastWorkflowTask or BuildId")
        }
    };
    Ok(Operation::ResetOperation(BatchOperationReset {
        identity: identity(),
        options: Some(ResetOptions {
            target: Some(target),
            reset_reapply_exclude_types: excluded(exclude),
            ..Default::default()
        }),
        ..Default::default()
    }))
}

fn excluded(kinds: &[Exclude]) -> Vec<i32> {
    use ResetReapplyExcludeType as Type;
    let types = kinds.iter().flat_map(|kind| match kind {
        Exclude::All => vec![Type::Signal, Type::Update, Type::Nexus],
        Exclude::Signal => vec![Type::Signal],
        Exclude::Update => vec![Type::Update],
    });
    types.map(|kind| kind as i32).collect()
}

/// The run and the event to reset to.
async fn find(
    client: &Client,
    execution: WorkflowExecution,
    target: Point,
    build_id: Option<&str>,
) -> anyhow::Result<(WorkflowExecution, i64)> {
    let events = HistoryReader::new(client, execution.clone()).collect().await?;
    let (execution, events) = match target {
        Point::FirstWorkflowTask | Point::LastWorkflowTask | Point::BuildId => (execution, events),
        Point::LastContinuedAsNew => {
            let run_id = continued_from(&events).context("the run does not continue another one; see --type")?;
            let execution = WorkflowExecution { run_id, ..execution };
            let events = HistoryReader::new(client, execution.clone()).collect().await?;
            (execution, events)
        }
    };
    let point = match (target, build_id) {
        (Point::FirstWorkflowTask, _) => ResetPoint::FirstWorkflowTask,
        (Point::BuildId, Some(build_id)) => ResetPoint::BuildId(build_id.to_owned()),
        _ => ResetPoint::LastWorkflowTask,
    };
    let event_id = reset_point(&events, &point).with_context(|| match &point {
        ResetPoint::BuildId(build_id) => format!("build {build_id} has run no workflow task of the run"),
        _ => "the run has had no workflow task yet; there is nothing to reset".to_owned(),
    })?;
    Ok((execution, event_id))
}

fn continued_from(events: &[HistoryEvent]) -> Option<String> {
    match events.first()?.attributes.as_ref()? {
        EventAttributes::WorkflowExecutionStartedEventAttributes(started) => {
            Some(started.continued_execution_run_id.clone()).filter(|run_id| !run_id.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::enums::EventType;

    use super::*;

    #[track_caller]
    fn check(types: &[EventType], first: Option<i64>, last: Option<i64>) {
        let events: Vec<_> = types
            .iter()
            .zip(1..)
            .map(|(&event_type, event_id)| HistoryEvent {
                event_id,
                event_type: event_type as i32,
                ..Default::default()
            })
            .collect();
        assert_eq!(
            (
                reset_point(&events, &ResetPoint::FirstWorkflowTask),
                reset_point(&events, &ResetPoint::LastWorkflowTask)
            ),
            (first, last)
        );
    }

    #[test]
    fn the_first_and_the_last_workflow_task() {
        use EventType::{
            WorkflowExecutionStarted as Started, WorkflowTaskCompleted as Completed, WorkflowTaskFailed as Failed,
            WorkflowTaskScheduled as Scheduled, WorkflowTaskStarted as TaskStarted,
        };
        check(&[Started], None, None);
        check(&[Started, Scheduled], Some(3), Some(3));
        check(&[Started, Scheduled, TaskStarted, Failed], Some(3), Some(3));
        check(
            &[
                Started,
                Scheduled,
                TaskStarted,
                Completed,
                Scheduled,
                TaskStarted,
                Completed,
                Scheduled,
            ],
            Some(4),
            Some(7),
        );
    }

    #[test]
    fn all_excludes_everything() {
        assert_eq!(excluded(&[Exclude::All]), [1, 2, 3]);
        assert_eq!(excluded(&[Exclude::Signal, Exclude::Update]), [1, 2]);
        assert_eq!(excluded(&[]), [0; 0]);
    }
}
