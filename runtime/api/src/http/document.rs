//! JSON documents in which no key comes twice.
//!
//! Readers differ in which of two values they take, so whoever looked at a request before the server, such as a proxy that
//! checks it, may have seen another one than the server would.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads a document. The error names the path of a key that comes twice.
pub(super) fn parse(text: &[u8]) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Place(&Path::Root).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Where a value is read, from the inside out.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Place<'p>(&'p Path<'p>);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Place(&Path::Index(self.0, list.len())))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = Path::Key(self.0, &key);
            let value = entries.next_value_seed(Place(&path))?;
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {path} comes twice")));
            }
            fields.insert(key, value);
        }
        Ok(fields.into())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => formatter.write_str(key),
            Path::Key(parent, key) => write!(formatter, "{parent}.{key}"),
            Path::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn documents_are_read_as_they_are() {
        for text in [
            r#"{"a":[null,true,-1,18446744073709551615,1.5,"x",{"b":{}}],"b":{"a":1},"c":"é"}"#,
            "[]",
            "7",
        ] {
            let plain: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes()).unwrap(), plain);
        }
        for text in ["", "{", "{} {}", "nul", r#"{"a" 1}"#] {
            let plain = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(refusal(text), plain.to_string());
        }
        let deep = "[".repeat(200);
        assert!(refusal(&deep).contains("recursion limit"), "{}", refusal(&deep));
    }

    #[test]
    fn a_key_that_comes_twice_is_named_with_its_path() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":{"b":[0,{"c":1,"d":2,"c":1}]}}"#, "a.b[1].c"),
            (r#"[[{"a":1,"\u0061":2}]]"#, "[0][0].a"),
            (r#"{"":1,"":2}"#, ""),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(&format!("the key {path} comes twice")), "{refusal}");
        }
    }
}
