//! Search attributes: values that runs can be found by, each with a name and a type.
//!
//! On the wire and in a run's state they are payloads of JSON, with the name of the type in the metadata.

use serde_json::Value as Json;

use crate::{
    Namespace, Time,
    payload::{self, ENCODING},
    proto::{Payload, enums::IndexedValueType},
};

use IndexedValueType::{Bool, Datetime, Double, Int, Keyword, KeywordList, Text};

/// The metadata key that names the type.
pub const TYPE: &str = "type";

/// The attributes that the server sets itself, and nobody else can.
pub const SYSTEM: [(&str, IndexedValueType); 16] = [
    ("WorkflowId", Keyword),
    ("RunId", Keyword),
    ("WorkflowType", Keyword),
    ("TaskQueue", Keyword),
    ("ExecutionStatus", Keyword),
    ("StartTime", Datetime),
    ("ExecutionTime", Datetime),
    ("CloseTime", Datetime),
    ("ExecutionDuration", Int),
    ("HistoryLength", Int),
    ("HistorySizeBytes", Int),
    ("StateTransitionCount", Int),
    ("ParentWorkflowId", Keyword),
    ("ParentRunId", Keyword),
    ("RootWorkflowId", Keyword),
    ("RootRunId", Keyword),
];

/// The attributes that every namespace has from the beginning, for Temporal's own features and SDKs to set.
pub const PREDEFINED: [(&str, IndexedValueType); 17] = [
    ("BatcherNamespace", Keyword),
    ("BatcherUser", Keyword),
    ("BinaryChecksums", KeywordList),
    ("BuildIds", KeywordList),
    ("TemporalChangeVersion", KeywordList),
    ("TemporalExternalPayloadCount", Int),
    ("TemporalExternalPayloadSizeBytes", Int),
    ("TemporalNamespaceDivision", Keyword),
    ("TemporalPauseInfo", KeywordList),
    ("TemporalReportedProblems", KeywordList),
    ("TemporalScheduledById", Keyword),
    ("TemporalSchedulePaused", Bool),
    ("TemporalScheduledStartTime", Datetime),
    ("TemporalUsedWorkerDeploymentVersions", KeywordList),
    ("TemporalWorkerDeployment", Keyword),
    ("TemporalWorkerDeploymentVersion", Keyword),
    ("TemporalWorkflowVersioningBehavior", Keyword),
];

/// The types with their names, in the order in which people are told of them.
const TYPES: [(IndexedValueType, &str); 7] = [
    (Bool, "Bool"),
    (Datetime, "Datetime"),
    (Double, "Double"),
    (Int, "Int"),
    (Keyword, "Keyword"),
    (KeywordList, "KeywordList"),
    (Text, "Text"),
];

/// A value of a search attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchAttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A point in time.
    Datetime(Time),
    /// A number.
    Double(f64),
    /// A whole number.
    Int(i64),
    /// A word, found as a whole.
    Keyword(String),
    /// Words, each of which finds the run.
    KeywordList(Vec<String>),
    /// Text, found by its words.
    Text(String),
}

/// The payload does not hold a value of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

/// The name of a type, as payloads and people write it; empty for the one that says "unspecified".
pub fn type_name(value_type: IndexedValueType) -> &'static str {
    let found = TYPES.into_iter().find(|(known, _)| *known == value_type);
    found.map_or("", |(_, name)| name)
}

/// The type with this name, in upper or lower case.
pub fn type_named(name: &str) -> Option<IndexedValueType> {
    let found = TYPES.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
    found.map(|(value_type, _)| value_type)
}

/// The names of all types.
pub fn type_names() -> [&'static str; TYPES.len()] {
    TYPES.map(|(_, name)| name)
}

/// True for names that no namespace can register: those that there are from the beginning, and what Temporal may add.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("Temporal") || SYSTEM.iter().chain(&PREDEFINED).any(|(known, _)| *known == name)
}

impl Namespace {
    /// The type of an attribute that runs of this namespace can be given; `None` when there is none of this name.
    pub fn search_attribute_type(&self, name: &str) -> Option<IndexedValueType> {
        let predefined = PREDEFINED.into_iter().find(|(known, _)| *known == name);
        predefined.map(|(_, value_type)| value_type).or_else(|| {
            let registered = self.search_attributes.get(name)?;
            IndexedValueType::try_from(*registered).ok()
        })
    }
}

// === impl SearchAttributeValue ===

impl SearchAttributeValue {
    /// The value of this type in a payload; `None` when it encodes null or an empty list, which both stand for no value.
    /// As in Temporal, a list of one value is as good as the value.
    pub fn decode(payload: &Payload, value_type: IndexedValueType) -> Result<Option<Self>, WrongType> {
        if payload.data.is_empty() || payload.metadata.get(ENCODING).is_some_and(|it| it == b"binary/null") {
            return Ok(None);
        }
        let json = serde_json::from_slice(&payload.data).map_err(|_| WrongType)?;
        let json = match json {
            Json::Null => return Ok(None),
            Json::Array(values) if values.is_empty() => return Ok(None),
            Json::Array(mut values) if values.len() == 1 && value_type != KeywordList => values.remove(0),
            other => other,
        };
        read(json, value_type).map(Some).ok_or(WrongType)
    }

