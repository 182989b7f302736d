//! The large batches of events that were read last.
//!
//! A workflow that schedules thousands of activities at once writes them as one batch, and each of them looks for its own
//! event in it. To decode the batch for each would make many of them cost more than a few.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use wrt_model::proto::HistoryEvent;

/// Batches with fewer events are decoded anew.
const LARGE: usize = 64;

/// Batches that are kept.
const KEPT: usize = 16;

pub(crate) struct LargeBatches {
    by_run: Mutex<LruCache<String, Arc<Vec<HistoryEvent>>>>,
}

impl Default for LargeBatches {
    fn default() -> Self {
        LargeBatches {
            by_run: Mutex::new(LruCache::new(KEPT.try_into().expect("it is not zero"))),
        }
    }
}

impl LargeBatches {
    /// An event of the run's batch that was kept last.
    pub(crate) fn event(&self, run_id: &str, event_id: i64) -> Option<HistoryEvent> {
        let events = self.lock().get(run_id).cloned()?;
        let index = events.binary_search_by_key(&event_id, |event| event.event_id).ok()?;
        Some(events[index].clone())
    }

    /// Keeps events of a run that follow each other, if there are many.
    pub(crate) fn keep(&self, run_id: &str, events: Vec<HistoryEvent>) {
        if events.len() >= LARGE {
            self.lock().put(run_id.to_owned(), Arc::new(events));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<String, Arc<Vec<HistoryEvent>>>> {
        self.by_run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
