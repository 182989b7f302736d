//! Payloads that are kept elsewhere: what a run refers to is counted, wherever in an event it stands.

use prost::Message as _;
use prost_reflect::{FieldDescriptor, Value};
use wrt_machine::{Origin, rebuild};
use wrt_model::{
    SearchAttributeValue,
    proto::{
        CommandAttributes, HistoryEvent, Payload, Payloads, command::CompleteWorkflowExecutionCommandAttributes,
        common::payload::ExternalPayloadDetails, enums::IndexedValueType,
    },
};

use crate::{
    fields::{POOL, Path, filled, paths},
    story::{Story, activity_with, command},
};

const PAYLOAD: &str = "temporal.api.common.v1.Payload";
const BYTES: i64 = 7_000;

/// A payload for something of this size that is kept elsewhere.
fn external(size_bytes: i64) -> Payload {
    Payload {
        external_payloads: vec![ExternalPayloadDetails { size_bytes }],
        ..Default::default()
    }
}

fn input(sizes: &[i64]) -> Option<Payloads> {
    let payloads = sizes.iter().copied().map(external).collect();
    Some(Payloads { payloads })
}

/// The ways to the sizes of what is kept elsewhere, one for each place where a payload may stand.
fn places() -> Vec<Path> {
    let event = POOL
        .get_message_by_name("temporal.api.history.v1.HistoryEvent")
        .expect("known");
    let mut found = Vec::new();
    paths(&event, &Vec::new(), &mut found);
    // No run has callbacks that a Nexus handler takes.
    let is_data = |path: &Path| {
        let ends_in_data = path
            .last()
            .is_some_and(|last| last.full_name() == format!("{PAYLOAD}.data"));
        ends_in_data && !path.iter().any(|field| field.name() == "nexus_handler")
    };
    let field = |message: &str, field: &str| -> FieldDescriptor {
        let message = POOL.get_message_by_name(message).expect("known");
        message.get_field_by_name(field).expect("known")
    };
    let size = [
        field(PAYLOAD, "external_payloads"),
        field(&format!("{PAYLOAD}.ExternalPayloadDetails"), "size_bytes"),
    ];
    let ways = found.into_iter().filter(is_data);
    ways.map(|way| way[..way.len() - 1].iter().cloned().chain(size.clone()).collect())
        .collect()
}

#[test]
fn it_counts_wherever_in_an_event_it_stands_but_for_search_attributes() {
    let places = places();
    assert!(places.len() > 60, "the descriptors have been read: {}", places.len());
    for place in places {
        let event = filled(&place[0].parent_message().clone(), &place, &|_| Value::I64(BYTES));
        let event = HistoryEvent::decode(event.encode_to_vec().as_slice()).expect("it was encoded");
        let run = rebuild(&Origin::default(), &[event]);
        let name: Vec<_> = place.iter().map(FieldDescriptor::name).collect();
        let name = name.join(".");
        let expected = match name.contains("search_attributes") {
            true => (0, 0),
            false => (1, BYTES),
        };
        let counted = (run.external_payload_count, run.external_payload_size_bytes);
        assert_eq!(counted, expected, "{name}");
    }
}

#[test]
fn a_run_is_found_by_what_it_referred_to_once_it_has_closed() {
    let mut story = Story::begin_with(|start| start.input = input(&[100, 20]));
    story.task(vec![activity_with("a", |activity| activity.input = input(&[3]))]);
    assert_eq!(
        (story.run.external_payload_count, story.run.external_payload_size_bytes),
        (3, 123)
    );
    assert_eq!(story.run.search_attributes, None);
    story.signal("go");
    story.task(vec![command(
        CommandAttributes::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes {
            result: input(&[1_000]),
        }),
    )]);
    assert!(story.last.changes_search_attributes);
    let attributes = story.run.search_attributes.as_ref().expect("it has some");
    for (name, expected) in [
        ("TemporalExternalPayloadCount", 4),
        ("TemporalExternalPayloadSizeBytes", 1_123),
    ] {
        let value = SearchAttributeValue::decode(&attributes.indexed_fields[name], IndexedValueType::Int);
        assert_eq!(
            value.ok().flatten(),
            Some(SearchAttributeValue::Int(expected)),
            "{name}"
        );
    }
}

#[test]
fn a_run_that_refers_to_nothing_has_no_such_attributes() {
    let mut story = Story::begin();
    story.task(vec![crate::story::complete()]);
    assert_eq!(story.run.search_attributes, None);
}
