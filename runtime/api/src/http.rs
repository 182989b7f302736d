//! The HTTP/JSON API: every call of the services as plain HTTP, in the form of Temporal's own HTTP API, and the few routes
//! beside it that Temporal's web page and load balancers ask for.
//!
//! A request becomes the gRPC call that it stands for, and that call is put to the same services in the same process: no
//! call is implemented twice.

mod content;
mod document;
mod dynamic;
mod page;
mod refusal;
mod request;
mod route;
mod shorthand;
mod site;
mod upload;

use std::{convert::Infallible, time::Duration};

use http::{HeaderMap, Request, Response, StatusCode};
use prost_reflect::{DynamicMessage, ReflectMessage as _, SerializeOptions};
use serde_json::Value;
use tonic::{Status, body::Body};
use tower::{Service, service_fn};

pub use self::page::WebPage;
use self::route::{Found, ROUTES};
pub(crate) use self::{
    content::{Form, is_grpc},
    refusal::Refusal,
    site::Site,
};
use crate::{long_poll, proto::DESCRIPTORS};

/// How much sooner a call is given up than its `grpc-timeout` says: then gRPC's server gives it up too, without a body.
const SOONER: Duration = Duration::from_millis(10);

/// What is answered, before it is written as the client wants it.
type Answer = Result<(StatusCode, Value), Refusal>;

/// The services, as a server of gRPC calls them.
pub(crate) trait GrpcService:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> GrpcService for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// The gRPC services, with the same calls as HTTP and JSON beside them. What says that it is gRPC goes to the services as
/// it is.
pub(crate) fn beside(grpc: impl GrpcService, site: Site) -> impl GrpcService {
    service_fn(move |request: Request<Body>| {
        let (mut grpc, site) = (grpc.clone(), site.clone());
        async move {
            if is_grpc(request.headers()) {
                return grpc.call(request).await;
            }
            let (parts, body) = request.into_parts();
            if let Some(page) = site.page.as_ref().and_then(|page| page.answer(&parts)) {
                return Ok(page);
            }
            let request = Request::from_parts(parts, body);
            // Boxed, so that gRPC calls do not carry the room for it.
            Ok(Box::pin(respond(grpc, &site, request)).await)
        }
    })
}

async fn respond(grpc: impl GrpcService, site: &Site, request: Request<Body>) -> Response<Body> {
    let form = Form::of(&request);
    let limit = long_poll::timeout(request.headers()).map(|limit| limit.saturating_sub(SOONER));
    let answering = answer(grpc, site, request, &form);
    let answer = match limit {
        None => answering.await,
        Some(limit) => tokio::time::timeout(limit, answering).await.unwrap_or_else(|_| {
            let message = "the call has not ended within its grpc-timeout";
            Err(Status::deadline_exceeded(message).into())
        }),
    };
    match answer {
        Ok((status, value)) => form.response(status, HeaderMap::new(), &value),
        Err(refusal) => refusal.response(&form),
    }
}

async fn answer(grpc: impl GrpcService, site: &Site, request: Request<Body>, form: &Form) -> Answer {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(namespace) = upload::namespace(path) {
        return upload::answer(grpc, namespace, &parts, body).await;
    }
    if let Some(answer) = site::answer(grpc.clone(), site, path).await {
        return answer;
    }
    let Found { route, parameters } = ROUTES.find(&parts.method, path)?;
    let body = content::read(&parts.headers, body).await?;
    let message = request::message(route, &parameters, parts.uri.query(), &body, form.expands)?;
    let response = dynamic::call(grpc, &route.method, message, &parts.headers).await?;
    let mut value = json(&response)?;
    if form.shortens {
        value = shorthand::shorten(value, &route.method.output());
    }
    Ok((StatusCode::OK, value))
}

/// The canonical JSON of a message. There is none for an `Any` of a type that the services do not speak of.
fn json(message: &DynamicMessage) -> Result<Value, Status> {
    message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .map_err(|error| Status::internal(format!("write {} as JSON: {error}", message.descriptor().name())))
}
