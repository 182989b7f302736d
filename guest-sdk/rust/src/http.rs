//! A small blocking HTTP client for activities, over `wasi:http`.
//!
//! It reaches the hosts that the deployment grants, and no other.
//!
//! ```ignore
//! let answer = wrt_sdk::http::post("http://books:8080/orders")
//!     .header("idempotency-key", &ctx.info().idempotency_key)
//!     .json(&order)?
//!     .send()?
//!     .error_for_status()?;
//! let created: OrderCreated = answer.json()?;
//! ```

use std::{fmt, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use wasip2::{
    http::{
        outgoing_handler,
        types::{
            Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
            Scheme,
        },
    },
    io::streams::StreamError,
};

/// What one write of `wasi:io` takes.
const CHUNK_BYTES: usize = 4096;

/// The most that is asked for at once when a body is read.
const READ_BYTES: u64 = 64 * 1024;

/// A request that is being put together.
#[must_use = "a request is made by `send`"]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code, for instance 200.
    pub status: u16,
    /// Names and values, in the order in which they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
    url: String,
}

/// Why there is no answer, or not the expected one. As the error of an activity it can be tried again.
#[derive(Clone, Debug)]
pub struct HttpError {
    url: String,
    cause: String,
    /// The status code, when there was an answer.
    pub status: Option<u16>,
}

/// A request for reading.
pub fn get(url: impl Into<String>) -> Request {
    Request::new(Method::Get, url)
}

/// A request for doing something.
pub fn post(url: impl Into<String>) -> Request {
    Request::new(Method::Post, url)
}

/// A request for storing something under the URL.
pub fn put(url: impl Into<String>) -> Request {
    Request::new(Method::Put, url)
}

/// A request for removing what is under the URL.
pub fn delete(url: impl Into<String>) -> Request {
    Request::new(Method::Delete, url)
}

// === impl Request ===

impl Request {
    fn new(method: Method, url: impl Into<String>) -> Self {
        Request {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to a value, as JSON. Fails when serde cannot write it.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Result<Self, HttpError> {
        let body = serde_json::to_vec(value).map_err(|error| self.error(format!("write the body: {error}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Limits the wait for the connection, for the first byte and between two bytes, each.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Makes the request and waits for the whole answer, whatever its status.
    pub fn send(self) -> Result<Response, HttpError> {
        let request = self.outgoing()?;
        let body = request.body().expect("the body of a new request was not taken yet");
        let pending =
            outgoing_handler::handle(request, self.options()).map_err(|code| self.error(format!("send: {code:?}")))?;
        self.write(body)?;
        let answer = self.wait(&pending)?;
        Ok(Response {
            status: answer.status(),
            headers: answer.headers().entries(),
            body: self.read(&answer)?,
            url: self.url,
        })
    }

    fn outgoing(&self) -> Result<OutgoingRequest, HttpError> {
        let (scheme, rest) = self
            .url
            .split_once("://")
            .ok_or_else(|| self.error("a URL begins with `http://` or `https://`".to_owned()))?;
        let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        };
        let headers =
            Fields::from_list(&self.headers).map_err(|error| self.error(format!("write the headers: {error:?}")))?;
        let request = OutgoingRequest::new(headers);
        request
            .set_method(&self.method)
            .and_then(|()| request.set_scheme(Some(&scheme)))
            .and_then(|()| request.set_authority(Some(authority)))
            .and_then(|()| request.set_path_with_query(Some(path)))
            .map_err(|()| self.error("this is no valid URL".to_owned()))?;
        Ok(request)
    }

    fn options(&self) -> Option<RequestOptions> {
        let nanos = u64::try_from(self.timeout?.as_nanos()).unwrap_or(u64::MAX);
        let options = RequestOptions::new();
        // A runtime that does not know one of the timeouts still makes the request.
        let _ = options.set_connect_timeout(Some(nanos));
        let _ = options.set_first_byte_timeout(Some(nanos));
        let _ = options.set_between_bytes_timeout(Some(nanos));
        Some(options)
    }

    fn write(&self, body: OutgoingBody) -> Result<(), HttpError> {
        let stream = body.write().expect("the stream of a new body was not taken yet");
        for chunk in self.body.chunks(CHUNK_BYTES) {
            stream
                .blocking_write_and_flush(chunk)
                .map_err(|error| self.error(format!("send the body: {error:?}")))?;
        }
        // The stream is a child of the body, which cannot be finished before.
        drop(stream);
        OutgoingBody::finish(body, None).map_err(|code| self.error(format!("send the body: {code:?}")))
    }

    fn wait(&self, pending: &FutureIncomingResponse) -> Result<IncomingResponse, HttpError> {
        pending.subscribe().block();
        pending
            .get()
            .expect("it is there once it has been waited for")
            .expect("it is taken only once")
            .map_err(|code| self.error(format!("wait for the answer: {code:?}")))
    }

    fn read(&self, answer: &IncomingResponse) -> Result<Vec<u8>, HttpError> {
        let body = answer.consume().expect("the body of a new answer was not taken yet");
        let stream = body.stream().expect("the stream of a new body was not taken yet");
        let mut bytes = Vec::new();
        loop {
            match stream.blocking_read(READ_BYTES) {
                Ok(chunk) => bytes.extend(chunk),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(error) => return Err(self.error(format!("read the answer: {error:?}"))),
            }
        }
    }

    fn error(&self, cause: String) -> HttpError {
        HttpError {
            url: self.url.clone(),
            cause,
            status: None,
        }
    }
}

// === impl Response ===

impl Response {
    /// True for statuses from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer itself when its status is from 200 to 299, and an error with the status otherwise.
    pub fn error_for_status(self) -> Result<Self, HttpError> {
        if self.is_success() {
            return Ok(self);
        }
        Err(self.error(format!("status {}: {}", self.status, self.text())))
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| self.error(format!("read the answer: {error}")))
    }

    fn error(&self, cause: String) -> HttpError {
        HttpError {
            url: self.url.clone(),
            cause,
            status: Some(self.status),
        }
    }
}

// === impl HttpError ===

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.cause)
    }
}

impl std::error::Error for HttpError {}
