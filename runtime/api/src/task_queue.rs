//! Task queues: describing and configuring.

use std::collections::{HashMap, HashSet};

use wrt_engine::{Engine, TaskQueueDescription, UNLIMITED_RATE};
use wrt_model::{
    Namespace,
    priority::{DEFAULT_PRIORITY_KEY, FAIRNESS_KEY_BYTES},
    proto::{
        enums::{BuildIdTaskReachability, DescribeTaskQueueMode, TaskQueueType},
        taskqueue::{
            TaskQueuePartitionMetadata, TaskQueueStatus, TaskQueueTypeInfo, TaskQueueVersionInfo,
            TaskQueueVersioningInfo,
        },
        workflowservice::{
            DescribeTaskQueueRequest, DescribeTaskQueueResponse, ListTaskQueuePartitionsRequest,
            ListTaskQueuePartitionsResponse, UpdateTaskQueueConfigRequest, UpdateTaskQueueConfigResponse,
            update_task_queue_config_request::RateLimitUpdate,
        },
    },
    worker_deployment::UNVERSIONED,
};

use crate::{
    error::ApiError,
    namespace,
    validate::{self, Checked, invalid},
};

#[expect(deprecated, reason = "older clients ask in this way")]
pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeTaskQueueRequest,
) -> Result<DescribeTaskQueueResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::task_queue(request.task_queue.as_ref())?;
    if validate::choice::<DescribeTaskQueueMode>("ApiMode", request.api_mode)? == DescribeTaskQueueMode::Enhanced {
        return describe_enhanced(engine, &namespace, request).await;
    }
    let kind = match validate::choice("TaskQueueType", request.task_queue_type)? {
        TaskQueueType::Unspecified => TaskQueueType::Workflow,
        kind => kind,
    };
    let name = request.task_queue.unwrap_or_default().name;
    let known = engine.describe_task_queue(&namespace, &name, kind).await?;
    let task_queue_status = request.include_task_queue_status.then(|| status(&known));
    let mut response = DescribeTaskQueueResponse {
        task_queue_status,
        pollers: known.pollers,
        effective_rate_limit: known.effective_rate_limit,
        config: request.report_config.then_some(known.config),
        versioning_info: Some(
            engine
                .task_queue_versioning(&namespace, &name, kind)
                .unwrap_or_else(unversioned),
        ),
        ..Default::default()
    };
    if request.report_stats {
        let mut stats = known.stats;
        stats.approximate_backlog_age.get_or_insert_default();
        response.stats_by_priority_key = match known.stats_by_priority_key {
            unused if unused.is_empty() => HashMap::from([(DEFAULT_PRIORITY_KEY, stats)]),
            used => used,
        };
        response.stats = Some(stats);
    }
    Ok(response)
}

/// A queue whose workers belong to no deployment, or that has none.
#[expect(deprecated, reason = "clients read the text")]
fn unversioned() -> TaskQueueVersioningInfo {
    TaskQueueVersioningInfo {
        current_version: UNVERSIONED.to_owned(),
        ..Default::default()
    }
}

/// The older form: several kinds of tasks at once, by build id. All workers are those of the empty one.
#[expect(deprecated, reason = "older clients ask in this way")]
async fn describe_enhanced(
    engine: &Engine,
    namespace: &Namespace,
    request: DescribeTaskQueueRequest,
) -> Result<DescribeTaskQueueResponse, ApiError> {
    let name = request.task_queue.unwrap_or_default().name;
    let kinds = match request.task_queue_types.as_slice() {
        [] => &[TaskQueueType::Workflow as i32, TaskQueueType::Activity as i32],
        asked => asked,
    };
    let mut types_info = HashMap::new();
    for &kind in kinds {
        let known = engine
            .describe_task_queue(namespace, &name, validate::choice("TaskQueueType", kind)?)
            .await?;
        let info = TaskQueueTypeInfo {
            pollers: if request.report_pollers {
                known.pollers
            } else {
                Vec::new()
            },
            stats: request.report_stats.then_some(known.stats),
        };
        types_info.insert(kind, info);
    }
    let reachability = match request.report_task_reachability {
        true => BuildIdTaskReachability::Reachable,
        false => BuildIdTaskReachability::Unspecified,
    };
    let unversioned = TaskQueueVersionInfo {
        types_info,
        task_reachability: reachability as i32,
    };
    Ok(DescribeTaskQueueResponse {
        versions_info: [(String::new(), unversioned)].into(),
        ..Default::default()
    })
}

fn status(known: &TaskQueueDescription) -> TaskQueueStatus {
    let limit = known.effective_rate_limit.as_ref();
    TaskQueueStatus {
        backlog_count_hint: known.stats.approximate_backlog_count,
        rate_per_second: limit.map_or(UNLIMITED_RATE, |limit| f64::from(limit.requests_per_second)),
        ..Default::default()
    }
}

pub(crate) async fn update_config(
    engine: &Engine,
    request: UpdateTaskQueueConfigRequest,
) -> Result<UpdateTaskQueueConfigResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    check_update(&request)?;
    let config = engine.update_task_queue_config(&namespace, request).await?;
    Ok(UpdateTaskQueueConfigResponse { config: Some(config) })
}

