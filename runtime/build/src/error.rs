//! Why a component could not be built.

use std::{io, path::PathBuf};

/// An error with all that a person needs to mend it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file is not there, or cannot be read.
    #[error("read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// What is written is no JavaScript or TypeScript. The text shows the places.
    #[error("{0}")]
    Syntax(String),
    /// An import that leads nowhere.
    #[error("{importer}:{line}:{column}: find `{specifier}`: {cause}")]
    Import {
        /// The file with the import.
        importer: String,
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What is imported.
        specifier: String,
        /// Why it is not found, and what to do.
        cause: String,
    },
    /// A module threw when it was evaluated, or what it exports is of no use.
    #[error("{0}")]
    Evaluate(String),
    /// This program was built without the engine.
    #[error(
        "this program holds no JavaScript engine: build the engine with `cargo xtask engine`, and the program after it"
    )]
    NoEngine,
    /// The folder of compiled functions cannot be used.
    #[error(transparent)]
    Cache(#[from] wrt_host::HostError),
    /// WebAssembly itself is the trouble.
    #[error("make the component: {0}")]
    Wasm(#[from] wasmtime::Error),
}
