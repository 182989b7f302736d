//! Namespaces, looked up by name on every call and so kept in memory.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use uuid::Uuid;
use wrt_model::Namespace;
use wrt_store::StoreError;

use crate::{Engine, EngineError, clock};

/// Namespaces that have been looked up, by name and by id.
#[derive(Default)]
pub(crate) struct Namespaces {
    known: RwLock<HashMap<String, Arc<Namespace>>>,
    /// Held by whoever changes a namespace depending on what it is.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

impl Namespaces {
    fn get(&self, name_or_id: &str) -> Option<Arc<Namespace>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name_or_id)
            .cloned()
    }

    fn put(&self, namespace: Namespace) -> Arc<Namespace> {
        let namespace = Arc::new(namespace);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(namespace.id.clone(), namespace.clone());
        known.insert(namespace.name.clone(), namespace.clone());
        namespace
    }
}

impl Engine {
    /// The namespace with this name.
    pub async fn namespace(&self, name: &str) -> Result<Arc<Namespace>, EngineError> {
        if let Some(namespace) = self.inner.namespaces.get(name).filter(|known| known.name == name) {
            return Ok(namespace);
        }
        let namespace = self.inner.store.namespace_by_name(name).await?;
        let namespace = namespace.ok_or_else(|| EngineError::NamespaceNotFound(name.to_owned()))?;
        Ok(self.inner.namespaces.put(namespace))
    }

    /// The namespace with this id.
    pub async fn namespace_by_id(&self, id: &str) -> Result<Arc<Namespace>, EngineError> {
        if let Some(namespace) = self.inner.namespaces.get(id).filter(|known| known.id == id) {
            return Ok(namespace);
        }
        let namespace = self.inner.store.namespace_by_id(id).await?;
        let namespace = namespace.ok_or_else(|| EngineError::NamespaceNotFound(id.to_owned()))?;
        Ok(self.inner.namespaces.put(namespace))
    }

    /// Creates a namespace; its id and its time of creation are filled in.
    pub async fn namespace_register(&self, mut namespace: Namespace) -> Result<(), EngineError> {
        if namespace.id.is_empty() {
            namespace.id = Uuid::now_v7().to_string();
        }
        if namespace.created_ns == 0 {
            namespace.created_ns = clock::now().nanos();
        }
        match self.inner.store.namespace_insert(&namespace).await {
            Err(StoreError::AlreadyExists { .. }) => return Err(EngineError::NamespaceAlreadyExists(namespace.name)),
            other => other?,
        }
        self.inner.retention.namespace_changed();
        Ok(())
    }

    /// Replaces what is known about a namespace.
    pub async fn namespace_update(&self, namespace: Namespace) -> Result<(), EngineError> {
        self.inner.store.namespace_update(&namespace).await?;
        self.inner.namespaces.put(namespace);
        self.inner.retention.namespace_changed();
        Ok(())
    }

    /// Namespaces in the order of their names, those behind `after`.
    pub async fn namespaces(&self, after: Option<&str>, limit: u32) -> Result<Vec<Namespace>, EngineError> {
        Ok(self.inner.store.namespaces(after, limit).await?)
    }
}
