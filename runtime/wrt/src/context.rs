//! What every command is given: how to print, and how to reach the server.

use anyhow::bail;

use crate::{client::Client, codec::CodecArgs, output::Output};

/// What the global flags say.
#[derive(Debug)]
pub(crate) struct Context {
    /// Prints.
    pub(crate) output: Output,
    /// The server's `host:port`.
    pub(crate) address: String,
    /// Every `--namespace`, at least one.
    pub(crate) namespaces: Vec<String>,
    /// What stands between the server's payloads and the screen.
    pub(crate) codec: CodecArgs,
}

impl Context {
    /// The namespace to work in.
    pub(crate) fn namespace(&self) -> anyhow::Result<&str> {
        match self.namespaces.as_slice() {
            [namespace] => Ok(namespace),
            several => bail!(
                "--namespace is given {} times; this command works in one namespace",
                several.len()
            ),
        }
    }

    /// A connection to the server.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        let namespace = self.namespace()?;
        Client::connect(&self.address, namespace, self.codec.codec(namespace)).await
    }
}
