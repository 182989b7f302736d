//! Every field of every event and of every command: written by a rule, passed on, or left out for a reason.
//!
//! The tables name each field of the API's descriptors once. A field that a newer API adds has to be put into them.

mod commands;
mod events;
mod filled;
mod histories;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};
use wrt_model::proto::{DESCRIPTORS, HistoryEvent};

use self::{
    commands::{COMMANDS, Fate},
    events::{EVENTS, Row},
};

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("descriptors come from the build"));

/// A message of the API, by its full name.
fn descriptor(name: &str) -> MessageDescriptor {
    let found = POOL.get_message_by_name(&format!("temporal.api.{name}"));
    found.unwrap_or_else(|| panic!("the API has no message {name}"))
}

/// The messages that a message has one of, by the names of their types.
fn choices(name: &str) -> BTreeMap<String, MessageDescriptor> {
    let oneof = descriptor(name).oneofs().find(|oneof| oneof.name() == "attributes");
    let fields: Vec<FieldDescriptor> = oneof.expect("it has attributes").fields().collect();
    let kinds = fields.iter().filter_map(|field| field.kind().as_message().cloned());
    kinds.map(|kind| (kind.name().to_owned(), kind)).collect()
}

fn names(fields: &str) -> impl Iterator<Item = String> + '_ {
    fields.split_whitespace().map(str::to_owned)
}

/// Compares the fields that a table names with those that there are.
#[track_caller]
fn check_names(message: &MessageDescriptor, named: impl Iterator<Item = String>) {
    let mut once = BTreeSet::new();
    for name in named {
        assert!(
            once.insert(name.clone()),
            "{}.{name} is in the table twice",
            message.name()
        );
    }
    let there: BTreeSet<String> = message.fields().map(|field| field.name().to_owned()).collect();
    let missing: Vec<_> = there.difference(&once).collect();
    let unknown: Vec<_> = once.difference(&there).collect();
    assert!(
        missing.is_empty(),
        "no row says what becomes of {missing:?} of {}",
        message.name()
    );
    assert!(unknown.is_empty(), "the API knows no {unknown:?} of {}", message.name());
}

/// An event as a message that can be looked into.
fn dynamic(event: &HistoryEvent) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor("history.v1.HistoryEvent"));
    message.transcode_from(event).expect("the same message");
    message
}

/// The attributes of an event.
fn attributes(event: &DynamicMessage) -> DynamicMessage {
    let oneof = event.descriptor().oneofs().find(|oneof| oneof.name() == "attributes");
    let fields: Vec<FieldDescriptor> = oneof.expect("events have attributes").fields().collect();
    let set = fields.iter().find(|field| event.has_field(field));
    match &*event.get_field(set.expect("this one has them, too")) {
        Value::Message(attributes) => attributes.clone(),
        other => panic!("{other:?} is no message"),
    }
}

/// The fields that are set in some of the events, by message.
fn set_fields<'e>(events: impl IntoIterator<Item = &'e HistoryEvent>) -> BTreeSet<(String, String)> {
    let mut set = BTreeSet::new();
    for event in events {
        let event = dynamic(event);
        for message in [attributes(&event), event] {
            let kind = message.descriptor().name().to_owned();
            let fields = message.fields().map(|(field, _)| field.name().to_owned());
            set.extend(fields.map(|field| (kind.clone(), field)));
        }
    }
    set
}

