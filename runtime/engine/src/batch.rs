//! Batch operations: one thing is done to many runs, at a bounded rate.
//!
//! The targets are listed once, before anything is done to them, and the progress is stored after each. So a batch operation
//! goes on after a crash where it was, and comes to each run once; requests carry ids made of job and run, which make the
//! one in which the crash fell count once, too.

mod apply;

use std::{collections::HashSet, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior},
};
use wrt_model::{
    BatchKey, BatchOperation, Namespace, Time,
    proto::{
        WorkflowExecution,
        batch::BatchOperationInfo,
        common,
        enums::BatchOperationState,
        workflowservice::{
            DescribeBatchOperationResponse, ListBatchOperationsResponse, StartBatchOperationRequest,
            StopBatchOperationRequest,
        },
    },
};
use wrt_store::RunQuery;

use crate::{Engine, EngineError, clock};

/// The most targets of one batch operation in a second, and the rate of those that ask for none.
const OPERATIONS_PER_SECOND: f32 = 100.0;

/// The longest pause between two targets, for whoever asks for next to nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Runs that are listed at a time.
const PAGE: u32 = 1000;

/// The pause after the store has failed.
const RETRY: Duration = Duration::from_secs(1);

/// What is in memory about batch operations.
#[derive(Default)]
pub(crate) struct Batches {
    /// Whoever changes a row holds it from reading to writing.
    changing: Mutex<()>,
}

impl Engine {
    /// Begins a batch operation.
    pub async fn start_batch(
        &self,
        namespace: &Namespace,
        mut request: StartBatchOperationRequest,
    ) -> Result<(), EngineError> {
        let named = named_targets(&mut request);
        let total = match &named[..] {
            [] => self.count_workflows(namespace, &request.visibility_query).await?.total,
            named => i64::try_from(named.len()).unwrap_or(i64::MAX),
        };
        let operation = BatchOperation {
            namespace_id: namespace.id.clone(),
            request,
            start_ns: clock::now().nanos(),
            state: BatchOperationState::Running as i32,
            has_targets: !named.is_empty(),
            total,
            ..Default::default()
        };
        let key = operation.key();
        // Nobody else may put other targets in the place of these.
        let _changing = self.inner.batches.changing.lock().await;
        if self.inner.store.batch(&key).await?.is_some() {
            return Err(EngineError::BatchOperationAlreadyExists(key.job_id));
        }
        if !named.is_empty() {
            self.inner.store.batch_targets_put(&key, &named).await?;
        }
        self.inner.store.batch_insert(&operation).await?;
        self.spawn_batch(key);
        Ok(())
    }

    /// Ends a batch operation before it has come to all its targets.
    pub async fn stop_batch(
        &self,
        namespace: &Namespace,
        request: StopBatchOperationRequest,
    ) -> Result<(), EngineError> {
        let key = BatchKey::new(&*namespace.id, request.job_id);
        self.change_batch(&key, |operation| {
            close(operation, BatchOperationState::Failed);
            operation.stop_identity = request.identity;
            operation.stop_reason = request.reason;
        })
        .await?;
        Ok(self.inner.store.batch_targets_remove(&key).await?)
    }

    /// Everything about a batch operation.
    pub async fn describe_batch(
        &self,
        namespace: &Namespace,
        job_id: String,
    ) -> Result<DescribeBatchOperationResponse, EngineError> {
        let operation = self.stored_batch(&BatchKey::new(&*namespace.id, job_id)).await?;
        let stopped = !operation.stop_reason.is_empty();
        Ok(DescribeBatchOperationResponse {
            operation_type: operation.operation_type() as i32,
            job_id: operation.request.job_id.clone(),
            state: operation.state,
            start_time: time(operation.start_ns),
            close_time: time(operation.close_ns),
            total_operation_count: operation.total,
            complete_operation_count: operation.completed,
            failure_operation_count: operation.failed,
            identity: operation.identity().to_owned(),
            reason: if stopped {
                operation.stop_reason
            } else {
                operation.request.reason
            },
            query: operation.request.visibility_query,
            ..Default::default()
        })
    }

    /// A page of the batch operations of a namespace, the youngest first.
    pub async fn list_batches(
        &self,
        namespace: &Namespace,
        page_size: u32,
        page_token: &[u8],
    ) -> Result<ListBatchOperationsResponse, EngineError> {
        let page = self
            .inner
            .store
            .batch_page(&namespace.id, page_size, page_token)
            .await?;
        let info = page.operations.into_iter().map(|operation| BatchOperationInfo {
            operation_type: operation.operation_type() as i32,
            job_id: operation.request.job_id,
            state: operation.state,
            start_time: time(operation.start_ns),
            close_time: time(operation.close_ns),
        });
        Ok(ListBatchOperationsResponse {
            operation_info: info.collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// Takes up all batch operations that go on.
    pub(crate) async fn recover_batches(&self) -> Result<(), EngineError> {
        for operation in self.inner.store.open_batches().await? {
            self.spawn_batch(operation.key());
        }
        Ok(())
    }

    /// Works on a batch operation until it is over or the server stops.
    fn spawn_batch(&self, key: BatchKey) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let work = async {
                while let Err(error) = engine.work_on_batch(&key).await {
                    if matches!(error, EngineError::BatchOperationNotFound(_)) {
                        // It was stopped, or even removed.
                        return;
                    }
                    tracing::error!(batch = %key, %error, "work on batch operation");
                    tokio::time::sleep(RETRY).await;
                }
            };
            tokio::select! {
                () = work => {}
                () = engine.inner.stopping.cancelled() => {}
            }
        });
    }

