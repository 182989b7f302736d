//! The web page that a server shows to browsers, at the same address as its API.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body_util::Full;
use tonic::body::Body;

/// Answers requests of browsers for the page, and leaves the others to the API.
#[derive(Clone)]
pub struct WebPage(Arc<dyn Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync>);

impl WebPage {
    /// A page that gives an answer, or `None` for what is no part of it.
    pub fn new(answer: impl Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync + 'static) -> Self {
        WebPage(Arc::new(answer))
    }

    /// The page's answer, or the request back.
    pub(super) fn answer(&self, request: Request<Body>) -> Result<Response<Body>, Request<Body>> {
        let (parts, body) = request.into_parts();
        match (self.0)(&parts) {
            Some(response) => Ok(response.map(|bytes| Body::new(Full::new(bytes)))),
            None => Err(Request::from_parts(parts, body)),
        }
    }
}

impl fmt::Debug for WebPage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebPage")
    }
}
