//! Compiled components: each is compiled once, kept in memory while it is in use and on disk for the next start.

mod folder;
mod functions;

use std::{future::Future, io, path::PathBuf, sync::Arc};

use quick_cache::sync::Cache;
use wasmtime::{Engine, component::Component};
use wrt_model::Digest;

use self::folder::Folder;
pub use self::functions::{Compilation, Functions};
use crate::error::{BoxError, HostError, message};

/// Components of one world that are kept in memory.
const MODULES: usize = 256;

/// Modules by digest. `M` is a component that is linked with its world.
pub(crate) struct ModuleCache<M> {
    modules: Cache<Digest, M>,
    compiler: Compiler,
}

impl<M: Clone> ModuleCache<M> {
    pub(crate) fn new(compiler: Compiler) -> Self {
        ModuleCache {
            modules: Cache::new(MODULES),
            compiler,
        }
    }

    /// The module of this digest. Callers that want the same one at the same time wait for one compilation.
    pub(crate) async fn get<F, Fut>(
        &self,
        digest: &Digest,
        bytes: F,
        link: impl FnOnce(&Component) -> Result<M, HostError>,
    ) -> Result<M, HostError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<u8>, BoxError>>,
    {
        self.modules
            .get_or_insert_async(digest, async { link(&self.compiler.component(digest, bytes).await?) })
            .await
    }
}

/// Turns bytes into machine code, or finds what it made of them before.
pub(crate) struct Compiler {
    engine: Engine,
    folder: Option<Arc<Folder>>,
    functions: Arc<Functions>,
}

impl Compiler {
    /// `folder` is made when it is missing, and refused when others may write to it. The engine is started with the store of
    /// functions.
    pub(crate) fn new(
        folder: Option<PathBuf>,
        start: impl FnOnce(Arc<Functions>) -> Result<Engine, HostError>,
    ) -> Result<Self, HostError> {
        let folder = folder.map(Folder::open).transpose()?.map(Arc::new);
        let functions = Arc::new(Functions::new(folder.clone()));
        Ok(Compiler {
            engine: start(Arc::clone(&functions))?,
            folder,
            functions,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn component<F, Fut>(&self, digest: &Digest, bytes: F) -> Result<Component, HostError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<u8>, BoxError>>,
    {
        let folder = self.folder.as_deref();
        if let Some(component) = folder.and_then(|folder| self.read(folder, digest)) {
            return Ok(component);
        }
        let bytes = bytes().await.map_err(|cause| HostError::Load {
            digest: digest.clone(),
            cause,
        })?;
        let component = self.compile(digest, bytes).await?;
        if let Some(folder) = folder
            && let Err(error) = keep(folder, digest, &component)
        {
            // The next start compiles again; nothing else is lost.
            tracing::warn!(component = %digest, %error, "keep a compiled component");
        }
        Ok(component)
    }

    async fn compile(&self, digest: &Digest, bytes: Vec<u8>) -> Result<Component, HostError> {
        let (engine, functions) = (self.engine.clone(), Arc::clone(&self.functions));
        let compile = move || {
            let _compilation = functions.begin();
            Component::from_binary(&engine, &bytes)
        };
        let compiled = tokio::task::spawn_blocking(compile)
            .await
            // The compiler panicked over a component that nobody foresaw: that is the component's trouble only.
            .unwrap_or_else(|panic| Err(panic.into()));
        compiled.map_err(|error| HostError::Compile {
            digest: digest.clone(),
            cause: message(&error),
        })
    }

    /// What an earlier start wrote, if it fits this version of wasmtime, its settings and this processor.
    fn read(&self, folder: &Folder, digest: &Digest) -> Option<Component> {
        let code = folder.read(digest)?;
        // SAFETY: the bytes are what `Component::serialize` gave: nobody else may write into the folder, and a checksum
        // over all of them, and over the component that they belong to, has been compared. They are copied, so that what
        // happens to the file from now on does not matter. wasmtime itself refuses code of other versions and settings.
        #[allow(unsafe_code)]
        let component = unsafe { Component::deserialize(&self.engine, &code) };
        component
            .inspect_err(|error| tracing::info!(component = %digest, %error, "compile a component again"))
            .ok()
    }
}

fn keep(folder: &Folder, digest: &Digest, component: &Component) -> io::Result<()> {
    let code = component.serialize().map_err(io::Error::other)?;
    folder.write(digest, &code)
}
