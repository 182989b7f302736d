//! The generated services, and the descriptors that reflection shows.
//!
//! Temporal's messages are those of `temporalio-protos`; only its server traits and its clients are generated here. `wrt.v1` is whole:
//! messages, server and client.

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// What Temporal has no word for.
pub mod wrt {
    /// Version 1 of `wrt`'s own API. The documentation is in `proto/wrt/v1`.
    #[allow(missing_docs, unreachable_pub, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("wrt.v1");
    }
}

#[allow(missing_docs, unreachable_pub, clippy::all)]
pub(crate) mod temporal {
    tonic::include_proto!("temporal.api.workflowservice.v1");
}

#[allow(missing_docs, unreachable_pub, clippy::all)]
pub(crate) mod operator {
    tonic::include_proto!("temporal.api.operatorservice.v1");
}

#[allow(missing_docs, unreachable_pub, clippy::all)]
pub(crate) mod test {
    tonic::include_proto!("temporal.api.testservice.v1");
}

pub use operator::operator_service_client;
pub use temporal::workflow_service_client;
pub use test::test_service_client;

/// Temporal's services and all that they refer to.
pub const TEMPORAL_DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("temporal");

/// The service of `wrt.v1`.
pub const WRT_DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("wrt");

/// Everything that the services speak of, by name.
pub static DESCRIPTORS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = DescriptorPool::new();
    for set in [
        TEMPORAL_DESCRIPTORS,
        WRT_DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
    ] {
        pool.decode_file_descriptor_set(set)
            .expect("descriptors come from the build");
    }
    pool
});
