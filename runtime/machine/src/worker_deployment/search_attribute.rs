//! What runs are found by that are on a version of a worker deployment.

use wrt_model::{
    Run, SearchAttributeValue,
    proto::{
        SearchAttributes, WorkerDeploymentVersion,
        enums::{IndexedValueType::KeywordList, VersioningBehavior},
    },
    worker_deployment::version_text,
};

use super::versioning::{deployment_version, versioning_behavior};
use crate::{Turn, external_payload, pause::PAUSE_INFO, workflow_task::problem::REPORTED_PROBLEMS};

/// The search attributes that say which version a run is on.
const DEPLOYMENT: &str = "TemporalWorkerDeployment";
const VERSION: &str = "TemporalWorkerDeploymentVersion";
const BEHAVIOR: &str = "TemporalWorkflowVersioningBehavior";
const USED_VERSIONS: &str = "TemporalUsedWorkerDeploymentVersions";
const BUILD_IDS: &str = "BuildIds";

impl Turn<'_> {
    /// Writes into the search attributes which version the run is on, and that it has used one.
    pub(super) fn use_version(&mut self, used: Option<&WorkerDeploymentVersion>) {
        let mut attributes = self.run.search_attributes.clone().unwrap_or_default();
        set_versioning_attributes(self.run, &mut attributes);
        if let Some(used) = used {
            add_used_version(&mut attributes, version_text(used));
        }
        let attributes = (!attributes.indexed_fields.is_empty()).then_some(attributes);
        if self.run.search_attributes != attributes {
            self.run.search_attributes = attributes;
            self.transition.changes_search_attributes = true;
        }
    }
}

/// What the version of a run is found by.
pub(crate) fn set_versioning_attributes(run: &Run, attributes: &mut SearchAttributes) {
    let version = deployment_version(run);
    let behavior = match versioning_behavior(run) {
        _ if !run.is_run_by_workers() => None,
        VersioningBehavior::Unspecified => None,
        VersioningBehavior::Pinned => Some("Pinned"),
        VersioningBehavior::AutoUpgrade => Some("AutoUpgrade"),
    };
    let text = version.map(version_text);
    let pinned = text.clone().filter(|_| behavior == Some("Pinned"));
    let keyword = |text: String| SearchAttributeValue::Keyword(text);
    for (name, value) in [
        (
            DEPLOYMENT,
            version.map(|version| keyword(version.deployment_name.clone())),
        ),
        (VERSION, text.map(keyword)),
        (BEHAVIOR, behavior.map(|behavior| keyword(behavior.to_owned()))),
        (
            BUILD_IDS,
            pinned.map(|version| SearchAttributeValue::KeywordList(vec![pinned_build_id(&version)])),
        ),
    ] {
        match value {
            Some(value) => drop(attributes.indexed_fields.insert(name.to_owned(), value.encode())),
            None => drop(attributes.indexed_fields.remove(name)),
        }
    }
}

/// What `BuildIds` has for runs that are pinned to a version.
pub fn pinned_build_id(version_text: &str) -> String {
    format!("pinned:{version_text}")
}

fn add_used_version(attributes: &mut SearchAttributes, version: String) {
    let known = attributes.indexed_fields.get(USED_VERSIONS);
    let known = known.and_then(|payload| SearchAttributeValue::decode(payload, KeywordList).ok()?);
    let mut versions = match known {
        Some(SearchAttributeValue::KeywordList(versions)) => versions,
        _ => Vec::new(),
    };
    if !versions.contains(&version) {
        versions.push(version);
        let versions = SearchAttributeValue::KeywordList(versions).encode();
        attributes.indexed_fields.insert(USED_VERSIONS.to_owned(), versions);
    }
}

/// Search attributes without what the server itself says of the run that they are of, for the one that follows.
pub(crate) fn without_own(attributes: Option<SearchAttributes>) -> Option<SearchAttributes> {
    let mut attributes = attributes?;
    let own = [
        DEPLOYMENT,
        VERSION,
        BEHAVIOR,
        USED_VERSIONS,
        BUILD_IDS,
        REPORTED_PROBLEMS,
        PAUSE_INFO,
        external_payload::COUNT,
        external_payload::SIZE_BYTES,
    ];
    attributes
        .indexed_fields
        .retain(|name, _| !own.contains(&name.as_str()));
    Some(attributes)
}
