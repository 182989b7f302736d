//! Schedules: when they act, and what becomes of each action.
//!
//! ```text
//! (time of the spec) --is due------------------> buffered      counted as missed when the catch-up window is over
//! (trigger, backfill) --is asked for-----------> buffered      counted as dropped when the buffer is full
//! buffered --nothing runs, or ALLOW_ALL--------> starting      dropped when paused or out of actions
//! buffered --something runs--------------------> buffered      or skipped; `overlap` has the table
//! starting --is started------------------------> running       recorded among the recent actions
//! starting --is refused, or its deadline comes-> (dropped)
//! running --closes-----------------------------> (closed)      its result is for the next one; a failure may pause
//! ```
//!
//! Everything up to *starting* is stored before the workflow is started, and a start that is repeated after a crash has
//! the request id that it had before. So each action happens once.

pub(crate) mod action;
pub(crate) mod calendar;
pub(crate) mod cron_string;
mod describe;
mod due;
pub(crate) mod field;
mod overlap;
mod run;
mod search;
pub(crate) mod spec;
#[cfg(test)]
mod tests;
mod trigger;

use std::time::Duration;

use wrt_model::{
    Schedule, Time,
    proto::{
        Memo, SearchAttributes, WorkflowExecution,
        enums::ScheduleOverlapPolicy,
        schedule::{Schedule as Definition, SchedulePatch, SchedulePolicies, ScheduleSpec},
        workflowservice::StartWorkflowExecutionRequest,
    },
    time::{proto_span, span},
};

pub use action::{start_request, timed_workflow_id};
pub use describe::{conflict_token, describe, list_entry, matching_times};
pub use overlap::End;
pub use run::{ScheduledRunClose, StartOutcome};
pub use spec::{Occurrence, Spec};

/// How late an action may come, unless the schedule says otherwise.
const CATCHUP_WINDOW: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The least that a schedule may say.
const CATCHUP_WINDOW_MINIMUM: Duration = Duration::from_secs(10);

/// The conflict token of a schedule that has not been changed.
const FIRST_CONFLICT_TOKEN: i64 = 1;

/// Requests that are remembered, so that one that comes again changes nothing.
const REQUEST_IDS: usize = 32;

/// What a schedule is created with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewSchedule {
    /// The namespace's id.
    pub namespace_id: String,
    /// The schedule's id.
    pub schedule_id: String,
    /// What it does when.
    pub definition: Definition,
    /// Words that the client attached.
    pub memo: Option<Memo>,
    /// Values that lists can filter by.
    pub search_attributes: Option<SearchAttributes>,
    /// The request that creates it.
    pub request_id: String,
}

/// What an update replaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduleUpdate {
    /// Takes the place of spec, action, policies and state.
    pub definition: Definition,
    /// `None` leaves what is there, an empty one removes it.
    pub memo: Option<Memo>,
    /// `None` leaves what is there, empty ones remove it.
    pub search_attributes: Option<SearchAttributes>,
    /// The token that the schedule is expected to have; 0 for any.
    pub conflict_token: i64,
    /// The request; one that comes again changes nothing.
    pub request_id: String,
}

/// Why a schedule cannot become what it is asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleRejection {
    /// The spec makes no sense.
    #[error("Invalid schedule spec: {0}")]
    InvalidSpec(String),

    /// It has more to do than it remembers.
    #[error("too many starts and backfills of the schedule wait for their turn; try again when some of them are done")]
    Full,

    /// Somebody else has changed it in the meantime.
    #[error("mismatched conflict token: the schedule has changed; describe it and update it anew")]
    Conflict,
}

/// What is to be done outside, once the schedule is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleEffect {
    /// Start a workflow, and report the outcome with the number. The namespace is left out.
    Start {
        /// Names the start in the report.
        number: i64,
        /// What to start.
        request: Box<StartWorkflowExecutionRequest>,
    },
    /// End the workflow that began with this run, in whatever run it is now.
    End(WorkflowExecution, End),
    /// The schedule has had nothing to do for long, and never will: delete it.
    Delete,
}

/// What a turn leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduleTransition {
    /// What to do.
    pub effects: Vec<ScheduleEffect>,
    /// When to look at the schedule again; `None` when only something else can happen to it.
    pub wake_up: Option<Time>,
}

/// One decision about a schedule.
pub struct ScheduleTurn<'a> {
    schedule: &'a mut Schedule,
    spec: Spec,
    now: Time,
    effects: Vec<ScheduleEffect>,
    /// Times that may still be looked at in this turn.
    budget: usize,
}

// === Creation ===

/// A schedule that begins now.
pub fn create(new: NewSchedule, now: Time) -> Result<Schedule, ScheduleRejection> {
    let mut schedule = Schedule {
        namespace_id: new.namespace_id,
        schedule_id: new.schedule_id,
        memo: new.memo.filter(has_fields),
        search_attributes: new.search_attributes.filter(has_attributes),
        create_request_id: new.request_id,
        created_ns: now.nanos(),
        processed_ns: now.nanos(),
        conflict_token: FIRST_CONFLICT_TOKEN,
        ..Default::default()
    };
    schedule.info.create_time = Some(now.into());
    define(&mut schedule, new.definition)?;
    Ok(schedule)
}

fn has_fields(memo: &Memo) -> bool {
    !memo.fields.is_empty()
}

fn has_attributes(attributes: &SearchAttributes) -> bool {
    !attributes.indexed_fields.is_empty()
}

