//! `wrt task-queue describe`.

use clap::Args;
use serde_json::{Value, json};
use wrt_model::proto::{
    TaskQueue,
    enums::TaskQueueType,
    taskqueue::TaskQueueStats,
    workflowservice::{DescribeTaskQueueRequest, DescribeTaskQueueResponse},
};

use super::{Kind, NameArgs, config};
use crate::{
    client::{Client, answer},
    context::Context,
    json,
    output::{card, heading, table},
    time,
    words::camel,
};

/// Show what waits in a task queue, and who polls it
#[derive(Debug, Args)]
pub(crate) struct DescribeCommand {
    #[command(flatten)]
    name: NameArgs,
    /// Which tasks. Repeatable; the default is all
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE")]
    task_queue_type: Vec<Kind>,
    /// Show what is set for the queue as well
    #[arg(long)]
    report_config: bool,
    /// Leave the figures out
    #[arg(long)]
    disable_stats: bool,
}

/// What is known about a queue, for one kind of tasks.
type Described = (TaskQueueType, DescribeTaskQueueResponse);

impl DescribeCommand {
    /// Prints the description.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let kinds = match self.task_queue_type.as_slice() {
            [] => &[Kind::Workflow, Kind::Activity],
            kinds => kinds,
        };
        let mut described = Vec::new();
        for &kind in kinds {
            let request = DescribeTaskQueueRequest {
                report_stats: !self.disable_stats,
                report_config: self.report_config,
                ..request(&client, &self.name.task_queue, kind.into())
            };
            described.push((kind.into(), answered(&client, request).await?));
        }
        context.output.one(|| text(&described), || as_json(&described))?;
        Ok(())
    }
}

/// The request to describe a queue.
pub(super) fn request(client: &Client, name: &str, kind: TaskQueueType) -> DescribeTaskQueueRequest {
    DescribeTaskQueueRequest {
        namespace: client.namespace(),
        task_queue: Some(TaskQueue {
            name: name.to_owned(),
            ..Default::default()
        }),
        task_queue_type: kind as i32,
        ..Default::default()
    }
}

/// The answer to it.
pub(super) async fn answered(
    client: &Client,
    request: DescribeTaskQueueRequest,
) -> anyhow::Result<DescribeTaskQueueResponse> {
    answer(
        "describe task queue",
        client.workflows().describe_task_queue(request).await,
    )
}

fn text(described: &[Described]) -> String {
    let mut parts = Vec::new();
    if described.iter().any(|(_, response)| response.stats.is_some()) {
        parts.extend([heading("Statistics:"), statistics(described)]);
    }
    parts.extend([heading("Pollers:"), pollers(described)]);
    for (kind, response) in described {
        let limit = response.effective_rate_limit.as_ref();
        let source = limit.map(|it| camel(it.rate_limit_source().as_str_name(), "RATE_LIMIT_SOURCE_"));
        if let (Some(limit), Some(source)) = (limit, source) {
            let set_by = format!("{} a second, set by {source}", limit.requests_per_second);
            parts.extend([heading("Rate Limit:"), card(&[(named(*kind).as_str(), set_by)])]);
        }
        if let Some(settings) = &response.config {
            parts.extend([
                heading(&format!("{} Configuration:", named(*kind))),
                config::text(settings),
            ]);
        }
    }
    parts.join("\n")
}

/// All tasks of a kind, then those of each priority key that is used, when there are several.
fn statistics(described: &[Described]) -> String {
    let mut rows = Vec::new();
    for (kind, response) in described {
        let Some(stats) = &response.stats else { continue };
        rows.push(row(*kind, String::new(), stats));
        let mut by_key: Vec<_> = response.stats_by_priority_key.iter().collect();
        by_key.sort_by_key(|(key, _)| **key);
        if by_key.len() > 1 {
            rows.extend(by_key.iter().map(|(key, stats)| row(*kind, key.to_string(), stats)));
        }
    }
    let headers = [
        "Type",
        "Priority",
        "Backlog",
        "BacklogAge",
        "AddRate",
        "DispatchRate",
        "RateLimited",
    ];
    table(&headers, rows)
}

