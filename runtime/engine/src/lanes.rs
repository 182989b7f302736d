//! All lanes: one for each workflow id that something is happening to.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Semaphore, mpsc, oneshot};
use wrt_machine::{Rejection, Turn};
use wrt_model::WorkflowKey;

use crate::{
    Engine, EngineError,
    lane::{Lane, Message},
};

/// The lanes that are at work. An idle workflow has none.
pub(crate) struct Lanes {
    /// Whose lane goes on by itself holds the one turn that there is.
    pub(crate) turns: Arc<Semaphore>,
    /// How many there have been.
    opened: AtomicU64,
    by_workflow: Mutex<HashMap<WorkflowKey, mpsc::UnboundedSender<Message>>>,
}

impl Default for Lanes {
    fn default() -> Self {
        Lanes {
            turns: Arc::new(Semaphore::new(1)),
            opened: AtomicU64::new(0),
            by_workflow: Mutex::default(),
        }
    }
}

impl Lanes {
    /// True while nothing happens to any workflow.
    pub(crate) fn are_idle(&self) -> bool {
        self.lock().is_empty()
    }

    /// True while nothing happens to any other workflow than that of the lane which asks.
    pub(crate) fn is_single(&self) -> bool {
        self.lock().len() == 1
    }

    /// How many there have been: as long as it stays the same, nothing has happened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkflowKey, mpsc::UnboundedSender<Message>>> {
        self.by_workflow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Puts a message into the workflow's lane, opening the lane when it is not at work.
    pub(crate) fn send(&self, key: &WorkflowKey, mut message: Message) {
        let mut lanes = self.inner.lanes.lock();
        if let Some(sender) = lanes.get(key) {
            match sender.send(message) {
                Ok(()) => return,
                // A lane leaves the map before it ends, unless a defect has torn it down. The next one reads the store.
                Err(mpsc::error::SendError(unsent)) => message = unsent,
            }
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(message).expect("the receiver is at hand");
        lanes.insert(key.clone(), sender);
        self.inner.lanes.opened.fetch_add(1, Ordering::Relaxed);
        let lane = Lane::new(self.clone(), key.clone(), receiver);
        // Boxed: a task is moved several times, and this one has many kilobytes.
        self.inner.tasks.spawn(Box::pin(lane.run()));
    }

    /// Closes an idle lane, unless a message has come in the meantime. `park` runs before anybody can open the lane again.
    pub(crate) fn retire(
        &self,
        key: &WorkflowKey,
        receiver: &mpsc::UnboundedReceiver<Message>,
        park: impl FnOnce(),
    ) -> bool {
        let mut lanes = self.inner.lanes.lock();
        if !receiver.is_empty() {
            return false;
        }
        park();
        lanes.remove(key);
        true
    }

    /// The one gate: loads the run, decides by the machine's rules, commits, and then returns what was decided.
    ///
    /// An empty `run_id` stands for the workflow's current run.
    pub(crate) async fn decide<T: Send + 'static>(
        &self,
        key: &WorkflowKey,
        run_id: &str,
        rule: impl FnOnce(&mut Turn<'_>) -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Decide {
            run_id: run_id.to_owned(),
            decide: Box::new(move |turn| {
                let decided = turn.and_then(|turn| Ok(rule(turn)?));
                Box::new(move |committed| {
                    // The caller may have gone away; what was decided stands.
                    let _ = reply.send(committed.and(decided));
                })
            }),
        };
        self.send(key, message);
        answer.await.unwrap_or(Err(EngineError::ShuttingDown))
    }
}
