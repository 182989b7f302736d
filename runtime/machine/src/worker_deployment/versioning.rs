//! The version that a run is on.
//!
//! ```text
//! (none)          --a task is taken by a worker of a version--> in transition to that version
//! in transition   --the task completes there------------------> on that version, with the behavior that the worker says
//! AutoUpgrade     --a task is taken by another version--------> in transition to that one
//! Pinned          --(only an operator moves it)
//! ```
//!
//! What an operator has chosen, the override, counts before what workers say. A run whose code is a component has no version
//! of a worker deployment, whoever runs its activities.

use wrt_model::{
    Run,
    proto::{
        WorkerDeploymentVersion,
        enums::{ContinueAsNewVersioningBehavior, VersioningBehavior},
        history::WorkflowTaskCompletedEventAttributes,
        workflow::{
            DeploymentVersionTransition, VersioningOverride, WorkflowExecutionVersioningInfo,
            versioning_override::Override,
        },
    },
    run::Activity,
};

use super::routing::Directive;
use crate::Turn;

/// What a workflow task's poller is, and what there would be instead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollerVersion {
    /// The version of the worker that takes the task.
    pub version: Option<WorkerDeploymentVersion>,
    /// Where the run's queue would send the run if it were free to go.
    pub target: Option<WorkerDeploymentVersion>,
}

/// Where the next attempt of an activity goes.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityRoute {
    /// Which version's worker is to run it.
    pub directive: Directive,
    /// Its run has to move to this version first, which may be none: the one that it is on is not the target any more.
    pub moves_run_to: Option<Option<WorkerDeploymentVersion>>,
}

// === Reading a run ===

/// The behavior that counts: what an operator has chosen, or what the last worker has said.
pub fn versioning_behavior(run: &Run) -> VersioningBehavior {
    let Some(info) = &run.versioning_info else {
        return VersioningBehavior::Unspecified;
    };
    match chosen(run) {
        Some(Override::Pinned(_)) => VersioningBehavior::Pinned,
        Some(Override::AutoUpgrade(_)) => VersioningBehavior::AutoUpgrade,
        Some(Override::OneTime(_)) | None => info.behavior(),
    }
}

/// The version that counts: that of an operator's pin, the one that the run is about to move to, or the one that it is on.
pub fn deployment_version(run: &Run) -> Option<&WorkerDeploymentVersion> {
    let info = run.versioning_info.as_ref().filter(|_| run.is_run_by_workers())?;
    if let Some(Override::Pinned(pinned)) = chosen(run) {
        return pinned.version.as_ref();
    }
    match &info.version_transition {
        Some(transition) => transition.deployment_version.as_ref(),
        None => info.deployment_version.as_ref(),
    }
}

/// Where the run's workflow tasks, and its queries, are to go.
pub fn workflow_directive(run: &Run) -> Directive {
    let Some(info) = run.versioning_info.as_ref().filter(|_| run.is_run_by_workers()) else {
        return Directive::Target;
    };
    let named = match chosen(run) {
        Some(Override::Pinned(pinned)) => pinned.version.clone(),
        Some(Override::OneTime(once)) => once.target_deployment_version.clone(),
        Some(Override::AutoUpgrade(_)) => None,
        None if info.behavior() == VersioningBehavior::Pinned => info.deployment_version.clone(),
        None => None,
    };
    let first = info.continue_as_new_initial_versioning_behavior();
    match named {
        Some(version) => Directive::Version(version),
        None if first == ContinueAsNewVersioningBehavior::UseRampingVersion => Directive::Ramping,
        None => Directive::Target,
    }
}

/// Where an activity of the run is to go. It stays with the version of its run if that version polls the activity's queue,
/// which `polled_by_version` says; a run that upgrades by itself moves before its activities do. `target` is where the run's
/// own queue sends it.
pub fn activity_route(run: &Run, polled_by_version: bool, target: Option<&WorkerDeploymentVersion>) -> ActivityRoute {
    let stays = ActivityRoute {
        directive: Directive::Target,
        moves_run_to: None,
    };
    let Some(version) = deployment_version(run).filter(|_| polled_by_version) else {
        return stays;
    };
    match versioning_behavior(run) {
        VersioningBehavior::Pinned => ActivityRoute {
            directive: Directive::Version(version.clone()),
            ..stays
        },
        VersioningBehavior::AutoUpgrade if target != Some(version) => ActivityRoute {
            moves_run_to: Some(target.cloned()),
            ..stays
        },
        _ => stays,
    }
}

/// The override of a run, if it is one that can be followed.
fn chosen(run: &Run) -> Option<&Override> {
    let info = run.versioning_info.as_ref()?;
    info.versioning_override.as_ref()?.r#override.as_ref()
}

// === Changing a run ===

