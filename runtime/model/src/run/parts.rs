//! What a run has open, much or little, so that a write of the run costs what has changed and not what is open.
//!
//! While little is open, all of it is in the run's row. Once it is more than [`PART_BYTES`], it is written aside as a part:
//! a piece of the run's message with the entries that have changed since the part before. The row then holds what has
//! changed since the last part. The parts and the row, merged in their order, are the run. When most of what the parts hold
//! is outdated, what is left is written anew.

use std::collections::BTreeMap;

use prost::Message;

use super::{Activity, ChildWorkflow, ExternalRequest, Pending, Run, TakenSignal, Timer, Update};
use crate::proto::HistoryEvent;

/// Bytes of open entries that the row of a run holds at most.
const PART_BYTES: usize = 4 * 1024;

/// Parts may hold so many times the bytes of what is really open before they are written anew.
const OUTDATED: usize = 2;

/// Where the parts of a run are, and which of their entries are gone.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Parts {
    /// The number of the first part.
    #[prost(int64, tag = "1")]
    pub first: i64,
    /// The number that the next part gets.
    #[prost(int64, tag = "2")]
    pub next: i64,
    /// Bytes of all of them.
    #[prost(uint64, tag = "3")]
    pub bytes: u64,
    /// Entries that are open no more: activities, timers, children and external requests by their events.
    #[prost(int64, repeated, tag = "4")]
    pub gone_event_ids: Vec<i64>,
    /// Buffered events that wait no more, by their numbers.
    #[prost(int64, repeated, tag = "5")]
    pub gone_buffered: Vec<i64>,
    /// Updates that are gone, by their ids.
    #[prost(string, repeated, tag = "6")]
    pub gone_updates: Vec<String>,
}

/// A run as it is written: its row, and what changes beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The row.
    pub row: Vec<u8>,
    /// A new part, with its number.
    pub part: Option<(i64, Vec<u8>)>,
    /// The parts before this one are not needed any more.
    pub outdated_before: Option<i64>,
}

/// What has not changed, while what has is written.
#[derive(Default)]
struct Aside {
    activities: BTreeMap<i64, Activity>,
    timers: BTreeMap<i64, Timer>,
    children: BTreeMap<i64, ChildWorkflow>,
    external_requests: BTreeMap<i64, ExternalRequest>,
    updates: BTreeMap<String, Update>,
    taken_signals: BTreeMap<String, TakenSignal>,
    buffered_events: BTreeMap<i64, HistoryEvent>,
}

/// Does the same for each kind of open entries.
macro_rules! each_kind {
    ($does:ident) => {
        $does!(activities);
        $does!(timers);
        $does!(children);
        $does!(external_requests);
        $does!(updates);
        $does!(taken_signals);
        $does!(buffered_events);
    };
}

impl Run {
    /// What has to be written, on the assumption that it will be: the next call is about what changes from now on.
    pub fn write(&mut self) -> Written {
        if !self.knows_changes() {
            return self.write_anew();
        }
        self.note_gone();
        let aside = self.set_aside();
        let written = match self.open_bytes() > PART_BYTES {
            false => Written {
                row: self.encode_to_vec(),
                ..Written::default()
            },
            true => self.write_part(),
        };
        self.bring_back(aside);
        self.parts_mut().forget_gone();
        if written.part.is_none() {
            return written;
        }
        self.written_aside();
        let open_bytes = self.open_bytes().max(PART_BYTES);
        match self.parts_mut().bytes > (OUTDATED * open_bytes) as u64 {
            true => self.write_anew(),
            false => written,
        }
    }

