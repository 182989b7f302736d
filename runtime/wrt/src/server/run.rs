//! Wiring: store, host, engine and api together are a server.

use std::{future::Future, net::SocketAddr, path::Path};

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wrt_api::{ServeError, ServeOptions};
use wrt_engine::{Engine, EngineError, EngineOptions};
use wrt_host::{Host, HostError};
use wrt_model::{ComponentKind, Namespace, proto::enums::NamespaceState};
use wrt_store::{Store, StoreOptions};

use super::{
    process::{self, FileSizeSignal},
    settings::{Settings, set},
    signals::Signals,
};
use crate::{exit::Exit, output::Output, page};

/// Runs a server until a signal ends it.
pub(super) async fn run(settings: Settings, output: &Output) -> anyhow::Result<Exit> {
    let mut signals = Signals::new().context("take over signals")?;
    let _file_size = FileSizeSignal::new().context("take over the signal for files that are too large")?;
    let open_files = process::raise_open_files();
    // The port first: when it is taken, nothing else need be touched.
    let mut listeners = Vec::new();
    for address in std::iter::once(&settings.listen).chain(&settings.listen_also) {
        listeners.push(listen(address).await?);
    }
    let own_page = listen_for_page(&settings).await;
    let page_address = page_address(own_page.as_ref(), &listeners, &settings);
    listeners.extend(own_page);
    let engine = start_engine(&settings).await?;
    let cluster_id = register_namespaces(&engine, &settings).await?;
    announce(&listeners[0], page_address, &settings, output)?;

    let shutdown = CancellationToken::new();
    let options = serve_options(&settings, cluster_id, open_files);
    let serving = wrt_api::serve(engine.clone(), listeners, options, shutdown.clone());
    let ending = async {
        let served = serve_until_signal(serving, &mut signals, &shutdown).await;
        engine.shutdown(settings.drain).await;
        served
    };
    ending.await?;
    tracing::info!("stopped");
    Ok(Exit::Success)
}

pub(super) fn serve_options(settings: &Settings, cluster_id: String, open_files: Option<u64>) -> ServeOptions {
    ServeOptions {
        cluster_id,
        store: "sqlite".to_owned(),
        drain: settings.drain,
        longest_poll: settings.longest_poll,
        codec_endpoint: settings.codec_endpoint.clone(),
        page: settings.page.then(|| page::page(settings.codec_endpoint.as_deref())),
        allowed_hosts: allowed_hosts(settings),
        connections: settings.connections.limits(open_files),
        time_skipping: settings.time_skipping.is_some(),
    }
}

/// Serves; the first signal begins the drain, the second ends it.
async fn serve_until_signal(
    serving: impl Future<Output = Result<(), ServeError>>,
    signals: &mut Signals,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        signal = signals.next() => {
            tracing::info!(signal, "stopping when the calls under way have ended; a second signal stops at once");
            shutdown.cancel();
        }
    }
    tokio::select! {
        served = &mut serving => Ok(served?),
        signal = signals.next() => bail!("stopped at once by a second signal, {signal}"),
    }
}

/// The configured names, and those of the addresses that are listened on.
fn allowed_hosts(settings: &Settings) -> Vec<String> {
    let addresses = std::iter::once(&settings.listen).chain(&settings.listen_also);
    let listened = addresses.filter_map(|address| address.rsplit_once(':'));
    let listened = listened.map(|(host, _)| host.to_owned());
    settings.allowed_hosts.iter().cloned().chain(listened).collect()
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {address} (another server may have the port; choose another one)"))
}

/// The page's own address. Nobody has asked for it, so it is no error when somebody else has the port.
async fn listen_for_page(settings: &Settings) -> Option<TcpListener> {
    let address = settings.page_listen.as_deref()?;
    match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, "the web page has no port of its own: listen on {address}; choose another with --ui-port");
            None
        }
    }
}

/// Where people find the page: at its own address, or at one of the others, of which the last one is that of `--ui-port`.
fn page_address(own: Option<&TcpListener>, listeners: &[TcpListener], settings: &Settings) -> Option<SocketAddr> {
    let listener = own.or(listeners.last()).filter(|_| settings.page)?;
    listener.local_addr().ok()
}

