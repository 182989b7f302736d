//! What workers outside tell about themselves. It is kept in memory, as long as they go on telling.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prost_types::Timestamp;
use serde_json::Value;
use wrt_model::{
    Namespace, Time,
    proto::worker::{WorkerHeartbeat, WorkerHostInfo},
};
use wrt_store::Condition;

use crate::{Engine, EngineError, clock};

/// How long after its last heartbeat a worker is still known. Workers send one each minute.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The most workers of a namespace that are known; further ones are not recorded.
const WORKERS: usize = 100_000;

/// What queries can name. Times are compared to the second.
const ATTRIBUTES: [&str; 11] = [
    "WorkerInstanceKey",
    "WorkerIdentity",
    "HostName",
    "TaskQueue",
    "DeploymentName",
    "BuildId",
    "SdkName",
    "SdkVersion",
    "StartTime",
    "LastHeartbeatTime",
    "Status",
];

/// The last heartbeat of each worker, by namespace and the key of the worker.
#[derive(Default)]
pub(crate) struct WorkerHeartbeats {
    namespaces: Mutex<BTreeMap<String, BTreeMap<String, Heard>>>,
}

struct Heard {
    at: Time,
    heartbeat: WorkerHeartbeat,
}

impl Engine {
    /// Takes heartbeats of workers, each of which replaces the one before of the same worker.
    pub fn record_worker_heartbeats(&self, namespace: &Namespace, heartbeats: Vec<WorkerHeartbeat>) {
        let at = clock::now();
        self.inner.worker_heartbeats.record(&namespace.id, heartbeats, at);
    }

    /// Workers that match a query, by their keys: at most `page_size` of those behind the key `after`, and whether there
    /// are more.
    pub fn list_workers(
        &self,
        namespace: &Namespace,
        query: &str,
        page_size: usize,
        after: &str,
    ) -> Result<(Vec<WorkerHeartbeat>, bool), EngineError> {
        let condition = Condition::parse(query, &ATTRIBUTES)?;
        let known = &self.inner.worker_heartbeats;
        let mut workers = known.matching(&namespace.id, &condition, after, page_size.saturating_add(1));
        let more = workers.len() > page_size;
        workers.truncate(page_size);
        Ok((workers, more))
    }

    /// How many workers match a query.
    pub fn count_workers(&self, namespace: &Namespace, query: &str) -> Result<usize, EngineError> {
        let condition = Condition::parse(query, &ATTRIBUTES)?;
        let known = &self.inner.worker_heartbeats;
        Ok(known.matching(&namespace.id, &condition, "", usize::MAX).len())
    }

    /// The last heartbeat of a worker, by its key.
    pub fn describe_worker(
        &self,
        namespace: &Namespace,
        worker_instance_key: &str,
    ) -> Result<WorkerHeartbeat, EngineError> {
        let known = &self.inner.worker_heartbeats;
        known
            .get(&namespace.id, worker_instance_key)
            .ok_or_else(|| EngineError::WorkerNotFound(worker_instance_key.to_owned()))
    }
}

impl WorkerHeartbeats {
    fn record(&self, namespace_id: &str, heartbeats: Vec<WorkerHeartbeat>, at: Time) {
        let mut namespaces = self.lock();
        let known = namespaces.entry(namespace_id.to_owned()).or_default();
        // Looking at all of them each time would cost more than it frees.
        if known.len() >= WORKERS {
            forget(known, at);
        }
        for heartbeat in heartbeats {
            if known.len() < WORKERS || known.contains_key(&heartbeat.worker_instance_key) {
                known.insert(heartbeat.worker_instance_key.clone(), Heard { at, heartbeat });
            }
        }
    }

    fn matching(&self, namespace_id: &str, condition: &Condition, after: &str, most: usize) -> Vec<WorkerHeartbeat> {
        let mut namespaces = self.lock();
        let Some(known) = namespaces.get_mut(namespace_id) else {
            return Vec::new();
        };
        forget(known, clock::now());
        let behind = known.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let heartbeats = behind.map(|(_, heard)| &heard.heartbeat);
        heartbeats
            .filter(|heartbeat| condition.holds(&|name: &str| attribute(heartbeat, name)))
            .take(most)
            .cloned()
            .collect()
    }

