//! Outgoing HTTP, to granted hosts only.

use std::{future::Future, sync::Arc};

use http::{Request, Response, Uri, uri::Scheme};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The hosts that requests may go to, as `name` or `name:port`.
pub(crate) struct GrantedHosts(Arc<[String]>);

impl GrantedHosts {
    pub(crate) fn new(hosts: &[String]) -> Self {
        GrantedHosts(hosts.into())
    }

    /// A grant without a port is one for the port of the request's scheme.
    fn grants(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else {
            return false;
        };
        let default_port = default_port(uri);
        let port = uri.port_u16().unwrap_or(default_port);
        self.0.iter().any(|granted| {
            let (name, granted_port) = split_port(granted).unwrap_or((granted, default_port));
            name.eq_ignore_ascii_case(host) && granted_port == port
        })
    }
}

type Answer = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for GrantedHosts {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let denied = (!self.grants(request.uri())).then(|| denial(request.uri()));
        Box::new(async move {
            if let Some(denied) = denied {
                return Err(Error::InternalError(Some(denied)));
            }
            let (response, transfer) = wasmtime_wasi_http::default_send_request(request, options).await?;
            Ok((
                response.map(BodyExt::boxed_unsync),
                Box::new(transfer) as Box<dyn Future<Output = _> + Send>,
            ))
        })
    }
}

/// Says which grant is missing. `HttpRequestDenied` would leave the guest without a word.
fn denial(uri: &Uri) -> String {
    let host = uri.authority().map_or("", |authority| authority.as_str());
    format!("outgoing HTTP to `{host}` is not granted to this activity; deploy it with `--allow-http {host}`")
}

fn default_port(uri: &Uri) -> u16 {
    if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 }
}

/// The name and the port of a grant. The colons of a bare IPv6 address are inside of brackets.
fn split_port(granted: &str) -> Option<(&str, u16)> {
    let (name, port) = granted.rsplit_once(':')?;
    Some((name, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_granted_hosts_only() {
        let hosts = ["books.test", "127.0.0.1:8080", "[::1]:9000"].map(str::to_owned);
        let hosts = GrantedHosts::new(&hosts);
        for (uri, expected) in [
            ("http://books.test/orders", true),
            ("https://BOOKS.test:443/", true),
            ("http://books.test:8080/", false),
            ("http://books.test.evil.test/", false),
            ("http://127.0.0.1:8080/", true),
            ("http://127.0.0.1/", false),
            ("http://[::1]:9000/", true),
            ("http://user@books.test/", true),
            ("http://books.test@evil.test/", false),
            ("/no/host", false),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(hosts.grants(&uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_denial_names_the_grant() {
        let uri = "http://books.test:8080/".parse().unwrap();
        assert_eq!(
            denial(&uri),
            "outgoing HTTP to `books.test:8080` is not granted to this activity; deploy it with `--allow-http \
             books.test:8080`"
        );
    }
}
