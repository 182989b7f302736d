//! Who may call from where.
//!
//! The server listens on the user's own machine and asks for no password, and every page that the user visits can have the
//! browser send requests to it. Browsers say where a request comes from, in `Origin` and `Sec-Fetch-Site`, and by which name
//! they have found the server, in `Host`: a page whose own name has been pointed at this machine (DNS rebinding) looks like
//! one of ours but for that. So both are compared with what the server is, before anything else is looked at.
//!
//! HTTP/2 without encryption is spoken by no browser. Who speaks it and shows no trace of one is a program, such as a client
//! of gRPC, and may call the server by whatever name it has found it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, Method, StatusCode, Version, header, request::Parts, uri::Authority};
use tokio::net::TcpListener;
use tonic::Status;

/// How the headers begin by which browsers tell about a request.
const FETCH_HEADERS: &str = "sec-fetch-";

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The names that the server goes by, beside those of this machine itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Vec<String>);

/// Why a request is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// It does not say whom it calls, or not in one voice.
    Malformed,
    /// It calls somebody else: this is the name.
    Name(String),
    /// A page of another site has made it.
    Site,
}

impl Names {
    /// Of a server that listens here, and of what is configured.
    pub(crate) fn of_server(listeners: &[TcpListener], configured: impl IntoIterator<Item = String>) -> Self {
        // Who listens on all addresses may be called by the one that stands for all of them.
        let listened = listeners
            .iter()
            .filter_map(|listener| Some(listener.local_addr().ok()?.ip().to_string()));
        Names::new(configured.into_iter().chain(listened))
    }

    /// Of what is configured: names, addresses, `*.example.com` for all names below one, `*` for every name.
    fn new(configured: impl IntoIterator<Item = String>) -> Self {
        Names(configured.into_iter().map(|name| plain(&name)).collect())
    }

    /// Refuses what a page of another site has made, or could have made. `local` is the address at which the caller has
    /// found the server.
    pub(crate) fn check(&self, request: &Parts, local: Option<IpAddr>) -> Result<(), Denial> {
        let is_of_browser = request.headers.contains_key(header::ORIGIN) || names_fetch(&request.headers);
        if request.version >= Version::HTTP_2 && !is_of_browser {
            return Ok(());
        }
        let hosts = hosts(request)?;
        for host in &hosts {
            self.check_host(host, local)?;
        }
        if is_of_browser {
            self.check_site(request, &hosts)?;
        }
        Ok(())
    }

    fn check_host(&self, host: &Authority, local: Option<IpAddr>) -> Result<(), Denial> {
        let name = plain(host.host());
        let is_own = match address(&name) {
            Some(address) => address.is_loopback() || Some(address) == local.map(|local| local.to_canonical()),
            None => name == "localhost" || name.ends_with(".localhost"),
        };
        match is_own || self.contain(&name) {
            true => Ok(()),
            false => Err(Denial::Name(name)),
        }
    }

    /// Whether this is one of the configured names.
    fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|known| match known.strip_prefix('*') {
            // What is left is empty, or begins with the dot before which something has to be.
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => known == name,
        })
    }

    fn check_site(&self, request: &Parts, hosts: &[Authority]) -> Result<(), Denial> {
        let headers = &request.headers;
        let is_own = every(headers, &SITE, |site| matches!(site, "same-origin" | "none"));
        if !is_own && !is_followed_link(request) {
            return Err(Denial::Site);
        }
        let is_same_origin = headers.contains_key(SITE) && every(headers, &SITE, |site| site == "same-origin");
        let own_origins = every(headers, &header::ORIGIN, |origin| {
            let Some(origin) = origin_host(origin) else {
                return false;
            };
            let is_called = hosts
                .iter()
                .any(|host| host.as_str().eq_ignore_ascii_case(origin.as_str()));
            // Behind a proxy that calls the server by another name than the page does.
            is_called || is_same_origin && self.contain(&plain(origin.host()))
        });
        if own_origins { Ok(()) } else { Err(Denial::Site) }
    }
}

