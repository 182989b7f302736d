//! What a caller of the engine is told when something does not work. The api maps it to gRPC statuses in one place.

use std::time::Duration;

use wrt_host::{HostError, PrepareError};
use wrt_machine::{Rejection, WorkerDeploymentRejection, schedule::ScheduleRejection};
use wrt_model::proto::Failure;
use wrt_store::StoreError;

/// Why a call did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),

    /// No run has this id.
    #[error("{}", workflow_not_found(.workflow_id, .run_id))]
    WorkflowNotFound {
        /// The namespace's name.
        namespace: String,
        /// The id asked for.
        workflow_id: String,
        /// The run asked for, empty for the current one.
        run_id: String,
    },

    /// No namespace has this name.
    #[error("Namespace {0} is not found.")]
    NamespaceNotFound(String),

    /// A namespace has this name already.
    #[error("namespace {0} already exists")]
    NamespaceAlreadyExists(String),

    /// No deployment has this name.
    #[error("deployment {0} is not found")]
    DeploymentNotFound(String),

    /// No schedule has this id. Temporal, where a schedule is a workflow, says so of that one.
    #[error("workflow not found for ID: temporal-sys-scheduler:{0}")]
    ScheduleNotFound(String),

    /// No batch operation has this id. Temporal, where one is a workflow, says so of that one.
    #[error("workflow not found for ID: {0}")]
    BatchOperationNotFound(String),

    /// The batch operation of this id has ended. In the same words as of a workflow.
    #[error("workflow execution already completed")]
    BatchOperationOver(String),

    /// A batch operation has this id already.
    #[error("batch operation {0} already exists; choose another job id")]
    BatchOperationAlreadyExists(String),

    /// No worker with this key has been heard of lately.
    #[error("Worker {0} not found")]
    WorkerNotFound(String),

    /// No worker deployment has this name.
    #[error("no Worker Deployment found with name '{0}'; it is there once one of its workers has polled")]
    WorkerDeploymentNotFound(String),

    /// A worker deployment has this name already.
    #[error("Worker Deployment '{0}' already exists")]
    WorkerDeploymentAlreadyExists(String),

    /// The rules of worker deployments say no.
    #[error(transparent)]
    WorkerDeployment(#[from] WorkerDeploymentRejection),

    /// A workflow cannot be on the version that was chosen for it.
    #[error("{0}")]
    InvalidVersioningOverride(String),

    /// A schedule has this id already.
    #[error("schedule {schedule_id:?} is already registered")]
    ScheduleAlreadyExists {
        /// The id asked for.
        schedule_id: String,
        /// The request that created the one that is there.
        create_request_id: String,
    },

    /// The namespace has a search attribute of this name already, of another type.
    #[error("Search attribute {0} already exists with another type.")]
    SearchAttributeAlreadyExists(String),

    /// The request is wrong in itself.
    #[error("{0}")]
    InvalidArgument(String),

    /// The request is right, but not in the present state.
    #[error("{0}")]
    FailedPrecondition(String),

    /// It came to nothing, and may be tried again as a whole.
    #[error("{0}")]
    Aborted(String),

    /// Too much at once; the caller may try again later.
    #[error("{0}")]
    ResourceExhausted(String),

    /// The workflow answered a query with an error, or cannot answer it.
    #[error("{}", .0.message)]
    QueryFailed(Box<Failure>),

    /// No worker has answered a query in time.
    #[error("no worker has answered the query within {0:?}; does one poll the task queue of the run?")]
    QueryTimedOut(Duration),

    /// A worker has asked for one workflow task after the other without any progress.
    #[error("workflow task heartbeat timeout")]
    WorkflowTaskHeartbeatTimeout,

    /// Earlier pages of the commands of a workflow task are not there any more.
    #[error("earlier pages of the workflow task's completion are lost; send all of them again, from page 0")]
    WorkflowTaskPagesLost,

    /// The run has not reached a point at which it can answer.
    #[error("{0}")]
    WorkflowNotReady(String),

    /// The run knows no update of this id.
    #[error("update {0:?} not found")]
    UpdateNotFound(String),

    /// The component was refused.
    #[error(transparent)]
    Prepare(#[from] PrepareError),

    /// A component could not be loaded.
    #[error(transparent)]
    Host(#[from] HostError),

    /// The store could not read or write.
    #[error(transparent)]
    Store(#[from] StoreError),

    /// The server is shutting down; the caller may try again elsewhere or later.
    #[error("the server is shutting down")]
    ShuttingDown,

    /// Stored data that cannot be read back: a defect, never the caller's fault.
    #[error("read {what}: {cause}")]
    Corrupt {
        /// What was being read.
        what: String,
        /// What the decoder said.
        cause: prost::DecodeError,
    },
}

impl From<ScheduleRejection> for EngineError {
    fn from(rejection: ScheduleRejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            ScheduleRejection::InvalidSpec(_) => EngineError::InvalidArgument(message),
            ScheduleRejection::Conflict => EngineError::FailedPrecondition(message),
            ScheduleRejection::Full => EngineError::ResourceExhausted(message),
        }
    }
}

/// Temporal's words, which tools look for.
fn workflow_not_found(workflow_id: &str, run_id: &str) -> String {
    match run_id {
        "" => format!("workflow not found for ID: {workflow_id}"),
        run_id => format!("workflow execution not found for workflow ID {workflow_id:?} and run ID {run_id:?}"),
    }
}
