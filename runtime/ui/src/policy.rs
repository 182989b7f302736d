//! What the browser lets the page do: run its own scripts, and talk to its own server and to a codec server.
//!
//! Names and payloads are written by anybody who starts a workflow. Even if one of them became a part of the page, it could
//! run nothing, load nothing and send nothing.

use http::{HeaderValue, Uri};

/// Codec servers that users name in the page's settings: those on their own machine, and those with a certificate.
const USERS_CODECS: &str = "https: http://localhost:* http://127.0.0.1:*";

/// The header `Content-Security-Policy`, with the codec server that the server is configured with.
pub(crate) fn header(codec_endpoint: Option<&str>) -> HeaderValue {
    let codec = codec_endpoint.and_then(origin).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self' {USERS_CODECS}{codec}; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("origins are ASCII without line breaks")
}

/// ` scheme://host:port` of a URL; nothing for what is none, which the page then cannot use either.
fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.replace("{namespace}", "namespace").parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!(" {scheme}://{}{port}", authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codec_server_may_be_asked_and_nobody_else() {
        let connections = |endpoint| {
            let header = header(endpoint).to_str().unwrap().to_owned();
            let rest = header.split("connect-src ").nth(1).unwrap().to_owned();
            rest.split(';').next().unwrap().to_owned()
        };
        let alone = connections(None);
        assert_eq!(alone, format!("'self' {USERS_CODECS}"));
        assert_eq!(
            connections(Some("http://codec.example:8081/{namespace}")),
            format!("{alone} http://codec.example:8081")
        );
        for nonsense in ["", "codec", "javascript:alert(1)", "http://a b/", "x; script-src *"] {
            assert_eq!(connections(Some(nonsense)), alone, "{nonsense}");
        }
    }
}
