//! The service `wrt.v1.NamespaceService`: limits of namespaces.

use tonic::{Request, Response, Status};
use wrt_engine::Engine;
use wrt_model::{Limits, Namespace};

use crate::{
    error::ApiError,
    namespace,
    proto::wrt::v1::{
        DescribeLimitsRequest, DescribeLimitsResponse, Limit, UpdateLimitsRequest, UpdateLimitsResponse,
        namespace_service_server,
    },
    reply::reply,
    validate,
};

/// Serves the limits of namespaces from an engine.
pub(crate) struct NamespaceService {
    engine: Engine,
}

impl NamespaceService {
    pub(crate) fn new(engine: Engine) -> Self {
        NamespaceService { engine }
    }
}

#[tonic::async_trait]
impl namespace_service_server::NamespaceService for NamespaceService {
    async fn describe_limits(
        &self,
        request: Request<DescribeLimitsRequest>,
    ) -> Result<Response<DescribeLimitsResponse>, Status> {
        let namespace = namespace::resolve(&self.engine, &request.into_inner().namespace).await?;
        let limits = limits(&self.engine, &namespace);
        Ok(reply(DescribeLimitsResponse { limits }))
    }

    async fn update_limits(
        &self,
        request: Request<UpdateLimitsRequest>,
    ) -> Result<Response<UpdateLimitsResponse>, Status> {
        let limits = update(&self.engine, request.into_inner()).await?;
        Ok(reply(UpdateLimitsResponse { limits }))
    }
}

async fn update(engine: &Engine, request: UpdateLimitsRequest) -> Result<Vec<Limit>, ApiError> {
    validate::required("Namespace", &request.namespace)?;
    let changes = request.changes.into_iter().map(|change| (change.name, change.value));
    let namespace = engine.update_limits(&request.namespace, &changes.collect()).await?;
    Ok(limits(engine, &namespace))
}

fn limits(engine: &Engine, namespace: &Namespace) -> Vec<Limit> {
    let limits = engine.limits(namespace);
    let limit = |name: &&str| Limit {
        name: (*name).to_owned(),
        value: limits.get(name).unwrap_or_default(),
        is_default: !namespace.limits.contains_key(*name),
    };
    Limits::NAMES.iter().map(limit).collect()
}
