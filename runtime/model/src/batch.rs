//! Batch operations: one thing that is done to many runs.
//!
//! A batch operation is stored as this protobuf message, so every field is a promise, as those of [`Run`](crate::Run) are.

use std::fmt;

use crate::proto::{
    WorkflowExecution,
    enums::{BatchOperationState, BatchOperationType},
    workflowservice::{StartBatchOperationRequest, start_batch_operation_request::Operation},
};

/// One batch operation of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchKey {
    /// The id of the namespace, not its name: names can change.
    pub namespace_id: String,
    /// The caller's id of the operation.
    pub job_id: String,
}

impl BatchKey {
    /// A key from its two parts.
    pub fn new(namespace_id: impl Into<String>, job_id: impl Into<String>) -> Self {
        BatchKey {
            namespace_id: namespace_id.into(),
            job_id: job_id.into(),
        }
    }
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace_id, self.job_id)
    }
}

/// A batch operation with its progress.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchOperation {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// What was asked for. The runs that it names are among the targets, and not repeated here.
    #[prost(message, required, tag = "2")]
    pub request: StartBatchOperationRequest,
    /// When it began, in nanoseconds since the epoch, like all times here.
    #[prost(int64, tag = "3")]
    pub start_ns: i64,
    /// When it ended; 0 while it goes on.
    #[prost(int64, tag = "4")]
    pub close_ns: i64,
    /// Where it stands.
    #[prost(enumeration = "BatchOperationState", tag = "5")]
    pub state: i32,
    /// The targets are known, and stay the same from here on.
    #[prost(bool, tag = "6")]
    pub has_targets: bool,
    /// How many targets there are; before they are known, about how many.
    #[prost(int64, tag = "7")]
    pub total: i64,
    /// Targets that it was done to, and those that had nothing left to be done to.
    #[prost(int64, tag = "8")]
    pub completed: i64,
    /// Targets that it could not be done to.
    #[prost(int64, tag = "9")]
    pub failed: i64,
    /// Who stopped it; empty when nobody did.
    #[prost(string, tag = "10")]
    pub stop_identity: String,
    /// Why it was stopped.
    #[prost(string, tag = "11")]
    pub stop_reason: String,
}

/// Some of the targets of a batch operation, in their order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchTargets {
    /// The runs.
    #[prost(message, repeated, tag = "1")]
    pub executions: Vec<WorkflowExecution>,
}

impl BatchOperation {
    /// Its name.
    pub fn key(&self) -> BatchKey {
        BatchKey::new(self.namespace_id.clone(), self.request.job_id.clone())
    }

    /// True until it has come to its end, or was stopped.
    pub fn is_open(&self) -> bool {
        self.close_ns == 0
    }

    /// Targets that have been dealt with.
    pub fn processed(&self) -> i64 {
        self.completed + self.failed
    }

    /// What is done, in one word. Clients know the words of the first six by their older names.
    #[expect(deprecated, reason = "the command line and the web page of Temporal know only these")]
    pub fn operation_type(&self) -> BatchOperationType {
        use BatchOperationType as Type;
        match &self.request.operation {
            None => Type::Unspecified,
            Some(Operation::TerminationOperation(_)) => Type::Terminate,
            Some(Operation::SignalOperation(_)) => Type::Signal,
            Some(Operation::CancellationOperation(_)) => Type::Cancel,
            Some(Operation::DeletionOperation(_)) => Type::Delete,
            Some(Operation::ResetOperation(_)) => Type::Reset,
            Some(Operation::UpdateWorkflowOptionsOperation(_)) => Type::UpdateExecutionOptions,
            Some(Operation::UnpauseActivitiesOperation(_)) => Type::UnpauseActivity,
            Some(Operation::ResetActivitiesOperation(_)) => Type::ResetActivity,
            Some(Operation::UpdateActivityOptionsOperation(_)) => Type::UpdateActivityOptions,
            Some(Operation::CancelActivitiesOperation(_)) => Type::CancelActivity,
            Some(Operation::TerminateActivitiesOperation(_)) => Type::TerminateActivity,
            Some(Operation::DeleteActivitiesOperation(_)) => Type::DeleteActivity,
        }
    }

    /// Who asked for it.
    pub fn identity(&self) -> &str {
        match &self.request.operation {
            Some(Operation::TerminationOperation(operation)) => &operation.identity,
            Some(Operation::SignalOperation(operation)) => &operation.identity,
            Some(Operation::CancellationOperation(operation)) => &operation.identity,
            Some(Operation::DeletionOperation(operation)) => &operation.identity,
            Some(Operation::ResetOperation(operation)) => &operation.identity,
            Some(Operation::UnpauseActivitiesOperation(operation)) => &operation.identity,
            Some(Operation::ResetActivitiesOperation(operation)) => &operation.identity,
            Some(Operation::UpdateActivityOptionsOperation(operation)) => &operation.identity,
            _ => "",
        }
    }
}
