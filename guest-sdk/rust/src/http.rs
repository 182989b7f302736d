//! A small blocking HTTP client for activities, over `wasi:http`.
//!
//! It reaches the hosts that the deployment grants, and no other. Outside of a component every request fails: the host
//! that grants and limits them is missing.
//!
//! ```
//! use wrt_sdk::{ActivityContext, Result, activity, http};
//!
//! /// Asks the shop for the price of an article.
//! #[activity]
//! fn price(ctx: &ActivityContext, article: String) -> Result<u64> {
//!     let answer = http::post("http://shop:8080/prices")
//!         .header("idempotency-key", ctx.info().idempotency_key.as_str())
//!         .json(&article)?
//!         .send()?
//!         .error_for_status()?;
//!     Ok(answer.json()?)
//! }
//! # fn main() {
//! # let outside = wrt_sdk::testing::TestActivity::new();
//! # assert!(price(&outside.context(), "pen".to_owned()).is_err());
//! # }
//! ```

#[cfg(target_family = "wasm")]
mod transport;

use std::{fmt, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

/// What is done with the resource.
#[derive(Clone, Copy, Debug)]
enum Method {
    Get,
    Post,
    Put,
    Delete,
}

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
    #[cfg(target_family = "wasm")]
    pub fn send(self) -> Result<Response, HttpError> {
        transport::send(self)
    }

    /// Fails: there is no `wasi:http` outside of a component.
    #[cfg(not(target_family = "wasm"))]
    pub fn send(self) -> Result<Response, HttpError> {
        let Request { method, timeout, .. } = &self;
        let cause = format!("{method:?} within {timeout:?}: requests can be made in a component only");
        Err(self.error(cause))
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
