//! What can go wrong outside of a guest's own code.

use wasmtime::PoolConcurrencyLimitError;
use wrt_model::{ComponentKind, Digest};

use crate::trap::Explanation;

/// Any error of a caller's closure.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The operator's errors: the host cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// wasmtime does not start with these options on this machine.
    #[error("start the WebAssembly engine: {0}")]
    Engine(String),
    /// The address space for all instances of a world cannot be had. Fewer of them, or less memory for each, need less.
    #[error(
        "reserve {} GiB of address space for {instances} instances of {kind} components: {cause}",
        bytes.div_ceil(1 << 30),
        kind = kind.as_str()
    )]
    AddressSpace {
        /// The world.
        kind: ComponentKind,
        /// Instances that there is to be room for.
        instances: u32,
        /// What they take together, at least.
        bytes: u64,
        /// What the system said.
        cause: String,
    },
    /// The cache of compiled components cannot be used.
    #[error("open the folder of compiled components {folder}: {cause}")]
    Cache {
        /// The folder.
        folder: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Others could put code into the cache of compiled components, which the server would run.
    #[error(
        "others may write to the folder of compiled components {folder}: {reason}. The server runs what lies there; choose \
         a folder of its own"
    )]
    SharedCache {
        /// The folder.
        folder: String,
        /// Why they may.
        reason: String,
    },
    /// The bytes of a component could not be had.
    #[error("load component {digest}: {cause}")]
    Load {
        /// The component.
        digest: Digest,
        /// What the caller's closure said.
        cause: BoxError,
    },
    /// The bytes are no component that this host can run.
    #[error("compile component {digest}: {cause}")]
    Compile {
        /// The component.
        digest: Digest,
        /// What the compiler said.
        cause: String,
    },
    /// The component has another world.
    #[error("component {digest} is not made for the world of a {expected}: {cause}", expected = expected.as_str())]
    Kind {
        /// The component.
        digest: Digest,
        /// What it was asked to be.
        expected: ComponentKind,
        /// What is missing.
        cause: String,
    },
    /// Every place for an instance is taken: drop one and try again.
    #[error("all places for instances are taken: {0}")]
    Exhausted(String),
    /// The component does not come to life.
    #[error("instantiate component {digest}: {cause}")]
    Instantiate {
        /// The component.
        digest: Digest,
        /// What happened, with the guest's backtrace.
        cause: String,
    },
}

/// Why a file cannot be deployed. The messages are for whoever built it.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Not WebAssembly at all.
    #[error(
        "the file is not WebAssembly: it does not begin with `\\0asm`. Deploy what \
         `cargo build --target wasm32-wasip2` writes into target/wasm32-wasip2, or another component"
    )]
    NotWasm,
    /// A core module from which no component can be made.
    #[error(
        "the file is a core module, and no component can be made of it: {0}. Build it with bindings for `wrt:workflow` \
         or `wrt:activity`, or deploy a component"
    )]
    Componentize(String),
    /// Broken, or of a kind that is not supported.
    #[error("read the component: {0}")]
    Invalid(String),
    /// Exports none of the contracts.
    #[error(
        "the component exports neither `wrt:workflow/guest@{version}`, `{temporal}` nor `wrt:activity/guest@{version}`; it \
         exports {exports}",
        version = crate::CONTRACT_VERSION,
        temporal = crate::prepare::TEMPORAL_GUEST
    )]
    NoWorld {
        /// What it exports instead.
        exports: String,
    },
    /// Imports something that its world does not have.
    #[error("the {kind} component imports `{import}`, {why}", kind = kind.as_str())]
    ForbiddenImport {
        /// What the component is.
        kind: ComponentKind,
        /// The import.
        import: String,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// `describe` trapped or said something impossible.
    #[error("describe the component: {0}")]
    Describe(String),
    /// The host's own trouble.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// An error of wasmtime in one line: what was done and why it failed.
pub(crate) fn message(error: &wasmtime::Error) -> String {
    format!("{error:#}")
}

/// The error for a guest that stopped before it came to its work.
pub(crate) fn stopped(digest: &Digest, error: &wasmtime::Error, explanation: &Explanation) -> HostError {
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return HostError::Exhausted(message(error));
    }
    let Explanation { message, backtrace, .. } = explanation;
    HostError::Instantiate {
        digest: digest.clone(),
        cause: format!("{message}\n{backtrace}").trim_end().to_owned(),
    }
}
