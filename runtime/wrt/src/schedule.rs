//! `wrt schedule`: start workflows again and again.

mod definition;
mod describe;
mod list;
mod patch;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use tonic::Code;
use uuid::Uuid;
use wrt_model::proto::{
    SearchAttributes,
    enums::ScheduleOverlapPolicy,
    workflowservice::{
        CreateScheduleRequest, DeleteScheduleRequest, DescribeScheduleRequest, DescribeScheduleResponse,
        UpdateScheduleRequest,
    },
};

use crate::{
    client::{Client, answer, identity},
    context::Context,
    exit::Exit,
    payload,
    workflow::start::memo,
};

/// The verbs of schedules.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    Create(Box<CreateCommand>),
    Describe(describe::DescribeCommand),
    List(list::ListCommand),
    Update(Box<UpdateCommand>),
    Delete(DeleteCommand),
    Trigger(patch::TriggerCommand),
    Toggle(patch::ToggleCommand),
    Backfill(patch::BackfillCommand),
}

/// Create a schedule
#[derive(Debug, Args)]
pub(crate) struct CreateCommand {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    definition: definition::DefinitionArgs,
    #[command(flatten)]
    notes: NotesArgs,
}

/// Change what a schedule does when; all of it is replaced, whether it is paused excepted
#[derive(Debug, Args)]
pub(crate) struct UpdateCommand {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    definition: definition::DefinitionArgs,
    #[command(flatten)]
    notes: NotesArgs,
}

/// Delete a schedule; the workflows that it has started go on
#[derive(Debug, Args)]
pub(crate) struct DeleteCommand {
    #[command(flatten)]
    id: IdArgs,
}

/// Says which schedule is meant.
#[derive(Clone, Debug, Args)]
struct IdArgs {
    /// The schedule's id
    #[arg(long, short, value_name = "ID")]
    schedule_id: String,
}

/// What is kept beside a schedule.
#[derive(Debug, Args)]
struct NotesArgs {
    /// A note that is kept beside the schedule; the value is JSON. Repeatable
    #[arg(long, value_parser = payload::key_value, value_name = "KEY=JSON")]
    schedule_memo: Vec<(String, String)>,
    /// A value that schedules can be listed by, as JSON. Repeatable
    #[arg(long, value_parser = payload::key_value, value_name = "KEY=JSON")]
    schedule_search_attribute: Vec<(String, String)>,
}

/// What to do when the workflow is still running.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum OverlapPolicy {
    Skip,
    BufferOne,
    BufferAll,
    CancelOther,
    TerminateOther,
    AllowAll,
}

impl ScheduleCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            ScheduleCommand::Create(command) => command.run(context).await?,
            ScheduleCommand::Describe(command) => command.run(context).await?,
            ScheduleCommand::List(command) => command.run(context).await?,
            ScheduleCommand::Update(command) => command.run(context).await?,
            ScheduleCommand::Delete(command) => command.run(context).await?,
            ScheduleCommand::Trigger(command) => command.run(context).await?,
            ScheduleCommand::Toggle(command) => command.run(context).await?,
            ScheduleCommand::Backfill(command) => command.run(context).await?,
        }
        Ok(Exit::Success)
    }
}

impl CreateCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let schedule_id = self.id.schedule_id;
        let (memo, search_attributes) = self.notes.read()?;
        let client = context.client().await?;
        let request = CreateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: schedule_id.clone(),
            schedule: Some(self.definition.schedule(&client, None).await?),
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
            memo,
            search_attributes,
            ..Default::default()
        };
        match client.workflows().create_schedule(request).await {
            Err(status) if status.code() == Code::AlreadyExists => bail!("create schedule: {}", status.message()),
            outcome => answer("create schedule", outcome)?,
        };
        context.output.text(&format!("Schedule {schedule_id} created"))?;
        Ok(())
    }
}

impl UpdateCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let schedule_id = self.id.schedule_id;
        let (memo, search_attributes) = self.notes.read()?;
        let client = context.client().await?;
        let described = describe(&client, &schedule_id).await?;
        let state = described.schedule.and_then(|schedule| schedule.state);
        let request = UpdateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: schedule_id.clone(),
            schedule: Some(self.definition.schedule(&client, state).await?),
            conflict_token: described.conflict_token,
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
            memo,
            search_attributes,
        };
        answer("update schedule", client.workflows().update_schedule(request).await)?;
        context.output.text(&format!("Schedule {schedule_id} updated"))?;
        Ok(())
    }
}

impl DeleteCommand {
    async fn run(self, context: &Context) -> anyhow::Result<()> {
        let schedule_id = self.id.schedule_id;
        let client = context.client().await?;
        let request = DeleteScheduleRequest {
            namespace: client.namespace(),
            schedule_id: schedule_id.clone(),
            identity: identity(),
        };
        answer("delete schedule", client.workflows().delete_schedule(request).await)?;
        context.output.text(&format!("Schedule {schedule_id} deleted"))?;
        Ok(())
    }
}

impl NotesArgs {
    fn read(self) -> anyhow::Result<(Option<wrt_model::proto::Memo>, Option<SearchAttributes>)> {
        let indexed_fields = payload::fields("--schedule-search-attribute", self.schedule_search_attribute)?;
        let search_attributes = (!indexed_fields.is_empty()).then_some(SearchAttributes { indexed_fields });
        Ok((memo("--schedule-memo", self.schedule_memo)?, search_attributes))
    }
}

async fn describe(client: &Client, schedule_id: &str) -> anyhow::Result<DescribeScheduleResponse> {
    let request = DescribeScheduleRequest {
        namespace: client.namespace(),
        schedule_id: schedule_id.to_owned(),
    };
    answer("describe schedule", client.workflows().describe_schedule(request).await)
}

/// The value of a flag that may be missing.
fn overlap_policy(policy: Option<OverlapPolicy>) -> i32 {
    let policy = match policy {
        None => ScheduleOverlapPolicy::Unspecified,
        Some(OverlapPolicy::Skip) => ScheduleOverlapPolicy::Skip,
        Some(OverlapPolicy::BufferOne) => ScheduleOverlapPolicy::BufferOne,
        Some(OverlapPolicy::BufferAll) => ScheduleOverlapPolicy::BufferAll,
        Some(OverlapPolicy::CancelOther) => ScheduleOverlapPolicy::CancelOther,
        Some(OverlapPolicy::TerminateOther) => ScheduleOverlapPolicy::TerminateOther,
        Some(OverlapPolicy::AllowAll) => ScheduleOverlapPolicy::AllowAll,
    };
    policy as i32
}
