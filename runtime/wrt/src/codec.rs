//! `--codec-endpoint`: payloads are encoded and decoded by a codec server on their way, in whatever message they travel.
//!
//! The codec server speaks Temporal's remote codec protocol: `POST {endpoint}/encode` and `/decode` take payloads as JSON and
//! answer with as many.

mod channel;
mod payloads;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use prost_reflect::DynamicMessage;
use wrt_model::proto::{Payload, Payloads};

pub(crate) use self::channel::CodecChannel;
use crate::{json, payload::key_value};

/// The longest that a codec server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Flags of a codec server.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CodecArgs {
    /// URL of a codec server, which encodes and decodes payloads; `{namespace}` in it stands for the namespace
    #[arg(
        long,
        global = true,
        env = "TEMPORAL_CODEC_ENDPOINT",
        hide_env_values = true,
        value_name = "URL"
    )]
    codec_endpoint: Option<String>,
    /// The header `Authorization` of calls to the codec server
    #[arg(
        long,
        global = true,
        env = "TEMPORAL_CODEC_AUTH",
        hide_env_values = true,
        value_name = "TEXT"
    )]
    codec_auth: Option<String>,
    /// A header of calls to the codec server. Repeatable
    #[arg(long, global = true, value_parser = key_value, value_name = "NAME=VALUE")]
    codec_header: Vec<(String, String)>,
}

/// The two calls of a codec server.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Encode,
    Decode,
}

/// A codec server, for the payloads of one namespace.
#[derive(Debug)]
pub(crate) struct Codec {
    endpoint: String,
    headers: Vec<(String, String)>,
    agent: ureq::Agent,
}

impl CodecArgs {
    /// The codec server's URL, if there is one.
    pub(crate) fn endpoint(&self) -> Option<String> {
        self.codec_endpoint.clone()
    }

    /// The codec server that is asked for, if any.
    pub(crate) fn codec(&self, namespace: &str) -> Option<Arc<Codec>> {
        let endpoint = self.codec_endpoint.as_deref()?.replace("{namespace}", namespace);
        let mut headers = vec![("X-Namespace".to_owned(), namespace.to_owned())];
        headers.extend(self.codec_auth.clone().map(|value| ("Authorization".to_owned(), value)));
        headers.extend_from_slice(&self.codec_header);
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        Some(Arc::new(Codec {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            headers,
            agent: config.new_agent(),
        }))
    }
}

impl Codec {
    /// Puts all payloads of a message through the codec server at once.
    async fn apply(self: Arc<Self>, direction: Direction, message: &mut DynamicMessage) -> anyhow::Result<()> {
        let payloads = payloads::collect(message);
        if payloads.is_empty() {
            return Ok(());
        }
        let coded = tokio::task::spawn_blocking(move || self.post(direction, payloads)).await??;
        payloads::replace(message, coded);
        if let Direction::Decode = direction {
            payloads::reveal_failures(message);
        }
        Ok(())
    }

    fn post(&self, direction: Direction, payloads: Vec<Payload>) -> anyhow::Result<Vec<Payload>> {
        let verb = match direction {
            Direction::Encode => "encode",
            Direction::Decode => "decode",
        };
        let url = format!("{}/{verb}", self.endpoint);
        let count = payloads.len();
        let coded = self
            .exchange(&url, &json::canonical(&Payloads { payloads }).to_string())
            .with_context(|| format!("{verb} payloads with the codec server {url} (see --codec-endpoint)"))?;
        ensure!(
            coded.len() == count,
            "the codec server {url} answers {count} payloads with {}; it must answer as many as it gets",
            coded.len()
        );
        Ok(coded)
    }

    /// Posts payloads as JSON and reads the answer.
    fn exchange(&self, url: &str, body: &str) -> anyhow::Result<Vec<Payload>> {
        let mut request = self.agent.post(url).header("Content-Type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = match request.send(body) {
            Ok(mut answer) => answer.body_mut().read_to_string()?,
            Err(ureq::Error::StatusCode(status @ (401 | 403))) => {
                bail!("it answers with status {status}; see --codec-auth and --codec-header")
            }
            Err(error) => return Err(error.into()),
        };
        let payloads: Payloads = json::parse(&answer).context("read the answer, which has to be JSON")?;
        Ok(payloads.payloads)
    }
}
