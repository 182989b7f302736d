//! Payloads: serialized values with a note about their format.

use crate::proto::{Payload, Payloads};

/// The metadata key that names the format.
pub const ENCODING: &str = "encoding";

/// A payload of JSON text, as every SDK reads it.
pub fn json(data: impl Into<Vec<u8>>) -> Payload {
    Payload {
        metadata: [(ENCODING.to_owned(), b"json/plain".to_vec())].into(),
        data: data.into(),
        ..Default::default()
    }
}

/// The payload for "no value".
pub fn null() -> Payload {
    Payload {
        metadata: [(ENCODING.to_owned(), b"binary/null".to_vec())].into(),
        ..Default::default()
    }
}

/// A list of payloads as the message that events carry; `None` for an empty list.
pub fn payloads(payloads: Vec<Payload>) -> Option<Payloads> {
    (!payloads.is_empty()).then_some(Payloads { payloads })
}

/// Bytes of the payloads, as limits count them.
pub fn size(payloads: Option<&Payloads>) -> usize {
    payloads.map_or(0, prost::Message::encoded_len)
}
