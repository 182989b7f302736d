//! Names of workflows and runs.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::proto::WorkflowExecution;

/// One workflow id of one namespace: the unit that is decided, committed and sharded together. At most one of its runs
/// is open at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkflowKey {
    /// The id of the namespace, not its name: names can change.
    pub namespace_id: String,
    /// The caller's id of the workflow.
    pub workflow_id: String,
}

impl WorkflowKey {
    /// A key from its two parts.
    pub fn new(namespace_id: impl Into<String>, workflow_id: impl Into<String>) -> Self {
        WorkflowKey {
            namespace_id: namespace_id.into(),
            workflow_id: workflow_id.into(),
        }
    }
}

impl fmt::Display for WorkflowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace_id, self.workflow_id)
    }
}

/// One run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// The workflow that the run belongs to.
    pub workflow: WorkflowKey,
    /// The run's own id, a UUID.
    pub run_id: String,
}

impl RunKey {
    /// A key from its parts.
    pub fn new(workflow: WorkflowKey, run_id: impl Into<String>) -> Self {
        RunKey {
            workflow,
            run_id: run_id.into(),
        }
    }
}

impl RunKey {
    /// Its name in Temporal's messages.
    pub fn execution(&self) -> WorkflowExecution {
        WorkflowExecution {
            workflow_id: self.workflow.workflow_id.clone(),
            run_id: self.run_id.clone(),
        }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workflow, self.run_id)
    }
}

/// The id of the run that continues a run: the same whenever it is asked for, so that deciding twice names one run.
pub fn successor_run_id(run_id: &str) -> String {
    let hash = Sha256::digest(run_id.as_bytes());
    let bytes = hash[..16].try_into().expect("sha-256 has 32 bytes");
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
