//! The web page in front of another server: the HTTP API is made of that server's gRPC, and the page is our own.

use std::convert::Infallible;

use http::{Request, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    body::Body,
    service::Routes,
    transport::{Channel, Server},
};
use tower::{ServiceExt as _, layer::layer_fn, service_fn};

use crate::{
    door::{self, ConnectionLimits, Entry, Names},
    http::{self as http_api, GrpcService, Site, WebPage, is_grpc},
    server::ServeError,
};

/// What stands in front of a server.
#[derive(Clone, Debug)]
pub struct FrontOptions {
    /// The page.
    pub page: WebPage,
    /// A server that decodes payloads for the page, as a URL.
    pub codec_endpoint: Option<String>,
    /// Names that callers may use, beside those of this machine.
    pub allowed_hosts: Vec<String>,
}

/// Shows the page on `listener`, over the API of the server at the other end of `channel`, until `shutdown` is cancelled.
///
/// # Errors
/// The connections cannot be served any more.
pub async fn serve_front(
    channel: Channel,
    listener: TcpListener,
    options: FrontOptions,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let limits = ConnectionLimits::default();
    let listeners = vec![listener];
    let names = Names::of_server(&listeners, options.allowed_hosts);
    let site = Site {
        codec_endpoint: options.codec_endpoint,
        page: Some(options.page),
    };
    let entry = Entry::new(limits);
    let incoming = door::incoming(listeners, &entry, &shutdown);
    let serving = Server::builder()
        .accept_http1(true)
        .layer(layer_fn(move |inside| door::guard(inside, names.clone(), limits)))
        .layer(layer_fn(no_grpc))
        .layer(layer_fn(move |inside| http_api::beside(inside, site.clone())))
        .layer(layer_fn(move |_: Routes| remote(channel.clone())))
        .add_routes(Routes::default())
        .serve_with_incoming_shutdown(incoming, shutdown.cancelled_owned());
    tokio::select! {
        served = serving => Ok(served?),
        never = entry.warn() => match never {},
    }
}

/// Clients of gRPC have the server itself; what stands in front of it answers for nobody else.
fn no_grpc(inside: impl GrpcService) -> impl GrpcService {
    service_fn(move |request: Request<Body>| {
        let mut inside = inside.clone();
        async move {
            if is_grpc(request.headers()) {
                let message = "this is the web page in front of a server; gRPC is spoken by the server itself";
                return Ok(Status::unimplemented(message).into_http());
            }
            inside.call(request).await
        }
    })
}

/// The services of the other server.
fn remote(channel: Channel) -> impl GrpcService {
    service_fn(move |request: Request<Body>| {
        let channel = channel.clone();
        async move {
            let answer: Result<Response<Body>, _> = channel.oneshot(request).await;
            Ok::<_, Infallible>(answer.unwrap_or_else(|error| {
                let reason = root_cause(&error);
                Status::unavailable(format!("the server does not answer: {reason}")).into_http()
            }))
        }
    })
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
