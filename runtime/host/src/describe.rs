//! What a component says about itself.

use std::collections::HashSet;

use wrt_model::component::TypeDefinition;

/// The answer to `describe`, of either world.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Description {
    pub(crate) sdk_name: String,
    pub(crate) sdk_version: String,
    pub(crate) types: Vec<TypeDefinition>,
}

impl Description {
    /// Refuses what could not be deployed: no types, types without names, or two of the same name.
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.types.is_empty() {
            return Err("it defines no types; export at least one".to_owned());
        }
        let mut names = HashSet::new();
        for definition in &self.types {
            if definition.name.is_empty() {
                return Err("it defines a type without a name".to_owned());
            }
            if !names.insert(&definition.name) {
                return Err(format!("it defines the type `{}` twice", definition.name));
            }
        }
        Ok(self)
    }
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
        check(&["Order", "Order"], Some("it defines the type `Order` twice"));
    }
}
