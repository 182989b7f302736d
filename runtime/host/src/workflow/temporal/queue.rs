//! What goes to the ledger at the end of a task.

use wasmtime::Result;
use wrt_model::proto::{
    CommandAttributes, Failure, UserMetadata, coresdk::workflow_commands::SetPatchMarker, update::outcome,
};

use super::waiting::Noun;
use crate::workflow::{
    ledger::{Ledger, OpenKind},
    local_activity::LocalActivity,
};

/// Something that goes to the ledger.
pub(super) enum Queued {
    Accept(String),
    Reject(String, Failure),
    Complete(String, outcome::Value),
    /// A command that is answered later.
    Open {
        noun: Noun,
        seq: u32,
        attributes: CommandAttributes,
        metadata: Option<UserMetadata>,
        kind: OpenKind,
    },
    Issue(CommandAttributes, Option<UserMetadata>),
    Close(CommandAttributes),
    Patch(SetPatchMarker),
    ScheduleLocal(LocalActivity),
    CancelLocal(u32),
}

impl Queued {
    /// Issues it. Returns what is open now, and by which event.
    pub(super) fn issue(self, ledger: &mut Ledger) -> Result<Option<(Noun, u32, i64)>> {
        match self {
            Queued::Accept(id) => ledger.accept(&id)?,
            Queued::Reject(id, reason) => ledger.reject(&id, Some(reason))?,
            Queued::Complete(id, outcome) => ledger.complete(&id, outcome)?,
            Queued::Open {
                noun,
                seq,
                attributes,
                metadata,
                kind,
            } => {
                let event_id = ledger.open_as(seq, attributes, metadata, kind)?;
                return Ok(Some((noun, seq, event_id)));
            }
            Queued::Issue(attributes, metadata) => drop(ledger.issue(attributes, metadata)?),
            Queued::Close(attributes) => ledger.close(attributes, "the workflow's end")?,
            Queued::Patch(mark) if mark.deprecated => ledger.deprecate(mark.patch_id)?,
            Queued::Patch(mark) => drop(ledger.patched(mark.patch_id)?),
            Queued::ScheduleLocal(activity) => {
                let seq = activity.seq;
                ledger.schedule_local_activity(activity)?;
                return Ok(Some((Noun::LocalActivity, seq, 0)));
            }
            Queued::CancelLocal(seq) => drop(ledger.cancel_local_activity(seq)),
        }
        Ok(None)
    }
}
