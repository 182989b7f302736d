//! What children, retries and runs that continue as new begin with because of the run before.

use wrt_model::{
    Run,
    proto::{
        WorkerDeploymentVersion,
        deployment::InheritedAutoUpgradeInfo,
        enums::{ContinueAsNewVersioningBehavior, VersioningBehavior},
        history::{DeclinedTargetVersionUpgrade, WorkflowExecutionStartedEventAttributes},
        workflow::{VersioningOverride, WorkflowExecutionVersioningInfo, versioning_override::Override},
    },
};

use super::versioning::{deployment_version, versioning_behavior};
use crate::ContinuationKind;

/// What a run begins with because of the run that it continues or is a child of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inheritance {
    /// The version that an operator has pinned that run to.
    pub versioning_override: Option<VersioningOverride>,
    /// The version that it is pinned to.
    pub pinned_version: Option<WorkerDeploymentVersion>,
    /// The version that it is on, if it may leave it.
    pub auto_upgrade: Option<InheritedAutoUpgradeInfo>,
}

impl Inheritance {
    /// What a child of the run begins with.
    pub fn of_child(parent: &Run) -> Self {
        if !parent.is_run_by_workers() {
            return Inheritance::default();
        }
        let version = || parent.versioning_info.as_ref()?.deployment_version.clone();
        let behavior = parent.versioning_info.as_ref().map(|info| info.behavior());
        Inheritance {
            versioning_override: pin_of(parent),
            pinned_version: match versioning_behavior(parent) {
                VersioningBehavior::Pinned => deployment_version(parent).cloned(),
                _ => None,
            },
            auto_upgrade: match behavior {
                Some(VersioningBehavior::AutoUpgrade) => version().map(|version| InheritedAutoUpgradeInfo {
                    source_deployment_version: Some(version),
                    source_deployment_revision_number: revision(parent),
                    ..Default::default()
                }),
                _ => None,
            },
        }
        .settled()
    }

    /// What the run that follows `previous` begins with. `started` is the first event of that one.
    pub(crate) fn of_successor(
        previous: &Run,
        started: &WorkflowExecutionStartedEventAttributes,
        kind: &ContinuationKind,
    ) -> Self {
        let inherited = Inheritance {
            versioning_override: pin_of(previous),
            ..Inheritance::of_child(previous)
        };
        match kind {
            ContinuationKind::Cron { .. } => inherited.override_alone(),
            // It inherits again what the run that failed has inherited.
            ContinuationKind::Retry { .. } => Inheritance {
                versioning_override: inherited.versioning_override,
                pinned_version: inherited
                    .pinned_version
                    .filter(|_| started.inherited_pinned_version.is_some()),
                auto_upgrade: inherited
                    .auto_upgrade
                    .and_then(|_| started.inherited_auto_upgrade_info.clone()),
            },
            ContinuationKind::ContinueAsNew(command) => match command.initial_versioning_behavior() {
                ContinueAsNewVersioningBehavior::Unspecified => inherited,
                first => inherited.upgraded(previous, first),
            },
        }
    }

    /// The version is left at once, as the workflow has asked for.
    fn upgraded(self, previous: &Run, first: ContinueAsNewVersioningBehavior) -> Self {
        if versioning_behavior(previous) == VersioningBehavior::Unspecified {
            return self;
        }
        Inheritance {
            pinned_version: None,
            auto_upgrade: Some(InheritedAutoUpgradeInfo {
                source_deployment_version: deployment_version(previous).cloned(),
                source_deployment_revision_number: revision(previous),
                continue_as_new_initial_versioning_behavior: first as i32,
            }),
            ..self
        }
    }

    /// Without the versions that do not poll the new run's queue.
    #[must_use]
    pub fn within(mut self, polls: impl Fn(&WorkerDeploymentVersion) -> bool) -> Self {
        let is_polled = |version: Option<&WorkerDeploymentVersion>| version.is_some_and(&polls);
        self.versioning_override = self.versioning_override.filter(|pin| is_polled(pinned_to(pin)));
        self.pinned_version = self.pinned_version.filter(&polls);
        self.auto_upgrade = self
            .auto_upgrade
            .filter(|info| is_polled(info.source_deployment_version.as_ref()));
        self
    }

    /// Only what an operator has chosen.
    pub(crate) fn override_alone(self) -> Self {
        Inheritance {
            versioning_override: self.versioning_override,
            ..Inheritance::default()
        }
    }

    /// A run is pinned, or it is not.
    fn settled(mut self) -> Self {
        if self.pinned_version.is_some() {
            self.auto_upgrade = None;
        }
        self
    }
}

/// The override of a run that the runs after it inherit: a pin.
fn pin_of(run: &Run) -> Option<VersioningOverride> {
    let pin = run.versioning_info.as_ref()?.versioning_override.as_ref()?;
    matches!(pin.r#override, Some(Override::Pinned(_))).then(|| pin.clone())
}

/// The version that an override pins a run to.
pub(crate) fn pinned_to(pin: &VersioningOverride) -> Option<&WorkerDeploymentVersion> {
    match pin.r#override.as_ref()? {
        Override::Pinned(pinned) => pinned.version.as_ref(),
        _ => None,
    }
}

fn revision(run: &Run) -> i64 {
    run.versioning_info.as_ref().map_or(0, |info| info.revision_number)
}

/// What a run knows of versions when it begins.
pub(crate) fn versioning_at_start(
    started: &WorkflowExecutionStartedEventAttributes,
) -> Option<WorkflowExecutionVersioningInfo> {
    let mut info = WorkflowExecutionVersioningInfo {
        versioning_override: started.versioning_override.clone(),
        ..Default::default()
    };
    if let Some(version) = &started.inherited_pinned_version {
        info.set_behavior(VersioningBehavior::Pinned);
        info.deployment_version = Some(version.clone());
    } else if let Some(inherited) = &started.inherited_auto_upgrade_info {
        info.set_behavior(VersioningBehavior::AutoUpgrade);
        info.deployment_version.clone_from(&inherited.source_deployment_version);
        info.revision_number = inherited.source_deployment_revision_number;
        info.continue_as_new_initial_versioning_behavior = inherited.continue_as_new_initial_versioning_behavior;
    }
    (info != WorkflowExecutionVersioningInfo::default()).then_some(info)
}

/// The version that the run before has been told of and has not gone to.
pub(crate) fn declined_by(previous: &Run, kind: &ContinuationKind) -> Option<DeclinedTargetVersionUpgrade> {
    let upgrades = match kind {
        ContinuationKind::ContinueAsNew(command) => {
            command.initial_versioning_behavior() != ContinueAsNewVersioningBehavior::Unspecified
        }
        ContinuationKind::Retry { .. } => false,
        ContinuationKind::Cron { .. } => true,
    };
    if upgrades {
        return None;
    }
    let notified = previous.notified_target_version.clone();
    let declined = notified.map(|version| DeclinedTargetVersionUpgrade {
        deployment_version: Some(version),
        ..Default::default()
    });
    declined.or_else(|| previous.declined_target_version.clone())
}
