//! `wrt schedule list`.

use clap::Args;
use wrt_model::proto::{
    schedule::{ScheduleListEntry, ScheduleListInfo},
    workflowservice::ListSchedulesRequest,
};

use crate::{
    client::{Client, answer},
    context::Context,
    json, output, time,
};

/// List schedules, the youngest first
#[derive(Debug, Args)]
pub(crate) struct ListCommand {
    /// Which schedules, such as "TemporalSchedulePaused = true" or "ScheduleId STARTS_WITH 'nightly'"
    #[arg(long, short, default_value = "", hide_default_value = true)]
    query: String,
}

impl ListCommand {
    /// Lists the schedules.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let found = find(&client, self.query).await?;
        let text = || {
            let headers = ["ScheduleId", "Type", "Paused", "NextAction", "LastAction", "Notes"];
            output::table(&headers, found.iter().map(row).collect())
        };
        context
            .output
            .list(text, || found.iter().map(json::friendly).collect())?;
        Ok(())
    }
}

async fn find(client: &Client, query: String) -> anyhow::Result<Vec<ScheduleListEntry>> {
    let mut found = Vec::new();
    let mut request = ListSchedulesRequest {
        namespace: client.namespace(),
        query,
        ..Default::default()
    };
    loop {
        let page = answer(
            "list schedules",
            client.workflows().list_schedules(request.clone()).await,
        )?;
        found.extend(page.schedules);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.next_page_token = page.next_page_token;
    }
}

fn row(entry: &ScheduleListEntry) -> Vec<String> {
    let info = entry.info.clone().unwrap_or_default();
    let ScheduleListInfo {
        workflow_type,
        notes,
        paused,
        recent_actions,
        future_action_times,
        ..
    } = info;
    let last = recent_actions.last().and_then(|action| action.actual_time);
    vec![
        entry.schedule_id.clone(),
        workflow_type.unwrap_or_default().name,
        paused.to_string(),
        time::point(future_action_times.first()),
        time::point(last.as_ref()),
        notes,
    ]
}
