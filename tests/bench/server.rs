//! The server under measurement: a process of its own, whose time and memory the kernel counts.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

/// Clock ticks a second, as Linux reports them to user space on every platform.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server that ends with this value.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts a server on a fresh database in `folder`, which is emptied first.
    pub(crate) fn start(wrt: &Path, folder: &Path) -> Result<Server> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        Server::start_again(wrt, folder)
    }

    /// Starts a server on the database in `folder`.
    pub(crate) fn start_again(wrt: &Path, folder: &Path) -> Result<Server> {
        let port = TcpListener::bind("127.0.0.1:0")
            .context("find a free port")?
            .local_addr()?
            .port();
        let process = Command::new(wrt)
            .args(["server", "start-dev", "--log-level", "warn"])
            // Histories of any length.
            .args(["--dynamic-config-value", "limit.historyCount.error=0"])
            .args(["--dynamic-config-value", "limit.historySize.error=0"])
            .args(["--port", &port.to_string()])
            .arg("--db-filename")
            .arg(folder.join("wrt.db"))
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", wrt.display()))?;
        Ok(Server { process, port })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Processor time that it has used so far, in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let stat = self.proc_file("stat")?;
        let after_name = stat.rsplit_once(") ").context("read the process's state")?.1;
        let field = |index: usize| -> Result<f64> {
            Ok(after_name
                .split(' ')
                .nth(index)
                .context("read the process's times")?
                .parse()?)
        };
        // Fields 14 and 15 of proc(5), counted from the state, which is the third.
        Ok(Duration::from_secs_f64((field(11)? + field(12)?) / TICKS_PER_SECOND))
    }

    /// Bytes that it has had written to disk so far.
    pub(crate) fn written_bytes(&self) -> Result<u64> {
        let io = self.proc_file("io")?;
        let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
        Ok(line.context("read what the process has written")?.parse()?)
    }

    /// Bytes of memory that are its own: resident and not shared with a file.
    pub(crate) fn memory_bytes(&self) -> Result<u64> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kibibytes = line
            .context("read the process's memory")?
            .trim()
            .trim_end_matches(" kB");
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    fn proc_file(&self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.process.id());
        fs::read_to_string(&path).with_context(|| format!("read {path}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
