//! Runs that wait, kept in memory as long as there is room. One that was dropped is rebuilt by replay when needed.

use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use wrt_model::WorkflowKey;

use crate::lane::HotRun;

pub(crate) struct Parking {
    limit_bytes: usize,
    parked: Mutex<Parked>,
}

struct Parked {
    runs: LruCache<WorkflowKey, (Box<HotRun>, usize)>,
    bytes: usize,
}

impl Parking {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Parking {
            limit_bytes,
            parked: Mutex::new(Parked {
                runs: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// Keeps a run for its next step. A closed one is let go: only queries could still want it.
    pub(crate) fn park(&self, key: &WorkflowKey, run: Option<Box<HotRun>>) {
        let Some(mut run) = run.filter(|run| run.run.is_open()) else {
            return;
        };
        // An event has some kilobytes, so room for those of a step is a large part of a run that waits.
        run.tail.shrink_to_fit();
        let bytes = run.memory_bytes();
        let mut evicted = Vec::new();
        {
            let mut parked = self.lock();
            parked.bytes += bytes;
            parked.runs.push(key.clone(), (run, bytes));
            while parked.bytes > self.limit_bytes {
                let Some((_, (run, bytes))) = parked.runs.pop_lru() else {
                    break;
                };
                parked.bytes -= bytes;
                evicted.push(run);
            }
        }
        // Instances are torn down here, outside of the lock.
        drop(evicted);
    }

    /// Takes a run out for its next step.
    pub(crate) fn take(&self, key: &WorkflowKey) -> Option<Box<HotRun>> {
        let mut parked = self.lock();
        let (run, bytes) = parked.runs.pop(key)?;
        parked.bytes -= bytes;
        Some(run)
    }

    /// Lets everything go. True when there was something.
    pub(crate) fn clear(&self) -> bool {
        let mut evicted = Parked {
            runs: LruCache::unbounded(),
            bytes: 0,
        };
        std::mem::swap(&mut *self.lock(), &mut evicted);
        !evicted.runs.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().runs.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes as u64
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::{Limits, Run, proto::enums::WorkflowExecutionStatus};

    use super::*;

    fn key(id: &str) -> WorkflowKey {
        WorkflowKey::new("ns", id)
    }

    fn run(status: WorkflowExecutionStatus) -> Option<Box<HotRun>> {
        Some(HotRun::new(
            Run {
                status: status as i32,
                ..Default::default()
            },
            1,
            Limits::default(),
        ))
    }

    #[test]
    fn the_least_recently_used_go_first_and_closed_ones_at_once() {
        let one = run(WorkflowExecutionStatus::Running).expect("made").memory_bytes();
        let parking = Parking::new(2 * one);
        for id in ["a", "b", "c"] {
            parking.park(&key(id), run(WorkflowExecutionStatus::Running));
        }
        parking.park(&key("d"), run(WorkflowExecutionStatus::Completed));
        assert!(parking.take(&key("a")).is_none());
        assert!(parking.take(&key("d")).is_none());
        assert_eq!((parking.len(), parking.bytes()), (2, 2 * one as u64));
        assert!(parking.take(&key("b")).is_some());
        assert!(parking.clear());
        assert_eq!((parking.len(), parking.bytes()), (0, 0));
    }
}
