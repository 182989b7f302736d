//! Task queues as operators see them: describing and configuring.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};
use wrt_model::{
    ComponentKind, Namespace,
    proto::{
        enums::TaskQueueType,
        taskqueue::{ConfigMetadata, PollerInfo, RateLimitConfig, TaskQueueConfig, TaskQueueStats},
        workflowservice::{
            PollNexusTaskQueueRequest, UpdateTaskQueueConfigRequest, describe_task_queue_response::EffectiveRateLimit,
            update_task_queue_config_request::RateLimitUpdate,
        },
    },
};
use wrt_store::StoredTaskQueue;

use crate::{
    Engine, EngineError, IDENTITY, clock,
    matching::{Lease, Matching, Poll, QueueDescription, QueueKey, Task, UNLIMITED_RATE},
};

/// The most fairness keys of a task queue whose weights can be set.
const WEIGHT_OVERRIDES: usize = 1000;

/// What is known about a task queue, for one kind of tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskQueueDescription {
    /// Who polls, or has lately.
    pub pollers: Vec<PollerInfo>,
    /// The tasks that wait, come and go.
    pub stats: TaskQueueStats,
    /// The same by priority key, for those that have been used.
    pub stats_by_priority_key: HashMap<i32, TaskQueueStats>,
    /// What operators have set.
    pub config: TaskQueueConfig,
    /// The rate limit that is in force; `None` when there is none.
    pub effective_rate_limit: Option<EffectiveRateLimit>,
}

impl Engine {
    /// Everything about a task queue. What a component serves is taken by the server itself, which is shown among the
    /// pollers; its workflow tasks wait in no queue, since they are run at once.
    pub async fn describe_task_queue(
        &self,
        namespace: &Namespace,
        name: &str,
        kind: TaskQueueType,
    ) -> Result<TaskQueueDescription, EngineError> {
        let key = QueueKey::new(&namespace.id, name);
        let store = &self.inner.store;
        let config = store.task_queue_config(&namespace.id, name, kind).await?;
        let mut known = match kind {
            TaskQueueType::Activity => self.inner.matching.describe(&key),
            TaskQueueType::Workflow => self.inner.workflow_matching.describe(&key),
            _ => QueueDescription::default(),
        };
        let served = match kind {
            TaskQueueType::Workflow => Some(ComponentKind::Workflow),
            TaskQueueType::Activity => Some(ComponentKind::Activity),
            _ => None,
        };
        let is_shown = known.pollers.iter().any(|poller| poller.identity == IDENTITY);
        if !is_shown && served.is_some_and(|served| self.inner.routing.has(&key, served)) {
            known.pollers.push(PollerInfo {
                identity: IDENTITY.to_owned(),
                last_access_time: Some(clock::now().into()),
                rate_per_second: UNLIMITED_RATE,
                ..Default::default()
            });
        }
        Ok(TaskQueueDescription {
            stats: known.total(),
            stats_by_priority_key: known.backlog.into_iter().collect(),
            pollers: known.pollers,
            config,
            effective_rate_limit: known.limit.map(|(per_second, source)| EffectiveRateLimit {
                requests_per_second: per_second as f32,
                rate_limit_source: source as i32,
            }),
        })
    }

    /// Changes what is set for a task queue, durably and at once. What the request does not name stays as it is.
    pub async fn update_task_queue_config(
        &self,
        namespace: &Namespace,
        request: UpdateTaskQueueConfigRequest,
    ) -> Result<TaskQueueConfig, EngineError> {
        let (name, kind) = (request.task_queue.clone(), request.task_queue_type());
        let _changing = self.inner.task_queues_changing.lock().await;
        let store = &self.inner.store;
        let before = store.task_queue_config(&namespace.id, &name, kind).await?;
        let config = updated(before, request)?;
        let stored = StoredTaskQueue {
            namespace_id: namespace.id.clone(),
            name,
            kind,
            config,
        };
        store.task_queue_put(&stored).await?;
        if kind == TaskQueueType::Activity {
            let key = QueueKey::new(&namespace.id, &stored.name);
            self.inner.matching.configure(&key, &stored.config);
        }
        Ok(stored.config)
    }

    /// The next task of a queue for a worker; `None` when there is none until the deadline, or the server or the worker
    /// says goodbye.
    pub(crate) async fn next_task<T: Task>(
        &self,
        matching: &Arc<Matching<T>>,
        queue: &QueueKey,
        poll: Poll,
        deadline: Instant,
    ) -> Option<Lease<T>> {
        tokio::select! {
            lease = timeout_at(deadline, matching.poll(queue, poll)) => lease.ok().flatten(),
            () = self.inner.stopping.cancelled() => None,
        }
    }