    /// The payload of the value.
    pub fn encode(&self) -> Payload {
        let json = match self {
            SearchAttributeValue::Bool(value) => Json::from(*value),
            SearchAttributeValue::Datetime(time) => Json::from(prost_types::Timestamp::from(*time).to_string()),
            SearchAttributeValue::Double(value) => Json::from(*value),
            SearchAttributeValue::Int(value) => Json::from(*value),
            SearchAttributeValue::Keyword(value) | SearchAttributeValue::Text(value) => Json::from(value.as_str()),
            SearchAttributeValue::KeywordList(values) => Json::from(values.as_slice()),
        };
        let mut payload = payload::json(json.to_string());
        set_type(&mut payload, self.value_type());
        payload
    }

    /// Its type.
    pub fn value_type(&self) -> IndexedValueType {
        match self {
            SearchAttributeValue::Bool(_) => Bool,
            SearchAttributeValue::Datetime(_) => Datetime,
            SearchAttributeValue::Double(_) => Double,
            SearchAttributeValue::Int(_) => Int,
            SearchAttributeValue::Keyword(_) => Keyword,
            SearchAttributeValue::KeywordList(_) => KeywordList,
            SearchAttributeValue::Text(_) => Text,
        }
    }
}

/// Says in a payload of which type it is.
pub fn set_type(payload: &mut Payload, value_type: IndexedValueType) {
    let name = type_name(value_type).as_bytes().to_vec();
    payload.metadata.insert(TYPE.to_owned(), name);
}

fn read(json: Json, value_type: IndexedValueType) -> Option<SearchAttributeValue> {
    Some(match (value_type, json) {
        (Bool, Json::Bool(value)) => SearchAttributeValue::Bool(value),
        (Datetime, Json::String(text)) => SearchAttributeValue::Datetime(Time::parse(&text)?),
        (Double, Json::Number(number)) => SearchAttributeValue::Double(number.as_f64()?),
        (Int, Json::Number(number)) => SearchAttributeValue::Int(number.as_i64()?),
        (Keyword, Json::String(text)) => SearchAttributeValue::Keyword(text),
        (KeywordList, Json::String(text)) => SearchAttributeValue::KeywordList(vec![text]),
        (KeywordList, Json::Array(values)) => SearchAttributeValue::KeywordList(
            values
                .into_iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
        ),
        (Text, Json::String(text)) => SearchAttributeValue::Text(text),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{SearchAttributeValue as V, *};

    fn decoded(value_type: IndexedValueType, json: &str) -> Result<Option<V>, WrongType> {
        V::decode(&payload::json(json), value_type)
    }

    #[test]
    fn values_are_read_by_their_type() {
        let time = Time::parse("2026-01-31T12:00:00.5+02:00").unwrap();
        let words = V::KeywordList(vec!["a".to_owned(), "b".to_owned()]);
        for (value_type, json, expected) in [
            (Bool, "true", V::Bool(true)),
            (Datetime, "\"2026-01-31T10:00:00.5Z\"", V::Datetime(time)),
            (Double, "1.5", V::Double(1.5)),
            (Double, "2", V::Double(2.0)),
            (Int, "-7", V::Int(-7)),
            (Keyword, "\"red\"", V::Keyword("red".to_owned())),
            (Keyword, "[\"red\"]", V::Keyword("red".to_owned())),
            (KeywordList, "[\"a\", \"b\"]", words),
            (KeywordList, "\"a\"", V::KeywordList(vec!["a".to_owned()])),
            (Text, "\"Hello, world\"", V::Text("Hello, world".to_owned())),
        ] {
            assert_eq!(decoded(value_type, json), Ok(Some(expected.clone())), "{json}");
            assert_eq!(
                V::decode(&expected.encode(), value_type),
                Ok(Some(expected)),
                "{json} encoded"
            );
        }
    }

    #[test]
    fn values_of_other_types_are_refused() {
        for (value_type, json) in [
            (Bool, "1"),
            (Bool, "\"true\""),
            (Datetime, "\"tomorrow\""),
            (Datetime, "1700000000000000000"),
            (Double, "\"1.5\""),
            (Int, "1.5"),
            (Int, "9223372036854775808"),
            (Keyword, "7"),
            (Keyword, "[\"a\", \"b\"]"),
            (KeywordList, "[1]"),
            (Text, "{}"),
            (Text, "not JSON"),
        ] {
            assert_eq!(decoded(value_type, json), Err(WrongType), "{json}");
        }
    }

    #[test]
    fn null_and_an_empty_list_are_no_value() {
        assert_eq!(V::decode(&payload::null(), Int), Ok(None));
        assert_eq!(decoded(Keyword, "null"), Ok(None));
        assert_eq!(decoded(KeywordList, "[]"), Ok(None));
    }

    #[test]
    fn types_have_names() {
        for name in type_names() {
            assert_eq!(type_named(name).map(type_name), Some(name));
        }
        assert_eq!(type_named("keywordlist"), Some(KeywordList));
        assert_eq!(type_named("Colour"), None);
    }

    #[test]
    fn a_namespace_knows_its_own_and_the_predefined_ones() {
        let namespace = Namespace {
            search_attributes: [("Color".to_owned(), Keyword as i32)].into(),
            ..Default::default()
        };
        assert_eq!(namespace.search_attribute_type("Color"), Some(Keyword));
        assert_eq!(namespace.search_attribute_type("BuildIds"), Some(KeywordList));
        assert_eq!(namespace.search_attribute_type("WorkflowId"), None);
        assert!(is_reserved("WorkflowId") && is_reserved("BuildIds") && is_reserved("TemporalAnything"));
        assert!(!is_reserved("Color"));
    }
}
