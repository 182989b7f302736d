//! What waits in task queues.

use tokio::time::Instant;
use wrt_machine::Directive;
use wrt_model::{Component, ComponentKind, RunKey, task::ActivityToken};

use super::Rank;

/// Something that waits for a worker.
pub(crate) trait Task: Send + 'static {
    /// Where it stands among others.
    fn rank(&self) -> &Rank;
    /// When it could have gone first.
    fn since(&self) -> Instant;
    /// Which version's workers it wants.
    fn directive(&self) -> &Directive;
    /// The workflow that it belongs to.
    fn workflow_id(&self) -> &str;
    /// Whether a worker can run it that has this component alone.
    fn suits(&self, component: &Component) -> bool;
}

/// An attempt that waits for a worker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActivityTask {
    pub(crate) token: ActivityToken,
    pub(crate) activity_type: String,
    pub(crate) rank: Rank,
    pub(crate) since: Instant,
    pub(crate) directive: Directive,
}

/// A run whose workflow task, or whose query, waits for a worker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkflowTask {
    pub(crate) run: RunKey,
    /// The query that is asked outside of a workflow task.
    pub(crate) query_id: Option<u64>,
    pub(crate) rank: Rank,
    pub(crate) since: Instant,
    pub(crate) directive: Directive,
}

/// A task of a Nexus operation. There are none, as Nexus is not served; but workers with handlers poll for them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NexusTask {}

impl Task for ActivityTask {
    fn rank(&self) -> &Rank {
        &self.rank
    }

    fn since(&self) -> Instant {
        self.since
    }

    fn directive(&self) -> &Directive {
        &self.directive
    }

    fn workflow_id(&self) -> &str {
        &self.token.workflow_id
    }

    fn suits(&self, component: &Component) -> bool {
        component.defines(ComponentKind::Activity, &self.activity_type)
    }
}

impl Task for WorkflowTask {
    fn rank(&self) -> &Rank {
        &self.rank
    }

    fn since(&self) -> Instant {
        self.since
    }

    fn directive(&self) -> &Directive {
        &self.directive
    }

    fn workflow_id(&self) -> &str {
        &self.run.workflow.workflow_id
    }

    /// Components have no need of queues for their workflow tasks.
    fn suits(&self, _: &Component) -> bool {
        false
    }
}

impl Task for NexusTask {
    fn rank(&self) -> &Rank {
        match *self {}
    }

    fn since(&self) -> Instant {
        match *self {}
    }

    fn directive(&self) -> &Directive {
        match *self {}
    }

    fn workflow_id(&self) -> &str {
        match *self {}
    }

    fn suits(&self, _: &Component) -> bool {
        match *self {}
    }
}
