//! Search attributes: what namespaces register, and what runs may be given.

use std::collections::BTreeMap;

use wrt_machine::Rejection;
use wrt_model::{
    Namespace, Run, SearchAttributeValue,
    proto::{
        Command, CommandAttributes, Payload, SearchAttributes,
        enums::{IndexedValueType, WorkflowTaskFailedCause},
    },
    search_attribute::{PREDEFINED, SYSTEM, is_reserved, set_type, type_name},
};

use crate::{Engine, EngineError};

/// The most attributes of a run.
const ATTRIBUTES: usize = 100;

/// The largest value of one, in bytes.
const VALUE_BYTES: usize = 2 * 1024;

/// Namespaces that are read at a time.
const NAMESPACES_AT_A_TIME: u32 = 100;

/// The longest text of a value in an error.
const SHOWN_CHARS: usize = 100;

impl Engine {
    /// Registers attributes in a namespace, all of them or none. One that is registered stays as it is.
    pub async fn add_search_attributes(
        &self,
        namespace: &str,
        attributes: &BTreeMap<String, IndexedValueType>,
    ) -> Result<(), EngineError> {
        self.change_search_attributes(namespace, |registered| {
            for (name, value_type) in attributes {
                if is_reserved(name) {
                    return Err(EngineError::InvalidArgument(format!(
                        "Search attribute {name} is reserved by system."
                    )));
                }
                let before = registered.insert(name.clone(), *value_type as i32);
                if before.is_some_and(|before| before != *value_type as i32) {
                    return Err(EngineError::SearchAttributeAlreadyExists(name.clone()));
                }
            }
            Ok(())
        })
        .await
    }

    /// Removes attributes from a namespace, all of them or none. One that is not registered is removed already. Runs keep
    /// their values, and are found by them again when the attribute is registered anew with the same type.
    pub async fn remove_search_attributes(&self, namespace: &str, names: &[String]) -> Result<(), EngineError> {
        self.change_search_attributes(namespace, |registered| {
            for name in names {
                if is_reserved(name) {
                    return Err(EngineError::InvalidArgument(format!(
                        "Unable to remove non-custom search attributes: {name}."
                    )));
                }
                registered.remove(name);
            }
            Ok(())
        })
        .await
    }

    /// The attributes of all namespaces, and those that there are from the beginning. Where namespaces do not agree about a
    /// type, the last one by its name wins.
    pub async fn search_attributes(&self) -> Result<BTreeMap<String, i32>, EngineError> {
        let initial = SYSTEM.into_iter().chain(PREDEFINED);
        let mut known: BTreeMap<_, _> = initial.map(|(name, kind)| (name.to_owned(), kind as i32)).collect();
        let mut after: Option<String> = None;
        loop {
            let namespaces = self.namespaces(after.as_deref(), NAMESPACES_AT_A_TIME).await?;
            let Some(last) = namespaces.last() else {
                return Ok(known);
            };
            after = Some(last.name.clone());
            known.extend(namespaces.into_iter().flat_map(|namespace| namespace.search_attributes));
        }
    }

