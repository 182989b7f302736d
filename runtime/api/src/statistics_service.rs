//! The service `wrt.v1.StatisticsService`.

use tonic::{Request, Response, Status};
use wrt_engine::Engine;

use crate::{
    proto::wrt::v1::{GetStatisticsRequest, GetStatisticsResponse, statistics_service_server},
    reply::reply,
};

/// Shows what an engine has counted.
pub(crate) struct StatisticsService {
    engine: Engine,
}

impl StatisticsService {
    pub(crate) fn new(engine: Engine) -> Self {
        StatisticsService { engine }
    }
}

#[tonic::async_trait]
impl statistics_service_server::StatisticsService for StatisticsService {
    async fn get_statistics(
        &self,
        _request: Request<GetStatisticsRequest>,
    ) -> Result<Response<GetStatisticsResponse>, Status> {
        let stats = self.engine.stats();
        Ok(reply(GetStatisticsResponse {
            commits: stats.store.commits,
            transactions: stats.store.transactions,
            row_writes: stats.store.row_writes,
            workflow_tasks: stats.workflow_tasks,
            replays: stats.replays,
            replayed_events: stats.replayed_events,
            parked_runs: stats.parked_runs,
            parked_bytes: stats.parked_bytes,
            unserved_starts: stats.unserved_starts,
        }))
    }
}
