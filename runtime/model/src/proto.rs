//! Short names for Temporal's messages.

/// The descriptors of all of these messages, as a set of files. Nobody but a test needs them, so no program has them.
pub const DESCRIPTORS: &[u8] = include_bytes!(env!("TEMPORAL_DESCRIPTORS"));

/// The messages between Temporal's SDKs and the core that they share.
pub use temporalio_protos::coresdk;
pub use temporalio_protos::temporal::api::{
    activity::v1 as activity,
    batch::v1 as batch,
    command::v1::{self as command, Command, command::Attributes as CommandAttributes},
    common::v1::{
        self as common, ActivityType, Header, Memo, Payload, Payloads, Priority, RetryPolicy, SearchAttributes,
        WorkflowExecution, WorkflowType,
    },
    deployment::v1::{self as deployment, WorkerDeploymentVersion},
    enums::v1 as enums,
    failure::v1::{self as failure, Failure, failure::FailureInfo},
    filter::v1 as filter,
    history::v1::{self as history, History, HistoryEvent, history_event::Attributes as EventAttributes},
    namespace::v1 as namespace,
    operatorservice::v1 as operatorservice,
    protocol::v1 as protocol,
    query::v1 as query,
    replication::v1 as replication,
    schedule::v1 as schedule,
    sdk::v1::{self as sdk, UserMetadata},
    taskqueue::v1::{self as taskqueue, TaskQueue},
    testservice::v1 as testservice,
    update::v1 as update,
    worker::v1 as worker,
    workflow::v1 as workflow,
    workflowservice::v1 as workflowservice,
};
