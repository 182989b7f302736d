//! Golden histories: `golden/<name>.json`, the runs of a chain, each as protobuf's JSON of a `History`. One that is there is
//! a promise: it is never written again, and is replayed by every language for ever.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use wrt_model::proto::{EventAttributes, HistoryEvent};
use wrt_tests::{execution_of, history_from_json, history_to_json, replay_run};

use crate::{
    history::{difference, normal},
    scenario::{Scenario, folder},
};

/// The histories of a scenario's runs.
pub(crate) struct Record(pub(crate) Vec<Vec<HistoryEvent>>);

impl Record {
    /// Reads the golden one, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn load(scenario: &Scenario) -> Result<Option<Self>> {
        let file = file(scenario);
        if !file.exists() {
            return Ok(None);
        }
        let read = || -> Result<Vec<Vec<HistoryEvent>>> {
            let golden: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
            let runs = golden["runs"].as_array().context("it has no runs")?;
            runs.iter().map(history_from_json).collect()
        };
        let runs = read().with_context(|| format!("read {}", file.display()))?;
        Ok(Some(Record(runs)))
    }

    /// Writes a golden one that is missing.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn keep(&self, scenario: &Scenario) -> Result<()> {
        let file = file(scenario);
        let runs = self.0.iter().cloned();
        let runs: Result<Vec<_>> = runs.map(|events| history_to_json(events, serde_json::value::Serializer)).collect();
        let mut text = serde_json::to_string_pretty(&json!({"runs": runs?}))?;
        text.push('\n');
        fs::create_dir_all(file.parent().context("golden histories lie in a folder")?)?;
        fs::write(&file, text).with_context(|| format!("write {}", file.display()))
    }

    /// Compares what was told now with the golden one.
    ///
    /// # Errors
    /// They part; the message says where.
    pub(crate) fn compare(&self, golden: &Record, scenario: &Scenario) -> Result<()> {
        ensure!(
            self.0.len() == golden.0.len(),
            "there were {} runs, and were to be {}",
            self.0.len(),
            golden.0.len()
        );
        for (live, golden) in self.0.iter().zip(&golden.0) {
            let (live, golden) = (normal(live, scenario.varies)?, normal(golden, scenario.varies)?);
            if let Some(difference) = difference(&golden, &live) {
                anyhow::bail!("{difference}");
            }
        }
        Ok(())
    }

    /// Replays the golden one on a component, with the words of failures that are the language's own as it has told them
    /// now.
    ///
    /// # Errors
    /// The component does something else.
    pub(crate) async fn replay(&self, live: &Record, component: &[u8]) -> Result<()> {
        for (golden, live) in self.0.iter().zip(&live.0) {
            let mut events = golden.clone();
            for (event, live) in events.iter_mut().zip(live) {
                take_own_words(event, live);
            }
            replay_run("default", &execution_of(golden)?, &events, component).await?;
        }
        Ok(())
    }
}

fn take_own_words(golden: &mut HistoryEvent, live: &HistoryEvent) {
    use EventAttributes as E;
    match (golden.attributes.as_mut(), live.attributes.as_ref()) {
        (
            Some(E::WorkflowExecutionFailedEventAttributes(golden)),
            Some(E::WorkflowExecutionFailedEventAttributes(live)),
        ) => golden.failure.clone_from(&live.failure),
        (
            Some(E::WorkflowExecutionUpdateCompletedEventAttributes(golden)),
            Some(E::WorkflowExecutionUpdateCompletedEventAttributes(live)),
        ) => golden.outcome.clone_from(&live.outcome),
        _ => {}
    }
}

fn file(scenario: &Scenario) -> PathBuf {
    folder().join("golden").join(format!("{}.json", scenario.name))
}
