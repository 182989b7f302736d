//! Names of workflows and runs.

use std::fmt;

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

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workflow, self.run_id)
    }
}
