//! `wrt schedule trigger`, `wrt schedule toggle` and `wrt schedule backfill`.

use clap::{ArgGroup, Args};
use prost_types::Timestamp;
use uuid::Uuid;
use wrt_model::proto::{
    schedule::{BackfillRequest, SchedulePatch, TriggerImmediatelyRequest},
    workflowservice::PatchScheduleRequest,
};

use super::{IdArgs, OverlapPolicy, overlap_policy};
use crate::{
    client::{answer, identity},
    context::Context,
    time,
};

/// Act now
#[derive(Debug, Args)]
pub(crate) struct TriggerCommand {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    overlap: OverlapArgs,
}

/// Pause a schedule, or let it go on
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("direction").required(true))]
pub(crate) struct ToggleCommand {
    #[command(flatten)]
    id: IdArgs,
    /// Do not act any more
    #[arg(long, group = "direction")]
    pause: bool,
    /// Act again
    #[arg(long, group = "direction")]
    unpause: bool,
    /// Why; the schedule shows it
    #[arg(long, default_value = "Requested from the command line", value_name = "TEXT")]
    reason: String,
}

/// Act for a span of time, as if it passed right now
#[derive(Debug, Args)]
pub(crate) struct BackfillCommand {
    #[command(flatten)]
    id: IdArgs,
    /// The first moment of the span, such as `2026-01-31T12:00:00Z`
    #[arg(long, value_parser = time::parse_point, value_name = "TIME")]
    start_time: Timestamp,
    /// The last moment of the span
    #[arg(long, value_parser = time::parse_point, value_name = "TIME")]
    end_time: Timestamp,
    #[command(flatten)]
    overlap: OverlapArgs,
}

#[derive(Debug, Args)]
struct OverlapArgs {
    /// What to do when the workflow is still running [default: what the schedule says]
    #[arg(long, value_enum, ignore_case = true, value_name = "POLICY")]
    overlap_policy: Option<OverlapPolicy>,
}

impl TriggerCommand {
    /// Triggers the schedule.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let patch = SchedulePatch {
            trigger_immediately: Some(TriggerImmediatelyRequest {
                overlap_policy: overlap_policy(self.overlap.overlap_policy),
                scheduled_time: None,
            }),
            ..Default::default()
        };
        self.id.patch(context, "trigger schedule", patch).await?;
        context.output.text("Trigger request sent")?;
        Ok(())
    }
}

impl ToggleCommand {
    /// Pauses or unpauses the schedule.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let (action, patch, done) = if self.pause {
            let patch = SchedulePatch {
                pause: self.reason,
                ..Default::default()
            };
            ("pause schedule", patch, "Schedule paused")
        } else {
            let patch = SchedulePatch {
                unpause: self.reason,
                ..Default::default()
            };
            ("unpause schedule", patch, "Schedule unpaused")
        };
        self.id.patch(context, action, patch).await?;
        context.output.text(done)?;
        Ok(())
    }
}

impl BackfillCommand {
    /// Has the schedule act for the span.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let patch = SchedulePatch {
            backfill_request: vec![BackfillRequest {
                start_time: Some(self.start_time),
                end_time: Some(self.end_time),
                overlap_policy: overlap_policy(self.overlap.overlap_policy),
            }],
            ..Default::default()
        };
        self.id.patch(context, "backfill schedule", patch).await?;
        context.output.text("Backfill request sent")?;
        Ok(())
    }
}

impl IdArgs {
    async fn patch(self, context: &Context, action: &str, patch: SchedulePatch) -> anyhow::Result<()> {
        let client = context.client().await?;
        let request = PatchScheduleRequest {
            namespace: client.namespace(),
            schedule_id: self.schedule_id,
            patch: Some(patch),
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
        };
        answer(action, client.workflows().patch_schedule(request).await)?;
        Ok(())
    }
}