    /// Returns when the deadline has come, or the server or the worker says goodbye: no Nexus task ever comes.
    pub async fn poll_nexus_task(&self, namespace: &Namespace, request: PollNexusTaskQueueRequest, deadline: Duration) {
        let queue = QueueKey::new(&namespace.id, request.task_queue.unwrap_or_default().name);
        let poll = Poll {
            component: None,
            info: PollerInfo {
                identity: request.identity,
                deployment_options: request.deployment_options,
                ..Default::default()
            },
            max_per_second: None,
            worker_instance_key: request.worker_instance_key,
            version: None,
        };
        let deadline = clock::instant() + deadline;
        let none = self.next_task(&self.inner.nexus_matching, &queue, poll, deadline).await;
        debug_assert!(none.is_none(), "there are no Nexus tasks");
    }

    /// Takes over what is stored, after a start.
    pub(crate) async fn load_task_queues(&self) -> Result<(), EngineError> {
        for stored in self.inner.store.task_queues(TaskQueueType::Activity).await? {
            let key = QueueKey::new(stored.namespace_id, stored.name);
            self.inner.matching.configure(&key, &stored.config);
        }
        Ok(())
    }
}

fn updated(mut config: TaskQueueConfig, request: UpdateTaskQueueConfigRequest) -> Result<TaskQueueConfig, EngineError> {
    let identity = request.identity;
    if let Some(update) = request.update_queue_rate_limit {
        config.queue_rate_limit = Some(rate_limit(update, &identity));
    }
    if let Some(update) = request.update_fairness_key_rate_limit_default {
        config.fairness_keys_rate_limit_default = Some(rate_limit(update, &identity));
    }
    let weights = &mut config.fairness_weight_overrides;
    for key in &request.unset_fairness_weight_overrides {
        weights.remove(key);
    }
    weights.extend(request.set_fairness_weight_overrides);
    if weights.len() > WEIGHT_OVERRIDES {
        return Err(EngineError::InvalidArgument(format!(
            "fairness weight overrides exceed the limit: {}/{WEIGHT_OVERRIDES}; unset some of them first",
            weights.len()
        )));
    }
    Ok(config)
}

/// Who has taken a limit away, and why, is kept too.
fn rate_limit(update: RateLimitUpdate, identity: &str) -> RateLimitConfig {
    RateLimitConfig {
        rate_limit: update.rate_limit,
        metadata: Some(ConfigMetadata {
            reason: update.reason,
            update_identity: identity.to_owned(),
            update_time: Some(clock::now().into()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::taskqueue::RateLimit;

    use super::*;

    fn update(rate: Option<f32>) -> RateLimitUpdate {
        RateLimitUpdate {
            rate_limit: rate.map(|requests_per_second| RateLimit { requests_per_second }),
            reason: "because".to_owned(),
        }
    }

    fn weights(weights: &[(&str, f32)]) -> HashMap<String, f32> {
        weights
            .iter()
            .map(|(key, weight)| ((*key).to_owned(), *weight))
            .collect()
    }

    #[test]
    fn an_update_changes_what_it_names() {
        let first = UpdateTaskQueueConfigRequest {
            identity: "Ada".to_owned(),
            update_queue_rate_limit: Some(update(Some(5.0))),
            set_fairness_weight_overrides: weights(&[("a", 1.0), ("b", 2.0)]),
            ..Default::default()
        };
        let config = updated(TaskQueueConfig::default(), first).unwrap();
        let limit = config.queue_rate_limit.clone().unwrap();
        assert_eq!(limit.rate_limit, update(Some(5.0)).rate_limit);
        let metadata = limit.metadata.unwrap();
        assert_eq!(
            (metadata.reason.as_str(), metadata.update_identity.as_str()),
            ("because", "Ada")
        );

        let second = UpdateTaskQueueConfigRequest {
            update_fairness_key_rate_limit_default: Some(update(Some(1.0))),
            set_fairness_weight_overrides: weights(&[("c", 3.0)]),
            unset_fairness_weight_overrides: vec!["a".to_owned()],
            ..Default::default()
        };
        let config = updated(config, second).unwrap();
        assert_eq!(config.fairness_weight_overrides, weights(&[("b", 2.0), ("c", 3.0)]));
        assert!(config.queue_rate_limit.as_ref().unwrap().rate_limit.is_some());

        let third = UpdateTaskQueueConfigRequest {
            update_queue_rate_limit: Some(update(None)),
            ..Default::default()
        };
        let config = updated(config, third).unwrap();
        assert_eq!(config.queue_rate_limit.unwrap().rate_limit, None);
        assert!(config.fairness_keys_rate_limit_default.is_some());
    }

    #[test]
    fn there_is_a_limit_to_the_weights() {
        let many = (0..=WEIGHT_OVERRIDES).map(|number| (number.to_string(), 1.0));
        let request = UpdateTaskQueueConfigRequest {
            set_fairness_weight_overrides: many.collect(),
            ..Default::default()
        };
        assert!(updated(TaskQueueConfig::default(), request).is_err());
    }
}
