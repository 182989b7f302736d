//! Temporal's `TestService`: the clock of a server for tests.

use tonic::{Request, Response, Status};
use wrt_engine::Engine;
use wrt_model::{proto::testservice as messages, time};

use crate::{
    error::ApiError,
    proto::test::test_service_server,
    reply::{done, reply},
};

/// Serves the clock of an engine that skips time.
pub(crate) struct TestService {
    engine: Engine,
}

impl TestService {
    pub(crate) fn new(engine: Engine) -> Self {
        TestService { engine }
    }
}

#[tonic::async_trait]
impl test_service_server::TestService for TestService {
    async fn lock_time_skipping(
        &self,
        _: Request<messages::LockTimeSkippingRequest>,
    ) -> Result<Response<messages::LockTimeSkippingResponse>, Status> {
        done(async { Ok(self.engine.lock_time_skipping()?) }).await
    }

    async fn unlock_time_skipping(
        &self,
        _: Request<messages::UnlockTimeSkippingRequest>,
    ) -> Result<Response<messages::UnlockTimeSkippingResponse>, Status> {
        done(async { Ok(self.engine.unlock_time_skipping()?) }).await
    }

    async fn sleep(
        &self,
        request: Request<messages::SleepRequest>,
    ) -> Result<Response<messages::SleepResponse>, Status> {
        let until = self.engine.current_time().plus(span(&request));
        done(async { Ok(self.engine.sleep_until(until).await?) }).await
    }

    async fn sleep_until(
        &self,
        request: Request<messages::SleepUntilRequest>,
    ) -> Result<Response<messages::SleepResponse>, Status> {
        done(async {
            let timestamp = request.get_ref().timestamp.as_ref();
            let until = timestamp.ok_or_else(|| ApiError::InvalidArgument("Timestamp is not set".to_owned()))?;
            Ok(self.engine.sleep_until(until.into()).await?)
        })
        .await
    }

    async fn unlock_time_skipping_with_sleep(
        &self,
        request: Request<messages::SleepRequest>,
    ) -> Result<Response<messages::SleepResponse>, Status> {
        done(async { Ok(self.engine.unlock_time_skipping_with_sleep(span(&request)).await?) }).await
    }

    async fn get_current_time(&self, _: Request<()>) -> Result<Response<messages::GetCurrentTimeResponse>, Status> {
        Ok(reply(messages::GetCurrentTimeResponse {
            time: Some(self.engine.current_time().into()),
        }))
    }
}

/// A span that is not set, or negative, is none.
fn span(request: &Request<messages::SleepRequest>) -> std::time::Duration {
    request
        .get_ref()
        .duration
        .as_ref()
        .map_or_else(Default::default, time::span)
}
