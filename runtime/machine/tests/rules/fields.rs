//! Ways to the fields of a message, from the descriptors, and messages that are filled along one of them.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use wrt_model::proto::DESCRIPTORS;

pub(crate) static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("the descriptors that the crate of messages offers"));

/// The way to a field within a message.
pub(crate) type Path = Vec<FieldDescriptor>;

/// All ways to texts and bytes. A message within one of its own kind is not entered.
pub(crate) fn paths(message: &MessageDescriptor, before: &Path, found: &mut Vec<Path>) {
    for field in message.fields() {
        if before
            .iter()
            .any(|known| known.parent_message() == field.parent_message())
        {
            continue;
        }
        let path: Path = before.iter().cloned().chain([field.clone()]).collect();
        let kind = match field.kind() {
            // The keys are texts, too.
            Kind::Message(entry) if field.is_map() => {
                found.push(path.clone());
                entry.map_entry_value_field().kind()
            }
            kind => kind,
        };
        match kind {
            Kind::String | Kind::Bytes if !field.is_map() => found.push(path),
            Kind::Message(inner) => paths(&inner, &path, found),
            _ => {}
        }
    }
}

/// The message that has this at the end of the way, and nothing beside the way. A map at its end has it as its key.
pub(crate) fn filled(
    message: &MessageDescriptor,
    path: &[FieldDescriptor],
    end: &dyn Fn(&Kind) -> Value,
) -> DynamicMessage {
    let (field, rest) = path.split_first().expect("a way has an end");
    let mut made = DynamicMessage::new(message.clone());
    let inner = |kind: Kind| match (kind, rest) {
        (Kind::Message(inner), []) => Value::Message(DynamicMessage::new(inner)),
        (Kind::Message(inner), rest) => Value::Message(filled(&inner, rest, end)),
        (kind, _) => end(&kind),
    };
    let value = match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let key = match end(&Kind::String) {
                Value::String(key) if rest.is_empty() => key,
                _ => "x".to_owned(),
            };
            let value = match entry.map_entry_value_field().kind() {
                Kind::String => Value::String(String::new()),
                kind => inner(kind),
            };
            Value::Map([(MapKey::String(key), value)].into())
        }
        kind if field.is_list() => Value::List(vec![inner(kind)]),
        kind => inner(kind),
    };
    made.set_field(field, value);
    made
}
