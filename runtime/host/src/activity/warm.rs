//! Instances that have run an attempt and wait for the next one.
//!
//! To make an instance takes longer than a short activity runs. Like a worker's process, an instance goes on with one
//! attempt after the other, and what it keeps in memory, such as a pool of connections, stays. It never leaves its realm,
//! and one that trapped or was dropped in the middle of an attempt is not kept.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use wasmtime::Store;
use wrt_model::{Digest, component::Grants};

use super::state::AttemptState;
use crate::bindings::activity::Activity;

/// Bytes of linear memory that waiting instances have together. The longest unused are let go first.
const WARM_BYTES: usize = 256 << 20;

/// The most instances that wait, beside those that run; never more than may run.
const WARM_INSTANCES: u32 = 64;

/// What instances may be used for: nothing that one attempt leaves in memory is seen outside of its realm.
#[derive(Clone, PartialEq)]
pub(crate) struct Realm {
    pub(crate) digest: Digest,
    pub(crate) namespace: String,
    pub(crate) grants: Grants,
}

/// An instance of an activity component.
pub(crate) struct ActivityInstance {
    pub(crate) store: Store<AttemptState>,
    pub(crate) guest: Activity,
}

/// The instances that wait.
pub(crate) struct WarmInstances {
    limit: u32,
    waiting: Mutex<VecDeque<(Realm, ActivityInstance)>>,
}

/// How many instances may wait where so many may run.
pub(crate) fn warm_instances(activities: u32) -> u32 {
    WARM_INSTANCES.min(activities)
}

impl ActivityInstance {
    fn memory_bytes(&self) -> usize {
        self.store.data().memory.used_bytes()
    }
}

impl WarmInstances {
    /// Where so many attempts may run at the same time.
    pub(crate) fn new(activities: u32) -> Self {
        WarmInstances {
            limit: warm_instances(activities),
            waiting: Mutex::default(),
        }
    }

    /// Takes out the instance of a realm that was used last.
    pub(crate) fn take(&self, realm: &Realm) -> Option<ActivityInstance> {
        let mut waiting = self.lock();
        let index = waiting.iter().rposition(|(other, _)| other == realm)?;
        waiting.remove(index).map(|(_, instance)| instance)
    }

    /// Keeps an instance for the next attempt in its realm.
    pub(crate) fn keep(&self, realm: Realm, instance: ActivityInstance) {
        let mut dropped = Vec::new();
        {
            let mut waiting = self.lock();
            waiting.push_back((realm, instance));
            let mut bytes: usize = waiting.iter().map(|(_, instance)| instance.memory_bytes()).sum();
            while bytes > WARM_BYTES || waiting.len() > self.limit as usize {
                let Some((_, instance)) = waiting.pop_front() else {
                    break;
                };
                bytes -= instance.memory_bytes();
                dropped.push(instance);
            }
        }
        // Instances are torn down here, outside of the lock.
        drop(dropped);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Realm, ActivityInstance)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
