//! The two servers that are asked the same.

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

use crate::caller::{self, Caller};

/// The longest wait for a server to come up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What both are told to know.
const SEARCH_ATTRIBUTES: [&str; 4] = ["Colour=Keyword", "Number=Int", "Words=Text", "Tags=KeywordList"];

/// What Temporal's server is told: to allow what it still keeps behind a switch and wrt has, to keep one queue in one
/// place, and not to mind how fast it is asked.
const TEMPORAL_SETTINGS: [&str; 8] = [
    "frontend.WorkflowPauseEnabled=true",
    "frontend.namespaceRPS=100000",
    "frontend.rps=100000",
    "history.workflowIdReuseMinimalInterval=0",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "system.forceSearchAttributesCacheRefreshOnRead=true",
    "system.namespaceCacheRefreshInterval=1s",
];

/// A server that ends with this value.
pub(crate) struct Server {
    pub(crate) caller: Caller,
    _process: Child,
    /// Kept open, so that the server can write.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts Temporal's server, in memory.
    pub(crate) async fn temporal(program: &Path, folder: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        for attribute in SEARCH_ATTRIBUTES {
            command.args(["--search-attribute", attribute]);
        }
        for setting in TEMPORAL_SETTINGS {
            command.args(["--dynamic-config-value", setting]);
        }
        command.args(["--log-level", "error"]);
        Self::start(command, &folder.join("temporal.log")).await
    }

    /// Starts wrt, in memory.
    pub(crate) async fn wrt(program: &Path, folder: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args([
            "server",
            "start-dev",
            "--port=0",
            "--headless",
            "--db-filename=:memory:",
            "--log-level=warn",
        ]);
        for attribute in SEARCH_ATTRIBUTES {
            command.args(["--search-attribute", attribute]);
        }
        Self::start(command, &folder.join("wrt.log")).await
    }

    async fn start(mut command: Command, log: &Path) -> Result<Self> {
        let errors = File::create(log).with_context(|| format!("create {}", log.display()))?;
        let mut process = command
            // The oracle ends when this does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {:?}", command.as_std().get_program()))?;
        let mut output = BufReader::new(process.stdout.take().context("read the server's output")?).lines();
        let address = timeout(PATIENCE, greeting(&mut output)).await;
        let address = address.context("wait until the server listens")?.with_context(|| {
            let said = fs::read_to_string(log).unwrap_or_default();
            format!("find an address in the server's greeting; it logged:\n{said}")
        })?;
        let caller = Caller::new(&address)?;
        timeout(PATIENCE, serving(&caller))
            .await
            .context("wait until the server serves")??;
        Ok(Server {
            caller,
            _process: process,
            _output: output,
        })
    }
}

/// The address in a line like `listening on 127.0.0.1:7233, data in memory`.
async fn greeting(output: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    while let Some(line) = output.next_line().await? {
        if let Some((_, rest)) = line.split_once("listening on ") {
            return Ok(rest.split([',', ' ']).next().unwrap_or_default().to_owned());
        }
    }
    bail!("it ended without one")
}

/// Returns when the server answers for its namespace.
async fn serving(caller: &Caller) -> Result<()> {
    let method = caller::method("CountWorkflowExecutions").context("find a call")?;
    loop {
        let request = json!({"namespace": "default"});
        let answer = caller.call(&method, request, Duration::from_secs(5)).await?;
        if answer["status"] == "OK" {
            return Ok(());
        }
        sleep(Duration::from_millis(200)).await;
    }
}
