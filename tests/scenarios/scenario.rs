//! Scenarios as data.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The subject, and what it is: `timer/canceled`. It is the workflow's id, too.
    pub(crate) name: String,
    #[serde(rename = "about")]
    _about: String,
    program: Value,
    #[serde(default)]
    input: Map<String, Value>,
    #[serde(default)]
    pub(crate) client: Vec<Map<String, Value>>,
    pub(crate) ends: End,
    /// Payloads hold what is the language's own.
    #[serde(default)]
    pub(crate) varies: bool,
}

/// How the last run of a chain ends.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    Completed(Value),
    Failed(Failed),
    Canceled,
    Terminated,
    TimedOut,
}

/// The first application failure in the chain of causes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failed {
    pub(crate) message: String,
    #[serde(rename = "type")]
    pub(crate) failure_type: String,
}

impl Scenario {
    /// Those of all subjects, in the order of their files, unless `WRT_SCENARIOS` chooses some.
    ///
    /// # Errors
    /// A file cannot be read, or two scenarios have the same name.
    pub(crate) fn load_all() -> Result<Vec<Self>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder().join("data")).context("list the scenarios")? {
            files.push(entry?.path());
        }
        files.sort();
        let mut scenarios = Vec::new();
        for file in files {
            scenarios.extend(load(&file).with_context(|| format!("read {}", file.display()))?);
        }
        let mut names = BTreeSet::new();
        for scenario in &scenarios {
            ensure!(
                names.insert(&scenario.name),
                "two scenarios are named {}",
                scenario.name
            );
        }
        if let Ok(chosen) = std::env::var("WRT_SCENARIOS") {
            let chosen: Vec<_> = chosen.split([',', ' ']).filter(|name| !name.is_empty()).collect();
            scenarios.retain(|scenario| chosen.iter().any(|name| scenario.name.starts_with(name)));
        }
        Ok(scenarios)
    }

    /// The argument of the workflow.
    pub(crate) fn argument(&self) -> Value {
        json!({"input": self.input, "program": self.program})
    }
}

fn load(file: &Path) -> Result<Vec<Scenario>> {
    let scenarios: Vec<Scenario> = serde_json::from_str(&fs::read_to_string(file)?)?;
    let subject = file.file_stem().unwrap_or_default().to_string_lossy();
    for scenario in &scenarios {
        ensure!(
            scenario.name.split('/').next() == Some(&subject),
            "{} does not belong here",
            scenario.name
        );
    }
    Ok(scenarios)
}

/// Where scenarios and their histories lie.
pub(crate) fn folder() -> PathBuf {
    wrt_tests::root().join("tests/scenarios")
}

// === Words ===

/// The names of all fields of the programs and of what clients do.
pub(crate) fn words(scenarios: &[Scenario]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for scenario in scenarios {
        collect(&scenario.program, &mut words);
        for act in &scenario.client {
            words.extend(act.keys().cloned());
        }
    }
    words
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                words.insert(name.clone());
                collect(value, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        _ => {}
    }
}

/// The steps and options that the README names: the first name in each row of the table of steps, and the names in the
/// paragraph of options.
pub(crate) fn named(readme: &str) -> impl Iterator<Item = &str> {
    let steps = readme.lines().filter_map(|line| {
        let rest = line.strip_prefix("| `{\"")?;
        rest.split('"').next()
    });
    let options = readme.split_once("Options of activities:");
    let options = options
        .and_then(|(_, rest)| rest.split("\n\n").next())
        .unwrap_or_default();
    let options = options
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.ends_with(|last: char| last.is_ascii_lowercase()));
    steps.chain(options)
}
