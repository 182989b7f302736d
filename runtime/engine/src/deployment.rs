//! Deployments: names under which components serve task queues.

use wrt_model::{
    Component, ComponentKind, Deployment, Digest, Namespace,
    component::{DeploymentVersion, Grants},
};

use crate::{Engine, EngineError, clock, routing::Route, worker::ServerWorker};

/// A component to be deployed.
#[derive(Clone, Debug, Default)]
pub struct Deploy {
    /// The name of the deployment. The default is the component's first type.
    pub name: Option<String>,
    /// The task queue to serve. The default is what the deployment serves, or its name.
    pub task_queue: Option<String>,
    /// The component, or a core module that carries component metadata.
    pub bytes: Vec<u8>,
    /// What its activities may touch.
    pub grants: Grants,
    /// Whether new runs start on it from now on. The first version of a deployment always is the current one.
    pub set_current: bool,
}

impl Engine {
    /// Takes a component in and makes it a version of its deployment. The same bytes again change nothing but the grants.
    pub async fn deploy(&self, namespace: &Namespace, deploy: Deploy) -> Result<(Deployment, Component), EngineError> {
        let prepared = self.inner.host.prepare(&deploy.bytes).await?;
        let component = prepared.component;
        let name = deploy
            .name
            .clone()
            .or_else(|| Some(component.types.first().or(component.activities.first())?.name.clone()));
        let name = name.ok_or_else(|| {
            EngineError::InvalidArgument(format!("the {} component defines no type", component.kind.as_str()))
        })?;
        if component.kind == ComponentKind::Workflow && deploy.grants != Grants::default() {
            return Err(EngineError::InvalidArgument(
                "a workflow component takes no grants: what it does outside, it does through activities".into(),
            ));
        }
        let existing = self.inner.store.deployment(&namespace.id, &name).await?;
        let deployment = next_version(namespace, name, existing, &component, deploy)?;
        if let Some((rival, shared)) = self.inner.routing.rival(&deployment, &component) {
            return Err(EngineError::FailedPrecondition(format!(
                "deployment {rival} serves the type {shared} on task queue {} already; deploy a new version of it with \
                 --name {rival}, or choose another --task-queue",
                deployment.task_queue
            )));
        }
        self.inner.store.component_insert(&component, &prepared.bytes).await?;
        self.put_deployment(deployment.clone()).await?;
        Ok((deployment, component))
    }

    /// The deployments of a namespace, each with its current component.
    pub async fn deployments(&self, namespace: &Namespace) -> Result<Vec<(Deployment, Component)>, EngineError> {
        let mut found = Vec::new();
        for deployment in self.inner.store.deployments().await? {
            if deployment.namespace_id == namespace.id {
                let component = self.component(&deployment.current).await?;
                found.push((deployment, component));
            }
        }
        Ok(found)
    }

