//! A session: several activities on the same worker, because they share files on its disk. When the worker is gone, the
//! session begins again on another one.

use std::time::Duration;

use patterns_contract::{FILE_WORKERS, FileActivitiesStub};
use wrt_sdk::{Context, Failure, Result, TimeoutType, workflow};

/// The workers that are tried, one after the other.
const SESSIONS: u32 = 3;

/// Nobody but the worker polls its queue: who leaves a task there for so long is gone.
const SCHEDULE_TO_START: Duration = Duration::from_secs(5);

/// How soon a worker is missed that goes away while it is at work.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Brings a file from `source` to `destination` by way of a worker that processes it; tells how many bytes it has then.
#[workflow]
pub(crate) async fn file_processing(ctx: Context, source: String, destination: String) -> Result<u64> {
    let mut session = 1;
    loop {
        match in_session(&ctx, source.clone(), destination.clone()).await {
            Err(failure) if worker_is_gone(&failure) && session < SESSIONS => session += 1,
            outcome => return Ok(outcome?),
        }
    }
}

async fn in_session(ctx: &Context, source: String, destination: String) -> Result<u64, Failure> {
    let any_worker = crate::activity_options().task_queue(FILE_WORKERS);
    let own_queue = ctx.with_activity_options(any_worker).own_task_queue().await?;

    let same_worker = crate::activity_options()
        .task_queue(own_queue)
        .schedule_to_start_timeout(SCHEDULE_TO_START)
        .heartbeat_timeout(HEARTBEAT);
    let worker = ctx.with_activity_options(same_worker);
    let downloaded = worker.download(source).await?;
    let processed = worker.process(downloaded).await?;
    worker.upload(processed, destination).await
}

/// An attempt that was silent is tried again on the same queue first, so this is how every loss of a worker ends.
fn worker_is_gone(failure: &Failure) -> bool {
    failure.timeout_type() == Some(TimeoutType::ScheduleToStart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::{Error, FailureKind, testing::TestEnvironment};

    fn gone() -> Error {
        Failure {
            message: "activity ScheduleToStart timeout".to_owned(),
            source: "test".to_owned(),
            stack_trace: String::new(),
            kind: FailureKind::Timeout(TimeoutType::ScheduleToStart, Vec::new()),
            cause: None,
        }
        .into()
    }

    /// An environment in which the first `lost` workers are gone when they are to process a file.
    fn with_lost_workers(lost: usize) -> TestEnvironment<file_processing> {
        let mut test = TestEnvironment::new();
        test.on_activity("OwnTaskQueue", || Ok("worker-1".to_owned()));
        test.on_activity("Download", |source: String| Ok(format!("/disk/{source}")));
        let processed = std::cell::Cell::new(0);
        test.on_activity("Process", move |path: String| {
            processed.set(processed.get() + 1);
            if processed.get() <= lost {
                Err(gone().non_retryable())
            } else {
                Ok(path)
            }
        });
        test.on_activity("Upload", |path: String, _destination: String| Ok(path.len() as u64));
        test
    }

    #[test]
    fn one_worker_does_it_all() {
        let mut test = with_lost_workers(0);
        assert_eq!(test.run(("a".to_owned(), "b".to_owned())).unwrap(), 7);
        assert_eq!(test.activities(), ["OwnTaskQueue", "Download", "Process", "Upload"]);
    }

    #[test]
    fn another_worker_begins_again() {
        let mut test = with_lost_workers(1);
        assert_eq!(test.run(("a".to_owned(), "b".to_owned())).unwrap(), 7);
        let calls = test.activities();
        assert_eq!(calls.iter().filter(|call| **call == "Download").count(), 2);
        assert_eq!(calls.iter().filter(|call| **call == "Upload").count(), 1);
    }

    #[test]
    fn some_time_it_gives_up() {
        let mut test = with_lost_workers(100);
        let failure = test.run(("a".to_owned(), "b".to_owned())).unwrap_failure();
        assert!(worker_is_gone(&failure));
        let calls = test.activities();
        assert_eq!(calls.iter().filter(|call| **call == "Download").count(), 3);
    }
}
