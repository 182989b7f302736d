//! What a guest waits for, and by which numbers it knows it.

use wrt_model::proto::coresdk::workflow_commands::{
    ScheduleActivity, ScheduleLocalActivity, StartChildWorkflowExecution,
};

use super::cancellation::OnCancel;

/// What the guest counts by itself: each kind has numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Noun {
    Timer,
    Activity,
    LocalActivity,
    ChildWorkflow,
    Signal,
    Cancel,
}

/// Something that the guest waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    pub(super) place: Place,
    /// The id of an activity or a child.
    pub(super) id: String,
    /// Its type.
    pub(super) kind: String,
    pub(super) on_cancel: OnCancel,
    /// Whether it is known that a child has started.
    pub(super) is_started: bool,
    pub(super) cancel_requested: bool,
}

/// Where a command is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Not yet issued: at this place of the queue.
    Queued(usize),
    /// In the history, as this event.
    Issued(i64),
}

impl Default for Place {
    fn default() -> Self {
        Place::Issued(0)
    }
}

impl Waiting {
    pub(super) fn for_activity(activity: &ScheduleActivity) -> Self {
        let on_cancel = activity.cancellation_type().into();
        Self::called(&activity.activity_id, &activity.activity_type, on_cancel)
    }

    /// The server tells the end of a local activity when it has ended.
    pub(super) fn for_local_activity(activity: &ScheduleLocalActivity) -> Self {
        Self::called(&activity.activity_id, &activity.activity_type, OnCancel::Wait)
    }

    pub(super) fn for_child(child: &StartChildWorkflowExecution) -> Self {
        let on_cancel = child.cancellation_type().into();
        Self::called(&child.workflow_id, &child.workflow_type, on_cancel)
    }

    fn called(id: &str, kind: &str, on_cancel: OnCancel) -> Self {
        Waiting {
            id: id.to_owned(),
            kind: kind.to_owned(),
            on_cancel,
            ..Default::default()
        }
    }
}
