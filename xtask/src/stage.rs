//! The processes of a task, none of which outlives it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The longest wait for a process to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Kills its processes when it goes away, or when the task is interrupted.
pub(crate) struct Stage {
    folder: PathBuf,
    processes: Arc<Mutex<Vec<Child>>>,
}

/// A process on the stage.
pub(crate) struct Actor {
    id: u32,
    /// The line with which it said that it was ready.
    greeting: String,
}

impl Actor {
    /// The address, as `host:port`, that it said it listens on.
    ///
    /// # Errors
    /// It said none.
    pub(crate) fn address(&self) -> Result<String> {
        let words = self.greeting.split_whitespace();
        let addresses = words.map(|word| word.trim_start_matches("http://").trim_end_matches(['/', ',', '.']));
        let address = addresses.into_iter().find(|word| word.starts_with("127.0.0.1:"));
        address
            .map(str::to_owned)
            .with_context(|| format!("find an address in `{}`", self.greeting))
    }
}

impl Stage {
    /// An empty stage, whose logs go to this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            processes: Arc::default(),
        }
    }

    /// From now on, an interrupt kills the processes, and then this one.
    ///
    /// # Errors
    /// Signals cannot be handled, or are handled already.
    pub(crate) fn end_on_interrupt(&self) -> Result<()> {
        let processes = Arc::clone(&self.processes);
        let end = move || {
            // Keeps the lock, so that nothing is started any more.
            let mut processes = lock(&processes);
            kill_all(processes.drain(..).collect());
            std::process::exit(INTERRUPTED);
        };
        ctrlc::set_handler(end).context("handle interrupts")
    }

    /// Starts a process and waits until a line that it writes holds the word. What it writes goes to a log file.
    ///
    /// # Errors
    /// It does not start, ends, or says nothing of the kind in time; the message names its log.
    pub(crate) fn start(&self, name: &str, command: &mut Command, ready: &str) -> Result<Actor> {
        let log = self.folder.join(format!("{name}.log"));
        let mut file = File::options().create(true).append(true).open(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (id, lines) = self.spawn(command).with_context(|| format!("start {name}"))?;
        let greeting = greeting(&lines, &mut file, ready)
            .with_context(|| format!("wait until {name} is ready; its log is {}", log.display()))?;
        thread::spawn(move || lines.iter().try_for_each(|line| writeln!(file, "{line}")));
        Ok(Actor { id, greeting })
    }

    /// Kills a process as a power cut would: it gets no chance to write anything.
    pub(crate) fn kill(&self, actor: &Actor) {
        let mut processes = lock(&self.processes);
        let (killed, others) = processes.drain(..).partition(|process| process.id() == actor.id);
        *processes = others;
        kill_all(killed);
    }

    fn spawn(&self, command: &mut Command) -> Result<(u32, Receiver<String>)> {
        let mut processes = lock(&self.processes);
        let mut process = command.spawn()?;
        let (sender, lines) = mpsc::channel();
        forward(process.stdout.take().context("read its output")?, sender.clone());
        forward(process.stderr.take().context("read its errors")?, sender);
        let id = process.id();
        processes.push(process);
        Ok((id, lines))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        kill_all(lock(&self.processes).drain(..).collect());
    }
}

/// The list is right even when a thread that held it has panicked.
fn lock(processes: &Mutex<Vec<Child>>) -> MutexGuard<'_, Vec<Child>> {
    processes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill_all(processes: Vec<Child>) {
    for mut process in processes {
        // It may have ended by itself, which is as good.
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Sends each line on, until the other end of the pipe is closed.
fn forward(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let read = BufReader::new(pipe).lines().map_while(Result::ok);
        read.map(|line| lines.send(line)).all(|sent| sent.is_ok())
    });
}

/// The first line that holds the word. Every line up to it is written to the log.
fn greeting(lines: &Receiver<String>, log: &mut File, ready: &str) -> Result<String> {
    loop {
        let line = match lines.recv_timeout(READY_WITHIN) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => bail!("it did not say `{ready}` within {READY_WITHIN:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("it ended without saying `{ready}`"),
        };
        writeln!(log, "{line}")?;
        if line.contains(ready) {
            return Ok(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn exists(actor: &Actor) -> bool {
        Path::new(&format!("/proc/{}", actor.id)).exists()
    }

    #[test]
    fn actors_are_gone_when_they_are_killed_or_the_stage_goes() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::new(folder.path());
        let mut script = shell("echo preparing; echo ready on http://127.0.0.1:80/ >&2; exec tail -f /dev/null");
        let (first, second) = (
            stage.start("a", &mut script, "ready").unwrap(),
            stage.start("b", &mut script, "ready").unwrap(),
        );
        assert_eq!(first.address().unwrap(), "127.0.0.1:80");
        assert!(exists(&first) && exists(&second));
        stage.kill(&first);
        assert!(!exists(&first) && exists(&second));
        drop(stage);
        assert!(!exists(&second));
    }

    #[test]
    fn an_actor_that_ends_is_no_good() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::new(folder.path());
        let error = stage.start("a", &mut shell("echo oops"), "ready").err().unwrap();
        let log = folder.path().join("a.log");
        assert_eq!(
            format!("{error:#}"),
            format!(
                "wait until a is ready; its log is {}: it ended without saying `ready`",
                log.display()
            )
        );
        assert_eq!(std::fs::read_to_string(log).unwrap(), "oops\n");
    }
}
