//! Small stories that every SDK tells in the same way; see README.md.
//!
//! `WRT_SCENARIOS` names scenarios, or the beginnings of their names; `WRT_SCENARIO_LANGUAGES` names languages, with commas
//! between them. `WRT_RECORD_SCENARIOS=1` writes the histories that are missing, from the guest in Rust.

mod actor;
mod end;
mod history;
mod language;
mod record;
mod scenario;

use anyhow::{Result, ensure};

use crate::{language::Language, scenario::Scenario};

/// The languages that have a guest.
const LANGUAGES: [&str; 4] = ["rust", "typescript", "python", "go"];

/// The language whose histories the others are compared with.
const MODEL: &str = "rust";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_language_tells_the_same_stories() -> Result<()> {
    let scenarios = Scenario::load_all()?;
    let mut failures = Vec::new();
    for language in languages() {
        let language = Language::of(&language)?;
        failures.extend(language.tell(&scenarios).await?);
    }
    ensure!(
        failures.is_empty(),
        "{} scenarios went wrong:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    Ok(())
}

fn languages() -> Vec<String> {
    match std::env::var("WRT_SCENARIO_LANGUAGES") {
        Ok(names) => names.split(',').map(str::to_owned).collect(),
        Err(_) => LANGUAGES.map(str::to_owned).to_vec(),
    }
}

/// Every word of the README is told of in some scenario.
#[test]
fn every_step_and_option_occurs() -> Result<()> {
    let words = scenario::words(&Scenario::load_all()?);
    let readme = std::fs::read_to_string(scenario::folder().join("README.md"))?;
    let missing: Vec<_> = scenario::named(&readme).filter(|word| !words.contains(*word)).collect();
    ensure!(missing.is_empty(), "no scenario has {}", missing.join(", "));
    Ok(())
}
