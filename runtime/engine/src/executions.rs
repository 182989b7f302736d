//! The attempts that run inside the server, and the way to ask one to stop.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use wrt_model::task::ActivityToken;

/// The attempts that are under way.
#[derive(Default)]
pub(crate) struct Executions {
    by_activity: Mutex<HashMap<(String, i64), watch::Sender<bool>>>,
}

impl Executions {
    /// Notes an attempt that begins. The receiver becomes true when it is asked to stop.
    pub(crate) fn enter(&self, token: &ActivityToken) -> watch::Receiver<bool> {
        let (sender, receiver) = watch::channel(false);
        self.lock()
            .insert((token.run_id.clone(), token.scheduled_event_id), sender);
        receiver
    }

    /// Forgets an attempt that has ended.
    pub(crate) fn leave(&self, token: &ActivityToken) {
        self.lock().remove(&(token.run_id.clone(), token.scheduled_event_id));
    }

    /// Asks the attempt to stop, if it runs here.
    pub(crate) fn cancel(&self, run_id: &str, scheduled_event_id: i64) {
        if let Some(sender) = self.lock().get(&(run_id.to_owned(), scheduled_event_id)) {
            sender.send_replace(true);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, i64), watch::Sender<bool>>> {
        self.by_activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
