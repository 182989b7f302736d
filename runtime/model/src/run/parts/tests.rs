//! Stories of what is open, written after each change and read back.

use super::*;

/// A run, and the pieces of it that are stored.
struct Story {
    run: Run,
    row: Vec<u8>,
    parts: BTreeMap<i64, Vec<u8>>,
    written_bytes: usize,
}

impl Story {
    fn new() -> Self {
        Story {
            run: Run::default(),
            row: Vec::new(),
            parts: BTreeMap::new(),
            written_bytes: 0,
        }
    }

    /// Writes the run, and sees that what is stored is the run.
    fn write(&mut self) {
        let written = self.run.write();
        self.written_bytes += written.row.len();
        self.row = written.row;
        if let Some(before) = written.outdated_before {
            self.parts = self.parts.split_off(&before);
        }
        if let Some((number, part)) = written.part {
            self.written_bytes += part.len();
            self.parts.insert(number, part);
        }
        assert_eq!(self.read(), self.run);
    }

    fn read(&self) -> Run {
        let run = Run::read(self.parts.values().map(Vec::as_slice), &self.row).unwrap();
        let numbers: Vec<i64> = self.parts.keys().copied().collect();
        let expected: Vec<i64> = run.parts.iter().flat_map(|parts| parts.first..parts.next).collect();
        assert_eq!(numbers, expected);
        run
    }

    fn open(&mut self, number: i64) {
        let activity = Activity {
            activity_id: number.to_string(),
            activity_type: "x".repeat(200),
            ..Activity::default()
        };
        self.run.activities.insert(number, activity);
    }
}

/// All that can happen to open entries, in an order that looks like chance.
#[test]
fn what_is_stored_is_the_run_whatever_happens_to_it() {
    let mut story = Story::new();
    let mut state = 7_u64;
    let mut chance = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for number in 1..4_000 {
        let some = i64::try_from(chance(number)).unwrap();
        match chance(if number % 1_000 < 600 { 7 } else { 12 }) {
            0 | 1 => story.open(number.try_into().unwrap()),
            2 => {
                let taken = TakenSignal {};
                story.run.taken_signals.insert(format!("request-{number}"), taken);
            }
            3 => {
                story.run.updates.insert(format!("update-{some}"), Update::default());
            }
            4 => story.run.buffer(HistoryEvent::default()),
            5 => {
                if let Some(activity) = story.run.activities.get_mut(&some) {
                    activity.attempt += 1;
                }
            }
            6 => {
                story.run.updates.remove(&format!("update-{some}"));
            }
            _ => {
                let key = story.run.activities.first_key_value().map(|(key, _)| *key);
                key.map(|key| story.run.activities.remove(&key));
            }
        }
        if chance(200) == 0 {
            story.run.buffered_events = Pending::default();
        }
        if chance(300) == 0 {
            // The server has died.
            story.run = story.read();
        }
        story.write();
    }
    assert!(story.run.parts.is_some());
    macro_rules! clear {
        ($kind:ident) => {
            story.run.$kind.clear();
        };
    }
    each_kind!(clear);
    story.write();
    assert_eq!((&story.run.parts, story.parts.len()), (&None, 0));
}

#[test]
fn a_write_costs_the_same_however_much_is_open() {
    let bytes_each = |count: i64| {
        let mut story = Story::new();
        for number in 1..=count {
            story.open(number);
            story.write();
        }
        for number in 1..=count {
            story.run.activities.get_mut(&number).unwrap().attempt = 2;
            story.write();
        }
        for number in 1..=count {
            story.run.activities.remove(&number);
            story.write();
        }
        story.written_bytes / usize::try_from(3 * count).unwrap()
    };
    let (ten, many) = (bytes_each(10), bytes_each(2_000));
    assert!(many < 3 * ten, "{ten} bytes a write with 10 open, {many} with 2,000");
}

#[test]
fn runs_of_earlier_versions_are_read() {
    let former = Run {
        former_signal_request_ids: vec!["a".to_owned(), "b".to_owned()],
        former_buffered_events: vec![HistoryEvent::default()],
        ..Run::default()
    };
    let run = Run::read([], &former.encode_to_vec()).unwrap();
    assert_eq!(run.taken_signals.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(run.buffered_events.len(), 1);
    assert!(run.former_signal_request_ids.is_empty() && run.former_buffered_events.is_empty());
}
