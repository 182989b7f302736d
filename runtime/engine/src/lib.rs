//! The way of the data: receive, decide, commit, release.
//!
//! A change of a workflow enters as a message of its [lane](lane), is decided by the machine together with the run's own
//! code, is written by the store's gate, and only then lets its answers and tasks go.

mod activity;
mod activity_control;
mod adoption;
mod attending;
mod batch;
mod child_workflow;
mod clock;
mod commit;
mod delete;
mod deployment;
mod describe;
mod error;
mod executions;
mod history;
mod lane;
mod lanes;
mod large_batches;
mod limits;
mod link;
mod local_activity;
mod matching;
mod namespace;
mod outgoing;
mod parking;
mod pause;
mod query;
mod recovery;
mod release;
mod reset;
mod retention;
mod routing;
mod schedule;
mod search_attribute;
mod signal;
mod start;
mod stats;
mod task_queue;
mod time_skipping;
mod timers;
mod update;
mod upgrade;
mod visibility;
mod watch;
mod worker;
mod worker_deployment;
mod worker_heartbeat;
mod workflow_options;
mod workflow_task;

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wrt_host::Host;
use wrt_model::Limits;
use wrt_store::Store;

pub use activity::ActivityRef;
pub use adoption::{RunDescription, Unserved};
pub use deployment::Deploy;
pub use error::EngineError;
pub use history::{HistoryEnd, HistoryPage};
pub use matching::UNLIMITED_RATE;
pub use search_attribute::check_search_attributes;
pub use start::Started;
pub use stats::EngineStats;
pub use task_queue::TaskQueueDescription;
pub use update::UpdateWithStartError;
pub use worker_deployment::{VersionTarget, WorkerDeploymentChange};
pub use workflow_task::done::WorkflowTaskDone;
pub use wrt_host::HostError;
pub use wrt_machine::{
    ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityUnpause, HeartbeatAnswer, Jitter, Modifier,
    Rejection, ResetPoint, WorkerDeploymentRejection, WorkflowOptionsChange, WorkflowTaskCompletion,
    deployment_conflict_token, reset_point,
    schedule::{NewSchedule, ScheduleUpdate, conflict_token, start_request, timed_workflow_id},
    version_not_found, version_status, workflow_task_cause,
};
pub use wrt_store::{RunCount, ScheduleCount, StoreError};

use crate::{
    batch::Batches,
    executions::Executions,
    lanes::Lanes,
    large_batches::LargeBatches,
    matching::{ActivityTask, Matching, NexusTask, WorkflowTask},
    namespace::Namespaces,
    parking::Parking,
    query::worker::DirectQueries,
    retention::Retention,
    routing::Routing,
    schedule::Schedules,
    stats::Counters,
    time_skipping::TimeSkipping,
    timers::Timers,
    watch::{End, Progress, Watchers},
    worker_deployment::WorkerDeployments,
    worker_heartbeat::WorkerHeartbeats,
};

/// The name under which the server runs workflow tasks and activities.
const IDENTITY: &str = "wrt-server";

/// What an engine is built from.
pub struct EngineOptions {
    /// The memory.
    pub store: Store,
    /// The hands.
    pub host: Host,
    /// Bytes that parked runs may hold before the least recently used are dropped and rebuilt by replay when needed.
    pub parked_bytes: usize,
    /// Activities of components that run at the same time.
    pub concurrent_activities: usize,
    /// What namespaces allow that set no limits of their own.
    pub limits: Limits,
    /// Whether time is skipped while nothing happens, for tests, and how many locks keep it from that at first.
    pub time_skipping: Option<u32>,
}

impl EngineOptions {
    /// Options with the default limits.
    pub fn new(store: Store, host: Host) -> Self {
        EngineOptions {
            store,
            host,
            parked_bytes: 512 * 1024 * 1024,
            concurrent_activities: 512,
            limits: Limits::default(),
            time_skipping: None,
        }
    }
}

