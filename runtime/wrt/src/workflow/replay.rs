//! `wrt workflow replay`: a component and histories, before the component is deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use wrt_host::{Host, HostOptions, RunIdentity, WorkflowModule};
use wrt_model::{
    Time,
    proto::{EventAttributes, History, HistoryEvent, WorkflowExecution},
};

use super::{history::HistoryReader, list};
use crate::{context::Context, exit::Exit, json, output::table};

/// Run a component through histories, and compare every command with the event that it became
///
/// Nothing is deployed and no run is touched: it tells whether runs could go on with the component.
#[derive(Debug, Args)]
pub(crate) struct ReplayCommand {
    /// The component
    #[arg(value_name = "FILE")]
    component: PathBuf,
    #[command(flatten)]
    histories: HistoriesArgs,
    /// One run of the workflow; the current one if it is left out
    #[arg(
        long,
        short,
        default_value = "",
        hide_default_value = true,
        requires = "workflow_id",
        value_name = "ID"
    )]
    run_id: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct HistoriesArgs {
    /// A history as `wrt workflow show -o json` writes it; repeatable
    #[arg(long, value_name = "FILE")]
    history: Vec<PathBuf>,
    /// The workflow's id
    #[arg(long, short, value_name = "ID")]
    workflow_id: Option<String>,
    /// All workflows that this query finds, such as "ExecutionStatus = 'Running'"
    #[arg(long, short)]
    query: Option<String>,
}

/// A history, and where it is from.
struct Past {
    name: String,
    execution: WorkflowExecution,
    events: Vec<HistoryEvent>,
}

/// What came of one of them.
struct Outcome {
    past: Past,
    /// Why it does not replay.
    failure: Option<String>,
}

impl ReplayCommand {
    /// Replays the histories. Fails when one of them does not replay.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let module = module(&self.component).await?;
        let mut outcomes = Vec::new();
        for past in self.histories(context).await? {
            let failure = replay(&module, &past, context.namespace()?).await?;
            outcomes.push(Outcome { past, failure });
        }
        context.output.list(
            || {
                table(
                    &["History", "Events", "Replays"],
                    outcomes.iter().map(Outcome::row).collect(),
                )
            },
            || outcomes.iter().map(Outcome::json).collect(),
        )?;
        Ok(match outcomes.iter().all(|outcome| outcome.failure.is_none()) {
            true => Exit::Success,
            false => Exit::Failure,
        })
    }

    async fn histories(&self, context: &Context) -> anyhow::Result<Vec<Past>> {
        if !self.histories.history.is_empty() {
            return self.histories.history.iter().map(|file| read(file)).collect();
        }
        let client = context.client().await?;
        let executions = match (&self.histories.workflow_id, &self.histories.query) {
            (Some(workflow_id), _) => vec![WorkflowExecution {
                workflow_id: workflow_id.clone(),
                run_id: self.run_id.clone(),
            }],
            (None, query) => {
                let found = list::find(&client, query.as_deref().unwrap_or_default(), usize::MAX).await?;
                found.into_iter().filter_map(|info| info.execution).collect()
            }
        };
        let mut histories = Vec::new();
        for execution in executions {
            histories.push(Past {
                name: format!("{} {}", execution.workflow_id, execution.run_id)
                    .trim_end()
                    .to_owned(),
                events: HistoryReader::new(&client, execution.clone()).collect().await?,
                execution,
            });
        }
        Ok(histories)
    }
}

impl Outcome {
    fn row(&self) -> Vec<String> {
        let replays = self.failure.clone().unwrap_or_else(|| "yes".to_owned());
        vec![self.past.name.clone(), self.past.events.len().to_string(), replays]
    }

    fn json(&self) -> Value {
        json!({
            "history": self.past.name,
            "events": self.past.events.len(),
            "replays": self.failure.is_none(),
            "failure": self.failure,
        })
    }
}

fn read(file: &Path) -> anyhow::Result<Past> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("read history {name}"))?;
    let history: History = json::parse(&text).with_context(|| format!("read history {name}"))?;
    Ok(Past {
        name,
        execution: WorkflowExecution::default(),
        events: history.events,
    })
}

async fn module(file: &Path) -> anyhow::Result<WorkflowModule> {
    let bytes = std::fs::read(file).with_context(|| format!("read component {}", file.display()))?;
    let host = Host::new(HostOptions::default()).context("start WebAssembly host")?;
    let prepared = host.prepare(&bytes).await?;
    let digest = prepared.component.digest;
    Ok(host.workflow(&digest, || async { Ok(prepared.bytes) }).await?)
}

/// Why the history does not replay; `None` when it does.
async fn replay(module: &WorkflowModule, past: &Past, namespace: &str) -> anyhow::Result<Option<String>> {
    let mut instance = module.instantiate(identity(past, namespace)?).await?;
    let replayed = instance.replay(&past.events).await;
    Ok(replayed.err().map(|failure| failure.to_string()))
}

/// The facts that the guest's randomness and clocks begin with. A history does not tell its namespace.
fn identity(past: &Past, namespace: &str) -> anyhow::Result<RunIdentity> {
    let first = past.events.first();
    let Some((first, EventAttributes::WorkflowExecutionStartedEventAttributes(started))) =
        first.and_then(|first| Some((first, first.attributes.as_ref()?)))
    else {
        bail!("history {} does not begin with the start of a run", past.name);
    };
    let or = |given: &str, written: &str| if given.is_empty() { written } else { given }.to_owned();
    Ok(RunIdentity {
        namespace: namespace.to_owned(),
        workflow_id: or(&past.execution.workflow_id, &started.workflow_id),
        run_id: or(&past.execution.run_id, &started.original_execution_run_id),
        original_execution_run_id: started.original_execution_run_id.clone(),
        start_time: first.event_time.as_ref().map_or(Time::EPOCH, Time::from),
    })
}