    async fn change_search_attributes(
        &self,
        namespace: &str,
        change: impl FnOnce(&mut BTreeMap<String, i32>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let _alone = self.inner.namespaces.changing.lock().await;
        let mut namespace = Namespace::clone(self.namespace(namespace).await?.as_ref());
        change(&mut namespace.search_attributes)?;
        self.namespace_update(namespace).await
    }

    /// Checks the search attributes that commands bring, and completes what follows from the namespace: their types, and its
    /// name with children. What is wrong with them fails the workflow task.
    pub(crate) async fn settle_commands(&self, run: &Run, commands: &mut [Command]) -> Result<(), Rejection> {
        let mut concerned = commands.iter_mut().filter_map(settled).peekable();
        if concerned.peek().is_none() {
            return Ok(());
        }
        let bad = |message| Rejection::BadCommands {
            cause: WorkflowTaskFailedCause::BadSearchAttributes,
            message,
        };
        let namespace = self.namespace_by_id(&run.namespace_id).await;
        let namespace = namespace.map_err(|error| bad(error.to_string()))?;
        concerned.try_for_each(|(attributes, name)| {
            if let Some(name) = name.filter(|name| name.is_empty()) {
                name.clone_from(&namespace.name);
            }
            let Some(attributes) = attributes else { return Ok(()) };
            check(&namespace, attributes).map_err(bad)?;
            set_types(&namespace, attributes);
            Ok(())
        })
    }
}

/// Checks the search attributes that a request brings.
///
/// Errors: [`EngineError::InvalidArgument`] when the namespace has no such attribute, or the value is not of its type.
pub fn check_search_attributes(
    namespace: &Namespace,
    attributes: Option<&SearchAttributes>,
) -> Result<(), EngineError> {
    attributes.map_or(Ok(()), |attributes| {
        check(namespace, attributes).map_err(EngineError::InvalidArgument)
    })
}

/// Says in each value of which type it is, because clients decode it by that.
pub(crate) fn with_types(namespace: &Namespace, mut attributes: SearchAttributes) -> SearchAttributes {
    set_types(namespace, &mut attributes);
    attributes
}

/// The same, in place.
pub(crate) fn set_types(namespace: &Namespace, attributes: &mut SearchAttributes) {
    for (name, payload) in &mut attributes.indexed_fields {
        if let Some(value_type) = namespace.search_attribute_type(name) {
            set_type(payload, value_type);
        }
    }
}

/// The search attributes that a command brings, and the name of the namespace that it may leave to the server.
#[expect(deprecated, reason = "SDKs still send the namespace of a child, and read it")]
fn settled(command: &mut Command) -> Option<(Option<&mut SearchAttributes>, Option<&mut String>)> {
    use CommandAttributes as A;
    match command.attributes.as_mut()? {
        A::UpsertWorkflowSearchAttributesCommandAttributes(upsert) => Some((upsert.search_attributes.as_mut(), None)),
        A::StartChildWorkflowExecutionCommandAttributes(start) => {
            Some((start.search_attributes.as_mut(), Some(&mut start.namespace)))
        }
        A::ContinueAsNewWorkflowExecutionCommandAttributes(next) => Some((next.search_attributes.as_mut(), None)),
        _ => None,
    }
}

/// What is wrong is said in Temporal's words.
fn check(namespace: &Namespace, attributes: &SearchAttributes) -> Result<(), String> {
    let count = attributes.indexed_fields.len();
    if count > ATTRIBUTES {
        return Err(format!(
            "number of search attributes {count} exceeds limit {ATTRIBUTES}"
        ));
    }
    // In the order of the names, so that the same mistake is always answered alike.
    let sorted: BTreeMap<_, _> = attributes.indexed_fields.iter().collect();
    sorted
        .into_iter()
        .try_for_each(|(name, payload)| check_value(namespace, name, payload))
}

fn check_value(namespace: &Namespace, name: &str, payload: &Payload) -> Result<(), String> {
    if SYSTEM.iter().any(|(known, _)| *known == name) {
        return Err(format!("{name} attribute can't be set in SearchAttributes"));
    }
    let Some(value_type) = namespace.search_attribute_type(name) else {
        let namespace = &namespace.name;
        return Err(format!(
            "Namespace {namespace} has no mapping defined for search attribute {name}"
        ));
    };
    let size = payload.data.len();
    if size > VALUE_BYTES {
        return Err(format!(
            "search attribute {name} value size {size} exceeds size limit {VALUE_BYTES}"
        ));
    }
    SearchAttributeValue::decode(payload, value_type)
        .map(drop)
        .map_err(|_| {
            let shown: String = String::from_utf8_lossy(&payload.data)
                .chars()
                .take(SHOWN_CHARS)
                .collect();
            let type_name = type_name(value_type);
            format!("invalid value for search attribute {name} of type {type_name}: {shown}")
        })
}

#[cfg(test)]
mod tests {
    use wrt_model::payload;

    use super::*;

    fn said(fields: &[(&str, &str)]) -> String {
        let namespace = Namespace {
            name: "default".to_owned(),
            search_attributes: [("Amount".to_owned(), IndexedValueType::Int as i32)].into(),
            ..Default::default()
        };
        let fields = fields
            .iter()
            .map(|(name, json)| ((*name).to_owned(), payload::json(*json)));
        let attributes = SearchAttributes {
            indexed_fields: fields.collect(),
        };
        check(&namespace, &attributes).map_or_else(|message| message, |()| "ok".to_owned())
    }

    #[test]
    fn names_and_types_are_checked() {
        let large = format!("\"{}\"", "x".repeat(VALUE_BYTES));
        for (fields, expected) in [
            (&[][..], "ok"),
            (&[("Amount", "7"), ("TemporalChangeVersion", "[\"a\"]")], "ok"),
            (&[("Amount", "null")], "ok"),
            (
                &[("Foo", "7")],
                "Namespace default has no mapping defined for search attribute Foo",
            ),
            (
                &[("WorkflowId", "\"x\"")],
                "WorkflowId attribute can't be set in SearchAttributes",
            ),
            (
                &[("Amount", "\"much\"")],
                "invalid value for search attribute Amount of type Int: \"much\"",
            ),
            (
                &[("BatcherUser", &large)],
                "search attribute BatcherUser value size 2050 exceeds size limit 2048",
            ),
        ] {
            assert_eq!(said(fields), expected);
        }
        let names: Vec<String> = (0..=ATTRIBUTES).map(|number| format!("A{number}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(said(&many), "number of search attributes 101 exceeds limit 100");
    }
}
