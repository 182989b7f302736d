//! Who may ask through a browser: pages of this server alone.
//!
//! The server listens on the user's own machine and asks for no password, so any page that the user visits could have the
//! browser send a request that starts or ends workflows. Browsers say where such a request comes from.

use http::{HeaderMap, Method, header, request::Parts};
use tonic::Status;

/// Refuses requests that change something and that a page of another site has made.
pub(super) fn check(request: &Parts) -> Result<(), Status> {
    let changes = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let host = text(&request.headers, header::HOST.as_str());
    let host = host.or(request.uri.authority().map(http::uri::Authority::as_str));
    if changes && is_foreign(&request.headers, host) {
        return Err(Status::permission_denied(
            "the request comes from a page of another site; pages may call the server that they come from",
        ));
    }
    Ok(())
}

fn is_foreign(headers: &HeaderMap, host: Option<&str>) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    // Browsers of old say only this; programs that are no browsers say nothing.
    let origin = text(headers, header::ORIGIN.as_str());
    origin.is_some_and(|origin| origin.split_once("://").map(|(_, origin)| origin) != host)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[track_caller]
    fn assert_allowed(method: Method, headers: &[(&str, &str)], expected: bool) {
        let mut request = Request::builder().method(method).header("host", "localhost:7233");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(check(&parts).is_ok(), expected, "{parts:?}");
    }

    #[test]
    fn programs_and_own_pages_may_change_things() {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:7233")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:7233")],
        ] {
            assert_allowed(Method::POST, headers, true);
        }
    }

    #[test]
    fn pages_of_others_may_not() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
        ] {
            assert_allowed(Method::POST, headers, false);
            assert_allowed(Method::DELETE, headers, false);
            // Without the server's leave, the browser shows them no answer.
            assert_allowed(Method::GET, headers, true);
        }
    }
}
