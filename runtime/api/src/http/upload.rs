//! Deploying over HTTP: the body is the component as it is, and the query says how it is deployed. Over gRPC, an upload is a
//! stream, which no browser can send.

use bytes::Bytes;
use http::{Method, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use prost::Message as _;
use tonic::{Status, body::Body, codec::CompressionEncoding::Gzip};

use super::{Answer, GrpcService, Refusal, dynamic, json};
use crate::{
    component_service::COMPONENT_BYTES,
    proto::wrt::v1::{
        DeployComponentRequest, DeployOptions, Grants, component_service_client::ComponentServiceClient,
        deploy_component_request::Part,
    },
};

/// The media type of components. Pages of other sites cannot send it without asking first.
const WASM: &str = "application/wasm";

/// A message of an upload: below the 4 MiB that the service takes.
const CHUNK_BYTES: usize = 1 << 20;

/// The namespace of `/api/v1/namespaces/{namespace}/components`, if the request is for this path.
pub(super) fn namespace(path: &str) -> Option<String> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let namespace = path.strip_prefix("/namespaces/")?.strip_suffix("/components")?;
    let is_one = !namespace.is_empty() && !namespace.contains('/');
    is_one.then(|| percent_decode_str(namespace).decode_utf8_lossy().into_owned())
}

/// Deploys the component in the body.
pub(super) async fn answer(grpc: impl GrpcService, namespace: String, parts: &Parts, body: Body) -> Answer {
    if parts.method != Method::POST {
        let status = Status::unimplemented("components are deployed by POST; the list is that of ComponentService");
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, status));
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    if content_type.is_none_or(|given| given != WASM) {
        let status = Status::invalid_argument(format!("the body has to be a component, with the content type {WASM}"));
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, status));
    }
    let options = options(namespace, parts.uri.query().unwrap_or_default())?;
    let component = read(body).await?;
    let chunks = chunks(component).map(Part::Chunk);
    let messages = std::iter::once(Part::Options(options)).chain(chunks);
    let messages = messages.map(|part| DeployComponentRequest { part: Some(part) });
    let mut client = ComponentServiceClient::with_origin(grpc, Uri::default()).accept_compressed(Gzip);
    let response = client.deploy_component(tokio_stream::iter(messages)).await?;
    let response = response.into_inner().encode_to_vec();
    let response = dynamic::decoded("wrt.v1.DeployComponentResponse", &response).expect("wrt.v1 is described");
    Ok((StatusCode::OK, json(&response)?))
}

/// Reads the options of a deploy from a query.
fn options(namespace: String, query: &str) -> Result<DeployOptions, Status> {
    let mut options = DeployOptions {
        namespace,
        ..Default::default()
    };
    let mut grants = Grants::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "name" => options.name = value.into_owned(),
            "taskQueue" => options.task_queue = value.into_owned(),
            "keepCurrent" => options.keep_current = value != "false",
            "httpHost" => grants.http_hosts.push(value.into_owned()),
            "environment" => {
                let (name, value) = value
                    .split_once('=')
                    .ok_or_else(|| Status::invalid_argument("environment has the form NAME=VALUE"))?;
                grants.environment.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    // Without any, those of the deployment stay.
    let are_given = !grants.http_hosts.is_empty() || !grants.environment.is_empty();
    options.grants = are_given.then_some(grants);
    Ok(options)
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let read = Limited::new(body, COMPONENT_BYTES).collect().await;
    let collected = read.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let message = format!("the component is larger than {COMPONENT_BYTES} bytes");
            return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Status::resource_exhausted(message));
        }
        match error.downcast::<Status>() {
            // It has not come in time.
            Ok(status) => Refusal::new(StatusCode::REQUEST_TIMEOUT, *status),
            Err(error) => Status::cancelled(format!("read the component: {error}")).into(),
        }
    })?;
    Ok(collected.to_bytes())
}

fn chunks(component: Bytes) -> impl Iterator<Item = Vec<u8>> + Send + 'static {
    let starts = (0..component.len()).step_by(CHUNK_BYTES);
    starts.map(move |start| component[start..component.len().min(start + CHUNK_BYTES)].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_a_namespace() {
        let check = |path, expected: Option<&str>| assert_eq!(namespace(path).as_deref(), expected, "{path}");
        check("/api/v1/namespaces/shop/components", Some("shop"));
        check("/namespaces/a%2Fb/components", Some("a/b"));
        check("/api/v1/namespaces//components", None);
        check("/api/v1/namespaces/a/b/components", None);
        check("/api/v1/namespaces/shop", None);
    }

    #[test]
    fn the_query_says_how_to_deploy() {
        let query = "name=a&taskQueue=q&keepCurrent=true&httpHost=x:1&httpHost=y&environment=A=b%3Dc";
        let options = options("shop".to_owned(), query).unwrap();
        assert_eq!(options.name, "a");
        assert_eq!(options.task_queue, "q");
        assert!(options.keep_current);
        let grants = options.grants.unwrap();
        assert_eq!(grants.http_hosts, ["x:1", "y"]);
        assert_eq!(grants.environment["A"], "b=c");
        assert!(super::options(String::new(), "environment=A").is_err());
        assert_eq!(super::options(String::new(), "").unwrap().grants, None);
    }

    #[test]
    fn a_component_is_sent_in_parts() {
        let component = Bytes::from(vec![7; CHUNK_BYTES + 1]);
        let lengths: Vec<_> = chunks(component).map(|chunk| chunk.len()).collect();
        assert_eq!(lengths, [CHUNK_BYTES, 1]);
    }
}