    fn get(&self, namespace_id: &str, worker_instance_key: &str) -> Option<WorkerHeartbeat> {
        let mut namespaces = self.lock();
        let known = namespaces.get_mut(namespace_id)?;
        forget(known, clock::now());
        known.get(worker_instance_key).map(|heard| heard.heartbeat.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Heard>>> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops workers that have not been heard of for long.
fn forget(known: &mut BTreeMap<String, Heard>, now: Time) {
    known.retain(|_, heard| now.since(heard.at) < REMEMBERED);
}

/// What a query sees of a worker.
fn attribute(heartbeat: &WorkerHeartbeat, name: &str) -> Value {
    let host = |read: fn(&WorkerHostInfo) -> &str| heartbeat.host_info.as_ref().map(read).into();
    let version = heartbeat.deployment_version.as_ref();
    match name {
        "WorkerInstanceKey" => heartbeat.worker_instance_key.as_str().into(),
        "WorkerIdentity" => heartbeat.worker_identity.as_str().into(),
        "HostName" => host(|host| &host.host_name),
        "TaskQueue" => heartbeat.task_queue.as_str().into(),
        "DeploymentName" => version.map(|version| version.deployment_name.as_str()).into(),
        "BuildId" => version.map(|version| version.build_id.as_str()).into(),
        "SdkName" => heartbeat.sdk_name.as_str().into(),
        "SdkVersion" => heartbeat.sdk_version.as_str().into(),
        "StartTime" => heartbeat.start_time.as_ref().map(to_the_second).into(),
        "LastHeartbeatTime" => heartbeat.heartbeat_time.as_ref().map(to_the_second).into(),
        "Status" => status(heartbeat).into(),
        _ => Value::Null,
    }
}

/// The status as people write it: `Running`, `ShuttingDown`, `Shutdown`.
fn status(heartbeat: &WorkerHeartbeat) -> String {
    format!("{:?}", heartbeat.status())
}

/// In the form of RFC 3339, which sorts by time as long as all texts have the same length.
fn to_the_second(time: &Timestamp) -> String {
    Timestamp {
        seconds: time.seconds,
        nanos: 0,
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::{WorkerDeploymentVersion, enums::WorkerStatus};

    use super::*;

    fn worker(key: &str, task_queue: &str) -> WorkerHeartbeat {
        WorkerHeartbeat {
            worker_instance_key: key.to_owned(),
            task_queue: task_queue.to_owned(),
            status: WorkerStatus::ShuttingDown as i32,
            start_time: Some(Timestamp {
                seconds: 1_700_000_000,
                nanos: 5,
            }),
            deployment_version: Some(WorkerDeploymentVersion {
                build_id: "7".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn keys(known: &WorkerHeartbeats, query: &str, after: &str) -> Vec<String> {
        let condition = Condition::parse(query, &ATTRIBUTES).unwrap();
        let found = known.matching("ns", &condition, after, 10);
        found
            .into_iter()
            .map(|heartbeat| heartbeat.worker_instance_key)
            .collect()
    }

    #[test]
    fn workers_are_found_by_what_they_told() {
        let known = WorkerHeartbeats::default();
        known.record("ns", vec![worker("a", "pay"), worker("b", "ship")], clock::now());
        let cases: [(&str, &[&str]); 8] = [
            ("", &["a", "b"]),
            ("WorkerInstanceKey=\"b\"", &["b"]),
            ("TaskQueue = 'pay' AND BuildId = '7'", &["a"]),
            ("Status = 'ShuttingDown'", &["a", "b"]),
            ("Status != 'ShuttingDown'", &[]),
            ("StartTime >= '2023-11-14T22:13:20Z'", &["a", "b"]),
            ("StartTime > '2023-11-14T22:13:20Z'", &[]),
            ("HostName = 'h'", &[]),
        ];
        for (query, expected) in cases {
            assert_eq!(keys(&known, query, ""), expected, "{query}");
        }
        assert_eq!(keys(&known, "", "a"), ["b"], "the page behind");
        assert!(
            keys(&WorkerHeartbeats::default(), "", "").is_empty(),
            "another namespace"
        );
    }

    #[test]
    fn the_last_heartbeat_counts_until_it_is_old() {
        let known = WorkerHeartbeats::default();
        known.record("ns", vec![worker("old", "pay")], clock::now().minus(REMEMBERED));
        known.record("ns", vec![worker("new", "pay")], clock::now());
        known.record("ns", vec![worker("new", "ship")], clock::now());
        assert_eq!(keys(&known, "", ""), ["new"]);
        assert_eq!(known.get("ns", "new").unwrap().task_queue, "ship");
        assert_eq!(known.get("ns", "old"), None);
    }

    #[test]
    fn unknown_attributes_are_refused() {
        let error = Condition::parse("Colour = 'red'", &ATTRIBUTES).unwrap_err();
        assert!(error.to_string().contains("Colour is not an attribute"), "{error}");
    }
}
