//! Bodies: how much of them is read, how they are packed, and in which form the client wants the answer.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;
use tonic::{Status, body::Body};

use super::Refusal;
use crate::{reply::COMPRESS_FROM, server::REQUEST_BYTES};

/// The content type of gRPC.
const GRPC: &str = "application/grpc";

/// What content types and queries say when payloads are to stay as they are.
const NO_SHORTHAND: (&str, &str) = ("+no-payload-shorthand", "noPayloadShorthand");

/// What they say when the answer is for people.
const PRETTY: (&str, &str) = ("+pretty", "pretty");

/// Parts of the query that say how to answer, and not what.
pub(super) const QUERY_WORDS: [&str; 2] = [NO_SHORTHAND.1, PRETTY.1];

/// In which form a request comes and its answer is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Payloads may be written as the JSON that they hold.
    pub(super) expands: bool,
    /// Payloads are shown as the JSON that they hold.
    pub(super) shortens: bool,
    /// Indented, over many lines.
    pretty: bool,
    /// The client takes gzip.
    gzip: bool,
}

/// Whether a request says that it is gRPC, in whatever format of messages, and nothing else beside. gRPC for pages has a type
/// of its own, `application/grpc-web`.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let begins = only.as_bytes().split_at_checked(GRPC.len());
    begins.is_some_and(|(begin, rest)| {
        begin.eq_ignore_ascii_case(GRPC.as_bytes()) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
    })
}

/// The body of a request, unpacked.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let body = Limited::new(body, REQUEST_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        match error.downcast::<Status>() {
            // It has not come in time.
            Ok(status) => Refusal::new(StatusCode::REQUEST_TIMEOUT, *status),
            Err(error) => Status::cancelled(format!("read the body: {error}")).into(),
        }
    })?;
    let body = body.to_bytes();
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|encoding| encoding.as_bytes())
    {
        None | Some(b"identity") => Ok(body.into()),
        Some(b"gzip") => unpack(&body),
        Some(other) => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Status::invalid_argument(format!(
                "the content encoding {:?} is not understood; send gzip, or the plain body",
                String::from_utf8_lossy(other)
            )),
        )),
    }
}

fn unpack(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut plain = Vec::new();
    // One byte more than there may be shows that there are too many.
    let read = GzDecoder::new(body)
        .take(REQUEST_BYTES as u64 + 1)
        .read_to_end(&mut plain);
    read.map_err(|error| Status::invalid_argument(format!("unpack the body: {error}")))?;
    if plain.len() > REQUEST_BYTES {
        Err(too_large())
    } else {
        Ok(plain)
    }
}

fn too_large() -> Refusal {
    let message = format!("the body is larger than {REQUEST_BYTES} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Status::resource_exhausted(message))
}

fn says(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    values
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains(word)))
}

// === impl Form ===

impl Form {
    /// What the headers and the query of a request ask for.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let wants = |(suffix, word): (&str, &str)| {
            let asks = || form_urlencoded::parse(query).any(|(key, _)| key == word);
            says(request.headers(), header::ACCEPT, suffix) || asks()
        };
        Form {
            expands: !says(request.headers(), header::CONTENT_TYPE, NO_SHORTHAND.0),
            shortens: !wants(NO_SHORTHAND),
            pretty: wants(PRETTY),
            gzip: says(request.headers(), header::ACCEPT_ENCODING, "gzip"),
        }
    }

    /// The response that carries this value.
    pub(super) fn response(&self, status: StatusCode, headers: HeaderMap, value: &Value) -> Response<Body> {
        let mut text = if self.pretty {
            format!("{value:#}\n")
        } else {
            value.to_string()
        }
        .into_bytes();
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json");
        // Answers change, and what a browser or a proxy keeps would not.
        response = response.header(header::CACHE_CONTROL, "no-store");
        if self.gzip && text.len() >= COMPRESS_FROM {
            text = packed(&text);
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
        let mut response = response
            .body(Body::new(http_body_util::Full::from(text)))
            .expect("the headers are valid");
        response.headers_mut().extend(headers);
        response
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(text)
        .and_then(|()| encoder.finish())
        .expect("memory takes every write")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(uri: &str, headers: &[(&str, &str)]) -> Form {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Form::of(&request.body(()).unwrap())
    }

    #[test]
    fn shorthand_is_on_unless_somebody_says_no() {
        let plain = form("/a", &[]);
        assert!(plain.expands && plain.shortens && !plain.pretty && !plain.gzip);
        let no_shorthand = "application/json+no-payload-shorthand";
        assert!(!form("/a", &[("content-type", no_shorthand)]).expands);
        assert!(!form("/a", &[("accept", no_shorthand)]).shortens);
        assert!(!form("/a?noPayloadShorthand", &[]).shortens);
        let both = form("/a", &[("accept", "application/json+pretty+no-payload-shorthand")]);
        assert!(both.pretty && !both.shortens);
        assert!(form("/a?b=1&pretty=", &[]).pretty);
    }

    #[test]
    fn grpc_says_so_first_and_alone() {
        let is_grpc = |types: &[&'static str]| {
            let values = types.iter().map(|value| (header::CONTENT_TYPE, value.parse().unwrap()));
            let mut headers = HeaderMap::new();
            headers.extend(values);
            super::is_grpc(&headers)
        };
        for content_type in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc; a=b",
            "Application/GRPC",
        ] {
            assert!(is_grpc(&[content_type]), "{content_type}");
        }
        for content_type in [
            "text/plain;x=application/grpc",
            "text/plain, application/grpc",
            "multipart/form-data; boundary=application/grpc",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpcx",
            "application/json",
            "",
        ] {
            assert!(!is_grpc(&[content_type]), "{content_type}");
        }
        assert!(!is_grpc(&["application/grpc", "text/plain"]));
        assert!(!is_grpc(&[]));
    }

    async fn read_packed(body: Vec<u8>) -> Result<Vec<u8>, StatusCode> {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
        let read = read(&headers, Body::new(http_body_util::Full::from(body))).await;
        read.map_err(|refusal| refusal.http)
    }

    #[tokio::test]
    async fn bodies_are_unpacked_up_to_the_limit() {
        assert_eq!(read_packed(packed(b"{}")).await, Ok(b"{}".to_vec()));
        assert_eq!(
            read_packed(packed(&vec![b' '; REQUEST_BYTES]))
                .await
                .map(|body| body.len()),
            Ok(REQUEST_BYTES)
        );
        let bomb = packed(&vec![b' '; REQUEST_BYTES + 1]);
        assert_eq!(read_packed(bomb).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(read_packed(b"nonsense".to_vec()).await, Err(StatusCode::BAD_REQUEST));
    }

    #[tokio::test]
    async fn large_answers_are_packed_for_those_who_take_it() {
        let value = Value::String("a".repeat(COMPRESS_FROM));
        let form = form("/a", &[("accept-encoding", "gzip, br")]);
        let response = form.response(StatusCode::OK, HeaderMap::new(), &value);
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(unpack(&body).unwrap(), value.to_string().into_bytes());
        let response = form.response(StatusCode::OK, HeaderMap::new(), &Value::Null);
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    }
}
