//! The web page that a server shows to browsers, at the same address as its API.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Response, request::Parts};
use http_body_util::Full;
use tonic::body::Body;

/// What is said to a request.
type Answer = dyn Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync;

/// Answers requests of browsers for the page, and leaves the others to the API.
#[derive(Clone)]
pub struct WebPage(Arc<Answer>);

impl WebPage {
    /// A page that gives an answer, or `None` for what is no part of it.
    pub fn new(answer: impl Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync + 'static) -> Self {
        WebPage(Arc::new(answer))
    }

    /// The page's answer, if the request is for the page.
    pub(super) fn answer(&self, request: &Parts) -> Option<Response<Body>> {
        let response = (self.0)(request)?;
        Some(response.map(|bytes| Body::new(Full::new(bytes))))
    }
}

impl fmt::Debug for WebPage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebPage")
    }
}
