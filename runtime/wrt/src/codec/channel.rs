//! The connection to the server, with a codec server in between.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use anyhow::{Context as _, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{Request, Response, header::HeaderName};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::{Status, body::Body, transport::Channel};
use tower::{Service, ServiceExt as _};

use super::{Codec, Direction};
use crate::proto::DESCRIPTORS;

/// A message is preceded by a byte that says whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// A connection whose payloads are encoded and decoded on their way, if there is a codec.
#[derive(Clone, Debug)]
pub(crate) struct CodecChannel {
    channel: Channel,
    codec: Option<Arc<Codec>>,
}

impl CodecChannel {
    /// A connection with this codec.
    pub(crate) fn new(channel: Channel, codec: Option<Arc<Codec>>) -> Self {
        CodecChannel { channel, codec }
    }
}

impl Service<Request<Body>> for CodecChannel {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(codec) = self.codec.clone() else {
            return Box::pin(self.channel.call(request));
        };
        let mut channel = self.channel.clone();
        Box::pin(async move {
            let method = method(request.uri().path());
            let request = match encoded(&codec, &method, request).await {
                Ok(request) => request,
                Err(error) => return Ok(refusal(&error)),
            };
            let response = channel.ready().await?.call(request).await?;
            Ok(decoded(codec, &method, response)
                .await
                .unwrap_or_else(|error| refusal(&error)))
        })
    }
}

/// The call that a path such as `/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo` names.
fn method(path: &str) -> MethodDescriptor {
    let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    DESCRIPTORS
        .get_service_by_name(service)
        .and_then(|service| service.methods().find(|found| found.name() == method))
        .expect("every call that this program makes is described")
}

async fn encoded(
    codec: &Arc<Codec>,
    method: &MethodDescriptor,
    request: Request<Body>,
) -> anyhow::Result<Request<Body>> {
    let (mut parts, body) = request.into_parts();
    // What comes back is to be read here.
    parts.headers.remove(HeaderName::from_static("grpc-accept-encoding"));
    let body = body.collect().await?.to_bytes();
    let body = coded(codec.clone(), Direction::Encode, method.input(), body).await?;
    Ok(Request::from_parts(parts, Body::new(Full::new(body))))
}

async fn decoded(
    codec: Arc<Codec>,
    method: &MethodDescriptor,
    response: Response<Body>,
) -> anyhow::Result<Response<Body>> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    let body = coded(codec, Direction::Decode, method.output(), body.to_bytes()).await?;
    let body = Full::new(body).with_trailers(async { trailers.map(Ok) });
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// Puts a body of one message, or of none, through the codec.
async fn coded(
    codec: Arc<Codec>,
    direction: Direction,
    descriptor: MessageDescriptor,
    body: Bytes,
) -> anyhow::Result<Bytes> {
    let Some((prefix, message)) = body.split_at_checked(PREFIX_BYTES) else {
        return Ok(body);
    };
    ensure!(prefix[0] == 0, "the message is compressed, which nobody has asked for");
    let mut message = DynamicMessage::decode(descriptor, message).context("read a message for the codec server")?;
    codec.apply(direction, &mut message).await?;
    let length = message.encoded_len();
    let mut body = BytesMut::with_capacity(PREFIX_BYTES + length);
    body.put_u8(0);
    body.put_u32(u32::try_from(length).context("measure a message")?);
    message.encode(&mut body)?;
    Ok(body.freeze())
}

fn refusal(error: &anyhow::Error) -> Response<Body> {
    Status::failed_precondition(format!("{error:#}")).into_http()
}
