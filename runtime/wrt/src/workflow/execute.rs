//! `wrt workflow execute` and `wrt workflow result`: wait until a workflow has ended.

use clap::Args;
use serde_json::{Map, Value, json};
use wrt_model::proto::{
    EventAttributes, HistoryEvent, WorkflowExecution, enums::WorkflowTaskFailedCause,
    workflowservice::DescribeWorkflowExecutionRequest,
};

use super::{ExecutionArgs, close, event, history::HistoryReader, start::StartArgs};
use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    output,
    progress::Progress,
    time,
};

/// Start a workflow and wait for its result
#[derive(Debug, Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct ExecuteCommand {
    #[command(flatten)]
    start: StartArgs,
}

/// Wait for the result of a workflow
#[derive(Debug, Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct ResultCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
}

/// A run that has ended, and whose end is not the beginning of another.
struct Ended {
    execution: WorkflowExecution,
    event: HistoryEvent,
}

impl ExecuteCommand {
    /// Starts the workflow, waits, and prints the result.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let started = self.start.start(&client).await?;
        context.output.text(&started.text())?;
        // It is waited for, in JSON too, and that may be for ever.
        started
            .hints(&client)
            .await
            .iter()
            .for_each(|hint| output::warning(hint));
        let fields = started.fields();
        let execution = WorkflowExecution {
            workflow_id: started.workflow_id,
            run_id: started.run_id,
        };
        finish(context, &client, execution, fields).await
    }
}

impl ResultCommand {
    /// Waits and prints the result.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let request = DescribeWorkflowExecutionRequest {
            namespace: client.namespace(),
            execution: Some(self.execution.into()),
        };
        let outcome = client.workflows().describe_workflow_execution(request).await;
        let described = answer("find workflow", outcome)?.workflow_execution_info;
        // The run is pinned now: a later run of the same workflow must not answer for it.
        let execution = described.and_then(|info| info.execution).unwrap_or_default();
        let fields = Map::from_iter([("workflowId".to_owned(), json!(execution.workflow_id))]);
        finish(context, &client, execution, fields).await
    }
}

/// Shows each step on stderr, waits for the end, and prints it. Nobody will mend the code meanwhile, so its first failure is the
/// end, too.
pub(crate) async fn watch(context: &Context, client: &Client, execution: WorkflowExecution) -> anyhow::Result<Exit> {
    let mut progress = Progress::lines();
    let ended = wait(client, execution, &mut progress, &refuse_failure).await?;
    let run_time = run_time(client, &ended).await?;
    let text = || close::text(&ended.event, run_time.map(time::millis).unwrap_or_default());
    context
        .output
        .one(text, || Value::Object(close::json(&ended.event).into_iter().collect()))?;
    Ok(close::exit(&ended.event))
}

fn refuse_failure(event: &HistoryEvent) -> anyhow::Result<()> {
    match &event.attributes {
        Some(EventAttributes::WorkflowTaskFailedEventAttributes(failed))
            if failed.cause() != WorkflowTaskFailedCause::UnhandledCommand =>
        {
            let failure = failed.failure.clone().unwrap_or_default();
            let stack = match failure.stack_trace.as_str() {
                "" => String::new(),
                stack => format!("\n{stack}"),
            };
            anyhow::bail!("the workflow's code fails: {}{stack}", failure.message)
        }
        _ => Ok(()),
    }
}

/// Waits for the end and prints it; `fields` come first in the JSON.
async fn finish(
    context: &Context,
    client: &Client,
    execution: WorkflowExecution,
    mut fields: Map<String, Value>,
) -> anyhow::Result<Exit> {
    let title = format!("waiting for workflow {}", execution.workflow_id);
    let mut progress = Progress::new(&context.output, title);
    let ended = wait(client, execution, &mut progress, &|_| Ok(())).await?;
    let run_time = run_time(client, &ended).await?;
    fields.insert("runId".to_owned(), json!(ended.execution.run_id));
    if let Some(millis) = run_time {
        fields.insert("durationMillis".to_owned(), json!(millis));
    }
    fields.extend(close::json(&ended.event));
    let text = || close::text(&ended.event, run_time.map(time::millis).unwrap_or_default());
    context.output.one(text, || Value::Object(fields))?;
    Ok(close::exit(&ended.event))
}

/// Waits for the end of the run and of all that continue it, showing what happens. `check` may end the wait before.
async fn wait(
    client: &Client,
    mut execution: WorkflowExecution,
    progress: &mut Progress,
    check: &dyn Fn(&HistoryEvent) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    loop {
        let event = closing_event(client, &execution, progress, check).await?;
        match close::successor(&event) {
            Some(run_id) => run_id.clone_into(&mut execution.run_id),
            None => return Ok(Ended { execution, event }),
        }
    }
}

async fn closing_event(
    client: &Client,
    execution: &WorkflowExecution,
    progress: &mut Progress,
    check: &dyn Fn(&HistoryEvent) -> anyhow::Result<()>,
) -> anyhow::Result<HistoryEvent> {
    // Nobody watches in a script: one event is all that has to travel.
    let mut reader = if progress.is_hidden() {
        HistoryReader::closing(client, execution.clone())
    } else {
        HistoryReader::following(client, execution.clone())
    };
    let held_up = "the server is gone, trying again";
    while let Some(events) = reader.next(|| progress.held_up(held_up)).await? {
        for event in events {
            if close::status(&event).is_some() {
                return Ok(event);
            }
            progress.happened(event::line(&event));
            check(&event)?;
        }
    }
    anyhow::bail!("the history of run {} ends without a closing event", execution.run_id)
}

/// Milliseconds from the start of the last run to its end.
async fn run_time(client: &Client, ended: &Ended) -> anyhow::Result<Option<u64>> {
    let request = DescribeWorkflowExecutionRequest {
        namespace: client.namespace(),
        execution: Some(ended.execution.clone()),
    };
    let outcome = client.workflows().describe_workflow_execution(request).await;
    let info = answer("describe workflow", outcome)?.workflow_execution_info;
    let start = info.and_then(|info| info.start_time);
    Ok(time::millis_between(start.as_ref(), ended.event.event_time.as_ref()))
}
