//! Wake-ups for those who wait for a run's history to grow. A wake-up is a hint: whoever gets one reads the store.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use wrt_model::proto::HistoryEvent;

/// How far a history has grown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    pub(crate) last_event_id: i64,
    pub(crate) is_closed: bool,
    /// What closed the run, if it was at hand.
    pub(crate) closing_event: Option<HistoryEvent>,
}

/// Who waits for which run.
#[derive(Default)]
pub(crate) struct Watchers {
    by_run: Mutex<HashMap<String, watch::Sender<Progress>>>,
}

impl Watchers {
    /// Registers interest in a run. Do this first, then read how far the run is, then wait: nothing is missed.
    pub(crate) fn subscribe(&self, run_id: &str) -> watch::Receiver<Progress> {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        match by_run.get(run_id) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = watch::channel(Progress::default());
                by_run.insert(run_id.to_owned(), sender);
                receiver
            }
        }
    }

    /// Tells those who wait for the run. Forgets the run when there is nobody left, or nothing left to wait for.
    pub(crate) fn notify(&self, run_id: &str, progress: impl FnOnce() -> Progress) {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = by_run.get(run_id) else { return };
        let progress = progress();
        let is_closed = progress.is_closed;
        sender.send_replace(progress);
        if is_closed || sender.receiver_count() == 0 {
            by_run.remove(run_id);
        }
    }

    /// Forgets the run when nobody waits for it any more.
    pub(crate) fn release(&self, run_id: &str) {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        if by_run.get(run_id).is_some_and(|sender| sender.receiver_count() == 0) {
            by_run.remove(run_id);
        }
    }
}
