//! DEV
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]
mod gen1 { pub mod wrt { pub mod v1 { include!(concat!(env!("OUT_DIR"), "/wrt.v1.rs")); } } 
pub mod workflow_service { include!(concat!(env!("OUT_DIR"), "/temporal.api.workflowservice.v1.rs")); } }
pub(crate) use gen1::wrt::v1::{self as wrt, component_service_client::ComponentServiceClient};
pub(crate) use gen1::workflow_service::workflow_service_client::WorkflowServiceClient;
pub static TEMPORAL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/temporal.bin"));
pub static WRT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wrt.bin"));
