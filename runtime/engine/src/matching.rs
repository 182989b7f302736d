//! Task queues: activity tasks meet workers.
//!
//! Everything here is in memory and derived from the runs' states; after a restart it is filled again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;
use wrt_model::{Component, task::ActivityToken};

/// A task queue of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueueKey {
    pub(crate) namespace_id: String,
    pub(crate) name: String,
}

/// An attempt that waits for a worker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActivityTask {
    pub(crate) token: ActivityToken,
    pub(crate) activity_type: String,
}

#[derive(Default)]
pub(crate) struct Matching {
    queues: Mutex<HashMap<QueueKey, Queue>>,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<ActivityTask>,
    pollers: VecDeque<Poller>,
}

struct Poller {
    /// The component whose activities the poller can run; `None` for a worker that takes every type.
    component: Option<Arc<Component>>,
    hand_over: oneshot::Sender<Lease>,
}

impl Poller {
    fn takes(&self, task: &ActivityTask) -> bool {
        takes(self.component.as_deref(), task)
    }
}

fn takes(component: Option<&Component>, task: &ActivityTask) -> bool {
    component.is_none_or(|component| component.defines(&task.activity_type))
}

impl Matching {
    /// Gives the task to a worker that waits, or keeps it for the next one.
    pub(crate) fn add(self: &Arc<Self>, key: &QueueKey, task: ActivityTask) {
        let mut task = task;
        loop {
            let poller = {
                let mut queues = self.lock();
                let queue = queues.entry(key.clone()).or_default();
                queue.pollers.retain(|poller| !poller.hand_over.is_closed());
                match queue.pollers.iter().position(|poller| poller.takes(&task)) {
                    Some(position) => queue.pollers.remove(position).expect("found just now"),
                    None => {
                        queue.tasks.push_back(task);
                        return;
                    }
                }
            };
            let lease = Lease {
                task: Some(task),
                key: key.clone(),
                matching: self.clone(),
            };
            match poller.hand_over.send(lease) {
                Ok(()) => return,
                Err(refused) => task = refused.take(),
            }
        }
    }

    /// The next task that the worker takes: at once, or when one comes.
    pub(crate) async fn poll(self: &Arc<Self>, key: &QueueKey, component: Option<Arc<Component>>) -> Lease {
        let receiver = {
            let mut queues = self.lock();
            let queue = queues.entry(key.clone()).or_default();
            let waiting = queue.tasks.iter().position(|task| takes(component.as_deref(), task));
            if let Some(position) = waiting {
                let task = queue.tasks.remove(position);
                return Lease {
                    task,
                    key: key.clone(),
                    matching: self.clone(),
                };
            }
            let (hand_over, receiver) = oneshot::channel();
            queue.pollers.push_back(Poller { component, hand_over });
            receiver
        };
        receiver.await.expect("a queue lets a poller go only with a task")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<QueueKey, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task on its way to a worker. Dropped before it is taken it goes back to its queue, so that a worker that went away
/// takes nothing with it.
pub(crate) struct Lease {
    task: Option<ActivityTask>,
    key: QueueKey,
    matching: Arc<Matching>,
}

impl Lease {
    /// The task.
    pub(crate) fn task(&self) -> &ActivityTask {
        self.task.as_ref().expect("a lease holds its task until it is taken")
    }

    /// Takes the task for good.
    pub(crate) fn take(mut self) -> ActivityTask {
        self.task.take().expect("a lease holds its task until it is taken")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            self.matching.add(&self.key, task);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn key() -> QueueKey {
        QueueKey {
            namespace_id: "ns".into(),
            name: "queue".into(),
        }
    }

    fn task(id: i64) -> ActivityTask {
        ActivityTask {
            token: ActivityToken {
                scheduled_event_id: id,
                ..Default::default()
            },
            activity_type: "Greet".into(),
        }
    }

    #[tokio::test]
    async fn tasks_come_in_order_and_pollers_in_turn() {
        let matching = Arc::new(Matching::default());
        matching.add(&key(), task(1));
        matching.add(&key(), task(2));
        assert_eq!(matching.poll(&key(), None).await.take(), task(1));
        assert_eq!(matching.poll(&key(), None).await.take(), task(2));

        let queue = key();
        let mut first = Box::pin(matching.poll(&queue, None));
        let mut second = Box::pin(matching.poll(&queue, None));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        matching.add(&key(), task(3));
        matching.add(&key(), task(4));
        assert_eq!(first.await.take(), task(3));
        assert_eq!(second.await.take(), task(4));
    }

    #[tokio::test]
    async fn a_poller_that_goes_away_takes_nothing_with_it() {
        let matching = Arc::new(Matching::default());
        let queue = key();
        let mut gone_before = Box::pin(matching.poll(&queue, None));
        assert!((&mut gone_before).now_or_never().is_none());
        drop(gone_before);
        let mut gone_after = Box::pin(matching.poll(&queue, None));
        assert!((&mut gone_after).now_or_never().is_none());
        matching.add(&key(), task(1));
        drop(gone_after);
        drop(matching.poll(&key(), None).await);
        assert_eq!(matching.poll(&key(), None).await.take(), task(1));
    }

    #[tokio::test]
    async fn a_component_takes_only_the_types_that_it_defines() {
        let matching = Arc::new(Matching::default());
        let component = Arc::new(Component {
            digest: wrt_model::Digest::of(b""),
            kind: wrt_model::ComponentKind::Activity,
            sdk_name: String::new(),
            sdk_version: String::new(),
            types: vec![],
            size: 0,
        });
        matching.add(&key(), task(1));
        assert!(matching.poll(&key(), Some(component)).now_or_never().is_none());
        assert_eq!(matching.poll(&key(), None).await.take(), task(1));
    }
}
