//! The server: its services, its connections and its end.

use std::{convert::Infallible, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{codec::CompressionEncoding::Gzip, service::Routes, transport::Server};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::layer::layer_fn;
use wrt_engine::Engine;

use crate::{
    component_service::ComponentService,
    door::{self, ConnectionLimits, Entry, Names},
    grpc_status,
    http::{self, Site, WebPage},
    namespace_service::NamespaceService,
    operator_service::OperatorService,
    proto::{
        TEMPORAL_DESCRIPTORS, WRT_DESCRIPTORS,
        operator::operator_service_server::{self, OperatorServiceServer},
        temporal::workflow_service_server::{self, WorkflowServiceServer},
        test::test_service_server::TestServiceServer,
        wrt::v1::{
            component_service_server::{self, ComponentServiceServer},
            namespace_service_server::NamespaceServiceServer,
            run_service_server::RunServiceServer,
            statistics_service_server::StatisticsServiceServer,
        },
    },
    run_service::RunService,
    statistics_service::StatisticsService,
    test_service::TestService,
    workflow_service::WorkflowService,
};

/// The largest request, in bytes: Temporal's, and what its clients count on.
pub(crate) const REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// The most calls of one connection at a time. Long polls stay open, and a whole worker or load generator shares one
/// connection.
const CALLS_PER_CONNECTION: u32 = 10_000;

/// A connection that is silent for so long is asked whether it is alive.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// A connection that does not answer within this time is closed, and its long polls end.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// The names under which health is asked for: the whole server, and the services that Temporal's clients ask about.
const HEALTH_SERVICES: [&str; 4] = [
    "",
    workflow_service_server::SERVICE_NAME,
    operator_service_server::SERVICE_NAME,
    component_service_server::SERVICE_NAME,
];

/// What a server says about itself, and how it ends.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Names this server for ever, for instance a UUID that is kept beside the database. Shown by `GetClusterInfo`.
    pub cluster_id: String,
    /// The kind of the database, for instance `sqlite`. Shown by `GetClusterInfo`.
    pub store: String,
    /// The longest wait for calls that are under way when the server is to end; later ones are cut off.
    pub drain: Duration,
    /// The longest wait of a worker for a task.
    pub longest_poll: Duration,
    /// A server that decodes payloads for the web page, as a URL.
    pub codec_endpoint: Option<String>,
    /// The web page, if the server shows one.
    pub page: Option<WebPage>,
    /// Names that the server goes by, beside those of its machine: `*.example.com` for all below one, `*` for every name.
    pub allowed_hosts: Vec<String>,
    /// How many connections there may be.
    pub connections: ConnectionLimits,
    /// Serves the clock too, of an engine that skips time.
    pub time_skipping: bool,
}

/// Why the server ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket could not be made ready.
    #[error("prepare the listening socket: {0}; check the address and that no other server has it")]
    Socket(#[from] std::io::Error),
    /// A connection could not be served any more.
    #[error("serve gRPC: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors of the services could not be shown.
    #[error("set up gRPC reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves Temporal's API, `wrt.v1`, health and reflection on each of `listeners`, as gRPC and as HTTP with JSON, until
/// `shutdown` is cancelled. Then long polls return at once, other calls have `options.drain` to end, and no new ones are
/// taken.
pub async fn serve(
    engine: Engine,
    listeners: Vec<TcpListener>,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let drain = options.drain;
    let site = Site {
        codec_endpoint: options.codec_endpoint.clone(),
        page: options.page.clone(),
    };
    let limits = options.connections;
    let names = Names::of_server(&listeners, options.allowed_hosts.iter().cloned());
    let (health, routes) = routes(engine.clone(), options, shutdown.clone()).await?;
    let entry = Entry::new(limits);
    let incoming = door::incoming(listeners, &entry, &shutdown);
    let serving = Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .layer(layer_fn(move |inside| door::guard(inside, names.clone(), limits)))
        .layer(layer_fn(move |grpc| http::beside(grpc, site.clone())))
        .layer(layer_fn(grpc_status::rewrite_errors))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned());
    let overdue = async {
        shutdown.cancelled().await;
        set_health(&health, ServingStatus::NotServing).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = serving => Ok(served?),
        never = entry.warn() => match never {},
        never = unhealthy_when_lost(&engine, &health) => match never {},
        () = overdue => {
            tracing::warn!(?drain, "calls were still under way at the end of the drain period; they are cut off");
            Ok(())
        }
    }
}

/// Every service takes gzip: clients compress their requests and do not ask before.
async fn routes(
    engine: Engine,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> Result<(HealthReporter, Routes), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, ServingStatus::Serving).await;
    let time_skipping = options.time_skipping;
    let workflows = WorkflowService::new(engine.clone(), options, shutdown);
    let routes = Routes::new(
        WorkflowServiceServer::new(workflows)
            .max_decoding_message_size(REQUEST_BYTES)
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(
        OperatorServiceServer::new(OperatorService::new(engine.clone()))
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(
        ComponentServiceServer::new(ComponentService::new(engine.clone()))
            .max_decoding_message_size(REQUEST_BYTES)
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(
        NamespaceServiceServer::new(NamespaceService::new(engine.clone()))
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(
        RunServiceServer::new(RunService::new(engine.clone()))
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(
        StatisticsServiceServer::new(StatisticsService::new(engine.clone()))
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    )
    .add_service(health_service.accept_compressed(Gzip).send_compressed(Gzip))
    .add_service(reflection().build_v1()?.accept_compressed(Gzip).send_compressed(Gzip))
    .add_service(
        reflection()
            .build_v1alpha()?
            .accept_compressed(Gzip)
            .send_compressed(Gzip),
    );
    let routes = match time_skipping {
        true => routes.add_service(
            TestServiceServer::new(TestService::new(engine))
                .accept_compressed(Gzip)
                .send_compressed(Gzip),
        ),
        false => routes,
    };
    Ok((health, routes.prepare()))
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(TEMPORAL_DESCRIPTORS)
        .register_encoded_file_descriptor_set(WRT_DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Says that the server does not serve, once it has no database any more.
async fn unhealthy_when_lost(engine: &Engine, health: &HealthReporter) -> Infallible {
    engine.store_lost().await;
    set_health(health, ServingStatus::NotServing).await;
    std::future::pending().await
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for service in HEALTH_SERVICES {
        health.set_service_status(service, status).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_finds_every_type_that_the_services_refer_to() {
        assert!(reflection().build_v1().is_ok());
        assert!(reflection().build_v1alpha().is_ok());
    }
}
