//! The words: ids, time, runs, tasks, payloads and failures. Knows no other crate of the runtime.
//!
//! Events, commands, payloads, failures and retry policies are Temporal's own protobuf messages: one vocabulary from the
//! wire to the disk. [`proto`] gives them their short names.

pub mod batch;
pub mod command;
pub mod component;
pub mod failure;
pub mod history;
pub mod ids;
pub mod limits;
pub mod namespace;
pub mod payload;
pub mod priority;
pub mod proto;
pub mod run;
pub mod schedule;
pub mod search_attribute;
pub mod task;
pub mod time;
pub mod update;
pub mod worker_deployment;

pub use batch::{BatchKey, BatchOperation};
pub use component::{Component, ComponentKind, Deployment, Digest};
pub use ids::{RunKey, WorkflowKey};
pub use limits::{Limits, UnknownLimit};
pub use namespace::Namespace;
pub use run::Run;
pub use schedule::{Schedule, ScheduleKey};
pub use search_attribute::SearchAttributeValue;
pub use time::Time;
pub use update::update_id;
pub use worker_deployment::{WorkerDeployment, WorkerDeploymentKey};
