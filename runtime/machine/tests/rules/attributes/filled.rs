//! Messages with every field filled.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};
use wrt_model::proto::Command;

use super::descriptor;

/// Messages within messages that are filled; what lies deeper stays empty, as some hold themselves.
const DEPTH: usize = 4;

/// A message of the API with every field filled: texts are their fields' names, spans are 7 s, flags are set.
pub(super) fn filled(name: &str) -> DynamicMessage {
    fill(&descriptor(name), DEPTH)
}

/// A message of this type with every field filled.
pub(super) fn message<M: prost::Message + Default>(name: &str) -> M {
    filled(name).transcode_to().expect("the same message")
}

/// A command without attributes, with words for people.
pub(super) fn words() -> Command {
    let mut command = filled("command.v1.Command");
    let attributes = command.descriptor().oneofs().next().expect("it has attributes");
    for field in attributes.fields() {
        command.clear_field(&field);
    }
    command.clear_field_by_name("command_type");
    command.transcode_to().expect("the same message")
}

fn fill(descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    match descriptor.full_name() {
        "google.protobuf.Duration" => {
            message.set_field_by_name("seconds", Value::I64(7));
            return message;
        }
        "google.protobuf.Timestamp" => {
            message.set_field_by_name("seconds", Value::I64(1_000_007));
            return message;
        }
        _ if depth == 0 => return message,
        _ => {}
    }
    for field in descriptor.fields() {
        let is_deep = matches!(field.kind(), Kind::Message(_)) && depth == 1;
        if !is_deep {
            let value = value(&field, depth);
            message.set_field(&field, value);
        }
    }
    message
}

fn value(field: &FieldDescriptor, depth: usize) -> Value {
    if field.is_map() {
        let kind = field.kind();
        let entry = kind.as_message().expect("a map has entries");
        let value = single(&entry.map_entry_value_field(), depth - 1);
        return Value::Map([(MapKey::String(field.name().to_owned()), value)].into());
    }
    match field.is_list() {
        true => Value::List(vec![single(field, depth)]),
        false => single(field, depth),
    }
}

fn single(field: &FieldDescriptor, depth: usize) -> Value {
    match field.kind() {
        Kind::Message(descriptor) => Value::Message(fill(&descriptor, depth - 1)),
        Kind::String if field.name() == "cron_schedule" => Value::String("@every 1h".into()),
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes(field.name().as_bytes().to_vec().into()),
        Kind::Bool => Value::Bool(true),
        Kind::Enum(_) => Value::EnumNumber(1),
        Kind::Double => Value::F64(1.5),
        Kind::Float => Value::F32(1.5),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(3),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(3),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(3),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(3),
    }
}
