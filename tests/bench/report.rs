//! The figures, as a table and as JSON.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Everything that was measured.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    pub(crate) load: Vec<Line>,
    pub(crate) replay: Option<Replay>,
    pub(crate) parked: Option<Parked>,
}

/// One scenario at one concurrency.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) scenario: &'static str,
    pub(crate) concurrency: usize,
    pub(crate) operations: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time of the server for one operation, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) commits_per_step: f64,
    pub(crate) rows_per_step: f64,
    /// Syncs of the disk: several commits share one.
    pub(crate) transactions_per_step: f64,
}

/// Replaying one history again and again, in one thread.
#[derive(Serialize)]
pub(crate) struct Replay {
    /// Events in the history.
    pub(crate) events: usize,
    pub(crate) events_per_second: f64,
}

/// What a run that waits costs the server.
#[derive(Serialize)]
pub(crate) struct Parked {
    pub(crate) runs: usize,
    /// How many were in memory with their instances.
    pub(crate) in_memory: u64,
    /// Bytes a run, with its instance in memory.
    pub(crate) kept_bytes: u64,
    /// Bytes a run, when only what it waits for is in memory.
    pub(crate) evicted_bytes: u64,
}

impl Line {
    pub(crate) fn summary(&self) -> String {
        format!(
            "{:<18} {:>4}  {:>8.0} /s  p50 {:>7.2} ms  p99 {:>7.2} ms",
            self.scenario, self.concurrency, self.per_second, self.p50_ms, self.p99_ms
        )
    }

    fn cells(&self) -> [String; 9] {
        [
            self.scenario.to_owned(),
            self.concurrency.to_string(),
            format!("{:.0}", self.per_second),
            format!("{:.2}", self.p50_ms),
            format!("{:.2}", self.p99_ms),
            format!("{:.0}", self.cpu_us),
            format!("{:.2}", self.commits_per_step),
            format!("{:.2}", self.rows_per_step),
            format!("{:.3}", self.transactions_per_step),
        ]
    }
}

impl Report {
    pub(crate) fn print(&self) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "scenario",
            "at once",
            "per second",
            "p50 ms",
            "p99 ms",
            "CPU µs each",
            "commits a step",
            "rows a step",
            "syncs a step",
        ]);
        for line in &self.load {
            table.add_row(line.cells());
        }
        println!("{table}");
        if let Some(replay) = &self.replay {
            println!(
                "replay: {:.0} events a second ({} events in the history)",
                replay.events_per_second, replay.events
            );
        }
        if let Some(parked) = &self.parked {
            println!(
                "parked: {} runs, {} of them in memory: {:.1} KiB each with its instance, {:.1} KiB each once evicted",
                parked.runs,
                parked.in_memory,
                parked.kept_bytes as f64 / 1024.0,
                parked.evicted_bytes as f64 / 1024.0
            );
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).context("write the figures as JSON")?;
        fs::write(path, json + "\n").with_context(|| format!("write {}", path.display()))
    }
}