impl Denial {
    /// How HTTP says it.
    pub(crate) fn http(&self) -> StatusCode {
        match self {
            Denial::Malformed => StatusCode::BAD_REQUEST,
            Denial::Name(_) => StatusCode::MISDIRECTED_REQUEST,
            Denial::Site => StatusCode::FORBIDDEN,
        }
    }

    /// How gRPC says it.
    pub(crate) fn status(&self) -> Status {
        match self {
            Denial::Malformed => Status::invalid_argument("the request has no valid Host"),
            Denial::Name(name) => Status::permission_denied(format!(
                "this server does not go by the name {name:?}; call it by the address of its machine, or start it with \
                 --allowed-host {name}"
            )),
            Denial::Site => Status::permission_denied(
                "the request comes from a page of another site; pages may call the server that they come from",
            ),
        }
    }
}

/// Whom a request says that it calls. HTTP/1.0 may say nothing.
fn hosts(request: &Parts) -> Result<Vec<Authority>, Denial> {
    let mut hosts: Vec<_> = request.uri.authority().cloned().into_iter().collect();
    for host in request.headers.get_all(header::HOST) {
        hosts.push(Authority::try_from(host.as_bytes()).map_err(|_| Denial::Malformed)?);
    }
    let is_missing = hosts.is_empty() && request.version > Version::HTTP_10;
    match is_missing || hosts.iter().any(|host| host.as_str().contains('@')) {
        true => Err(Denial::Malformed),
        false => Ok(hosts),
    }
}

fn names_fetch(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(FETCH_HEADERS))
}

/// Whether somebody has followed a link of another site to a page of ours: the other site does not get to see it.
fn is_followed_link(request: &Parts) -> bool {
    let headers = &request.headers;
    let says =
        |name: HeaderName, word: &str| headers.contains_key(&name) && every(headers, &name, |value| value == word);
    request.method == Method::GET && says(MODE, "navigate") && says(DESTINATION, "document")
}

/// Whether every value of a header is as it should be; one that is no text is not.
fn every(headers: &HeaderMap, name: &HeaderName, is_right: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name);
    values.iter().all(|value| value.to_str().is_ok_and(&is_right))
}

/// The host and port of an origin; `None` for `null`, and for whatever is not on the web.
fn origin_host(origin: &str) -> Option<Authority> {
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))?;
    Authority::try_from(host).ok()
}

