//! The books that the activities of an order are kept in, seen from outside.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The running service.
pub(super) struct Books {
    address: String,
}

impl Books {
    /// The service at this address, as `host:port`.
    pub(super) fn new(address: String) -> Self {
        Self { address }
    }

    /// As `host:port`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What was done, as the service counts it.
    ///
    /// # Errors
    /// The service does not answer with JSON.
    pub(super) fn effects(&self) -> Result<Value> {
        let answer = self.get("/effects").context("read the books")?;
        serde_json::from_str(&answer).with_context(|| format!("read the books: they say `{answer}`"))
    }

    /// A single request needs no HTTP library: version 1.0 ends the answer by closing the connection.
    fn get(&self, path: &str) -> Result<String> {
        let mut connection = TcpStream::connect(&self.address)?;
        write!(connection, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("find the end of the head")?;
        let status = head.lines().next().unwrap_or_default();
        if !status.contains(" 200 ") {
            bail!("the service answers `{status}`");
        }
        Ok(body.to_owned())
    }
}
