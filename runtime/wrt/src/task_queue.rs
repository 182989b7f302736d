//! `wrt task-queue`: what waits in a task queue, who polls it, and what limits it.

mod config;
mod describe;

use clap::{Args, Subcommand, ValueEnum};
use wrt_model::proto::enums::TaskQueueType;

use self::{config::ConfigCommand, describe::DescribeCommand};
use crate::{context::Context, exit::Exit};

/// The verbs of task queues.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskQueueCommand {
    Describe(DescribeCommand),
    /// Rate limits and the weights of fairness keys
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The task queue
    #[arg(long, short, value_name = "NAME")]
    task_queue: String,
}

/// `--task-queue-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Tasks of workflows, which the server runs itself.
    Workflow,
    /// Tasks of activities.
    Activity,
}

impl From<Kind> for TaskQueueType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Workflow => TaskQueueType::Workflow,
            Kind::Activity => TaskQueueType::Activity,
        }
    }
}

impl TaskQueueCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            TaskQueueCommand::Describe(command) => command.run(context).await?,
            TaskQueueCommand::Config(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}
