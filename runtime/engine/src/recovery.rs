//! Taking up what the store holds, after a start.

use wrt_machine::next_deadline;
use wrt_model::Run;

use crate::{Engine, EngineError, lane::Message};

/// Runs that are read at a time.
const PAGE: u32 = 1000;

impl Engine {
    /// Sets the timers of all open runs again, and wakes those with work that nobody holds any more.
    pub(crate) async fn recover(&self) -> Result<(), EngineError> {
        let recovered = self.each_open_run(|run| self.take_up(run)).await?;
        // Runs that have closed may still have something to tell.
        for stored in self.inner.store.closed_runs_with_outgoing().await? {
            let messages = wrt_machine::unanswered(&stored.run);
            self.send_outgoing(stored.run.key(), messages);
        }
        if recovered > 0 {
            tracing::info!(runs = recovered, "took up the open runs");
        }
        Ok(())
    }

    /// Shows every open run of the store, a page at a time, and returns how many there were.
    pub(crate) async fn each_open_run(&self, mut visit: impl FnMut(&Run)) -> Result<usize, EngineError> {
        let mut after: Option<String> = None;
        let mut visited = 0;
        loop {
            let runs = self.inner.store.open_runs(after.as_deref(), PAGE).await?;
            let Some(last) = runs.last() else { return Ok(visited) };
            after = Some(last.run.run_id.clone());
            visited += runs.len();
            runs.iter().for_each(|stored| visit(&stored.run));
        }
    }

    fn take_up(&self, run: &Run) {
        let key = run.workflow_key();
        // A component's workflow task that nobody holds begins when its time comes, which may be now. Another one has to be
        // offered to workers again.
        let task = run.workflow_task.as_ref();
        let has_no_task = task.is_none_or(|task| !task.is_started() && !run.is_run_by_workers());
        let is_quiet = run.activities.is_empty() && has_no_task;
        let is_alone = run.parent.is_none() && run.children.is_empty() && run.external_requests.is_empty();
        if is_quiet && is_alone {
            self.inner.timers.set(&key, next_deadline(run));
        } else {
            self.send(&key, Message::Recover);
        }
    }
}
