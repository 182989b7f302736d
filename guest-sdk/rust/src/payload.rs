//! Values as they travel: encoded as every Temporal SDK encodes them, so that clients of any language read them.

use serde::{Serialize, de::DeserializeOwned};

use crate::Failure;

const ENCODING: &str = "encoding";
const JSON_PLAIN: &[u8] = b"json/plain";
const JSON_PROTOBUF: &[u8] = b"json/protobuf";
const BINARY_NULL: &[u8] = b"binary/null";

/// An encoded value.
///
/// Values of serde types become `json/plain`, and "no value" (`()`, `None`) becomes `binary/null`. Use `Payload` itself as
/// an argument or result to pass on what some other codec has encoded, untouched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Facts about the data; the key `encoding` names its format.
    pub metadata: Vec<(String, Vec<u8>)>,
    /// The encoded bytes.
    pub data: Vec<u8>,
}

impl Payload {
    /// The value of the metadata key `encoding`, empty when there is none.
    pub fn encoding(&self) -> &[u8] {
        self.metadata
            .iter()
            .find(|(key, _)| key == ENCODING)
            .map_or(&[], |(_, value)| value)
    }

    /// "No value", as Temporal writes it.
    pub fn null() -> Self {
        Payload {
            metadata: vec![(ENCODING.to_owned(), BINARY_NULL.to_owned())],
            data: Vec::new(),
        }
    }

    /// The bytes as JSON text.
    fn json(&self) -> Result<&[u8], Failure> {
        match self.encoding() {
            JSON_PLAIN | JSON_PROTOBUF => Ok(&self.data),
            BINARY_NULL => Ok(b"null"),
            other => Err(Failure::payload(format!(
                "decode payload: its encoding is `{}`, and only json/plain and binary/null are understood; \
                 take the argument as `wrt_sdk::Payload` to decode it yourself",
                String::from_utf8_lossy(other)
            ))),
        }
    }
}

/// A value that can be encoded: everything that implements [`serde::Serialize`], and [`Payload`] itself.
pub trait ToPayload {
    /// Encodes the value. Fails when serde cannot write it as JSON.
    fn to_payload(&self) -> Result<Payload, Failure>;
}

/// A value that can be decoded: everything that implements [`serde::Deserialize`] without borrowing, and [`Payload`].
pub trait FromPayload: Sized {
    /// Decodes the value. Fails when the encoding is unknown or the JSON does not fit the type.
    fn from_payload(payload: Payload) -> Result<Self, Failure>;
}

impl<T: Serialize + ?Sized> ToPayload for T {
    fn to_payload(&self) -> Result<Payload, Failure> {
        let data = serde_json::to_vec(self).map_err(|error| {
            let name = std::any::type_name::<T>();
            Failure::payload(format!("encode {name}: {error}"))
        })?;
        if data == b"null" {
            return Ok(Payload::null());
        }
        Ok(Payload {
            metadata: vec![(ENCODING.to_owned(), JSON_PLAIN.to_owned())],
            data,
        })
    }
}

impl<T: DeserializeOwned> FromPayload for T {
    fn from_payload(payload: Payload) -> Result<Self, Failure> {
        from_json(payload.json()?)
    }
}

impl ToPayload for Payload {
    fn to_payload(&self) -> Result<Payload, Failure> {
        Ok(self.clone())
    }
}

impl FromPayload for Payload {
    fn from_payload(payload: Payload) -> Result<Self, Failure> {
        Ok(payload)
    }
}

fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(json).map_err(|error| {
        let name = std::any::type_name::<T>();
        Failure::payload(format!("decode {name}: {error}"))
    })
}

/// The arguments of a call: a tuple, which becomes one payload per element.
pub trait Arguments {
    /// Encodes each argument.
    fn encode(&self) -> Result<Vec<Payload>, Failure>;
}

/// The arguments of whatever is called: a tuple, read from one payload per element.
///
/// Missing payloads count as nulls and surplus ones are left out, so that optional arguments can be added at the end.
pub trait FromArguments: Sized {
    /// Decodes as many arguments as the tuple has.
    fn decode(payloads: Vec<Payload>) -> Result<Self, Failure>;
}

macro_rules! arguments {
    ($($name:ident)*) => {
        #[allow(non_snake_case, reason = "the type parameters name the elements too")]
        impl<$($name: ToPayload),*> Arguments for ($($name,)*) {
            fn encode(&self) -> Result<Vec<Payload>, Failure> {
                let ($($name,)*) = self;
                Ok(vec![$($name.to_payload()?),*])
            }
        }

        impl<$($name: FromPayload),*> FromArguments for ($($name,)*) {
            #[allow(unused_mut, unused_variables, reason = "for the empty tuple")]
            fn decode(payloads: Vec<Payload>) -> Result<Self, Failure> {
                let mut payloads = payloads.into_iter();
                Ok(($($name::from_payload(payloads.next().unwrap_or_else(Payload::null))?,)*))
            }
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(encoding: &[u8], data: &[u8]) -> Payload {
        Payload {
            metadata: vec![(ENCODING.to_owned(), encoding.to_owned())],
            data: data.to_owned(),
        }
    }

    #[test]
    fn values_are_encoded_as_temporal_does() {
        let check = |value: &dyn Fn() -> Result<Payload, Failure>, encoding: &[u8], data: &[u8]| {
            assert_eq!(value().unwrap(), payload(encoding, data));
        };
        check(&|| "hi".to_payload(), JSON_PLAIN, b"\"hi\"");
        check(&|| vec![1u8, 2].to_payload(), JSON_PLAIN, b"[1,2]");
        check(&|| Some(7).to_payload(), JSON_PLAIN, b"7");
        check(&|| ().to_payload(), BINARY_NULL, b"");
        check(&|| None::<u8>.to_payload(), BINARY_NULL, b"");
        check(&|| payload(b"x", b"raw").to_payload(), b"x", b"raw");
    }

    #[test]
    fn arguments_are_one_payload_each_and_missing_ones_are_null() {
        let encoded = ("a".to_owned(), Some(2)).encode().unwrap();
        assert_eq!(encoded.len(), 2);
        assert_eq!(
            <(String, Option<i32>)>::decode(encoded[..1].to_vec()).unwrap(),
            ("a".to_owned(), None)
        );
        assert_eq!(<()>::decode(encoded).unwrap(), ());
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        let check = |payload: Payload, expected: &str| {
            let message = u32::from_payload(payload).unwrap_err().message;
            assert!(message.contains(expected), "{message}");
        };
        check(payload(JSON_PLAIN, b"\"x\""), "decode u32: invalid type");
        check(payload(b"binary/encrypted", b""), "`binary/encrypted`");
        check(Payload::default(), "its encoding is ``");
    }
}
