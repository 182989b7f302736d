//! A real server: the program `wrt` as a process, on a port and in a folder of its own.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};
use tonic::codec::CompressionEncoding::Gzip;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use wrt_api::proto::wrt::v1::{DeployComponentResponse, DeployOptions};
use wrt_model::proto::{HistoryEvent, WorkflowExecution, workflowservice::ListNamespacesRequest};

use crate::{Client, check_gapless, component_cache, guest, program, replay_run, root};

/// The longest wait for a server to come up, or to go down by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test can choose about its server.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Lines of the section `limits` of the configuration.
    pub limits: &'static str,
    /// Lines that stand before the first section of the configuration.
    pub settings: &'static str,
    /// A line of shell for the process before it becomes the server, such as `ulimit -n 64`.
    pub prelude: &'static str,
}

/// A server with its data. It is killed, and its data are removed, when it is dropped.
pub struct Server {
    folder: TempDir,
    process: Process,
    prelude: &'static str,
    client: Client,
    /// Every workflow component that was deployed, by which runs are replayed.
    components: Vec<Vec<u8>>,
}

struct Process {
    child: Child,
    address: String,
    /// Kept open, so that the server can write.
    _output: Lines<BufReader<ChildStdout>>,
}

/// Runs a test against a fresh server. At its end the history of every run is read, checked for gaps, and replayed from
/// scratch on the component.
///
/// # Errors
/// Those of the test, of the server and of the replay, with what the server logged.
pub async fn with_server(options: Options, test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    tested(Server::start(options).await?, test).await
}

/// The same with a server that skips time.
///
/// # Errors
/// Those of [`with_server`].
pub async fn with_time_skipping(test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    tested(Server::start_skipping_time().await?, test).await
}

async fn tested(mut server: Server, test: impl AsyncFnOnce(&mut Server) -> Result<()>) -> Result<()> {
    let mut outcome = test(&mut server).await;
    if outcome.is_ok() {
        outcome = server.verify().await.map(drop);
    }
    outcome.map_err(|error| error.context(server.last_words()))
}

// === impl Server ===

impl Server {
    /// Starts a server on a free port with an empty database.
    ///
    /// # Errors
    /// The program is missing, or does not come up.
    pub async fn start(options: Options) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the server")?;
        let configuration = format!(
            "{}\n[database]\npath = {:?}\n[cache]\npath = {:?}\n[log]\nlevel = \"info\"\n[limits]\n{}\n",
            options.settings,
            folder.path().join("wrt.db"),
            component_cache(),
            options.limits
        );
        std::fs::write(folder.path().join("wrt.toml"), configuration).context("write the configuration")?;
        let process = Process::start(folder.path(), "127.0.0.1:0", options.prelude).await?;
        Self::of(folder, process, options.prelude)
    }

    /// Starts a server that skips time, as Temporal's SDKs start one for tests.
    ///
    /// # Errors
    /// The program is missing, or does not come up.
    pub async fn start_skipping_time() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the server")?;
        let process = Process::start_with(folder.path(), &["0".as_ref()], "").await?;
        Self::of(folder, process, "")
    }

    fn of(folder: TempDir, process: Process, prelude: &'static str) -> Result<Self> {
        let client = Client::connect(&process.address)?;
        Ok(Server {
            folder,
            process,
            prelude,
            client,
            components: Vec::new(),
        })
    }

    /// A client of the namespace `default`. It survives restarts of the server.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where the server listens, as `host:port`.
    pub fn address(&self) -> &str {
        &self.process.address
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("wrt.db")
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    /// Kills the server as a power cut would.
    ///
    /// # Errors
    /// The process cannot be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.child.kill().await.context("kill the server")
    }

    /// Starts a killed server again, on the same data and the same port.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn restart(&mut self) -> Result<()> {
        ensure!(
            self.process.child.try_wait()?.is_some(),
            "kill the server before a restart"
        );
        let address = self.process.address.clone();
        self.process = Process::start(self.folder.path(), &address, self.prelude).await?;
        Ok(())
    }

    /// Deploys a guest on a task queue, under its own name and without grants.
    ///
    /// # Errors
    /// The guest has not been built, or the server refuses it.
    pub async fn deploy(&mut self, name: &str, task_queue: &str) -> Result<DeployComponentResponse> {
        let options = DeployOptions {
            name: name.to_owned(),
            task_queue: task_queue.to_owned(),
            ..Default::default()
        };
        self.deploy_bytes(options, guest(name)?).await
    }

    /// Deploys a component.
    ///
    /// # Errors
    /// The server refuses it.
    pub async fn deploy_bytes(&mut self, options: DeployOptions, bytes: Vec<u8>) -> Result<DeployComponentResponse> {
        let deployed = self.client.deploy(options, &bytes).await.context("deploy component")?;
        self.components.push(bytes);
        Ok(deployed)
    }

    /// Replays every run of every namespace from scratch, and checks that its history has no gap. Returns how many.
    ///
    /// # Errors
    /// A history has a gap, or is replayed by none of the components that were deployed.
    pub async fn verify(&self) -> Result<usize> {
        let mut temporal = self.client.temporal();
        let namespaces = temporal
            .list_namespaces(ListNamespacesRequest::default())
            .await?
            .into_inner();
        let mut runs = 0;
        for namespace in namespaces.namespaces {
            let name = namespace.namespace_info.unwrap_or_default().name;
            let client = self.client.of_namespace(&name);
            for run in client.list("").await? {
                let history = run.history().await?;
                check_gapless(&history).with_context(|| format!("read the history of {run}"))?;
                self.replay(&name, &run.execution(), &history)
                    .await
                    .with_context(|| format!("replay {run}"))?;
                runs += 1;
            }
        }
        Ok(runs)
    }

    async fn replay(&self, namespace: &str, execution: &WorkflowExecution, history: &[HistoryEvent]) -> Result<()> {
        if self.components.is_empty() {
            // Workers have run it, and it is theirs to replay.
            return Ok(());
        }
        let mut refusals = Vec::new();
        for component in &self.components {
            match replay_run(namespace, execution, history, component).await {
                Ok(()) => return Ok(()),
                Err(error) => refusals.push(format!("{error:#}")),
            }
        }
        bail!("no deployed component replays the history:\n{}", refusals.join("\n"))
    }

    /// The end of the server's log, for people.
    pub fn last_words(&self) -> String {
        const LINES: usize = 30;
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let end = &lines[lines.len().saturating_sub(LINES)..];
        format!("the log of the server ends with:\n{}\n", end.join("\n"))
    }
}

