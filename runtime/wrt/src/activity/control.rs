//! `wrt activity pause`, `unpause`, `reset` and `update-options`: what is done with activities that have not ended.

use std::time::Duration;

use anyhow::{bail, ensure};
use clap::Args;
use prost_types::FieldMask;
use uuid::Uuid;
use wrt_model::proto::{
    Priority, RetryPolicy, TaskQueue, WorkflowExecution,
    activity::ActivityOptions,
    workflowservice::{
        PauseActivityRequest, ResetActivityRequest, UnpauseActivityRequest, UpdateActivityOptionsRequest,
        pause_activity_request, reset_activity_request, unpause_activity_request, update_activity_options_request,
    },
};

use crate::{
    client::{answer, identity},
    context::Context,
    json,
    output::card,
    time,
};

/// Let no further attempt of an activity begin, until it is unpaused. An attempt that runs hears of it with its heartbeat
#[derive(Debug, Args)]
pub(crate) struct PauseCommand {
    #[command(flatten)]
    pending: PendingArgs,
    /// Why; `describe` shows it
    #[arg(long, default_value = "Requested from the command line", value_name = "TEXT")]
    reason: String,
}

/// Let a paused activity go on
#[derive(Debug, Args)]
pub(crate) struct UnpauseCommand {
    #[command(flatten)]
    pending: PendingArgs,
    /// All that are open
    #[arg(long, conflicts_with_all = ["activity_id", "activity_type"])]
    match_all: bool,
    /// Let the next attempt be the first again
    #[arg(long)]
    reset_attempts: bool,
    /// Forget what heartbeats have said
    #[arg(long)]
    reset_heartbeats: bool,
    #[command(flatten)]
    jitter: JitterArgs,
}

/// Let an activity begin anew: its attempts and timeouts count from now. One that runs is asked to stop with its heartbeat
#[derive(Debug, Args)]
pub(crate) struct ResetCommand {
    #[command(flatten)]
    pending: PendingArgs,
    /// All that are open
    #[arg(long, conflicts_with_all = ["activity_id", "activity_type"])]
    match_all: bool,
    /// Leave those paused that are
    #[arg(long)]
    keep_paused: bool,
    /// Forget what heartbeats have said
    #[arg(long)]
    reset_heartbeats: bool,
    /// Give back the options that the workflow gave
    #[arg(long)]
    restore_original_options: bool,
    #[command(flatten)]
    jitter: JitterArgs,
}

/// Change the options of an activity
#[derive(Debug, Args)]
pub(crate) struct UpdateOptionsCommand {
    #[command(flatten)]
    pending: PendingArgs,
    /// All that are open
    #[arg(long, conflicts_with_all = ["activity_id", "activity_type"])]
    match_all: bool,
    /// The task queue whose workers take it
    #[arg(long, value_name = "NAME")]
    task_queue: Option<String>,
    /// The longest time from its scheduling to its end, over all attempts
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    schedule_to_close_timeout: Option<Duration>,
    /// The longest wait for a worker
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    schedule_to_start_timeout: Option<Duration>,
    /// The longest attempt
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    start_to_close_timeout: Option<Duration>,
    /// The longest silence
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    heartbeat_timeout: Option<Duration>,
    /// The wait before the second attempt
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    retry_initial_interval: Option<Duration>,
    /// The longest wait between two attempts
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    retry_maximum_interval: Option<Duration>,
    /// What each wait is multiplied by
    #[arg(long, value_name = "NUMBER")]
    retry_backoff_coefficient: Option<f64>,
    /// The most attempts; 0 for no limit
    #[arg(long, value_name = "COUNT")]
    retry_maximum_attempts: Option<i32>,
    /// Its importance in its task queue, from 1, the highest, to 5
    #[arg(long, value_name = "NUMBER")]
    priority_key: Option<i32>,
    /// Give back the options that the workflow gave
    #[arg(long)]
    restore_original_options: bool,
}

