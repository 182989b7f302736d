//! Runs tests one by one, each in a process of its own that has only so long.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::Serialize;
use wait_timeout::ChildExt as _;

use super::suite::Suite;

/// Some tests wait for ever for something that a server does not do.
const LIMIT: Duration = Duration::from_secs(30);

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Passed,
    Failed,
    TimedOut,
}

impl Outcome {
    /// The outcome in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
        }
    }
}

/// What became of a test.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TestResult {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    seconds: f64,
    /// What the test said when it gave up, if it did.
    panic: Option<String>,
}

/// Where and against which server tests run.
pub(super) struct Runner<'a> {
    pub(super) suite: &'a Suite,
    /// Of the server, as `host:port`.
    pub(super) address: &'a str,
    /// For a file of each test with what it wrote.
    pub(super) logs: &'a Path,
    /// For the temporary files of tests.
    pub(super) temporary: &'a Path,
}

impl Runner<'_> {
    /// Runs tests, `jobs` at a time, and prints each as it ends. The results have the order of the tests.
    ///
    /// # Errors
    /// A test program cannot be started.
    pub(super) fn run(&self, tests: &[String], jobs: usize) -> Result<Vec<TestResult>> {
        let next = AtomicUsize::new(0);
        let (sender, ended) = mpsc::channel();
        let mut results = thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                let (next, sender) = (&next, sender.clone());
                scope.spawn(move || {
                    while let Some((number, test)) = take(next, tests) {
                        let sent = sender.send(self.attempt(test).map(|result| (number, result)));
                        if sent.is_err() {
                            // Another test could not be started, which ends the run.
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let shown = ended.iter().zip(1..).map(|(result, count)| {
                let (number, result) = result?;
                result.show(count, tests.len());
                Ok((number, result))
            });
            shown.collect::<Result<Vec<_>>>()
        })?;
        results.sort_by_key(|(number, _)| *number);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    #[expect(clippy::disallowed_methods, reason = "how long a real process takes")]
    fn attempt(&self, test: &str) -> Result<TestResult> {
        let log = self.logs.join(format!("{}.log", test.replace("::", ".")));
        let begin = Instant::now();
        let status = self.spawn(test, &log).with_context(|| format!("run {test}"))?;
        let outcome = match status {
            Some(status) if status.success() => Outcome::Passed,
            Some(_) => Outcome::Failed,
            None => Outcome::TimedOut,
        };
        Ok(TestResult {
            name: test.to_owned(),
            outcome,
            seconds: begin.elapsed().as_secs_f64(),
            panic: panic(&fs::read(&log).unwrap_or_default()).filter(|_| outcome != Outcome::Passed),
        })
    }

    /// How the process of a test ended; `None` for one that was killed because it took too long.
    fn spawn(&self, test: &str, log: &Path) -> Result<Option<ExitStatus>> {
        let log = File::create(log)?;
        let mut process = Command::new(&self.suite.program)
            .args([test, "--exact", "--nocapture"])
            .current_dir(&self.suite.folder)
            .env("TEMPORAL_SERVICE_ADDRESS", format!("http://{}", self.address))
            .env("TMPDIR", self.temporary)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let status = process.wait_timeout(LIMIT)?;
        if status.is_none() {
            process.kill()?;
            process.wait()?;
        }
        Ok(status)
    }
}

impl TestResult {
    /// A result of a test that took no time and said nothing.
    #[cfg(test)]
    pub(super) fn new(name: &str, outcome: Outcome) -> Self {
        Self {
            name: name.to_owned(),
            outcome,
            seconds: 0.0,
            panic: None,
        }
    }

    fn show(&self, count: usize, total: usize) {
        let (words, name) = (self.outcome.words(), &self.name);
        println!("[{count:>3}/{total}] {words:<9} {:>5.1} s  {name}", self.seconds);
        if let Some(panic) = &self.panic {
            println!("{:>30}{panic}", "");
        }
    }
}

/// The next test that nobody has taken.
fn take<'a>(next: &AtomicUsize, tests: &'a [String]) -> Option<(usize, &'a str)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, tests.get(number)?))
}

/// The message of the first panic in what a test wrote, in one line.
fn panic(log: &[u8]) -> Option<String> {
    let log = String::from_utf8_lossy(log);
    let mut lines = log
        .lines()
        .skip_while(|line| !line.contains("' panicked at ") && !line.contains(") panicked at "));
    lines.next()?;
    let message: Vec<_> = lines
        .take_while(|line| !line.starts_with("note: "))
        .map(str::trim)
        .collect();
    Some(message.join(" ").chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_panic_is_found() {
        let log = b"noise\n\nthread 'a::b' (7) panicked at x.rs:1:2:\nassertion failed\n  left: 1\n right: 2\nnote: run with\n\
            thread 'a::b' panicked at y.rs:1:2:\nother\n";
        assert_eq!(panic(log).as_deref(), Some("assertion failed left: 1 right: 2"));
        assert_eq!(panic(b"all is well"), None);
    }
}
