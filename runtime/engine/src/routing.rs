//! Which component serves which task queue.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use wrt_model::{Component, ComponentKind, Deployment};

use crate::matching::QueueKey;

/// A deployment with the description of its current version.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) current: Arc<Component>,
}

/// The current version of every deployment, by the queue that it serves.
#[derive(Default)]
pub(crate) struct Routing {
    by_queue: RwLock<HashMap<QueueKey, Vec<Route>>>,
}

impl Routing {
    /// The component that new runs or activities of this type go to.
    pub(crate) fn find(&self, queue: &QueueKey, kind: ComponentKind, type_name: &str) -> Option<Route> {
        let by_queue = self.by_queue.read().unwrap_or_else(PoisonError::into_inner);
        let mut routes = by_queue.get(queue)?.iter();
        routes.find(|route| route.current.defines(kind, type_name)).cloned()
    }

    /// Whether any component of this kind serves the queue.
    pub(crate) fn has(&self, queue: &QueueKey, kind: ComponentKind) -> bool {
        let by_queue = self.by_queue.read().unwrap_or_else(PoisonError::into_inner);
        let mut routes = by_queue.get(queue).into_iter().flatten();
        routes.any(|route| route.current.kind.has(kind))
    }

    /// True while the queue is served by this very version of the deployment.
    pub(crate) fn serves(&self, queue: &QueueKey, route: &Route) -> bool {
        let by_queue = self.by_queue.read().unwrap_or_else(PoisonError::into_inner);
        let mut routes = by_queue.get(queue).into_iter().flatten();
        routes.any(|known| Arc::ptr_eq(&known.deployment, &route.deployment))
    }

    /// Task queues of the namespace on which some component defines this workflow type.
    pub(crate) fn queues_of(&self, namespace_id: &str, workflow_type: &str) -> Vec<String> {
        let by_queue = self.by_queue.read().unwrap_or_else(PoisonError::into_inner);
        let mut queues: Vec<String> = by_queue
            .iter()
            .filter(|(queue, routes)| {
                queue.namespace_id == namespace_id
                    && routes
                        .iter()
                        .any(|route| route.current.defines(ComponentKind::Workflow, workflow_type))
            })
            .map(|(queue, _)| queue.name.clone())
            .collect();
        queues.sort();
        queues
    }

    /// Another deployment that serves one of these types on the same queue.
    pub(crate) fn rival(&self, deployment: &Deployment, component: &Component) -> Option<(String, String)> {
        let by_queue = self.by_queue.read().unwrap_or_else(PoisonError::into_inner);
        by_queue.get(&queue_of(deployment))?.iter().find_map(|route| {
            let other = route.deployment.name != deployment.name;
            let kinds = [ComponentKind::Workflow, ComponentKind::Activity];
            let shared = kinds.into_iter().find_map(|kind| {
                let mut types = component.types_of(kind).iter();
                types.find(|definition| route.current.defines(kind, &definition.name))
            });
            shared
                .filter(|_| other)
                .map(|definition| (route.deployment.name.clone(), definition.name.clone()))
        })
    }

    /// Puts a deployment in the place of what it was before.
    pub(crate) fn put(&self, deployment: Deployment, current: Component) -> Route {
        let route = Route {
            deployment: Arc::new(deployment),
            current: Arc::new(current),
        };
        let mut by_queue = self.by_queue.write().unwrap_or_else(PoisonError::into_inner);
        remove(&mut by_queue, &route.deployment.namespace_id, &route.deployment.name);
        by_queue
            .entry(queue_of(&route.deployment))
            .or_default()
            .push(route.clone());
        route
    }

    /// Takes a deployment out.
    pub(crate) fn remove(&self, namespace_id: &str, name: &str) {
        let mut by_queue = self.by_queue.write().unwrap_or_else(PoisonError::into_inner);
        remove(&mut by_queue, namespace_id, name);
    }
}

/// The queue that a deployment serves.
pub(crate) fn queue_of(deployment: &Deployment) -> QueueKey {
    QueueKey::new(&deployment.namespace_id, &deployment.task_queue)
}

fn remove(by_queue: &mut HashMap<QueueKey, Vec<Route>>, namespace_id: &str, name: &str) {
    for (queue, routes) in by_queue.iter_mut() {
        if queue.namespace_id == namespace_id {
            routes.retain(|route| route.deployment.name != name);
        }
    }
    by_queue.retain(|_, routes| !routes.is_empty());
}
