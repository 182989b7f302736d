//! The figures, as a table and as JSON.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Everything that was measured.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    pub(crate) bare: Option<Bare>,
    pub(crate) load: Vec<Line>,
    pub(crate) replay: Option<Replay>,
    pub(crate) parked: Option<Parked>,
    pub(crate) long: Option<Long>,
    pub(crate) due: Option<Due>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) crowd: Option<Crowd>,
}

/// What the machine takes for the two things that every operation needs.
#[derive(Serialize)]
pub(crate) struct Bare {
    /// A call that does nothing, and its answer.
    pub(crate) call_ms: f64,
    /// A small write to the file system with the data, synced.
    pub(crate) synced_write_ms: f64,
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

/// One run with a long history.
#[derive(Serialize)]
pub(crate) struct Long {
    /// Events in the history.
    pub(crate) events: usize,
    /// The first 1,000 steps, together.
    pub(crate) first_steps_ms: f64,
    /// The last 1,000 steps.
    pub(crate) last_steps_ms: f64,
    /// Reading the whole history, page by page.
    pub(crate) read_ms: f64,
    /// Asking the run after a start of the server: it is replayed from scratch.
    pub(crate) query_ms: f64,
    /// Resetting it at three quarters.
    pub(crate) reset_ms: f64,
    /// Memory of the server at the end of the run.
    pub(crate) memory_bytes: u64,
    /// Memory of the server when the run that it was reset to has ended.
    pub(crate) memory_after_reset_bytes: u64,
}

/// Timers that were due in the same second.
#[derive(Serialize)]
pub(crate) struct Due {
    pub(crate) timers: usize,
    /// Until the last of their runs had completed.
    pub(crate) seconds: f64,
    /// A start, a signal and a result of another workflow meanwhile.
    pub(crate) round_trip_p50_ms: f64,
    pub(crate) round_trip_max_ms: f64,
    /// Memory of the server before.
    pub(crate) asleep_bytes: u64,
    /// The most memory of the server meanwhile.
    pub(crate) peak_bytes: u64,
}

/// What one of several things costs that a run has open at the same time.
#[derive(Serialize)]
pub(crate) struct Pending {
    pub(crate) kind: &'static str,
    /// How many a run has open.
    pub(crate) count: usize,
    pub(crate) each_ms: f64,
    /// Processor time of the server, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) rows: f64,
    pub(crate) written_bytes: f64,
}

/// A good workflow beside some that continue as new at once.
#[derive(Serialize)]
pub(crate) struct Crowd {
    /// How many of them never wait.
    pub(crate) loops: usize,
    /// Workflow tasks of all, while the good one was watched among them.
    pub(crate) runs: u64,
    pub(crate) alone_p50_ms: f64,
    pub(crate) alone_p99_ms: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The longest that it took to terminate one of them.
    pub(crate) terminate_ms: f64,
    pub(crate) memory_bytes: u64,
}

impl Pending {
    pub(crate) fn summary(&self) -> String {
        format!(
            "{:<12} {:>6} in a run: each {:>6.2} ms, {:>5.0} µs of CPU, {:>5.2} rows, {:>6.1} KiB written",
            self.kind,
            self.count,
            self.each_ms,
            self.cpu_us,
            self.rows,
            self.written_bytes / 1024.0
        )
    }
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
        if let Some(bare) = &self.bare {
            println!(
                "this machine: a call takes {:.3} ms, a synced write {:.3} ms",
                bare.call_ms, bare.synced_write_ms
            );
        }
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
        if let Some(long) = &self.long {
            println!(
                "long history: {} events; the first 1,000 steps take {:.0} ms and the last {:.0} ms, reading {:.0} ms, a \
                 query after a restart {:.0} ms, a reset at three quarters {:.0} ms; {:.0} MiB of memory, {:.0} MiB after \
                 the reset",
                long.events,
                long.first_steps_ms,
                long.last_steps_ms,
                long.read_ms,
                long.query_ms,
                long.reset_ms,
                mebibytes(long.memory_bytes),
                mebibytes(long.memory_after_reset_bytes)
            );
        }
        for pending in &self.pending {
            println!("{}", pending.summary());
        }
        if let Some(crowd) = &self.crowd {
            println!(
                "beside {} workflows that continue as new at once ({} tasks meanwhile): one step takes {:.2} ms, p99 {:.2} ms; \
                 alone {:.2} ms, p99 {:.2} ms; terminate {:.1} ms at most; {:.0} MiB of memory",
                crowd.loops,
                crowd.runs,
                crowd.p50_ms,
                crowd.p99_ms,
                crowd.alone_p50_ms,
                crowd.alone_p99_ms,
                crowd.terminate_ms,
                mebibytes(crowd.memory_bytes)
            );
        }
        if let Some(due) = &self.due {
            println!(
                "timers due at once: {} have fired within {:.1} s; meanwhile a start, a signal and a result take {:.0} ms, \
                 {:.0} ms at most; {:.0} MiB of memory asleep, {:.0} MiB at most",
                due.timers,
                due.seconds,
                due.round_trip_p50_ms,
                due.round_trip_max_ms,
                mebibytes(due.asleep_bytes),
                mebibytes(due.peak_bytes)
            );
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).context("write the figures as JSON")?;
        fs::write(path, json + "\n").with_context(|| format!("write {}", path.display()))
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
