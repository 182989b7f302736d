//! A server for one command: in its process, on a free port of the loopback address, with its data in memory.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wrt_api::ServeError;
use wrt_engine::Engine;

use super::{
    logging::{self, LogFormat, LogLevel},
    process, run,
    settings::Settings,
};

/// A server that is up. Nobody but this process knows of it.
pub(crate) struct PrivateServer {
    address: SocketAddr,
    engine: Engine,
    settings: Settings,
    shutdown: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl PrivateServer {
    /// Starts it. What it logs is warnings, and the lines of workflows and activities.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        logging::start(LogLevel::Guests, LogFormat::Text);
        let mut settings = Settings::with_defaults();
        settings.database = None;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("listen on a free port")?;
        let address = listener.local_addr().context("read the address that is listened on")?;
        let engine = run::start_engine(&settings).await?;
        let cluster_id = run::register_namespaces(&engine, &settings).await?;
        let options = run::serve_options(&settings, cluster_id, process::raise_open_files());
        let shutdown = CancellationToken::new();
        let serving = wrt_api::serve(engine.clone(), vec![listener], options, shutdown.clone());
        Ok(PrivateServer {
            address,
            engine,
            settings,
            shutdown,
            serving: tokio::spawn(serving),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Stops it. Nothing is left behind.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.engine.shutdown(self.settings.drain).await;
        // It has nothing to say that anybody waits for.
        let _ = self.serving.await;
    }
}
