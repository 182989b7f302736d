//! The books that the activities of an order are kept in, seen from outside.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The running service.
pub(super) struct Books {
    address: String,
}

/// Something that has happened outside.
pub(super) struct Effect {
    /// The activity type that did it.
    pub(super) kind: String,
    pub(super) workflow_id: String,
    /// How often it was asked for; it happened once.
    requests: u64,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            workflow_id,
            requests,
        } = self;
        write!(f, "{workflow_id}  {kind:<16}  effects: 1  requests: {requests}")
    }
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

    /// What has happened, in order.
    ///
    /// # Errors
    /// The service does not answer, or with something else.
    pub(super) fn effects(&self) -> Result<Vec<Effect>> {
        let answer = self.get("/effects").context("read the books")?;
        effects(&answer).with_context(|| format!("read the books: they say `{answer}`"))
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

fn effects(answer: &str) -> Result<Vec<Effect>> {
    let answer: Value = serde_json::from_str(answer)?;
    let effects = answer["effects"].as_array().context("find the list `effects`")?;
    effects.iter().map(effect).collect()
}

fn effect(effect: &Value) -> Result<Effect> {
    Ok(Effect {
        kind: effect["type"]
            .as_str()
            .context("find the type of an effect")?
            .to_owned(),
        workflow_id: effect["workflow_id"]
            .as_str()
            .context("find the workflow of an effect")?
            .to_owned(),
        requests: effect["requests"].as_u64().context("find the requests for an effect")?,
    })
}
