//! The hands: runs components in wasmtime.
//!
//! A [`Host`] compiles components and keeps the code. A [`WorkflowModule`] makes one [`WorkflowInstance`] per run, which
//! takes events and gives commands; an [`ActivityModule`] executes attempts. No type of wasmtime leaves this crate.
//!
//! Where things are: `workflow/` has one file per interface of the contract (`activity`, `timer`, `execution`, `log`), the
//! parts of WASI that belong to the run (`clock`, `random`), the way from events to the guest (`turns`, `jobs`), and the
//! commands with their check on replay (`ledger`, `check`). `contract` is where guests of different contracts part; that of
//! Temporal's own crate has the folder `temporal`.

mod activity;
mod bindings;
mod cache;
mod console;
mod describe;
mod engine;
mod error;
mod failure;
mod frame;
mod host;
mod limits;
mod lines;
mod options;
mod other_side;
mod prepare;
mod trap;
mod workflow;

pub use self::{
    activity::{ActivityControl, ActivityModule},
    error::{BoxError, HostError, PrepareError},
    failure::{QueryFailure, TaskFailure},
    frame::{Frame, Location},
    host::Host,
    lines::Lines,
    options::{ActivityLimits, HostOptions, MAPPINGS_PER_INSTANCE, WorkflowLimits},
    prepare::Prepared,
    workflow::{
        Attendant, Completion, LocalActivity, LocalActivityEnd, RunIdentity, TEMPORAL_CONTRACT, WorkflowInstance,
        WorkflowModule,
    },
};
pub use cache::{Compilation, Functions};
pub use other_side::refuse_imports;

/// The version of the contracts in `wit/` that this host speaks.
pub const CONTRACT_VERSION: &str = "0.1.0";