/// Says which pending activities are meant.
#[derive(Debug, Args)]
struct PendingArgs {
    /// The activity's id
    #[arg(long, short, value_name = "ID")]
    activity_id: Option<String>,
    /// All open activities of this type
    #[arg(long, conflicts_with = "activity_id", value_name = "NAME")]
    activity_type: Option<String>,
    /// The id of the workflow
    #[arg(long, short, value_name = "ID")]
    workflow_id: String,
    /// One run of the workflow; the current one if it is left out
    #[arg(long, short, default_value = "", hide_default_value = true, value_name = "ID")]
    run_id: String,
}

#[derive(Debug, Args)]
struct JitterArgs {
    /// Start within this time, at a time left to chance, rather than at once
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    jitter: Option<Duration>,
}

/// One, several or all.
enum Which {
    Id(String),
    Type(String),
    All,
}

impl PauseCommand {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        use pause_activity_request::Activity;
        let (execution, which) = self.pending.read(false)?;
        let client = context.client().await?;
        let request = PauseActivityRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            identity: identity(),
            reason: self.reason,
            request_id: Uuid::new_v4().to_string(),
            activity: match which {
                Which::Id(id) => Some(Activity::Id(id)),
                Which::Type(kind) => Some(Activity::Type(kind)),
                Which::All => None,
            },
        };
        answer("pause activity", client.workflows().pause_activity(request).await)?;
        context.output.text("Activity paused")?;
        Ok(())
    }
}

impl UnpauseCommand {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        use unpause_activity_request::Activity;
        let (execution, which) = self.pending.read(self.match_all)?;
        let client = context.client().await?;
        let request = UnpauseActivityRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            identity: identity(),
            reset_attempts: self.reset_attempts,
            reset_heartbeat: self.reset_heartbeats,
            jitter: self.jitter.jitter.map(time::proto).transpose()?,
            activity: Some(match which {
                Which::Id(id) => Activity::Id(id),
                Which::Type(kind) => Activity::Type(kind),
                Which::All => Activity::UnpauseAll(true),
            }),
        };
        answer("unpause activity", client.workflows().unpause_activity(request).await)?;
        context.output.text("Activity unpaused")?;
        Ok(())
    }
}

impl ResetCommand {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        use reset_activity_request::Activity;
        let (execution, which) = self.pending.read(self.match_all)?;
        let client = context.client().await?;
        let request = ResetActivityRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            identity: identity(),
            reset_heartbeat: self.reset_heartbeats,
            keep_paused: self.keep_paused,
            jitter: self.jitter.jitter.map(time::proto).transpose()?,
            restore_original_options: self.restore_original_options,
            activity: Some(match which {
                Which::Id(id) => Activity::Id(id),
                Which::Type(kind) => Activity::Type(kind),
                Which::All => Activity::MatchAll(true),
            }),
        };
        answer("reset activity", client.workflows().reset_activity(request).await)?;
        context.output.text("Activity reset")?;
        Ok(())
    }
}

