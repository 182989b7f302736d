//! The values of search attributes, as rows that lists find runs by.
//!
//! Which types the attributes of a namespace have is kept in memory, beside the rows of the namespaces.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use rusqlite::params;
use wrt_model::{
    Digest, Namespace, SearchAttributeValue,
    proto::{Payload, enums::IndexedValueType},
    search_attribute::PREDEFINED,
};

use crate::{RunWrite, run::close_column, visibility::Value};

/// An attribute that runs of a namespace can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchAttribute {
    /// The name in queries.
    pub(crate) name: String,
    /// The type of its values.
    pub(crate) value_type: IndexedValueType,
    /// What its rows are found by.
    pub(crate) key: i64,
}

/// The attributes of a namespace by their names.
pub(crate) type Schema = BTreeMap<String, SearchAttribute>;

/// The attributes of all namespaces, by the namespaces' ids.
#[derive(Default)]
pub(crate) struct Schemas {
    known: RwLock<HashMap<String, Arc<Schema>>>,
}

/// What a decision changes about the search attributes of a run.
#[derive(Debug)]
pub(crate) struct SearchAttributeWrite {
    namespace_id: String,
    run_id: String,
    start_ns: i64,
    close_ns: i64,
    /// The run may have rows, which these replace.
    replaces: bool,
    fields: HashMap<String, Payload>,
    /// The fields as rows have them: keys with values, or words of values.
    values: Vec<(i64, Value)>,
}

// === impl SearchAttribute ===

impl SearchAttribute {
    fn new(namespace_id: &str, name: &str, value_type: IndexedValueType) -> Self {
        // Small, because it stands in each row twice; and the same for the same attribute without asking anybody.
        let digest = Digest::of(format!("{namespace_id}\n{name}\n{}", value_type as i32).as_bytes());
        let key = u64::from_str_radix(&digest.as_str()[..16], 16).expect("a digest is written in hex");
        SearchAttribute {
            name: name.to_owned(),
            value_type,
            key: key.cast_signed(),
        }
    }

    /// True when its values are found by their words.
    pub(crate) fn is_text(&self) -> bool {
        self.value_type == IndexedValueType::Text
    }

    /// True when a run can have several rows of it, which have no order.
    pub(crate) fn has_many(&self) -> bool {
        matches!(self.value_type, IndexedValueType::KeywordList | IndexedValueType::Text)
    }
}

// === impl Schemas ===

impl Schemas {
    /// Takes over what a namespace has registered.
    pub(crate) fn put(&self, namespace: &Namespace) {
        let schema = Arc::new(schema(&namespace.id, &namespace.search_attributes));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(namespace.id.clone(), schema);
    }

    /// The attributes of a namespace.
    pub(crate) fn get(&self, namespace_id: &str) -> Arc<Schema> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(namespace_id).cloned();
        found.unwrap_or_else(|| Arc::new(schema(namespace_id, &BTreeMap::new())))
    }
}

fn schema(namespace_id: &str, registered: &BTreeMap<String, i32>) -> Schema {
    let registered = registered
        .iter()
        .filter_map(|(name, value_type)| Some((name.as_str(), IndexedValueType::try_from(*value_type).ok()?)));
    registered
        .chain(PREDEFINED)
        .map(|(name, value_type)| (name.to_owned(), SearchAttribute::new(namespace_id, name, value_type)))
        .collect()
}

// === impl SearchAttributeWrite ===

impl SearchAttributeWrite {
    /// What a write changes; `None` for most: a step without an upsert, and a run without attributes.
    pub(crate) fn new(write: &RunWrite<'_>) -> Option<Self> {
        let run = write.run;
        let is_new = write.version == 0;
        let has_some = run
            .search_attributes
            .as_ref()
            .is_some_and(|attributes| !attributes.indexed_fields.is_empty());
        let reorders = has_some && (is_new || !run.is_open());
        if !reorders && !write.upserts_search_attributes {
            return None;
        }
        Some(SearchAttributeWrite {
            namespace_id: run.namespace_id.clone(),
            run_id: run.run_id.clone(),
            start_ns: run.start_ns,
            close_ns: close_column(run),
            replaces: !is_new,
            fields: run.search_attributes.clone().unwrap_or_default().indexed_fields,
            values: Vec::new(),
        })
    }

    /// The run that it belongs to.
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Encodes the rows. Values that are not of the type of their attribute, because it was registered anew, have none.
    pub(crate) fn encode(&mut self, schemas: &Schemas) {
        let schema = schemas.get(&self.namespace_id);
        for (name, payload) in self.fields.drain() {
            let Some(attribute) = schema.get(&name) else { continue };
            if let Ok(Some(value)) = SearchAttributeValue::decode(&payload, attribute.value_type) {
                self.values
                    .extend(values(value).into_iter().map(|value| (attribute.key, value)));
            }
        }
    }
}

/// What the rows of a value hold.
pub(crate) fn values(value: SearchAttributeValue) -> Vec<Value> {
    match value {
        SearchAttributeValue::Bool(value) => vec![Value::Number(i64::from(value))],
        SearchAttributeValue::Datetime(time) => vec![Value::Number(time.nanos())],
        SearchAttributeValue::Double(value) => vec![Value::real(value)],
        SearchAttributeValue::Int(value) => vec![Value::Number(value)],
        SearchAttributeValue::Keyword(value) => vec![Value::Text(value)],
        SearchAttributeValue::KeywordList(values) => {
            let distinct: BTreeSet<_> = values.into_iter().collect();
            distinct.into_iter().map(Value::Text).collect()
        }
        SearchAttributeValue::Text(text) => words(&text).into_iter().map(Value::Text).collect(),
    }
}

/// The words of a text as they are compared: what is neither a letter nor a digit parts them, and case does not count. A
/// text without words has one, the empty one, so that it is told from no text.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut words: BTreeSet<_> = text
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        words.insert(String::new());
    }
    words
}

// === Writing ===

/// Removes the rows of a run.
pub(crate) const DELETE: &str = "DELETE FROM search_attribute WHERE run_id = ?1";

const INSERT: &str =
    "INSERT INTO search_attribute (run_id, start_ns, close_ns, key, value) VALUES (?1, ?2, ?3, ?4, ?5)";

impl SearchAttributeWrite {
    /// Puts the rows in the place of those that the run has, and returns how many there are.
    pub(crate) fn write(&self, connection: &rusqlite::Connection) -> rusqlite::Result<u64> {
        if self.replaces {
            connection.prepare_cached(DELETE)?.execute([&self.run_id])?;
        }
        for (key, value) in &self.values {
            let row = params![self.run_id, self.start_ns, self.close_ns, key, value];
            connection.prepare_cached(INSERT)?.execute(row)?;
        }
        Ok(self.values.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_punctuation() {
        let of = |text| words(text).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("Hello, WORLD! hello"), "hello world");
        assert_eq!(of("Grüße an Nº7"), "an grüße nº7");
        assert_eq!(of("?!"), "");
        assert_eq!(words("").len(), 1);
    }

    #[test]
    fn a_key_stands_for_namespace_name_and_type() {
        let key = |namespace, name, value_type| SearchAttribute::new(namespace, name, value_type).key;
        let one = key("a", "b", IndexedValueType::Int);
        // What is stored is found by it for ever.
        assert_eq!(one, 7_861_528_637_726_288_242);
        for other in [
            key("c", "b", IndexedValueType::Int),
            key("a", "c", IndexedValueType::Int),
            key("a", "b", IndexedValueType::Double),
        ] {
            assert_ne!(one, other);
        }
    }
}
