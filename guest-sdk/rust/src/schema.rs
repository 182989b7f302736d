//! JSON schemas of arguments and results, for the forms that the runtime's tools build.

/// A type whose schema can be told: every one without the feature `schema`, and with it those that implement
/// `schemars::JsonSchema`.
#[cfg(not(feature = "schema"))]
pub trait Described {}

#[cfg(not(feature = "schema"))]
impl<T: ?Sized> Described for T {}

/// Without the feature `schema` there is none.
#[cfg(not(feature = "schema"))]
pub fn of<T: Described + ?Sized>() -> Option<String> {
    None
}

/// A type whose schema can be told: every one without the feature `schema`, and with it those that implement
/// `schemars::JsonSchema`.
#[cfg(feature = "schema")]
pub trait Described: schemars::JsonSchema {}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema + ?Sized> Described for T {}

/// The schema as JSON text.
#[cfg(feature = "schema")]
pub fn of<T: Described + ?Sized>() -> Option<String> {
    serde_json::to_string(&schemars::schema_for!(T)).ok()
}

/// A payload can be anything.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for crate::Payload {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Payload".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

#[cfg(all(test, feature = "schema"))]
mod tests {
    #[test]
    fn a_schema_is_json_text() {
        let schema: serde_json::Value = serde_json::from_str(&super::of::<Vec<u32>>().unwrap()).unwrap();
        assert_eq!(
            (&schema["type"], &schema["items"]["type"]),
            (&"array".into(), &"integer".into())
        );
    }
}