impl UpdateOptionsCommand {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        use update_activity_options_request::Activity;
        let (options, paths) = self.changes()?;
        ensure!(
            self.restore_original_options == paths.is_empty(),
            "give the options to change, or --restore-original-options alone"
        );
        let (execution, which) = self.pending.read(self.match_all)?;
        let client = context.client().await?;
        let request = UpdateActivityOptionsRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            identity: identity(),
            activity_options: (!self.restore_original_options).then_some(options),
            update_mask: (!self.restore_original_options).then_some(FieldMask { paths }),
            restore_original: self.restore_original_options,
            activity: Some(match which {
                Which::Id(id) => Activity::Id(id),
                Which::Type(kind) => Activity::Type(kind),
                Which::All => Activity::MatchAll(true),
            }),
        };
        let outcome = client.workflows().update_activity_options(request).await;
        let options = answer("update activity options", outcome)?
            .activity_options
            .unwrap_or_default();
        context.output.one(|| text(&options), || json::friendly(&options))?;
        Ok(())
    }

    /// The options that are given, and their names in the update mask.
    fn changes(&self) -> anyhow::Result<(ActivityOptions, Vec<String>)> {
        let span = |span: Option<Duration>| span.map(time::proto).transpose();
        let given = [
            ("task_queue.name", self.task_queue.is_some()),
            ("schedule_to_close_timeout", self.schedule_to_close_timeout.is_some()),
            ("schedule_to_start_timeout", self.schedule_to_start_timeout.is_some()),
            ("start_to_close_timeout", self.start_to_close_timeout.is_some()),
            ("heartbeat_timeout", self.heartbeat_timeout.is_some()),
            ("retry_policy.initial_interval", self.retry_initial_interval.is_some()),
            ("retry_policy.maximum_interval", self.retry_maximum_interval.is_some()),
            (
                "retry_policy.backoff_coefficient",
                self.retry_backoff_coefficient.is_some(),
            ),
            ("retry_policy.maximum_attempts", self.retry_maximum_attempts.is_some()),
            ("priority.priority_key", self.priority_key.is_some()),
        ];
        let options = ActivityOptions {
            task_queue: self.task_queue.clone().map(|name| TaskQueue {
                name,
                ..Default::default()
            }),
            schedule_to_close_timeout: span(self.schedule_to_close_timeout)?,
            schedule_to_start_timeout: span(self.schedule_to_start_timeout)?,
            start_to_close_timeout: span(self.start_to_close_timeout)?,
            heartbeat_timeout: span(self.heartbeat_timeout)?,
            retry_policy: Some(RetryPolicy {
                initial_interval: span(self.retry_initial_interval)?,
                maximum_interval: span(self.retry_maximum_interval)?,
                backoff_coefficient: self.retry_backoff_coefficient.unwrap_or_default(),
                maximum_attempts: self.retry_maximum_attempts.unwrap_or_default(),
                ..Default::default()
            }),
            priority: self.priority_key.map(|priority_key| Priority {
                priority_key,
                ..Default::default()
            }),
            ..Default::default()
        };
        let paths = given.into_iter().filter(|(_, is_given)| *is_given);
        Ok((options, paths.map(|(path, _)| path.to_owned()).collect()))
    }
}

impl PendingArgs {
    fn read(self, match_all: bool) -> anyhow::Result<(WorkflowExecution, Which)> {
        let which = match (self.activity_id, self.activity_type) {
            (Some(id), _) => Which::Id(id),
            (None, Some(kind)) => Which::Type(kind),
            (None, None) if match_all => Which::All,
            (None, None) => bail!("neither --activity-id nor --activity-type says which activity is meant; give one"),
        };
        let execution = WorkflowExecution {
            workflow_id: self.workflow_id,
            run_id: self.run_id,
        };
        Ok((execution, which))
    }
}

fn text(options: &ActivityOptions) -> String {
    let policy = options.retry_policy.clone().unwrap_or_default();
    card(&[
        ("TaskQueue", options.task_queue.clone().unwrap_or_default().name),
        (
            "ScheduleToCloseTimeout",
            time::span(options.schedule_to_close_timeout.as_ref()),
        ),
        (
            "ScheduleToStartTimeout",
            time::span(options.schedule_to_start_timeout.as_ref()),
        ),
        (
            "StartToCloseTimeout",
            time::span(options.start_to_close_timeout.as_ref()),
        ),
        ("HeartbeatTimeout", time::span(options.heartbeat_timeout.as_ref())),
        ("InitialInterval", time::span(policy.initial_interval.as_ref())),
        ("MaximumInterval", time::span(policy.maximum_interval.as_ref())),
        ("BackoffCoefficient", policy.backoff_coefficient.to_string()),
        ("MaximumAttempts", policy.maximum_attempts.to_string()),
    ])
}
