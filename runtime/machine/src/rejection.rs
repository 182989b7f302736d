//! What a caller is told when what it asks for cannot happen.

/// Why the machine refuses. The run is as it was before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The request itself is wrong, whatever the run's state.
    #[error("{0}")]
    InvalidArgument(String),

    /// The run has closed.
    #[error("workflow execution already completed")]
    WorkflowClosed,

    /// A run of this workflow id is open, or the reuse policy forbids another one.
    #[error("{message}")]
    AlreadyStarted {
        /// Which of the two it is.
        message: String,
        /// The request that started the run in the way.
        start_request_id: String,
        /// The run in the way.
        run_id: String,
        /// The first run of the chain that it belongs to.
        first_execution_run_id: String,
    },

    /// The run has closed before the workflow has decided about an update.
    #[error("workflow update was aborted by closing workflow")]
    UpdateAborted,

    /// The caller means another chain of runs of the same workflow id.
    #[error("workflow execution not found")]
    OtherChain,

    /// The run has taken as many signals as its namespace allows.
    #[error("exceeded workflow execution limit for signal events")]
    SignalsLimitExceeded,

    /// The request is right, but not in the run's present state.
    #[error("{0}")]
    FailedPrecondition(String),

    /// No such activity is open, or its attempt is over.
    #[error("{0}")]
    ActivityNotFound(String),

    /// The workflow task is over, or was never started.
    #[error("Workflow task not found.")]
    WorkflowTaskNotFound,

    /// The commands of a workflow task cannot be carried out as a whole.
    #[error("{message}")]
    BadCommands {
        /// What the failed workflow task's event says.
        cause: wrt_model::proto::enums::WorkflowTaskFailedCause,
        /// Which command, and why.
        message: String,
    },
}