// === impl Process ===

impl Process {
    async fn start(folder: &Path, listen: &str, prelude: &str) -> Result<Self> {
        let configuration = folder.join("wrt.toml");
        let arguments = ["server", "--listen", listen, "--config"].map(OsStr::new);
        Self::start_with(
            folder,
            &[&arguments[..], &[configuration.as_os_str()]].concat(),
            prelude,
        )
        .await
    }

    async fn start_with(folder: &Path, arguments: &[&OsStr], prelude: &str) -> Result<Self> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join("server.log"))
            .context("open the server's log")?;
        let mut child = command(arguments, prelude)?
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("start the server")?;
        let mut output = BufReader::new(child.stdout.take().context("read the server's output")?).lines();
        let greeting = timeout(PATIENCE, output.next_line())
            .await
            .context("wait until the server listens")??;
        let address = greeting.as_deref().and_then(address).with_context(|| {
            let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            format!("find an address in the server's greeting {greeting:?}; it logged:\n{log}")
        })?;
        timeout(PATIENCE, serving(&address))
            .await
            .context("wait until the server serves")??;
        Ok(Process {
            child,
            address,
            _output: output,
        })
    }
}

/// The server as a process of its own.
fn command(arguments: &[&OsStr], prelude: &str) -> Result<Command> {
    let program = program("wrt")?;
    let mut command = match prelude {
        "" => Command::new(program),
        prelude => {
            let mut shell = Command::new("sh");
            shell
                .arg("-c")
                .arg(format!("{prelude}; exec \"$0\" \"$@\""))
                .arg(program);
            shell
        }
    };
    command
        .args(arguments)
        .env("XDG_CACHE_HOME", root().join("target/tmp/cache"))
        .stdin(Stdio::null());
    Ok(command)
}

/// What a server says that does not start.
///
/// # Errors
/// It starts, or runs on for long.
pub async fn refused_start(arguments: &[&OsStr], prelude: &str) -> Result<String> {
    let running = command(arguments, prelude)?.kill_on_drop(true).output();
    let output = timeout(PATIENCE, running)
        .await
        .context("wait for the server's end")??;
    ensure!(!output.status.success(), "the server has started and ended in order");
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The address in `wrt 0.1.0 listening on 127.0.0.1:7233, data in …`.
fn address(greeting: &str) -> Option<String> {
    let (_, rest) = greeting.split_once("listening on ")?;
    Some(rest.split([',', ' ']).next()?.to_owned())
}

/// Returns when the server says that it serves.
async fn serving(address: &str) -> Result<()> {
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}"))?
        .connect()
        .await
        .context("connect to the server")?;
    let mut health = HealthClient::new(channel).accept_compressed(Gzip).send_compressed(Gzip);
    let mut states = health.watch(HealthCheckRequest::default()).await?.into_inner();
    while let Some(state) = states.message().await? {
        if state.status() == ServingStatus::Serving {
            return Ok(());
        }
    }
    bail!("the server went away before it served")
}
