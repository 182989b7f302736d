//! What a component says about itself.

use std::collections::HashSet;

use wrt_model::{component::TypeDefinition, limits::ID_BYTES};

/// The largest description of types, in bytes of JSON.
const DESCRIPTION_BYTES: usize = 1 << 20;

/// The answer to `describe`, of either world.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Description {
    pub(crate) sdk_name: String,
    pub(crate) sdk_version: String,
    pub(crate) types: Vec<TypeDefinition>,
    /// Those of the other kind, in a module.
    pub(crate) activities: Vec<TypeDefinition>,
}

impl Description {
    /// Refuses what could not be deployed: no types, types without names or with overlong ones, two of the same name, or
    /// more words than anybody reads.
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.types.is_empty() && self.activities.is_empty() {
            return Err("it defines no types; export at least one".to_owned());
        }
        let bytes = serde_json::to_vec(&(&self.types, &self.activities)).map_or(usize::MAX, |json| json.len());
        if bytes > DESCRIPTION_BYTES {
            return Err(format!(
                "it describes its types in {bytes} bytes, {DESCRIPTION_BYTES} are allowed; shorten descriptions and schemas"
            ));
        }
        for types in [&self.types, &self.activities] {
            check_names(types)?;
        }
        Ok(self)
    }
}

/// Types have names of their own.
fn check_names(types: &[TypeDefinition]) -> Result<(), String> {
    let mut names = HashSet::new();
    for definition in types {
        if definition.name.is_empty() {
            return Err("it defines a type without a name".to_owned());
        }
        for name in names_of(definition) {
            if name.len() > ID_BYTES {
                return Err(format!(
                    "it defines a name of {} bytes, {ID_BYTES} are allowed",
                    name.len()
                ));
            }
        }
        if !names.insert(&definition.name) {
            return Err(format!("it defines the type `{}` twice", definition.name));
        }
    }
    Ok(())
}

/// The names that callers use: of a type and of what it handles.
fn names_of(definition: &TypeDefinition) -> impl Iterator<Item = &str> {
    let handlers = [&definition.signals, &definition.queries, &definition.updates];
    let handlers = handlers.into_iter().flatten().map(|handler| handler.name.as_str());
    handlers.chain([definition.name.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: Option<&str>) {
        let description = Description {
            types: names
                .iter()
                .map(|name| TypeDefinition {
                    name: (*name).to_owned(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        assert_eq!(description.check().err().as_deref(), expected);
    }

    #[test]
    fn types_have_names_of_their_own() {
        check(&["Order", "Refund"], None);
        check(&[], Some("it defines no types; export at least one"));
        check(&["Order", ""], Some("it defines a type without a name"));
        check(&[&"x".repeat(1_000)], None);
        check(
            &[&"x".repeat(1_001)],
            Some("it defines a name of 1001 bytes, 1000 are allowed"),
        );
        let many: Vec<_> = (0..2_000).map(|number| format!("{number:0800}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        check(
            &many,
            Some("it describes its types in 1818006 bytes, 1048576 are allowed; shorten descriptions and schemas"),
        );
        check(&["Order", "Order"], Some("it defines the type `Order` twice"));
    }
}