pub(super) async fn start_engine(settings: &Settings) -> anyhow::Result<Engine> {
    if let Some(folder) = settings.database.as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("create the database's folder {}", folder.display()))?;
    }
    let options = StoreOptions {
        path: settings.database.clone(),
        readers: settings.readers,
    };
    let store = Store::open(options).await.context("open store")?;
    let host = start_host(settings)?;
    let mut options = EngineOptions::new(store, host);
    set(&mut options.parked_bytes, settings.limits.parked_memory_bytes);
    set(
        &mut options.concurrent_activities,
        settings.limits.concurrent_activities,
    );
    options.limits = settings.namespace_limits;
    options.time_skipping = settings.time_skipping;
    Engine::start(options).await.context("start engine")
}

fn start_host(settings: &Settings) -> anyhow::Result<Host> {
    let mut options = settings.limits.host_options(settings.cache_dir.clone());
    options.address_space_is_limited = process::address_space_is_limited();
    Host::new(options).map_err(|error| {
        let advice = match &error {
            HostError::AddressSpace { kind, .. } => less_address_space(*kind),
            HostError::SharedCache { .. } => "; see cache.path of the configuration, or --cache-dir",
            _ => "",
        };
        anyhow!("start WebAssembly host: {error}{advice}")
    })
}

/// What a user can do about too little address space.
fn less_address_space(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Workflow | ComponentKind::Module => {
            "; lower limits.instances or limits.workflow_memory_mib in a configuration for `wrt server --config`, or raise \
             `ulimit -v`"
        }
        ComponentKind::Activity => {
            "; lower limits.concurrent_activities or limits.activity_memory_mib in a configuration for \
             `wrt server --config`, or raise `ulimit -v`"
        }
    }
}

/// Registers the namespaces that are missing. The id of the first one names the server: it is as old as the database.
pub(super) async fn register_namespaces(engine: &Engine, settings: &Settings) -> anyhow::Result<String> {
    for name in &settings.namespaces {
        let action = || format!("register namespace {name}");
        match engine.namespace(name).await {
            Ok(_) => {}
            Err(EngineError::NamespaceNotFound(_)) => {
                let namespace = namespace(name, settings);
                engine.namespace_register(namespace).await.with_context(action)?;
            }
            Err(error) => return Err(error).with_context(action),
        }
        register_search_attributes(engine, name, settings).await?;
    }
    let first = settings
        .namespaces
        .first()
        .context("`namespaces` names none; name one")?;
    Ok(engine.namespace(first).await?.id.clone())
}

/// Registers the search attributes that a namespace does not have.
async fn register_search_attributes(engine: &Engine, namespace: &str, settings: &Settings) -> anyhow::Result<()> {
    let mut missing = settings.search_attributes.clone();
    let known = engine.namespace(namespace).await?;
    missing.retain(|name, value_type| known.search_attributes.get(name) != Some(&(*value_type as i32)));
    if missing.is_empty() {
        return Ok(());
    }
    engine
        .add_search_attributes(&known.name, &missing)
        .await
        .with_context(|| format!("register search attributes in namespace {namespace}"))
}

fn namespace(name: &str, settings: &Settings) -> Namespace {
    Namespace {
        name: name.to_owned(),
        state: NamespaceState::Registered as i32,
        retention_ns: i64::try_from(settings.retention.as_nanos()).unwrap_or(i64::MAX),
        ..Default::default()
    }
}

/// Says where the server is, in one line that scripts can wait for.
fn announce(
    listener: &TcpListener,
    page: Option<SocketAddr>,
    settings: &Settings,
    output: &Output,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("read the address that is listened on")?;
    let database = match &settings.database {
        Some(file) => std::path::absolute(file)?.display().to_string(),
        None => "memory, lost at the end".to_owned(),
    };
    let page = page.map(|page| format!("http://{page}"));
    output.one(
        || {
            let version = env!("CARGO_PKG_VERSION");
            let page = page.as_ref().map(|page| format!(", web page on {page}"));
            let page = page.unwrap_or_default();
            format!("wrt {version} listening on {address}{page}, data in {database}")
        },
        || json!({"address": address.to_string(), "page": page, "database": database}),
    )?;
    Ok(())
}
