//! `wrt workflow show`: the history of a run.

use clap::Args;
use wrt_model::proto::{History, HistoryEvent, WorkflowExecution};

use super::{ExecutionArgs, close, event, history::HistoryReader};
use crate::{client::Client, context::Context, exit::Exit, json, output::heading};

/// Show the history of a workflow
///
/// `-o json` writes it as the replayers of Temporal's SDKs read it.
#[derive(Debug, Args)]
pub(crate) struct ShowCommand {
    #[command(flatten)]
    execution: ExecutionArgs,
    /// Go on until the workflow has ended
    #[arg(long, short)]
    follow: bool,
    /// Show every attribute of every event
    #[arg(long)]
    detailed: bool,
}

impl ShowCommand {
    /// Prints the history.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        if context.output.is_text() {
            self.lines(context, &client).await?;
        } else {
            let events = self.reader(&client).collect().await?;
            context
                .output
                .one(String::new, || json::canonical(&History { events }))?;
        }
        Ok(Exit::Success)
    }

    /// Prints each event as it arrives, and then the result.
    async fn lines(&self, context: &Context, client: &Client) -> anyhow::Result<()> {
        context.output.text(&heading("Progress:"))?;
        context.output.text(&event::header())?;
        let mut reader = self.reader(client);
        let mut last: Option<HistoryEvent> = None;
        let mut is_cut = false;
        while let Some(events) = reader.next(|| ()).await? {
            for event in &events {
                context.output.text(&self.line(event))?;
                is_cut |= !self.detailed && event::is_cut(event);
            }
            last = events.into_iter().next_back().or(last);
        }
        match last.filter(|event| close::status(event).is_some()) {
            Some(event) => context
                .output
                .text(&format!("\n{}", close::text(&event, String::new())))?,
            None => context.output.text("\nThe workflow is still running.")?,
        }
        if is_cut {
            context
                .output
                .text("\nValues that end with … are longer; --detailed shows them whole.")?;
        }
        Ok(())
    }

    fn line(&self, event: &HistoryEvent) -> String {
        if self.detailed {
            event::block(event)
        } else {
            event::line(event)
        }
    }

    fn reader(&self, client: &Client) -> HistoryReader {
        let execution = WorkflowExecution::from(self.execution.clone());
        if self.follow {
            HistoryReader::following(client, execution)
        } else {
            HistoryReader::new(client, execution)
        }
    }
}
