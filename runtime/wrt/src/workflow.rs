//! `wrt workflow`: start, talk to, watch and stop workflow executions.

mod close;
mod delete;
mod describe;
mod diagnosis;
mod event;
pub(crate) mod execute;
mod history;
mod list;
mod pause;
mod query;
mod replay;
mod reset;
mod show;
mod signal;
pub(crate) mod start;
mod stop;
mod target;
mod update;
mod update_options;

use clap::{Args, Subcommand};
use wrt_model::proto::WorkflowExecution;

use crate::{context::Context, exit::Exit};

/// The verbs of workflow executions.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    Start(start::StartCommand),
    Execute(execute::ExecuteCommand),
    Result(execute::ResultCommand),
    Signal(signal::SignalCommand),
    SignalWithStart(signal::SignalWithStartCommand),
    /// Updates: changes that the workflow answers
    #[command(subcommand)]
    Update(update::UpdateCommand),
    Query(query::QueryCommand),
    Stack(query::StackCommand),
    Metadata(query::MetadataCommand),
    Describe(describe::DescribeCommand),
    Show(show::ShowCommand),
    List(list::ListCommand),
    Count(list::CountCommand),
    Cancel(stop::CancelCommand),
    Terminate(stop::TerminateCommand),
    Pause(pause::PauseCommand),
    Unpause(pause::UnpauseCommand),
    UpdateOptions(update_options::UpdateOptionsCommand),
    Reset(reset::ResetCommand),
    Replay(replay::ReplayCommand),
    Delete(delete::DeleteCommand),
}

impl WorkflowCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            WorkflowCommand::Start(command) => command.run(context).await,
            WorkflowCommand::Execute(command) => command.run(context).await,
            WorkflowCommand::Result(command) => command.run(context).await,
            WorkflowCommand::Signal(command) => command.run(context).await,
            WorkflowCommand::SignalWithStart(command) => command.run(context).await,
            WorkflowCommand::Update(command) => command.run(context).await,
            WorkflowCommand::Query(command) => command.run(context).await,
            WorkflowCommand::Stack(command) => command.run(context).await,
            WorkflowCommand::Metadata(command) => command.run(context).await,
            WorkflowCommand::Describe(command) => command.run(context).await,
            WorkflowCommand::Show(command) => command.run(context).await,
            WorkflowCommand::List(command) => command.run(context).await,
            WorkflowCommand::Count(command) => command.run(context).await,
            WorkflowCommand::Cancel(command) => command.run(context).await,
            WorkflowCommand::Terminate(command) => command.run(context).await,
            WorkflowCommand::Pause(command) => command.run(context).await,
            WorkflowCommand::Unpause(command) => command.run(context).await,
            WorkflowCommand::UpdateOptions(command) => command.run(context).await,
            WorkflowCommand::Reset(command) => command.run(context).await,
            WorkflowCommand::Replay(command) => command.run(context).await,
            WorkflowCommand::Delete(command) => command.run(context).await,
        }
    }
}

/// Says which workflow execution is meant.
#[derive(Clone, Debug, Args)]
struct ExecutionArgs {
    /// The workflow's id
    #[arg(long, short, value_name = "ID")]
    workflow_id: String,
    /// One run of the workflow; the current one if it is left out
    #[arg(long, short, default_value = "", hide_default_value = true, value_name = "ID")]
    run_id: String,
}

impl From<ExecutionArgs> for WorkflowExecution {
    fn from(args: ExecutionArgs) -> Self {
        WorkflowExecution {
            workflow_id: args.workflow_id,
            run_id: args.run_id,
        }
    }
}

/// Says why.
#[derive(Debug, Args)]
struct ReasonArgs {
    /// Why; the history, or the batch operation, keeps it
    #[arg(long, default_value = "Requested from the command line", value_name = "TEXT")]
    reason: String,
}

/// The status of a workflow as people read it.
fn status_word(status: wrt_model::proto::enums::WorkflowExecutionStatus) -> String {
    crate::words::camel(status.as_str_name(), "WORKFLOW_EXECUTION_STATUS_")
}
