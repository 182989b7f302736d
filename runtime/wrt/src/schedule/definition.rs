//! What a schedule does when, as flags.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use prost_types::Timestamp;
use wrt_model::proto::{
    schedule::{
        CalendarSpec, IntervalSpec, Schedule, ScheduleAction, SchedulePolicies, ScheduleSpec, ScheduleState,
        schedule_action::Action,
    },
    workflow::NewWorkflowExecutionInfo,
    workflowservice::StartWorkflowExecutionRequest,
};

use super::OverlapPolicy;
use crate::{client::Client, json, time, workflow::start::WorkflowArgs};

/// What a schedule does when.
#[derive(Debug, Args)]
pub(super) struct DefinitionArgs {
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    policies: PolicyArgs,
    #[command(flatten)]
    workflow: WorkflowArgs,
}

#[derive(Debug, Args)]
struct SpecArgs {
    /// When to act, such as "30 12 * * Fri", `@daily` or `@every 1h`; a time zone may stand before it: "CRON_TZ=Europe/Paris
    /// …". Repeatable
    #[arg(long, value_name = "CRON")]
    cron: Vec<String>,
    /// When to act, as JSON such as '{"dayOfWeek": "Fri", "hour": "12", "minute": "30"}'. Repeatable
    #[arg(long, value_name = "JSON")]
    calendar: Vec<String>,
    /// How often to act, such as `1h`; `1h/10m` is ten minutes past every hour. Repeatable
    #[arg(long, value_parser = interval, value_name = "TIME[/TIME]")]
    interval: Vec<IntervalSpec>,
    /// Act up to so much later, by chance
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    jitter: Option<Duration>,
    /// The time zone of calendars and crons, such as `Europe/Paris` [default: UTC]
    #[arg(long, value_name = "NAME")]
    time_zone: Option<String>,
    /// Do not act before
    #[arg(long, value_parser = time::parse_point, value_name = "TIME")]
    start_time: Option<Timestamp>,
    /// Do not act after
    #[arg(long, value_parser = time::parse_point, value_name = "TIME")]
    end_time: Option<Timestamp>,
}

#[derive(Debug, Args)]
struct PolicyArgs {
    /// What to do when the workflow is still running [default: Skip]
    #[arg(long, value_enum, ignore_case = true, value_name = "POLICY")]
    overlap_policy: Option<OverlapPolicy>,
    /// How late an action may come after the server was down [default: 1 year]
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    catchup_window: Option<Duration>,
    /// Pause when a workflow fails or times out
    #[arg(long)]
    pause_on_failure: bool,
    /// Act only so many times
    #[arg(long, value_name = "COUNT")]
    remaining_actions: Option<u32>,
    /// Begin paused
    #[arg(long)]
    paused: bool,
    /// Words for people
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
}

impl DefinitionArgs {
    /// The schedule. `state` is that of the schedule that it takes the place of.
    pub(super) async fn schedule(self, client: &Client, state: Option<ScheduleState>) -> anyhow::Result<Schedule> {
        // What can be wrong here is found before anything is asked of the server.
        let spec = self.spec.read()?;
        let state = self.policies.state(state.unwrap_or_default());
        let policies = self.policies.policies()?;
        let workflow = self.workflow.request(client).await?;
        Ok(Schedule {
            spec: Some(spec),
            action: Some(ScheduleAction {
                action: Some(Action::StartWorkflow(new_workflow(workflow))),
            }),
            policies: Some(policies),
            state: Some(state),
        })
    }
}

impl SpecArgs {
    fn read(self) -> anyhow::Result<ScheduleSpec> {
        let calendars = self.calendar.iter().map(|text| calendar(text));
        Ok(ScheduleSpec {
            calendar: calendars.collect::<anyhow::Result<_>>()?,
            interval: self.interval,
            cron_string: self.cron,
            start_time: self.start_time,
            end_time: self.end_time,
            jitter: self.jitter.map(time::proto).transpose()?,
            timezone_name: self.time_zone.unwrap_or_default(),
            ..Default::default()
        })
    }
}

