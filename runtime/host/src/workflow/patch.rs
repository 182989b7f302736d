//! `wrt:workflow/patch`: changes of workflow code that replay the histories of the old code.
//!
//! A patch leaves a marker, as Temporal's SDKs write it, and its id in the search attribute `TemporalChangeVersion`.

use std::collections::{BTreeSet, HashMap};

use wasmtime::{Result, bail};
use wrt_model::{
    limits::ID_BYTES,
    payload,
    proto::{
        CommandAttributes, EventAttributes, HistoryEvent, Payloads, SearchAttributes,
        command::{RecordMarkerCommandAttributes, UpsertWorkflowSearchAttributesCommandAttributes},
    },
};

use super::{
    ledger::{Ledger, Mode},
    state::RunState,
};
use crate::bindings::workflow::imports::patch::Host;

/// The names that Temporal's SDKs give the marker, its detail, and the search attribute.
const MARKER: &str = "core_patch";
const DETAIL: &str = "patch-data";
const CHANGE_VERSION: &str = "TemporalChangeVersion";

/// The most bytes of ids that the search attribute takes; the patches after that are only in the history.
const CHANGE_VERSION_BYTES: usize = 2_048;

/// What the marker says.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Mark {
    pub(super) id: String,
    pub(super) deprecated: bool,
}

impl Host for RunState {
    fn patched(&mut self, patch_id: String) -> Result<bool> {
        self.ledger.patched(patch_id)
    }

    fn deprecate(&mut self, patch_id: String) -> Result<()> {
        self.ledger.deprecate(patch_id)
    }
}

impl Ledger {
    pub(super) fn patched(&mut self, id: String) -> Result<bool> {
        if let Some(&answer) = self.patches.get(&id) {
            return Ok(answer);
        }
        let answer = self.is_marked_or_new(&id);
        if answer {
            self.check_length(&id)?;
            self.issue(mark(&id, false), None)?;
            self.list(&id)?;
        }
        self.patches.insert(id, answer);
        Ok(answer)
    }

    pub(super) fn deprecate(&mut self, id: String) -> Result<()> {
        if !self.patches.contains_key(&id) && self.is_marked_or_new(&id) {
            self.check_length(&id)?;
            self.issue(mark(&id, true), None)?;
        }
        self.patches.insert(id, true);
        Ok(())
    }

    /// Refuses an id that is longer than ids are, unless it is in a history already.
    fn check_length(&self, id: &str) -> Result<()> {
        if id.len() > ID_BYTES && matches!(self.mode, Mode::Collect(_)) {
            bail!("a patch id has {} bytes, {ID_BYTES} are allowed", id.len());
        }
        Ok(())
    }

    /// The patches that the history has marks of, within the task that is replayed.
    pub(super) fn expected_patches(&self) -> Vec<String> {
        match &self.mode {
            Mode::Compare(expected) => expected
                .iter()
                .filter_map(marked_by_event)
                .map(|mark| mark.id)
                .collect(),
            Mode::Collect(_) | Mode::Refuse(_) => Vec::new(),
        }
    }

    /// On replay the history says whether the mark was made.
    fn is_marked_or_new(&self, id: &str) -> bool {
        match &self.mode {
            Mode::Compare(expected) => expected.iter().filter_map(marked_by_event).any(|mark| mark.id == id),
            // A command in a query is refused when it is issued.
            Mode::Collect(_) | Mode::Refuse(_) => true,
        }
    }

    /// Adds the patch to the search attribute. A mark that was made when it was deprecated already has no such entry.
    fn list(&mut self, id: &str) -> Result<()> {
        let listed = |ids: &BTreeSet<String>| ids.iter().map(String::len).sum::<usize>();
        if listed(&self.marked) + id.len() > CHANGE_VERSION_BYTES || !self.lists_next() {
            return Ok(());
        }
        self.marked.insert(id.to_owned());
        let ids = serde_json::to_vec(&self.marked).expect("strings are JSON");
        let mut value = payload::json(ids);
        value.metadata.insert("type".to_owned(), b"KeywordList".to_vec());
        let attributes = SearchAttributes {
            indexed_fields: [(CHANGE_VERSION.to_owned(), value)].into(),
        };
        self.issue(
            CommandAttributes::UpsertWorkflowSearchAttributesCommandAttributes(
                UpsertWorkflowSearchAttributesCommandAttributes {
                    search_attributes: Some(attributes),
                },
            ),
            None,
        )
        .map(drop)
    }

    fn lists_next(&self) -> bool {
        match &self.mode {
            Mode::Compare(expected) => matches!(
                expected.front().and_then(|event| event.attributes.as_ref()),
                Some(EventAttributes::UpsertWorkflowSearchAttributesEventAttributes(upsert))
                    if upsert.search_attributes.as_ref().is_some_and(|attributes| {
                        attributes.indexed_fields.contains_key(CHANGE_VERSION)
                    })
            ),
            Mode::Collect(_) | Mode::Refuse(_) => true,
        }
    }
}

fn mark(id: &str, deprecated: bool) -> CommandAttributes {
    let mark = Mark {
        id: id.to_owned(),
        deprecated,
    };
    let data = payload::json(serde_json::to_vec(&mark).expect("a mark is JSON"));
    CommandAttributes::RecordMarkerCommandAttributes(RecordMarkerCommandAttributes {
        marker_name: MARKER.to_owned(),
        details: [(DETAIL.to_owned(), Payloads { payloads: vec![data] })].into(),
        ..Default::default()
    })
}

/// The patch that a command marks.
pub(super) fn marked_by_command(command: &CommandAttributes) -> Option<String> {
    match command {
        CommandAttributes::RecordMarkerCommandAttributes(marker) => marked(&marker.marker_name, &marker.details),
        _ => None,
    }
}

/// What an event says that marks a patch.
pub(super) fn marked_by_event(event: &HistoryEvent) -> Option<Mark> {
    match event.attributes.as_ref()? {
        EventAttributes::MarkerRecordedEventAttributes(marker) => read(&marker.marker_name, &marker.details),
        _ => None,
    }
}

/// The patch of a marker that marks one.
pub(super) fn marked(marker_name: &str, details: &HashMap<String, Payloads>) -> Option<String> {
    read(marker_name, details).map(|mark| mark.id)
}

fn read(marker_name: &str, details: &HashMap<String, Payloads>) -> Option<Mark> {
    let detail = details.get(DETAIL).filter(|_| marker_name == MARKER)?;
    serde_json::from_slice(&detail.payloads.first()?.data).ok()
}
