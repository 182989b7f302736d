//! `cargo xtask conformance`: the integration tests of Temporal's SDK core, run against a server of this repository.

mod report;
mod runner;
mod suite;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, ensure};

use self::report::Report;
use self::runner::Runner;
use crate::shell;
use crate::stage::Stage;

/// What the suite gives to Temporal's own development server, apart from the switches of what is always on here or not there.
const SERVER: [&str; 7] = [
    "server",
    "start-dev",
    "--port=0",
    "--db-filename=:memory:",
    "--log-level=warn",
    "--search-attribute=CustomTextField=Text",
    "--search-attribute=CustomIntField=Int",
];

/// Under these names the suite keeps Temporal's development server, and its test server, in the folder for temporary files.
const DOWNLOADS: [&str; 6] = [
    "temporal-sdk-rust-0.1.0",
    "temporal-sdk-rust-1.1.0",
    "temporal-v1.2.0",
    "temporal-test-server-sdk-rust-0.1.0",
    "temporal-test-server-sdk-rust-1.1.0",
    "temporal-test-server-v1.16.0",
];

/// Arguments for the suite.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs only the tests whose name holds this text; docs/conformance.md stays as it is.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Tests that run at the same time [default: two for each core, because most of them wait most of the time].
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Tests this program instead of building one, for instance one of another version.
    #[arg(long, value_name = "FILE")]
    wrt: Option<PathBuf>,
    /// Keeps the server running after the tests, for a look into it, until Enter is pressed.
    #[arg(long)]
    keep: bool,
}

/// Fetches and builds the suite, runs it, and writes docs/conformance.md and target/conformance/results.json. What each
/// test says is in target/conformance/logs.
///
/// # Errors
/// The suite or the server does not build or start. A test that fails is no error.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = shell::target().join("conformance");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let suite = suite::prepare(&folder)?;
    let wrt = match &options.wrt {
        Some(file) => file.clone(),
        None => {
            let [wrt] = shell::programs(["wrt"])?;
            wrt
        }
    };
    let filter = options.filter.as_deref().unwrap_or_default();
    let tests = suite.tests()?.into_iter().filter(|test| test.contains(filter));
    let tests: Vec<_> = tests.collect();
    ensure!(!tests.is_empty(), "no test has a name that holds `{filter}`");

    let (logs, temporary) = (folder.join("logs"), folder.join("tmp"));
    pose_as_download(&wrt, fresh_folder(&temporary)?)?;
    let stage = Stage::new(&folder);
    stage.end_on_interrupt()?;
    let server = stage.start("server", Command::new(wrt).args(SERVER), "listening on")?;
    let address = server.address()?;
    let jobs = options.jobs.unwrap_or_else(default_jobs);
    shell::say(format!("{} tests against {address}, {jobs} at a time", tests.len()));
    let runner = Runner {
        suite: &suite,
        address: &address,
        logs: fresh_folder(&logs)?,
        temporary: &temporary,
    };
    let results = runner.run(&tests, jobs)?;

    let report = Report::new(results);
    println!("\n{}", report.summary());
    if options.filter.is_none() {
        report.write_document(&shell::root().join("docs/conformance.md"))?;
        report.write_json(&folder.join("results.json"))?;
    }
    if options.keep {
        shell::say(format!("the server listens on {address}; press Enter to end it"));
        io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

/// Puts the server where tests of development servers look for one that they have downloaded before.
fn pose_as_download(wrt: &Path, temporary: &Path) -> Result<()> {
    for name in DOWNLOADS {
        let link = temporary.join(name);
        fs::hard_link(wrt, &link).with_context(|| format!("link {}", link.display()))?;
    }
    Ok(())
}

fn default_jobs() -> usize {
    2 * thread::available_parallelism().map_or(1, usize::from)
}

fn fresh_folder(folder: &Path) -> Result<&Path> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}
