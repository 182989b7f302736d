//! `wrt ui`: the web page alone, in front of a server that shows none.

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wrt_api::{FrontOptions, WebPage, serve_front};
use wrt_ui::Page;

use crate::{client, context::Context, exit::Exit, server::host};

/// Show the web page of a server
///
/// Works with every server that speaks Temporal's API, at the address that --address names.
#[derive(Debug, Args)]
pub(crate) struct UiArgs {
    /// The port of the page; 0 for any that is free
    #[arg(long, short, default_value_t = 8233, value_name = "PORT")]
    port: u16,
    /// The address of the page
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    ip: String,
    /// A name or address by which browsers may call the page, beside localhost and the address that it listens on.
    /// Repeatable
    #[arg(long, value_parser = host, value_name = "HOST")]
    allowed_host: Vec<String>,
}

/// The page, as the API shows it.
pub(crate) fn page(codec_endpoint: Option<&str>) -> WebPage {
    let page = Page::new(codec_endpoint);
    WebPage::new(move |request| page.answer(request))
}

impl UiArgs {
    /// Shows the page until the process is interrupted.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let channel = client::endpoint(&context.address)?.connect_lazy();
        let listener = TcpListener::bind((self.ip.as_str(), self.port))
            .await
            .with_context(|| format!("listen on {}:{}; choose another port with --port", self.ip, self.port))?;
        let address = listener.local_addr().context("read the address that is listened on")?;
        let server = &context.address;
        context.output.one(
            || format!("web page on http://{address}, of the server at {server}"),
            || json!({"address": address.to_string(), "server": server}),
        )?;
        let codec_endpoint = context.codec.endpoint();
        let options = FrontOptions {
            page: page(codec_endpoint.as_deref()),
            codec_endpoint,
            allowed_hosts: self.allowed_host,
        };
        let shutdown = CancellationToken::new();
        let serving = serve_front(channel, listener, options, shutdown.clone());
        tokio::select! {
            served = serving => served?,
            interrupted = tokio::signal::ctrl_c() => interrupted.context("wait for an interrupt")?,
        }
        Ok(Exit::Success)
    }
}
