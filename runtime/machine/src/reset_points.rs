//! Reset points: the first workflow task that each build of a workflow's code has completed.

use wrt_model::proto::{history::WorkflowTaskCompletedEventAttributes, workflow::ResetPointInfo};

use crate::Turn;

/// Reset points that a run keeps, as many as Temporal does.
const RESET_POINTS: usize = 20;

impl Turn<'_> {
    /// Notes which build has completed a workflow task, as its event says.
    #[expect(deprecated, reason = "workers that belong to no deployment name their build so")]
    pub(crate) fn built_by(&mut self, completed: &WorkflowTaskCompletedEventAttributes, event_id: i64) {
        if let Some(version) = &completed.worker_version {
            self.run.worker_version = Some(version.clone());
        }
        if completed.deployment_version.is_none() && !self.run.is_run_by_workers() {
            // A component is only named when it is another one than before.
            return;
        }
        let point = self.reset_point(completed, event_id);
        let points = &mut self.run.reset_points;
        if !points.iter().any(|known| is_same_build(known, &point)) {
            points.push(point);
            points.drain(..points.len().saturating_sub(RESET_POINTS));
        }
    }

    #[expect(deprecated, reason = "older workers name the checksum of their program")]
    fn reset_point(&self, completed: &WorkflowTaskCompletedEventAttributes, event_id: i64) -> ResetPointInfo {
        ResetPointInfo {
            build_id: build_id(completed).to_owned(),
            binary_checksum: completed.binary_checksum.clone(),
            run_id: self.run.run_id.clone(),
            first_workflow_task_completed_id: event_id,
            create_time: Some(self.now.into()),
            resettable: true,
            ..Default::default()
        }
    }
}

/// The build that has completed a workflow task; empty when it has no name.
#[expect(deprecated, reason = "workers that belong to no deployment name their build so")]
pub(crate) fn build_id(completed: &WorkflowTaskCompletedEventAttributes) -> &str {
    let deployed = completed.deployment_version.as_ref().map(|version| &version.build_id);
    let stamped = completed.worker_version.as_ref().map(|version| &version.build_id);
    deployed.or(stamped).map_or("", String::as_str)
}

#[expect(deprecated, reason = "older workers name the checksum of their program")]
fn is_same_build(one: &ResetPointInfo, other: &ResetPointInfo) -> bool {
    one.build_id == other.build_id && one.binary_checksum == other.binary_checksum
}