    async fn work_on_batch(&self, key: &BatchKey) -> Result<(), EngineError> {
        let mut operation = self.stored_batch(key).await?;
        if !operation.has_targets {
            operation = self.list_batch_targets(&operation).await?;
        }
        let namespace = self.namespace_by_id(&key.namespace_id).await?;
        let mut ticks = ticks(operation.request.max_operations_per_second);
        loop {
            let targets = self.inner.store.batch_targets(key, operation.processed()).await?;
            if targets.is_empty() {
                break;
            }
            for target in targets {
                ticks.tick().await;
                if !self.stored_batch(key).await?.is_open() {
                    return Ok(());
                }
                let done = self.apply_batch(&namespace, &operation, target).await?;
                operation = self.change_batch(key, |operation| count(operation, done)).await?;
            }
        }
        self.change_batch(key, |operation| close(operation, BatchOperationState::Completed))
            .await?;
        Ok(self.inner.store.batch_targets_remove(key).await?)
    }

    /// Finds what the query of a batch operation means, once for all. A run that changes meanwhile may turn up twice in the
    /// list, and is one target.
    async fn list_batch_targets(&self, operation: &BatchOperation) -> Result<BatchOperation, EngineError> {
        let key = operation.key();
        let query = RunQuery {
            namespace_id: &key.namespace_id,
            text: &operation.request.visibility_query,
            now: Time::from_nanos(operation.start_ns),
        };
        let (mut seen, mut targets, mut token) = (HashSet::new(), Vec::new(), Vec::new());
        loop {
            let page = self.inner.store.list(&query, PAGE, &token).await?;
            let new = page.runs.iter().filter(|run| seen.insert(run.run_id.clone()));
            targets.extend(new.map(wrt_model::Run::execution));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        self.inner.store.batch_targets_put(&key, &targets).await?;
        self.change_batch(&key, |operation| {
            operation.has_targets = true;
            operation.total = i64::try_from(targets.len()).unwrap_or(i64::MAX);
        })
        .await
    }

    /// Changes a batch operation that goes on. Errors: [`EngineError::BatchOperationNotFound`], [`EngineError::BatchOperationOver`].
    async fn change_batch(
        &self,
        key: &BatchKey,
        change: impl FnOnce(&mut BatchOperation),
    ) -> Result<BatchOperation, EngineError> {
        let _changing = self.inner.batches.changing.lock().await;
        let mut operation = self.stored_batch(key).await?;
        if !operation.is_open() {
            return Err(EngineError::BatchOperationOver(key.job_id.clone()));
        }
        change(&mut operation);
        self.inner.store.batch_update(&operation).await?;
        Ok(operation)
    }

    async fn stored_batch(&self, key: &BatchKey) -> Result<BatchOperation, EngineError> {
        let stored = self.inner.store.batch(key).await?;
        stored.ok_or_else(|| EngineError::BatchOperationNotFound(key.job_id.clone()))
    }
}

/// The runs that a request names, taken out of it, each once and in its order.
#[expect(deprecated, reason = "older clients name runs in this way")]
fn named_targets(request: &mut StartBatchOperationRequest) -> Vec<WorkflowExecution> {
    let newer = std::mem::take(&mut request.target_executions).into_iter();
    let newer = newer.map(
        |common::Execution {
             business_id, run_id, ..
         }| WorkflowExecution {
            workflow_id: business_id,
            run_id,
        },
    );
    let mut seen = HashSet::new();
    let named = std::mem::take(&mut request.executions).into_iter().chain(newer);
    named
        .filter(|target| seen.insert((target.workflow_id.clone(), target.run_id.clone())))
        .collect()
}

fn ticks(requested: f32) -> Interval {
    let allowed = 0.0..=OPERATIONS_PER_SECOND;
    let rate = if requested > 0.0 && allowed.contains(&requested) {
        requested
    } else {
        OPERATIONS_PER_SECOND
    };
    let pause = Duration::try_from_secs_f32(rate.recip()).unwrap_or(LONGEST_PAUSE);
    let mut ticks = tokio::time::interval(pause.min(LONGEST_PAUSE));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn count(operation: &mut BatchOperation, done: bool) {
    if done {
        operation.completed += 1;
    } else {
        operation.failed += 1;
    }
}

fn close(operation: &mut BatchOperation, state: BatchOperationState) {
    operation.set_state(state);
    operation.close_ns = clock::now().nanos();
}

fn time(nanos: i64) -> Option<prost_types::Timestamp> {
    (nanos != 0).then(|| Time::from_nanos(nanos).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rates_are_bounded() {
        for (requested, millis) in [
            (0.0, 10),
            (50.0, 20),
            (0.5, 2_000),
            (1e9, 10),
            (f32::NAN, 10),
            (-1.0, 10),
        ] {
            assert_eq!(ticks(requested).period().as_millis(), millis, "{requested}");
        }
        assert_eq!(ticks(1e-30).period(), LONGEST_PAUSE);
    }
}