#[test]
fn every_field_of_every_event_is_set_or_left_out_for_a_reason() {
    let mut messages = choices("history.v1.HistoryEvent");
    messages.insert("HistoryEvent".into(), descriptor("history.v1.HistoryEvent"));
    let mut histories = BTreeMap::new();
    for (_, rows) in EVENTS {
        for row in *rows {
            if let Row::Set(history, _) = row {
                histories
                    .entry(*history as usize)
                    .or_insert_with(|| set_fields(&history()));
            }
        }
    }
    let ever: BTreeSet<_> = histories.values().flatten().cloned().collect();
    for (name, rows) in EVENTS {
        let message = messages
            .remove(*name)
            .unwrap_or_else(|| panic!("{name} is no event, or in the table twice"));
        if let [Row::Never(reason)] = rows {
            let written = ever.iter().any(|(kind, _)| kind == name);
            assert!(!written, "{name} is written, though it is said never to be: {reason}");
            continue;
        }
        let attributes = message.oneofs().flat_map(|oneof| oneof.fields().collect::<Vec<_>>());
        let elsewhere = attributes
            .filter(|_| *name == "HistoryEvent")
            .map(|field| field.name().to_owned());
        let named = rows.iter().flat_map(|row| names(row.fields()).collect::<Vec<_>>());
        check_names(&message, named.chain(elsewhere));
        for row in *rows {
            for field in names(row.fields()) {
                let place = ((*name).to_owned(), field.clone());
                match row {
                    Row::Set(history, _) => {
                        let seen = &histories[&(*history as usize)];
                        assert!(seen.contains(&place), "{name}.{field} is not set by its history");
                    }
                    Row::LeftOut(reason, _) => {
                        assert!(
                            !ever.contains(&place),
                            "{name}.{field} is set, though it is said not to be: {reason}"
                        );
                    }
                    Row::Never(_) => unreachable!("it stands alone"),
                }
            }
        }
    }
    assert!(messages.is_empty(), "the table has no {:?}", messages.keys());
}

#[test]
fn every_field_of_every_command_is_passed_on_or_left_out_for_a_reason() {
    let mut messages = choices("command.v1.Command");
    for (name, rows) in COMMANDS {
        let message = messages
            .remove(*name)
            .unwrap_or_else(|| panic!("{name} is no command, or in the table twice"));
        check_names(
            &message,
            rows.iter().flat_map(|row| names(row.fields()).collect::<Vec<_>>()),
        );
        let mut events = BTreeMap::new();
        let (command, history) = histories::of_command(name);
        for event in &history {
            let event = dynamic(event);
            let attributes = attributes(&event);
            // The last of a kind is the one that the command has written.
            events.insert(attributes.descriptor().name().to_owned(), (event, attributes));
        }
        for row in *rows {
            row.check(&command, &events);
        }
    }
    assert!(messages.is_empty(), "the table has no {:?}", messages.keys());
}

impl Fate {
    fn check(&self, command: &DynamicMessage, events: &BTreeMap<String, (DynamicMessage, DynamicMessage)>) {
        let kind = command.descriptor().name().to_owned();
        let sent = |field: &str| match command.get_field_by_name(field) {
            Some(value) => value.into_owned(),
            None => panic!("{kind} has no {field}"),
        };
        match self {
            Fate::PassedOn(event, fields) => {
                let (_, attributes) = events.get(*event).unwrap_or_else(|| panic!("{kind} writes no {event}"));
                for field in names(fields) {
                    let found = attributes.get_field_by_name(&field).map(|value| value.into_owned());
                    assert!(command.has_field_by_name(&field), "{kind}.{field} was not filled");
                    assert_eq!(found, Some(sent(&field)), "{event}.{field}");
                }
            }
            Fate::Becomes(event, field, path) => {
                let (_, attributes) = events.get(*event).unwrap_or_else(|| panic!("{kind} writes no {event}"));
                assert!(command.has_field_by_name(field), "{kind}.{field} was not filled");
                assert_eq!(at(attributes, path), Some(sent(field)), "{event}.{path}");
            }
            Fate::Used(..) | Fate::LeftOut(..) => {}
        }
    }
}

/// The value at a path of names with dots between them.
fn at(message: &DynamicMessage, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => Some(message.get_field_by_name(path)?.into_owned()),
        Some((first, rest)) => match &*message.get_field_by_name(first)? {
            Value::Message(message) => at(message, rest),
            _ => None,
        },
    }
}

#[test]
fn the_words_of_every_command_stand_beside_its_event() {
    for (name, rows) in COMMANDS {
        if rows.iter().all(|row| matches!(row, Fate::LeftOut(..))) {
            continue;
        }
        let (_, history) = histories::of_command(name);
        let words = filled::words();
        let beside = history.iter().find(|event| {
            event.user_metadata == words.user_metadata && event.event_group_markers == words.event_group_markers
        });
        assert!(beside.is_some(), "{name} leaves its words beside no event");
    }
}
