//! Compares wrt with Temporal's server: the same calls to both, and where the answers differ.
//!
//! `cargo xtask compare` builds what it needs and runs it; tests/oracle/README.md says how to read what it prints.

#![expect(clippy::print_stdout, reason = "it prints what it has found")]
#![expect(clippy::disallowed_methods, reason = "it looks for as long as it is told")]

mod allowed;
mod caller;
mod dice;
mod difference;
mod executions;
mod finding;
mod generate;
mod report;
mod request;
mod run;
mod script;
mod search;
mod servers;
mod shrink;
mod time;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Parser;

use crate::{allowed::Allowed, finding::Judge, report::Totals, script::Script, search::Search, servers::Server};

/// Compares wrt with Temporal's server.
#[derive(Parser)]
struct Options {
    /// The program with Temporal's server, built from tests/oracle.
    #[arg(long)]
    temporal: PathBuf,
    /// The `wrt` program.
    #[arg(long)]
    wrt: PathBuf,
    /// The folder for the servers' logs.
    #[arg(long)]
    logs: PathBuf,
    /// A file with scripts, or a folder of such files; may be repeated [default: tests/oracle/scripts].
    #[arg(long, value_name = "FILE")]
    script: Vec<PathBuf>,
    /// Only scripts whose title holds this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    only: String,
    /// Makes sequences up, beginning with this seed, in the place of scripts.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How long sequences are made up [default: one sequence, if there is a seed].
    #[arg(long, value_name = "NUMBER")]
    minutes: Option<u64>,
    /// Sequences that run at the same time.
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    parallel: usize,
    /// Prints what Temporal's server answers to each step of the scripts, too.
    #[arg(long)]
    answers: bool,
    /// Remembers in this file what was told, and does not tell it again.
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let folder = wrt_tests::root().join("tests/oracle");
    let allowed = fs::read_to_string(folder.join("allowed.toml")).context("read tests/oracle/allowed.toml")?;
    let judge = Judge::new(Allowed::parse(&allowed)?, options.memory.as_deref())?;
    fs::create_dir_all(&options.logs).with_context(|| format!("create {}", options.logs.display()))?;
    let temporal = Server::temporal(&options.temporal, &options.logs).await?;
    let wrt = Server::wrt(&options.wrt, &options.logs).await?;
    let search = Search::new([&temporal.caller, &wrt.caller], judge, options.answers);
    let totals = if options.seed.is_some() || options.minutes.is_some() {
        search
            .sequences(options.seed.unwrap_or(1), options.minutes, options.parallel)
            .await?
    } else {
        let mut files = options.script;
        if files.is_empty() {
            files.push(folder.join("scripts"));
        }
        let scripts = files.iter().map(|file| scripts(file)).collect::<Result<Vec<_>>>()?;
        let mut scripts = scripts.concat();
        scripts.retain(|script| script.title.contains(&options.only));
        search.scripts(&scripts, options.parallel).await?
    };
    println!("{totals}");
    Ok(exit_code(&totals))
}

fn exit_code(totals: &Totals) -> ExitCode {
    if totals.findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The scripts in a file, or in all files of a folder in the order of their names.
fn scripts(path: &Path) -> Result<Vec<Script>> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(|| format!("list {}", path.display()))?;
        files = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
    }
    let mut scripts = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        scripts.extend(Script::parse_all(&text).with_context(|| format!("read {}", file.display()))?);
    }
    Ok(scripts)
}
