//! Golden histories: `golden/<name>.json`, the runs of a chain, each as protobuf's JSON of a `History`. One that is there is
//! a promise: it is never written again, and is replayed by every language for ever.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use wrt_model::proto::{EventAttributes, Failure, FailureInfo, HistoryEvent, update::outcome};
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
        let runs: Result<Vec<_>> = runs
            .map(|events| history_to_json(events, serde_json::value::Serializer))
            .collect();
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

/// Which SDK has raised a failure, and where, is told in the words of the language.
fn take_own_words(golden: &mut HistoryEvent, live: &HistoryEvent) {
    let live = failures(&mut live.clone())
        .map(|failure| failure.clone())
        .collect::<Vec<_>>();
    for (golden, live) in failures(golden).zip(&live) {
        take_words_of_chain(golden, live);
    }
}

fn take_words_of_chain(golden: &mut Failure, live: &Failure) {
    golden.source.clone_from(&live.source);
    golden.stack_trace.clone_from(&live.stack_trace);
    if is_of_cancellation(live) {
        golden.message.clone_from(&live.message);
    }
    if let (Some(golden), Some(live)) = (&mut golden.cause, &live.cause) {
        take_words_of_chain(golden, live);
    }
}

/// A cancellation, or the link around it.
fn is_of_cancellation(failure: &Failure) -> bool {
    let is_canceled = |failure: &Failure| matches!(failure.failure_info, Some(FailureInfo::CanceledFailureInfo(_)));
    is_canceled(failure) || failure.cause.as_deref().is_some_and(is_canceled)
}

/// The failure that an event tells, if it tells one.
fn failures(event: &mut HistoryEvent) -> impl Iterator<Item = &mut Failure> {
    use EventAttributes as E;
    let failure = match &mut event.attributes {
        Some(E::ActivityTaskFailedEventAttributes(failed)) => failed.failure.as_mut(),
        Some(E::ActivityTaskTimedOutEventAttributes(failed)) => failed.failure.as_mut(),
        Some(E::ChildWorkflowExecutionFailedEventAttributes(failed)) => failed.failure.as_mut(),
        Some(E::MarkerRecordedEventAttributes(marker)) => marker.failure.as_mut(),
        Some(E::WorkflowExecutionFailedEventAttributes(failed)) => failed.failure.as_mut(),
        Some(E::WorkflowExecutionUpdateCompletedEventAttributes(completed)) => {
            match completed.outcome.as_mut().and_then(|outcome| outcome.value.as_mut()) {
                Some(outcome::Value::Failure(failure)) => Some(failure),
                _ => None,
            }
        }
        _ => None,
    };
    failure.into_iter()
}

fn file(scenario: &Scenario) -> PathBuf {
    folder().join("golden").join(format!("{}.json", scenario.name))
}
