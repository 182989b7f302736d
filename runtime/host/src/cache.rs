//! Compiled components: each is compiled once, kept in memory while it is in use and on disk for the next start.

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
};

use quick_cache::sync::Cache;
use wasmtime::{Engine, component::Component};
use wrt_model::Digest;

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
    folder: Option<PathBuf>,
}

impl Compiler {
    /// `folder` is made when it is missing.
    pub(crate) fn new(engine: Engine, folder: Option<PathBuf>) -> Result<Self, HostError> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).map_err(|cause| HostError::Cache {
                folder: folder.display().to_string(),
                cause,
            })?;
        }
        Ok(Compiler { engine, folder })
    }

    async fn component<F, Fut>(&self, digest: &Digest, bytes: F) -> Result<Component, HostError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<u8>, BoxError>>,
    {
        let file = self
            .folder
            .as_ref()
            .map(|folder| folder.join(format!("{digest}.cwasm")));
        if let Some(component) = file.as_deref().and_then(|file| self.read(file)) {
            return Ok(component);
        }
        let bytes = bytes().await.map_err(|cause| HostError::Load {
            digest: digest.clone(),
            cause,
        })?;
        let component = self.compile(digest, bytes).await?;
        if let Some(file) = &file
            && let Err(error) = write(file, &component)
        {
            // The next start compiles again; nothing else is lost.
            tracing::warn!(file = %file.display(), %error, "keep a compiled component");
        }
        Ok(component)
    }

    async fn compile(&self, digest: &Digest, bytes: Vec<u8>) -> Result<Component, HostError> {
        let engine = self.engine.clone();
        let compiled = tokio::task::spawn_blocking(move || Component::from_binary(&engine, &bytes))
            .await
            // The compiler panicked over a component that nobody foresaw: that is the component's trouble only.
            .unwrap_or_else(|panic| Err(panic.into()));
        compiled.map_err(|error| HostError::Compile {
            digest: digest.clone(),
            cause: message(&error),
        })
    }

    /// What an earlier start wrote, if it fits this version of wasmtime, its settings and this processor.
    fn read(&self, file: &Path) -> Option<Component> {
        if !file.exists() {
            return None;
        }
        // SAFETY: the file is what `Component::serialize` gave, since only the server writes into this folder, under a
        // new name that is moved into place when it is complete and never written again. wasmtime itself refuses files
        // of other versions and settings.
        #[allow(unsafe_code)]
        let component = unsafe { Component::deserialize_file(&self.engine, file) };
        component
            .inspect_err(|error| {
                tracing::info!(file = %file.display(), %error, "compile a component again");
            })
            .ok()
    }
}

/// Writes beside the file and moves it into place, so that nobody ever reads a part of it.
fn write(file: &Path, component: &Component) -> io::Result<()> {
    let code = component.serialize().map_err(io::Error::other)?;
    let unfinished = file.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&unfinished, code)?;
    std::fs::rename(&unfinished, file)
}
