//! `wrt workflow replay`: a component and histories, before the component is deployed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use wrt_host::{Host, HostOptions, RunIdentity, WorkflowModule};
use wrt_model::proto::{History, HistoryEvent, WorkflowExecution};

use super::{history::HistoryReader, list};
use crate::{context::Context, exit::Exit, json, output::table};

/// Run a component through histories, and compare every command with the event that it became
///
/// A workflow task that waits, because it has failed or is yet to begin, is tried out. Nothing is deployed and no run is touched: it tells whether runs could go on with the component.
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

/// Where a history is from.
enum Source {
    File(PathBuf),
    Server(WorkflowExecution),
}

/// What came of a history.
struct Outcome {
    name: String,
    events: usize,
    /// Why it does not replay.
    failure: Option<String>,
}

impl ReplayCommand {
    /// Replays the histories, one after the other. Fails when one of them does not replay.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let module = module(&self.component).await?;
        let mut outcomes = Vec::new();
        for source in self.sources(context).await? {
            outcomes.push(source.replay(context, &module).await?);
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

    async fn sources(&self, context: &Context) -> anyhow::Result<Vec<Source>> {
        let HistoriesArgs {
            history,
            workflow_id,
            query,
        } = &self.histories;
        if let Some(query) = query {
            let found = list::find(&context.client().await?, query, usize::MAX).await?;
            let executions = found.into_iter().filter_map(|info| info.execution);
            return Ok(executions.map(Source::Server).collect());
        }
        let of_workflow = workflow_id.iter().map(|workflow_id| {
            Source::Server(WorkflowExecution {
                workflow_id: workflow_id.clone(),
                run_id: self.run_id.clone(),
            })
        });
        Ok(history.iter().cloned().map(Source::File).chain(of_workflow).collect())
    }
}

impl Source {
    async fn replay(&self, context: &Context, module: &WorkflowModule) -> anyhow::Result<Outcome> {
        let (execution, events) = match self {
            Source::File(file) => (WorkflowExecution::default(), read(file)?),
            Source::Server(execution) => {
                let reader = HistoryReader::new(&context.client().await?, execution.clone());
                (execution.clone(), reader.collect().await?)
            }
        };
        let name = self.name();
        let run = RunIdentity::of_history(context.namespace()?, &execution, &events)
            .with_context(|| format!("history {name} does not begin with the start of a run"))?;
        let mut instance = module.instantiate(run)?;
        // A history says nothing of what its code does in the task that waits: that is tried out.
        let replayed = instance.replay(&events).and_then(|()| instance.rehearse());
        Ok(Outcome {
            name,
            events: events.len(),
            failure: replayed.err().map(|failure| failure.to_string()),
        })
    }

    fn name(&self) -> String {
        match self {
            Source::File(file) => file.display().to_string(),
            Source::Server(WorkflowExecution { workflow_id, run_id }) => {
                format!("{workflow_id} {run_id}").trim_end().to_owned()
            }
        }
    }
}

impl Outcome {
    fn row(&self) -> Vec<String> {
        let replays = self.failure.clone().unwrap_or_else(|| "yes".to_owned());
        vec![self.name.clone(), self.events.to_string(), replays]
    }

    fn json(&self) -> Value {
        json!({
            "history": self.name,
            "events": self.events,
            "replays": self.failure.is_none(),
            "failure": self.failure,
        })
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<HistoryEvent>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read history {}", file.display()))?;
    let history: History = json::parse(&text).with_context(|| format!("read history {}", file.display()))?;
    Ok(history.events)
}

async fn module(file: &Path) -> anyhow::Result<WorkflowModule> {
    let bytes = std::fs::read(file).with_context(|| format!("read component {}", file.display()))?;
    let host = Host::new(HostOptions::default()).context("start WebAssembly host")?;
    let prepared = host.prepare(&bytes).await?;
    let digest = prepared.component.digest;
    Ok(host.workflow(&digest, || async { Ok(prepared.bytes) }).await?)
}
