//! `wrt task-queue config`.

use std::collections::HashMap;

use anyhow::ensure;
use clap::{Args, Subcommand};
use wrt_model::proto::{
    taskqueue::{RateLimit, RateLimitConfig, TaskQueueConfig},
    workflowservice::{
        DescribeTaskQueueRequest, UpdateTaskQueueConfigRequest, update_task_queue_config_request::RateLimitUpdate,
    },
};

use super::{Kind, NameArgs, describe};
use crate::{
    client::{Client, answer, identity},
    context::Context,
    json,
    output::card,
    payload::key_value,
    time,
};

/// The word for "take away what is set".
const DEFAULT: &str = "default";

/// The verbs of configurations.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Get(GetCommand),
    Set(SetCommand),
}

/// Show what is set for a task queue
#[derive(Debug, Args)]
pub(crate) struct GetCommand {
    #[command(flatten)]
    queue: QueueArgs,
}

/// Set rate limits and weights of a task queue; what is not given stays as it is
#[derive(Debug, Args)]
pub(crate) struct SetCommand {
    #[command(flatten)]
    queue: QueueArgs,
    /// Tasks a second that leave the queue, or `default` for what the workers say
    #[arg(long, value_parser = limit, value_name = "NUMBER|default")]
    queue_rps_limit: Option<Limit>,
    /// Why
    #[arg(
        long,
        requires = "queue_rps_limit",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    queue_rps_limit_reason: String,
    /// Tasks a second for each fairness key, times its weight, or `default` for no limit
    #[arg(long, value_parser = limit, value_name = "NUMBER|default")]
    fairness_key_rps_limit_default: Option<Limit>,
    /// Why
    #[arg(
        long,
        alias = "fairness-key-rps-limit-default-reason",
        requires = "fairness_key_rps_limit_default",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    fairness_key_rps_limit_reason: String,
    /// The weight of a fairness key, or `default` for what its tasks say. Repeatable
    #[arg(long, value_parser = weight, value_name = "KEY=NUMBER|default")]
    fairness_key_weight: Vec<(String, Option<f32>)>,
    /// Forget all weights that are not given
    #[arg(long)]
    fairness_key_weight_clear_all: bool,
}

#[derive(Debug, Args)]
struct QueueArgs {
    #[command(flatten)]
    name: NameArgs,
    /// Which tasks
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value = "activity",
        value_name = "TYPE"
    )]
    task_queue_type: Kind,
}

/// A rate limit, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit(Option<RateLimit>);

impl ConfigCommand {
    /// Does what the verb says.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<()> {
        let client = context.client().await?;
        let config = match self {
            ConfigCommand::Get(command) => stored(&client, &command.queue).await?,
            ConfigCommand::Set(command) => command.set(&client).await?,
        };
        context.output.one(|| text(&config), || json::friendly(&config))?;
        Ok(())
    }
}

impl SetCommand {
    async fn set(self, client: &Client) -> anyhow::Result<TaskQueueConfig> {
        let known = match self.fairness_key_weight_clear_all {
            true => stored(client, &self.queue).await?.fairness_weight_overrides,
            false => HashMap::new(),
        };
        let request = self.request(client.namespace(), known)?;
        let outcome = client.workflows().update_task_queue_config(request).await;
        Ok(answer("configure task queue", outcome)?.config.unwrap_or_default())
    }

    /// `known` are the weights to forget.
    fn request(self, namespace: String, known: HashMap<String, f32>) -> anyhow::Result<UpdateTaskQueueConfigRequest> {
        let changes = self.queue_rps_limit.is_some()
            || self.fairness_key_rps_limit_default.is_some()
            || !self.fairness_key_weight.is_empty()
            || self.fairness_key_weight_clear_all;
        ensure!(
            changes,
            "nothing to set; give --queue-rps-limit, --fairness-key-rps-limit-default or --fairness-key-weight"
        );
        let (set, unset): (Vec<_>, Vec<_>) = self.fairness_key_weight.into_iter().partition(|(_, it)| it.is_some());
        let set: HashMap<String, f32> = set
            .into_iter()
            .filter_map(|(key, weight)| Some((key, weight?)))
            .collect();
        let unset = unset.into_iter().map(|(key, _)| key).chain(known.into_keys());
        Ok(UpdateTaskQueueConfigRequest {
            namespace,
            identity: identity(),
            task_queue: self.queue.name.task_queue,
            task_queue_type: wrt_model::proto::enums::TaskQueueType::from(self.queue.task_queue_type) as i32,
            update_queue_rate_limit: update(self.queue_rps_limit, self.queue_rps_limit_reason),
            update_fairness_key_rate_limit_default: update(
                self.fairness_key_rps_limit_default,
                self.fairness_key_rps_limit_reason,
            ),
            unset_fairness_weight_overrides: unset.filter(|key| !set.contains_key(key)).collect(),
            set_fairness_weight_overrides: set,
        })
    }
}

