//! `wrt schedule describe`.

use clap::Args;
use wrt_model::proto::{
    schedule::{
        IntervalSpec, Range, Schedule, ScheduleActionResult, ScheduleInfo, ScheduleSpec, StructuredCalendarSpec,
        schedule_action::Action,
    },
    workflow::NewWorkflowExecutionInfo,
};

use super::IdArgs;
use crate::{
    context::Context,
    json,
    output::{card, heading, table},
    time,
    words::camel,
};

/// Show what is known about a schedule
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    id: IdArgs,
}

impl DescribeCommand {
    /// Prints the description.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let described = super::describe(&client, &self.id.schedule_id).await?;
        let schedule = described.schedule.clone().unwrap_or_default();
        let info = described.info.clone().unwrap_or_default();
        context.output.one(
            || text(&self.id.schedule_id, &schedule, &info),
            || json::friendly(&described),
        )?;
        Ok(())
    }
}

fn text(schedule_id: &str, schedule: &Schedule, info: &ScheduleInfo) -> String {
    let mut parts = vec![
        heading("Schedule:"),
        facts(schedule_id, schedule),
        heading("Workflow:"),
        workflow(schedule),
        heading("Actions:"),
        actions(info),
    ];
    if !info.recent_actions.is_empty() {
        let rows = info.recent_actions.iter().rev().map(action_row).collect();
        parts.push(heading("Recent Actions:"));
        parts.push(table(
            &["ScheduleTime", "ActualTime", "Status", "WorkflowId", "RunId"],
            rows,
        ));
    }
    parts.join("\n")
}

fn facts(schedule_id: &str, schedule: &Schedule) -> String {
    let spec = schedule.spec.clone().unwrap_or_default();
    let policies = schedule.policies.unwrap_or_default();
    let state = schedule.state.clone().unwrap_or_default();
    let remaining = if state.limited_actions {
        state.remaining_actions.to_string()
    } else {
        String::new()
    };
    card(&[
        ("ScheduleId", schedule_id.to_owned()),
        ("Paused", state.paused.to_string()),
        ("Notes", state.notes),
        ("RemainingActions", remaining),
        ("Times", times(&spec)),
        ("TimeZone", spec.timezone_name),
        ("StartTime", time::point(spec.start_time.as_ref())),
        ("EndTime", time::point(spec.end_time.as_ref())),
        ("Jitter", time::span(spec.jitter.as_ref())),
        (
            "OverlapPolicy",
            camel(policies.overlap_policy().as_str_name(), "SCHEDULE_OVERLAP_POLICY_"),
        ),
        ("CatchupWindow", time::span(policies.catchup_window.as_ref())),
        ("PauseOnFailure", policies.pause_on_failure.to_string()),
    ])
}

fn workflow(schedule: &Schedule) -> String {
    let workflow = match schedule.action.as_ref().and_then(|action| action.action.clone()) {
        Some(Action::StartWorkflow(workflow)) => workflow,
        None => NewWorkflowExecutionInfo::default(),
    };
    card(&[
        ("WorkflowId", workflow.workflow_id),
        ("Type", workflow.workflow_type.unwrap_or_default().name),
        ("TaskQueue", workflow.task_queue.unwrap_or_default().name),
        ("Input", crate::payload::line(workflow.input.as_ref())),
    ])
}

fn actions(info: &ScheduleInfo) -> String {
    let future: Vec<String> = info
        .future_action_times
        .iter()
        .map(|at| time::point(Some(at)))
        .collect();
    let running = info.running_workflows.iter().map(|it| it.workflow_id.as_str());
    card(&[
        ("Created", time::point(info.create_time.as_ref())),
        ("Updated", time::point(info.update_time.as_ref())),
        ("Taken", info.action_count.to_string()),
        ("Skipped", info.overlap_skipped.to_string()),
        ("Missed", info.missed_catchup_window.to_string()),
        ("Dropped", info.buffer_dropped.to_string()),
        ("Buffered", info.buffer_size.to_string()),
        ("Running", running.collect::<Vec<_>>().join("\n")),
        ("Next", future.join("\n")),
    ])
}

fn action_row(action: &ScheduleActionResult) -> Vec<String> {
    let execution = action.start_workflow_result.clone().unwrap_or_default();
    vec![
        time::point(action.schedule_time.as_ref()),
        time::point(action.actual_time.as_ref()),
        camel(
            action.start_workflow_status().as_str_name(),
            "WORKFLOW_EXECUTION_STATUS_",
        ),
        execution.workflow_id,
        execution.run_id,
    ]
}

/// One line for each calendar and interval, and for what is excluded.
fn times(spec: &ScheduleSpec) -> String {
    let calendars = spec.structured_calendar.iter().map(calendar);
    let intervals = spec.interval.iter().map(interval);
    let excluded = spec.exclude_structured_calendar.iter();
    let excluded = excluded.map(|excluded| format!("not {}", calendar(excluded)));
    calendars
        .chain(intervals)
        .chain(excluded)
        .collect::<Vec<_>>()
        .join("\n")
}

/// As a cron string of seven fields, from seconds to years.
fn calendar(calendar: &StructuredCalendarSpec) -> String {
    let fields = [
        ranges(&calendar.second, 0, 59),
        ranges(&calendar.minute, 0, 59),
        ranges(&calendar.hour, 0, 23),
        ranges(&calendar.day_of_month, 1, 31),
        ranges(&calendar.month, 1, 12),
        ranges(&calendar.day_of_week, 0, 6),
        if calendar.year.is_empty() {
            "*".to_owned()
        } else {
            ranges(&calendar.year, i32::MIN, i32::MAX)
        },
    ];
    let comment = if calendar.comment.is_empty() {
        String::new()
    } else {
        format!(" # {}", calendar.comment)
    };
    format!("{}{comment}", fields.join(" "))
}

fn ranges(ranges: &[Range], minimum: i32, maximum: i32) -> String {
    let range = |range: &Range| {
        let values = match (range.start, range.end) {
            (start, end) if (start, end) == (minimum, maximum) => "*".to_owned(),
            (start, end) if start == end => return start.to_string(),
            (start, end) => format!("{start}-{end}"),
        };
        match range.step {
            0 | 1 => values,
            step => format!("{values}/{step}"),
        }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

fn interval(interval: &IntervalSpec) -> String {
    let length = time::span(interval.interval.as_ref());
    match time::span(interval.phase.as_ref()) {
        phase if phase.is_empty() => format!("@every {length}"),
        phase => format!("@every {length} / {phase}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_crons() {
        let range = |start, end, step| Range { start, end, step };
        let spec = ScheduleSpec {
            structured_calendar: vec![StructuredCalendarSpec {
                second: vec![range(0, 0, 1)],
                minute: vec![range(0, 59, 15)],
                hour: vec![range(9, 12, 1), range(14, 18, 2)],
                day_of_month: vec![range(1, 31, 1)],
                month: vec![range(1, 12, 1)],
                day_of_week: vec![range(1, 5, 1)],
                year: Vec::new(),
                comment: "at work".to_owned(),
            }],
            interval: vec![IntervalSpec {
                interval: Some(prost_types::Duration {
                    seconds: 5400,
                    nanos: 0,
                }),
                phase: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            }],
            ..Default::default()
        };
        assert_eq!(
            times(&spec),
            "0 */15 9-12,14-18/2 * * 1-5 * # at work\n@every 1h 30m / 1m"
        );
    }
}
