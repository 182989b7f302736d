//! The door: the gRPC services. Each call decodes, checks, asks the engine once, and encodes.
//!
//! Served are Temporal's `WorkflowService`, what there is of its `OperatorService`, and `wrt.v1`, with health and reflection. Errors become statuses in one place,
//! `error.rs`; requests are checked in one place, `validate.rs`. The same calls are served as HTTP and JSON, `http.rs`.

mod activity;
mod activity_control;
mod batch;
mod component;
mod component_service;
mod delete;
mod door;
mod error;
mod grpc_status;
mod history;
mod http;
mod long_poll;
mod namespace;
mod namespace_service;
mod operator_service;
mod pause;
pub mod proto;
mod remote;
mod reply;
mod reset;
mod run_service;
mod schedule;
mod server;
mod statistics_service;
mod system;
mod task_queue;
mod test_service;
mod update;
mod validate;
mod visibility;
mod worker;
mod worker_deployment;
mod workflow;
mod workflow_options;
mod workflow_service;
mod workflow_task;

pub use door::ConnectionLimits;
pub use http::WebPage;
pub use remote::{FrontOptions, serve_front};
pub use server::{ServeError, ServeOptions, serve};