async fn stored(client: &Client, queue: &QueueArgs) -> anyhow::Result<TaskQueueConfig> {
    let request = DescribeTaskQueueRequest {
        report_config: true,
        ..describe::request(client, &queue.name.task_queue, queue.task_queue_type.into())
    };
    Ok(describe::answered(client, request).await?.config.unwrap_or_default())
}

fn update(limit: Option<Limit>, reason: String) -> Option<RateLimitUpdate> {
    limit.map(|Limit(rate_limit)| RateLimitUpdate { rate_limit, reason })
}

/// What is set, for people.
pub(super) fn text(config: &TaskQueueConfig) -> String {
    let weights = &config.fairness_weight_overrides;
    let mut weights: Vec<_> = weights.iter().map(|(key, weight)| format!("{key}={weight}")).collect();
    weights.sort();
    card(&[
        ("QueueRateLimit", limit_text(config.queue_rate_limit.as_ref())),
        (
            "FairnessKeyRateLimitDefault",
            limit_text(config.fairness_keys_rate_limit_default.as_ref()),
        ),
        ("FairnessKeyWeights", weights.join("\n")),
    ])
}

fn limit_text(config: Option<&RateLimitConfig>) -> String {
    let config = config.cloned().unwrap_or_default();
    let rate = config.rate_limit.map_or_else(
        || DEFAULT.to_owned(),
        |limit| format!("{} a second", limit.requests_per_second),
    );
    let Some(metadata) = config.metadata else { return rate };
    let reason = if metadata.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", metadata.reason)
    };
    let at = time::point(metadata.update_time.as_ref());
    format!("{rate} (by {} at {at}{reason})", metadata.update_identity)
}

fn limit(text: &str) -> Result<Limit, String> {
    if text.eq_ignore_ascii_case(DEFAULT) {
        return Ok(Limit(None));
    }
    match text.parse::<f32>() {
        Ok(requests_per_second) if (0.0..=f32::MAX).contains(&requests_per_second) => {
            Ok(Limit(Some(RateLimit { requests_per_second })))
        }
        _ => Err(format!(
            "`{text}` is no rate limit; write a number such as 2.5, or {DEFAULT}"
        )),
    }
}

fn weight(text: &str) -> Result<(String, Option<f32>), String> {
    let (key, value) = key_value(text)?;
    if value.eq_ignore_ascii_case(DEFAULT) {
        return Ok((key, None));
    }
    match value.parse::<f32>() {
        Ok(weight) if weight > 0.0 && weight.is_finite() => Ok((key, Some(weight))),
        _ => Err(format!(
            "`{value}` is no weight; write a number above zero such as 2.5, or {DEFAULT}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        set: SetCommand,
    }

    fn request(flags: &str, known: &[(&str, f32)]) -> anyhow::Result<UpdateTaskQueueConfigRequest> {
        let line = Line::try_parse_from(format!("set -t orders {flags}").split_whitespace())?;
        let known = known.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
        line.set.request("default".to_owned(), known)
    }

    #[test]
    fn flags_become_an_update() {
        let update = request("--queue-rps-limit 2.5 --queue-rps-limit-reason busy", &[]).unwrap();
        let limit = update.update_queue_rate_limit.unwrap();
        assert_eq!(limit.rate_limit.unwrap().requests_per_second, 2.5);
        assert_eq!(limit.reason, "busy");
        assert!(update.update_fairness_key_rate_limit_default.is_none());

        let update = request("--fairness-key-rps-limit-default DEFAULT", &[]).unwrap();
        let limit = update.update_fairness_key_rate_limit_default.unwrap();
        assert_eq!((limit.rate_limit, limit.reason.as_str()), (None, ""));

        let update = request("--fairness-key-weight a=2 --fairness-key-weight b=default", &[]).unwrap();
        assert_eq!(
            update.set_fairness_weight_overrides,
            HashMap::from([("a".to_owned(), 2.0)])
        );
        assert_eq!(update.unset_fairness_weight_overrides, ["b"]);

        let flags = "--fairness-key-weight-clear-all --fairness-key-weight a=2";
        let update = request(flags, &[("a", 1.0), ("c", 1.0)]).unwrap();
        assert_eq!(update.unset_fairness_weight_overrides, ["c"]);
    }

    #[test]
    fn flags_that_make_no_sense_are_refused() {
        for flags in [
            "",
            "--queue-rps-limit -1",
            "--queue-rps-limit many",
            "--queue-rps-limit-reason busy",
            "--fairness-key-weight a",
            "--fairness-key-weight a=0",
            "--task-queue-type nexus --queue-rps-limit 1",
        ] {
            assert!(request(flags, &[]).is_err(), "{flags}");
        }
    }
}
