//! Pausing, resetting and changing activities that have not ended.

use wrt_machine::{ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityUnpause};
use wrt_model::{
    Namespace,
    proto::{WorkflowExecution, activity::ActivityOptions},
    run::Pause,
};

use crate::{Engine, EngineError, signal::key_of};

impl Engine {
    /// Lets no further attempt of activities begin. The time of the pause is now.
    pub async fn pause_activities(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        which: ActivitySelector,
        pause: Pause,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        self.decide(&key, &run_id, move |turn| turn.pause_activities(&which, &pause))
            .await
    }

    /// Lets paused activities go on.
    pub async fn unpause_activities(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        which: ActivitySelector,
        unpause: ActivityUnpause,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        self.decide(&key, &run_id, move |turn| turn.unpause_activities(&which, unpause))
            .await
    }

    /// Lets activities begin anew.
    pub async fn reset_activities(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        which: ActivitySelector,
        reset: ActivityReset,
    ) -> Result<(), EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        self.decide(&key, &run_id, move |turn| turn.reset_activities(&which, reset))
            .await
    }

    /// Changes the options of activities, and returns those of the first one.
    pub async fn update_activity_options(
        &self,
        namespace: &Namespace,
        execution: WorkflowExecution,
        which: ActivitySelector,
        change: ActivityOptionsChange,
    ) -> Result<ActivityOptions, EngineError> {
        let (key, run_id) = key_of(namespace, Some(execution));
        self.decide(&key, &run_id, move |turn| turn.update_activity_options(&which, &change))
            .await
    }
}
