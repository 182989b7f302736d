//! Local activities: short work that is done within a workflow task, and leaves one marker.
//!
//! The marker has the place among the commands at which the outcome was told to the guest, so a replay tells it at the
//! same place. It is the marker of Temporal's SDKs.

use std::collections::{BTreeMap, HashMap};

use wasmtime::{Result, bail};
use wrt_model::{
    failure as failures, payload,
    proto::{
        ActivityType, CommandAttributes, EventAttributes, Failure, HistoryEvent, Payloads, RetryPolicy,
        command::RecordMarkerCommandAttributes, enums::RetryState, failure::ActivityFailureInfo,
    },
};

use super::{
    convert::{duration_from_wit, payloads_from_wit, retry_policy_from_wit},
    jobs::Job,
    ledger::{Ledger, Mode},
    state::RunState,
};
use crate::bindings::workflow::imports::{activity::LocalActivityOptions, types::Payload};

/// The names that Temporal's SDKs give the marker and its details.
const MARKER: &str = "core_local_activity";
const DATA: &str = "data";
const RESULT: &str = "result";

/// A local activity that a workflow has asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalActivity {
    /// Its sequence number.
    pub seq: u32,
    /// Its id.
    pub activity_id: String,
    /// What to run.
    pub activity_type: String,
    /// With what.
    pub input: Option<Payloads>,
    /// Limits all attempts together.
    pub schedule_to_close_timeout: Option<prost_types::Duration>,
    /// Limits a single attempt.
    pub start_to_close_timeout: Option<prost_types::Duration>,
    /// When a failed attempt is repeated.
    pub retry_policy: Option<RetryPolicy>,
}

/// How a local activity has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalActivityEnd {
    /// Its sequence number.
    pub seq: u32,
    /// The last attempt, from 1.
    pub attempt: i32,
    /// Its result, or the last failure and why there is no further attempt.
    pub outcome: std::result::Result<Option<Payloads>, (Failure, RetryState)>,
}

/// A local activity that has ended, as its marker has it.
pub(crate) struct Ended {
    seq: u32,
    outcome: std::result::Result<Option<Payloads>, Failure>,
}

impl Ended {
    /// What the guest is told.
    pub(crate) fn job(&self) -> Job<'_> {
        Job::ActivityResolved {
            seq: self.seq,
            is_local: true,
            output: match &self.outcome {
                Ok(result) => Ok(result.as_ref()),
                Err(failure) => Err(failure.clone()),
            },
        }
    }
}

/// The local activities of a run.
#[derive(Default)]
pub(crate) struct LocalActivities {
    /// What is open, by its number: id and type.
    open: BTreeMap<u32, (String, String)>,
    /// What was asked for in this activation.
    pub(super) asked: Vec<LocalActivity>,
    /// What was asked to stop in this activation.
    pub(super) canceled: Vec<u32>,
}

/// What the marker says beside the outcome.
#[derive(serde::Serialize, serde::Deserialize)]
struct MarkerData {
    seq: u32,
    attempt: i32,
    activity_id: String,
    activity_type: String,
}

impl RunState {
    pub(super) fn schedule_local_activity(
        &mut self,
        activity_type: String,
        input: Vec<Payload>,
        options: LocalActivityOptions,
    ) -> Result<u32> {
        let seq = self.ledger.take_seq();
        self.ledger.schedule_local_activity(LocalActivity {
            seq,
            activity_id: options.activity_id.unwrap_or_else(|| seq.to_string()),
            activity_type,
            input: payloads_from_wit(input),
            schedule_to_close_timeout: options.schedule_to_close_timeout.map(duration_from_wit),
            start_to_close_timeout: options.start_to_close_timeout.map(duration_from_wit),
            retry_policy: options.retry_policy.map(retry_policy_from_wit),
        })?;
        Ok(seq)
    }
}