impl Turn<'_> {
    /// A worker takes the run's workflow task. A run that is not pinned goes along with it.
    pub(crate) fn meet_poller(&mut self, poller: &PollerVersion) {
        let may_stay = versioning_behavior(self.run) == VersioningBehavior::Pinned
            && !matches!(chosen(self.run), Some(Override::OneTime(_)));
        if may_stay {
            self.notice_target(poller.target.as_ref());
        } else {
            self.run.notified_target_version = None;
            self.begin_transition(poller.version.as_ref());
        }
    }

    /// Moves a run that upgrades by itself to another version with its next workflow task, which is scheduled if there is
    /// none. Its activities wait for that.
    pub fn move_to_version(&mut self, version: Option<&WorkerDeploymentVersion>) {
        self.begin_transition(version);
        self.run.sticky = None;
        self.transition.durable = true;
        self.ensure_workflow_task();
    }

    fn begin_transition(&mut self, version: Option<&WorkerDeploymentVersion>) {
        let own = self.run.versioning_info.as_ref();
        let own = own.and_then(|info| info.deployment_version.as_ref());
        if own == version {
            if let Some(info) = &mut self.run.versioning_info {
                info.version_transition = None;
            }
            return;
        }
        let info = self.run.versioning_info.get_or_insert_default();
        info.version_transition = Some(DeploymentVersionTransition {
            deployment_version: version.cloned(),
            ..Default::default()
        });
    }

    /// The task that was to take the run to another version has left nothing: it stays where it is.
    pub(crate) fn end_transition(&mut self) {
        let info = self.run.versioning_info.as_mut();
        let was_moving = info.is_some_and(|info| info.version_transition.take().is_some());
        if was_moving {
            self.forget_versioning();
            self.offer_waiting_activities();
        }
    }

    /// A run that no version has a part in has nothing to say about that.
    fn forget_versioning(&mut self) {
        let info = &mut self.run.versioning_info;
        info.take_if(|info| *info == WorkflowExecutionVersioningInfo::default());
    }

    /// Remembers that a pinned run is told that there is another version to go to, unless it has turned that one down.
    fn notice_target(&mut self, target: Option<&WorkerDeploymentVersion>) {
        let declined = self.run.declined_target_version.as_ref();
        let declined = declined.and_then(|declined| declined.deployment_version.as_ref());
        let is_news = target.is_some() && target != deployment_version(self.run) && target != declined;
        self.run.notified_target_version = target.filter(|_| is_news).cloned();
        if let Some(task) = &mut self.run.workflow_task {
            task.target_version_changed = is_news;
        }
    }

    /// Lets the run be on the version that has completed its workflow task, as the event says.
    pub(crate) fn versioned_by(&mut self, completed: &WorkflowTaskCompletedEventAttributes) {
        let behavior = completed.versioning_behavior();
        let is_versioned = behavior != VersioningBehavior::Unspecified;
        if !self.run.is_run_by_workers() || (!is_versioned && self.run.versioning_info.is_none()) {
            return;
        }
        let (before, was_moving) = (deployment_version(self.run).cloned(), self.run.is_moving());
        let info = self.run.versioning_info.get_or_insert_default();
        let version = completed.deployment_version.clone().filter(|_| is_versioned);
        if info.deployment_version != version {
            info.revision_number += 1;
        }
        info.set_behavior(behavior);
        info.deployment_version = version;
        info.version_transition = None;
        info.continue_as_new_initial_versioning_behavior = 0;
        if let Some(Override::OneTime(once)) = info.versioning_override.as_ref().and_then(|it| it.r#override.as_ref())
            && once.target_deployment_version == completed.deployment_version
        {
            info.versioning_override = None;
        }
        let is_nothing = !is_versioned && info.versioning_override.is_none();
        if is_nothing {
            self.run.versioning_info = None;
        }
        self.use_version(completed.deployment_version.as_ref().filter(|_| is_versioned));
        if was_moving || before.as_ref() != deployment_version(self.run) {
            self.offer_waiting_activities();
        }
    }

    /// Another override holds from now on. What waits is offered again where it belongs now.
    pub(crate) fn versioning_overridden(&mut self, versioning_override: Option<VersioningOverride>) {
        if self.run.versioning_info.is_none() && versioning_override.is_none() {
            return;
        }
        let before = workflow_directive(self.run);
        let info = self.run.versioning_info.get_or_insert_default();
        info.versioning_override = versioning_override;
        self.forget_versioning();
        if !self.run.is_run_by_workers() {
            return;
        }
        self.use_version(None);
        if before == workflow_directive(self.run) {
            return;
        }
        if let Some(info) = &mut self.run.versioning_info {
            // The task that it came with is offered elsewhere.
            info.version_transition = None;
        }
        self.offer_workflow_task_elsewhere();
        self.offer_waiting_activities();
    }

    fn offer_waiting_activities(&mut self) {
        let offered = |(id, activity): (&i64, &Activity)| self.run.offers(activity).then_some(*id);
        let offered: Vec<i64> = self.run.activities.iter().filter_map(offered).collect();
        self.transition.dispatches.extend(offered);
    }
}