/// Every queue has one partition, which is named as the queue.
pub(crate) async fn list_partitions(
    engine: &Engine,
    request: ListTaskQueuePartitionsRequest,
) -> Result<ListTaskQueuePartitionsResponse, ApiError> {
    namespace::resolve(engine, &request.namespace).await?;
    validate::task_queue(request.task_queue.as_ref())?;
    let partition = TaskQueuePartitionMetadata {
        key: request.task_queue.unwrap_or_default().name,
        owner_host_name: String::new(),
    };
    Ok(ListTaskQueuePartitionsResponse {
        activity_task_queue_partitions: vec![partition.clone()],
        workflow_task_queue_partitions: vec![partition],
    })
}

fn check_update(request: &UpdateTaskQueueConfigRequest) -> Checked {
    validate::required("TaskQueue", &request.task_queue)?;
    validate::bounded("Identity", &request.identity)?;
    let queue_limit = request.update_queue_rate_limit.as_ref();
    let key_limit = request.update_fairness_key_rate_limit_default.as_ref();
    match validate::choice("TaskQueueType", request.task_queue_type)? {
        TaskQueueType::Unspecified => return invalid("TaskQueueType is not set on request."),
        TaskQueueType::Nexus => return validate::unsupported(true, "task_queue_type NEXUS"),
        TaskQueueType::Workflow if queue_limit.or(key_limit).is_some() => {
            return invalid("Setting rate limit on workflow task queues is not allowed.");
        }
        TaskQueueType::Workflow | TaskQueueType::Activity => {}
    }
    check_limit("UpdateQueueRateLimit", queue_limit)?;
    check_limit("UpdateFairnessKeyRateLimitDefault", key_limit)?;
    check_weights(request)
}

fn check_limit(field: &str, update: Option<&RateLimitUpdate>) -> Checked {
    let Some(update) = update else { return Ok(()) };
    validate::bounded(&format!("{field}.Reason"), &update.reason)?;
    match update.rate_limit {
        Some(limit) if !(0.0..=f32::MAX).contains(&limit.requests_per_second) => invalid(format!(
            "{field} has to be zero or more tasks a second: {}",
            limit.requests_per_second
        )),
        _ => Ok(()),
    }
}

fn check_weights(request: &UpdateTaskQueueConfigRequest) -> Checked {
    let set = &request.set_fairness_weight_overrides;
    let unset: HashSet<&String> = request.unset_fairness_weight_overrides.iter().collect();
    if let Some(key) = set.keys().find(|key| unset.contains(key)) {
        return invalid(format!(
            "the weight of fairness key {key} is set and unset in the same request"
        ));
    }
    if let Some(key) = set.keys().find(|key| key.len() > FAIRNESS_KEY_BYTES) {
        let length = key.len();
        return invalid(format!(
            "fairness key length exceeds limit: {length}/{FAIRNESS_KEY_BYTES}"
        ));
    }
    match set
        .iter()
        .find(|(_, weight)| !(0.0..=f32::MAX).contains(*weight) || **weight == 0.0)
    {
        Some((key, weight)) => invalid(format!(
            "fairness weight of {key} has to be greater than zero: {weight}"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::taskqueue::RateLimit;

    use super::*;

    fn update(kind: TaskQueueType) -> UpdateTaskQueueConfigRequest {
        UpdateTaskQueueConfigRequest {
            task_queue: "orders".to_owned(),
            task_queue_type: kind as i32,
            ..Default::default()
        }
    }

    fn limited(kind: TaskQueueType, requests_per_second: f32) -> UpdateTaskQueueConfigRequest {
        UpdateTaskQueueConfigRequest {
            update_queue_rate_limit: Some(RateLimitUpdate {
                rate_limit: Some(RateLimit { requests_per_second }),
                reason: String::new(),
            }),
            ..update(kind)
        }
    }

    fn weighted(key: &str, weight: f32) -> UpdateTaskQueueConfigRequest {
        UpdateTaskQueueConfigRequest {
            set_fairness_weight_overrides: [(key.to_owned(), weight)].into(),
            unset_fairness_weight_overrides: vec!["unset".to_owned()],
            ..update(TaskQueueType::Activity)
        }
    }

    #[track_caller]
    fn check(request: &UpdateTaskQueueConfigRequest, expected: &str) {
        let said = check_update(request).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
    }

    #[test]
    fn rate_limits() {
        check(&limited(TaskQueueType::Activity, 2.5), "ok");
        check(&limited(TaskQueueType::Activity, 0.0), "ok");
        check(
            &limited(TaskQueueType::Activity, -1.0),
            "UpdateQueueRateLimit has to be zero or more",
        );
        check(
            &limited(TaskQueueType::Activity, f32::NAN),
            "UpdateQueueRateLimit has to be zero or more",
        );
        check(
            &limited(TaskQueueType::Activity, f32::INFINITY),
            "UpdateQueueRateLimit has to be zero or more",
        );
        check(
            &limited(TaskQueueType::Workflow, 1.0),
            "Setting rate limit on workflow task queues",
        );
        check(&update(TaskQueueType::Workflow), "ok");
        check(
            &update(TaskQueueType::Unspecified),
            "TaskQueueType is not set on request.",
        );
        check(&update(TaskQueueType::Nexus), "task_queue_type NEXUS is not supported");
    }

    #[test]
    fn weights() {
        check(&weighted("tenant", 2.0), "ok");
        check(
            &weighted("tenant", 0.0),
            "fairness weight of tenant has to be greater than zero: 0",
        );
        check(
            &weighted("tenant", f32::NAN),
            "fairness weight of tenant has to be greater",
        );
        check(
            &weighted("unset", 1.0),
            "the weight of fairness key unset is set and unset",
        );
        check(
            &weighted(&"x".repeat(65), 1.0),
            "fairness key length exceeds limit: 65/64",
        );
    }
}