    /// A run of its parts, in their order, and its row.
    ///
    /// # Errors
    /// One of them is no piece of a run.
    pub fn read<'a>(parts: impl IntoIterator<Item = &'a [u8]>, row: &[u8]) -> Result<Run, prost::DecodeError> {
        let mut run = Run::decode(row)?;
        run.take_over_former();
        if run.parts.is_none() {
            return Ok(run);
        }
        let mut open = Run::default();
        for part in parts {
            open.absorb_open(&mut Run::decode(part)?);
        }
        open.written_aside();
        open.absorb_open(&mut run);
        run.swap_open(&mut open);
        run.parts_mut().forget_gone();
        Ok(run)
    }

    /// Bytes that it holds beside its own fields, roughly. Counts what is open and does not look at it.
    pub fn memory_bytes(&self) -> usize {
        /// What an activity's names, policies and failures take beside its fields; others have less.
        const BESIDE: usize = 256;
        let words = self.memo.as_ref().map_or(0, prost::Message::encoded_len)
            + self.search_attributes.as_ref().map_or(0, prost::Message::encoded_len);
        let open = self.activities.len() * (size_of::<Activity>() + BESIDE)
            + self.timers.len() * size_of::<(i64, Timer)>()
            + self.children.len() * (size_of::<ChildWorkflow>() + BESIDE)
            + self.external_requests.len() * (size_of::<ExternalRequest>() + BESIDE)
            + self.updates.len() * (size_of::<Update>() + BESIDE)
            + self.taken_signals.len() * BESIDE
            + self.buffered_events.len() * (size_of::<HistoryEvent>() + BESIDE);
        1024 + 2 * words + open
    }

    /// Keeps an event until the workflow task that a worker holds has ended.
    pub fn buffer(&mut self, event: HistoryEvent) {
        let number = self.buffered_events.last_key_value().map_or(1, |(last, _)| last + 1);
        self.buffered_events.insert(number, event);
    }

    /// True when there are parts, and it is known what has changed since the last one.
    fn knows_changes(&self) -> bool {
        let (mut knows, mut has_entries) = (self.parts.is_some(), false);
        macro_rules! look {
            ($kind:ident) => {
                knows &= self.$kind.knows_changes();
                has_entries |= !self.$kind.is_empty();
            };
        }
        each_kind!(look);
        knows && has_entries
    }

    /// Everything in the row, or, if that is too much, everything open in one part.
    fn write_anew(&mut self) -> Written {
        let next = self.parts.take().map(|parts| parts.next);
        macro_rules! forget_changes {
            ($kind:ident) => {
                self.$kind.forget_changes();
            };
        }
        each_kind!(forget_changes);
        if self.open_bytes() <= PART_BYTES {
            return Written {
                row: self.encode_to_vec(),
                part: None,
                outdated_before: next,
            };
        }
        let next = next.unwrap_or(0);
        self.parts = Some(Parts {
            first: next,
            next,
            ..Parts::default()
        });
        let written = self.write_part();
        self.written_aside();
        Written {
            outdated_before: (next > 0).then_some(next),
            ..written
        }
    }

    /// The open entries that are at hand in a part, and the rest in the row.
    fn write_part(&mut self) -> Written {
        let mut open = Run::default();
        self.swap_open(&mut open);
        let parts = self.parts_mut();
        open.parts = parts.has_gone().then(|| Parts {
            first: 0,
            next: 0,
            bytes: 0,
            ..parts.clone()
        });
        let part = open.encode_to_vec();
        let number = parts.next;
        parts.next += 1;
        parts.bytes += part.len() as u64;
        parts.forget_gone();
        let row = self.encode_to_vec();
        self.swap_open(&mut open);
        Written {
            row,
            part: Some((number, part)),
            outdated_before: None,
        }
    }

    fn parts_mut(&mut self) -> &mut Parts {
        self.parts.as_mut().expect("only called where there are some")
    }

    fn written_aside(&mut self) {
        macro_rules! written_aside {
            ($kind:ident) => {
                self.$kind.written_aside();
            };
        }
        each_kind!(written_aside);
    }

    fn set_aside(&mut self) -> Aside {
        let mut aside = Aside::default();
        macro_rules! set_aside {
            ($kind:ident) => {
                aside.$kind = self.$kind.set_aside();
            };
        }
        each_kind!(set_aside);
        aside
    }

    fn bring_back(&mut self, aside: Aside) {
        macro_rules! bring_back {
            ($kind:ident) => {
                self.$kind.bring_back(aside.$kind);
            };
        }
        each_kind!(bring_back);
    }

    fn swap_open(&mut self, other: &mut Run) {
        macro_rules! swap {
            ($kind:ident) => {
                std::mem::swap(&mut self.$kind, &mut other.$kind);
            };
        }
        each_kind!(swap);
    }

    /// Takes over the open entries of a later piece of the run, and drops those that are gone by then.
    fn absorb_open(&mut self, later: &mut Run) {
        macro_rules! absorb {
            ($kind:ident) => {
                for (key, value) in std::mem::take(&mut later.$kind) {
                    self.$kind.insert(key, value);
                }
            };
        }
        each_kind!(absorb);
        let Some(gone) = &later.parts else { return };
        for event_id in &gone.gone_event_ids {
            self.activities.remove(event_id);
            self.timers.remove(event_id);
            self.children.remove(event_id);
            self.external_requests.remove(event_id);
        }
        for number in &gone.gone_buffered {
            self.buffered_events.remove(number);
        }
        for update_id in &gone.gone_updates {
            self.updates.remove(update_id);
        }
    }

    fn note_gone(&mut self) {
        let events = self.activities.gone().chain(self.timers.gone());
        let events = events.chain(self.children.gone()).chain(self.external_requests.gone());
        let gone_event_ids = events.copied().collect();
        let gone_buffered = self.buffered_events.gone().copied().collect();
        let gone_updates = self.updates.gone().cloned().collect();
        let parts = self.parts_mut();
        parts.gone_event_ids = gone_event_ids;
        parts.gone_buffered = gone_buffered;
        parts.gone_updates = gone_updates;
    }

    /// Runs that were written by earlier versions have lists in the place of two of the maps.
    fn take_over_former(&mut self) {
        for request_id in std::mem::take(&mut self.former_signal_request_ids) {
            self.taken_signals.insert(request_id, TakenSignal {});
        }
        for event in std::mem::take(&mut self.former_buffered_events) {
            self.buffer(event);
        }
    }

    /// Bytes that the open entries take in a message, and the names of those that are gone.
    fn open_bytes(&self) -> usize {
        fn sum<K, V: Message>(pending: &Pending<K, V>, key_bytes: impl Fn(&K) -> usize) -> usize {
            // Tags and lengths are small, and counted as so many bytes.
            const AROUND: usize = 8;
            let entries = pending.iter();
            entries
                .map(|(key, value)| key_bytes(key) + value.encoded_len() + AROUND)
                .sum()
        }
        let number = |_: &i64| 4;
        sum(&self.activities, number)
            + sum(&self.timers, number)
            + sum(&self.children, number)
            + sum(&self.external_requests, number)
            + sum(&self.buffered_events, number)
            + sum(&self.updates, String::len)
            + sum(&self.taken_signals, String::len)
            + self.parts.as_ref().map_or(0, Parts::gone_bytes)
    }
}

impl Parts {
    fn forget_gone(&mut self) {
        self.gone_event_ids.clear();
        self.gone_buffered.clear();
        self.gone_updates.clear();
    }

    fn has_gone(&self) -> bool {
        self.gone_bytes() > 0
    }

    fn gone_bytes(&self) -> usize {
        let updates: usize = self.gone_updates.iter().map(String::len).sum();
        4 * (self.gone_event_ids.len() + self.gone_buffered.len()) + updates
    }
}

#[cfg(test)]
mod tests;
