//! What namespaces allow, and the ends and warnings of runs that outgrow it.

use std::{collections::BTreeMap, sync::Arc};

use prost::Message;
use wrt_model::{Limits, Namespace};
use wrt_store::StoreError;

use crate::{
    Engine, EngineError, IDENTITY, clock,
    lane::{HotRun, Lane, Step},
};

impl Engine {
    /// What a namespace allows: what it has set, and the server's limits for the rest.
    pub fn limits(&self, namespace: &Namespace) -> Limits {
        self.inner.limits.with(&namespace.limits)
    }

    /// Sets limits of a namespace, by name. 0 stands for no limit, `None` for the server's.
    ///
    /// Errors: [`EngineError::InvalidArgument`] when there is no limit of a name.
    pub async fn update_limits(
        &self,
        namespace: &str,
        changes: &BTreeMap<String, Option<u64>>,
    ) -> Result<Arc<Namespace>, EngineError> {
        let _changing = self.inner.namespaces.changing.lock().await;
        let mut changed = Namespace::clone(&*self.namespace(namespace).await?);
        for (name, value) in changes {
            let name = Limits::name(name).map_err(|error| EngineError::InvalidArgument(error.to_string()))?;
            match value {
                Some(value) => changed.limits.insert(name.to_owned(), *value),
                None => changed.limits.remove(name),
            };
        }
        self.namespace_update(changed).await?;
        self.namespace(namespace).await
    }

    /// What the namespace of this id allows.
    pub(crate) async fn limits_of(&self, namespace_id: &str) -> Result<Limits, StoreError> {
        match self.namespace_by_id(namespace_id).await {
            Ok(namespace) => Ok(self.limits(&namespace)),
            Err(EngineError::Store(error)) => Err(error),
            // Without a namespace there is nobody who could have set any.
            Err(_) => Ok(self.inner.limits),
        }
    }
}

impl Lane {
    /// Ends the run if its history has grown too long; warns once when it is about to.
    pub(crate) fn enforce_limits(&mut self, step: &mut Step) {
        let Some(current) = &mut self.current else { return };
        current.warn_of_growth();
        if let Some(reason) = current.decide(clock::now(), |turn| turn.end_overgrown(IDENTITY)) {
            tracing::warn!(run = %current.run.key(), reason, "terminated a run");
            current.answer_updates(step);
        }
    }
}

impl HotRun {
    /// Logs which warning limits this step's events cross.
    fn warn_of_growth(&self) {
        let size = self.run.history_bytes.unsigned_abs();
        let count = self.run.history_length().unsigned_abs();
        let Limits {
            blob_size_warn,
            history_count_warn,
            history_size_warn,
            ..
        } = self.limits;
        if size.max(count) <= blob_size_warn.min(history_size_warn).min(history_count_warn) {
            return;
        }
        let key = self.run.key();
        let new = &self.tail[self.uncommitted..];
        let mut new_bytes = 0;
        for event in new {
            let bytes = event.encoded_len() as u64;
            new_bytes += bytes;
            if bytes > blob_size_warn {
                let (event_id, event_type) = (event.event_id, event.event_type());
                tracing::warn!(run = %key, event_id, ?event_type, bytes, "an event is larger than blob_size_warn");
            }
        }
        let crosses = |after: u64, added: u64, limit: u64| after > limit && after - added <= limit;
        if crosses(count, new.len() as u64, history_count_warn) {
            tracing::warn!(run = %key, events = count, "the history is longer than history_count_warn");
        }
        if crosses(size, new_bytes, history_size_warn) {
            tracing::warn!(run = %key, bytes = size, "the history is larger than history_size_warn");
        }
    }
}