impl PolicyArgs {
    fn policies(&self) -> anyhow::Result<SchedulePolicies> {
        Ok(SchedulePolicies {
            overlap_policy: super::overlap_policy(self.overlap_policy),
            catchup_window: self.catchup_window.map(time::proto).transpose()?,
            pause_on_failure: self.pause_on_failure,
            ..Default::default()
        })
    }

    fn state(&self, before: ScheduleState) -> ScheduleState {
        ScheduleState {
            notes: self.notes.clone().unwrap_or(before.notes),
            paused: self.paused || before.paused,
            limited_actions: self.remaining_actions.is_some(),
            remaining_actions: self.remaining_actions.unwrap_or_default().into(),
        }
    }
}

fn new_workflow(request: StartWorkflowExecutionRequest) -> NewWorkflowExecutionInfo {
    NewWorkflowExecutionInfo {
        workflow_id: request.workflow_id,
        workflow_type: request.workflow_type,
        task_queue: request.task_queue,
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: request.workflow_run_timeout,
        workflow_task_timeout: request.workflow_task_timeout,
        memo: request.memo,
        search_attributes: request.search_attributes,
        ..Default::default()
    }
}

fn calendar(text: &str) -> anyhow::Result<CalendarSpec> {
    json::parse(text).map_err(|error| {
        anyhow!(
            "--calendar `{text}` is no calendar: {error}; write for instance '{{\"dayOfWeek\": \"Fri\", \"hour\": \"12\"}}', \
             with second, minute, hour, dayOfMonth, month, year, dayOfWeek and comment"
        )
    })
}

fn interval(text: &str) -> Result<IntervalSpec, String> {
    let span = |text: &str| {
        let span = humantime::parse_duration(text).map_err(|error| error.to_string())?;
        time::proto(span).map_err(|error| error.to_string())
    };
    let (interval, phase) = match text.split_once('/') {
        Some((interval, phase)) => (interval, Some(phase)),
        None => (text, None),
    };
    Ok(IntervalSpec {
        interval: Some(span(interval)?),
        phase: phase.map(span).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        spec: SpecArgs,
        #[command(flatten)]
        policies: PolicyArgs,
    }

    fn flags(flags: &[&str]) -> Flags {
        Flags::try_parse_from(["test"].iter().chain(flags)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn flags_become_a_spec() {
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let spec = flags(&[
            "--cron=@daily",
            r#"--calendar={"hour": "12", "dayOfWeek": "fri"}"#,
            "--interval=1h30m/5m",
            "--jitter=10s",
            "--time-zone=UTC",
            "--end-time=1970-01-01T00:00:07Z",
        ]);
        let expected = ScheduleSpec {
            cron_string: vec!["@daily".to_owned()],
            calendar: vec![CalendarSpec {
                hour: "12".to_owned(),
                day_of_week: "fri".to_owned(),
                ..Default::default()
            }],
            interval: vec![IntervalSpec {
                interval: seconds(5400),
                phase: seconds(300),
            }],
            jitter: seconds(10),
            timezone_name: "UTC".to_owned(),
            end_time: Some(Timestamp { seconds: 7, nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(spec.spec.read().unwrap(), expected);
    }

    #[test]
    fn a_calendar_that_is_none_is_refused() {
        for text in ["noon", "{\"hour\": {}}", "{\"weekday\": \"fri\"}"] {
            let error = calendar(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("--calendar `{text}` is no calendar:")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_pause_survives_an_update() {
        let before = ScheduleState {
            notes: "holidays".to_owned(),
            paused: true,
            limited_actions: true,
            remaining_actions: 2,
        };
        let state = flags(&[]).policies.state(before.clone());
        assert!(state.paused && !state.limited_actions);
        assert_eq!(state.notes, "holidays");
        let state = flags(&["--remaining-actions=5", "--notes=x"]).policies.state(before);
        assert_eq!((state.remaining_actions, state.notes.as_str()), (5, "x"));
    }
}
