//! Options of a run that operators change while it is open: the version that it is to run on, and its priority.

use wrt_model::{
    Digest, Run,
    priority::merge_field,
    proto::{
        EventAttributes, Priority, WorkerDeploymentVersion,
        enums::VersioningBehavior,
        history::WorkflowExecutionOptionsUpdatedEventAttributes as OptionsUpdated,
        workflow::{WorkflowExecutionOptions, versioning_override::Override},
    },
};

use crate::{
    Rejection, Turn, deployment_version, field_mask::snake, versioning_behavior,
    worker_deployment::inheritance::pinned_to,
};

/// A change of a run's options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkflowOptionsChange {
    /// The new values. One that is not set removes what was there.
    pub options: WorkflowExecutionOptions,
    /// Which of them count, for instance `priority.fairness_key`; in the words of protobuf, or of its JSON.
    pub paths: Vec<String>,
    /// Who changes them.
    pub identity: String,
}

impl WorkflowOptionsChange {
    /// Says which path names no option.
    pub fn check(&self) -> Result<(), String> {
        let mut options = WorkflowExecutionOptions::default();
        let mut paths = self.paths.iter();
        paths.try_for_each(|path| merge(&mut options, &self.options, path))
    }
}

impl From<&OptionsUpdated> for WorkflowOptionsChange {
    /// The change that an event tells of.
    fn from(updated: &OptionsUpdated) -> Self {
        let changes_version = updated.unset_versioning_override || updated.versioning_override.is_some();
        let mut paths = Vec::new();
        paths.extend(changes_version.then(|| "versioning_override".to_owned()));
        paths.extend(updated.priority.is_some().then(|| "priority".to_owned()));
        WorkflowOptionsChange {
            options: WorkflowExecutionOptions {
                versioning_override: updated.versioning_override.clone(),
                priority: updated
                    .priority
                    .clone()
                    .filter(|priority| *priority != Priority::default()),
                ..Default::default()
            },
            paths,
            identity: updated.identity.clone(),
        }
    }
}

impl Turn<'_> {
    /// Changes options of the run, and returns what they are then. A change to what is there already leaves no event.
    pub fn update_workflow_options(
        &mut self,
        change: &WorkflowOptionsChange,
    ) -> Result<WorkflowExecutionOptions, Rejection> {
        self.check_open()?;
        let before = workflow_options(self.run);
        let mut after = before.clone();
        for path in &change.paths {
            merge(&mut after, &change.options, path).map_err(Rejection::InvalidArgument)?;
        }
        self.complete_pin(&mut after, &before)?;
        if after == before {
            return Ok(after);
        }
        let has_new_version = after.versioning_override != before.versioning_override;
        let has_new_priority = after.priority != before.priority;
        let updated = OptionsUpdated {
            unset_versioning_override: has_new_version && after.versioning_override.is_none(),
            versioning_override: after.versioning_override.clone().filter(|_| has_new_version),
            priority: has_new_priority.then(|| after.priority.clone().unwrap_or_default()),
            identity: change.identity.clone(),
            ..Default::default()
        };
        self.workflow_options_updated(&updated);
        self.append_outside(EventAttributes::WorkflowExecutionOptionsUpdatedEventAttributes(updated));
        Ok(after)
    }

    /// Attaches a request to start a run to this one, which it has found: it finds it again when it comes again.
    pub fn attach_request(&mut self, request_id: String, identity: String) -> Result<(), Rejection> {
        self.check_open()?;
        let updated = OptionsUpdated {
            attached_request_id: request_id,
            identity,
            ..Default::default()
        };
        self.workflow_options_updated(&updated);
        self.append_outside(EventAttributes::WorkflowExecutionOptionsUpdatedEventAttributes(updated));
        Ok(())
    }

    /// Notes what an event says about the options.
    pub(crate) fn workflow_options_updated(&mut self, updated: &OptionsUpdated) {
        if !updated.attached_request_id.is_empty() {
            self.run.attached_request_ids.push(updated.attached_request_id.clone());
        }
        let change = WorkflowOptionsChange::from(updated);
        let mut options = workflow_options(self.run);
        for path in &change.paths {
            merge(&mut options, &change.options, path).expect("an event names whole options");
        }
        self.run.priority = options.priority;
        self.versioning_overridden(options.versioning_override);
    }

    /// A run that is pinned without a version stays on the one that it is pinned to, or that it runs on.
    fn complete_pin(
        &self,
        options: &mut WorkflowExecutionOptions,
        before: &WorkflowExecutionOptions,
    ) -> Result<(), Rejection> {
        let component = &self.run.component;
        let versioning = options.versioning_override.as_mut();
        let pinned = match versioning.and_then(|versioning| versioning.r#override.as_mut()) {
            Some(Override::Pinned(pinned)) => pinned,
            Some(Override::OneTime(_)) if !component.is_empty() => {
                return Err(Rejection::InvalidArgument(
                    "a workflow that is run by a component cannot be moved for one task; pin it to the component"
                        .to_owned(),
                ));
            }
            _ => return Ok(()),
        };
        let before = before.versioning_override.as_ref().and_then(pinned_to).cloned();
        let chosen = pinned.version.take();
        let Some(version) = chosen.or(before).or_else(|| self.own_version()) else {
            return Err(Rejection::FailedPrecondition(
                "a workflow that is not pinned to a version can only be pinned to one that the request names"
                    .to_owned(),
            ));
        };
        if !component.is_empty() && Digest::parse(&version.build_id).is_none() {
            return Err(Rejection::InvalidArgument(format!(
                "the workflow is run by a component, and build id {:?} is no digest of one that is deployed",
                version.build_id
            )));
        }
        pinned.version = Some(version);
        Ok(())
    }

    /// The version that a run stays on which is pinned to none in particular.
    fn own_version(&self) -> Option<WorkerDeploymentVersion> {
        let run = &*self.run;
        match run.is_run_by_workers() {
            true if versioning_behavior(run) == VersioningBehavior::Pinned => deployment_version(run).cloned(),
            true => None,
            false => Some(WorkerDeploymentVersion {
                build_id: run.component.clone(),
                ..Default::default()
            }),
        }
    }
}

/// The options that a run has.
pub fn workflow_options(run: &Run) -> WorkflowExecutionOptions {
    WorkflowExecutionOptions {
        versioning_override: run
            .versioning_info
            .as_ref()
            .and_then(|info| info.versioning_override.clone()),
        priority: run.priority.clone(),
        ..Default::default()
    }
}

/// Takes one value over.
fn merge(into: &mut WorkflowExecutionOptions, from: &WorkflowExecutionOptions, path: &str) -> Result<(), String> {
    let unknown = || format!("the update mask has the path {path}, which is no option of workflows");
    match snake(path).as_str() {
        "versioning_override" => into.versioning_override.clone_from(&from.versioning_override),
        "priority" => into.priority.clone_from(&from.priority),
        path => {
            let field = path.strip_prefix("priority.").ok_or_else(unknown)?;
            let values = from.priority.clone().unwrap_or_default();
            let known = merge_field(into.priority.get_or_insert_default(), &values, field);
            return known.then_some(()).ok_or_else(unknown);
        }
    }
    Ok(())
}