    /// A deployment with the components of all its versions, in their order.
    pub async fn deployment(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<(Deployment, Vec<Component>), EngineError> {
        let deployment = self.find_deployment(namespace, name).await?;
        let mut components = Vec::with_capacity(deployment.versions.len());
        for version in &deployment.versions {
            components.push(self.component(&version.digest).await?);
        }
        Ok((deployment, components))
    }

    /// Has new runs start on another version, given by the first digits of its digest.
    pub async fn deployment_set_current(
        &self,
        namespace: &Namespace,
        name: &str,
        digest_prefix: &str,
    ) -> Result<Deployment, EngineError> {
        let mut deployment = self.find_deployment(namespace, name).await?;
        deployment.current = find_version(&deployment, digest_prefix)?;
        deployment.kind = self.component(&deployment.current).await?.kind;
        self.put_deployment(deployment.clone()).await?;
        Ok(deployment)
    }

    /// Removes a version that nothing uses any more.
    pub async fn deployment_delete_version(
        &self,
        namespace: &Namespace,
        name: &str,
        digest_prefix: &str,
    ) -> Result<(), EngineError> {
        let mut deployment = self.find_deployment(namespace, name).await?;
        let digest = find_version(&deployment, digest_prefix)?;
        let is_last = deployment.versions.len() == 1;
        if digest == deployment.current && !is_last {
            return Err(EngineError::FailedPrecondition(format!(
                "version {} is the current one of {name}; make another one current first",
                digest.short()
            )));
        }
        let open_runs = self.inner.store.open_runs_of(&digest).await?;
        if open_runs > 0 {
            return Err(EngineError::FailedPrecondition(format!(
                "{open_runs} open runs use version {} of {name}; let them end, or terminate them",
                digest.short()
            )));
        }
        if is_last {
            self.inner.store.deployment_delete(&namespace.id, name).await?;
            self.inner.routing.remove(&namespace.id, name);
        } else {
            deployment.versions.retain(|version| version.digest != digest);
            self.put_deployment(deployment).await?;
        }
        Ok(())
    }

    /// Serves what was deployed before the start.
    pub(crate) async fn load_routing(&self) -> Result<(), EngineError> {
        for deployment in self.inner.store.deployments().await? {
            self.serve(deployment).await?;
        }
        Ok(())
    }

    /// The bytes of a component that is not compiled yet.
    pub(crate) async fn component_bytes(&self, digest: Digest) -> Result<Vec<u8>, wrt_host::BoxError> {
        let bytes = self.inner.store.component_bytes(&digest).await?;
        bytes.ok_or_else(|| format!("the component {digest} is not in the store").into())
    }

    async fn put_deployment(&self, deployment: Deployment) -> Result<(), EngineError> {
        self.inner.store.deployment_put(&deployment).await?;
        self.serve(deployment.clone()).await?;
        if deployment.kind.has(ComponentKind::Workflow) {
            self.wake_waiting_runs(deployment);
        }
        Ok(())
    }

    async fn serve(&self, deployment: Deployment) -> Result<(), EngineError> {
        let component = self.component(&deployment.current).await?;
        let has_activities = component.kind.has(ComponentKind::Activity);
        let route: Route = self.inner.routing.put(deployment, component);
        if has_activities {
            ServerWorker::spawn(self, route);
        }
        Ok(())
    }

    /// What is known of a component.
    pub(crate) async fn component(&self, digest: &Digest) -> Result<Component, EngineError> {
        let component = self.inner.store.component(digest).await?;
        component.ok_or_else(|| EngineError::FailedPrecondition(format!("the component {digest} is not in the store")))
    }

    async fn find_deployment(&self, namespace: &Namespace, name: &str) -> Result<Deployment, EngineError> {
        let deployment = self.inner.store.deployment(&namespace.id, name).await?;
        deployment.ok_or_else(|| EngineError::DeploymentNotFound(name.to_owned()))
    }
}

/// The deployment with one version more.
fn next_version(
    namespace: &Namespace,
    name: String,
    existing: Option<Deployment>,
    component: &Component,
    deploy: Deploy,
) -> Result<Deployment, EngineError> {
    let mut deployment = existing.unwrap_or_else(|| Deployment {
        namespace_id: namespace.id.clone(),
        task_queue: name.clone(),
        kind: component.kind,
        current: component.digest.clone(),
        versions: Vec::new(),
        grants: Grants::default(),
        name,
    });
    // One that holds both may follow, and be followed by, either.
    if !deployment.kind.has(component.kind) && !component.kind.has(deployment.kind) {
        return Err(EngineError::FailedPrecondition(format!(
            "deployment {} holds {} components, and this is a component of kind {}; choose another --name",
            deployment.name,
            deployment.kind.as_str(),
            component.kind.as_str()
        )));
    }
    if let Some(task_queue) = deploy.task_queue {
        deployment.task_queue = task_queue;
    }
    if !deployment
        .versions
        .iter()
        .any(|version| version.digest == component.digest)
    {
        let deployed_ns = clock::now().nanos();
        deployment.versions.push(DeploymentVersion {
            digest: component.digest.clone(),
            deployed_ns,
        });
    }
    if deploy.set_current {
        deployment.current = component.digest.clone();
        deployment.kind = component.kind;
    }
    deployment.grants = deploy.grants;
    Ok(deployment)
}

fn find_version(deployment: &Deployment, digest_prefix: &str) -> Result<Digest, EngineError> {
    let matches: Vec<&Digest> = deployment
        .versions
        .iter()
        .map(|version| &version.digest)
        .filter(|digest| !digest_prefix.is_empty() && digest.as_str().starts_with(digest_prefix))
        .collect();
    match matches.as_slice() {
        [digest] => Ok((*digest).clone()),
        [] => Err(EngineError::InvalidArgument(format!(
            "deployment {} has no version {digest_prefix:?}",
            deployment.name
        ))),
        _ => Err(EngineError::InvalidArgument(format!(
            "several versions of deployment {} begin with {digest_prefix:?}; give more digits",
            deployment.name
        ))),
    }
}