/// The engine of one server. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    limits: Limits,
    host: Host,
    namespaces: Namespaces,
    routing: Routing,
    lanes: Lanes,
    parking: Parking,
    timers: Timers,
    schedules: Schedules,
    batches: Batches,
    retention: Retention,
    /// The queues of activity tasks.
    matching: Arc<Matching<ActivityTask>>,
    /// The queues of workflow tasks that workers run.
    workflow_matching: Arc<Matching<WorkflowTask>>,
    /// The queues that workers with Nexus handlers poll.
    nexus_matching: Arc<Matching<NexusTask>>,
    /// Held by whoever changes what is set for a task queue.
    task_queues_changing: tokio::sync::Mutex<()>,
    /// Queries that workers have been asked outside of workflow tasks.
    direct_queries: DirectQueries,
    /// Those who wait for histories to grow.
    growth: Watchers<Progress>,
    /// Those who wait for runs to close: they are many, and are not to be woken up by each step.
    ends: Watchers<End>,
    counters: Counters,
    executions: Executions,
    large_batches: LargeBatches,
    worker_deployments: WorkerDeployments,
    worker_heartbeats: WorkerHeartbeats,
    activity_slots: Arc<tokio::sync::Semaphore>,
    outgoing_places: tokio::sync::Semaphore,
    time_skipping: Option<TimeSkipping>,
    /// Everything that must end before the store closes.
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Engine {
    /// Builds an engine and takes up what the store holds: timers are set again, and what was handed out and lost is
    /// handed out again.
    pub async fn start(options: EngineOptions) -> Result<Engine, EngineError> {
        let engine = Engine {
            inner: Arc::new(Inner {
                namespaces: Namespaces::default(),
                routing: Routing::default(),
                lanes: Lanes::default(),
                parking: Parking::new(options.parked_bytes),
                timers: Timers::default(),
                schedules: Schedules::default(),
                batches: Batches::default(),
                retention: Retention::default(),
                matching: Arc::default(),
                workflow_matching: Arc::default(),
                nexus_matching: Arc::default(),
                task_queues_changing: tokio::sync::Mutex::default(),
                direct_queries: DirectQueries::default(),
                growth: Watchers::default(),
                ends: Watchers::default(),
                counters: Counters::default(),
                executions: Executions::default(),
                large_batches: LargeBatches::default(),
                worker_deployments: WorkerDeployments::default(),
                worker_heartbeats: WorkerHeartbeats::default(),
                activity_slots: Arc::new(tokio::sync::Semaphore::new(options.concurrent_activities)),
                outgoing_places: tokio::sync::Semaphore::new(outgoing::PLACES),
                time_skipping: options.time_skipping.map(TimeSkipping::new),
                tasks: TaskTracker::new(),
                stopping: CancellationToken::new(),
                limits: options.limits,
                store: options.store,
                host: options.host,
            }),
        };
        engine.load_task_queues().await?;
        engine.load_worker_deployments().await?;
        engine.load_routing().await?;
        engine.spawn_timers();
        engine.recover().await?;
        engine.spawn_schedule_timers();
        engine.recover_schedules().await?;
        engine.recover_batches().await?;
        engine.spawn_retention();
        engine.spawn_time_skipping();
        Ok(engine)
    }

    /// Waits until the store has lost its database, and answers every call with an error.
    pub async fn store_lost(&self) {
        self.inner.store.lost().await;
    }

    /// Lets what is under way end, at most `grace` long, and closes the store. Activities of components are cut off: they
    /// run again after the next start.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.stopping.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(grace, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(
                ?grace,
                "work was still under way at the end of the grace period; it is taken up at the next start"
            );
        }
        self.inner.store.close().await;
    }

    /// True once the engine is shutting down.
    pub fn is_stopping(&self) -> bool {
        self.inner.stopping.is_cancelled()
    }
}
