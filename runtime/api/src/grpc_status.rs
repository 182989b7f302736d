//! Gives the errors that tonic itself raises the words that Temporal's clients look for.

use std::convert::Infallible;

use http::{Request, Response, uri::PathAndQuery};
use tonic::{Code, Status, body::Body, service::Routes};
use tower::{Service, service_fn};

/// What tonic's generated code says for a call that a service does not override.
const NOT_OVERRIDDEN: &str = "Not yet implemented";

/// How tonic begins when a message is larger than the server takes.
const TOO_LARGE: &str = "Error, decoded message length too large: ";

/// How tonic begins when a compressed message would be larger than the server takes.
const INFLATES_TOO_LARGE: &str = "Error decompressing: size limit, of ";

/// The routes, with the errors of tonic rewritten.
pub(crate) fn rewrite_errors(
    routes: Routes,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static {
    service_fn(move |request: Request<Body>| {
        let path = request.uri().path_and_query().cloned();
        let response = routes.clone().call(request);
        async move { Ok(rewritten(path.as_ref(), response.await?)) }
    })
}

fn rewritten(path: Option<&PathAndQuery>, response: Response<Body>) -> Response<Body> {
    // An answer has no status in its headers; only errors do.
    match Status::from_header_map(response.headers()) {
        Some(status) => match reworded(path.map_or("", PathAndQuery::path), &status) {
            Some(status) => status.into_http(),
            None => response,
        },
        None => response,
    }
}

fn reworded(path: &str, status: &Status) -> Option<Status> {
    match status.code() {
        Code::Unimplemented if matches!(status.message(), "" | NOT_OVERRIDDEN) => {
            Some(Status::unimplemented(unimplemented(path)))
        }
        Code::OutOfRange => status.message().strip_prefix(TOO_LARGE).map(too_large),
        Code::ResourceExhausted => status.message().strip_prefix(INFLATES_TOO_LARGE).map(too_large),
        _ => None,
    }
}

/// What the SDKs recognize as "do not try this again", with the sizes as tonic gives them.
fn too_large(sizes: &str) -> Status {
    Status::resource_exhausted(format!("grpc: received message larger than max ({sizes})"))
}

/// `path` is `/package.Service/Method`.
fn unimplemented(path: &str) -> String {
    let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let service = service.rsplit('.').next().unwrap_or(service);
    format!("{service}.{method} is not implemented by this server")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::temporal::workflow_service_server::{WorkflowService, WorkflowServiceServer};

    fn check(path: &str, raised: Status, expected: Option<(Code, &str)>) {
        let status = reworded(path, &raised);
        let status = status.as_ref().map(|status| (status.code(), status.message()));
        assert_eq!(status, expected);
    }

    #[test]
    fn calls_without_a_method_are_named() {
        let expected = Some((
            Code::Unimplemented,
            "WorkflowService.CreateSchedule is not implemented by this server",
        ));
        for message in ["", NOT_OVERRIDDEN] {
            check(
                "/temporal.api.workflowservice.v1.WorkflowService/CreateSchedule",
                Status::unimplemented(message),
                expected,
            );
        }
    }

    #[test]
    fn messages_of_our_own_stay() {
        check("/a.B/C", Status::unimplemented("cron_schedule is not supported"), None);
        check("/a.B/C", Status::out_of_range("past the end"), None);
        check("/a.B/C", Status::not_found(""), None);
    }

    #[test]
    fn messages_that_are_too_large_exhaust_a_resource() {
        check(
            "/a.B/C",
            Status::out_of_range("Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes"),
            Some((
                Code::ResourceExhausted,
                "grpc: received message larger than max (found 5 bytes, the limit is: 4 bytes)",
            )),
        );
        check(
            "/a.B/C",
            Status::resource_exhausted("Error decompressing: size limit, of 4 bytes, exceeded while decompressing"),
            Some((
                Code::ResourceExhausted,
                "grpc: received message larger than max (4 bytes, exceeded while decompressing)",
            )),
        );
    }

    /// Serves no call at all.
    struct Nothing;

    impl WorkflowService for Nothing {}

    /// What a request with this body is answered by a server that serves nothing and takes 8 bytes.
    async fn answer(path: &str, body: &str) -> (Code, String) {
        let service = WorkflowServiceServer::new(Nothing).max_decoding_message_size(8);
        let mut service = rewrite_errors(Routes::new(service));
        let request = Request::post(path).header("content-type", "application/grpc");
        let request = request.body(Body::new(body.to_owned())).unwrap();
        let response = service.call(request).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        (status.code(), status.message().to_owned())
    }

    #[tokio::test]
    async fn tonic_raises_what_is_rewritten_here() {
        let service = "/temporal.api.workflowservice.v1.WorkflowService";
        let not_implemented = |call: &str| (Code::Unimplemented, format!("{call} is not implemented by this server"));
        assert_eq!(
            answer(&format!("{service}/GetSystemInfo"), "\0\0\0\0\0").await,
            not_implemented("WorkflowService.GetSystemInfo")
        );
        assert_eq!(
            answer(&format!("{service}/Nonsense"), "").await,
            not_implemented("WorkflowService.Nonsense")
        );
        assert_eq!(
            answer("/temporal.api.operatorservice.v1.OperatorService/DeleteNamespace", "").await,
            not_implemented("OperatorService.DeleteNamespace")
        );
        assert_eq!(
            answer(&format!("{service}/GetSystemInfo"), "\0\0\0\0\x09123456789").await,
            (
                Code::ResourceExhausted,
                "grpc: received message larger than max (found 9 bytes, the limit is: 8 bytes)".to_owned()
            )
        );
    }
}
