//! The door itself: who may come in, how many at a time, and how long they may stand in it.

mod body;
mod caller;
mod connection;
mod entry;
mod incoming;

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tower::service_fn;

use self::{caller::Denial, connection::ConnectionInfo};
pub(crate) use self::{caller::Names, entry::Entry, incoming::incoming};
use crate::http::{Form, GrpcService, Refusal, is_grpc};

/// How many connections there may be, and for how long they may be idle.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Of all callers together.
    pub total: usize,
    /// Of one IPv4 address, or of one IPv6 network of 64 bits, which is what one caller has.
    pub per_address: usize,
    /// The longest that a caller may take to greet the server in its protocol, which for HTTP/1 is a first request.
    pub greeting: Duration,
    /// The longest wait for more of a body that has not come as a whole.
    pub body: Duration,
    /// For so long a connection may carry no call. Clients open another one when they need it.
    pub idle: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            total: 20_000,
            // Many workers may stand behind one address, but others have to find a place.
            per_address: 15_000,
            greeting: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60 * 60),
        }
    }
}

/// Lets in whoever may call, and counts the calls of each connection.
pub(crate) fn guard(inside: impl GrpcService, names: Names, limits: ConnectionLimits) -> impl GrpcService {
    let names = Arc::new(names);
    service_fn(move |request: Request<Body>| {
        let (mut inside, names) = (inside.clone(), names.clone());
        async move {
            let (parts, body) = request.into_parts();
            let connection = parts.extensions.get::<ConnectionInfo>().cloned();
            let local = connection.as_ref().and_then(ConnectionInfo::local);
            if let Err(denial) = names.check(&parts, local) {
                return Ok(turned_away(&parts.headers, &denial));
            }
            let body = body::bounded(parts.uri.path(), body, limits.body);
            let call = connection.map(|connection| connection.begin());
            let response: Result<Response<Body>, Infallible> = inside.call(Request::from_parts(parts, body)).await;
            response.map(|response| response.map(|body| body::held(body, call)))
        }
    })
}

/// The answer to a request that may not come in, for clients of gRPC and of HTTP.
fn turned_away(headers: &HeaderMap, denial: &Denial) -> Response<Body> {
    let (http, status) = (denial.http(), denial.status());
    if is_grpc(headers) {
        let mut response = status.into_http();
        *response.status_mut() = http;
        return response;
    }
    Refusal::new(http, status).response(&Form::default())
}
