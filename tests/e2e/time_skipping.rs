//! A server for tests, whose clock jumps while nothing is under way.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_model::{
    Time,
    proto::testservice::{LockTimeSkippingRequest, SleepRequest, SleepUntilRequest, UnlockTimeSkippingRequest},
    time::proto_span,
};
use wrt_tests::{Server, Worker, with_time_skipping};

use crate::{assert_refused, with_contract};

const HOUR: Duration = Duration::from_secs(3600);

/// Sleeps for an hour, and then for a year.
const LONG: &str = "start => timer 3600\nfired 1 => timer 31536000\nfired 2 => complete 1";

async fn with_skipping_contract(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_time_skipping(async |server| {
        server.deploy("contract-guest", "contract").await?;
        test(server).await
    })
    .await
}

async fn now(server: &Server) -> Result<Time> {
    let now = server.client().clock().get_current_time(()).await?.into_inner();
    Ok(now.time.as_ref().context("read the server's clock")?.into())
}

async fn lock(server: &Server) -> Result<()> {
    server
        .client()
        .clock()
        .lock_time_skipping(LockTimeSkippingRequest {})
        .await?;
    Ok(())
}

async fn unlock(server: &Server) -> Result<()> {
    server
        .client()
        .clock()
        .unlock_time_skipping(UnlockTimeSkippingRequest {})
        .await?;
    Ok(())
}

fn span(span: Duration) -> SleepRequest {
    SleepRequest {
        duration: Some(proto_span(span)),
    }
}

#[tokio::test]
async fn a_year_is_over_at_once_when_nobody_locks_the_clock() -> Result<()> {
    with_skipping_contract(async |server| {
        let begin = now(server).await?;
        let run = server.client().script("w", LONG).await?;
        unlock(server).await?;
        assert_eq!(run.result().await?, "1");
        lock(server).await?;
        let passed = now(server).await?.since(begin);
        assert!((HOUR * 24 * 365..HOUR * 24 * 366).contains(&passed), "{passed:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sleep_takes_the_clock_just_so_far() -> Result<()> {
    with_skipping_contract(async |server| {
        let begin = now(server).await?;
        let run = server.client().script("w", LONG).await?;
        server
            .client()
            .clock()
            .unlock_time_skipping_with_sleep(span(HOUR / 2))
            .await?;
        let passed = now(server).await?.since(begin);
        assert!((HOUR / 2..HOUR).contains(&passed), "{passed:?}");
        assert_eq!(run.describe().await?.pending_activities.len(), 0);

        unlock(server).await?;
        let later = SleepUntilRequest {
            timestamp: Some(begin.plus(2 * HOUR).into()),
        };
        server.client().clock().sleep_until(later).await?;
        // The year has begun, and ends when its time has come.
        assert_eq!(run.result().await?, "1");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_activity_under_way_holds_time_still() -> Result<()> {
    with_skipping_contract(async |server| {
        let begin = now(server).await?;
        unlock(server).await?;
        let script = "start => timer 3600; schedule-with 1 shop Wait\nresolved 1 => now\nfired 1 => complete";
        let run = server.client().script("w", script).await?;
        let worker = Worker::new(server.client(), "shop");
        let task = worker.poll().await?;
        server.client().clock().sleep(span(Duration::from_millis(100))).await?;
        assert!(now(server).await?.since(begin) < HOUR, "the attempt takes real time");
        worker.complete(&task.task_token, "1").await?;
        assert!(run.result().await?.contains("timer 1 fired"));
        assert!(now(server).await?.since(begin) >= HOUR);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sleep_within_an_activity_takes_the_clock_along() -> Result<()> {
    with_skipping_contract(async |server| {
        let begin = now(server).await?;
        unlock(server).await?;
        let script = "start => timer 3600; schedule-with 1 shop Wait\nresolved 1 => now\nfired 1 => complete";
        let run = server.client().script("w", script).await?;
        let worker = Worker::new(server.client(), "shop");
        worker.poll().await?;
        let sleep = span(HOUR / 2);
        // No caller holds a lock; the activity that sleeps does not count for so long.
        server.client().clock().unlock_time_skipping_with_sleep(sleep).await?;
        let passed = now(server).await?.since(begin);
        assert!((HOUR / 2..HOUR).contains(&passed), "{passed:?}");
        server.client().clock().sleep(span(Duration::from_millis(100))).await?;
        assert!(
            now(server).await?.since(begin) < HOUR,
            "the attempt takes real time again"
        );
        run.terminate("its clock has been seen").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn locks_and_unlocks_are_balanced() -> Result<()> {
    with_skipping_contract(async |server| {
        unlock(server).await?;
        let again = server
            .client()
            .clock()
            .unlock_time_skipping(UnlockTimeSkippingRequest {})
            .await;
        assert_refused(again, Code::FailedPrecondition, "unlocked already");
        let begin = now(server).await?;
        server
            .client()
            .clock()
            .unlock_time_skipping_with_sleep(span(HOUR))
            .await?;
        assert!(
            now(server).await?.since(begin) >= HOUR,
            "there was no lock to take back"
        );
        Ok(())
    })
    .await?;
    with_contract(async |server| {
        let answer = server.client().clock().get_current_time(()).await;
        assert_refused(answer, Code::Unimplemented, "TestService.GetCurrentTime");
        Ok(())
    })
    .await
}