fn define(schedule: &mut Schedule, definition: Definition) -> Result<(), ScheduleRejection> {
    let spec = spec::canonical(definition.spec.unwrap_or_default()).map_err(ScheduleRejection::InvalidSpec)?;
    schedule.spec = spec;
    schedule.action = definition.action;
    schedule.policies = with_defaults(definition.policies.unwrap_or_default());
    schedule.state = definition.state.unwrap_or_default();
    Ok(())
}

fn with_defaults(policies: SchedulePolicies) -> SchedulePolicies {
    let overlap = match policies.overlap_policy() {
        ScheduleOverlapPolicy::Unspecified => ScheduleOverlapPolicy::Skip,
        given => given,
    };
    let window = policies.catchup_window.as_ref().map_or(CATCHUP_WINDOW, span);
    SchedulePolicies {
        overlap_policy: overlap as i32,
        catchup_window: Some(proto_span(window.max(CATCHUP_WINDOW_MINIMUM))),
        ..policies
    }
}

// === Turns ===

impl<'a> ScheduleTurn<'a> {
    /// Begins a decision about a stored schedule. What was due before it comes first.
    pub fn new(schedule: &'a mut Schedule, now: Time) -> Self {
        let mut turn = ScheduleTurn {
            spec: compiled(schedule),
            schedule,
            now,
            effects: Vec::new(),
            budget: due::TIMES_PER_TURN,
        };
        turn.take_due_times();
        turn
    }

    /// The schedule as it stands.
    pub fn schedule(&self) -> &Schedule {
        self.schedule
    }

    /// Does what a client asks for. The same request again changes nothing.
    pub fn patch(&mut self, patch: SchedulePatch, request_id: &str) -> Result<(), ScheduleRejection> {
        if self.knows(request_id) {
            return Ok(());
        }
        self.check_room(&patch)?;
        self.remember(request_id);
        if let Some(trigger) = patch.trigger_immediately {
            self.trigger(&trigger);
        }
        for backfill in patch.backfill_request {
            self.add_backfill(backfill);
        }
        for (notes, paused) in [(patch.pause, true), (patch.unpause, false)] {
            if !notes.is_empty() {
                self.set_paused(paused, notes);
            }
        }
        Ok(())
    }

    /// Replaces what the schedule does when. The same request again changes nothing.
    pub fn update(&mut self, update: ScheduleUpdate) -> Result<(), ScheduleRejection> {
        if self.knows(&update.request_id) {
            return Ok(());
        }
        if ![0, self.schedule.conflict_token].contains(&update.conflict_token) {
            return Err(ScheduleRejection::Conflict);
        }
        define(self.schedule, update.definition)?;
        self.remember(&update.request_id);
        self.spec = compiled(self.schedule);
        if let Some(memo) = update.memo {
            self.schedule.memo = Some(memo).filter(has_fields);
        }
        if let Some(attributes) = update.search_attributes {
            self.schedule.search_attributes = Some(attributes).filter(has_attributes);
        }
        self.schedule.info.update_time = Some(self.now.into());
        self.schedule.updated_ns = self.now.nanos();
        // A time whose jitter has not passed yet may lie behind us.
        let earliest = self.spec.before_pending(self.now);
        self.schedule.processed_ns = self.schedule.processed_ns.max(earliest.nanos());
        self.changed();
        Ok(())
    }

    /// Lets everything happen whose time has come, and ends the decision.
    pub fn finish(mut self) -> ScheduleTransition {
        self.take_due_times();
        while self.take_backfills() {
            self.empty_buffer();
        }
        self.empty_buffer();
        self.retry_starts();
        let wake_up = self.wake_up();
        ScheduleTransition {
            effects: self.effects,
            wake_up,
        }
    }

    /// Whether this request has been carried out.
    fn knows(&self, request_id: &str) -> bool {
        let mut known = self.schedule.request_ids.iter();
        !request_id.is_empty() && known.any(|known| known == request_id)
    }

    fn remember(&mut self, request_id: &str) {
        if !request_id.is_empty() {
            self.schedule.request_ids.push(request_id.to_owned());
            keep_last(&mut self.schedule.request_ids, REQUEST_IDS);
        }
    }

    fn set_paused(&mut self, paused: bool, notes: String) {
        self.schedule.state.paused = paused;
        self.schedule.state.notes = notes;
        self.changed();
    }

    /// Notes a change that an update must not overwrite unseen.
    fn changed(&mut self) {
        self.schedule.conflict_token += 1;
    }

    fn policy_or_own(&self, policy: ScheduleOverlapPolicy) -> ScheduleOverlapPolicy {
        match policy {
            ScheduleOverlapPolicy::Unspecified => self.schedule.policies.overlap_policy(),
            given => given,
        }
    }

    /// Whether the schedule may act by itself.
    fn may_act(&self) -> bool {
        let state = &self.schedule.state;
        !state.paused && (!state.limited_actions || state.remaining_actions > 0)
    }
}

/// The spec of a stored schedule, which has been checked when it was stored. Names of time zones are never given up, but
/// if one were, the schedule would have no times rather than wrong ones.
fn compiled(schedule: &Schedule) -> Spec {
    let seed = format!("{}-{}", schedule.namespace_id, schedule.schedule_id);
    Spec::new(&schedule.spec, seed.clone())
        .or_else(|_| Spec::new(&ScheduleSpec::default(), seed))
        .expect("the empty spec is canonical")
}

/// Drops the oldest of a list that has grown.
fn keep_last<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}