impl Ledger {
    /// Asks for a local activity. Its number is unique among those of the run.
    pub(super) fn schedule_local_activity(&mut self, activity: LocalActivity) -> Result<()> {
        self.check_open(&format!("a local activity of type `{}`", activity.activity_type))?;
        let activities = &mut self.local_activities;
        activities.open.insert(
            activity.seq,
            (activity.activity_id.clone(), activity.activity_type.clone()),
        );
        if let Mode::Collect(_) = self.mode {
            activities.asked.push(activity);
        }
        Ok(())
    }

    /// Asks a local activity to stop. False when the number belongs to none that is open.
    pub(super) fn cancel_local_activity(&mut self, seq: u32) -> bool {
        let is_open = self.local_activities.open.contains_key(&seq);
        if is_open && matches!(self.mode, Mode::Collect(_)) {
            self.local_activities.canceled.push(seq);
        }
        is_open
    }

    /// Records how a local activity has ended.
    pub(super) fn end_local_activity(&mut self, end: LocalActivityEnd) -> Result<Ended> {
        let Some((activity_id, activity_type)) = self.local_activities.open.remove(&end.seq) else {
            bail!("local activity {} has ended, which is not open", end.seq);
        };
        let data = MarkerData {
            seq: end.seq,
            attempt: end.attempt,
            activity_id,
            activity_type,
        };
        let outcome = end
            .outcome
            .map_err(|(cause, retry_state)| activity_failure(&data, retry_state, cause));
        self.issue(marker(&data, &outcome), None)?;
        Ok(Ended { seq: data.seq, outcome })
    }

    /// On replay, what the guest is told next within this task: the history has the end of a local activity as its next
    /// command.
    pub(super) fn recorded_local_activity(&mut self) -> Option<Ended> {
        self.skip_deprecated_patches(None);
        let Mode::Compare(expected) = &self.mode else {
            return None;
        };
        let (data, outcome) = recorded(expected.front()?)?;
        // One that the workflow has not asked for stays a command that it has not issued.
        self.local_activities.open.remove(&data.seq)?;
        self.pass_command();
        Some(Ended { seq: data.seq, outcome })
    }

    /// A local activity that the workflow has asked for, and whose end the history does not have.
    pub(super) fn unrecorded_local_activity(&self) -> Option<String> {
        let (_, (activity_id, activity_type)) = self.local_activities.open.first_key_value()?;
        let is_open = self.closed_by.is_none();
        is_open.then(|| format!("local activity `{activity_id}` of type `{activity_type}`"))
    }
}

fn activity_failure(data: &MarkerData, retry_state: RetryState, cause: Failure) -> Failure {
    let info = ActivityFailureInfo {
        activity_type: Some(ActivityType {
            name: data.activity_type.clone(),
        }),
        activity_id: data.activity_id.clone(),
        ..Default::default()
    };
    failures::activity(info, retry_state, cause)
}

// === The marker ===

fn marker(data: &MarkerData, outcome: &std::result::Result<Option<Payloads>, Failure>) -> CommandAttributes {
    let json = payload::json(serde_json::to_vec(data).expect("the data of a marker is JSON"));
    let mut details = HashMap::from([(DATA.to_owned(), Payloads { payloads: vec![json] })]);
    if let Ok(Some(result)) = outcome {
        details.insert(RESULT.to_owned(), result.clone());
    }
    CommandAttributes::RecordMarkerCommandAttributes(RecordMarkerCommandAttributes {
        marker_name: MARKER.to_owned(),
        details,
        failure: outcome.as_ref().err().cloned(),
        ..Default::default()
    })
}

/// What an event says that records the end of a local activity.
fn recorded(event: &HistoryEvent) -> Option<(MarkerData, std::result::Result<Option<Payloads>, Failure>)> {
    let Some(EventAttributes::MarkerRecordedEventAttributes(marker)) = &event.attributes else {
        return None;
    };
    let data = marker.details.get(DATA).filter(|_| marker.marker_name == MARKER)?;
    let data = serde_json::from_slice(&data.payloads.first()?.data).ok()?;
    let outcome = match &marker.failure {
        Some(failure) => Err(failure.clone()),
        None => Ok(marker.details.get(RESULT).cloned()),
    };
    Some((data, outcome))
}