fn row(kind: TaskQueueType, priority_key: String, stats: &TaskQueueStats) -> Vec<String> {
    vec![
        named(kind),
        priority_key,
        stats.approximate_backlog_count.to_string(),
        age(stats.approximate_backlog_age.as_ref()),
        format!("{:.2}", stats.tasks_add_rate),
        format!("{:.2}", stats.tasks_dispatch_rate),
        stats.rate_limiting_active.to_string(),
    ]
}

/// To the millisecond; empty when nothing waits.
fn age(age: Option<&prost_types::Duration>) -> String {
    let whole = age.map(|age| prost_types::Duration {
        nanos: age.nanos - age.nanos % 1_000_000,
        ..*age
    });
    time::span(whole.as_ref())
}

fn pollers(described: &[Described]) -> String {
    let mut rows = Vec::new();
    for (kind, response) in described {
        rows.extend(response.pollers.iter().map(|poller| {
            vec![
                named(*kind),
                poller.identity.clone(),
                time::point(poller.last_access_time.as_ref()),
                match poller.rate_per_second {
                    0.0 => String::new(),
                    rate => rate.to_string(),
                },
            ]
        }));
    }
    table(&["Type", "Identity", "LastAccess", "RatePerSecond"], rows)
}

fn named(kind: TaskQueueType) -> String {
    camel(kind.as_str_name(), "TASK_QUEUE_TYPE_")
}

fn as_json(described: &[Described]) -> Value {
    let by_kind = described.iter().map(
        |(kind, response)| json!({ "taskQueueType": kind.as_str_name(), "description": json::friendly(response) }),
    );
    Value::Array(by_kind.collect())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wrt_model::proto::{
        enums::RateLimitSource, taskqueue::PollerInfo,
        workflowservice::describe_task_queue_response::EffectiveRateLimit,
    };

    use super::*;

    fn stats(approximate_backlog_count: i64) -> TaskQueueStats {
        TaskQueueStats {
            approximate_backlog_count,
            approximate_backlog_age: Some(prost_types::Duration {
                seconds: 65,
                nanos: 999,
            }),
            tasks_add_rate: 2.0,
            tasks_dispatch_rate: 0.5,
            rate_limiting_active: true,
        }
    }

    #[test]
    fn a_queue_reads_well() {
        let activities = DescribeTaskQueueResponse {
            pollers: vec![PollerInfo {
                identity: "worker@host".to_owned(),
                last_access_time: Some(prost_types::Timestamp {
                    seconds: 1_700_000_000,
                    nanos: 0,
                }),
                rate_per_second: 2.5,
                ..Default::default()
            }],
            stats: Some(stats(7)),
            stats_by_priority_key: [(3, stats(5)), (1, stats(2))].into(),
            effective_rate_limit: Some(EffectiveRateLimit {
                requests_per_second: 2.5,
                rate_limit_source: RateLimitSource::Worker as i32,
            }),
            ..Default::default()
        };
        let workflows = DescribeTaskQueueResponse {
            stats: Some(TaskQueueStats::default()),
            ..Default::default()
        };
        let described = [
            (TaskQueueType::Workflow, workflows),
            (TaskQueueType::Activity, activities),
        ];
        assert_snapshot!(text(&described), @r"
        Statistics:
        Type      Priority  Backlog  BacklogAge  AddRate  DispatchRate  RateLimited
        Workflow            0                    0.00     0.00          false
        Activity            7        1m 5s       2.00     0.50          true
        Activity  1         2        1m 5s       2.00     0.50          true
        Activity  3         5        1m 5s       2.00     0.50          true
        Pollers:
        Type      Identity     LastAccess                RatePerSecond
        Activity  worker@host  2023-11-14T22:13:20.000Z  2.5
        Rate Limit:
          Activity  2.5 a second, set by Worker
        ");
    }
}