/// A name as it is compared: in small letters, without brackets and without the dot of the root.
fn plain(name: &str) -> String {
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn address(name: &str) -> Option<IpAddr> {
    Some(name.parse::<IpAddr>().ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const HOST: &str = "localhost:7233";

    /// What becomes of a request to a server at 192.168.1.5 that also goes by two configured names: the HTTP status of its
    /// denial, or 200.
    fn answer(method: &str, version: Version, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).version(version).uri("/a");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let names = Names::new(["Wrt.Example.com".to_owned(), "*.shop.example".to_owned()]);
        let local = "192.168.1.5".parse().unwrap();
        names
            .check(&parts, Some(local))
            .map_or_else(|denial| denial.http().as_u16(), |()| 200)
    }

    #[track_caller]
    fn check(methods: &[&str], versions: &[Version], headers: &[(&str, &str)], expected: u16) {
        for method in methods {
            for version in versions {
                let status = answer(method, *version, headers);
                assert_eq!(status, expected, "{method} {version:?} {headers:?}");
            }
        }
    }

    const ALL: &[&str] = &["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"];
    const BOTH: &[Version] = &[Version::HTTP_11, Version::HTTP_2];

    #[test]
    fn programs_may_call_by_the_names_of_the_server() {
        for host in [
            "localhost",
            "localhost:7233",
            "LocalHost.:7233",
            "wrt.localhost:7233",
            "127.0.0.1:7233",
            "127.8.9.10",
            "[::1]:7233",
            "[::ffff:127.0.0.1]:7233",
            "192.168.1.5:7233",
            "wrt.example.com",
            "a.b.shop.example:80",
        ] {
            check(ALL, BOTH, &[("host", host)], 200);
            let page = format!("http://{host}");
            let own = [("host", host), ("origin", &page), ("sec-fetch-site", "same-origin")];
            check(ALL, BOTH, &own, 200);
        }
    }

    #[test]
    fn other_names_are_those_of_somebody_else() {
        for host in [
            "evil.example:7233",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "192.168.1.6:7233",
            "0.0.0.0:7233",
            "shop.example",
            "evilshop.example",
            "x.wrt.example.com",
        ] {
            check(ALL, &[Version::HTTP_10, Version::HTTP_11], &[("host", host)], 421);
            // A page whose name has been pointed here believes that it is ours.
            let page = format!("http://{host}");
            let rebound = [("host", host), ("origin", &page), ("sec-fetch-site", "same-origin")];
            check(ALL, BOTH, &rebound, 421);
            check(ALL, BOTH, &[("host", host), ("sec-fetch-mode", "cors")], 421);
            // No browser speaks HTTP/2 to a server without a certificate.
            check(ALL, &[Version::HTTP_2], &[("host", host)], 200);
        }
    }

    #[test]
    fn a_request_says_whom_it_calls() {
        check(ALL, &[Version::HTTP_11], &[], 400);
        check(ALL, &[Version::HTTP_11], &[("host", "")], 400);
        check(ALL, &[Version::HTTP_11], &[("host", "evil.example@localhost")], 400);
        check(
            ALL,
            &[Version::HTTP_11],
            &[("host", HOST), ("host", "evil.example")],
            421,
        );
        check(ALL, &[Version::HTTP_10], &[], 200);
        check(ALL, &[Version::HTTP_2], &[], 200);
    }

    #[test]
    fn pages_of_others_may_not_call() {
        for headers in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "https://evil.example:7233")],
            &[("origin", "null")],
            &[("origin", "file://")],
            &[("origin", "")],
            &[("origin", "localhost:7233")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://127.0.0.1:7233")],
            &[("origin", "http://localhost:7233"), ("origin", "http://evil.example")],
            &[("origin", "http://localhost:7233.evil.example")],
            &[("origin", "http://evil.example@localhost:7233")],
            &[("origin", "chrome-extension://localhost:7233")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:7233")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
                ("sec-fetch-dest", "image"),
            ],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
        ] {
            let headers = [&[("host", HOST)], headers].concat();
            check(ALL, BOTH, &headers, 403);
        }
    }

    #[test]
    fn own_pages_and_the_user_may_call() {
        for headers in [
            &[("origin", "http://localhost:7233")][..],
            &[("origin", "https://LOCALHOST:7233")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
            // A proxy has called the server by another name.
            &[("sec-fetch-site", "same-origin"), ("origin", "https://wrt.example.com")],
        ] {
            let headers = [&[("host", HOST)], headers].concat();
            check(ALL, BOTH, &headers, 200);
        }
    }

    #[test]
    fn links_lead_from_other_sites_to_pages() {
        let link = [
            ("host", HOST),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        check(&["GET"], BOTH, &link, 200);
        // A form that sends itself is one, too.
        check(&["POST", "PUT", "DELETE"], BOTH, &link, 403);
        let rebound = [&[("host", "evil.example")], &link[1..]].concat();
        check(&["GET"], BOTH, &rebound, 421);
    }

    #[test]
    fn every_name_may_be_allowed() {
        let (parts, ()) = Request::builder()
            .header("host", "any.example")
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(Names::new(["*".to_owned()]).check(&parts, None), Ok(()));
        let denial = Names::default().check(&parts, None).unwrap_err();
        assert_eq!(denial, Denial::Name("any.example".to_owned()));
        assert!(denial.status().message().contains("--allowed-host any.example"));
    }
}
