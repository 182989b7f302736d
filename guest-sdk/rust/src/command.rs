//! What a workflow asks for, in the order in which it asks.

use std::time::Duration;

use crate::{ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Failure, Memo, Payload, SearchAttributes};

/// Something that the workflow has asked for.
///
/// Activities, timers, children, and what other workflows are told, count up together from 1; later commands name them
/// by that number, `seq`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// An activity. It takes the next number.
    ScheduleActivity {
        /// The activity type.
        activity_type: String,
        /// The arguments.
        input: Vec<Payload>,
        /// The options, inherited ones included.
        options: ActivityOptions,
    },
    /// An activity that runs within the workflow task. It takes the next number.
    ScheduleLocalActivity {
        /// The activity type.
        activity_type: String,
        /// The arguments.
        input: Vec<Payload>,
        /// The options, inherited ones included. Queue, heartbeats and priority mean nothing here.
        options: ActivityOptions,
    },
    /// To stop an activity.
    RequestCancelActivity {
        /// The activity.
        seq: u32,
    },
    /// A timer. It takes the next number.
    StartTimer {
        /// How long it runs.
        duration: Duration,
        /// One line for people.
        summary: Option<String>,
    },
    /// To forget a timer.
    CancelTimer {
        /// The timer.
        seq: u32,
    },
    /// A child workflow. It takes the next number.
    StartChildWorkflow {
        /// The workflow type.
        workflow_type: String,
        /// The arguments.
        input: Vec<Payload>,
        /// The options, with the id that the child got.
        options: ChildWorkflowOptions,
    },
    /// To ask a child to cancel itself.
    RequestCancelChildWorkflow {
        /// The child.
        seq: u32,
        /// Why.
        reason: String,
    },
    /// A signal to a child. It takes the next number.
    SignalChildWorkflow {
        /// The child.
        seq: u32,
        /// The signal.
        signal_name: String,
        /// Its arguments.
        input: Vec<Payload>,
    },
    /// A signal to a workflow that somebody else has started. It takes the next number.
    SignalExternalWorkflow {
        /// The workflow.
        workflow_id: String,
        /// Its run; empty for the one that answers for the id.
        run_id: String,
        /// The signal.
        signal_name: String,
        /// Its arguments.
        input: Vec<Payload>,
    },
    /// To ask a workflow that somebody else has started to cancel itself. It takes the next number.
    RequestCancelExternalWorkflow {
        /// The workflow.
        workflow_id: String,
        /// Its run; empty for the one that answers for the id.
        run_id: String,
        /// Why.
        reason: String,
    },
    /// To take an update on.
    AcceptUpdate {
        /// The update.
        update_id: String,
    },
    /// To turn an update away.
    RejectUpdate {
        /// The update.
        update_id: String,
        /// Why.
        reason: Failure,
    },
    /// To answer an update that was accepted.
    CompleteUpdate {
        /// The update.
        update_id: String,
        /// The answer.
        outcome: Result<Payload, Failure>,
    },
    /// To say that the code before a change is gone.
    DeprecatePatch {
        /// The change.
        patch_id: String,
    },
    /// To set search attributes.
    UpsertSearchAttributes {
        /// The new values; null removes.
        attributes: SearchAttributes,
    },
    /// To set fields of the memo.
    UpsertMemo {
        /// The new values; null removes.
        fields: Memo,
    },
    /// To end as completed.
    Complete {
        /// The encoded result.
        output: Payload,
    },
    /// To end as failed.
    Fail {
        /// Why.
        failure: Failure,
    },
    /// To end as canceled.
    Cancel,
    /// To go on in a new run.
    ContinueAsNew {
        /// The arguments of the new run.
        input: Vec<Payload>,
        /// How it differs from this one.
        options: ContinueAsNewOptions,
    },
}

impl Command {
    /// True when nothing can follow.
    pub fn is_closing(&self) -> bool {
        matches!(
            self,
            Command::Complete { .. } | Command::Fail { .. } | Command::Cancel | Command::ContinueAsNew { .. }
        )
    }

    /// True when it takes the next number, by which it is answered.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn is_numbered(&self) -> bool {
        matches!(
            self,
            Command::ScheduleActivity { .. }
                | Command::ScheduleLocalActivity { .. }
                | Command::StartTimer { .. }
                | Command::StartChildWorkflow { .. }
                | Command::SignalChildWorkflow { .. }
                | Command::SignalExternalWorkflow { .. }
                | Command::RequestCancelExternalWorkflow { .. }
        )
    }
}
