//! Wake-ups for those who wait for a run's history to grow, or for its end.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use wrt_model::proto::HistoryEvent;

/// How far a history has grown.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) last_event_id: i64,
    pub(crate) is_closed: bool,
}

/// A run has closed.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// What closed it, if that was at hand. Else the store tells.
    pub(crate) closing_event: Option<HistoryEvent>,
}

/// Who waits for news of which run.
pub(crate) struct Watchers<N> {
    by_run: Mutex<HashMap<String, watch::Sender<Option<N>>>>,
}

impl<N> Default for Watchers<N> {
    fn default() -> Self {
        Watchers {
            by_run: Mutex::default(),
        }
    }
}

impl<N> Watchers<N> {
    /// Registers interest in a run. Do this first, then read how far the run is, then wait: nothing is missed.
    pub(crate) fn subscribe(&self, run_id: &str) -> watch::Receiver<Option<N>> {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        match by_run.get(run_id) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = watch::channel(None);
                by_run.insert(run_id.to_owned(), sender);
                receiver
            }
        }
    }

    /// Tells those who wait for the run. Forgets the run, and says so, when there is nobody left.
    pub(crate) fn notify(&self, run_id: &str, news: impl FnOnce() -> N) -> bool {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = by_run.get(run_id) else {
            return false;
        };
        let is_awaited = sender.receiver_count() > 0;
        if is_awaited {
            sender.send_replace(Some(news()));
        } else {
            by_run.remove(run_id);
        }
        is_awaited
    }

    /// Forgets the run when nobody waits for it any more.
    pub(crate) fn release(&self, run_id: &str) {
        let mut by_run = self.by_run.lock().unwrap_or_else(PoisonError::into_inner);
        if by_run.get(run_id).is_some_and(|sender| sender.receiver_count() == 0) {
            by_run.remove(run_id);
        }
    }
}
