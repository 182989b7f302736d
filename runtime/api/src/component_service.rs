//! The service `wrt.v1.ComponentService`: decode, call, encode.

use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use wrt_engine::{Deploy, Engine};

use crate::{
    component,
    error::ApiError,
    namespace,
    proto::wrt::v1::{
        DeleteVersionRequest, DeleteVersionResponse, DeployComponentRequest, DeployComponentResponse, DeployOptions,
        DescribeDeploymentRequest, DescribeDeploymentResponse, ListDeploymentsRequest, ListDeploymentsResponse,
        SetCurrentVersionRequest, SetCurrentVersionResponse, component_service_server, deploy_component_request::Part,
        list_deployments_response::Entry,
    },
    reply::reply,
    validate,
};

/// The largest component, in bytes.
pub(crate) const COMPONENT_BYTES: usize = 64 * 1024 * 1024;

/// Serves `wrt.v1` from an engine.
pub(crate) struct ComponentService {
    engine: Engine,
}

impl ComponentService {
    pub(crate) fn new(engine: Engine) -> Self {
        ComponentService { engine }
    }
}

#[tonic::async_trait]
impl component_service_server::ComponentService for ComponentService {
    async fn deploy_component(
        &self,
        request: Request<Streaming<DeployComponentRequest>>,
    ) -> Result<Response<DeployComponentResponse>, Status> {
        let (options, bytes) = receive(request.into_inner()).await?;
        Ok(reply(deploy(&self.engine, options, bytes).await?))
    }

    async fn list_deployments(
        &self,
        request: Request<ListDeploymentsRequest>,
    ) -> Result<Response<ListDeploymentsResponse>, Status> {
        Ok(reply(list(&self.engine, request.into_inner()).await?))
    }

    async fn describe_deployment(
        &self,
        request: Request<DescribeDeploymentRequest>,
    ) -> Result<Response<DescribeDeploymentResponse>, Status> {
        Ok(reply(describe(&self.engine, request.into_inner()).await?))
    }

    async fn set_current_version(
        &self,
        request: Request<SetCurrentVersionRequest>,
    ) -> Result<Response<SetCurrentVersionResponse>, Status> {
        Ok(reply(set_current(&self.engine, request.into_inner()).await?))
    }

    async fn delete_version(
        &self,
        request: Request<DeleteVersionRequest>,
    ) -> Result<Response<DeleteVersionResponse>, Status> {
        delete(&self.engine, request.into_inner()).await?;
        Ok(reply(DeleteVersionResponse {}))
    }
}

/// Puts an upload together.
async fn receive(
    mut parts: impl Stream<Item = Result<DeployComponentRequest, Status>> + Unpin,
) -> Result<(DeployOptions, Vec<u8>), Status> {
    let first = parts.next().await.transpose()?.and_then(|request| request.part);
    let Some(Part::Options(options)) = first else {
        return Err(Status::invalid_argument(
            "the first part of an upload has to be its options",
        ));
    };
    let mut bytes = Vec::new();
    while let Some(request) = parts.next().await.transpose()? {
        match request.part {
            Some(Part::Chunk(chunk)) => bytes.extend_from_slice(&chunk),
            Some(Part::Options(_)) => return Err(Status::invalid_argument("an upload has its options only once")),
            None => {}
        }
        if bytes.len() > COMPONENT_BYTES {
            return Err(Status::resource_exhausted(format!(
                "the component is larger than {COMPONENT_BYTES} bytes; strip its debug information"
            )));
        }
    }
    Ok((options, bytes))
}

async fn deploy(engine: &Engine, options: DeployOptions, bytes: Vec<u8>) -> Result<DeployComponentResponse, ApiError> {
    let namespace = namespace::resolve(engine, &options.namespace).await?;
    validate::bounded("Name", &options.name)?;
    validate::bounded("TaskQueue", &options.task_queue)?;
    let deploy = Deploy {
        name: Some(options.name).filter(|name| !name.is_empty()),
        task_queue: Some(options.task_queue).filter(|task_queue| !task_queue.is_empty()),
        bytes,
        grants: component::grants(options.grants.unwrap_or_default()),
        set_current: !options.keep_current,
    };
    let (deployment, deployed) = engine.deploy(&namespace, deploy).await?;
    Ok(DeployComponentResponse {
        warnings: engine.deployment_warnings(&deployment, &deployed),
        deployment: Some(component::deployment(deployment)),
        component: Some(component::component(deployed)),
    })
}

async fn list(engine: &Engine, request: ListDeploymentsRequest) -> Result<ListDeploymentsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let entry = |(deployment, current)| Entry {
        deployment: Some(component::deployment(deployment)),
        component: Some(component::component(current)),
    };
    let deployments = engine.deployments(&namespace).await?;
    Ok(ListDeploymentsResponse {
        deployments: deployments.into_iter().map(entry).collect(),
    })
}

async fn describe(engine: &Engine, request: DescribeDeploymentRequest) -> Result<DescribeDeploymentResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("Name", &request.name)?;
    let (deployment, components) = engine.deployment(&namespace, &request.name).await?;
    Ok(DescribeDeploymentResponse {
        deployment: Some(component::deployment(deployment)),
        components: components.into_iter().map(component::component).collect(),
    })
}

async fn set_current(
    engine: &Engine,
    request: SetCurrentVersionRequest,
) -> Result<SetCurrentVersionResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("Name", &request.name)?;
    component::check_digest_prefix(&request.digest_prefix)?;
    let deployment = engine
        .deployment_set_current(&namespace, &request.name, &request.digest_prefix)
        .await?;
    Ok(SetCurrentVersionResponse {
        deployment: Some(component::deployment(deployment)),
    })
}

async fn delete(engine: &Engine, request: DeleteVersionRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("Name", &request.name)?;
    component::check_digest_prefix(&request.digest_prefix)?;
    Ok(engine
        .deployment_delete_version(&namespace, &request.name, &request.digest_prefix)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Part {
        Part::Options(DeployOptions {
            namespace: "default".into(),
            ..Default::default()
        })
    }

    fn chunk(bytes: &[u8]) -> Part {
        Part::Chunk(bytes.to_vec())
    }

    async fn check(parts: Vec<Part>, expected: Result<&[u8], &str>) {
        let parts = parts
            .into_iter()
            .map(|part| Ok(DeployComponentRequest { part: Some(part) }));
        let received = receive(tokio_stream::iter(parts)).await;
        let received = received
            .map(|(_, bytes)| bytes)
            .map_err(|status| status.message().to_owned());
        match (received, expected) {
            (Ok(bytes), Ok(expected)) => assert_eq!(bytes, expected),
            (Err(said), Err(expected)) => assert!(said.starts_with(expected), "{said}"),
            (received, expected) => panic!("{:?} is not {expected:?}", received.map(|bytes| bytes.len())),
        }
    }

    #[tokio::test]
    async fn uploads_are_put_together() {
        check(vec![options(), chunk(b"\0as"), chunk(b""), chunk(b"m")], Ok(b"\0asm")).await;
        check(vec![options()], Ok(b"")).await;
    }

    #[tokio::test]
    async fn broken_uploads_are_refused() {
        check(vec![], Err("the first part of an upload has to be its options")).await;
        check(
            vec![chunk(b"x"), options()],
            Err("the first part of an upload has to be its options"),
        )
        .await;
        check(vec![options(), options()], Err("an upload has its options only once")).await;
        let half = vec![0; COMPONENT_BYTES / 2 + 1];
        check(
            vec![options(), chunk(&half), chunk(&half)],
            Err("the component is larger than 67108864 bytes"),
        )
        .await;
    }
}
