//! Why a request is not served, as HTTP says it: a status of its own, and a `google.rpc.Status` as JSON.

use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use tonic::{Code, Status, body::Body};

use super::{Form, dynamic};

/// Why a request is not served.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) http: StatusCode,
    pub(crate) status: Status,
    pub(crate) headers: HeaderMap,
}

impl Refusal {
    /// A refusal that HTTP has a status of its own for.
    pub(crate) fn new(http: StatusCode, status: Status) -> Self {
        let headers = HeaderMap::new();
        Refusal { http, status, headers }
    }

    /// The response that says so.
    pub(crate) fn response(self, form: &Form) -> Response<Body> {
        let value = self.json();
        form.response(self.http, self.headers, &value)
    }

    /// `{"code": …, "message": …, "details": […]}`.
    fn json(&self) -> Value {
        json!({
            "code": self.status.code() as i32,
            "message": self.status.message(),
            "details": details(self.status.details()).unwrap_or_else(|| json!([])),
        })
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Refusal::new(http_status(status.code()), status)
    }
}

/// The details of an encoded `google.rpc.Status`.
fn details(status: &[u8]) -> Option<Value> {
    let message = dynamic::decoded("google.rpc.Status", status)?;
    super::json(&message).ok()?.get_mut("details").map(Value::take)
}

/// The mapping that every gateway from HTTP to gRPC uses.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        // The one that there is no name for: the client has gone away.
        Code::Cancelled => StatusCode::from_u16(499).expect("it has three digits"),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

#[cfg(test)]
mod tests {
    use wrt_engine::EngineError;

    use super::*;
    use crate::error::ApiError;

    #[test]
    fn details_are_shown_with_their_type() {
        let error = EngineError::NamespaceNotFound("shop".to_owned());
        let refusal = Refusal::from(Status::from(ApiError::from(error)));
        assert_eq!(refusal.http, StatusCode::NOT_FOUND);
        let json = refusal.json();
        assert_eq!(json["code"], 5);
        assert_eq!(
            json["details"],
            json!([{
                "@type": "type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure",
                "namespace": "shop",
            }])
        );
    }

    #[test]
    fn a_status_without_details_has_an_empty_list() {
        let refusal = Refusal::from(Status::deadline_exceeded("late"));
        assert_eq!(refusal.json(), json!({"code": 4, "message": "late", "details": []}));
        assert_eq!(refusal.http, StatusCode::GATEWAY_TIMEOUT);
    }
}
