//! JavaScript and TypeScript.

mod graph;
mod sdk;
mod snapshot;
mod transpile;

use std::path::PathBuf;

use crate::BuildError;

/// The engine before it holds a program; empty if it was not built before this crate.
static ENGINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/engine.wasm"));

/// What a component is built of.
#[derive(Clone, Debug)]
pub struct Project {
    /// The module whose exports are workflows, and may be activities.
    pub entry: PathBuf,
    /// Another module, all of whose exported functions are activities.
    pub activities: Option<PathBuf>,
    /// A folder of one's own where the compiled engine is kept for the next time.
    pub cache_dir: Option<PathBuf>,
}

/// A component that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The component.
    pub component: Vec<u8>,
    /// The files that it is made of, for those who watch them.
    pub files: Vec<PathBuf>,
}

/// Builds a component. Computes for a second or so: in an asynchronous program, on a thread for that.
///
/// # Errors
/// What the sources have wrong, with file, line and column.
pub fn build(project: &Project) -> Result<Built, BuildError> {
    if ENGINE.is_empty() {
        return Err(BuildError::NoEngine);
    }
    let program = graph::collect(project)?;
    Ok(Built {
        component: snapshot::take(ENGINE, &program, project.cache_dir.clone())?,
        files: program.files,
    })
}
