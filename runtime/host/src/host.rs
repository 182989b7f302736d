//! The host: compiled components of both worlds, and the engines that run them.

use std::{future::Future, path::Path, sync::Arc};

use wrt_model::{Component, ComponentKind, Digest};

use crate::{
    ActivityModule, BoxError, HostError, HostOptions, PrepareError, Prepared, WorkflowModule,
    activity::ActivityLinker,
    cache::{Compiler, ModuleCache},
    describe::Description,
    engine,
    error::message,
    prepare::{self, World},
    workflow::WorkflowLinker,
};

/// Runs components. Clones share everything.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    workflow_linker: WorkflowLinker,
    workflows: ModuleCache<WorkflowModule>,
    activity_linker: ActivityLinker,
    activities: ModuleCache<ActivityModule>,
}

impl Host {
    /// Reserves the address space for all instances and starts the clock that interrupts busy guests.
    pub fn new(options: HostOptions) -> Result<Host, HostError> {
        let folder = |world: &str| -> Option<_> {
            let cache_dir: &Path = options.cache_dir.as_deref()?;
            Some(cache_dir.join(world))
        };
        let start = |error: wasmtime::Error| HostError::Engine(message(&error));
        let workflows = Compiler::new(folder("workflow"), |functions| {
            engine::workflow_engine(&options, functions)
        })?;
        let activities = Compiler::new(folder("activity"), |functions| {
            engine::activity_engine(&options, functions)
        })?;
        Ok(Host(Arc::new(Shared {
            workflow_linker: WorkflowLinker::new(workflows.engine(), options.workflow.clone()).map_err(start)?,
            activity_linker: ActivityLinker::new(activities.engine(), &options).map_err(start)?,
            workflows: ModuleCache::new(workflows),
            activities: ModuleCache::new(activities),
        })))
    }

    /// Makes a file ready to be deployed: a component, or a core module with component metadata. Checks what it
    /// imports, compiles it, and asks it what it contains.
    pub async fn prepare(&self, bytes: &[u8]) -> Result<Prepared, PrepareError> {
        let bytes = prepare::componentize(bytes)?;
        let interfaces = prepare::interfaces(&bytes)?;
        let world = interfaces.world()?;
        interfaces.check_imports(world)?;
        let digest = Digest::of(&bytes);
        let Description {
            sdk_name,
            sdk_version,
            types,
            activities,
        } = self
            .describe(world.kind(), &digest, &bytes)
            .await?
            .check()
            .map_err(PrepareError::Describe)?;
        // A module that holds nothing of one kind is one of the other.
        let (kind, types, activities) = match (types.is_empty(), activities.is_empty()) {
            (false, true) if world == World::Module => (ComponentKind::Workflow, types, activities),
            (true, false) => (ComponentKind::Activity, activities, types),
            _ => (world.kind(), types, activities),
        };
        let component = Component {
            size: u64::try_from(bytes.len()).expect("a length fits u64"),
            digest,
            kind,
            sdk_name,
            sdk_version,
            types,
            activities,
        };
        Ok(Prepared { component, bytes })
    }

    /// A workflow component. It is taken from memory, or else from the folder of compiled components, or else compiled
    /// from `bytes`.
    pub async fn workflow<F, Fut>(&self, digest: &Digest, bytes: F) -> Result<WorkflowModule, HostError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<u8>, BoxError>>,
    {
        let link = |component: &_| self.0.workflow_linker.link(digest, component);
        self.0.workflows.get(digest, bytes, link).await
    }

    /// An activity component, in the same way as [`workflow`](Self::workflow).
    pub async fn activity<F, Fut>(&self, digest: &Digest, bytes: F) -> Result<ActivityModule, HostError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<u8>, BoxError>>,
    {
        let link = |component: &_| self.0.activity_linker.link(digest, component);
        self.0.activities.get(digest, bytes, link).await
    }

    async fn describe(&self, kind: ComponentKind, digest: &Digest, bytes: &[u8]) -> Result<Description, HostError> {
        let bytes = || async { Ok(bytes.to_vec()) };
        let workflows = async { self.workflow(digest, bytes).await?.describe() };
        let activities = async { self.activity(digest, bytes).await?.describe().await };
        match kind {
            ComponentKind::Workflow => workflows.await,
            ComponentKind::Activity => activities.await,
            // Compiled for both at the same time.
            ComponentKind::Module => {
                let (workflows, activities) = tokio::try_join!(workflows, activities)?;
                Ok(Description {
                    activities: activities.types,
                    ..workflows
                })
            }
        }
    }
}
