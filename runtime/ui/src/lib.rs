//! The web page, as it is sent to browsers: its files are part of the program, compressed when it is built.
//!
//! The sources are in `page/`. A program that was built without them serves a page that says how to build it.

mod files;
mod policy;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use self::files::File;

/// Where the files lie whose names change with their content.
const HASHED: &str = "/assets/";

/// What the page shows for every path that is no file: it reads the path itself.
const INDEX: &str = "/index.html";

/// A year, which is as long as caches keep anything.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Asked for anew each time; what has not changed is not sent again.
const EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// The page of a server.
#[derive(Clone, Debug)]
pub struct Page {
    policy: HeaderValue,
}

impl Page {
    /// A page that may also ask this codec endpoint, a URL, to decode payloads.
    pub fn new(codec_endpoint: Option<&str>) -> Self {
        Page {
            policy: policy::header(codec_endpoint),
        }
    }

    /// Whether this program holds the built page.
    pub fn is_built() -> bool {
        files::find(INDEX).is_some()
    }

    /// The answer to a browser that wants the page or a part of it; `None` for every other request, such as a call of the
    /// API at whose path the page could stand too.
    pub fn answer(&self, request: &Parts) -> Option<Response<Bytes>> {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.uri.path();
        if let Some(file) = files::find(path) {
            return Some(self.file(file, &request.headers));
        }
        if is_of_api(path) || path.starts_with(HASHED) || path != "/" && !wants_page(&request.headers) {
            return None;
        }
        Some(match files::find(INDEX) {
            Some(index) => self.file(index, &request.headers),
            None => self.unbuilt(),
        })
    }

    fn file(&self, file: &File, request: &HeaderMap) -> Response<Bytes> {
        let mut headers = self.headers(file.media_type);
        headers.insert(header::ETAG, HeaderValue::from_static(file.tag));
        let caching = if file.path.starts_with(HASHED) {
            FOR_EVER
        } else {
            EACH_TIME
        };
        headers.insert(header::CACHE_CONTROL, caching);
        if request
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| known == file.tag)
        {
            return response(StatusCode::NOT_MODIFIED, headers, Bytes::new());
        }
        let body = if takes_gzip(request) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Bytes::from_static(file.packed)
        } else {
            file.unpacked().into()
        };
        response(StatusCode::OK, headers, body)
    }

    fn unbuilt(&self) -> Response<Bytes> {
        let mut headers = self.headers("text/html; charset=utf-8");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let body = Bytes::from_static(include_bytes!("unbuilt.html"));
        response(StatusCode::OK, headers, body)
    }

    fn headers(&self, media_type: &'static str) -> HeaderMap {
        let fixed = [
            (header::CONTENT_TYPE, media_type),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::VARY, "accept, accept-encoding, sec-fetch-dest"),
        ];
        let fixed = fixed.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::from_iter(fixed);
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers
    }
}

fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Paths that are the API's, whoever asks.
fn is_of_api(path: &str) -> bool {
    path == "/healthz" || path == "/api" || path.starts_with("/api/")
}

/// Whether a person opens a page, rather than a program that makes a call: some paths stand for both.
fn wants_page(headers: &HeaderMap) -> bool {
    let says = |name, word: &str| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.map(|value| value.contains(word))
    };
    says("sec-fetch-dest", "document").unwrap_or_else(|| says("accept", "text/html").unwrap_or(false))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("gzip"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn get(path: &str, headers: &[(&str, &str)]) -> Option<Response<Bytes>> {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Page::new(None).answer(&request.body(()).unwrap().into_parts().0)
    }

    const PERSON: &[(&str, &str)] = &[("accept", "text/html,*/*"), ("sec-fetch-dest", "document")];

    #[test]
    fn people_get_the_page_and_programs_the_api() {
        for path in ["/", "/namespaces/default/workflows", "/anything?a=b"] {
            let page = get(path, PERSON).unwrap_or_else(|| panic!("{path} is a page"));
            assert_eq!(page.status(), StatusCode::OK);
            assert!(
                page.headers()[header::CONTENT_TYPE]
                    .to_str()
                    .unwrap()
                    .starts_with("text/html")
            );
        }
        assert!(get("/", &[]).is_some());
        for path in ["/api/v1/namespaces", "/api", "/healthz", "/assets/gone.js"] {
            assert!(get(path, PERSON).is_none(), "{path} is no page");
        }
        let call = [("accept", "application/json"), ("sec-fetch-dest", "empty")];
        assert!(get("/namespaces/default/workflows", &call).is_none());
        assert!(get("/namespaces/default/workflows", &[("accept", "*/*")]).is_none());
    }

    #[test]
    fn only_reading_is_answered() {
        let (post, ()) = Request::post("/").body(()).unwrap().into_parts();
        assert!(Page::new(None).answer(&post).is_none());
    }

    #[test]
    fn every_file_is_compressed_and_can_be_unpacked() {
        for file in files::ALL {
            let packed = get(file.path, &[("accept-encoding", "gzip")]).unwrap();
            assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip", "{}", file.path);
            let plain = get(file.path, &[]).unwrap();
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
            assert_eq!(plain.body().is_empty(), file.unpacked().is_empty());
            let known = get(file.path, &[("if-none-match", file.tag)]).unwrap();
            assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        }
    }

    #[test]
    fn every_page_has_the_policy() {
        let page = get("/", PERSON).unwrap();
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
